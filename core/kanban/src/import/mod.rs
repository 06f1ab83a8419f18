//! Reading the boards of other products.

pub mod trello;
