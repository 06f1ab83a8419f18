//! Reading the boards of other products.
//!
//! ```text
//!  bytes of a file ─► what the file says ─► a board that knows no product any more ─► commands
//!                     [trello]              [source]                                 [plan]
//! ```

pub mod csv;
pub mod github;
pub mod jira;
pub mod plan;
pub mod source;
pub mod trello;
