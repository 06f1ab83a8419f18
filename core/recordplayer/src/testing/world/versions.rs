//! Older and newer versions of one application in one world.

use std::sync::Arc;

use rand::RngExt;

use super::{DeviceId, Transition, World};
use crate::domain::Domain;

impl World {
    /// A newer version of the application is out: from now on some have it and some have not.
    pub fn release(&mut self, newer: &Arc<Domain>) {
        self.versions.push(Arc::clone(newer));
    }

    /// What the authority runs.
    pub(super) fn domain(&self) -> &Arc<Domain> {
        &self.versions[self.version]
    }

    /// Whether the device runs the newest version that is out.
    pub fn is_newest(&self, device: DeviceId) -> bool {
        self.devices[device.0].version == self.newest()
    }

    pub(super) fn newest(&self) -> usize {
        self.versions.len() - 1
    }

    /// The version that somebody happens to begin with.
    pub(super) fn draw_version(&mut self) -> usize {
        let newest = self.newest();
        // With one version there is nothing to draw.
        if newest == 0 { 0 } else { self.rng.random_range(0..=newest) }
    }

    pub(super) fn draw_upgrade(&mut self, device: DeviceId) -> Transition {
        match self.rng.random_range(0..8) {
            0..4 => Transition::Upgrade(device),
            4..6 => Transition::Downgrade(device),
            6 => Transition::DowngradeAuthority,
            _ => Transition::UpgradeAuthority,
        }
    }

    /// The person ends the program, and starts another version of it on the same files.
    pub(super) fn set_version(&mut self, device: DeviceId, version: usize) {
        let is_other = self.devices[device.0].version != version;
        if is_other && self.is_running(device) && self.quit(device) {
            self.devices[device.0].version = version;
            self.restart(device);
        }
    }

    /// The admin asks the server to end, and starts another version of it on the same store.
    pub(super) fn set_version_of_authority(&mut self, version: usize) {
        if self.version == version || self.space.is_none() {
            return;
        }
        self.stop_authority();
        self.version = version;
        self.start_authority_again();
    }

    /// Nobody runs anything but the newest version any more.
    pub(super) fn end_older_versions(&mut self) {
        self.set_version_of_authority(self.newest());
        for at in 0..self.devices.len() {
            self.set_version(DeviceId(at), self.newest());
            // Whoever stands still starts with it.
            self.devices[at].version = 0;
        }
        self.version = 0;
        self.versions.drain(..self.versions.len() - 1);
    }
}
