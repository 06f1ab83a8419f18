//! What touched one view in a stretch of the log, found again after it was played long ago.

use std::sync::Arc;

use super::play::is_concerned;
use super::{SpaceState, ViewChange};
use crate::commit::{Commit, Head};
use crate::domain::Domain;
use crate::id::SpaceId;
use crate::models::{Hydrator, Models};
use crate::record::{Record, StreamId};
use crate::storage::{ReadError, SpaceReader};
use crate::view::{Key, ViewKey};

/// Goes along the log from a moment on and tells what touches one view.
///
/// The entities are taken from their streams as they were at the moment; the view itself is not needed. Which entities showed in it then is
/// not known either, so each one that is touched enters anew: for who has it already, with the model that they have.
pub(crate) struct Router {
    state: SpaceState,
    view: ViewKey,
    entered: std::collections::BTreeSet<StreamId>,
}

impl Router {
    pub fn new(domain: Arc<Domain>, space: SpaceId, reader: Arc<dyn SpaceReader>, view: ViewKey, from: Head) -> Self {
        let mut state = SpaceState::empty(domain, space, 1);
        *state.layers.hydrator_mut() = Hydrator::from_log(reader, from);
        state.head = from;
        Self { state, view, entered: std::collections::BTreeSet::new() }
    }

    /// Plays the next commit; answers with what it does to the view.
    pub fn play(&mut self, commit: &Commit) -> Result<Vec<ViewChange>, ReadError> {
        assert_eq!(commit.before(), self.state.head.position, "commits are routed in order");
        let mut changes = Vec::new();
        for record in commit.events() {
            self.route(record, &mut changes);
        }
        self.state.head = commit.head();
        self.state.take_failure().map_or(Ok(changes), Err)
    }

    /// The keys of the views of this name in which an entity shows.
    fn keys(&self, stream: &StreamId) -> Vec<Key> {
        match self.state.domain.view_type(&self.view.name) {
            Some(view) => (view.keys)(stream, &Models::new(&self.state.layers)),
            None if self.view.as_stream().as_ref() == Some(stream) => vec![self.view.key.clone()],
            None => Vec::new(),
        }
    }

    fn along(&self, stream: &StreamId) -> Vec<StreamId> {
        let view = self.state.domain.view_type(&self.view.name);
        view.map_or_else(Vec::new, |view| (view.along)(stream, &Models::new(&self.state.layers)))
    }

    fn route(&mut self, record: &Record, changes: &mut Vec<ViewChange>) {
        let stream = &record.stream;
        let domain = Arc::clone(&self.state.domain);
        let Some(kind) = domain.entity_type(&stream.kind) else { return };
        let before_keys = self.keys(stream);
        let mut slot = self.state.layers.take_entity(stream);
        let model = Arc::clone(&slot.state);
        slot.play(kind, record);
        self.state.layers.put_entity(stream.clone(), slot);
        let after_keys = self.keys(stream);
        let (before, after) = (before_keys.contains(&self.view.key), after_keys.contains(&self.view.key));
        if !before && !after {
            // It may have left because of another one, which nobody was told.
            self.entered.remove(stream);
            return;
        }
        let view_type = domain.view_type(&self.view.name);
        if view_type.is_some_and(|view| !is_concerned(view, record, (&before_keys, &after_keys))) {
            // Whoever looks has it as it was before.
            self.entered.remove(stream);
            return;
        }
        if self.entered.insert(stream.clone()) {
            changes.push(ViewChange::Enter { stream: stream.clone(), model: Some(model), at: record.number });
        }
        let along = if before == after { Vec::new() } else { self.along(stream) };
        for follower in along.iter().filter(|_| !before) {
            let model = Some(self.state.layers.entity(follower, usize::MAX).state);
            self.entered.insert(follower.clone());
            changes.push(ViewChange::Enter { stream: follower.clone(), model, at: record.number });
        }
        changes.push(ViewChange::Record(Arc::new(record.clone())));
        for gone in std::iter::once(stream).chain(&along).filter(|_| !after) {
            self.entered.remove(gone);
            changes.push(ViewChange::Leave { stream: gone.clone(), at: record.number });
        }
    }
}
