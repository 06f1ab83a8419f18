//! Several spaces under one authority, in memory: what they ask of each other is delayed and lost, they crash, and older copies of them come back.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use crate::claims::Claims;
use crate::decide::Intent;
use crate::domain::Domain;
use crate::entity::Entity;
use crate::errand::Ended;
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::membership::{Membership, MembershipCommand};
use crate::models::Models;
use crate::protocol::{AnswerCode, CommandEntry, ServerFrame};
use crate::record::{Position, Seen, StreamId};
use crate::space::{AllFree, Ending, Opening, Recovery, SessionId, Space, SpaceInput, SpaceOutput, Submission};
use crate::storage::memory::MemoryStore;
use crate::storage::{SpaceReader, Store, Write};
use crate::time::Timestamp;

/// What happens next to one of the spaces.
#[derive(Debug)]
enum Next {
    Write(Write),
    News(SpaceInput),
}

/// Things that happen until nobody waits for another one. What takes longer goes on for ever.
const STEPS_MAX: u32 = 20_000;

/// The spaces, and what is on its way to them.
pub struct Spaces {
    domain: Arc<Domain>,
    stores: BTreeMap<SpaceId, MemoryStore>,
    machines: BTreeMap<SpaceId, Space>,
    on_their_way: BTreeMap<SpaceId, VecDeque<Next>>,
    recovery: Option<Recovery>,
    now: Timestamp,
    commands: u64,
    answers: BTreeMap<ReplicaId, AnswerCode>,
}

/// All spaces, as their disks were at some time.
pub struct Backup(BTreeMap<SpaceId, MemoryStore>);

impl Spaces {
    pub fn new(domain: Arc<Domain>) -> Self {
        Self {
            domain,
            stores: BTreeMap::new(),
            machines: BTreeMap::new(),
            on_their_way: BTreeMap::new(),
            recovery: None,
            now: Timestamp(1_700_000_000_000),
            commands: 0,
            answers: BTreeMap::new(),
        }
    }

    /// A new space of somebody.
    pub fn found(&mut self, space: SpaceId, founder: ActorId) {
        self.stores.insert(space, MemoryStore::new());
        self.open(space);
        let found = MembershipCommand::Found { title: "a space".to_owned() };
        self.submit_intent(space, founder, Intent::of::<Membership>(space.0, &found).expect("a command is a record"));
        self.settle();
    }

    fn open(&mut self, space: SpaceId) {
        let opening = Opening {
            salt_key: [0; 32],
            seal_key: None,
            recovery: self.recovery,
            effects: None,
            names: Arc::new(AllFree),
            after: Ending::InOrder,
        };
        let reader = self.stores[&space].reader(space);
        let machine = Space::open(Arc::clone(&self.domain), space, reader, opening).expect("memory can be read");
        self.machines.insert(space, machine);
        self.on_their_way.insert(space, VecDeque::new());
    }

    /// Somebody sends a command; answers with the replica of which it is the first.
    pub fn submit<E: Entity>(&mut self, space: SpaceId, actor: ActorId, id: Id, command: &E::Command) -> ReplicaId {
        self.submit_intent(space, actor, Intent::of::<E>(id, command).expect("a command is a record"))
    }

    /// The replica that sends the next command: what a text's change is made by.
    pub fn next_replica(&self) -> ReplicaId {
        ReplicaId::derived("a device", &[&(self.commands + 1).to_be_bytes()])
    }

    fn submit_intent(&mut self, space: SpaceId, actor: ActorId, intent: Intent) -> ReplicaId {
        let replica = self.next_replica();
        self.commands += 1;
        let entry = CommandEntry {
            number: 1,
            command: CommandId::derived("a command", &[&self.commands.to_be_bytes()]),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            claims: Claims::default(),
            requires: Vec::new(),
            seen: Seen::default(),
            follows: None,
        };
        let submission = Submission {
            session: SessionId(1),
            actor,
            replica,
            parent: None,
            is_of_newer: false,
            answered_up_to: 0,
            commands: vec![entry],
        };
        self.tell(space, SpaceInput::Submit(submission));
        replica
    }

    /// What the command of this replica came to, as far as it was told.
    pub fn answer_to(&self, replica: ReplicaId) -> Option<AnswerCode> {
        self.answers.get(&replica).copied()
    }

    fn tell(&mut self, space: SpaceId, input: SpaceInput) {
        let Some(machine) = self.machines.get_mut(&space) else { return };
        machine.handle(self.now, input);
        while let Some(output) = machine.poll_output() {
            let (to, next) = match output {
                SpaceOutput::Append(_) | SpaceOutput::Checkpoint(_) => {
                    (space, Next::Write(output.into_write().expect("an append or a checkpoint is a write")))
                }
                SpaceOutput::Errand(sent) if self.stores.contains_key(&sent.to) => {
                    (sent.to, Next::News(SpaceInput::Errand(sent)))
                }
                SpaceOutput::Errand(sent) => {
                    (space, Next::News(SpaceInput::ErrandEnded { key: sent.key, ended: Ended::Refused }))
                }
                SpaceOutput::ErrandEnded { to, key, ended } => (to, Next::News(SpaceInput::ErrandEnded { key, ended })),
                SpaceOutput::Send { frame: ServerFrame::Answer { replica, code, .. }, .. } => {
                    self.answers.insert(replica, code);
                    continue;
                }
                SpaceOutput::PolicyFailed { policy, record } => panic!("{policy} fails over record {record}"),
                SpaceOutput::Failed(error) => panic!("{space} fails: {error}"),
                _ => continue,
            };
            self.on_their_way.entry(to).or_default().push_back(next);
        }
    }

