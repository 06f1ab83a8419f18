//! What requires a refused command is refused with it (rule 10), at the one place that can know.
//!
//! ```text
//!  the required one is refused while this one has no number    here: it is never sent
//!  while this one is on its way                                there: the authority keeps refusals for as long as it may be
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::look_back::events_of;
use super::outbox::{Optimistic, OutboxEntry};
use super::rebase::Dirty;
use super::{Replica, Saving};
use crate::id::CommandId;
use crate::limits::REQUIRES_MAX;
use crate::record::{Position, StreamId};
use crate::refusal::CoreRefusal;
use crate::storage::OutboxWrite;

/// Refused commands under the one that they were refused with.
type Groups<'a> = BTreeMap<CommandId, Vec<&'a OutboxEntry>>;

impl OutboxEntry {
    /// The refused command that this one required, where that is why it was refused.
    pub fn refused_with(&self) -> Option<CommandId> {
        match self.refused.as_ref()?.typed()? {
            CoreRefusal::RequiredRefused { command } => Some(command),
            _ => None,
        }
    }
}

impl Replica {
    /// What waits and what was refused, in the order of submission, but what was refused with another command right behind that one. What
    /// another command says again is that one's.
    pub fn outbox(&self) -> impl Iterator<Item = &OutboxEntry> {
        let groups = self.groups();
        let is_under: BTreeSet<CommandId> = groups.values().flatten().map(|entry| entry.command).collect();
        let mut ordered = Vec::with_capacity(self.outbox.len());
        for entry in self.told_of().filter(|entry| !is_under.contains(&entry.command)) {
            group(entry, &groups, &mut ordered);
        }
        ordered.into_iter()
    }

    fn told_of(&self) -> impl Iterator<Item = &OutboxEntry> {
        self.outbox.iter().map(|pending| &*pending.entry).filter(|entry| entry.superseded_by.is_none())
    }

