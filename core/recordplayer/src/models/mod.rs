//! Entities as they are in memory: layers over what is saved.
//!
//! ```text
//!  speculative   a command being decided: dropped on a refusal or a panic
//!  optimistic    pending commands on a replica
//!  base          what is decided (at the authority) or confirmed (on a replica)
//!  ───────────   hydration
//!  saved rows and the log
//! ```
//! Reading goes from the top down and hydrates at the bottom; playing writes to the top. States are shared by `Arc`, so a layer costs only
//! what changes in it.

mod hydrate;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use hydrate::saved_view;
pub(crate) use hydrate::{Hydrator, model_hash};

use rpds::RedBlackTreeSetSync;

use crate::domain::{Domain, EntityType, Played};
use crate::entity::Entity;
use crate::hash::Hash;
use crate::id::Id;
use crate::planted::{Bug, is_planted};
use crate::record::{Position, Record, StreamId};
use crate::storage::{ReadError, TextKey};
use crate::view::{Key, ViewKey};

/// A state whose type only its entity or view type knows.
pub(crate) type AnyState = Arc<dyn Any + Send + Sync>;

/// One entity in memory.
#[derive(Clone)]
pub(crate) struct EntitySlot {
    pub state: AnyState,
    /// The last event that was played on it; 0 for one that no event has reached.
    pub position: Position,
    /// What this entity adds to the space's state hash at the moment; `None` before its first event.
    pub in_sum: Option<Hash>,
    /// The first event of its stream that this version does not know, if there is one.
    pub first_unknown: Option<Position>,
    /// The keys of each view, in the order of the domain, whose lookers have it as it is: those in which it showed after its last event, where
    /// that concerned the view; `None` where nobody noted them.
    pub shown: Option<Arc<[Vec<Key>]>>,
}

/// One view in memory.
#[derive(Clone)]
pub(crate) struct ViewSlot {
    pub state: AnyState,
    /// The entities that show in it.
    pub members: RedBlackTreeSetSync<StreamId>,
    /// The end of the last commit that touched it, or a later one that did not.
    pub position: Position,
}

/// What changed on top of the layer below.
#[derive(Clone, Default)]
pub(crate) struct Layer {
    pub entities: BTreeMap<StreamId, EntitySlot>,
    pub views: BTreeMap<ViewKey, ViewSlot>,
}

/// What a decision read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSet {
    pub streams: BTreeSet<StreamId>,
    pub views: BTreeSet<ViewKey>,
}

/// What was looked for and is nowhere.
#[derive(Default)]
struct Absent {
    entities: Vec<StreamId>,
    views: Vec<ViewKey>,
}

/// All layers of one space.
pub(crate) struct Layers {
    pub domain: Arc<Domain>,
    base: RefCell<Layer>,
    upper: Vec<Layer>,
    hydrator: Hydrator,
    /// What was looked for since the last look, and is nowhere.
    absent: RefCell<Absent>,
    /// The first read that failed since the last look: a state that was answered meanwhile may be wrong and must not be used.
    failure: Cell<Option<ReadError>>,
}

impl Layers {
    pub fn new(domain: Arc<Domain>, hydrator: Hydrator) -> Self {
        Self {
            domain,
            base: RefCell::default(),
            upper: Vec::new(),
            hydrator,
            absent: RefCell::default(),
            failure: Cell::new(None),
        }
    }

    pub fn take_failure(&self) -> Option<ReadError> {
        self.failure.take()
    }

    /// Whether a read has failed since the last look.
    pub fn has_failed(&self) -> bool {
        let failure = self.failure.take();
        let has_failed = failure.is_some();
        self.failure.set(failure);
        has_failed
    }

    pub fn push(&mut self) {
        self.upper.push(Layer::default());
    }

    /// Puts a layer back that was popped.
    pub fn push_layer(&mut self, layer: Layer) {
        self.upper.push(layer);
    }

    /// Takes the top layer away.
    pub fn pop(&mut self) -> Layer {
        self.upper.pop().expect("a layer was pushed")
    }

