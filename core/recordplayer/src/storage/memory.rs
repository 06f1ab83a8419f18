//! A store in memory: for tests, for the simulation, and for what must not outlive its process.
//!
//! It is the reference that every other store is held against: ordered maps, no cleverness. A batch is applied whole and counts as durable
//! at once; [`MemoryStore::fail_next`] plays the disk that did not answer.

mod outbox;
mod space;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use outbox::MemoryOutbox;
use space::SpaceState;

use super::{
    Checkpoint, Gap, ReadError, Readers, Row, RowKey, SpaceReader, Store, StoredCommit, TextKey, TextRow, Write,
    Written,
};
use crate::commit::Head;
use crate::id::SpaceId;
use crate::record::{Position, StreamId};

/// What the next batch of writes shall meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// It is written, but the answer is lost.
    UnknownApplied,
    /// It is not written, and the answer is lost as well.
    UnknownLost,
    /// Somebody else owns the log: every write is fenced.
    Fenced,
}

/// A store in memory. A clone is another handle on the same data, as after opening the same file again; [`MemoryStore::copy`] is another
/// database.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Clone, Debug, Default)]
struct Shared {
    spaces: BTreeMap<SpaceId, Arc<SpaceState>>,
    next_failure: Option<Failure>,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same data in a database of its own, as after restoring a backup or cloning a disk.
    pub fn copy(&self) -> Self {
        let mut shared = self.lock().clone();
        shared.next_failure = None;
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// The next batch of writes meets this failure, once.
    pub fn fail_next(&self, failure: Failure) {
        self.lock().next_failure = Some(failure);
    }

    /// What is saved now can be read no more, or again; what is forgotten, or replaced as a whole, does not matter any more.
    pub fn fail_rows(&self, fail: bool) {
        let mut shared = self.lock();
        shared.spaces.values_mut().for_each(|state| Arc::make_mut(state).has_bad_rows = fail);
    }

    /// Whether there is something saved that cannot be read.
    pub fn fails_rows(&self) -> bool {
        self.lock().spaces.values().any(|state| state.has_bad_rows)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic while the lock is held leaves at most a batch that is half applied, in a test that has failed anyway.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn write(&mut self, batch: Vec<Write>) -> Vec<Written> {
        let mut shared = self.lock();
        let unknown = || Written::Unknown("the store did not answer".to_owned());
        match shared.next_failure.take() {
            None => batch.into_iter().map(|write| shared.apply(write)).collect(),
            Some(Failure::UnknownApplied) => batch
                .into_iter()
                .map(|write| {
                    shared.apply(write);
                    unknown()
                })
                .collect(),
            Some(Failure::UnknownLost) => batch.iter().map(|_| unknown()).collect(),
            Some(Failure::Fenced) => batch.iter().map(|write| Written::Fenced(shared.head(write.space()))).collect(),
        }
    }

    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        Arc::new(LiveReader { store: self.clone(), space })
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        Ok(self.lock().spaces.keys().copied().collect())
    }

    fn readers(&self) -> Arc<dyn Readers> {
        Arc::new(self.clone())
    }
}

impl Readers for MemoryStore {
    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        Store::reader(self, space)
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        Store::spaces(self)
    }
}

impl Shared {
    fn head(&self, space: SpaceId) -> Head {
        self.spaces.get(&space).map_or(Head::START, |state| state.head())
    }

    fn apply(&mut self, write: Write) -> Written {
        let space = write.space();
        if let Write::Forget { .. } = write {
            self.spaces.remove(&space);
            return Written::Durable(Head::START);
        }
        // Taken out, so that it is changed in place unless a frozen reader still looks at it.
        let mut state = self.spaces.remove(&space).unwrap_or_default();
        let written = Arc::make_mut(&mut state).apply(write);
        // A write that changed nothing does not found a space.
        if *state != SpaceState::default() {
            self.spaces.insert(space, state);
        }
        written
    }
}

/// Reads whatever the store holds at the time of each call.
#[derive(Debug)]
struct LiveReader {
    store: MemoryStore,
    space: SpaceId,
}

impl LiveReader {
    fn state(&self) -> Arc<SpaceState> {
        self.store.lock().spaces.get(&self.space).cloned().unwrap_or_default()
    }
}

impl SpaceReader for LiveReader {
    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.state().head())
    }

    fn epoch(&self) -> Result<u32, ReadError> {
        SpaceReader::epoch(&*self.state())
    }

    fn gap(&self) -> Result<Option<Gap>, ReadError> {
        self.state().gap()
    }

    fn commits(&self, after: Position, upto: Position, bytes_max: usize) -> Result<Vec<StoredCommit>, ReadError> {
        self.state().commits(after, upto, bytes_max)
    }

    fn commit_with(&self, record: Position) -> Result<Option<StoredCommit>, ReadError> {
        self.state().commit_with(record)
    }

    fn stream(&self, stream: &StreamId, after: Position, upto: Position) -> Result<Vec<Position>, ReadError> {
        self.state().stream(stream, after, upto)
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, ReadError> {
        self.state().checkpoint()
    }

    fn row(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.state().row(key)
    }

    fn rows(&self, after: Option<&RowKey>, bytes_max: usize) -> Result<Vec<(RowKey, Row)>, ReadError> {
        self.state().rows(after, bytes_max)
    }

    fn text(&self, key: &TextKey) -> Result<Vec<TextRow>, ReadError> {
        self.state().text(key)
    }

    fn texts(&self, after: Option<&(TextKey, u64)>, bytes_max: usize) -> Result<Vec<(TextKey, TextRow)>, ReadError> {
        self.state().texts(after, bytes_max)
    }

    fn frozen(&self) -> Result<Arc<dyn SpaceReader>, ReadError> {
        Ok(self.state())
    }
}
