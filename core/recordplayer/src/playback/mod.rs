//! Time travel: a space as it was at any record.
//!
//! ```text
//!  record 1 ────────●────────●────────●────────●──── head      ● keyframes: the whole state, kept in memory
//!                            └─ play ─► at(position)
//! ```
//! A moment is reached from the nearest keyframe before it, or from where the playback stands, by playing the commits in between: the same
//! code as everywhere, so every moment is exactly what the space was then (rules 6 and 7). Keyframes are a cache: they cost memory, never
//! truth, and there are fewer of them where the space is large.

mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use walk::Step;

use crate::commit::Head;
use crate::domain::Domain;
use crate::entity::Entity;
use crate::hash::StateHash;
use crate::id::{Id, SpaceId};
use crate::models::Models;
use crate::name::Name;
use crate::record::{Position, RecordKind, StreamId};
use crate::state::{PlayError, SpaceState, text_change};
use crate::storage::{ReadError, SpaceReader, StoredCommit, TextKey, is_redacted_between};
use crate::text::TextDocument;
use crate::time::Timestamp;
use crate::view::{Key, View, ViewKey};

/// Records between two keyframes, to begin with: playing so many takes a few milliseconds, less than a frame of the screen.
const KEYFRAME_RECORDS: u64 = 1_000;

/// Entities and views that all keyframes together may hold. One costs about 150 bytes in a keyframe, for the states themselves are shared.
const KEYFRAME_ENTRIES_MAX: usize = 1_000_000;

/// Why a moment cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaybackError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the history is still being fetched: what happened after record {here} is not on this device yet")]
    NotHere { here: Position },
    #[error("there is no record {asked} yet; the last one is {last}")]
    NotYet { asked: Position, last: Position },
}

/// A space's whole history, at one moment at a time.
///
/// Reads from what is durable in one log; new commits of it can be played as soon as they are there.
pub struct Playback {
    domain: Arc<Domain>,
    space: SpaceId,
    reader: Arc<dyn SpaceReader>,
    state: SpaceState,
    /// Whole states by their positions.
    keyframes: BTreeMap<Position, SpaceState>,
    keyframe_records: u64,
    /// Up to here the log has been looked at for redactions.
    looked_at: Position,
    /// The end of each commit and its effective time, as far as somebody has asked for times.
    times: Vec<(Position, Timestamp)>,
}

/// A space as it was at the end of one commit.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    state: &'a SpaceState,
}

impl Playback {
    pub fn new(domain: Arc<Domain>, space: SpaceId, reader: Arc<dyn SpaceReader>) -> Self {
        let state = SpaceState::empty(Arc::clone(&domain), space, 1);
        Self {
            domain,
            space,
            reader,
            state,
            keyframes: BTreeMap::new(),
            keyframe_records: KEYFRAME_RECORDS,
            looked_at: Position::START,
            times: Vec::new(),
        }
    }

    /// The last record that can be shown.
    pub fn last(&self) -> Result<Position, PlaybackError> {
        Ok(self.reader.complete_to()?.position)
    }

    /// The last record of the space, where everything up to it is here: what reads a history as a whole must not take a part for it.
    pub fn end(&self) -> Result<Position, PlaybackError> {
        let (here, end) = (self.reader.complete_to()?.position, self.reader.head()?.position);
        if here < end { Err(PlaybackError::NotHere { here }) } else { Ok(end) }
    }

