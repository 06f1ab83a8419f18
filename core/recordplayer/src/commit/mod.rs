//! The commit: the unit of appending, sending and showing. All or nothing, and chained to the one before.
//!
//! A commit is encoded once, by the authority; those bytes are stored and sent as they are to everyone. `encoding` gives them byte by byte,
//! `docs/protocol.md` describes them.

mod encoding;
mod redaction;
mod retold;
mod salt;
mod seal;

use std::sync::Arc;

pub use encoding::{CommitError, Draft};
pub use retold::ToldRecord;
pub(crate) use salt::salt;
pub(crate) use seal::SEAL_BYTES;
pub use seal::{Seal, SealKey};

use crate::claims::Claims;
use crate::hash::Hash;
use crate::id::{ActorId, CommandId, ReplicaId, SpaceId};
use crate::record::{Origin, Position, Record, RecordKind};
use crate::time::Timestamp;

/// A place in a log: the last record of a commit, and that commit's hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    pub position: Position,
    pub hash: Hash,
}

impl Head {
    /// Before the first commit.
    pub const START: Self = Self { position: Position::START, hash: Hash::ZERO };
}

/// What a whole commit has in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub space: SpaceId,
    pub epoch: u32,
    /// The number of the commit's first record.
    pub first: Position,
    pub time: Timestamp,
    pub actor: ActorId,
    pub replica: ReplicaId,
    /// The command's number among those of its replica, from 1.
    pub number: u64,
    pub command: CommandId,
    /// Up to this number the replica needs no stored verdict any more.
    pub answered_up_to: u64,
    pub claims: Claims,
    /// The replica that this one was cloned or restored from; only on its first command.
    pub parent: Option<ReplicaId>,
    /// Commands that must have been accepted before this one.
    pub requires: Vec<CommandId>,
    /// The version of the domain that decided.
    pub domain_version: u32,
    /// Records of others that this commit's author had not seen, and whose values it sets anew.
    pub over: Vec<Position>,
    /// The event to which a policy answers with this command.
    pub trigger: Option<Position>,
    /// The other space, where an errand brings this command.
    pub errand: Option<SpaceId>,
}

impl Header {
    pub fn origin(&self) -> Origin {
        Origin { command: self.command, actor: self.actor, replica: self.replica, time: self.time, claims: self.claims }
    }
}

/// One command with the events it caused, or the response that refuses one.
#[derive(Clone, Debug)]
pub struct Commit {
    pub header: Header,
    pub records: Vec<Record>,
    /// The chain up to and with this commit.
    pub hash: Hash,
    /// That the authority held everything up to here as durable.
    pub seal: Option<Seal>,
    /// As it was encoded by the authority, and is stored and sent.
    pub bytes: Arc<[u8]>,
}

impl Commit {
    /// The place in the log before this commit.
    pub fn before(&self) -> Position {
        Position(self.header.first.0 - 1)
    }

    /// The place in the log at the end of this commit.
    pub fn head(&self) -> Head {
        Head { position: self.before().plus(self.records.len() as u64), hash: self.hash }
    }

    /// Whether this commit refuses its command.
    pub fn is_refusal(&self) -> bool {
        self.records.iter().any(|record| record.kind == RecordKind::Response)
    }

    pub fn events(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.kind == RecordKind::Event)
    }
}
