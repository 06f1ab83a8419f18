//! RecordPlayer Kanban: the product's entities and views.
//!
//! A project is a space. Its [`Project`] gives keys to cards and holds what they share; a [`Board`] holds its columns in order; a [`Column`]
//! holds the places of its open cards, so that its limit is exact; a [`Card`] holds everything else, but its comments, each of which is a
//! [`Comment`] of its own. Screens show the views in [`view`].

pub mod ids;
pub mod import;
pub mod key;
pub mod limits;
pub mod rank;
