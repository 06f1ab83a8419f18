//! What several kinds of things refuse alike.

use serde::{Deserialize, Serialize};

use crate::limits::{NAME_BYTES_MAX, OF_CARD_MAX, OF_PROJECT_MAX};

/// A text or a number of things that is out of its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum LimitExceeded {
    #[error("{what} may not be empty. Write something")]
    Empty { what: String },
    #[error("{what} has {bytes} bytes and may have {max}. Shorten it")]
    TooLarge { what: String, bytes: u64, max: u64 },
    #[error("There may be {max} {what} at most. Remove one first")]
    TooMany { what: String, max: u64 },
}

/// A text of at most `max` bytes.
pub(crate) fn fits(what: &str, text: &str, max: usize) -> Result<(), LimitExceeded> {
    if text.len() <= max {
        return Ok(());
    }
    Err(LimitExceeded::TooLarge { what: what.to_owned(), bytes: text.len() as u64, max: max as u64 })
}

/// A text of at most `max` bytes that is more than blanks.
pub(crate) fn is_written(what: &str, text: &str, max: usize) -> Result<(), LimitExceeded> {
    if text.trim().is_empty() {
        return Err(LimitExceeded::Empty { what: what.to_owned() });
    }
    fits(what, text, max)
}

/// A name: not empty, and short enough for a row.
pub(crate) fn is_name(what: &str, text: &str) -> Result<(), LimitExceeded> {
    is_written(what, text, NAME_BYTES_MAX)
}

/// Room for one more of what a card holds.
pub(crate) fn has_room_in_card(what: &str, count: usize) -> Result<(), LimitExceeded> {
    has_room(what, count, OF_CARD_MAX)
}

/// Room for one more of what a project holds.
pub(crate) fn has_room_in_project(what: &str, count: usize) -> Result<(), LimitExceeded> {
    has_room(what, count, OF_PROJECT_MAX)
}

fn has_room(what: &str, count: usize, max: usize) -> Result<(), LimitExceeded> {
    if count < max { Ok(()) } else { Err(LimitExceeded::TooMany { what: what.to_owned(), max: max as u64 }) }
}
