//! Errands run (see [`Errand`](crate::errand::Errand)): what events here ask of other spaces, and what others ask here.
//!
//! ```text
//!   durable ●═════╪═══════════╪═══►  each event behind `upto` is looked at; what it asks is sent, and again until it has ended
//!                 done        upto   saved with each checkpoint: everything up to `done` has ended
//!   a new epoch ─► from the first record again
//! ```
//! What an export told was asked by the space that was exported, and may be under way there: here it counts as refused.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{SessionId, Space, SpaceOutput, Submission};
use crate::claims::Claims;
use crate::commit::{Commit, Head, Header};
use crate::context::Deciding;
use crate::decide::{Intent, Undecided, decide};
use crate::errand::{Ended, Reading, Sent, errand_replica};
use crate::id::{ActorId, CommandId, Id, SpaceId};
use crate::limits::{ERRAND_RETRY_FIRST_MS, ERRAND_RETRY_MAX_MS, ERRANDS_OPEN_MAX};
use crate::membership::Membership;
use crate::protocol::CommandEntry;
use crate::record::{Position, Seen};
use crate::storage::ReadError;
use crate::time::Timestamp;

/// The errands of a space, and those of others that it answers.
#[derive(Debug)]
pub(super) struct Errands {
    /// Up to here each event was looked at.
    upto: Seen,
    open: BTreeMap<Id, Open>,
    /// Errands of others, and the place that has to be durable before they are told.
    answers: VecDeque<(Position, SpaceId, Id)>,
}

/// An errand that has not ended.
#[derive(Debug)]
struct Open {
    /// Where the commit begins whose event it follows from.
    before: Position,
    record: Position,
    /// Whether another space asks for it, which this one was made from.
    is_of_export: bool,
    sent: Arc<Sent>,
    otherwise: Option<Intent>,
    /// When it is sent again.
    due: Timestamp,
    wait_ms: i64,
}

impl Errands {
    pub fn new(done: Seen) -> Self {
        Self { upto: done, open: BTreeMap::new(), answers: VecDeque::new() }
    }

    /// Up to here all have ended.
    pub fn done(&self) -> Seen {
        let open = self.open.values().map(|open| open.before).min();
        Seen { position: open.unwrap_or(self.upto.position), ..self.upto }
    }

    /// Whether something is asked or answered just now.
    pub fn are_open(&self) -> bool {
        !self.open.is_empty() || !self.answers.is_empty()
    }

    fn is_full(&self) -> bool {
        self.open.len() >= ERRANDS_OPEN_MAX
    }
}

impl Space {
    /// Whether it may still have to ask something of others, as it was saved: then it stays in memory.
    pub fn has_errands_left(&self) -> bool {
        let end = Seen { epoch: self.state.epoch, position: self.durable.position };
        !self.domain.errands().is_empty() && self.durable != Head::START && self.errands.done() != end
    }

    /// Looks at what is durable and was not looked at yet, a piece of the log at a time, and sends again what has not ended.
    pub(super) fn run_errands(&mut self, now: Timestamp) {
        if !self.runs_errands() {
            return;
        }
        if self.errands.upto.epoch != self.state.epoch {
            self.errands.upto = Seen { epoch: self.state.epoch, position: Position::START };
            self.errands.open.clear();
        }
        if self.is_behind_with_errands()
            && let Err(error) = self.look_into_log()
        {
            return self.fail(error);
        }
        let mut not_asked = Vec::new();
        // In the order of what asks for them: who sends several cards finds them in that order.
        let due = self.errands.open.iter().filter(|(_, open)| open.due <= now);
        let mut due: Vec<(Position, Id)> = due.map(|(key, open)| (open.record, *key)).collect();
        due.sort_unstable();
        for (_, key) in due {
            let Some(open) = self.errands.open.get_mut(&key) else { continue };
            open.due = now.plus_ms(open.wait_ms);
            open.wait_ms = (open.wait_ms * 2).min(ERRAND_RETRY_MAX_MS);
            if open.is_of_export {
                not_asked.push(key);
            } else {
                self.outputs.push_back(SpaceOutput::Errand(Arc::clone(&open.sent)));
            }
        }
        for key in not_asked {
            self.errand_ended(now, key, Ended::Refused);
        }
    }

    /// Whether it is this authority that asks; a space that was handed over is asked for elsewhere.
    fn runs_errands(&self) -> bool {
        !self.domain.errands().is_empty()
            && self.durable != Head::START
            && !self.is_in_recovery()
            && !self.is_handed_over()
    }

    fn is_handed_over(&self) -> bool {
        self.state.base_models().get::<Membership>(self.id().0).handed_over().is_some()
    }

    /// Whether the log holds what was not looked at.
    pub(super) fn is_behind_with_errands(&self) -> bool {
        let end = Seen { epoch: self.state.epoch, position: self.durable.position };
        self.runs_errands() && self.errands.upto != end && !self.errands.is_full()
    }

    pub(super) fn errands_due(&self) -> Option<Timestamp> {
        if !self.runs_errands() {
            return None;
        }
        if self.is_behind_with_errands() {
            return Some(Timestamp::default());
        }
        self.errands.open.values().map(|open| open.due).min()
    }

    fn look_into_log(&mut self) -> Result<(), ReadError> {
        let (after, upto) = (self.errands.upto.position, self.durable.position);
        for stored in self.reader.commits(after, upto, self.thresholds().read_bytes)? {
            self.look_for_errands(&stored.open()?)?;
            if self.errands.is_full() {
                break;
            }
        }
        Ok(())
    }

