//! A space's state at one position: entities, views, replicas and the state hash, advanced by playing commits.
//!
//! The space machine holds one at what is decided, a replica one at what is confirmed, playback one at the moment that is shown. All of
//! them play with the same code, so they agree (rules 6 and 7).

mod checkpoint;
mod fingerprint;
mod play;
mod rebuild;
mod replicas;
mod route;
mod rows;
mod texts;
mod unexplained;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub(crate) use checkpoint::{Meta, checkpoint_sum};
pub use checkpoint::{OpenError, holds_views};
pub(crate) use play::{PlayError, Touched, ViewChange, text_change};
use rebuild::Rebuild;
pub use rebuild::Rebuilding;
pub(crate) use rebuild::Remade;
pub(crate) use replicas::ReplicaTable;
pub(crate) use route::Router;
pub(crate) use rows::is_readable;
pub(crate) use unexplained::Unexplained;

use crate::commit::Head;
use crate::domain::Domain;
use crate::hash::StateHash;
use crate::id::{ActorId, ReplicaId, SpaceId};
use crate::membership::Membership;
use crate::models::{Hydrator, Layers, Models, ReadSet, model_hash};
use crate::name::Name;
use crate::record::{Position, Seen, StreamId};
use crate::storage::{ReadError, RowKey, TextKey};
use crate::text::TextChange;
use crate::time::Timestamp;
use crate::view::ViewKey;

/// Everything that follows from a space's log up to one position.
///
/// Invariants:
/// 1. Playing the log from 1 to `head` gives the same models, views, replicas and hash.
/// 2. What changed since the last checkpoint is in memory; what is not in memory is as it was at the checkpoint.
pub(crate) struct SpaceState {
    pub domain: Arc<Domain>,
    pub space: SpaceId,
    pub epoch: u32,
    pub head: Head,
    /// The time of the last commit; the next one's is never less.
    pub time: Timestamp,
    pub layers: Layers,
    pub replicas: ReplicaTable,
    /// Up to here the authority's policies have looked at the log.
    pub reacted: Position,
    /// Up to here the authority's errands have ended.
    pub errands: Seen,
    /// The last commit that took payloads out of the log.
    pub redacted: Seen,
    /// What went before anything that was played says so.
    pub unexplained: Unexplained,
    /// The views that are made anew, beside those that show.
    rebuild: Option<Box<Rebuild>>,
    /// The views that were made anew.
    pub remade: BTreeMap<Name, Remade>,
    sum: StateHash,
    /// Entities whose part in the sum is stale.
    stale: BTreeSet<StreamId>,
    unsaved: Unsaved,
    /// What a checkpoint on its way to the store holds.
    saving: Unsaved,
    /// Whether the models of entities that enter a view are kept for thin clients.
    pub captures_entering: bool,
}

/// What changed since the last checkpoint.
#[derive(Default)]
struct Unsaved {
    /// Rows of the core's own that were saved by whom this state does not go on from.
    stale: BTreeSet<RowKey>,
    /// Views whose rows of before are of no use: what is in memory of them is all there is.
    dropped_views: BTreeSet<Name>,
    replicas: BTreeSet<ReplicaId>,
    entities: BTreeSet<StreamId>,
    views: BTreeSet<ViewKey>,
    texts: Vec<(TextKey, u64, TextChange)>,
    /// The number of the next change of each text that is in memory.
    text_counts: BTreeMap<TextKey, u64>,
    events: u64,
    first_at: Option<Timestamp>,
    is_wanted: bool,
}

impl SpaceState {
    /// A space without records.
    pub fn empty(domain: Arc<Domain>, space: SpaceId, epoch: u32) -> Self {
        Self {
            layers: Layers::new(Arc::clone(&domain), Hydrator::from_nothing()),
            domain,
            space,
            epoch,
            head: Head::START,
            time: Timestamp::default(),
            replicas: ReplicaTable::default(),
            reacted: Position::START,
            errands: Seen::default(),
            redacted: Seen::default(),
            unexplained: Unexplained::default(),
            rebuild: None,
            remade: BTreeMap::new(),
            sum: StateHash::default(),
            stale: BTreeSet::new(),
            unsaved: Unsaved::default(),
            saving: Unsaved::default(),
            captures_entering: false,
        }
    }

    /// The same state once more, all of it in memory; nothing of it is to be saved. Only for states that hydrate from nothing.
    pub fn copy(&mut self) -> Self {
        self.state_hash();
        let mut copy = Self::empty(Arc::clone(&self.domain), self.space, self.epoch);
        *copy.layers.base_mut() = self.layers.base_mut().clone();
        copy.head = self.head;
        copy.time = self.time;
        copy.replicas = self.replicas.clone();
        copy.redacted = self.redacted;
        copy.unexplained = self.unexplained.clone();
        copy.sum = self.sum;
        copy
    }

    /// Entities and views in memory.
    pub fn entries(&self) -> usize {
        self.layers.base_entries()
    }

    /// For a state that is only looked at: what it would save is dropped.
    pub fn forget_unsaved(&mut self) {
        self.unsaved = Unsaved::default();
    }

    pub fn models(&self) -> Models<'_> {
        Models::new(&self.layers)
    }

    /// What is decided or confirmed, without what is only optimistic.
    pub fn base_models(&self) -> Models<'_> {
        Models::base(&self.layers)
    }

    pub fn models_noting<'a>(&'a self, reads: &'a RefCell<ReadSet>) -> Models<'a> {
        Models::noting(&self.layers, reads)
    }

    /// The role of a person in what is decided or confirmed.
    pub fn role_of(&self, person: ActorId) -> Option<String> {
        self.base_models().get::<Membership>(self.space.0).role_of(person).map(str::to_owned)
    }

    /// The hash of all models at the base, brought up to date.
    pub fn state_hash(&mut self) -> StateHash {
        for stream in std::mem::take(&mut self.stale) {
            self.refresh_sum(&stream);
        }
        self.sum
    }

    fn refresh_sum(&mut self, stream: &StreamId) {
        let Some(kind) = self.domain.entity_type(&stream.kind) else { return };
        let Some(slot) = self.layers.base_mut().entities.get_mut(stream) else { return };
        let model = (kind.encode)(&slot.state).expect("an entity that was played can be encoded");
        let hash = model_hash(stream, &model);
        if let Some(before) = slot.in_sum.replace(hash) {
            self.sum.subtract(&before);
        }
        self.sum.add(&hash);
    }

    /// A read that failed since the last look; what was decided or played meanwhile must be dropped.
    pub fn take_failure(&self) -> Option<ReadError> {
        self.layers.take_failure()
    }

    /// Whether no event was played that is not saved, and no view was made anew or is gone.
    pub fn is_saved(&self) -> bool {
        self.unsaved.events == 0 && self.unsaved.dropped_views.is_empty()
    }

    /// Whether the views of the last checkpoint are this version's.
    pub fn has_saved_views(&self) -> bool {
        self.rebuild.is_none() && self.unsaved.dropped_views.is_empty()
    }

    /// When the saving strategy wants a checkpoint: now, at a time, or not.
    pub fn checkpoint_due(&self) -> Option<Timestamp> {
        let saving = self.domain.saving_strategy();
        let by_count = saving.every_events.is_some_and(|every| self.unsaved.events >= every);
        if self.unsaved.is_wanted || by_count {
            return Some(Timestamp(i64::MIN));
        }
        Some(self.unsaved.first_at?.plus_ms(saving.after_ms?))
    }
}

impl fmt::Debug for SpaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpaceState({} at {:?})", self.space, self.head.position)
    }
}
