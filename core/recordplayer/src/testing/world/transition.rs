//! What can happen in a world beside what people do, as data: drawn from the seed, and applied one by one.

use std::collections::BTreeSet;
use std::fmt;

use rand::RngExt;

use super::device::Device;
use super::{Backup, DeviceId, DiskFault, DiskFaultKind, Faults, Restore, StoreFile, World};
use crate::decide::Intent;
use crate::id::CommandId;
use crate::membership::{Membership, MembershipCommand};
use crate::record::Position;
use crate::replica::Wish;
use crate::storage::memory::Failure;
use crate::thin::ThinView;

/// A year, for clocks that are set wrong.
const YEAR_MS: i64 = 365 * 24 * 3_600_000;

/// So many kinds of accidents are drawn where there are disks, and so many where there are none.
const WITH_DISKS: u32 = 65;
const WITHOUT_DISKS: u32 = 49;

/// The share of accidents that are a change of the weather.
const WEATHER_CHANGES: (u32, u32) = (1, 20);

/// Two or three writes of a store.
const OPERATIONS_BEFORE_A_FAULT_MAX: u32 = 50;

/// One accident, or its end.
#[derive(Clone, Debug)]
pub enum Transition {
    /// A person makes a command.
    Command {
        device: DeviceId,
        wish: Wish,
    },
    /// A person edits a text. What was typed is of a type of the domain, so it is told and cannot be drawn.
    Edit {
        device: DeviceId,
        commands: Vec<CommandId>,
    },
    /// Time passes.
    Pass {
        ms: i64,
    },
    /// Nothing passes between the device and the authority.
    CutOff(DeviceId),
    /// What the device sends is lost, or what is sent to it; nobody notices at once.
    CutOneWay {
        device: DeviceId,
        is_upward: bool,
    },
    Heal(DeviceId),
    Crash(DeviceId),
    /// The person ends the program and starts it again.
    Quit(DeviceId),
    /// The device stops between the two files of a save.
    CrashWithinSave(DeviceId),
    CrashAuthority {
        down_ms: i64,
    },
    /// The authority is asked to end, and started again.
    StopAuthority {
        down_ms: i64,
    },
    /// The next append of the authority meets this failure.
    FailAppend(Failure),
    /// The clock of a device is set to another time.
    SetClock {
        device: DeviceId,
        offset_ms: i64,
    },
    SetClockOfAuthority {
        offset_ms: i64,
    },
    /// The main file of the device is lost, as a damaged one is set aside.
    LoseMainStore(DeviceId),
    BackUp(DeviceId),
    /// Files of the last backup come back, on their own device.
    Restore {
        device: DeviceId,
        files: Restore,
    },
    /// The device gets both files of another device's last backup: it is a clone of that.
    Clone {
        from: DeviceId,
        to: DeviceId,
    },
    BackUpAuthority,
    /// The last backup takes the place of the authority's store. It is in recovery for so long, or else opened at once.
    RestoreAuthority {
        recovers_ms: Option<i64>,
    },
    /// The admin opens what is in recovery.
    OpenAuthority,
    /// The manager takes the person out, or in again.
    Remove(DeviceId),
    Readmit(DeviceId),
    /// The manager takes the content of a record, and of some behind it, out of the history.
    Redact {
        from: Position,
        count: u64,
    },
    /// The line between the device and the authority gets better or worse.
    Weather {
        device: DeviceId,
        line: Faults,
    },
    FailDisk {
        device: DeviceId,
        fault: DiskFault,
    },
    FailDiskOfAuthority(DiskFault),
    MendDisk(DeviceId),
    MendDiskOfAuthority,
    /// The main file of the device rots while nobody has it open.
    Rot {
        device: DeviceId,
        seed: u64,
    },
    /// The outbox rots: what waited in it is lost, and its person is told that it cannot be read.
    RotOutbox {
        device: DeviceId,
        seed: u64,
    },
    RotAuthority {
        seed: u64,
    },
    /// The person ends the program, and starts the newest version, or the oldest.
    Upgrade(DeviceId),
    Downgrade(DeviceId),
    UpgradeAuthority,
    DowngradeAuthority,
}

