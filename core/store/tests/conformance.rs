//! The suites that every store passes, on redb.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use recordplayer::id::SpaceId;
use recordplayer::storage::{ReadError, Readers, SpaceReader, Store, Write, Written};
use recordplayer::testing::conformance::{outbox_conforms, store_conforms};
use recordplayer_store::testing::Disk;
use recordplayer_store::{RedbOutbox, RedbStore};

#[test]
fn the_store_on_redb_conforms() {
    let folder = tempfile::tempdir().unwrap();
    store_conforms(&mut |name| Box::new(RedbStore::open(folder.path().join(name)).unwrap()));
}

#[test]
fn the_outbox_on_redb_conforms() {
    let folder = tempfile::tempdir().unwrap();
    outbox_conforms(&mut |name| Box::new(RedbOutbox::open(folder.path().join(name)).unwrap()));
}

/// A store that is killed instead of closed: what it leaves is the disk as it was just before.
#[derive(Debug)]
struct Killed {
    store: RedbStore,
    disk: Disk,
    left: Arc<Mutex<Vec<u8>>>,
}

impl Killed {
    fn open(left: &Arc<Mutex<Vec<u8>>>, tail_commits_max: usize) -> Self {
        let mut bytes = left.lock().unwrap();
        if bytes.is_empty() {
            let disk = Disk::default();
            RedbStore::create_backend(disk.clone()).unwrap();
            *bytes = disk.bytes();
        }
        let disk = Disk::holding(bytes.clone());
        let store = RedbStore::open_backend_flushing(disk.clone(), tail_commits_max).unwrap();
        Self { store, disk, left: Arc::clone(left) }
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        *self.left.lock().unwrap() = self.disk.bytes();
    }
}

impl Store for Killed {
    fn write(&mut self, batch: Vec<Write>) -> Vec<Written> {
        let written = self.store.write(batch);
        while self.store.tidy() {}
        written
    }

    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        self.store.reader(space)
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.store.spaces()
    }

    fn readers(&self) -> Arc<dyn Readers> {
        self.store.readers()
    }
}

/// The index is flushed never, now and then, and with each batch, so that each start has another tail to play; and what lies behind twice that is
/// packed at once.
#[test]
fn a_store_that_is_always_killed_conforms_too() {
    for tail_commits_max in [usize::MAX, 16, 1] {
        let mut databases = BTreeMap::<String, Arc<Mutex<Vec<u8>>>>::new();
        store_conforms(&mut |name| {
            Box::new(Killed::open(databases.entry(name.to_owned()).or_default(), tail_commits_max))
        });
    }
}
