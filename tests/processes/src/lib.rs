//! The shipped programs where it hurts: `recordplayer-server` and the headless `recordplayer`, as real processes on real files and sockets.
//!
//! A history is drawn from a seed and goes like this:
//!
//! 1. A [`town`] has a server, a [`proxy`] in front of it, two people who work by the command line, and one whose device lives in this process.
//! 2. Round by round they write cards, while something goes wrong ([`accident`]): a program is killed, or stands still, or the line is bad. What
//!    each program answered is noted in a [`ledger`], for from then on it is a promise.
//! 3. Everything is healed, and then all of it is checked: what was promised is in the log or in its author's outbox, nothing is there twice,
//!    each device's commands are in order, all states are equal, and every restart was clean.
//!
//! What is drawn from a seed comes the same again; how the system schedules the processes does not, so a seed that failed is tried many times.
//! Disks that fail are in [`disks`]; [`soak`] looks at the memory of programs that run for long.

pub mod accident;
pub mod chance;
pub mod clock;
pub mod disks;
pub mod faults;
pub mod here;
pub mod history;
pub mod ledger;
pub mod person;
pub mod process;
pub mod proxy;
pub mod runs;
pub mod server;
pub mod soak;

pub mod town;
