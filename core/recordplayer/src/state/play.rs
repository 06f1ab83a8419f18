//! Playing: the one way in which a state changes.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::SpaceState;
use crate::commit::Commit;
use crate::domain::{Domain, ViewType};
use crate::entity::Entity;
use crate::membership::Membership;
use crate::models::{AnyState, Layers, Models};
use crate::planted::{Bug, is_planted};
use crate::record::{Position, Record, RecordKind, Seen, StreamId};
use crate::storage::TextKey;
use crate::text::TextChange;
use crate::view::{Key, ViewKey};

/// A commit that does not follow this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlayError {
    #[error("the log has a gap: expected record {expected}, found {found}")]
    Gap { expected: Position, found: Position },
    #[error("the commit belongs to another space or epoch")]
    Foreign,
}

/// One thing that happened to a view.
#[derive(Clone)]
pub(crate) enum ViewChange {
    /// The entity shows in the view from the next record on; with its model as it was before.
    Enter {
        stream: StreamId,
        model: Option<AnyState>,
        at: Position,
    },
    Record(Arc<Record>),
    Leave {
        stream: StreamId,
        at: Position,
    },
}

/// What a commit did to one view.
#[derive(Clone)]
pub(crate) struct TouchedView {
    /// The end of the last commit that touched it before.
    pub before: Position,
    pub changes: Vec<ViewChange>,
}

/// What a commit changed.
#[derive(Clone, Default)]
pub(crate) struct Touched {
    pub streams: BTreeSet<StreamId>,
    pub views: BTreeMap<ViewKey, TouchedView>,
    /// Whether members or roles changed: no frame spans such a commit.
    pub changes_membership: bool,
}

impl SpaceState {
    /// Plays a commit on the base. The upper layers must be gone: what they hold was decided on the state before.
    pub fn play(&mut self, commit: &Commit) -> Result<Touched, PlayError> {
        self.play_each(commit, &mut |_, _, _| ())
    }

