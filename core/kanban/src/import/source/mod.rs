//! A board of another product, whichever that is: what each reader hands on, and what the plan of an import is made of.
//!
//! [`counts`] counts it, [`guess_kind`] guesses what a column is for from its name. What a file says and the board does not hold is a list of
//! [`NotImported`].

mod board;
pub(super) mod colour;
mod counts;
pub(super) mod error;
mod gathered;
mod kind;
mod left_out;
mod life;
mod limits;
pub(super) mod loose;
pub(super) mod time;
pub(super) mod words;

pub use board::{
    Origin, Says, SourceAction, SourceAttachment, SourceBoard, SourceCard, SourceCheckItem, SourceChecklist,
    SourceComment, SourceDeed, SourceField, SourceFieldKind, SourceFieldOption, SourceFieldValue, SourceId,
    SourceLabel, SourceList, SourceMember, SourceRelation, SourceType, SourceValue, Subject,
};
pub use counts::{Counts, counts};
pub use error::ReadError;
pub(super) use gathered::Gathered;
pub use kind::{ColumnKindGuess, guess_kind, known_kind};
pub use left_out::NotImported;
pub(super) use left_out::{LeftOut, first_of_each};
pub(super) use life::{Life, Lists, NO_BEGINNING};
pub use limits::{EXPORT_BYTES_MAX, LIST_ENTRIES_MAX};
