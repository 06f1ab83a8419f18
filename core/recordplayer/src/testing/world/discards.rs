//! What a person has thrown away, or tries again as something new, is done with: it is never sent again, it is not told of again, and it is in the
//! log only where it had been accepted before.
//!
//! What comes into a device's log as accepted is not thrown away any more: by a copy of the device, or because a restored authority got back from
//! somebody else what it had lost. Where that is lost once more, the device says it again, as it does with all that its log held.

use std::collections::{BTreeMap, BTreeSet};

use super::device::Saved;
use super::promises::accepted_in;
use super::{DeviceId, Transition, World};
use crate::id::CommandId;
use crate::protocol::ClientFrame;
use crate::record::Position;
use crate::storage::Write;
use crate::testing::audit;

/// The commands that a save brings into the log as accepted.
pub(super) fn accepted_by(saved: &Saved) -> BTreeSet<CommandId> {
    let commits = saved.main.iter().flat_map(|write| match write {
        Write::Append(append) => append.commits.as_slice(),
        Write::Backfill { commits, .. } => commits,
        Write::Checkpoint(_) | Write::CompactText { .. } | Write::Forget { .. } => &[],
    });
    commits.filter(|commit| !commit.is_refusal()).map(|commit| commit.header.command).collect()
}

/// What people have taken out of the outboxes of their devices.
#[derive(Debug, Default)]
pub(super) struct Discards {
    /// On its way to the disk: a crash may bring it back.
    undone: BTreeMap<DeviceId, BTreeSet<CommandId>>,
    /// Gone from the disk, with where the authority's log ended then.
    done: BTreeMap<DeviceId, BTreeMap<CommandId, Position>>,
}

impl Discards {
    pub fn note(&mut self, device: DeviceId, commands: impl Iterator<Item = CommandId>) {
        self.undone.entry(device).or_default().extend(commands);
    }

    /// What was not on the disk is there again after a start.
    pub fn forget_undone(&mut self, device: DeviceId) {
        self.undone.remove(&device);
    }

    /// The device's files come from elsewhere.
    pub fn forget_device(&mut self, device: DeviceId) {
        self.undone.remove(&device);
        self.done.remove(&device);
    }

    /// The device's log holds these commands as accepted.
    pub fn stand(&mut self, device: DeviceId, accepted: &BTreeSet<CommandId>) {
        if let Some(done) = self.done.get_mut(&device) {
            done.retain(|command, _| !accepted.contains(command));
        }
    }

    fn is_done(&self, device: DeviceId, command: CommandId) -> bool {
        self.done.get(&device).is_some_and(|done| done.contains_key(&command))
    }
}

impl World {
    /// A save is on the device's disk: what the outbox there does not hold any more is done with.
    pub(super) fn keep_discards(&mut self, id: DeviceId) {
        let has_undone = self.discards.undone.get(&id).is_some_and(|undone| !undone.is_empty());
        // While the authority stands still, its log cannot be read: later.
        if let Some(end) = self.space.as_ref().map(|space| space.durable().position).filter(|_| has_undone) {
            let held = self.waiting_on(id);
            let undone = self.discards.undone.entry(id).or_default();
            let mut gone: BTreeSet<CommandId> = undone.extract_if(.., |command| !held.contains(command)).collect();
            // What a copy of the device had sent meanwhile is in the log, whatever was thrown away here.
            for reader in [self.store.reader(self.id), self.devices[id.0].store.reader(self.id)] {
                let accepted = accepted_in(reader.as_ref());
                gone.retain(|command| !accepted.contains_key(command));
            }
            self.discards.done.entry(id).or_default().extend(gone.into_iter().map(|command| (command, end)));
        }
        self.check_discarded_is_not_told(id);
    }

    fn check_discarded_is_not_told(&self, id: DeviceId) {
        let Some(replica) = &self.devices[id.0].replica else { return };
        let again = replica.outbox().find(|entry| self.discards.is_done(id, entry.command));
        let name = &self.devices[id.0].name;
        assert!(again.is_none(), "{name} tells again of what was dealt with: {again:?}; {}", self.how_to_replay());
    }

    /// What a device finds in its log when it starts: its files may be older ones.
    pub(super) fn look_for_discards(&mut self, id: DeviceId) {
        if self.discards.done.get(&id).is_some_and(|done| !done.is_empty()) {
            let accepted = accepted_in(self.devices[id.0].store.reader(self.id).as_ref());
            self.discards.stand(id, &accepted.into_keys().collect());
        }
    }

    pub(super) fn check_discarded_is_not_sent(&self, id: DeviceId, frame: &ClientFrame) {
        let ClientFrame::Submit { commands, .. } = frame else { return };
        let sent = commands.iter().find(|entry| self.discards.is_done(id, entry.command));
        let name = &self.devices[id.0].name;
        assert!(sent.is_none(), "{name} sends what was discarded: {sent:?}; {}", self.how_to_replay());
    }

    /// What was discarded has not come into the log since; but by a copy of the device, or where the log was lost, it may.
    pub(super) fn check_discards(&self) {
        let may_come = |transition: &Transition| {
            matches!(
                transition,
                Transition::Clone { .. } | Transition::Restore { .. } | Transition::RestoreAuthority { .. }
            )
        };
        if self.happened.iter().any(may_come) {
            return;
        }
        let discarded: BTreeMap<CommandId, Position> =
            self.discards.done.values().flatten().map(|(command, end)| (*command, *end)).collect();
        for commit in audit::commits(self.store.reader(self.id).as_ref()) {
            let command = commit.header.command;
            let came = discarded.get(&command).filter(|end| commit.before() >= **end && !commit.is_refusal());
            assert!(came.is_none(), "{command} was discarded at {came:?} and came later; {}", self.how_to_replay());
        }
    }
}