    /// What became durable is looked at at once, unless something before it is not.
    pub(super) fn look_at_published(&mut self, commit: &Commit) {
        let follows = self.errands.upto == Seen { epoch: self.state.epoch, position: commit.before() };
        if follows
            && self.runs_errands()
            && !self.errands.is_full()
            && let Err(error) = self.look_for_errands(commit)
        {
            self.fail(error);
        }
    }

    fn look_for_errands(&mut self, commit: &Commit) -> Result<(), ReadError> {
        let domain = Arc::clone(&self.domain);
        let members = self.state.base_models().get::<Membership>(self.id().0);
        for (record, index) in commit.records.iter().zip(0..).filter(|(record, _)| record.is_event()) {
            for kind in domain.errands() {
                let reading = Reading {
                    state: &self.state,
                    reader: self.reader.as_ref(),
                    is_retold: commit.header.epoch < self.state.epoch,
                    failure: RefCell::default(),
                };
                let Ok(asked) = catch_unwind(AssertUnwindSafe(|| (kind.ask)(record, &reading))) else {
                    self.outputs.push_back(SpaceOutput::PolicyFailed { policy: kind.name, record: record.number });
                    continue;
                };
                if let Some(failure) = reading.failure.into_inner() {
                    return Err(failure);
                }
                for (errand, place) in asked.into_iter().zip(0_u64..) {
                    let id = record.id(index);
                    let key = Id::derived("errand", &[kind.name.as_bytes(), id.bytes(), &place.to_be_bytes()]);
                    let sent = Sent { key, from: self.id(), to: errand.to, commands: errand.commands };
                    let open = Open {
                        before: commit.before(),
                        record: record.number,
                        is_of_export: members.is_of_export(record.number),
                        sent: Arc::new(sent),
                        otherwise: errand.otherwise,
                        due: Timestamp::default(),
                        wait_ms: ERRAND_RETRY_FIRST_MS,
                    };
                    self.errands.open.insert(key, open);
                }
            }
        }
        self.errands.upto.position = commit.head().position;
        Ok(())
    }

    /// Another space asks for something.
    pub(super) fn take_errand(&mut self, now: Timestamp, sent: &Sent) {
        let (to, key) = (sent.from, sent.key);
        if sent.commands.is_empty() || self.state.head == Head::START || self.is_handed_over() {
            return self.outputs.push_back(SpaceOutput::ErrandEnded { to, key, ended: Ended::Refused });
        }
        if !self.may_decide() || !self.has_room() {
            // It is asked again.
            return;
        }
        for (intent, place) in sent.commands.iter().zip(0..) {
            match self.decide_errand(now, sent.from, sent.command(place), intent) {
                Ok(()) => {}
                Err(Undecided::Unreadable(error)) => return self.fail(error),
                Err(Undecided::UnknownCommand | Undecided::Refused(_)) => {
                    return self.outputs.push_back(SpaceOutput::ErrandEnded { to, key, ended: Ended::Refused });
                }
            }
        }
        self.errands.answers.push_back((self.state.head.position, to, key));
        self.answer_errands();
    }

    /// Tells those whose commands are durable.
    pub(super) fn answer_errands(&mut self) {
        while let Some((_, to, key)) = self.errands.answers.pop_front_if(|(at, ..)| *at <= self.durable.position) {
            self.outputs.push_back(SpaceOutput::ErrandEnded { to, key, ended: Ended::Done });
        }
    }

    /// An errand of this space has ended.
    pub(super) fn errand_ended(&mut self, now: Timestamp, key: Id, ended: Ended) {
        if !self.runs_errands() || (ended == Ended::Refused && !self.has_room()) {
            return;
        }
        let Some(open) = self.errands.open.remove(&key) else { return };
        let Some(otherwise) = open.otherwise.filter(|_| ended == Ended::Refused) else { return };
        let command = CommandId::derived("errand refused", &[key.bytes()]);
        match self.decide_errand(now, open.sent.to, command, &otherwise) {
            Ok(()) => {}
            Err(Undecided::Unreadable(error)) => self.fail(error),
            Err(Undecided::UnknownCommand | Undecided::Refused(_)) => {
                self.outputs.push_back(SpaceOutput::PolicyFailed { policy: "errand", record: open.record });
            }
        }
    }

    /// Decides one command of an errand. What brings about nothing leaves no record: it is asked again after each restore.
    fn decide_errand(
        &mut self,
        now: Timestamp,
        other: SpaceId,
        command: CommandId,
        intent: &Intent,
    ) -> Result<(), Undecided> {
        self.take_out_what_is_gone(now);
        let last = self.state.replicas.last_number(errand_replica());
        let seen = Seen { epoch: self.state.epoch, position: self.state.head.position };
        let entry = CommandEntry {
            number: last + 1,
            command,
            stream: intent.stream.clone(),
            name: intent.name.clone(),
            payload: Arc::clone(&intent.payload),
            claims: Claims::default(),
            requires: Vec::new(),
            seen,
            follows: None,
        };
        let submission = Submission {
            session: SessionId(0),
            actor: ActorId::default(),
            replica: errand_replica(),
            parent: None,
            is_of_newer: false,
            answered_up_to: last,
            commands: Vec::new(),
        };
        let header = Header { errand: Some(other), ..self.header(now, &submission, &entry) };
        let deciding = Deciding {
            space: header.space,
            command: header.command,
            actor: header.actor,
            replica: header.replica,
            now: header.time,
            claims: header.claims,
            is_authority: true,
            is_of_policy: true,
            errand: Some(other),
            may_be_newer: false,
            name: None,
        };
        let decision = decide(&mut self.state, &deciding, intent, header.origin(), header.first)?;
        if decision.events.is_empty() {
            self.state.layers.pop();
            return Ok(());
        }
        self.commit_accepted(header, seen.position, intent, decision).map_err(|refused| {
            self.state.layers.pop();
            Undecided::Refused(refused)
        })
    }
}