    fn groups(&self) -> Groups<'_> {
        let refused = || self.told_of().filter(|entry| entry.refused.is_some());
        let lies_here: BTreeSet<CommandId> = refused().map(|entry| entry.command).collect();
        let mut groups = Groups::new();
        for entry in refused() {
            if let Some(cause) = entry.refused_with().filter(|cause| lies_here.contains(cause)) {
                groups.entry(cause).or_default().push(entry);
            }
        }
        groups
    }

    /// A refused command and all that was refused with it, each behind what it was refused with; nothing where it is not refused.
    pub(super) fn group_of(&self, refused: CommandId) -> Vec<CommandId> {
        let Some(first) = self.told_of().find(|entry| entry.command == refused && entry.refused.is_some()) else {
            return Vec::new();
        };
        let mut ordered = Vec::new();
        group(first, &self.groups(), &mut ordered);
        ordered.into_iter().map(|entry| entry.command).collect()
    }

    /// What looks at something that a waiting command brings into being requires that command: refused together, they stay together in the
    /// outbox. One is enough, for that one requires what it looks at itself.
    pub(super) fn require_birth(&self, entry: &mut Arc<OutboxEntry>, optimistic: &Optimistic) {
        let is_unborn = |stream: &&StreamId| {
            let is_made = self.domain.entity_type(&stream.kind).is_none_or(|kind| !kind.is_always_there);
            is_made && self.state.layers.entity(stream, 0).position == Position::START
        };
        let mut unborn: BTreeSet<&StreamId> = optimistic.reads.streams.iter().filter(is_unborn).collect();
        let mut last = None;
        for pending in self.outbox.iter().filter(|pending| pending.is_shown()) {
            if unborn.is_empty() {
                break;
            }
            // Only what is addressed to an entity brings it into being; what else reaches it could come without it. And edits of a text are said
            // again without those that are refused.
            let born = &pending.entry.stream;
            if unborn.contains(born)
                && events_of(pending).any(|event| event.stream == *born)
                && self.command_text(&pending.entry).is_none()
            {
                last = Some(pending.entry.command);
                unborn.remove(born);
                if *born == entry.stream {
                    unborn.clear();
                }
            }
        }
        if let Some(last) = last.filter(|last| !entry.requires.contains(last) && entry.requires.len() < REQUIRES_MAX) {
            Arc::make_mut(entry).requires.push(last);
        }
    }

    /// A waiting command without a number, and all that require it, in their order.
    pub(super) fn waiting_group_of(&self, command: CommandId) -> Vec<CommandId> {
        let mut group = vec![command];
        for pending in self.outbox.iter().filter(|pending| pending.is_waiting()) {
            if pending.entry.requires.iter().any(|required| group.contains(required)) {
                group.push(pending.entry.command);
            }
        }
        group
    }

    /// The first of these commands that was refused and still lies here.
    pub(super) fn refused_among(&self, required: &[CommandId]) -> Option<CommandId> {
        let is_refused = |command: &&CommandId| {
            self.outbox.iter().any(|pending| pending.entry.command == **command && !pending.is_waiting())
        };
        required.iter().find(is_refused).copied()
    }

    /// Refuses what has no number and requires something refused, and so on for what requires that.
    pub(super) fn refuse_dependents(&mut self, dirty: &mut Dirty) -> Vec<OutboxWrite> {
        let mut writes = Vec::new();
        while let Some((dependent, command)) = self.first_dependent() {
            let Some(at) = self.outbox.iter().position(|pending| pending.entry.command == dependent) else { break };
            if let Some(optimistic) = self.outbox[at].optimistic.take() {
                dirty.add_optimistic(optimistic);
            }
            writes.extend(self.retract_text(at));
            let Some(at) = self.outbox.iter().position(|pending| pending.entry.command == dependent) else { break };
            let refused = CoreRefusal::RequiredRefused { command }.into();
            Arc::make_mut(&mut self.outbox[at].entry).refused = Some(refused);
            writes.push(self.put(&self.outbox[at]));
        }
        writes
    }

    /// The authority did not found the space, and so it knows nothing of it: what would have founded it is refused, everything else with it, and
    /// numbers begin anew.
    pub(super) fn not_founded(&mut self) {
        let Some(founding) = self.founding().map(|entry| entry.command) else { return };
        self.identity.last_number = 0;
        let mut writes = vec![self.identity_write()];
        for at in 0..self.outbox.len() {
            let pending = &mut self.outbox[at];
            if !pending.is_waiting() {
                continue;
            }
            pending.optimistic = None;
            pending.take_number_back();
            let entry = Arc::make_mut(&mut pending.entry);
            let refusal = match entry.command {
                command if command == founding => CoreRefusal::FoundingRefused {},
                _ => CoreRefusal::RequiredRefused { command: founding },
            };
            entry.refused = Some(refusal.into());
            writes.push(self.put(&self.outbox[at]));
        }
        self.save(Vec::new(), writes, Saving::default());
        self.rebase_all();
    }

    /// A command without a number, and the refused one that it requires.
    fn first_dependent(&self) -> Option<(CommandId, CommandId)> {
        let refused = self.outbox.iter().filter(|pending| !pending.is_waiting());
        let refused: BTreeSet<CommandId> = refused.map(|pending| pending.entry.command).collect();
        let mut waiting = self.outbox.iter().filter(|pending| pending.is_shown() && pending.entry.number.is_none());
        waiting.find_map(|pending| {
            let required = pending.entry.requires.iter().find(|command| refused.contains(command))?;
            Some((pending.entry.command, *required))
        })
    }
}

fn group<'a>(first: &'a OutboxEntry, groups: &Groups<'a>, ordered: &mut Vec<&'a OutboxEntry>) {
    let mut next = vec![first];
    while let Some(entry) = next.pop() {
        ordered.push(entry);
        next.extend(groups.get(&entry.command).into_iter().flatten().rev());
    }
}
