//! The lives of a device: how its program starts on what its disk holds, saves, and ends.

use std::sync::Arc;

use rand::RngExt;

use super::device::{Device, Saved};
use super::discards::accepted_by;
use super::{Closing, DeviceId, Journey, NotOpened, World, all_durable, fresh};
use crate::id::ReplicaId;
use crate::replica::{OpenError, Replica};
use crate::storage::{Write, Written};
use crate::thin::ThinView;

impl Device {
    /// The main store first, the outbox second; `None` where the disk failed.
    fn write(&mut self, saved: Saved) -> Option<Vec<Written>> {
        let written = if saved.main.is_empty() { Vec::new() } else { self.store.write(saved.main) };
        let is_fenced = written.iter().any(|written| matches!(written, Written::Fenced(_)));
        assert!(!is_fenced, "the store of {} takes what follows its log: {written:?}", self.name);
        let has_failed = written.iter().any(|written| matches!(written, Written::Unknown(_)))
            || (!saved.outbox.is_empty() && self.outbox.write(saved.outbox).is_err());
        (!has_failed && self.has_power()).then_some(written)
    }

    /// A crash comes between the two files.
    fn is_torn(&mut self, saved: &Saved) -> bool {
        let is_torn = self.tears_next_save && !saved.main.is_empty() && !saved.outbox.is_empty();
        self.tears_next_save &= !is_torn;
        is_torn
    }

    /// Whether its machine runs.
    pub fn has_power(&self) -> bool {
        self.store.has_power() && self.outbox.has_power()
    }
}

impl World {
    /// Opens what is on the device's disk. Where that does not let it, the device stands still.
    pub(super) fn open_replica(&mut self, id: DeviceId) {
        let opened = self.open_files(id);
        self.devices[id.0].not_opened = opened.err();
        if self.devices[id.0].not_opened.is_some() {
            return self.disk_fails(id);
        }
        self.look_for_discards(id);
        let fresh_replica = ReplicaId(fresh(&mut self.rng));
        let device = &self.devices[id.0];
        let content = device.outbox.load(self.id).expect("an outbox that was opened can be read");
        let (domain, reader) = (Arc::clone(&self.versions[device.version]), device.store.reader(self.id));
        match Replica::open(domain, self.id, device.actor, reader, content, fresh_replica) {
            Ok(replica) => {
                let device = &mut self.devices[id.0];
                device.drawn.clear();
                device.replica = Some(replica);
                if let Some(thin) = &mut device.thin {
                    *thin = ThinView::new(Arc::clone(&self.versions[device.version]), self.id, thin.view().clone());
                }
                self.drain_device(id);
            }
            // The history that is needed for another version, or without what was taken out, was still on its way.
            Err(OpenError::Incomplete(_)) if self.newest() > 0 || self.has_redacted() => self.fetch_anew(id),
            Err(error) => self.device_is_damaged(id, &error.to_string()),
        }
    }

    /// The outbox first. A main store that is found to have rotted is set aside, for the authority has what it held.
    fn open_files(&mut self, id: DeviceId) -> Result<(), NotOpened> {
        let opened = self.devices[id.0].outbox.open();
        if let Err(NotOpened::Damaged(why)) = &opened {
            panic!("the outbox of {} has not rotted: {why}; {}", self.devices[id.0].name, self.how_to_replay());
        }
        opened?;
        let device = &mut self.devices[id.0];
        let opened = device.store.open();
        // What is read through in the background may have been, before the program ended.
        let is_found =
            device.store.may_be_rotten() && opened.is_ok() && self.rng.random() && device.store.is_found_rotten();
        match opened {
            Ok(()) if !is_found => Ok(()),
            Err(NotOpened::Failed(_)) => opened,
            Ok(()) => self.set_aside(id, "it was read through"),
            Err(NotOpened::Damaged(why)) => self.set_aside(id, &why),
        }
    }

