//! The product's entities and views.
//!
//! A project is a space. Its [`Project`] gives keys to cards and holds what they share; a [`Board`] holds its columns in order; a [`Column`]
//! holds the places of its open cards, so that its limit is exact; a [`Card`] holds everything else, but its comments, each of which is a
//! [`Comment`] of its own. [`domain`] lists them for the server, the client and the tests.

mod answer;
pub mod board;
pub mod card;
pub mod column;
pub mod comment;
pub mod desk;
mod domain;
pub mod ids;
pub mod import;
pub mod key;
pub mod limits;
pub mod marks;
mod name;
pub mod permissions;
pub mod project;
pub mod rank;
pub mod redaction;
pub mod reference;
pub mod refusal;
pub mod report;
pub mod role;
pub mod template;
pub mod undo;
pub mod view;

pub use board::Board;
pub use card::Card;
pub use column::Column;
pub use comment::Comment;
pub use desk::Desk;
pub use domain::{GuardRefusal, domain};
pub use marks::Marks;
pub use name::is_same_name;
pub use project::Project;
pub use role::{ROLES, Role};

#[cfg(test)]
mod tests;
