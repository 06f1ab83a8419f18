//! Shelves with places for things: a domain of a few lines, and a model of it that knows nothing of records.

mod domain;
mod history;
mod reference;

pub use history::play_out;
