//! The window by its labels, without a display: what people do with keys and pointer, and what comes of it.

mod board;
mod commands;
mod imports;
mod pictures;
mod projects;
mod stage;
mod typing;
mod undo;
