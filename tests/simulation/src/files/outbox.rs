//! The outbox on a disk.

use recordplayer::id::SpaceId;
use recordplayer::storage::memory::MemoryOutbox;
use recordplayer::storage::{OutboxContent, OutboxStore, OutboxWrite, ReadError, WriteError};
use recordplayer::testing::{Closing, DiskFault, File, NotOpened, OutboxFile};
use recordplayer_store::RedbOutbox;
use recordplayer_store::testing::Disk;

use super::not_opened;

/// An outbox in its file, and what must be in it.
#[derive(Debug)]
pub struct OutboxOnDisk {
    disk: Disk,
    outbox: Option<RedbOutbox>,
    expected: MemoryOutbox,
    /// What nobody was answered for.
    unsure: Vec<OutboxWrite>,
    has_rotted: bool,
}

/// A disk with an empty outbox.
pub(super) fn empty() -> Disk {
    let disk = Disk::default();
    RedbOutbox::create_backend(disk.clone()).expect("a disk that works takes a new outbox");
    disk
}

impl OutboxOnDisk {
    pub(super) fn on(disk: Disk) -> Self {
        Self { disk, outbox: None, expected: MemoryOutbox::new(), unsure: Vec::new(), has_rotted: false }
    }

    fn opened(&self) -> &RedbOutbox {
        self.outbox.as_ref().expect("only a program that has opened the outbox reads it")
    }

    /// Everything that was answered for is there, and all or nothing of what was not.
    fn check(&mut self) {
        let unsure = std::mem::take(&mut self.unsure);
        let Err(first) = self.difference() else { return };
        assert!(!unsure.is_empty(), "the outbox has lost or changed what it answered for: {first}");
        self.expected.write(unsure).expect("memory can be written");
        if let Err(second) = self.difference() {
            panic!("a write was neither done nor left undone: {first}; and if it was done: {second}");
        }
    }

    fn difference(&self) -> Result<(), String> {
        let outbox = self.opened();
        let (found, expected) = (outbox.spaces(), self.expected.spaces());
        if found != expected {
            return Err(format!("{found:?} and not {expected:?}"));
        }
        for space in expected.into_iter().flatten() {
            let (found, expected) = (outbox.load(space), self.expected.load(space));
            if found != expected {
                return Err(format!("{found:?} and not {expected:?}"));
            }
        }
        Ok(())
    }
}

impl File for OutboxOnDisk {
    fn open(&mut self) -> Result<(), NotOpened> {
        if self.outbox.is_some() {
            return Ok(());
        }
        self.disk.turn_on();
        let outbox = RedbOutbox::open_backend(self.disk.clone()).map_err(|error| not_opened(&error))?;
        if self.has_rotted {
            let spaces = outbox.spaces().map_err(|error| NotOpened::Damaged(error.to_string()))?;
            for space in spaces {
                outbox.load(space).map_err(|error| NotOpened::Damaged(error.to_string()))?;
            }
        }
        self.outbox = Some(outbox);
        self.check();
        Ok(())
    }

    fn close(&mut self, closing: Closing) {
        if closing == Closing::AtOnce {
            self.disk.turn_off();
        }
        self.outbox = None;
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
        assert!(self.outbox.is_none(), "nobody has it open");
        // As with a store.
        if self.disk.is_clean() {
            self.disk.rot(seed);
            self.has_rotted = true;
        }
    }

    fn may_be_rotten(&self) -> bool {
        self.has_rotted
    }

    fn is_found_rotten(&mut self) -> bool {
        false
    }
}

impl OutboxFile for OutboxOnDisk {
    fn copy(&self) -> Box<dyn OutboxFile> {
        Box::new(Self {
            disk: self.disk.copy(),
            outbox: None,
            expected: self.expected.copy(),
            unsure: self.unsure.clone(),
            has_rotted: self.has_rotted,
        })
    }
}

impl OutboxStore for OutboxOnDisk {
    fn write(&mut self, batch: Vec<OutboxWrite>) -> Result<(), WriteError> {
        let outbox = self.outbox.as_mut().expect("only a program that has opened the outbox writes it");
        let outcome = outbox.write(batch.clone());
        match outcome {
            Ok(()) => self.expected.write(batch).expect("memory can be written"),
            // Behind the first one that failed, nothing is tried.
            Err(_) if self.unsure.is_empty() => self.unsure = batch,
            Err(_) => {}
        }
        outcome
    }

    fn load(&self, space: SpaceId) -> Result<OutboxContent, ReadError> {
        self.opened().load(space)
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.opened().spaces()
    }
}
