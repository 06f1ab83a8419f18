//! What an application does about what has happened: policies answer inside the space with commands, effects happen outside of it.

use std::fmt;

use crate::decide::Intent;
use crate::id::{Id, ReplicaId, SpaceId};
use crate::models::Models;
use crate::name::Name;
use crate::record::{Position, Record};

/// The commands with which a policy answers to an event, with the entities as they are when it is looked at.
pub type React = fn(&Record, &Models<'_>) -> Vec<Intent>;

/// A rule that answers to events with commands of its own. Only the authority runs it, on durable records.
///
/// Its commands are asked no guard, for nobody sends them; they are decided by their entities, and refused, as any other. They have ids that
/// follow from the event, and the log says which event it was: whatever stops the authority, each is decided once. What a policy has done, and
/// what is told of the past (imports), triggers none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub name: &'static str,
    pub react: React,
    /// Its commands are numbered as those of a replica, which no device can have.
    pub replica: ReplicaId,
}

impl Policy {
    pub fn new(name: &'static str, react: React) -> Self {
        Self { name, react, replica: ReplicaId::derived("policy", &[name.as_bytes()]) }
    }
}

/// What an event brings about outside of the logs, in a form that only the application understands.
pub type Cause = fn(&Record, &Models<'_>) -> Vec<Vec<u8>>;

/// A kind of thing that happens outside of the logs: a mail, a notification, a call of another system.
#[derive(Clone, Debug)]
pub(crate) struct EffectKind {
    pub name: Name,
    pub cause: Cause,
}

/// One thing that is to happen outside of the logs, because of a durable record.
#[derive(Clone, PartialEq, Eq)]
pub struct Effect {
    /// Always the same for the same command and the same place among its effects: whoever carries it out twice can tell.
    pub key: Id,
    pub kind: Name,
    pub space: SpaceId,
    /// The record that it follows from.
    pub record: Position,
    pub content: Vec<u8>,
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Effect({} {} of {:?}, {} bytes)", self.kind, self.key, self.record, self.content.len())
    }
}

/// How far the effects of a space are carried out: kept by the driver, beside the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectsDone {
    pub epoch: u32,
    pub upto: Position,
}