    /// The damaged file is kept elsewhere, and an empty one takes its place; the outbox must be open.
    pub(super) fn set_aside(&mut self, id: DeviceId, why: &str) -> Result<(), NotOpened> {
        let device = &self.devices[id.0];
        let has_rotted = device.store.may_be_rotten();
        assert!(has_rotted, "{} opens and reads its store: {why}; {}", device.name, self.how_to_replay());
        self.disks.rotten += 1;
        self.forget_promises_of_log(id);
        let store = self.files.store();
        self.devices[id.0].store = store;
        self.devices[id.0].store.open()
    }

    /// What the device's store says is not what was written to it: that is told, and the space is fetched anew.
    pub(super) fn device_is_damaged(&mut self, id: DeviceId, why: &str) {
        let device = &self.devices[id.0];
        let has_rotted = device.store.may_be_rotten();
        assert!(has_rotted, "{} opens and reads its store: {why}; {}", device.name, self.how_to_replay());
        self.disks.rotten += u64::from(has_rotted);
        self.fetch_anew(id);
    }

    /// What the store holds of the space is dropped; the outbox stays.
    fn fetch_anew(&mut self, id: DeviceId) {
        self.forget_promises_of_log(id);
        self.end_life(id);
        let forgotten = self.devices[id.0].store.write(vec![Write::Forget { space: self.id }]);
        if all_durable(&forgotten) {
            self.restart(id);
        } else {
            self.disk_fails(id);
        }
    }

    fn close_files(&mut self, id: DeviceId, closing: Closing) {
        let device = &mut self.devices[id.0];
        device.store.close(closing);
        device.outbox.close(closing);
    }

    /// The device stops at once: what was not on its disk is gone.
    pub fn crash(&mut self, id: DeviceId) {
        self.end_life(id);
        self.close_files(id, Closing::AtOnce);
    }

    /// The person ends the program: what waits for the disk is written, and the files are closed; false where the disk fails before that.
    pub fn quit(&mut self, id: DeviceId) -> bool {
        self.disconnect(id);
        let of_device = |journey: &Journey| matches!(journey, Journey::DeviceSave { device, .. } if *device == id);
        let saves: Vec<_> = self.journeys.extract_if(.., |_, journey| of_device(journey)).collect();
        for (_, journey) in saves {
            let Journey::DeviceSave { saved, .. } = journey else { continue };
            // What fails here was never called saved.
            if saved.life == self.devices[id.0].life && !self.device_saves(id, saved) {
                return false;
            }
        }
        self.end_life(id);
        self.close_files(id, Closing::InOrder);
        true
    }

    fn end_life(&mut self, id: DeviceId) {
        // It says nothing more.
        let device = &mut self.devices[id.0];
        device.replica = None;
        device.life += 1;
        self.discards.forget_undone(id);
        self.disconnect(id);
    }

    /// Nothing can be saved: the person is told so, and starts the program again in a while.
    pub(super) fn disk_fails(&mut self, id: DeviceId) {
        self.disks.failures += 1;
        self.crash(id);
        let ms = self.rng.random_range(1_000..3_000);
        self.travel(ms, Journey::StartDevice { device: id, life: self.devices[id.0].life });
    }

    /// One save of the running device; false where that stops it.
    pub(super) fn device_saves(&mut self, id: DeviceId, mut saved: Saved) -> bool {
        let token = saved.token;
        let device = &mut self.devices[id.0];
        if device.is_torn(&saved) {
            saved.outbox.clear();
            device.write(saved);
            self.crash(id);
            return false;
        }
        let (is_backfill, accepted) = (World::is_backfill(&saved), accepted_by(&saved));
        let Some(written) = device.write(saved) else {
            self.disk_fails(id);
            return false;
        };
        self.discards.stand(id, &accepted);
        if let Some(replica) = device.replica.as_mut() {
            replica.handle_saved(token, &written);
            self.promises.keep(id, replica);
        }
        self.keep_discards(id);
        if is_backfill && self.devices[id.0].holds_all(self.id) {
            self.reached.gaps_filled += 1;
        }
        self.compact_at_random(Some(id));
        self.tidy_at_random(Some(id));
        if !self.devices[id.0].has_power() {
            self.disk_fails(id);
            return false;
        }
        self.drain_device(id);
        true
    }
}
