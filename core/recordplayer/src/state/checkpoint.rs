//! Saving a state, and opening it again: one checkpoint, then the commits behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rows::{Known, own_keys};
use super::{Remade, SpaceState, Unexplained, Unsaved};
use crate::codec::{decode, encode};
use crate::commit::Head;
use crate::domain::{Domain, ViewType};
use crate::hash::{Hash, StateHash};
use crate::id::SpaceId;
use crate::models::Hydrator;
use crate::name::Name;
use crate::planted::{Bug, is_planted};
use crate::record::{Position, Seen, StreamId};
use crate::storage::{Checkpoint, CheckpointWrite, ReadError, Row, RowKey, SpaceReader, TextKey, TextRow, is_ripe};
use crate::text::TextChange;
use crate::time::Timestamp;
use crate::view::View;

/// What a checkpoint says beside its rows: of a size that does not grow with the space, but for what a redaction that is on its way takes out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub time: Timestamp,
    pub sum: StateHash,
    pub fingerprint: Hash,
    /// The views of which rows may be saved.
    pub views: BTreeMap<Name, SavedViews>,
    pub reacted: Position,
    pub errands: Seen,
    pub redacted: Seen,
    #[serde(default, skip_serializing_if = "Unexplained::is_empty")]
    pub unexplained: Unexplained,
}

/// What is saved of all views of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedViews {
    /// The version by which they are what the log comes to; none where they only show until they are made anew.
    pub version: Option<u32>,
    #[serde(default, skip_serializing_if = "Remade::is_never")]
    pub remade: Remade,
}

impl Meta {
    /// What a checkpoint says, where this version of the domain can go on from the models that belong to it.
    pub fn fitting(domain: &Domain, meta: &[u8]) -> Option<Self> {
        let fits = |meta: &Self| meta.fingerprint == domain.fingerprint() || is_planted(Bug::DropUnknown);
        decode(meta).ok().filter(fits)
    }

    /// Whether the saved views of this name are what the log comes to by this version of them.
    pub fn holds(&self, name: &str, version: u32) -> bool {
        self.views.get(name).is_some_and(|saved| saved.version == Some(version))
    }

    /// The views that the log has to be played on again.
    fn other_views(&self, domain: &Domain) -> BTreeSet<Name> {
        let others = domain.view_types().filter(|(name, view)| !self.holds(name, view.version));
        others.map(|(name, _)| name.clone()).collect()
    }
}

/// Whether the rows of a checkpoint hold all views of a kind, as this version shows them.
pub fn holds_views<V: View>(checkpoint: &Checkpoint) -> bool {
    decode(&checkpoint.meta).is_ok_and(|meta: Meta| meta.holds(V::NAME, V::VERSION))
}

/// A state that cannot be opened from a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The saved state is of another version of the program or has lost payloads, and the log that could rebuild it is not complete here.
    #[error(
        "what is saved here has to be made anew, and the history before record {0} is not here; fetch the project again"
    )]
    Incomplete(Position),
}

impl SpaceState {
    /// Opens what is durable: the last checkpoint, if it fits the domain and the log, then the commits behind it in lockstep.
    pub fn open(domain: Arc<Domain>, space: SpaceId, reader: &Arc<dyn SpaceReader>) -> Result<Self, OpenError> {
        // The checkpoint and its rows are read one after the other, and belong together.
        let opened = reader.frozen()?;
        let head = opened.head()?;
        let mut state = if let Some(saved) = usable_checkpoint(&domain, opened.as_ref())? {
            Self::at_checkpoint(domain, space, reader, saved)
        } else {
            let mut state = Self::empty(domain, space, 1);
            // What is saved is of no use, or was redacted: it gives way soon.
            state.unsaved.is_wanted = head != Head::START;
            state.unsaved.stale = own_keys(opened.as_ref())?;
            state.views_give_way(opened.as_ref(), head.position)?;
            state
        };
        state.catch_up(opened.as_ref(), head.position)?;
        Ok(state)
    }

    /// What is saved is of no use: the views that it holds go, those of this version and others, and show otherwise from `upto` on.
    fn views_give_way(&mut self, reader: &dyn SpaceReader, upto: Position) -> Result<(), ReadError> {
        let Some(checkpoint) = reader.checkpoint()? else { return Ok(()) };
        let names = self.domain.view_types().map(|(name, _)| name.clone());
        self.unsaved.dropped_views = names.collect();
        if let Ok(Meta { views, .. }) = decode(&checkpoint.meta) {
            self.remade = views.iter().map(|(name, saved)| (name.clone(), saved.remade.again(upto))).collect();
            self.unsaved.dropped_views.extend(views.into_keys());
        }
        Ok(())
    }

