//! Rebase: the waiting commands again on top of what is confirmed, once for each batch of news.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Replica;
use super::outbox::Optimistic;
use crate::models::{Layer, ReadSet};
use crate::planted::{Bug, is_planted};
use crate::record::{Payload, Record, StreamId};
use crate::state::Touched;
use crate::view::ViewKey;

/// What changed below a waiting command.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub streams: BTreeSet<StreamId>,
    pub views: BTreeSet<ViewKey>,
}

impl Dirty {
    fn touches(&self, reads: &ReadSet) -> bool {
        !self.streams.is_disjoint(&reads.streams) || !self.views.is_disjoint(&reads.views)
    }

    pub fn add(&mut self, touched: &Touched) {
        self.streams.extend(touched.streams.iter().cloned());
        self.views.extend(touched.views.keys().cloned());
    }

    /// What a command did on the optimistic layer and does no more, or does otherwise.
    pub fn add_optimistic(&mut self, optimistic: Optimistic) {
        self.streams.extend(optimistic.events.into_iter().map(|event| event.stream));
        self.views.extend(optimistic.views);
    }
}

/// The optimistic layer, taken off while confirmed records are played below it.
pub(super) struct Lifted {
    layer: Layer,
    /// What has changed below since.
    pub dirty: Dirty,
}

impl Replica {
    /// Takes the optimistic layer off, unless it is off already; answers with what has changed below it so far.
    pub(super) fn lift(&mut self) -> Dirty {
        if self.lifted.is_none() {
            let layer = self.state.layers.pop();
            self.lifted = Some(Lifted { layer, dirty: Dirty::default() });
        }
        std::mem::take(&mut self.lifted.as_mut().expect("just lifted").dirty)
    }

    /// Puts it back, rebased: once for everything that was played meanwhile.
    pub(super) fn set_down(&mut self) {
        let Some(Lifted { layer, dirty }) = self.lifted.take() else { return };
        self.state.layers.push_layer(layer);
        let below = dirty.views.clone();
        if is_planted(Bug::RebaseBackwards) {
            self.outbox.reverse();
        }
        self.rebase_and_tell(dirty, below);
        if is_planted(Bug::RebaseBackwards) {
            self.outbox.reverse();
        }
    }

    /// Builds the optimistic layer anew. A command is decided again only where something that it read or wrote has changed; of the others
    /// the events are played again. Returns what shows otherwise than before, or may.
    pub(super) fn rebase(&mut self, mut dirty: Dirty) -> Dirty {
        assert_eq!(self.state.layers.depth(), 1, "the optimistic layer is there");
        let before = self.state.layers.pop();
        self.state.layers.push();
        let mut views: BTreeSet<ViewKey> = before.views.into_keys().collect();
        for at in 0..self.outbox.len() {
            if !self.outbox[at].is_shown() {
                continue;
            }
            let mut before = self.outbox[at].optimistic.take();
            if let Some(optimistic) = before.as_mut().filter(|optimistic| !dirty.touches(&optimistic.reads)) {
                let played = self.play_again(at, optimistic);
                views.extend(played.iter().cloned());
                // The keys of a view follow what its entities are now: it may be played elsewhere than before.
                dirty.views.extend(played.symmetric_difference(&optimistic.views).cloned());
                optimistic.views = played;
                self.outbox[at].optimistic = before;
                continue;
            }
            // What it did before may be missing now, and what it does now may be new: both are dirty for those behind it.
            if let Some(optimistic) = before {
                dirty.add_optimistic(optimistic);
            }
            let entry = Arc::clone(&self.outbox[at].entry);
            // Where `decide` says no now, the command waits all the same: the authority has the word.
            if let Ok(optimistic) = self.decide_entry(&entry) {
                dirty.add_optimistic(optimistic.clone());
                views.extend(optimistic.views.iter().cloned());
                self.outbox[at].optimistic = Some(optimistic);
            }
        }
        Dirty { views, streams: dirty.streams }
    }

    /// Decides everything that waits anew. What has left the outbox meanwhile shows otherwise, too.
    pub(super) fn rebase_all(&mut self) {
        let lifted = self.lifted.take().map(|lifted| (lifted.layer, lifted.dirty));
        let (layer, mut dirty) = lifted.unwrap_or_else(|| (self.state.layers.pop(), Dirty::default()));
        dirty.streams.extend(layer.entities.keys().cloned());
        let below = dirty.views.clone();
        self.state.layers.push_layer(layer);
        for optimistic in self.outbox.iter_mut().filter_map(|pending| pending.optimistic.take()) {
            dirty.add_optimistic(optimistic);
        }
        self.rebase_and_tell(dirty, below);
    }

    /// What there would be to see if everything that waits were decided anew; the replica stays as it is.
    pub(crate) fn decided_anew<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let shown = self.state.layers.pop();
        self.state.layers.push();
        let entries: Vec<_> =
            self.outbox.iter().filter(|pending| pending.is_shown()).map(|p| Arc::clone(&p.entry)).collect();
        for entry in entries {
            // Where `decide` says no now, it shows nothing.
            drop(self.decide_entry(&entry));
        }
        let looked = look(self);
        self.state.layers.pop();
        self.state.layers.push_layer(shown);
        looked
    }

    fn rebase_and_tell(&mut self, dirty: Dirty, below: BTreeSet<ViewKey>) {
        let mut shown = self.rebase(dirty);
        shown.views.extend(below);
        self.changed(shown);
    }

    fn play_again(&mut self, at: usize, optimistic: &Optimistic) -> BTreeSet<ViewKey> {
        let origin = self.origin_of(&self.outbox[at].entry);
        let mut touched = Touched::default();
        for (event, index) in optimistic.events.iter().zip(2..) {
            let number = self.state.head.position.plus(index);
            let payload = Payload::Plain(Arc::clone(&event.payload));
            let record = Record::new(number, event.kind, event.stream.clone(), event.name.clone(), origin, payload);
            self.state.play_event(&record, &mut touched);
        }
        touched.views.into_keys().collect()
    }
}
