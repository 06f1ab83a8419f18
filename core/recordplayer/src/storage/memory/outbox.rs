//! The outbox in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Failure;
use crate::id::SpaceId;
use crate::storage::{OutboxContent, OutboxRow, OutboxStore, OutboxWrite, ReadError, WriteError};

/// An outbox in memory. A clone is another handle on the same data; [`MemoryOutbox::copy`] is another outbox.
#[derive(Clone, Debug, Default)]
pub struct MemoryOutbox {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Clone, Debug, Default)]
struct Shared {
    spaces: BTreeMap<SpaceId, SpaceOutbox>,
    next_failure: Option<Failure>,
}

#[derive(Clone, Debug, Default)]
struct SpaceOutbox {
    identity: Option<Arc<[u8]>>,
    rows: BTreeMap<u64, OutboxRow>,
}

impl MemoryOutbox {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same content in an outbox of its own, as after cloning a device.
    pub fn copy(&self) -> Self {
        Self { shared: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// The next batch of writes meets this failure, once; [`Failure::Fenced`] counts as lost, for an outbox has one owner.
    pub fn fail_next(&self, failure: Failure) {
        self.lock().next_failure = Some(failure);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutboxStore for MemoryOutbox {
    fn write(&mut self, batch: Vec<OutboxWrite>) -> Result<(), WriteError> {
        let mut shared = self.lock();
        let failure = shared.next_failure.take();
        match failure {
            None | Some(Failure::UnknownApplied) => batch.into_iter().for_each(|write| shared.apply(write)),
            Some(Failure::UnknownLost | Failure::Fenced) => {}
        }
        match failure {
            None => Ok(()),
            Some(_) => Err(WriteError("the outbox did not answer".to_owned())),
        }
    }

    fn load(&self, space: SpaceId) -> Result<OutboxContent, ReadError> {
        let shared = self.lock();
        let Some(content) = shared.spaces.get(&space) else { return Ok(OutboxContent::default()) };
        Ok(OutboxContent { identity: content.identity.clone(), rows: content.rows.values().cloned().collect() })
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        let shared = self.lock();
        let holds_something = |content: &SpaceOutbox| content.identity.is_some() || !content.rows.is_empty();
        Ok(shared.spaces.iter().filter(|(_, content)| holds_something(content)).map(|(space, _)| *space).collect())
    }
}

impl Shared {
    fn apply(&mut self, write: OutboxWrite) {
        match write {
            OutboxWrite::Put { space, row } => {
                self.spaces.entry(space).or_default().rows.insert(row.order, row);
            }
            OutboxWrite::Remove { space, order } => {
                if let Some(content) = self.spaces.get_mut(&space) {
                    content.rows.remove(&order);
                }
            }
            OutboxWrite::Identity { space, bytes } => self.spaces.entry(space).or_default().identity = Some(bytes),
            OutboxWrite::Forget { space } => {
                self.spaces.remove(&space);
            }
        }
    }
}
