//! Long text that merges.
//!
//! A text is an automerge document, but only readers of the text ever open one. The way of one edit:
//!
//! ```text
//! TextDocument::edit ── TextChange, in a command ──► Text::check in decide ──► event ──► Text::play, on every replica
//!        ▲                                          (the bytes alone)          │
//!        └────────── TextDocument::open(rows) ◄─────── table of changes ◄──┘
//! ```
//!
//! * [`TextChange`] is what travels: one raw change of one [`TextActor`].
//! * [`Text`] is the model in an entity: heads, sequence numbers and counts, of bounded size.
//! * [`TextDocument`] is the opened text; [`compact`] joins its rows into bases.
//!
//! `docs/decisions/0002-text.md` says what each of them checks and why.

mod actor;
mod base;
mod both;
mod change;
mod diff;
mod document;
mod format;
mod genesis;
mod limits;
mod model;
mod reading;
mod refusal;
mod splice;

pub use actor::TextActor;
pub(crate) use base::changes_of;
pub use base::{BaseError, TextPart, compact};
pub(crate) use both::meant_beside;
pub use change::{TextChange, TextHash};
pub use document::TextDocument;
pub use limits::{TEXT_BASE_BYTES_MAX, TEXT_HISTORY_BYTES_MAX, TEXT_WRITERS_MAX};
pub use model::Text;
pub use refusal::TextRefusal;
pub(crate) use splice::Ground;
pub use splice::Splice;
