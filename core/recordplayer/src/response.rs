//! The response record: a refusal as it stands in the log.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::commit::{Commit, Draft};
use crate::decide::Intent;
use crate::hash::Hash;
use crate::name::Name;
use crate::record::{Payload, RecordKind};
use crate::refusal::Refused;

/// Why a command was refused. The refused payload itself is never in the log, only its digest: what may not be said is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The command's name.
    pub command: Name,
    /// blake3 of the command's payload.
    pub digest: Hash,
    pub refused: Refused,
}

impl Response {
    pub fn to(intent: &Intent, refused: Refused) -> Self {
        Self { command: intent.name.clone(), digest: Hash::of(&intent.payload), refused }
    }

    /// The response that a refusing commit holds.
    pub fn of(commit: &Commit) -> Option<Self> {
        match commit.records.as_slice() {
            [record] if record.kind == RecordKind::Response => match &record.payload {
                Payload::Plain(bytes) => decode(bytes).ok(),
                Payload::Erased => None,
            },
            _ => None,
        }
    }

    pub(crate) fn draft(&self, intent: &Intent) -> Result<Draft, CodecError> {
        let name = Name::new(&format!("{}.refused", intent.stream.kind));
        Ok(Draft {
            kind: RecordKind::Response,
            stream: intent.stream.clone(),
            name: name.map_err(|error| CodecError::Encode(error.to_string()))?,
            payload: encode(self)?.into(),
        })
    }
}
