//! Copies of a device's files, and saves that a crash cuts in two.

use std::collections::BTreeSet;

use super::{DeviceId, OutboxFile, StoreFile, World, all_durable, fresh};
use crate::id::ActorId;
use crate::space::{Recovery, Space, SpaceInput};
use crate::storage::{TextKey, compact_texts};

/// A device's two files as they were at one moment.
#[derive(Debug)]
pub struct Backup {
    actor: ActorId,
    store: Box<dyn StoreFile>,
    outbox: Box<dyn OutboxFile>,
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
        if files != Restore::MainStore {
            self.discards.forget_device(id);
        }
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
        let store = self.files.store();
        self.devices[id.0].store = store;
        self.restart(id);
    }

    /// Of the device's next save that writes both files, the main store's part is written; then the device stops.
    pub fn crash_within_next_save(&mut self, id: DeviceId) {
        self.devices[id.0].tears_next_save = true;
    }

    /// Copies the authority's store as it is on its disk.
    pub fn backup_of_authority(&self) -> Box<dyn StoreFile> {
        self.store.copy()
    }

    /// As [`Self::put_back_authority`], and opens it in a new epoch at once: nothing that was lost comes back as it was.
    pub fn restore_authority(&mut self, backup: &dyn StoreFile) {
        self.recover_authority(backup, 0);
        self.reopen_authority();
    }

    /// Stops the authority, puts an older copy in the place of its store, and starts it as if nothing had happened.
    pub fn put_back_authority(&mut self, backup: &dyn StoreFile) {
        self.set_store_back(backup);
        self.recovery = None;
        self.start_authority();
    }

    /// As [`Self::put_back_authority`], and lets devices bring back what was lost, for so long or until [`Self::reopen_authority`].
    pub fn recover_authority(&mut self, backup: &dyn StoreFile, lasts_ms: i64) {
        self.set_store_back(backup);
        self.recovery = Some(self.begin_recovery(lasts_ms));
        self.note_recovery();
        self.start_authority();
    }

    fn set_store_back(&mut self, backup: &dyn StoreFile) {
        self.crash_authority();
        self.store = backup.copy();
        self.store.open().expect("a backup can be opened");
        self.mark = None;
        self.is_opening = false;
        self.forget_promises_of_authority();
    }

    fn note_recovery(&mut self) {
        let behind = self.store.reader(self.id).head().expect("what was just opened can be read");
        if let Some(recovery) = self.recovery {
            self.recoveries.begin(behind.position, recovery.epoch);
        }
    }

    fn begin_recovery(&mut self, lasts_ms: i64) -> Recovery {
        let id = fresh(&mut self.rng);
        let last_epoch = self.store.reader(self.id).epoch().expect("what was just opened can be read");
        Recovery::begin(id, self.now.plus_ms(self.clock_ms), lasts_ms, last_epoch)
    }

    /// What an admin does when all devices have brought what they had.
    pub fn reopen_authority(&mut self) {
        if self.recovery.is_none() {
            self.recovery = Some(self.begin_recovery(0));
        }
        self.is_opening = true;
        self.go_on_reopening();
    }

    /// Whoever opens a restored space is told when that is durable, and until then does it again.
    pub(super) fn go_on_reopening(&mut self) {
        if let Some(recovery) = self.recovery.filter(|_| self.is_opening) {
            self.tell_authority(SpaceInput::Reopen { recovery });
        }
    }

    /// Whether the authority was restored, and is not open yet.
    pub(super) fn is_reopening(&self) -> bool {
        let is_open = |space: &Space| space.decided() == space.durable() && !space.is_in_recovery();
        self.recovery.is_some() && !self.space.as_ref().is_some_and(is_open)
    }

    /// Whether the authority that runs has begun a later epoch.
    pub(super) fn is_past(&self, epoch: u32) -> bool {
        self.space.as_ref().is_some_and(|space| space.epoch() > epoch)
    }

    /// Compacts every text that is saved, at the authority and on the devices, as far as it goes.
    pub fn compact_texts(&mut self) {
        let stores = self.devices.iter_mut().map(|device| &mut device.store);
        for store in stores.chain([&mut self.store]) {
            let reader = store.reader(self.id);
            let texts = reader.texts(None, usize::MAX).expect("what is durable can be read");
            let keys: BTreeSet<TextKey> = texts.into_iter().map(|(key, _)| key).collect();
            let keys: Vec<TextKey> = keys.into_iter().collect();
            compact_texts(reader.as_ref(), self.id, &keys, |write| all_durable(&store.write(vec![write])))
                .expect("the rows of a text can be joined");
        }
    }

    pub fn is_running(&self, id: DeviceId) -> bool {
        self.devices[id.0].replica.is_some()
    }
}