    /// The space as it was at the greatest end of a commit that is not behind the position.
    pub fn at(&mut self, position: Position) -> Result<Moment<'_>, PlaybackError> {
        let target = self.end_before(position)?;
        self.go_to(target)?;
        Ok(Moment { state: &self.state })
    }

    /// The state hash at a moment, as devices and the server show it.
    pub fn state_hash_at(&mut self, position: Position) -> Result<StateHash, PlaybackError> {
        let target = self.end_before(position)?;
        self.go_to(target)?;
        Ok(self.state.state_hash())
    }

    /// The end of the greatest commit whose effective time (claimed, else the authority's) is at most `time`; 0 where there is none.
    ///
    /// Imports claim old times, so effective times do not rise with the records: a commit far behind may be the one.
    pub fn position_at(&mut self, time: Timestamp) -> Result<Position, PlaybackError> {
        self.end()?;
        self.read_times()?;
        let found = self.times.iter().rev().find(|(_, at)| *at <= time);
        Ok(found.map_or(Position::START, |(end, _)| *end))
    }

    /// The ends of all commits with their effective times, in the order of the log: what a timeline is drawn from.
    pub fn times(&mut self) -> Result<&[(Position, Timestamp)], PlaybackError> {
        self.read_times()?;
        Ok(&self.times)
    }

    /// A merged text as it was at the greatest end of a commit that is not behind the position.
    pub fn text_at<E: Entity>(
        &self,
        id: impl Into<Id>,
        field: &'static str,
        position: Position,
    ) -> Result<TextDocument, PlaybackError> {
        let key = TextKey { stream: StreamId::of::<E>(id.into()), field: Name::of(field) };
        let upto = self.end_before(position)?;
        let mut changes = Vec::new();
        for first in self.reader.stream(&key.stream, Position::START, upto)? {
            let missing = || ReadError::Damaged(format!("record {first} is in the index but not in the log"));
            let commit = self.reader.commit_with(first)?.ok_or_else(missing)?.open()?;
            let events = commit.records.iter().filter(|record| record.kind == RecordKind::Event);
            let of_text = events.filter_map(|record| text_change(&self.domain, record));
            changes.extend(of_text.filter(|(of, _)| *of == key).map(|(_, change)| change));
        }
        let mut document = TextDocument::new();
        document.apply_all(&changes);
        Ok(document)
    }

    /// Where the commit ends that ends at the position or last before it.
    fn end_before(&self, position: Position) -> Result<Position, PlaybackError> {
        let here = self.reader.complete_to()?.position;
        if position > here {
            let last = self.reader.head()?.position;
            let error = if last > here {
                PlaybackError::NotHere { here }
            } else {
                PlaybackError::NotYet { asked: position, last }
            };
            return Err(error);
        }
        if position == here || position == Position::START {
            return Ok(position);
        }
        let missing = || ReadError::Damaged(format!("record {position} is not in the log"));
        let stored = self.reader.commit_with(position)?.ok_or_else(missing)?;
        if stored.head.position == position { Ok(position) } else { Ok(stored.open()?.before()) }
    }

    /// What was played from payloads that have been redacted since is dropped.
    fn drop_redacted(&mut self) -> Result<(), PlaybackError> {
        let upto = self.reader.head()?.position;
        if is_redacted_between(self.reader.as_ref(), self.space, self.looked_at, upto)? {
            self.keyframes.clear();
            self.state = SpaceState::empty(Arc::clone(&self.domain), self.space, 1);
        }
        self.looked_at = upto;
        Ok(())
    }

    /// Brings the state to the end of a commit.
    fn go_to(&mut self, target: Position) -> Result<(), PlaybackError> {
        self.drop_redacted()?;
        let keyframe = self.keyframes.range(..=target).next_back().map(|(at, _)| *at).unwrap_or_default();
        if self.state.head.position > target || self.state.head.position < keyframe {
            self.state = match self.keyframes.get_mut(&keyframe) {
                Some(state) => state.copy(),
                None => SpaceState::empty(Arc::clone(&self.domain), self.space, 1),
            };
        }
        self.play_until(target, &mut |_| std::ops::ControlFlow::Continue(()))
    }

    /// A keyframe where it is time for one. Where they hold too much together, every second one goes.
    fn keep_keyframe(&mut self) {
        let at = self.state.head.position;
        let last = self.keyframes.range(..=at).next_back().map(|(at, _)| at.0).unwrap_or_default();
        if at.0 < last + self.keyframe_records {
            return;
        }
        self.keyframes.insert(at, self.state.copy());
        let entries: usize = self.keyframes.values().map(SpaceState::entries).sum();
        if entries > KEYFRAME_ENTRIES_MAX {
            self.keyframe_records *= 2;
            let mut is_kept = false;
            self.keyframes.retain(|_, _| {
                is_kept = !is_kept;
                is_kept
            });
        }
    }

    fn read_times(&mut self) -> Result<(), PlaybackError> {
        let upto = self.reader.complete_to()?.position;
        loop {
            let after = self.times.last().map_or(Position::START, |(end, _)| *end);
            if after >= upto {
                return Ok(());
            }
            for stored in self.some_commits(after, upto)? {
                let commit = stored.open()?;
                self.times.push((stored.head.position, commit.header.origin().effective_time()));
            }
        }
    }

    /// The next commits behind a position, at least one.
    fn some_commits(&self, after: Position, upto: Position) -> Result<Vec<StoredCommit>, PlaybackError> {
        let stored = self.reader.commits(after, upto, self.domain.thresholds().read_bytes)?;
        if stored.is_empty() {
            return Err(ReadError::Damaged(format!("record {} is not in the log", after.plus(1))).into());
        }
        Ok(stored)
    }
}

impl From<PlayError> for PlaybackError {
    fn from(error: PlayError) -> Self {
        Self::Read(ReadError::Damaged(error.to_string()))
    }
}

impl<'a> Moment<'a> {
    /// The end of the commit.
    pub fn head(&self) -> Head {
        self.state.head
    }

    pub fn models(&self) -> Models<'a> {
        self.state.models()
    }

    pub fn entity<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        self.models().get(id)
    }

    pub fn view<V: View>(&self, key: impl Into<Key>) -> Arc<V> {
        let slot = self.state.layers.view(&ViewKey::of::<V>(key), usize::MAX);
        slot.state.downcast().unwrap_or_else(|_| panic!("the domain does not list the view {:?}", V::NAME))
    }
}

impl fmt::Debug for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moment({:?})", self.state.head.position)
    }
}

impl fmt::Debug for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Playback({} at {:?}, {} keyframes)", self.space, self.state.head.position, self.keyframes.len())
    }
}
