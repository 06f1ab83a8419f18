//! What the world holds its devices and its authority to: a command that was saved is decided, or refused and still there (rules 1, 2, 11).

use std::collections::{BTreeMap, BTreeSet};

use super::{DeviceId, World};
use crate::commit::Commit;
use crate::id::CommandId;
use crate::record::Position;
use crate::refusal::CoreRefusal;
use crate::replica::{CommandState, Replica};
use crate::response::Response;
use crate::storage::SpaceReader;

/// The commands that people were told are saved, by the device that said so. Edits of texts are joined, so their ids do not last.
#[derive(Debug, Default)]
pub(super) struct Promises {
    made: BTreeSet<CommandId>,
    kept: BTreeMap<CommandId, DeviceId>,
}

impl Promises {
    /// A person made a command.
    pub fn note(&mut self, command: CommandId) {
        self.made.insert(command);
    }

    /// What the person has taken out of the outbox, to discard it or to try it again under another id.
    pub fn release(&mut self, before: Vec<CommandId>, replica: &Replica) {
        for command in before {
            if replica.command_state(command) == CommandState::Gone {
                self.forget(command);
            }
        }
    }

    /// What becomes of the command is nobody's concern any more.
    pub fn forget(&mut self, command: CommandId) {
        self.made.remove(&command);
        self.kept.remove(&command);
    }

    /// A save is on disk: what is in it was promised.
    pub fn keep(&mut self, device: DeviceId, replica: &Replica) {
        for entry in replica.outbox().filter(|entry| self.made.contains(&entry.command)) {
            // What is said again on another ground stands in the log under another id.
            if entry.superseded_by.is_some() {
                self.kept.remove(&entry.command);
            } else if replica.command_state(entry.command) != CommandState::Unsaved {
                self.kept.entry(entry.command).or_insert(device);
            }
        }
    }
}

impl World {
    /// The device's files are no more what it had promised by.
    pub(super) fn forget_promises(&mut self, device: DeviceId) {
        self.promises.kept.retain(|_, by| *by != device);
    }

    /// The device's log is lost: what was decided is at the authority, or, where that has lost it before, nowhere.
    pub(super) fn forget_promises_of_log(&mut self, device: DeviceId) {
        let mut held = self.waiting_on(device);
        if self.space.is_some() {
            held.extend(accepted_in(&*self.store.reader(self.id)));
        }
        self.promises.kept.retain(|command, by| *by != device || held.contains(command));
    }

    /// The authority's store is an older one: what was decided since comes back from its author's device, or, where that has lost its log
    /// before, from nowhere.
    pub(super) fn forget_promises_of_authority(&mut self) {
        let accepted = accepted_in(&*self.store.reader(self.id));
        let held_on = |at: usize| {
            let device = &self.devices[at];
            let mut held = accepted.clone();
            if device.replica.is_some() {
                held.extend(self.waiting_on(DeviceId(at)));
                held.extend(accepted_in(&*device.store.reader(self.id)));
            }
            held
        };
        let held: Vec<BTreeSet<CommandId>> = (0..self.devices.len()).map(held_on).collect();
        self.promises.kept.retain(|command, by| held[by.0].contains(command));
    }

    /// The commands in the device's outbox, which must be open.
    fn waiting_on(&self, device: DeviceId) -> BTreeSet<CommandId> {
        let content = self.devices[device.0].outbox.load(self.id).expect("an outbox that was opened can be read");
        content.rows.iter().map(|row| row.command).collect()
    }

    /// Every command that was saved has its verdict: it is in the log, or refused, and then its author still has it.
    pub(super) fn check_promises(&self) {
        let accepted = accepted_in(&*self.store.reader(self.id));
        for (command, by) in &self.promises.kept {
            let device = &self.devices[by.0];
            let Some(replica) = &device.replica else { continue };
            let is_refused = matches!(replica.command_state(*command), CommandState::Refused(_));
            let has_words = replica.outbox().any(|entry| entry.command == *command && !entry.payload.is_empty());
            assert!(
                accepted.contains(command) || (is_refused && has_words),
                "{} saved {command}, and it is neither in the log nor refused; {}",
                device.name,
                self.how_to_replay()
            );
        }
    }
}

/// The commands that a log has accepted, as far as it can be read.
fn accepted_in(reader: &dyn SpaceReader) -> BTreeSet<CommandId> {
    let behind_a_gap = reader.gap().ok().flatten().map(|gap| gap.base.position);
    let commits = [Some(Position::START), behind_a_gap].into_iter().flatten().flat_map(|after| {
        let stored = reader.commits(after, Position(u64::MAX), usize::MAX).unwrap_or_default();
        stored.into_iter().filter_map(|stored| stored.open().ok())
    });
    // What required an edit that was said again was itself said again, by another id.
    let is_said_again = |response: Response| {
        matches!(response.refused.typed::<CoreRefusal>(), Some(CoreRefusal::RequiredRefused { .. }))
    };
    let is_accepted = |commit: &Commit| Response::of(commit).is_none_or(is_said_again);
    commits.filter(is_accepted).map(|commit| commit.header.command).collect()
}