/// Short where it is a command, for what it is of says more than its bytes.
impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { device, wish } => {
                write!(f, "{device:?} wishes {} of {} as {}", wish.intent.name, wish.intent.stream, wish.command)
            }
            other => write!(f, "{other:?}"),
        }
    }
}

/// The copies that transitions have made.
#[derive(Debug, Default)]
pub(super) struct Copies {
    devices: Vec<Option<Backup>>,
    pub authority: Option<Box<dyn StoreFile>>,
}

impl World {
    /// The next accident of this world. The first device, whose person manages the space, is never removed, nor does a clone come over it.
    pub fn draw_transition(&mut self) -> Transition {
        let count = self.devices.len();
        let device = DeviceId(self.rng.random_range(0..count));
        let other = DeviceId(self.rng.random_range(0..count));
        let worker = DeviceId(self.rng.random_range(1..count.max(2)).min(count - 1));
        let offset_ms = [0, YEAR_MS, -YEAR_MS, 20 * YEAR_MS, 60_000][self.rng.random_range(0..5)];
        if self.newest() > 0 && self.rng.random_ratio(1, 8) {
            return self.draw_upgrade(device);
        }
        let (changes, of) = WEATHER_CHANGES;
        if self.rng.random_ratio(changes, of) {
            return self.draw_weather(device);
        }
        let ends = if self.files.are_on_a_disk() { WITH_DISKS } else { WITHOUT_DISKS };
        match self.rng.random_range(0..ends) {
            0..4 => Transition::CutOff(device),
            4..7 => Transition::Heal(device),
            7 => Transition::CutOneWay { device, is_upward: self.rng.random() },
            8..12 => Transition::Crash(device),
            12 => Transition::CrashWithinSave(device),
            13..17 => Transition::CrashAuthority { down_ms: self.rng.random_range(1..1_000) },
            17..19 => Transition::FailAppend(Failure::UnknownApplied),
            19 => Transition::FailAppend(Failure::UnknownLost),
            20 => Transition::FailAppend(Failure::Fenced),
            21..25 => Transition::Pass { ms: self.rng.random_range(1..5_000) },
            25..27 => Transition::SetClockOfAuthority { offset_ms },
            27 => Transition::LoseMainStore(device),
            28..30 => Transition::BackUp(device),
            30 => Transition::Restore { device, files: Restore::Both },
            31 => Transition::Restore { device, files: Restore::MainStore },
            32 => Transition::Restore { device, files: Restore::Outbox },
            33 => Transition::Clone { from: other, to: worker },
            34..36 => Transition::BackUpAuthority,
            36 => Transition::RestoreAuthority {
                recovers_ms: [None, Some(20_000), Some(600_000)][self.rng.random_range(0..3)],
            },
            37 => Transition::Remove(worker),
            38..40 => Transition::Readmit(worker),
            42 => Transition::OpenAuthority,
            43..45 => Transition::Quit(device),
            45 => Transition::StopAuthority { down_ms: self.rng.random_range(1..1_000) },
            46 => Transition::Rot { device, seed: self.rng.random() },
            47 => Transition::RotAuthority { seed: self.rng.random() },
            49..55 => Transition::FailDisk { device, fault: self.draw_disk_fault() },
            55..58 => Transition::FailDiskOfAuthority(self.draw_disk_fault()),
            58..61 => Transition::MendDisk(device),
            61..63 => Transition::MendDiskOfAuthority,
            40 | 63 => self.draw_redaction(),
            64 => Transition::RotOutbox { device, seed: self.rng.random() },
            _ => Transition::SetClock { device, offset_ms },
        }
    }

    /// Another line for the device.
    pub(in crate::testing) fn draw_weather(&mut self, device: DeviceId) -> Transition {
        Transition::Weather { device, line: Faults::drawn(&mut self.rng) }
    }

    fn draw_redaction(&mut self) -> Transition {
        let known = self.devices[0].replica.as_ref().map_or(Position::START, |replica| replica.confirmed().position);
        let from = Position(self.rng.random_range(0..=known.0));
        Transition::Redact { from, count: self.rng.random_range(1..4) }
    }

