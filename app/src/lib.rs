//! The desktop of RecordPlayer Kanban as a library.
//!
//! * [`headless`]: every command of the board, for people at a terminal and for scripts.
//! * [`ui`]: the window. What it looks like is in [`theme`], what can be done in it in [`command`].

mod alike;
mod cards_out;
pub mod command;
mod continuing;
mod copying;
mod founding;
pub mod headless;
mod import;
mod keyboard;
pub mod links;
pub mod markdown;
mod mine;
mod moving_in;
mod player;
mod records;
mod references;
mod reminders;
mod said;
mod searching;
pub mod session;
pub mod theme;
mod time;
pub mod ui;
mod undo;
mod when;
mod whole;
mod widget;
