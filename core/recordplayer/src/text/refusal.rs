//! Why a change of a text is refused.

use serde::{Deserialize, Serialize};

use super::limits::{TEXT_HISTORY_BYTES_MAX, TEXT_WRITERS_MAX};
use crate::id::ReplicaId;
use crate::limits::{TEXT_BYTES_MAX, TEXT_CHANGE_BYTES_MAX, TEXT_OPERATIONS_MAX};

/// Why a change of a text is refused: data that an application puts into its own refusals, and a sentence that a person can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TextRefusal {
    #[error("This edit is too large ({bytes} bytes, at most {TEXT_CHANGE_BYTES_MAX}). Make it in several steps")]
    TooLarge { bytes: u64 },
    #[error("This edit is compressed, which is not allowed. Upgrade the program that made it")]
    NotRaw {},
    #[error("This edit cannot be read: {why}")]
    Unreadable { why: String },
    #[error("This edit does more than insert and delete characters: {why}")]
    NotPlain { why: String },
    #[error("This edit was signed by another device ({found}) than the one that sent it ({expected})")]
    WrongActor { expected: ReplicaId, found: ReplicaId },
    #[error("This edit is out of sequence: expected number {expected} of its device, found {found}")]
    OutOfSequence { expected: u64, found: u64 },
    #[error("This edit does not build on the one that its device made before")]
    Detached {},
    #[error(
        "This edit builds on one that is not here: its operations begin at {found}, at most {expected} was expected"
    )]
    FromTheFuture { expected: u64, found: u64 },
    #[error("This edit gives its operations numbers that its device has used: {found}, expected more than {used}")]
    FromThePast { used: u64, found: u64 },
    #[error(
        "This text would become too long (about {bytes} bytes, at most {TEXT_BYTES_MAX}). Put a part of it elsewhere"
    )]
    TextFull { bytes: u64 },
    #[error(
        "This text was edited too often ({operations} characters typed or deleted in {bytes} bytes; at most {TEXT_OPERATIONS_MAX} in \
         {TEXT_HISTORY_BYTES_MAX}). Copy it into a new one"
    )]
    HistoryFull { operations: u64, bytes: u64 },
    #[error("Too many devices have edited this text ({writers}, at most {TEXT_WRITERS_MAX}). Copy it into a new one")]
    TooManyWriters { writers: u64 },
}

impl TextRefusal {
    pub(super) fn unreadable(why: &str) -> Self {
        Self::Unreadable { why: why.to_owned() }
    }

    pub(super) fn not_plain(why: &str) -> Self {
        Self::NotPlain { why: why.to_owned() }
    }
}