    fn draw_disk_fault(&mut self) -> DiskFault {
        let kinds = [DiskFaultKind::PowerCut, DiskFaultKind::PowerCut, DiskFaultKind::Full, DiskFaultKind::Broken];
        DiskFault {
            kind: kinds[self.rng.random_range(0..kinds.len())],
            after: self.rng.random_range(0..OPERATIONS_BEFORE_A_FAULT_MAX),
            lasts: self.rng.random(),
            seed: self.rng.random(),
        }
    }

    /// Lets it happen; nothing where it cannot.
    pub fn apply(&mut self, transition: Transition) {
        if let Transition::Command { device, wish } = transition {
            if self.is_running(device) {
                drop(self.wish(device, wish));
            }
            return;
        }
        if !self.can_happen(&transition) {
            return;
        }
        self.happened.push(transition.clone());
        match transition {
            Transition::Command { .. } | Transition::Edit { .. } => {}
            Transition::Pass { ms } => self.run_for_ms(ms),
            Transition::CutOff(device) => self.cut_off(device),
            Transition::CutOneWay { device, is_upward } => drop(self.deaf.insert((device, is_upward))),
            Transition::Heal(device) => self.heal_one(device),
            Transition::Crash(device) => {
                self.crash(device);
                self.restart(device);
            }
            Transition::Quit(device) => {
                if self.quit(device) {
                    self.restart(device);
                }
            }
            Transition::CrashWithinSave(device) => self.crash_within_next_save(device),
            Transition::CrashAuthority { down_ms } => {
                self.crash_authority();
                self.run_for_ms(down_ms);
                self.start_authority_again();
            }
            Transition::StopAuthority { down_ms } => {
                if self.space.is_some() {
                    self.stop_authority();
                    self.run_for_ms(down_ms);
                    self.start_authority_again();
                }
            }
            Transition::FailAppend(failure) => self.fail_next_append(failure),
            Transition::SetClock { device, offset_ms } => self.devices[device.0].clock_ms = offset_ms,
            Transition::SetClockOfAuthority { offset_ms } => self.clock_ms = offset_ms,
            Transition::LoseMainStore(device) => {
                if self.is_running(device) {
                    self.forget_promises_of_log(device);
                    self.lose_main_store(device);
                }
            }
            Transition::BackUp(device) => {
                let backup = self.backup(device);
                let devices = &mut self.copies.devices;
                devices.resize_with(devices.len().max(device.0 + 1), || None);
                devices[device.0] = Some(backup);
            }
            Transition::Restore { device, files } => self.restore_copy(device, device, files),
            Transition::Clone { from, to } => {
                if from != to && !self.devices[to.0].is_out {
                    self.restore_copy(from, to, Restore::Both);
                }
            }
            // Whoever makes a backup reads the whole file, and is told where it has rotted.
            Transition::BackUpAuthority => {
                if !self.store.may_be_rotten() {
                    self.copies.authority = Some(self.backup_of_authority());
                }
            }
            Transition::RestoreAuthority { recovers_ms } => {
                self.restore_last_backup(recovers_ms);
            }
            Transition::OpenAuthority => {
                if self.is_reopening() {
                    self.reopen_authority();
                }
            }
            Transition::Remove(device) => {
                self.change_member(device, |person| MembershipCommand::RemoveMember { person });
            }
            Transition::Readmit(device) => self.readmit(device),
            Transition::Redact { from, count } => {
                self.redact((from.0..from.0 + count).map(Position).collect());
            }
            Transition::Weather { device, line } => self.devices[device.0].line = line,
            Transition::FailDisk { device, fault } => self.fail_disk(Some(device), fault),
            Transition::FailDiskOfAuthority(fault) => self.fail_disk(None, fault),
            Transition::MendDisk(device) => self.mend_disk(Some(device)),
            Transition::MendDiskOfAuthority => self.mend_disk(None),
            Transition::Rot { device, seed } => self.rot(device, seed),
            Transition::RotOutbox { device, seed } => self.rot_outbox(device, seed),
            Transition::RotAuthority { seed } => self.rot_authority(seed),
            Transition::Upgrade(device) => self.set_version(device, self.newest()),
            Transition::Downgrade(device) => self.set_version(device, 0),
            Transition::UpgradeAuthority => self.set_version_of_authority(self.newest()),
            Transition::DowngradeAuthority => self.set_version_of_authority(0),
        }
    }