    /// A state whose rows all lie at the checkpoint.
    fn at_checkpoint(domain: Arc<Domain>, space: SpaceId, reader: &Arc<dyn SpaceReader>, saved: Saved) -> Self {
        let Saved { checkpoint, meta, known } = saved;
        let mut state = Self::empty(domain, space, checkpoint.epoch);
        *state.layers.hydrator_mut() = Hydrator::from_checkpoint(Arc::clone(reader), checkpoint.head, known.newer);
        state.head = checkpoint.head;
        state.time = meta.time;
        state.sum = meta.sum;
        state.replicas = known.replicas;
        state.reacted = meta.reacted;
        state.errands = meta.errands;
        state.redacted = meta.redacted;
        let others = meta.other_views(&state.domain);
        for (name, saved) in meta.views {
            if state.domain.view_type(&name).is_none() {
                state.unsaved.dropped_views.insert(name);
                state.unsaved.is_wanted = true;
            } else {
                state.remade.insert(name, saved.remade);
            }
        }
        state.unexplained = meta.unexplained;
        state.begin_rebuild(others);
        state
    }

    /// Plays what the log holds behind this state, up to `upto`.
    pub fn catch_up(&mut self, reader: &dyn SpaceReader, upto: Position) -> Result<(), OpenError> {
        while self.head.position < upto {
            self.play_some(reader, upto, self.domain.thresholds().read_bytes)?;
        }
        Ok(())
    }

    /// As [`Self::catch_up`], so many bytes of commits, and at least one.
    pub(super) fn play_some(
        &mut self,
        reader: &dyn SpaceReader,
        upto: Position,
        bytes_max: usize,
    ) -> Result<(), OpenError> {
        let stored = reader.commits(self.head.position, upto, bytes_max)?;
        if stored.is_empty() {
            return Err(OpenError::Incomplete(self.head.position.plus(1)));
        }
        for stored in stored {
            let damaged = |what: String| ReadError::Damaged(format!("record {}: {what}", self.head.position.plus(1)));
            if stored.previous != self.head.hash {
                return Err(damaged("the chain is broken".to_owned()).into());
            }
            let commit = stored.open()?;
            self.play(&commit).map_err(|error| ReadError::Damaged(error.to_string()))?;
            if let Some(failure) = self.take_failure() {
                return Err(failure.into());
            }
        }
        Ok(())
    }

    /// Everything that changed since the last checkpoint, to be saved together. The base must be all there is.
    pub fn checkpoint(&mut self) -> Result<CheckpointWrite, ReadError> {
        assert_eq!(self.layers.depth(), 0, "only what is decided is saved");
        self.state_hash();
        assert!(self.saving.events == 0, "one checkpoint at a time is on its way");
        self.saving = std::mem::take(&mut self.unsaved);
        let unsaved = &self.saving;
        let mut rows = Vec::with_capacity(unsaved.replicas.len() + unsaved.entities.len() + unsaved.views.len());
        rows.extend(unsaved.stale.iter().map(|key| (key.clone(), None)));
        for replica in &unsaved.replicas {
            rows.push((RowKey::Replica(*replica), Some(self.replica_row(*replica))));
        }
        let mut newer = Vec::new();
        for stream in &unsaved.entities {
            if let Some(first) = self.layers.entity(stream, 0).first_unknown {
                rows.push((RowKey::Newer(stream.clone()), Some(self.newer_row(first))));
                newer.push((stream.clone(), first));
            }
        }
        self.layers.hydrator_mut().add_newer(newer);
        let unsaved = &self.saving;
        for stream in &unsaved.entities {
            rows.push((RowKey::Model(stream.clone()), self.model_row(stream)));
        }
        for key in &unsaved.views {
            let slot = self.layers.view(key, 0);
            let view = self.domain.view_type(&key.name).expect("only views of the domain are played");
            let state = (view.encode)(&slot.state).map_err(|error| ReadError::Damaged(error.to_string()))?;
            let members: Vec<&StreamId> = slot.members.iter().collect();
            let bytes = encode(&(members, serde_bytes::Bytes::new(&state)))
                .map_err(|error| ReadError::Damaged(error.to_string()))?;
            rows.push((RowKey::View(key.clone()), Some(self.row(view.version, bytes))));
        }
        let text_row =
            |index: u64, change: &TextChange| TextRow { index, is_base: false, bytes: change.bytes().into() };
        let dropped_views = unsaved.dropped_views.clone();
        let texts = unsaved.texts.iter().map(|(key, index, change)| (key.clone(), text_row(*index, change))).collect();
        let checkpoint = Checkpoint { epoch: self.epoch, head: self.head, meta: self.meta().into() };
        Ok(CheckpointWrite { space: self.space, checkpoint, dropped_views, rows, texts, replaces_all: false })
    }

    fn model_row(&self, stream: &StreamId) -> Option<Row> {
        let kind = self.domain.entity_type(&stream.kind)?;
        let slot = self.layers.entity(stream, 0);
        let bytes = (kind.encode)(&slot.state).expect("an entity that was played can be encoded");
        Some(self.row(kind.shape, bytes))
    }

    pub(super) fn row(&self, version: u32, bytes: Vec<u8>) -> Row {
        Row { head: self.head, version, bytes: bytes.into() }
    }

    fn meta(&mut self) -> Vec<u8> {
        let meta = Meta {
            time: self.time,
            sum: self.state_hash(),
            fingerprint: self.domain.fingerprint(),
            views: self.saved_views(),
            reacted: self.reacted,
            errands: self.errands,
            redacted: self.redacted,
            unexplained: self.unexplained.clone(),
        };
        encode(&meta).expect("a checkpoint can be encoded")
    }

