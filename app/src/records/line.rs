//! The lines of an export.

use std::collections::BTreeMap;

use recordplayer::claims::Claims;
use recordplayer::commit::{Header, ToldRecord};
use recordplayer::id::{ActId, ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::name::Name;
use recordplayer::playback::Step;
use recordplayer::record::{Position, RecordKind, StreamIdError};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::plain::PlainPayload;

/// What the file is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExportLine {
    pub export: ExportOf,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExportOf {
    pub format: u32,
    pub space: SpaceId,
    pub title: String,
}

/// One record. The first one of a commit also tells what the commit has beside its records.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RecordLine {
    pub record: Position,
    pub kind: RecordKind,
    pub stream: String,
    pub name: Name,
    /// The record's own id; derived, so nobody reads it here.
    pub id: Id,
    pub command: CommandId,
    pub actor: ActorId,
    /// For people; the commit has it in milliseconds.
    pub time: String,
    pub happened_at: Option<String>,
    pub payload: PlainPayload,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitFields>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CommitFields {
    pub space: SpaceId,
    pub epoch: u32,
    pub replica: ReplicaId,
    pub number: u64,
    pub answered_up_to: u64,
    pub time_ms: Timestamp,
    pub domain_version: u32,
    pub act: Option<ActId>,
    pub happened_at_ms: Option<Timestamp>,
    pub claimed_actor: Option<ActorId>,
    pub undoes: Option<CommandId>,
    pub parent: Option<ReplicaId>,
    #[serde(default)]
    pub requires: Vec<CommandId>,
    #[serde(default)]
    pub over: Vec<Position>,
    pub trigger: Option<Position>,
    pub errand: Option<SpaceId>,
}

/// A piece of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileLine {
    pub file: String,
    pub at: u64,
    pub bytes: String,
}

/// That all of it is there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EndLine {
    pub end: End,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End {
    pub records: u64,
    pub files: u64,
    /// Files that the records speak of and nobody could give.
    #[serde(default)]
    pub missing: Vec<String>,
    /// What those are called who did something or are members, as far as that is known.
    #[serde(default)]
    pub people: BTreeMap<ActorId, String>,
}

impl RecordLine {
    /// `rfc3339` writes times for people.
    pub fn of(step: &Step<'_>, rfc3339: impl Fn(Timestamp) -> String) -> Self {
        let record = step.record;
        Self {
            record: record.number,
            kind: record.kind,
            stream: record.stream.to_string(),
            name: record.name.clone(),
            id: record.id(step.index),
            command: record.origin.command,
            actor: record.origin.actor,
            time: rfc3339(record.origin.time),
            happened_at: record.origin.claims.happened_at.map(&rfc3339),
            payload: PlainPayload(record.payload.clone()),
            commit: (step.index == 0).then(|| CommitFields::of(step.header)),
        }
    }

    pub fn told(self) -> Result<ToldRecord, StreamIdError> {
        let Self { kind, stream, name, payload: PlainPayload(payload), .. } = self;
        Ok(ToldRecord { kind, stream: stream.parse()?, name, payload })
    }
}

impl CommitFields {
    fn of(header: &Header) -> Self {
        let Claims { act, happened_at, actor, undoes } = header.claims;
        Self {
            space: header.space,
            epoch: header.epoch,
            replica: header.replica,
            number: header.number,
            answered_up_to: header.answered_up_to,
            time_ms: header.time,
            domain_version: header.domain_version,
            act,
            happened_at_ms: happened_at,
            claimed_actor: actor,
            undoes,
            parent: header.parent,
            requires: header.requires.clone(),
            over: header.over.clone(),
            trigger: header.trigger,
            errand: header.errand,
        }
    }

    /// The header of the commit whose first record this is.
    pub fn header(&self, first: &RecordLine) -> Header {
        Header {
            space: self.space,
            epoch: self.epoch,
            first: first.record,
            time: self.time_ms,
            actor: first.actor,
            replica: self.replica,
            number: self.number,
            command: first.command,
            answered_up_to: self.answered_up_to,
            claims: Claims {
                act: self.act,
                happened_at: self.happened_at_ms,
                actor: self.claimed_actor,
                undoes: self.undoes,
            },
            parent: self.parent,
            requires: self.requires.clone(),
            domain_version: self.domain_version,
            over: self.over.clone(),
            trigger: self.trigger,
            errand: self.errand,
        }
    }
}
