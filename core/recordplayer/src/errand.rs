//! What one space asks of another one of the same authority: how a thing that belongs to one of them moves to the other, exactly once.
//!
//! ```text
//!  an event here ─► an errand ─► its commands are decided there, one after the other ─► an event there ─► an errand back
//!                      └─ no such space, or it refuses ─► `otherwise` is decided here
//! ```
//! An errand is run until its commands are durable at the other end, and again after each new epoch of its own space: whatever was restored is told
//! once more. So a command of an errand says how it shall be, and asking it twice brings about nothing; and what it does not want, it says by an
//! event, which is remembered, and not by a refusal, which is not.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use crate::decide::Intent;
use crate::entity::Entity;
use crate::id::{CommandId, Id, ReplicaId, SpaceId};
use crate::models::Models;
use crate::name::Name;
use crate::record::{Record, StreamId};
use crate::state::SpaceState;
use crate::storage::{ReadError, SpaceReader, TextKey};
use crate::text::TextChange;
use crate::view::{Key, View, ViewKey};

/// What an event asks of other spaces, with everything as it is when it is asked: nothing where that is settled by now.
pub type Ask = fn(&Record, &Reading<'_>) -> Vec<Errand>;

/// What one space asks of another one.
#[derive(Clone, Debug)]
pub struct Errand {
    pub to: SpaceId,
    /// Decided there one after the other; none, where it cannot be said, is as if they were refused.
    pub commands: Vec<Intent>,
    /// Decided here where there is no such space, or it refuses.
    pub otherwise: Option<Intent>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ErrandKind {
    pub name: &'static str,
    pub ask: Ask,
}

/// Commands on their way to another space.
#[derive(Clone)]
pub struct Sent {
    /// Always the same for the same event.
    pub key: Id,
    pub from: SpaceId,
    pub to: SpaceId,
    pub commands: Vec<Intent>,
}

impl Sent {
    pub(crate) fn command(&self, place: u64) -> CommandId {
        CommandId::derived("errand", &[self.key.bytes(), &place.to_be_bytes()])
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sent({} {} to {}, {} commands)", self.key, self.from, self.to, self.commands.len())
    }
}

/// How an errand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All of it is durable there.
    Done,
    /// There is no such space under this authority, or it refuses.
    Refused,
}

/// The numbers of all commands that come by errands are of one replica, which no device can have.
pub(crate) fn errand_replica() -> ReplicaId {
    ReplicaId::derived("errand", &[])
}

/// A space, as those look at it who ask for something.
pub struct Reading<'a> {
    pub(crate) state: &'a SpaceState,
    pub(crate) reader: &'a dyn SpaceReader,
    pub(crate) is_retold: bool,
    /// Why something could not be read; then nothing is asked.
    pub(crate) failure: RefCell<Option<ReadError>>,
}

impl Reading<'_> {
    pub fn space(&self) -> SpaceId {
        self.state.space
    }

    /// Whether a new epoch has begun since: what was told may have been forgotten elsewhere.
    pub fn is_retold(&self) -> bool {
        self.is_retold
    }

    pub fn models(&self) -> Models<'_> {
        self.state.base_models()
    }

    pub fn view<V: View>(&self, key: impl Into<Key>) -> Arc<V> {
        let state = self.models().view_state(&ViewKey::of::<V>(key));
        state.downcast().expect("a view has the state of its type")
    }

    /// The changes of an entity's text, in the order of the log.
    pub fn text_changes<E: Entity>(&self, id: impl Into<Id>, name: &'static str) -> Vec<TextChange> {
        let key = TextKey { stream: StreamId::of::<E>(id.into()), field: Name::of(name) };
        let rows = self.state.text_rows(self.reader, &key);
        rows.and_then(|rows| rows.changes()).unwrap_or_else(|error| {
            self.failure.replace(Some(error));
            Vec::new()
        })
    }
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({})", self.state.space)
    }
}
