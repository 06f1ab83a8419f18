//! The files that are being brought to the server just now: each by one connection at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;

use crate::limits::FILES_ARRIVING_MAX;

type Set = Mutex<BTreeSet<(SpaceId, Hash)>>;

#[derive(Debug, Default)]
pub(crate) struct Arrivals(Arc<Set>);

/// Whoever holds this brings the file, and nobody else does, nor removes it.
#[derive(Debug)]
pub(crate) struct Arrival {
    file: (SpaceId, Hash),
    arriving: Arc<Set>,
}

fn lock(set: &Set) -> MutexGuard<'_, BTreeSet<(SpaceId, Hash)>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Arrivals {
    /// Lets the caller bring the file, unless somebody else does, or too many come at a time.
    pub fn begin(&self, space: SpaceId, hash: Hash) -> Option<Arrival> {
        let (file, mut arriving) = ((space, hash), lock(&self.0));
        let has_room = arriving.len() < FILES_ARRIVING_MAX;
        (has_room && arriving.insert(file)).then(|| Arrival { file, arriving: Arc::clone(&self.0) })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        lock(&self.arriving).remove(&self.file);
    }
}
