//! The last command of each replica, and the verdicts that it may still ask for: a fold of the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::id::{ActorId, CommandId, ReplicaId};
use crate::limits::IN_FLIGHT_COMMANDS_MAX;
use crate::planted::{Bug, is_planted};
use crate::record::Position;

/// What was decided about one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub command: CommandId,
    pub is_accepted: bool,
    /// The end of the commit that holds the events or the response.
    pub at: Position,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplicaEntry {
    pub actor: ActorId,
    pub last_number: u64,
    pub last_command: CommandId,
    /// The event that was answered last, where this is a policy.
    pub trigger: Position,
    /// The numbers above the replica's `answered_up_to`; and refusals as far below it as something may be on its way that requires them: that was
    /// sent before its device had heard of them, or a copy of the device has heard, which knows nothing of it.
    pub verdicts: BTreeMap<u64, Verdict>,
}

impl ReplicaEntry {
    /// Where its last command was decided: of that the verdict is always there.
    fn last_at(&self) -> Position {
        self.verdicts.values().next_back().map_or(Position::START, |last| last.at)
    }

    pub fn has_decided(&self, command: CommandId) -> bool {
        self.verdicts.values().any(|verdict| verdict.command == command)
    }

    fn let_go_up_to(&mut self, heard: u64) {
        let above = self.verdicts.split_off(&heard.saturating_add(1));
        let below = std::mem::replace(&mut self.verdicts, above);
        let window = if is_planted(Bug::ForgetRequired) { 0 } else { IN_FLIGHT_COMMANDS_MAX as u64 };
        let may_be_required = |number: u64| number + window > heard;
        let refused = below.into_iter().filter(|(number, verdict)| !verdict.is_accepted && may_be_required(*number));
        self.verdicts.extend(refused);
    }
}

/// All replicas that ever sent a command to the space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplicaTable {
    entries: BTreeMap<ReplicaId, ReplicaEntry>,
    /// The identities of each person, on all their devices, by where the last command of each was decided.
    of_actor: BTreeMap<ActorId, BTreeMap<Position, ReplicaId>>,
}

impl ReplicaTable {
    pub fn get(&self, replica: ReplicaId) -> Option<&ReplicaEntry> {
        self.entries.get(&replica)
    }

    pub fn last_number(&self, replica: ReplicaId) -> u64 {
        self.get(replica).map_or(0, |entry| entry.last_number)
    }

    pub fn insert(&mut self, replica: ReplicaId, entry: ReplicaEntry) {
        self.of_actor.entry(entry.actor).or_default().insert(entry.last_at(), replica);
        self.entries.insert(replica, entry);
    }

    /// Plays a commit.
    pub fn play(&mut self, commit: &Commit) {
        let header = &commit.header;
        let at = commit.head().position;
        let entry = self.entries.entry(header.replica).or_insert_with(|| ReplicaEntry {
            actor: header.actor,
            last_number: 0,
            last_command: header.command,
            trigger: Position::START,
            verdicts: BTreeMap::new(),
        });
        let of_actor = self.of_actor.entry(entry.actor).or_default();
        of_actor.remove(&entry.last_at());
        of_actor.insert(at, header.replica);
        entry.last_number = header.number;
        entry.last_command = header.command;
        entry.trigger = header.trigger.unwrap_or(entry.trigger);
        entry.let_go_up_to(header.answered_up_to);
        let verdict = Verdict { command: header.command, is_accepted: !commit.is_refusal(), at };
        entry.verdicts.insert(header.number, verdict);
    }

    /// The other identities of a person for which anything was decided behind a place: it may be what another copy of the same device has
    /// sent. Who descends from whom does not tell that: a restored log has lost it.
    pub fn others_since(
        &self,
        behind: Position,
        replica: ReplicaId,
        actor: ActorId,
    ) -> impl Iterator<Item = &ReplicaEntry> {
        let since = self.of_actor.get(&actor).into_iter().flat_map(move |of| of.range(behind.plus(1)..));
        since.filter(move |(_, other)| **other != replica).filter_map(|(_, other)| self.get(*other))
    }

    /// The first of these commands that was refused to their author, under whichever identity.
    pub fn refused_among(&self, actor: ActorId, commands: &[CommandId]) -> Option<CommandId> {
        if commands.is_empty() {
            return None;
        }
        let identities = self.of_actor.get(&actor).into_iter().flat_map(BTreeMap::values);
        let mut verdicts = identities.filter_map(|of| self.get(*of)).flat_map(|entry| entry.verdicts.values());
        let refused = verdicts.find(|verdict| !verdict.is_accepted && commands.contains(&verdict.command));
        refused.map(|verdict| verdict.command)
    }
}
