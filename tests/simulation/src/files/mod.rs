//! The real store, on a disk in memory that fails and rots, and beside each file what must be in it.
//!
//! ```text
//! world ── write ─► RedbStore ─► Disk      what was answered for
//!                       │                        ▼
//!                       └── open again: ═══ MemoryStore
//! ```
//! Whatever a write was answered for is written to a store in memory as well. When the file is opened again, both must read alike; a write that was
//! never answered for is there as a whole, or not at all. Of a file that has rotted each answer is the same still, or an error.

mod outbox;
mod store;

use recordplayer::testing::{Files, NotOpened, OutboxFile, StoreFile};
use recordplayer_store::OpenError;
use recordplayer_store::testing::{Disk, keep_quiet_about_redb};

pub use outbox::OutboxOnDisk;
pub use store::StoreOnDisk;

/// Files of the real store, each on a disk of its own.
#[derive(Debug)]
pub struct OnDisks {
    empty_store: Disk,
    empty_outbox: Disk,
}

impl OnDisks {
    pub fn new() -> Self {
        keep_quiet_about_redb();
        Self { empty_store: store::empty(), empty_outbox: outbox::empty() }
    }
}

impl Default for OnDisks {
    fn default() -> Self {
        Self::new()
    }
}

impl Files for OnDisks {
    fn store(&mut self) -> Box<dyn StoreFile> {
        Box::new(StoreOnDisk::on(self.empty_store.copy()))
    }

    fn outbox(&mut self) -> Box<dyn OutboxFile> {
        Box::new(OutboxOnDisk::on(self.empty_outbox.copy()))
    }

    fn are_on_a_disk(&self) -> bool {
        true
    }
}

fn not_opened(error: &OpenError) -> NotOpened {
    match error {
        OpenError::Io { .. } | OpenError::InUse { .. } => NotOpened::Failed(error.to_string()),
        // A rotten header may look like that of a foreign file, or of a newer one; whoever is told so sets it aside.
        OpenError::Damaged { .. } | OpenError::Foreign { .. } | OpenError::NewerFormat { .. } => {
            NotOpened::Damaged(error.to_string())
        }
    }
}
