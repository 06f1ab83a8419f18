//! The programs as they are shipped, as processes of their own, over real sockets.

mod alone;
mod copies;
mod days;
mod exports;
mod files;
mod imports;
mod imports_of_others;
mod journeys;
mod personal;
mod reports;
mod search;
mod two_devices;
mod wrong_use;
