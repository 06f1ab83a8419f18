//! What requires a refused command is refused with it (rule 10), at the one place that can know.
//!
//! ```text
//!  the required one is refused while this one has no number    here: it is never sent
//!  while this one is on its way                                there: the authority keeps the verdict until this one is answered
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Replica;
use super::rebase::Dirty;
use crate::id::CommandId;
use crate::limits::IN_FLIGHT_COMMANDS_MAX;
use crate::refusal::CoreRefusal;
use crate::storage::OutboxWrite;

impl Replica {
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

    /// Up to which number the authority need keep no verdict.
    ///
    /// What a command requires was in flight together with it, or its verdict was here before the command got a number. So the verdicts of
    /// that stretch are kept while the command is on its way.
    pub(super) fn acknowledged(&self) -> u64 {
        let requiring = self.outbox.iter().filter(|pending| pending.is_waiting() && !pending.entry.requires.is_empty());
        let first = requiring.filter_map(|pending| pending.entry.number).min();
        let kept = first.map_or(u64::MAX, |number| number.saturating_sub(IN_FLIGHT_COMMANDS_MAX as u64));
        self.identity.answered_up_to.min(kept)
    }
}
