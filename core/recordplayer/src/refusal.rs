//! Why a command is refused, in a form that travels.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode_named, encode_named};
use crate::entity::Data;
use crate::id::CommandId;
use crate::record::Position;
use crate::text::TextRefusal;

/// A refusal as it stands in a response record: typed for the program that knows the type, and a sentence for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The snake-case variant: `column_full`.
    pub code: String,
    /// The sentence, in case a client is too old to know the code.
    pub message: String,
    /// The variant's fields.
    #[serde(with = "serde_bytes")]
    pub details: Vec<u8>,
}

impl Refused {
    /// A refusal of an entity, or of a guard.
    pub fn of<R: Data + Display>(refusal: &R) -> Result<Self, CodecError> {
        let (code, details) = encode_named(refusal)?;
        Ok(Self { code, message: refusal.to_string(), details })
    }

    /// The typed refusal, if it is one of `R`.
    pub fn typed<R: Data>(&self) -> Option<R> {
        decode_named(&self.code, &self.details).ok()
    }
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<CoreRefusal> for Refused {
    fn from(refusal: CoreRefusal) -> Self {
        Self::of(&refusal).expect("the core's own refusals can be encoded")
    }
}

/// Refusals that the framework itself speaks, for any application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CoreRefusal {
    /// Where, and with which words, stands in the program's own log: they may hold something of what was refused.
    #[error(
        "This command made the program fail, so it was set aside and nothing was changed. Please report it, with what the log of the program says"
    )]
    Quarantined {},
    #[error("A change that this one builds on was refused")]
    RequiredRefused { command: CommandId },
    #[error("This change was decided already, when it came from another copy of this device")]
    DecidedAlready {},
    #[error("This change is too large ({bytes} bytes). Split it into several")]
    TooLarge { bytes: u64 },
    /// Never with words of the command: a refusal is in the log, and what it refuses is not.
    #[error("This is not a valid command: {why}")]
    Malformed { why: String },
    #[error("This project holds records of a newer version. Upgrade the program to change it")]
    NewerRecords {},
    #[error("{why}")]
    Text { why: TextRefusal },
    #[error("The outbox is full. Connect to the server so that it can send what waits")]
    OutboxFull { commands: u64 },
    #[error(
        "Somebody has changed it since, so it was not undone. Look at it, and change it by hand if you still want to"
    )]
    SetSince { record: Position },
    #[error("You may not change this project. Ask a manager for another role")]
    MayNotWrite {},
    #[error("The server did not begin this project. Try it again, or begin another one")]
    FoundingRefused {},
}

impl From<&CodecError> for CoreRefusal {
    /// Without what a parser cites.
    fn from(error: &CodecError) -> Self {
        let why = match error {
            CodecError::Payload(error) => error.to_string(),
            CodecError::Encode(_) => "it cannot be written as a record".to_owned(),
            CodecError::Decode(_) | CodecError::UnknownVariant(_) => "what it says cannot be read".to_owned(),
        };
        Self::Malformed { why }
    }
}
