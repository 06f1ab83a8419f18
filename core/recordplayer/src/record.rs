//! One immutable entry of a log, and how it is addressed.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::claims::Claims;
use crate::codec::{CodecError, decode_named};
use crate::entity::Entity;
use crate::id::{ActorId, CommandId, Id, ReplicaId};
use crate::name::Name;
use crate::time::Timestamp;

/// The number of a record in its space's log, from 1; as a position, "everything up to and with this record". 0 is before the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    pub const START: Self = Self(0);

    /// The number of the record `count` after this one. Behind the last number there is only that number again: peers name any position, and no
    /// log gets even half as far.
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// How far the author of a command had followed the log when they made it. Behind the end of an epoch a restored log has other records than
/// those that somebody saw there, so a position alone says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode)]
pub struct Seen {
    #[n(0)]
    pub epoch: u32,
    #[n(1)]
    pub position: Position,
}

/// The records of one entity: its kind and its id, written `card/0198c1…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    pub kind: Name,
    pub id: Id,
}

impl StreamId {
    pub fn of<E: Entity>(id: Id) -> Self {
        Self { kind: Name::of(E::KIND), id }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not `kind/id`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stream: expected \"kind/id\", found {0:?}")]
pub struct StreamIdError(pub String);

impl FromStr for StreamId {
    type Err = StreamIdError;

    fn from_str(text: &str) -> Result<Self, StreamIdError> {
        let error = || StreamIdError(text.to_owned());
        let (kind, id) = text.split_once('/').ok_or_else(error)?;
        Ok(Self { kind: Name::new(kind).map_err(|_| error())?, id: id.parse().map_err(|_| error())? })
    }
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Command,
    Event,
    Response,
}

/// The content of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A CBOR map, see [`crate::codec`].
    Plain(Arc<[u8]>),
    /// Taken out of the log for good; its digest keeps the chain whole.
    Erased,
}

/// What a whole commit has in common, as its records carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub command: CommandId,
    pub actor: ActorId,
    pub replica: ReplicaId,
    /// The authority's time: never less than the record's before.
    pub time: Timestamp,
    pub claims: Claims,
}

impl Origin {
    /// What screens and reports show, and what `at(T)` goes by.
    pub fn effective_time(&self) -> Timestamp {
        self.claims.happened_at.unwrap_or(self.time)
    }

    /// Who did it, as claimed or else as recorded.
    pub fn effective_actor(&self) -> ActorId {
        self.claims.actor.unwrap_or(self.actor)
    }

    /// Who did it, as far as that is known: whoever brings in what happened at another time has not done it.
    pub fn known_actor(&self) -> Option<ActorId> {
        self.claims.actor.or_else(|| self.claims.happened_at.is_none().then_some(self.actor))
    }
}

/// One entry of a log.
#[derive(Clone)]
pub struct Record {
    pub number: Position,
    pub kind: RecordKind,
    pub stream: StreamId,
    /// The kind and the snake-case variant: `card.moved`.
    pub name: Name,
    pub origin: Origin,
    pub payload: Payload,
    event: OnceLock<Option<Arc<dyn std::any::Any + Send + Sync>>>,
}

impl Record {
    pub fn new(
        number: Position,
        kind: RecordKind,
        stream: StreamId,
        name: Name,
        origin: Origin,
        payload: Payload,
    ) -> Self {
        Self { number, kind, stream, name, origin, payload, event: OnceLock::new() }
    }

    /// The record's id: the command's own for a command, else derived from it and the place in the commit.
    pub fn id(&self, index: usize) -> Id {
        match self.kind {
            RecordKind::Command => self.origin.command.0,
            RecordKind::Event | RecordKind::Response => {
                Id::derived("record", &[self.origin.command.bytes(), &(index as u64).to_be_bytes()])
            }
        }
    }

    /// Whether it is one of an entity of this type.
    pub fn is_of<E: Entity>(&self) -> bool {
        *self.stream.kind == *E::KIND
    }

    pub fn is_event(&self) -> bool {
        self.kind == RecordKind::Event
    }

    /// The name without the kind in front: `moved`.
    pub fn variant(&self) -> &str {
        self.name.strip_prefix(&*self.stream.kind).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&self.name)
    }

    /// The event, if this record is one of `E` that this version knows and that was not erased. Decoded once.
    pub fn event<E: Entity>(&self) -> Option<&E::Event> {
        if self.kind != RecordKind::Event || !self.is_of::<E>() {
            return None;
        }
        self.event
            .get_or_init(|| self.decode_event::<E>().ok().map(|event| Arc::new(event) as _))
            .as_ref()
            .and_then(|event| event.downcast_ref())
    }

    /// Decodes the event, trying the entity's upcast where its own variants do not fit.
    pub(crate) fn decode_event<E: Entity>(&self) -> Result<E::Event, CodecError> {
        let Payload::Plain(payload) = &self.payload else {
            return Err(CodecError::Decode("the payload was erased".to_owned()));
        };
        decode_named(self.variant(), payload).or_else(|error| E::upcast(self.variant(), payload).ok_or(error))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {} {}", self.number, self.kind, self.name, self.stream)
    }
}
