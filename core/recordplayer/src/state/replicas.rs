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
            verdicts: BTreeMap::new(),
        });
        entry.last_number = header.number;
        entry.last_command = header.command;
        entry.verdicts = entry.verdicts.split_off(&header.answered_up_to.saturating_add(1));
        let verdict =
            Verdict { command: header.command, is_accepted: !commit.is_refusal(), at: commit.head().position };
        entry.verdicts.insert(header.number, verdict);
    }
}