    /// What cannot happen now has not happened: invariants that it would put out of force hold on.
    fn can_happen(&self, transition: &Transition) -> bool {
        let has_copy = |device: &DeviceId| self.copies.devices.get(device.0).is_some_and(Option::is_some);
        match transition {
            Transition::Crash(device) | Transition::Quit(device) => self.is_running(*device),
            Transition::Restore { device, .. } => has_copy(device) && self.is_running(*device),
            Transition::Clone { from, to } => has_copy(from) && self.is_running(*to),
            Transition::RestoreAuthority { .. } => self.copies.authority.is_some(),
            _ => true,
        }
    }

    /// The last backup of the authority takes the place of its store. It may do so again, before there is another one.
    pub(super) fn restore_last_backup(&mut self, recovers_ms: Option<i64>) {
        let Some(backup) = self.copies.authority.as_ref().map(|backup| backup.copy()) else { return };
        if self.rng.random() {
            self.copies.authority = None;
        }
        match recovers_ms {
            Some(lasts_ms) => self.recover_authority(&*backup, lasts_ms),
            None => self.restore_authority(&*backup),
        }
    }

    fn restore_copy(&mut self, from: DeviceId, to: DeviceId, files: Restore) {
        let Some(backup) = self.copies.devices.get_mut(from.0).and_then(Option::take) else { return };
        self.promises.forget_device(to);
        if from != to {
            // What was copied of it before is of another person.
            self.copies.devices.iter_mut().skip(to.0).take(1).for_each(|backup| *backup = None);
        }
        self.restore(to, &backup, files);
    }

    fn change_member(&mut self, device: DeviceId, command: impl FnOnce(crate::id::ActorId) -> MembershipCommand) {
        let person = self.devices[device.0].actor;
        if person != self.devices[0].actor {
            self.manage(&command(person));
        }
    }

    /// The first person, who manages the space, says so; where that is refused, nothing is changed.
    fn manage(&mut self, command: &MembershipCommand) {
        let manager = DeviceId(0);
        if self.devices[manager.0].replica.is_some() {
            let intent = Intent::of::<Membership>(self.id.0, command).expect("membership commands can be encoded");
            drop(self.send(manager, intent));
        }
    }

    /// The commands of what goes are no more held to be in the log, for nobody says them again where the log is lost.
    fn redact(&mut self, records: BTreeSet<Position>) {
        let manager = &self.devices[0];
        let Some(replica) = &manager.replica else { return };
        let reopened = replica.entity::<Membership>(self.id.0).reopened();
        self.note_redaction(DeviceId(0), &records);
        self.manage(&MembershipCommand::Redact { records: records.into_iter().collect(), reopened });
    }

    /// Takes the person in again where the manager's device knows that they are out.
    fn readmit(&mut self, device: DeviceId) {
        self.take_in(device);
        if self.devices[device.0].is_out {
            self.restart(device);
        }
    }

    fn take_in(&mut self, device: DeviceId) {
        let role = (*self.domain().role_names().last().expect("a domain has a role")).to_owned();
        self.change_member(device, |person| MembershipCommand::AddMember { person, role });
    }

    /// Everybody is in again who was taken out, somebody new comes, and everybody agrees.
    pub(in crate::testing) fn gather(&mut self) {
        self.heal();
        self.end_older_versions();
        self.run_until_quiet();
        for at in 1..self.devices.len() {
            self.take_in(DeviceId(at));
        }
        self.run_until_quiet();
        for at in 0..self.devices.len() {
            if self.devices[at].is_out {
                self.restart(DeviceId(at));
            } else if self.devices[at].thin.as_ref().is_some_and(ThinView::is_ended) {
                // It asked before its person was in again, and asks once in a session.
                self.disconnect(DeviceId(at));
                self.connect(DeviceId(at));
            }
        }
        self.run_until_quiet();
        let is_ended = |device: &Device| device.thin.as_ref().is_some_and(ThinView::is_ended);
        assert!(!self.devices.iter().any(is_ended), "everybody is in and may look; {}", self.how_to_replay());
        // Whoever comes last has what everybody has (rule 7).
        self.devices(["late"]);
        self.run_until_whole();
        self.check_redacted();
    }
}
