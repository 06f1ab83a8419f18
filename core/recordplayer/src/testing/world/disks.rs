//! What disks do to the files of a world, and what people do about it.

use rand::RngExt;

use super::{Closing, DeviceId, DiskFault, File, NotOpened, Transition, World};
use crate::storage::Write;

/// The share of writes behind which a store tidies up, as it does where nothing waits.
const TIDIES: (u32, u32) = (1, 4);

/// What disks have done to the programs of a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskNews {
    /// So often a program ended, or did not start, for its disk had failed.
    pub failures: u64,
    /// So often a main store was found to have rotted.
    pub rotten: u64,
}

impl World {
    /// What disks have done until now.
    pub fn disks(&self) -> DiskNews {
        self.disks
    }

    pub(super) fn fail_disk(&mut self, whose: Option<DeviceId>, fault: DiskFault) {
        for file in self.files_of(whose) {
            file.fail(fault);
        }
    }

    /// The disk has room again, or another one that works.
    pub(super) fn mend_disk(&mut self, whose: Option<DeviceId>) {
        for file in self.files_of(whose) {
            file.mend();
        }
    }

    /// Whether the main store of the device may have rotted, so that what it is asked for may be told to be damaged.
    pub fn may_be_rotten(&self, device: DeviceId) -> bool {
        self.devices[device.0].store.may_be_rotten()
    }

    /// Whether the authority's store has ever been unreadable, or been restored: what was said of that may arrive later.
    pub(super) fn has_been_unavailable(&self) -> bool {
        let is_cause = |transition: &Transition| {
            matches!(transition, Transition::RotAuthority { .. } | Transition::RestoreAuthority { .. })
        };
        self.happened.iter().any(is_cause)
    }

    pub(super) fn has_redacted(&self) -> bool {
        self.happened.iter().any(|transition| matches!(transition, Transition::Redact { .. }))
    }

    fn files_of(&mut self, whose: Option<DeviceId>) -> Vec<&mut dyn File> {
        match whose {
            None => vec![&mut *self.store],
            Some(device) => {
                let device = &mut self.devices[device.0];
                vec![&mut *device.store, &mut *device.outbox]
            }
        }
    }

    /// Every disk works, and what has rotted is found and replaced.
    pub(super) fn mend_all_disks(&mut self) {
        self.mend_disk(None);
        if self.store.may_be_rotten() && self.authority_is_found_rotten() {
            self.run_for_ms(1_000);
            // Whoever looks after it may have seen to it meanwhile.
            if self.store.may_be_rotten() {
                self.restore_rotten_authority();
            }
        }
        for at in 0..self.devices.len() {
            let device = DeviceId(at);
            self.mend_disk(Some(device));
            if self.devices[at].store.may_be_rotten() && !self.devices[at].is_out {
                self.find_rot(device);
            }
        }
    }

    /// Some bytes of the authority's store change while it stands still in order; only where there is a backup.
    pub(super) fn rot_authority(&mut self, seed: u64) {
        if self.space.is_none() || self.copies.authority.is_none() {
            return;
        }
        self.stop_authority();
        if self.space.is_none() && self.ended_in_order {
            self.store.rot(seed);
        }
        self.start_authority_again();
    }

    /// Some bytes of the device's main store change while its program is ended in order.
    pub(super) fn rot(&mut self, device: DeviceId, seed: u64) {
        if self.is_running(device) && self.quit(device) {
            self.devices[device.0].store.rot(seed);
            self.restart(device);
        }
    }

    /// Some bytes of the device's outbox change while its program is ended in order. That is told at the next start, and the person goes on
    /// without what waited; or it changes nothing.
    pub(super) fn rot_outbox(&mut self, id: DeviceId, seed: u64) {
        if !self.is_running(id) || !self.quit(id) {
            return;
        }
        let outbox = &mut self.devices[id.0].outbox;
        let sound = outbox.copy();
        outbox.rot(seed);
        let opened = outbox.open();
        outbox.close(Closing::InOrder);
        if let Err(NotOpened::Damaged(_)) = opened {
            self.disks.rotten += 1;
            self.promises.forget_device(id);
            self.discards.forget_device(id);
            self.devices[id.0].outbox = self.files.outbox();
        } else {
            self.devices[id.0].outbox = sound;
        }
        self.restart(id);
    }

    /// What is read through in the background tells the admin that the store has rotted; so does a start that fails.
    fn authority_is_found_rotten(&mut self) -> bool {
        match self.store.open() {
            Ok(()) => self.store.is_found_rotten(),
            Err(NotOpened::Damaged(_)) => true,
            Err(NotOpened::Failed(_)) => false,
        }
    }

    /// The authority stands still: its admin starts it, or restores the backup where its store was found to have rotted.
    pub(super) fn look_after_authority(&mut self) {
        if self.store.may_be_rotten() && self.authority_is_found_rotten() {
            self.restore_rotten_authority();
        } else {
            self.start_authority();
        }
    }

    /// What was in no backup comes back from devices (rule 15).
    fn restore_rotten_authority(&mut self) {
        self.disks.rotten += 1;
        let recovers_ms = [None, Some(20_000)][self.rng.random_range(0..2)];
        self.happened.push(Transition::RestoreAuthority { recovers_ms });
        self.restore_last_backup(recovers_ms);
    }

    fn find_rot(&mut self, id: DeviceId) {
        let store = &mut self.devices[id.0].store;
        if store.open().is_err() || store.is_found_rotten() {
            self.crash(id);
            self.devices[id.0].outbox.open().expect("a disk that works can be read");
            self.set_aside(id, "it was read through").expect("a disk that works takes a new file");
        }
    }

    /// A compaction that has read its rows: dropped where the file was closed since.
    pub(super) fn compaction_writes(&mut self, device: Option<DeviceId>, life: u64, write: Write) {
        let (is_running, store) = match device {
            None => (self.space.is_some() && self.life == life, &mut self.store),
            Some(device) => {
                let device = &mut self.devices[device.0];
                (device.replica.is_some() && device.life == life, &mut device.store)
            }
        };
        if !is_running {
            return;
        }
        let has_failed = !super::all_durable(&store.write(vec![write])) || !store.has_power();
        match device {
            _ if !has_failed => {}
            None => self.disk_of_authority_fails(),
            Some(device) => self.disk_fails(device),
        }
    }

    /// Now and then a store packs what is old.
    pub(super) fn tidy_at_random(&mut self, device: Option<DeviceId>) {
        let (tidies, of) = TIDIES;
        if self.files.are_on_a_disk() && self.rng.random_ratio(tidies, of) {
            let store = device.map_or(&mut self.store, |device| &mut self.devices[device.0].store);
            store.tidy();
        }
    }
}
