//! A space told again: from the records of an export a new space begins that goes on where the exported one was.
//!
//! ```text
//!  an export ─► commit by commit: the same records, of the new space ─► chained anew, every event plays ─► behind them: space.continued
//! ```
//! The records keep their numbers, times, actors and commands, so history, playback and reports are what they were. Whoever brings the export
//! manages the new space, alone: who was a member of the other one is a member of that, and is let in here like anybody else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::claims::Claims;
use crate::commit::{Commit, CommitError, Draft, Head, Header, ToldRecord, salt};
use crate::context::{Deciding, draft};
use crate::decide::{Intent, Undecided, decide};
use crate::domain::Domain;
use crate::id::{ActorId, CommandId, ReplicaId, SpaceId};
use crate::membership::{Membership, MembershipCommand, MembershipEvent};
use crate::models::Models;
use crate::name::Name;
use crate::record::{Payload, Position, Record, RecordKind};
use crate::state::{PlayError, SpaceState};
use crate::storage::Append;
use crate::time::Timestamp;

/// The only epoch of a space that is told again: only servers begin others.
const EPOCH: u32 = 1;

/// A commit as an export tells it.
#[derive(Clone, Debug)]
pub struct Told {
    pub header: Header,
    pub records: Vec<ToldRecord>,
}

/// Why an export makes no space.
#[derive(Debug, thiserror::Error)]
pub enum RetellingError {
    #[error("there is nothing in it")]
    Empty,
    #[error("it does not begin with the founding of a project")]
    NotFounded,
    #[error("it is of what is one person's alone")]
    Personal,
    #[error("record {expected} is missing: {found} comes in its place")]
    Gap { expected: u64, found: u64 },
    #[error("the records are of several projects")]
    Mixed,
    #[error("it keeps too many verdicts that nobody needs")]
    TooManyVerdicts,
    #[error("an event of it makes this version fail")]
    Poison,
    #[error("record {record} ({name}) is nothing that this version knows; the file is damaged, or of a newer version")]
    Unknown { record: Position, name: Name },
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// A space on its way.
pub struct Retelling {
    state: SpaceState,
    from: Option<SpaceId>,
    salt_key: [u8; 32],
    commits: Vec<Arc<Commit>>,
    /// How many of them the export has told.
    told: usize,
    /// Who brings it, once all is told.
    actor: ActorId,
}

impl Retelling {
    /// Begins the new space. `salt_key` is a secret, drawn at random.
    pub fn new(domain: Arc<Domain>, space: SpaceId, salt_key: [u8; 32]) -> Self {
        let state = SpaceState::empty(domain, space, EPOCH);
        Self { state, from: None, salt_key, commits: Vec::new(), told: 0, actor: ActorId::default() }
    }

    /// The next commit of the export.
    pub fn tell(&mut self, told: Told) -> Result<(), RetellingError> {
        let Told { mut header, mut records } = told;
        let from = *self.from.get_or_insert(header.space);
        if header.space != from {
            return Err(RetellingError::Mixed);
        }
        let expected = self.state.head.position.plus(1);
        if header.first != expected {
            return Err(RetellingError::Gap { expected: expected.0, found: header.first.0 });
        }
        if header.number.saturating_sub(header.answered_up_to) > self.state.domain.thresholds().verdicts_max {
            return Err(RetellingError::TooManyVerdicts);
        }
        let space = self.state.space;
        (header.space, header.epoch) = (space, EPOCH);
        for record in &mut records {
            if record.stream.id == from.0 {
                record.stream.id = space.0;
            }
        }
        self.play(header, records)
    }

    fn play(&mut self, header: Header, records: Vec<ToldRecord>) -> Result<(), RetellingError> {
        let (salt_key, command) = (self.salt_key, header.command);
        let salt = |index: usize| salt(&salt_key, command, index);
        let commit = Commit::retold(header, records, &self.state.head.hash, salt)?;
        let knows = |record: &&Record| {
            let kind = self.state.domain.entity_type(&record.stream.kind);
            record.payload == Payload::Erased || kind.is_some_and(|kind| (kind.knows)(record))
        };
        if let Some(unknown) = commit.events().find(|record| !knows(record)) {
            return Err(RetellingError::Unknown { record: unknown.number, name: unknown.name.clone() });
        }
        // Whatever `play` does with what somebody brings costs them the export and nothing else.
        let played = catch_unwind(AssertUnwindSafe(|| self.state.play(&commit)));
        played.map_err(|_| RetellingError::Poison)??;
        self.commits.push(Arc::new(commit));
        Ok(())
    }

