//! The last command of each replica, and the verdicts that it may still ask for: a fold of the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::id::{ActorId, CommandId, ReplicaId};
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
    pub parent: Option<ReplicaId>,
    /// Whether others were cloned or restored from it.
    pub has_children: bool,
    /// The numbers above the replica's `answered_up_to`.
    pub verdicts: BTreeMap<u64, Verdict>,
}

/// All replicas that ever sent a command to the space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ReplicaTable(pub BTreeMap<ReplicaId, ReplicaEntry>);

impl ReplicaTable {
    pub fn get(&self, replica: ReplicaId) -> Option<&ReplicaEntry> {
        self.0.get(&replica)
    }

    pub fn last_number(&self, replica: ReplicaId) -> u64 {
        self.get(replica).map_or(0, |entry| entry.last_number)
    }

    pub fn play(&mut self, commit: &Commit) {
        let header = &commit.header;
        let entry = self.0.entry(header.replica).or_insert_with(|| ReplicaEntry {
            actor: header.actor,
            last_number: 0,
            last_command: header.command,
            parent: header.parent,
            has_children: false,
            verdicts: BTreeMap::new(),
        });
        entry.last_number = header.number;
        entry.last_command = header.command;
        entry.verdicts = entry.verdicts.split_off(&header.answered_up_to.saturating_add(1));
        let verdict =
            Verdict { command: header.command, is_accepted: !commit.is_refusal(), at: commit.head().position };
        entry.verdicts.insert(header.number, verdict);
        let parent = header.parent.and_then(|parent| self.0.get_mut(&parent));
        if let Some(parent) = parent {
            parent.has_children = true;
        }
    }

    /// Whether a command was decided under another identity of the same device: one that it was cloned or restored from, or one that was
    /// cloned or restored from it. A late frame of an old session must not have it decided again.
    pub fn was_decided_in_family(&self, replica: ReplicaId, parent: Option<ReplicaId>, command: CommandId) -> bool {
        let own = self.get(replica);
        let decided = |entry: &ReplicaEntry| entry.verdicts.values().any(|verdict| verdict.command == command);
        let mut parent = own.map_or(parent, |entry| entry.parent);
        // A chain cannot be longer than there are replicas, even where somebody claims a circle.
        for _ in 0..self.0.len() {
            let Some(entry) = parent.and_then(|parent| self.get(parent)) else { break };
            if decided(entry) {
                return true;
            }
            parent = entry.parent;
        }
        own.is_some_and(|entry| entry.has_children)
            && self.0.values().any(|entry| entry.parent == Some(replica) && decided(entry))
    }
}
