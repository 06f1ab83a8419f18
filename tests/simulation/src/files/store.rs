//! The main store on a disk.

use std::sync::Arc;

use recordplayer::id::SpaceId;
use recordplayer::record::Position;
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{ReadError, Readers, SpaceReader, Store, Write, Written};
use recordplayer::testing::{Closing, DiskFault, File, NotOpened, StoreFile};
use recordplayer_store::RedbStore;
use recordplayer_store::testing::Disk;

use super::not_opened;

/// So few that the index is flushed, and the log packed, several times in a history.
const TAIL_COMMITS: usize = 16;

/// A main store in its file, and what must be in it.
#[derive(Debug)]
pub struct StoreOnDisk {
    disk: Disk,
    store: Option<RedbStore>,
    expected: MemoryStore,
    /// What nobody was answered for.
    unsure: Vec<Write>,
    may_be_rotten: bool,
}

/// A disk with an empty store.
pub(super) fn empty() -> Disk {
    let disk = Disk::default();
    RedbStore::create_backend(disk.clone()).expect("a disk that works takes a new store");
    disk
}

impl StoreOnDisk {
    pub(super) fn on(disk: Disk) -> Self {
        Self { disk, store: None, expected: MemoryStore::new(), unsure: Vec::new(), may_be_rotten: false }
    }

    fn opened(&self) -> &RedbStore {
        self.store.as_ref().expect("only a program that has opened the store reads it")
    }

    /// Everything that can be read is what was answered for, and all or nothing of what was not.
    fn check(&mut self) {
        let unsure = std::mem::take(&mut self.unsure);
        let Err(first) = self.difference() else { return };
        let rotten = if self.may_be_rotten { ", which may have rotted" } else { "" };
        assert!(!unsure.is_empty(), "the store{rotten} has lost or changed what it answered for: {first}");
        self.expected.write(unsure);
        if let Err(second) = self.difference() {
            panic!("a write was neither done nor left undone: {first}; and if it was done: {second}");
        }
    }

    /// What the file reads otherwise than it must.
    fn difference(&self) -> Result<(), String> {
        let store = self.opened();
        let spaces = Store::spaces(&self.expected).expect("memory can be read");
        self.same(&store.spaces(), &Ok(spaces.clone()))?;
        for space in spaces {
            let (found, expected) = (store.reader(space), Store::reader(&self.expected, space));
            self.same(&found.head(), &expected.head())?;
            self.same(&found.epoch(), &expected.epoch())?;
            self.same(&found.gap(), &expected.gap())?;
            self.same(&found.checkpoint(), &expected.checkpoint())?;
            self.same(&found.rows(None, usize::MAX), &expected.rows(None, usize::MAX))?;
            self.same(&found.texts(None, usize::MAX), &expected.texts(None, usize::MAX))?;
            // A log with a gap is in two parts.
            let behind_gap = expected.gap().expect("memory can be read").map(|gap| gap.base.position);
            for after in [Some(Position::START), behind_gap].into_iter().flatten() {
                let read = |reader: &dyn SpaceReader| reader.commits(after, Position(u64::MAX), usize::MAX);
                self.same(&read(found.as_ref()), &read(expected.as_ref()))?;
            }
        }
        Ok(())
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        found: &Result<T, ReadError>,
        expected: &Result<T, ReadError>,
    ) -> Result<(), String> {
        let is_told = self.may_be_rotten && found.is_err();
        // The beginning of each says which it is.
        let shown = |answer: &Result<T, ReadError>| format!("{answer:?}").chars().take(120).collect::<String>();
        let is_same = found == expected || is_told;
        if is_same { Ok(()) } else { Err(format!("{} … and not {} …", shown(found), shown(expected))) }
    }
}

impl File for StoreOnDisk {
    fn open(&mut self) -> Result<(), NotOpened> {
        if self.store.is_some() {
            return Ok(());
        }
        self.disk.turn_on();
        let opened = RedbStore::open_backend_flushing(self.disk.clone(), TAIL_COMMITS);
        self.store = Some(opened.map_err(|error| not_opened(&error))?);
        self.check();
        Ok(())
    }

    fn close(&mut self, closing: Closing) {
        if closing == Closing::AtOnce {
            self.disk.turn_off();
        }
        self.store = None;
    }

    fn fail(&mut self, fault: DiskFault) {
        self.disk.fail(fault);
    }

    fn mend(&mut self) {
        self.disk.mend();
    }

    fn has_power(&self) -> bool {
        self.disk.has_power()
    }

    fn rot(&mut self, seed: u64) {
        assert!(self.store.is_none(), "nobody has it open");
        // What rots in a file that was not closed in order nobody can tell from what a power cut has torn.
        if self.disk.is_clean() {
            self.disk.rot(seed);
            self.may_be_rotten = true;
        }
    }

    fn may_be_rotten(&self) -> bool {
        self.may_be_rotten
    }

    fn is_found_rotten(&mut self) -> bool {
        let found = self.opened().scrub().step(u64::MAX / 2);
        if found.is_ok_and(|found| found.damaged_blocks.is_empty()) {
            // Then it is as good as new, and held to that.
            self.may_be_rotten = false;
            self.check();
        }
        self.may_be_rotten
    }
}

impl StoreFile for StoreOnDisk {
    fn copy(&self) -> Box<dyn StoreFile> {
        Box::new(Self {
            disk: self.disk.copy(),
            store: None,
            expected: self.expected.copy(),
            unsure: self.unsure.clone(),
            may_be_rotten: self.may_be_rotten,
        })
    }
}

impl Store for StoreOnDisk {
    fn write(&mut self, batch: Vec<Write>) -> Vec<Written> {
        let store = self.store.as_mut().expect("only a program that has opened the store writes it");
        let written = store.write(batch.clone());
        if !written.iter().any(|written| matches!(written, Written::Unknown(_))) {
            let expected = self.expected.write(batch);
            assert_eq!(written, expected, "each store takes and refuses the same");
        } else if self.unsure.is_empty() {
            // Behind the first one that failed, nothing is tried.
            self.unsure = batch;
        }
        written
    }

    fn tidy(&mut self) -> bool {
        self.store.as_mut().is_some_and(RedbStore::tidy)
    }

    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        self.opened().reader(space)
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.opened().spaces()
    }

    fn readers(&self) -> Arc<dyn Readers> {
        self.opened().readers()
    }
}
