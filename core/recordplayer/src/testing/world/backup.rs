//! Copies of a device's files, and saves that a crash cuts in two.

use super::{DeviceId, World};
use crate::id::ActorId;
use crate::storage::memory::{MemoryOutbox, MemoryStore};

/// A device's two files as they were at one moment.
#[derive(Debug)]
pub struct Backup {
    actor: ActorId,
    store: MemoryStore,
    outbox: MemoryOutbox,
}

/// Which files come back from a [`Backup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    Both,
    MainStore,
    Outbox,
}

impl World {
    /// Copies the device's files as they are on its disk.
    pub fn backup(&self, id: DeviceId) -> Backup {
        let device = &self.devices[id.0];
        Backup { actor: device.actor, store: device.store.copy(), outbox: device.outbox.copy() }
    }

    /// Stops the device, puts files of a backup in the place of its own, and starts it.
    pub fn restore(&mut self, id: DeviceId, backup: &Backup, files: Restore) {
        self.crash(id);
        let device = &mut self.devices[id.0];
        if files != Restore::Outbox {
            device.store = backup.store.copy();
        }
        if files != Restore::MainStore {
            device.outbox = backup.outbox.copy();
            device.actor = backup.actor;
        }
        self.restart(id);
    }

    /// Stops the device, sets its main store aside as a damaged one is, and starts it with an empty one.
    pub fn lose_main_store(&mut self, id: DeviceId) {
        self.crash(id);
        self.devices[id.0].store = MemoryStore::new();
        self.restart(id);
    }

    /// Of the device's next save that writes both files, the main store's part is written; then the device stops.
    pub fn crash_within_next_save(&mut self, id: DeviceId) {
        self.devices[id.0].tears_next_save = true;
    }

    pub fn is_running(&self, id: DeviceId) -> bool {
        self.devices[id.0].replica.is_some()
    }
}