    /// As [`Self::play`], showing each record with its place in the commit and the entities as they are just after it.
    pub fn play_each(
        &mut self,
        commit: &Commit,
        show: &mut dyn FnMut(&Record, usize, &Models<'_>),
    ) -> Result<Touched, PlayError> {
        assert_eq!(self.layers.depth(), 0, "commits are played on the base");
        let expected = self.head.position.plus(1);
        if commit.header.first != expected && !is_planted(Bug::PlayDuplicate) {
            return Err(PlayError::Gap { expected, found: commit.header.first });
        }
        // An epoch ends with a hand-over or a restore, and the chain goes on.
        if commit.header.space != self.space || commit.header.epoch < self.epoch {
            return Err(PlayError::Foreign);
        }
        let mut touched = Touched::default();
        for (record, index) in commit.records.iter().zip(0..) {
            if record.kind == RecordKind::Event {
                self.play_event(record, &mut touched);
                self.keep_text(record);
                self.stale.insert(record.stream.clone());
                self.unsaved.entities.insert(record.stream.clone());
                self.unsaved.events += 1;
                self.unsaved.is_wanted |= self.domain.saving_strategy().on_events.contains(&&*record.name);
            }
            show(record, index, &self.models());
        }
        self.advance(commit, &touched);
        Ok(touched)
    }

    /// Takes over what was played speculatively on the top layer for exactly this commit.
    pub fn adopt(&mut self, commit: &Commit, touched: &Touched) {
        assert_eq!(self.layers.depth(), 1, "one speculative layer is adopted");
        self.layers.merge();
        for record in commit.events() {
            self.keep_text(record);
            self.unsaved.events += 1;
            self.unsaved.is_wanted |= self.domain.saving_strategy().on_events.contains(&&*record.name);
        }
        self.stale.extend(touched.streams.iter().cloned());
        let is_saved = |stream: &&StreamId| !is_planted(Bug::RowBehindPosition) || **stream == commit.records[0].stream;
        self.unsaved.entities.extend(touched.streams.iter().filter(is_saved).cloned());
        self.advance(commit, touched);
    }

    fn advance(&mut self, commit: &Commit, touched: &Touched) {
        self.head = commit.head();
        self.epoch = commit.header.epoch;
        self.time = self.time.max(commit.header.time);
        self.replicas.play(commit);
        self.unsaved.replicas.insert(commit.header.replica);
        self.unexplained.play(commit);
        if commit.is_redaction() {
            self.redacted = Seen { epoch: self.epoch, position: self.head.position };
        }
        self.unsaved.first_at.get_or_insert(commit.header.time);
        for view in touched.views.keys() {
            // Where a view stands leaves this machine, so it is the end of a commit.
            if let Some(slot) = self.layers.base_mut().views.get_mut(view) {
                slot.position = self.head.position;
            }
            self.unsaved.views.insert(view.clone());
        }
    }

    /// Plays one event on the top layer: its entity first, then each view that shows it before or after. An application need not be able to play
    /// on what could not be read: then nothing is played, and the state is of no use any more.
    pub fn play_event(&mut self, record: &Record, touched: &mut Touched) {
        let stream = &record.stream;
        touched.streams.insert(stream.clone());
        touched.changes_membership |= *stream.kind == *Membership::KIND;
        let Some(kind) = self.domain.entity_type(&stream.kind) else { return };
        let domain = Arc::clone(&self.domain);
        let before = all_keys(&domain, stream, &self.layers);
        let mut slot = self.layers.take_entity(stream);
        if self.layers.has_failed() {
            return;
        }
        let entering = self.captures_entering.then(|| Arc::clone(&slot.state));
        let shown = slot.shown.take();
        slot.play(kind, record);
        self.layers.put_entity(stream.clone(), slot);
        let after = all_keys(&domain, stream, &self.layers);
        if self.captures_entering {
            // Who looks at a view that this does not concern is not told, and has the model as it was before.
            let is_told = |((_, view), keys): ((_, &ViewType), (&Vec<Key>, &Vec<Key>))| {
                if is_concerned(view, record, keys) { keys.1.clone() } else { Vec::new() }
            };
            let told = domain.view_types().zip(before.iter().zip(&after)).map(is_told).collect();
            self.layers.top_mut().entities.get_mut(stream).expect("just put").shown = Some(told);
        }
        let shared = Arc::new(record.clone());
        for (((name, view), at), (before, after)) in domain.view_types().zip(0..).zip(before.iter().zip(&after)) {
            if !is_concerned(view, record, (before, after)) {
                continue;
            }
            let along = if before == after { Vec::new() } else { (view.along)(stream, &Models::new(&self.layers)) };
            let mut keys: Vec<&Key> = before.iter().chain(after).collect();
            if !is_planted(Bug::PlayTwice) {
                keys.sort_unstable();
                keys.dedup();
            }
            for key in keys {
                let view_key = ViewKey { name: name.clone(), key: key.clone() };
                let mut slot = self.layers.take_view(&view_key);
                if self.layers.has_failed() {
                    return;
                }
                let changes = &mut touched
                    .views
                    .entry(view_key.clone())
                    .or_insert_with(|| TouchedView { before: slot.position, changes: Vec::new() })
                    .changes;
                let is_listed = (view.lists_entities)(key);
                if is_listed && !slot.members.contains(stream) {
                    slot.members.insert_mut(stream.clone());
                }
                let (enters, leaves) = (!before.contains(key), !after.contains(key));
                for follower in along.iter().filter(|_| enters) {
                    if is_listed {
                        slot.members.insert_mut(follower.clone());
                    }
                    let model = self.captures_entering.then(|| self.layers.entity(follower, usize::MAX).state);
                    changes.push(ViewChange::Enter { stream: follower.clone(), model, at: record.number });
                }
                // Who looks at the view has the model as it is only if it saw the event before this one.
                let is_current = shown.as_ref().is_some_and(|shown: &Arc<[Vec<Key>]>| shown[at].contains(key));
                if !is_current {
                    changes.push(ViewChange::Enter {
                        stream: stream.clone(),
                        model: entering.clone(),
                        at: record.number,
                    });
                }
                changes.push(ViewChange::Record(Arc::clone(&shared)));
                if self.layers.hydrator().is_older(name) {
                    self.play_on_older(view, &mut slot.state, key, record);
                } else {
                    (view.play)(&mut slot.state, key, record, &Models::new(&self.layers));
                }
                for gone in std::iter::once(stream).chain(&along).filter(|_| leaves) {
                    slot.members.remove_mut(gone);
                    changes.push(ViewChange::Leave { stream: gone.clone(), at: record.number });
                }
                self.layers.put_view(view_key, slot);
            }
            let entered: Vec<&Key> = after.iter().filter(|key| !before.contains(key)).collect();
            for follower in &along {
                self.shows_anew(follower, view, at, &entered);
            }
        }
    }

    /// Plays an event on a view that another version began: this one may not be able to, and then the view begins empty. It shows only until it is
    /// made anew.
    fn play_on_older(&self, view: &ViewType, state: &mut AnyState, key: &Key, record: &Record) {
        let play = AssertUnwindSafe(|| (view.play)(state, key, record, &Models::new(&self.layers)));
        if catch_unwind(play).is_err() {
            *state = (view.empty)();
        }
    }

    /// Notes in which views of this type, the one with that number, an entity shows that went along with another one, and is known as it is. In
    /// those of another type, where nothing of it was told, it shows as before: it enters there with its next event.
    fn shows_anew(&mut self, stream: &StreamId, view: &ViewType, at: usize, entered: &[&Key]) {
        let mut keys = (view.keys)(stream, &Models::new(&self.layers));
        let mut slot = self.layers.take_entity(stream);
        if let Some(shown) = &slot.shown {
            keys.retain(|key| entered.contains(&key) || shown[at].contains(key));
            let mut shown = shown.to_vec();
            shown[at] = keys;
            slot.shown = Some(shown.into());
        }
        self.layers.put_entity(stream.clone(), slot);
    }

    /// Keeps the change of a text that an event of the base carries, for the table of changes.
    fn keep_text(&mut self, record: &Record) {
        let Some((key, change)) = text_change(&self.domain, record) else { return };
        let index = self.text_count(&key);
        self.unsaved.text_counts.insert(key.clone(), index + 1);
        self.unsaved.texts.push((key, index, change));
    }

    /// The number of the next change of a text.
    fn text_count(&self, key: &TextKey) -> u64 {
        let in_memory = self.unsaved.text_counts.get(key).or_else(|| self.saving.text_counts.get(key));
        in_memory.copied().unwrap_or_else(|| self.layers.saved_text_count(key))
    }
}

/// The change of a text that an event carries, if it does.
pub(crate) fn text_change(domain: &Domain, record: &Record) -> Option<(TextKey, TextChange)> {
    let kind = domain.entity_type(&record.stream.kind)?;
    let (field, change) = (kind.text_change)(record)?;
    Some((TextKey { stream: record.stream.clone(), field }, change))
}

/// Whether an event is played on the views of one name, by the keys of its stream before and after it.
pub(super) fn is_concerned(view: &ViewType, record: &Record, (before, after): (&Vec<Key>, &Vec<Key>)) -> bool {
    before != after || (view.concerns)(record)
}

fn all_keys(domain: &Domain, stream: &StreamId, layers: &Layers) -> Vec<Vec<Key>> {
    let models = Models::new(layers);
    domain.view_types().map(|(_, view)| (view.keys)(stream, &models)).collect()
}
