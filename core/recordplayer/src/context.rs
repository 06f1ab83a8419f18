//! What `decide` may see and do besides its own entity and command.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::claims::Claims;
use crate::codec::{CodecError, encode_named};
use crate::commit::Draft;
use crate::domain::OwnRole;
use crate::entity::Entity;
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::membership::Membership;
use crate::models::{Layers, Models, ReadSet};
use crate::name::Name;
use crate::record::{RecordKind, StreamId};
use crate::time::Timestamp;
use crate::view::{Key, View, ViewKey};

/// What is known about the command being decided.
#[derive(Clone, Debug)]
pub(crate) struct Deciding {
    pub space: SpaceId,
    pub command: CommandId,
    pub actor: ActorId,
    pub replica: ReplicaId,
    pub now: Timestamp,
    pub claims: Claims,
    pub is_authority: bool,
    /// Whether it is a policy's, and nobody sends it.
    pub is_of_policy: bool,
    /// The space whose errand it is, or with which one of this space ended.
    pub errand: Option<SpaceId>,
    /// Whether a newer version may have made it: then what this one cannot read of it waits for its upgrade.
    pub may_be_newer: bool,
    /// Which of the names that the command claims it got; only the authority knows.
    pub name: Option<String>,
}

/// The surroundings of one decision: who, when, and the rest of the space.
pub struct Context<'a> {
    deciding: &'a Deciding,
    stream: &'a StreamId,
    models: Models<'a>,
    ids_given: BTreeMap<String, u64>,
    emitted: Vec<Draft>,
    failure: Option<CodecError>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        deciding: &'a Deciding,
        stream: &'a StreamId,
        layers: &'a Layers,
        reads: &'a RefCell<ReadSet>,
    ) -> Self {
        let models = Models::noting(layers, reads);
        Self { deciding, stream, models, ids_given: BTreeMap::new(), emitted: Vec::new(), failure: None }
    }

    /// The id of the entity that decides.
    pub fn id(&self) -> Id {
        self.stream.id
    }

    /// Who sent the command.
    pub fn actor(&self) -> ActorId {
        self.deciding.actor
    }

    /// The command record's time; while optimistic, the device's.
    pub fn now(&self) -> Timestamp {
        self.deciding.now
    }

    /// When the sender claims that it happened, for imports and offline work.
    pub fn happened_at(&self) -> Option<Timestamp> {
        self.deciding.claims.happened_at
    }

    /// Who is claimed to have done it, where that is not who sends it.
    pub fn claimed_actor(&self) -> Option<ActorId> {
        self.deciding.claims.actor
    }

    /// Which of the names that the command claims it got ([`UniqueName`](crate::domain::UniqueName)); only the authority knows.
    pub fn claimed_name(&self) -> Option<&str> {
        self.deciding.name.as_deref()
    }

    /// The command that this one takes back, as the sender claims.
    pub fn undoes(&self) -> Option<CommandId> {
        self.deciding.claims.undoes
    }

    /// The other space, where the command comes by an errand and not from a person.
    pub fn errand_with(&self) -> Option<SpaceId> {
        self.deciding.errand
    }

    pub fn space(&self) -> SpaceId {
        self.deciding.space
    }

    pub fn command(&self) -> CommandId {
        self.deciding.command
    }

    /// The sending replica, to which the actors of its text changes belong.
    pub fn replica(&self) -> ReplicaId {
        self.deciding.replica
    }

    /// The role of whoever sent the command; `None` for a stranger.
    pub fn role(&self) -> Option<String> {
        self.get::<Membership>(self.deciding.space.0).role_of(self.deciding.actor).map(str::to_owned)
    }

    /// The roles that the domain lists; the first one manages.
    pub fn roles(&self) -> &'static [&'static str] {
        self.models.domain().role_names()
    }

    /// The roles that the space has beside those ([`Domain::own_roles`](crate::domain::Domain::own_roles)).
    pub fn own_roles(&self) -> Vec<OwnRole> {
        self.models.domain().own_roles_of(self.deciding.space, &self.models)
    }

    /// Whether whoever sent the command has the role that manages.
    pub fn is_manager(&self) -> bool {
        self.role().is_some_and(|role| role == self.roles()[0])
    }

    /// Another entity of the space, exactly as it is: one space has one writer. Events emitted by this same decision are not in it yet.
    pub fn get<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        self.models.get(id)
    }

    /// Whether any event has reached the entity.
    pub fn exists<E: Entity>(&self, id: impl Into<Id>) -> bool {
        self.models.exists::<E>(id)
    }

    /// A view that the domain declares consistent, as it is after all commits before.
    pub fn view<V: View>(&self, key: impl Into<Key>) -> Arc<V> {
        let is_consistent = self.models.domain().view_type(V::NAME).is_some_and(|view| view.is_consistent);
        assert!(
            is_consistent,
            "decide may read only views that the domain declares consistent, and {:?} is not",
            V::NAME
        );
        self.models.view_state(&ViewKey::of::<V>(key)).downcast().expect("a view has the state of its type")
    }

    /// Adds an event of another entity to the same commit, behind those that `decide` returns.
    pub fn emit<E: Entity>(&mut self, id: impl Into<Id>, event: &E::Event) {
        match draft::<E>(StreamId::of::<E>(id.into()), RecordKind::Event, event) {
            Ok(draft) => self.emitted.push(draft),
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    /// A new id: H(command id, label, how many of that label before). The same on the device and at the authority.
    pub fn new_id(&mut self, label: &str) -> Id {
        let index = self.ids_given.entry(label.to_owned()).or_default();
        *index += 1;
        Id::derived("new id", &[self.deciding.command.bytes(), label.as_bytes(), &index.to_be_bytes()])
    }

    /// A value that only the authority's decision makes final, such as the next number: provisional on a device.
    pub fn assign<T>(&self, value: impl FnOnce() -> T) -> Assigned<T> {
        if self.deciding.is_authority { Assigned::Final { value: value() } } else { Assigned::Provisional {} }
    }

    pub(crate) fn finish(self) -> Result<Vec<Draft>, CodecError> {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(self.emitted),
        }
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("deciding", self.deciding).finish_non_exhaustive()
    }
}

/// A value that the authority assigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assigned<T> {
    /// Decided on a device only, so far.
    Provisional {},
    Final {
        value: T,
    },
}

impl<T> Default for Assigned<T> {
    fn default() -> Self {
        Self::Provisional {}
    }
}

impl<T> Assigned<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Provisional {} => None,
            Self::Final { value } => Some(value),
        }
    }
}

/// A record of an entity without its number.
pub(crate) fn draft<E: Entity>(
    stream: StreamId,
    kind: RecordKind,
    content: &impl Serialize,
) -> Result<Draft, CodecError> {
    let (variant, payload) = encode_named(content)?;
    let name = Name::new(&format!("{}.{variant}", E::KIND)).map_err(|error| CodecError::Encode(error.to_string()))?;
    Ok(Draft { kind, stream, name, payload: payload.into() })
}
