//! Reading the boards of other products.

pub mod plan;
pub mod trello;
