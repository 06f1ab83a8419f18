//! The programs as they are shipped, as processes of their own, over real sockets.

mod stage;
mod two_devices;