    /// The title that the space has by now.
    pub fn title(&self) -> String {
        self.members().title().to_owned()
    }

    fn members(&self) -> Arc<Membership> {
        self.state.base_models().get::<Membership>(self.state.space.0)
    }

    /// All was told: from here on the space goes on, and `actor` manages it.
    pub fn goes_on(&mut self, now: Timestamp, actor: ActorId) -> Result<(), RetellingError> {
        let Some(first) = self.commits.first() else { return Err(RetellingError::Empty) };
        let (founder, from) = (first.header.actor, self.from.unwrap_or_default());
        if !self.members().is_founded() {
            return Err(RetellingError::NotFounded);
        }
        if from == SpaceId::personal(founder) {
            return Err(RetellingError::Personal);
        }
        self.told = self.commits.len();
        self.actor = actor;
        let role = self.state.domain.role_names()[0].to_owned();
        let (command, event) =
            (MembershipCommand::Continue { from }, MembershipEvent::Continued { from, by: actor, role });
        let malformed = |error: &dyn std::fmt::Display| CommitError::Damaged(error.to_string());
        let intent = Intent::of::<Membership>(self.state.space.0, &command).map_err(|error| malformed(&error))?;
        let event = draft::<Membership>(intent.stream.clone(), RecordKind::Event, &event);
        let event = event.map_err(|error| malformed(&error))?;
        let header = self.own_header(now, Claims::default());
        self.play(header, [intent.draft(), event].into_iter().map(ToldRecord::from).collect())
    }

    /// One command of whoever brings the export, behind [`Self::goes_on`]: what the new space is called, say. It stands in the log with all the rest,
    /// or nothing does.
    pub fn say(&mut self, now: Timestamp, claims: Claims, intent: &Intent) -> Result<(), RetellingError> {
        let header = self.own_header(now, claims);
        let deciding = Deciding {
            space: header.space,
            command: header.command,
            actor: header.actor,
            replica: header.replica,
            now: header.time,
            claims,
            is_authority: true,
            is_of_policy: false,
            errand: None,
            may_be_newer: false,
            name: None,
        };
        let decision = match decide(&mut self.state, &deciding, intent, header.origin(), header.first) {
            Ok(decision) => decision,
            Err(Undecided::Refused(refused)) => return Err(RetellingError::Refused(refused.message)),
            Err(Undecided::Unreadable(_) | Undecided::UnknownCommand) => return Err(RetellingError::Poison),
        };
        self.state.layers.pop();
        if decision.events.is_empty() {
            return Ok(());
        }
        self.play(header, [intent.draft()].into_iter().chain(decision.events).map(ToldRecord::from).collect())
    }

    fn own_header(&self, now: Timestamp, claims: Claims) -> Header {
        let space = self.state.space;
        let number = (self.commits.len() - self.told) as u64 + 1;
        Header {
            space,
            epoch: EPOCH,
            first: self.state.head.position.plus(1),
            time: now.max(self.state.time),
            actor: self.actor,
            replica: ReplicaId::derived("continuation", &[space.0.bytes()]),
            number,
            command: CommandId::derived("continuation", &[space.0.bytes(), &number.to_be_bytes()]),
            answered_up_to: number - 1,
            claims,
            parent: None,
            requires: Vec::new(),
            domain_version: self.state.domain.version(),
            over: Vec::new(),
            trigger: None,
            errand: None,
        }
    }

    /// The entities as they are by now.
    pub fn models(&self) -> Models<'_> {
        self.state.base_models()
    }

    /// The whole log of the new space.
    pub fn end(self) -> Append {
        let Self { state, commits, told, .. } = self;
        Append { adopted: told, ..Append::new(state.space, EPOCH, Head::START, commits) }
    }
}

impl From<&Commit> for Told {
    fn from(commit: &Commit) -> Self {
        let records = commit.records.iter().map(|record| ToldRecord {
            kind: record.kind,
            stream: record.stream.clone(),
            name: record.name.clone(),
            payload: record.payload.clone(),
        });
        Self { header: commit.header.clone(), records: records.collect() }
    }
}

impl From<Draft> for ToldRecord {
    fn from(draft: Draft) -> Self {
        let Draft { kind, stream, name, payload } = draft;
        Self { kind, stream, name, payload: Payload::Plain(payload) }
    }
}

impl std::fmt::Debug for Retelling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Retelling({}, {} commits)", self.state.space, self.commits.len())
    }
}