    fn saved_views(&self) -> BTreeMap<Name, SavedViews> {
        let saved = |(name, view): (&Name, &ViewType)| {
            let version = (!self.layers.hydrator().is_older(name)).then_some(view.version);
            (name.clone(), SavedViews { version, remade: self.remade.get(name).copied().unwrap_or_default() })
        };
        self.domain.view_types().map(saved).collect()
    }

    /// The checkpoint is durable: what is not in memory is from now on taken from it. What did not change since then may leave memory.
    /// Answers with the texts that are to be compacted.
    pub fn checkpointed(&mut self, reader: &Arc<dyn SpaceReader>, at: Head) -> Vec<TextKey> {
        let saved = std::mem::take(&mut self.saving);
        self.layers.hydrator_mut().move_to(Arc::clone(reader), at);
        self.layers.hydrator_mut().views_saved(&saved.dropped_views);
        self.layers.forget_absent();
        let unsaved = &self.unsaved;
        let base = self.layers.base_mut();
        base.entities.retain(|stream, _| unsaved.entities.contains(stream) && !is_planted(Bug::ForgetWhileSaving));
        base.views.retain(|key, _| unsaved.views.contains(key));
        saved.ripe_texts()
    }

    /// The checkpoint could not be written: what it would have saved is still to be saved.
    pub fn checkpoint_failed(&mut self) {
        let later = std::mem::replace(&mut self.unsaved, std::mem::take(&mut self.saving));
        self.unsaved.stale.extend(later.stale);
        self.unsaved.dropped_views.extend(later.dropped_views);
        self.unsaved.replicas.extend(later.replicas);
        self.unsaved.entities.extend(later.entities);
        self.unsaved.views.extend(later.views);
        self.unsaved.texts.extend(later.texts);
        self.unsaved.text_counts.extend(later.text_counts);
        self.unsaved.events += later.events;
        self.unsaved.is_wanted |= later.is_wanted;
        self.unsaved.first_at = self.unsaved.first_at.or(later.first_at);
    }
}

impl Unsaved {
    fn ripe_texts(&self) -> Vec<TextKey> {
        let mut firsts: BTreeMap<&TextKey, u64> = BTreeMap::new();
        for (key, index, _) in &self.texts {
            firsts.entry(key).or_insert(*index);
        }
        let is_ripe = |(key, first): &(&TextKey, u64)| is_ripe(*first, self.text_counts[*key]);
        firsts.into_iter().filter(is_ripe).map(|(key, _)| key.clone()).collect()
    }
}

/// A checkpoint that a state is opened at, with what of its rows is always in memory.
struct Saved {
    checkpoint: Checkpoint,
    meta: Meta,
    known: Known,
}

/// Rule 8: a checkpoint counts only where the log holds that very commit, and where the domain is the one that saved it.
fn usable_checkpoint(domain: &Domain, reader: &dyn SpaceReader) -> Result<Option<Saved>, OpenError> {
    let Some(checkpoint) = reader.checkpoint()? else { return Ok(None) };
    let complete_to = reader.complete_to()?;
    let is_rebuildable = complete_to.position == reader.head()?.position;
    let fits = match Meta::fitting(domain, &checkpoint.meta) {
        Some(meta) => Known::read(reader)?.map(|known| (meta, known)),
        None => None,
    };
    let fits = match fits {
        Some((_, known)) if knows_more(domain, reader, &known)? => None,
        fits => fits,
    };
    let Some((meta, known)) = fits else {
        return if is_rebuildable { Ok(None) } else { Err(OpenError::Incomplete(complete_to.position)) };
    };
    let is_of_this_log = match checkpoint.head.position {
        Position::START => true,
        position => match reader.commit_with(position)? {
            Some(stored) => stored.head == checkpoint.head,
            // A snapshot whose own commit was never fetched: the log begins behind it.
            None => !is_rebuildable,
        },
    };
    match (is_of_this_log, is_rebuildable) {
        (true, _) => Ok(Some(Saved { checkpoint, meta, known })),
        (false, true) => Ok(None),
        (false, false) => Err(OpenError::Incomplete(complete_to.position)),
    }
}

/// Whether this version knows events that the one which saved the state did not, though both call themselves by the same number.
fn knows_more(domain: &Domain, reader: &dyn SpaceReader, known: &Known) -> Result<bool, ReadError> {
    for (stream, at) in &known.newer {
        let Some(kind) = domain.entity_type(&stream.kind) else { continue };
        let Some(stored) = reader.commit_with(*at)? else { continue };
        let commit = stored.open()?;
        if commit.events().any(|record| record.number == *at && (kind.knows)(record)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The state hash that a checkpoint of this program holds.
pub(crate) fn checkpoint_sum(checkpoint: &Checkpoint) -> Result<StateHash, ReadError> {
    let meta: Meta = decode(&checkpoint.meta).map_err(|error| ReadError::Damaged(error.to_string()))?;
    Ok(meta.sum)
}