    /// Puts the top layer's changes into the one below.
    pub fn merge(&mut self) {
        let top = self.pop();
        let below = self.upper.last_mut().unwrap_or_else(|| self.base.get_mut());
        below.entities.extend(top.entities);
        below.views.extend(top.views);
    }

    pub fn depth(&self) -> usize {
        self.upper.len()
    }

    pub fn base_mut(&mut self) -> &mut Layer {
        self.base.get_mut()
    }

    /// The entities in memory at the base that are somewhere.
    pub fn base_streams(&self) -> BTreeSet<StreamId> {
        let base = self.base.borrow();
        let born = base.entities.iter().filter(|(_, slot)| slot.position > Position::START);
        born.map(|(stream, _)| stream.clone()).collect()
    }

    pub fn base_entries(&self) -> usize {
        let base = self.base.borrow();
        base.entities.len() + base.views.len()
    }

    /// What was looked for and is nowhere does not stay in memory: whoever asks for what is not there could fill it.
    pub fn forget_absent(&mut self) {
        let Absent { entities, views } = self.absent.take();
        let base = self.base.get_mut();
        for stream in entities {
            if base.entities.get(&stream).is_some_and(|slot| slot.position == Position::START) {
                base.entities.remove(&stream);
            }
        }
        for key in views {
            if base.views.get(&key).is_some_and(|slot| slot.position == Position::START) {
                base.views.remove(&key);
            }
        }
    }

    /// Whether something is in memory that is nowhere.
    pub fn holds_absent(&self) -> bool {
        let base = self.base.borrow();
        base.entities.values().any(|slot| slot.position == Position::START)
            || base.views.values().any(|slot| slot.position == Position::START)
    }

    pub fn top_mut(&mut self) -> &mut Layer {
        self.upper.last_mut().unwrap_or_else(|| self.base.get_mut())
    }

    pub fn hydrator(&self) -> &Hydrator {
        &self.hydrator
    }

    pub fn hydrator_mut(&mut self) -> &mut Hydrator {
        &mut self.hydrator
    }

    /// The entity at the top `skip` layers from above.
    pub fn entity(&self, stream: &StreamId, below: usize) -> EntitySlot {
        for layer in self.upper[..self.upper.len().min(below)].iter().rev() {
            if let Some(slot) = layer.entities.get(stream) {
                return slot.clone();
            }
        }
        if let Some(slot) = self.base.borrow().entities.get(stream) {
            return slot.clone();
        }
        match self.hydrator.entity(&self.domain, stream) {
            Ok(slot) => {
                if slot.position == Position::START {
                    self.absent.borrow_mut().entities.push(stream.clone());
                }
                self.base.borrow_mut().entities.insert(stream.clone(), slot.clone());
                slot
            }
            Err(error) => {
                self.fail(error);
                EntitySlot::unborn(&self.domain, stream)
            }
        }
    }

    /// Takes the entity out of the top layer to be played on, or a copy of it from below; it must be put back with [`Self::put_entity`].
    pub fn take_entity(&mut self, stream: &StreamId) -> EntitySlot {
        if let Some(slot) = self.top_mut().entities.remove(stream) {
            return slot;
        }
        let slot = self.entity(stream, usize::MAX);
        if self.upper.is_empty() {
            self.base.get_mut().entities.remove(stream);
        }
        slot
    }

    pub fn put_entity(&mut self, stream: StreamId, slot: EntitySlot) {
        self.top_mut().entities.insert(stream, slot);
    }

    pub fn view(&self, key: &ViewKey, below: usize) -> ViewSlot {
        for layer in self.upper[..self.upper.len().min(below)].iter().rev() {
            if let Some(slot) = layer.views.get(key) {
                return slot.clone();
            }
        }
        if let Some(slot) = self.base.borrow().views.get(key) {
            return slot.clone();
        }
        match self.hydrator.view(&self.domain, key) {
            Ok(slot) => {
                if slot.position == Position::START {
                    self.absent.borrow_mut().views.push(key.clone());
                }
                self.base.borrow_mut().views.insert(key.clone(), slot.clone());
                slot
            }
            Err(error) => {
                self.fail(error);
                ViewSlot::empty(&self.domain, key)
            }
        }
    }

