//! The window as it is shipped, on a screen of its own, worked by keyboard and mouse against the real server.
//!
//! What a person sees is read from the screen's colours, which the palette names: where the focus is, whether something lies over the board,
//! whether the past shows. What is so is asked of the window by the commands of the command line. Nothing here waits for a time: it waits
//! until something is so. A picture of every step is left in `target/desktop`.

#![cfg(target_os = "linux")]

mod picture;
mod screen;
mod story;
mod window;
