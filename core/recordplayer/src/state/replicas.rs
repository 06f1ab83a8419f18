//! The last command of each replica, and the verdicts that it may still ask for: a fold of the log.

use std::collections::{BTreeMap, BTreeSet};

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
    pub parent: Option<ReplicaId>,
    /// Whether others were cloned or restored from it.
    pub has_children: bool,
    /// The numbers above the replica's `answered_up_to`; and refusals as far below it as something may be on its way that requires them: of that a
    /// copy of the device knows nothing which says that it has heard them.
    pub verdicts: BTreeMap<u64, Verdict>,
}

impl ReplicaEntry {
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
pub(crate) struct ReplicaTable(pub BTreeMap<ReplicaId, ReplicaEntry>);

impl ReplicaTable {
    pub fn get(&self, replica: ReplicaId) -> Option<&ReplicaEntry> {
        self.0.get(&replica)
    }

    pub fn last_number(&self, replica: ReplicaId) -> u64 {
        self.get(replica).map_or(0, |entry| entry.last_number)
    }

    /// Plays a commit, and names whom it changed.
    pub fn play(&mut self, commit: &Commit, changed: &mut BTreeSet<ReplicaId>) {
        let header = &commit.header;
        // Children may be known before: a restored log has lost what it knew of their parent.
        let has_children = !self.0.contains_key(&header.replica) && self.has_child_of(header.replica, header.actor);
        let entry = self.0.entry(header.replica).or_insert_with(|| ReplicaEntry {
            actor: header.actor,
            last_number: 0,
            last_command: header.command,
            trigger: Position::START,
            parent: header.parent,
            has_children,
            verdicts: BTreeMap::new(),
        });
        entry.last_number = header.number;
        entry.last_command = header.command;
        entry.trigger = header.trigger.unwrap_or(entry.trigger);
        entry.let_go_up_to(header.answered_up_to);
        let verdict =
            Verdict { command: header.command, is_accepted: !commit.is_refusal(), at: commit.head().position };
        entry.verdicts.insert(header.number, verdict);
        changed.insert(header.replica);
        if let Some((id, parent)) = header.parent.and_then(|id| Some((id, self.0.get_mut(&id)?)))
            && parent.actor == header.actor
            && !parent.has_children
        {
            parent.has_children = true;
            changed.insert(id);
        }
    }

    /// Whether there may be other identities of the same device.
    pub fn may_have_relatives(&self, replica: ReplicaId, parent: Option<ReplicaId>, actor: ActorId) -> bool {
        let Some(own) = self.get(replica) else { return parent.is_some() || self.has_child_of(replica, actor) };
        own.parent.is_some() || own.has_children
    }

    fn has_child_of(&self, replica: ReplicaId, actor: ActorId) -> bool {
        self.0.values().any(|entry| entry.parent == Some(replica) && entry.actor == actor)
    }

    /// Whether a command was decided under another identity of the same device. A late frame of an old session must not have it decided again.
    pub fn was_decided_in_family(
        &self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        actor: ActorId,
        command: CommandId,
    ) -> bool {
        let mut verdicts = self.family(replica, parent, actor).flat_map(|entry| entry.verdicts.values());
        verdicts.any(|verdict| verdict.command == command)
    }

    /// The first of these commands that was refused, under whichever identity of the device.
    pub fn refused_among(
        &self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        actor: ActorId,
        commands: &[CommandId],
    ) -> Option<CommandId> {
        if commands.is_empty() {
            return None;
        }
        let entries = self.get(replica).into_iter().chain(self.family(replica, parent, actor));
        let mut verdicts = entries.flat_map(|entry| entry.verdicts.values());
        let refused = verdicts.find(|verdict| !verdict.is_accepted && commands.contains(&verdict.command));
        refused.map(|verdict| verdict.command)
    }

    /// The other identities of the same device: those that it was cloned or restored from, and those that were cloned or restored from it. A
    /// device is one person's: who names another one's replica as the parent is none of that family.
    fn family(
        &self,
        replica: ReplicaId,
        parent: Option<ReplicaId>,
        actor: ActorId,
    ) -> impl Iterator<Item = &ReplicaEntry> {
        let own = self.get(replica);
        let of_actor = move |replica| self.get(replica).filter(|entry| entry.actor == actor);
        let next = move |entry: &&ReplicaEntry| entry.parent.and_then(of_actor);
        let parent = own.map_or(parent, |entry| entry.parent).and_then(of_actor);
        // A chain cannot be longer than there are replicas, even where somebody claims a circle.
        let ancestors = std::iter::successors(parent, next).take(self.0.len());
        // A log that was restored to before the first command of a replica may hold its children all the same.
        let has_children = own.is_none_or(|entry| entry.has_children);
        let others = has_children.then(|| self.0.values()).into_iter().flatten();
        ancestors.chain(others.filter(move |entry| entry.parent == Some(replica) && entry.actor == actor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claims;
    use crate::commit::{Draft, Header};
    use crate::hash::Hash;
    use crate::id::{Id, SpaceId};
    use crate::name::Name;
    use crate::record::{RecordKind, StreamId};
    use crate::time::Timestamp;

    const SPACE: SpaceId = SpaceId(Id([1; 16]));
    const ACTOR: ActorId = ActorId(Id([2; 16]));

    fn replica(number: u8) -> ReplicaId {
        ReplicaId(Id([number; 16]))
    }

    /// The first command of a replica.
    fn first_of(number: u8, parent: Option<u8>) -> Commit {
        let header = Header {
            space: SPACE,
            epoch: 1,
            first: Position(1),
            time: Timestamp(0),
            actor: ACTOR,
            replica: replica(number),
            number: 1,
            command: CommandId(Id([number; 16])),
            answered_up_to: 0,
            claims: Claims::default(),
            parent: parent.map(replica),
            requires: Vec::new(),
            domain_version: 1,
            over: Vec::new(),
            trigger: None,
        };
        let stream = StreamId { kind: Name::of("thing"), id: Id([3; 16]) };
        let payload = [0xa0].into();
        let draft = Draft { kind: RecordKind::Command, stream, name: Name::of("thing.do"), payload };
        Commit::new(header, vec![draft], &Hash::ZERO, |_| [0; 16]).unwrap()
    }

    fn table(commits: &[(u8, Option<u8>)]) -> ReplicaTable {
        let mut table = ReplicaTable::default();
        for (number, parent) in commits {
            table.play(&first_of(*number, *parent), &mut BTreeSet::new());
        }
        table
    }

    /// Only who may have any is looked for among the others: mostly nobody.
    #[test]
    fn relatives_are_parents_and_children_also_where_the_parent_comes_last() {
        for order in [[(1, None), (2, Some(1)), (3, None)], [(2, Some(1)), (3, None), (1, None)]] {
            let table = table(&order);
            let may_have =
                |number, parent: Option<u8>| table.may_have_relatives(replica(number), parent.map(replica), ACTOR);
            assert!(may_have(1, None) && may_have(2, Some(1)) && may_have(2, None), "{order:?}");
            assert!(!may_have(3, None), "{order:?}");
            assert!(may_have(4, Some(3)) && !may_have(4, None), "one that the table does not know: {order:?}");
        }
        let of_a_lost_parent = table(&[(2, Some(1))]);
        assert!(of_a_lost_parent.may_have_relatives(replica(1), None, ACTOR));
        assert!(!of_a_lost_parent.may_have_relatives(replica(3), None, ACTOR));
    }
}