    pub fn take_view(&mut self, key: &ViewKey) -> ViewSlot {
        if let Some(slot) = self.top_mut().views.remove(key) {
            return slot;
        }
        let slot = self.view(key, usize::MAX);
        if self.upper.is_empty() {
            self.base.get_mut().views.remove(key);
        }
        slot
    }

    pub fn put_view(&mut self, key: ViewKey, slot: ViewSlot) {
        self.top_mut().views.insert(key, slot);
    }

    /// How many changes of the text are saved.
    pub fn saved_text_count(&self, key: &TextKey) -> u64 {
        self.hydrator.text_count(key).unwrap_or_else(|error| {
            self.fail(error);
            0
        })
    }

    fn fail(&self, error: ReadError) {
        let first = self.failure.take().unwrap_or(error);
        self.failure.set(Some(first));
    }
}

impl EntitySlot {
    /// An entity that no event has reached.
    pub fn unborn(domain: &Domain, stream: &StreamId) -> Self {
        let state = domain.entity_type(&stream.kind).map_or_else(|| Arc::new(()) as AnyState, |kind| (kind.unborn)());
        Self { state, position: Position::START, in_sum: None, first_unknown: None, shown: None }
    }

    /// Whether its stream holds events that this version does not know: it may be read, not written.
    pub fn is_read_only(&self) -> bool {
        self.first_unknown.is_some() && !is_planted(Bug::WriteUnread)
    }

    /// Plays an event of its stream.
    pub fn play(&mut self, kind: &EntityType, record: &Record) {
        if (kind.play)(&mut self.state, record) == Played::Unknown {
            self.first_unknown.get_or_insert(record.number);
        }
        self.position = record.number;
    }
}

impl ViewSlot {
    pub fn empty(domain: &Domain, key: &ViewKey) -> Self {
        let state = domain.view_type(&key.name).map_or_else(|| Arc::new(()) as AnyState, |view| (view.empty)());
        Self { state, members: RedBlackTreeSetSync::new_sync(), position: Position::START }
    }
}

/// The entities of a space, as they are at one record.
pub struct Models<'a> {
    layers: &'a Layers,
    /// How many of the layers above the base are looked at.
    below: usize,
    reads: Option<&'a RefCell<ReadSet>>,
}

impl<'a> Models<'a> {
    pub(crate) fn new(layers: &'a Layers) -> Self {
        Self { layers, below: usize::MAX, reads: None }
    }

    pub(crate) fn noting(layers: &'a Layers, reads: &'a RefCell<ReadSet>) -> Self {
        Self { layers, below: usize::MAX, reads: Some(reads) }
    }

    /// Only what is confirmed, without the layers above.
    pub(crate) fn base(layers: &'a Layers) -> Self {
        Self { layers, below: 0, reads: None }
    }

    /// The entity; its `Default` where no event has reached it.
    pub fn get<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        let slot = self.slot(&StreamId::of::<E>(id.into()));
        slot.state.downcast().unwrap_or_else(|_| panic!("the domain does not list the entity {:?}", E::KIND))
    }

    /// The last record that reached the entity; before it is born, the start.
    pub fn last_record<E: Entity>(&self, id: impl Into<Id>) -> Position {
        self.slot(&StreamId::of::<E>(id.into())).position
    }

    /// Whether any event has reached the entity.
    pub fn exists<E: Entity>(&self, id: impl Into<Id>) -> bool {
        self.slot(&StreamId::of::<E>(id.into())).position > Position::START
    }

    pub(crate) fn slot(&self, stream: &StreamId) -> EntitySlot {
        if let Some(reads) = self.reads {
            reads.borrow_mut().streams.insert(stream.clone());
        }
        self.layers.entity(stream, self.below)
    }

    pub(crate) fn view_state(&self, key: &ViewKey) -> AnyState {
        if let Some(reads) = self.reads {
            reads.borrow_mut().views.insert(key.clone());
        }
        self.layers.view(key, self.below).state
    }

    pub(crate) fn domain(&self) -> &'a Domain {
        &self.layers.domain
    }
}

impl fmt::Debug for Models<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Models")
    }
}
