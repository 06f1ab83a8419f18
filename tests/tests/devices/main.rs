//! Devices of the client against a real server, over real sockets, all in one process.

mod access;
mod continuing;
mod damage;
mod files;
mod keys;
mod lines;
mod local;
mod personal;
mod publish;
mod server_damage;
mod sharing;
mod texts;
mod town;
