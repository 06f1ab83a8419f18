//! Projects that were begun without a server, on their way here: each is held in memory until all of it is looked at, so there is room for a few,
//! and they are looked at one by one.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::limits::PUBLICATIONS_BYTES_MAX;

const KIB: usize = 1024;

/// The room for all of them.
#[derive(Debug)]
pub(crate) struct Publications {
    /// One permit for each KiB.
    free: Arc<Semaphore>,
    turn: Mutex<()>,
}

/// What one of them takes of it; given back with this value.
#[derive(Debug, Default)]
pub(crate) struct Room(Option<OwnedSemaphorePermit>);

impl Default for Publications {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(PUBLICATIONS_BYTES_MAX / KIB)), turn: Mutex::default() }
    }
}

impl Publications {
    /// Takes room for so many bytes more, if there is so much.
    pub fn take(&self, bytes: usize, room: &mut Room) -> bool {
        let Ok(permits) = u32::try_from(bytes.div_ceil(KIB)) else { return false };
        let Ok(more) = Arc::clone(&self.free).try_acquire_many_owned(permits) else { return false };
        match &mut room.0 {
            Some(taken) => taken.merge(more),
            None => room.0 = Some(more),
        }
        true
    }

    /// Waits until nobody else's is looked at: what is played takes many times the room of its bytes.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}