    /// The next thing happens to one of the spaces for which something is on its way; false where there is none.
    pub fn step(&mut self, choice: usize) -> bool {
        let busy: Vec<SpaceId> =
            self.on_their_way.iter().filter(|(_, next)| !next.is_empty()).map(|(space, _)| *space).collect();
        if busy.is_empty() {
            return false;
        }
        let space = busy[choice % busy.len()];
        let input = match self.on_their_way.get_mut(&space).and_then(VecDeque::pop_front).expect("it is busy") {
            Next::News(input) => input,
            Next::Write(write) => {
                let answer =
                    if matches!(write, Write::Append(_)) { SpaceInput::Appended } else { SpaceInput::Checkpointed };
                let written =
                    self.stores.get_mut(&space).expect("an open space has a disk").write(vec![write]).remove(0);
                answer(written)
            }
        };
        self.tell(space, input);
        true
    }

    /// Time passes for all of them, and everything arrives, until nobody waits for another one.
    pub fn settle(&mut self) {
        let mut steps = 0;
        while steps < STEPS_MAX {
            while steps < STEPS_MAX && self.step(0) {
                steps += 1;
            }
            steps += 1;
            let due = self.machines.values().filter(|machine| !machine.is_idle()).filter_map(Space::wake_at).min();
            let Some(due) = due else { return };
            self.pass_to(due);
        }
        panic!("they ask each other for ever: {self:?}");
    }

    /// Time passes for all of them.
    pub fn pass_ms(&mut self, ms: i64) {
        self.pass_to(self.now.plus_ms(ms));
    }

    fn pass_to(&mut self, time: Timestamp) {
        self.now = self.now.max(time);
        for space in self.machines.keys().copied().collect::<Vec<_>>() {
            self.tell(space, SpaceInput::Wakeup);
        }
    }

    /// One of them saves its state.
    pub fn save(&mut self, space: SpaceId) {
        self.tell(space, SpaceInput::Evict);
    }

    /// The machine of a space loses its memory, and what was on its way to it.
    pub fn crash(&mut self, space: SpaceId) {
        self.open(space);
        self.tell(space, SpaceInput::Wakeup);
    }

    pub fn backup(&self) -> Backup {
        Backup(self.stores.iter().map(|(space, store)| (*space, store.copy())).collect())
    }

    /// The disks of these spaces are as they were, and all go on in a new epoch.
    pub fn restore(&mut self, backup: &Backup, comes_back: impl Fn(SpaceId) -> bool) {
        for (space, store) in backup.0.iter().filter(|(space, _)| comes_back(**space)) {
            self.stores.insert(*space, store.copy());
        }
        let last_epoch = self.recovery.map_or(0, |recovery| recovery.epoch);
        let id = Id::derived("a restore", &[&last_epoch.to_be_bytes()]);
        self.recovery = Some(Recovery::begin(id, self.now, 0, last_epoch));
        for space in self.stores.keys().copied().collect::<Vec<_>>() {
            self.crash(space);
        }
    }

    /// How much is on its way to a space.
    pub fn waiting_for(&self, space: SpaceId) -> usize {
        self.on_their_way.get(&space).map_or(0, VecDeque::len)
    }

    /// A space as it is decided.
    pub fn read<R>(&self, space: SpaceId, read: impl FnOnce(&Models<'_>) -> R) -> R {
        read(&self.machines[&space].state.base_models())
    }

    /// The disk of a space.
    pub fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        self.stores[&space].reader(space)
    }

    /// What the log of a space says of an entity, for whoever looks for a mistake.
    pub fn story<E: Entity>(&self, space: SpaceId, id: Id) -> Vec<String> {
        let stream = StreamId::of::<E>(id);
        let reader = self.stores[&space].reader(space);
        let end = reader.head().expect("memory can be read").position;
        let stored = reader.commits(Position::START, end, usize::MAX).expect("memory can be read");
        let commits = stored.iter().map(|stored| stored.open().expect("a log holds commits"));
        let told = commits.flat_map(|commit| {
            let epoch = commit.header.epoch;
            let records = commit.records.into_iter().filter(|record| record.is_event() && record.stream == stream);
            records
                .map(move |record| format!("{} in epoch {epoch}: {:?}", record.number, record.event::<E>()))
                .collect::<Vec<_>>()
        });
        told.collect()
    }

    /// How many records the log of a space has.
    pub fn records(&self, space: SpaceId) -> u64 {
        self.machines[&space].durable().position.0
    }

    pub fn ids(&self) -> Vec<SpaceId> {
        self.stores.keys().copied().collect()
    }
}

impl fmt::Debug for Spaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.machines).finish()
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backup({} spaces)", self.0.len())
    }
}
