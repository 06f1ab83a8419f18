//! Search over all cards of a device: an index beside the spaces, kept current by their logs.
//!
//! The way of a record through this crate:
//!
//! 1. [`follow::follow`] reads the log behind what is indexed, and gathers the cards that it touches.
//! 2. [`document`] makes of each of them, as it is now, one document: title, description, comments, and ids of whatever has a name.
//! 3. [`Index`] writes the documents in the place of those before, in one commit with how far the log was read.
//! 4. `words` parts texts into words, alike when they are written and when they are looked for.
//!
//! And the way of a question: [`query::Query`] is what somebody typed, understood or refused with the place; [`Finder::search`] makes names into
//! ids ([`SpaceNames`]), asks the index, and marks in each card what matched.
//!
//! Everything here can be deleted and made again. Nothing here opens a socket or knows a device: who follows a space gives its [`follow::Source`].

pub mod document;
mod find;
pub mod follow;
mod index;
mod limits;
mod names;
pub mod query;
mod words;

pub use find::{Excerpt, Finder, Found, Hit, Marked, Place, SearchContext, SearchError, Unknown};
pub use index::{Change, Index, OpenError, Reached, Waiting, WriteError};
pub use names::{BoardNames, ColumnNames, SpaceNames};
