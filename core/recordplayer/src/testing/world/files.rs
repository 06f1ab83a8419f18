//! The files of a world, behind traits: its histories are played on stores in memory, and on real ones over a disk that fails.

use std::fmt;

use crate::storage::memory::{MemoryOutbox, MemoryStore};
use crate::storage::{OutboxStore, Store};

/// Where a world gets its files from.
pub trait Files: fmt::Debug {
    /// An empty main store, which nobody has opened.
    fn store(&mut self) -> Box<dyn StoreFile>;

    /// An empty outbox, which nobody has opened.
    fn outbox(&mut self) -> Box<dyn OutboxFile>;

    /// Whether there is a disk under them that can fail and rot.
    fn are_on_a_disk(&self) -> bool;
}

/// A file that one program holds open while it runs, and that stays when the program ends.
///
/// Whoever opens it holds it to what was promised of it: what it had answered for is there, and of what it had not answered for all or nothing.
pub trait File: fmt::Debug {
    /// Opens what the program before has left.
    fn open(&mut self) -> Result<(), NotOpened>;

    /// The program that has it open ends.
    fn close(&mut self, closing: Closing);

    /// The disk under it fails, after some more operations.
    fn fail(&mut self, fault: DiskFault);

    /// The disk has room again, or is replaced by one that works.
    fn mend(&mut self);

    /// Whether its machine runs; not once a [`DiskFaultKind::PowerCut`] came, until it is opened again.
    fn has_power(&self) -> bool;

    /// Some bytes of the file, which nobody has open, change by themselves; nothing where it was not closed in order.
    fn rot(&mut self, seed: u64);

    /// Whether it may hold what was never written to it. What is read of it may be an error from then on, and never something wrong.
    fn may_be_rotten(&self) -> bool;

    /// Reads the open file through, as is done in the background; true where it has rotted.
    fn is_found_rotten(&mut self) -> bool;
}

/// A main store in its file.
pub trait StoreFile: Store + File {
    /// Another file with the same content, which nobody has opened.
    fn copy(&self) -> Box<dyn StoreFile>;
}

/// An outbox in its file.
pub trait OutboxFile: OutboxStore + File {
    /// Another file with the same content, which nobody has opened.
    fn copy(&self) -> Box<dyn OutboxFile>;
}

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It closes its files.
    InOrder,
    /// It is killed, or its machine stops while nothing is written.
    AtOnce,
}

/// A file that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// It is not what was written, and says so.
    #[error("{0}")]
    Damaged(String),
    /// The disk does not do what it is asked for.
    #[error("{0}")]
    Failed(String),
}

/// One failure of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFault {
    pub kind: DiskFaultKind,
    /// So many writes, syncs and changes of length go well before it.
    pub after: u32,
    /// Whether it goes on until the disk is mended.
    pub lasts: bool,
    /// What is left of that which was not synced.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFaultKind {
    /// The machine stops: what was not synced is lost, kept, reordered or torn.
    PowerCut,
    /// There is no room to write.
    Full,
    /// Neither writing nor syncing is possible. What a failed sync was to make durable is lost, kept, reordered or torn.
    Broken,
}

/// Files that need no disk: whatever was written is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl Files for InMemory {
    fn store(&mut self) -> Box<dyn StoreFile> {
        Box::new(MemoryStore::new())
    }

    fn outbox(&mut self) -> Box<dyn OutboxFile> {
        Box::new(MemoryOutbox::new())
    }

    fn are_on_a_disk(&self) -> bool {
        false
    }
}

impl StoreFile for MemoryStore {
    fn copy(&self) -> Box<dyn StoreFile> {
        Box::new(Self::copy(self))
    }
}

impl OutboxFile for MemoryOutbox {
    fn copy(&self) -> Box<dyn OutboxFile> {
        Box::new(Self::copy(self))
    }
}

/// Memory has no disk that could fail, and each rots in its own way.
macro_rules! in_memory {
    ($file:ty, $rot:expr, $is_rotten:expr) => {
        impl File for $file {
            fn open(&mut self) -> Result<(), NotOpened> {
                Ok(())
            }

            fn close(&mut self, _: Closing) {}

            fn fail(&mut self, _: DiskFault) {}

            fn mend(&mut self) {}

            fn has_power(&self) -> bool {
                true
            }

            fn rot(&mut self, _: u64) {
                $rot(self);
            }

            fn may_be_rotten(&self) -> bool {
                $is_rotten(self)
            }

            fn is_found_rotten(&mut self) -> bool {
                $is_rotten(self)
            }
        }
    };
}

// What was saved cannot be read any more; the log can.
in_memory!(MemoryStore, |store: &MemoryStore| store.fail_rows(true), MemoryStore::fails_rows);
in_memory!(MemoryOutbox, |_: &MemoryOutbox| {}, |_: &MemoryOutbox| false);
