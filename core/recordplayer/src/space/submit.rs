//! Commands come in: known? allowed? decide, commit.

use std::sync::Arc;

use super::publish::{Decided, Source};
use super::{SessionId, Space};
use crate::commit::{Commit, CommitError, Draft, Head, Header, salt};
use crate::context::Deciding;
use crate::decide::{Decision, Intent, Undecided, decide};
use crate::errand::errand_replica;
use crate::id::{ActorId, ReplicaId};
use crate::limits::REQUIRES_MAX;
use crate::membership::Membership;
use crate::models::ReadSet;
use crate::planted::{Bug, is_planted};
use crate::protocol::{AnswerCode, CommandEntry, ServerFrame};
use crate::record::Position;
use crate::refusal::{CoreRefusal, Refused};
use crate::response::Response;
use crate::state::Touched;
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// How long a client waits when the space is overloaded: a group commit takes a few milliseconds.
pub(super) const RETRY_AFTER_MS: u64 = 200;

/// How long a client waits while the space is being recovered: an admin looks on, and nothing is gained by asking often.
const RECOVERING_RETRY_MS: u64 = 5_000;

/// What is decided and not yet durable, in clients' worth of what may be in flight; beyond it, clients are asked to wait.
const UNDURABLE_COMMITS_CLIENTS: usize = 4;
const UNDURABLE_BYTES_CLIENTS: usize = 16;

/// Answers of policies to one commit, about.
const ANSWERS_OF_POLICIES: usize = 16;

/// Answers that wait for what is decided to become durable, in the same measure: one to each commit, and another where its sender has come
/// again over a new line.
const ANSWERS_CLIENTS: usize = 2 * UNDURABLE_COMMITS_CLIENTS;

/// Commands of one replica, as they came in one frame.
#[derive(Clone, Debug)]
pub struct Submission {
    pub session: SessionId,
    /// Who sends, as the gateway knows from the token.
    pub actor: ActorId,
    pub replica: ReplicaId,
    pub parent: Option<ReplicaId>,
    /// Whether the device runs a newer version of the application than this one.
    pub is_of_newer: bool,
    pub answered_up_to: u64,
    pub commands: Vec<CommandEntry>,
}

impl Submission {
    /// One of its commands by itself.
    pub(super) fn alone(&self, entry: CommandEntry) -> Self {
        let Self { session, actor, replica, parent, is_of_newer, answered_up_to, commands: _ } = *self;
        Self { session, actor, replica, parent, is_of_newer, answered_up_to, commands: vec![entry] }
    }
}

/// What a number says about a command before it is decided.
enum Known {
    Next,
    Decided { code: AnswerCode, at: Position },
    Expect(u64),
    Conflict,
}

impl Space {
    /// Takes the commands in order, up to the first one that cannot be decided now.
    pub(super) fn submit(&mut self, now: Timestamp, submission: Submission) {
        if self.queue_carefully(&submission) {
            return;
        }
        for entry in &submission.commands {
            if !self.submit_one(now, &submission, entry) {
                break;
            }
        }
    }

    /// Whether the next command may follow.
    pub(super) fn submit_one(&mut self, now: Timestamp, submission: &Submission, entry: &CommandEntry) -> bool {
        let intent =
            Intent { stream: entry.stream.clone(), name: entry.name.clone(), payload: Arc::clone(&entry.payload) };
        if !self.may_send(submission.actor, &intent) {
            self.no_access(submission.session, submission.actor, false);
            return false;
        }
        match self.what_is_known(submission, entry) {
            Known::Next => {}
            // What was decided may be lost, and come in again.
            Known::Expect(_) | Known::Conflict if !self.may_decide() => {}
            // Who asks again and again while a disk stalls waits for no more answers than one who asks once.
            Known::Decided { at, .. } if at > self.durable.position && !self.has_room_for_answers() => {
                self.answer(submission, entry.number, AnswerCode::RetryAfter, RETRY_AFTER_MS);
                return false;
            }
            Known::Decided { code, at } => {
                self.answer_at(at, submission, entry.number, code);
                return true;
            }
            Known::Expect(next) => {
                self.answer(submission, entry.number, AnswerCode::Expect, next);
                return false;
            }
            Known::Conflict => {
                self.answer(submission, entry.number, AnswerCode::Conflict, 0);
                return false;
            }
        }
        if !self.may_decide() {
            self.answer(submission, entry.number, AnswerCode::RetryAfter, RECOVERING_RETRY_MS);
            return false;
        }
        // What has been given to a server is decided there, as soon as the copies know.
        if self.state.base_models().get::<Membership>(self.id().0).handed_over().is_some() {
            self.answer(submission, entry.number, AnswerCode::RetryAfter, RETRY_AFTER_MS);
            return false;
        }
        let has_too_many_verdicts =
            entry.number.saturating_sub(submission.answered_up_to) > self.thresholds().verdicts_max;
        if has_too_many_verdicts || !self.has_room() {
            self.answer(submission, entry.number, AnswerCode::RetryAfter, RETRY_AFTER_MS);
            return false;
        }
        match self.decide_one(now, submission, entry, &intent, None) {
            Ok(code) => {
                let at = self.state.head.position;
                self.answer_at(at, submission, entry.number, code);
                true
            }
            Err(Undecided::UnknownCommand) => {
                self.answer(submission, entry.number, AnswerCode::WaitForUpgrade, 0);
                false
            }
            Err(Undecided::Unreadable(error)) => {
                self.answer(submission, entry.number, AnswerCode::RetryAfter, RETRY_AFTER_MS);
                self.fail(error);
                false
            }
            // Nobody is a member, so nobody could read it in the log; and nobody could found the space any more if it began with that.
            Err(Undecided::Refused(_)) => {
                self.answer(submission, entry.number, AnswerCode::Refused, 0);
                false
            }
        }
    }

    /// Whether more may be decided before what is decided is durable.
    pub(super) fn has_room(&self) -> bool {
        let Thresholds { in_flight_commands_max, in_flight_bytes_max, .. } = *self.thresholds();
        self.undurable.len() < UNDURABLE_COMMITS_CLIENTS * in_flight_commands_max
            && self.undurable_bytes < UNDURABLE_BYTES_CLIENTS * in_flight_bytes_max
    }

    /// Whether more was decided than there is room for. What policies answer to one commit, and what begins an epoch, come on top; what comes
    /// in again as it is has the bounds of its frames.
    pub(super) fn is_beyond_room(&self) -> bool {
        let decided = self.undurable.iter().filter(|decided| !decided.source.is_elsewhere()).count();
        decided > UNDURABLE_COMMITS_CLIENTS * self.thresholds().in_flight_commands_max + ANSWERS_OF_POLICIES
    }

    /// Whether an answer may wait to which nothing new was decided.
    pub(super) fn has_room_for_answers(&self) -> bool {
        self.answers.len() < ANSWERS_CLIENTS * self.thresholds().in_flight_commands_max
    }

    /// Whether the command would be decided now.
    pub(super) fn is_next(&self, submission: &Submission, entry: &CommandEntry) -> bool {
        let intent =
            Intent { stream: entry.stream.clone(), name: entry.name.clone(), payload: Arc::clone(&entry.payload) };
        self.may_decide()
            && self.may_send(submission.actor, &intent)
            && matches!(self.what_is_known(submission, entry), Known::Next)
    }

    /// Refuses a command without deciding it: the process died twice while it did.
    pub(super) fn quarantine(&mut self, now: Timestamp, submission: &Submission) {
        let entry = &submission.commands[0];
        let intent =
            Intent { stream: entry.stream.clone(), name: entry.name.clone(), payload: Arc::clone(&entry.payload) };
        if self.state.head == Head::START {
            return self.answer(submission, entry.number, AnswerCode::Refused, 0);
        }
        self.take_out_what_is_gone(now);
        let header = self.header(now, submission, entry);
        let code = self.commit_refused(header, &intent, CoreRefusal::Quarantined {}.into());
        self.answer_at(self.state.head.position, submission, entry.number, code);
    }

    /// Members may send; into a space that nobody founded, anybody may send what founds it.
    fn may_send(&self, actor: ActorId, intent: &Intent) -> bool {
        let founds = Membership::founds(self.id(), &intent.stream, &intent.name);
        self.state.role_of(actor).is_some() || (founds && self.state.head.position == Position::START)
    }

    fn what_is_known(&self, submission: &Submission, entry: &CommandEntry) -> Known {
        let is_own = |replica| {
            replica == errand_replica() || self.domain.policies().iter().any(|policy| policy.replica == replica)
        };
        if is_own(submission.replica) {
            return Known::Conflict;
        }
        let Some(replica) = self.state.replicas.get(submission.replica) else {
            return if entry.number == 1 { Known::Next } else { Known::Expect(1) };
        };
        if replica.actor != submission.actor {
            return Known::Conflict;
        }
        if entry.number > replica.last_number {
            let next = replica.last_number + 1;
            if entry.number != next {
                return Known::Expect(next);
            }
            // A copy of the device took the number of the command before it, which comes again under another identity, and first.
            let follows_another = entry.follows.is_some_and(|before| before != replica.last_command);
            return if follows_another { Known::Conflict } else { Known::Next };
        }
        match replica.verdicts.get(&entry.number) {
            Some(verdict) if verdict.command != entry.command => Known::Conflict,
            Some(verdict) => {
                let code = if verdict.is_accepted { AnswerCode::Accepted } else { AnswerCode::Refused };
                Known::Decided { code, at: verdict.at }
            }
            None if entry.number == replica.last_number && entry.command != replica.last_command => Known::Conflict,
            None if is_planted(Bug::ForgetDecided) => Known::Next,
            None => Known::Decided { code: AnswerCode::Answered, at: Position::START },
        }
    }

    pub(super) fn decide_one(
        &mut self,
        now: Timestamp,
        submission: &Submission,
        entry: &CommandEntry,
        intent: &Intent,
        trigger: Option<Position>,
    ) -> Result<AnswerCode, Undecided> {
        self.take_out_what_is_gone(now);
        let header = Header { trigger, ..self.header(now, submission, entry) };
        let seen = self.place_of(entry.seen).map_err(Undecided::Unreadable)?;
        let outcome = if self.is_done_by_another(&header, seen, &intent.stream)? {
            // The same act, such as the import of one file by two people: done once, and accepted from both.
            self.state.layers.push();
            Ok(Decision { events: Vec::new(), touched: Touched::default(), reads: ReadSet::default() })
        } else {
            let is_decided = self.is_decided_before(submission, entry, seen)?;
            self.decide_anew(submission, entry, intent, &header, is_decided)
        };
        match outcome {
            Ok(decision) => match self.commit_accepted(header.clone(), seen, intent, decision) {
                Ok(()) => Ok(AnswerCode::Accepted),
                Err(refused) => {
                    self.state.layers.pop();
                    self.refuse(header, intent, refused)
                }
            },
            Err(Undecided::Refused(refused)) => {
                self.hold_name();
                self.refuse(header, intent, refused)
            }
            Err(Undecided::UnknownCommand) if is_planted(Bug::RefuseUnknown) => {
                let why = format!("{} is unknown", intent.name);
                Ok(self.commit_refused(header, intent, CoreRefusal::Malformed { why }.into()))
            }
            Err(undecided @ (Undecided::UnknownCommand | Undecided::Unreadable(_))) => Err(undecided),
        }
    }

    fn decide_anew(
        &mut self,
        submission: &Submission,
        entry: &CommandEntry,
        intent: &Intent,
        header: &Header,
        is_decided: bool,
    ) -> Result<Decision, Undecided> {
        if is_decided {
            return Err(CoreRefusal::DecidedAlready {}.into());
        }
        if let Some(unmet) = self.unmet_requirement(submission, entry) {
            return Err(unmet.into());
        }
        let (name, not_free) = self.claim_name(intent);
        if let Some(refused) = not_free {
            return Err(Undecided::Refused(refused));
        }
        let deciding = Deciding {
            space: header.space,
            command: header.command,
            actor: header.actor,
            replica: header.replica,
            now: header.time,
            claims: header.claims,
            is_authority: true,
            is_of_policy: header.trigger.is_some(),
            errand: None,
            may_be_newer: submission.is_of_newer,
            name,
        };
        decide(&mut self.state, &deciding, intent, header.origin(), header.first)
    }

    /// Claims a name for the command that is about one: the one that it got, or what its author is told where other spaces have all of them.
    fn claim_name(&self, intent: &Intent) -> (Option<String>, Option<Refused>) {
        let Some(unique) = self.domain.unique() else { return (None, None) };
        let names = (unique.claimed)(intent);
        match names.iter().find(|name| self.names.claim(name, self.id())) {
            Some(got) => (Some(got.clone()), None),
            None => (None, names.first().map(|name| (unique.taken)(name))),
        }
    }

    pub(super) fn header(&self, now: Timestamp, submission: &Submission, entry: &CommandEntry) -> Header {
        Header {
            space: self.id(),
            epoch: self.epoch_to_decide_in(),
            first: self.state.head.position.plus(1),
            time: if is_planted(Bug::TimeGoesBack) { now } else { now.max(self.state.time) },
            actor: submission.actor,
            replica: submission.replica,
            number: entry.number,
            command: entry.command,
            answered_up_to: submission.answered_up_to.min(entry.number - 1),
            claims: entry.claims,
            parent: submission.parent.filter(|_| entry.number == 1),
            requires: entry.requires.iter().take(REQUIRES_MAX).copied().collect(),
            domain_version: self.domain.version(),
            over: Vec::new(),
            trigger: None,
            errand: None,
        }
    }

    /// The first of the required commands that was refused, or that there are too many of them.
    fn unmet_requirement(&self, submission: &Submission, entry: &CommandEntry) -> Option<CoreRefusal> {
        if entry.requires.len() > REQUIRES_MAX {
            let why = format!("it requires {} commands; at most {REQUIRES_MAX} are allowed", entry.requires.len());
            return Some(CoreRefusal::Malformed { why });
        }
        let command = self.state.replicas.refused_among(submission.actor, &entry.requires)?;
        Some(CoreRefusal::RequiredRefused { command })
    }

    pub(super) fn commit_accepted(
        &mut self,
        mut header: Header,
        seen: Position,
        intent: &Intent,
        decision: Decision,
    ) -> Result<(), Refused> {
        // Where the log cannot be read, nobody is told; the command itself needs no such read.
        header.over = self.goes_over(&header, seen, &decision.events).unwrap_or_default();
        if let (Some(_), Some(record)) = (header.claims.undoes, header.over.first()) {
            return Err(CoreRefusal::SetSince { record: *record }.into());
        }
        let mut drafts = vec![intent.draft()];
        drafts.extend(decision.events);
        let commit = self.commit(header, drafts).map_err(|error| refusal_of(&error))?;
        self.state.adopt(&commit, &decision.touched);
        self.push_decided(Source::Decided, commit, decision.touched);
        Ok(())
    }

    /// A refusal is the verdict in the log, but for the one of what would have founded the space.
    fn refuse(&mut self, header: Header, intent: &Intent, refused: Refused) -> Result<AnswerCode, Undecided> {
        if self.state.head == Head::START {
            return Err(Undecided::Refused(refused));
        }
        Ok(self.commit_refused(header, intent, refused))
    }

    fn commit_refused(&mut self, header: Header, intent: &Intent, refused: Refused) -> AnswerCode {
        let draft = Response::to(intent, refused).draft(intent).unwrap_or_else(|error| {
            let refused = CoreRefusal::from(&error).into();
            Response::to(intent, refused).draft(intent).expect("the core's own refusals can be encoded")
        });
        let commit = self.commit(header, vec![draft]).expect("a response is small");
        let touched = self.state.play(&commit).expect("a commit made here follows the state");
        self.push_decided(Source::Decided, commit, touched);
        AnswerCode::Refused
    }

    pub(super) fn commit(&self, header: Header, drafts: Vec<Draft>) -> Result<Arc<Commit>, CommitError> {
        let command = header.command;
        let salt = |index: usize| salt(&self.salt_key, command, index);
        Commit::new(header, drafts, &self.state.head.hash, salt).map(Arc::new)
    }

    pub(super) fn push_decided(&mut self, source: Source, commit: Arc<Commit>, touched: Touched) {
        let members = touched.changes_membership.then(|| self.state.base_models().get::<Membership>(self.id().0));
        self.undurable_bytes += commit.bytes.len();
        let effects = self.effects_of(&commit);
        self.undurable.push_back(Decided { effects, ..Decided::new(source, commit, touched, members) });
    }

    /// Answers at once: nothing was decided.
    pub(super) fn answer(&mut self, submission: &Submission, number: u64, code: AnswerCode, value: u64) {
        let frame = self.answer_frame(submission.replica, number, code, Position::START, value);
        self.send(submission.session, frame);
    }

    /// Answers as soon as the position is durable.
    fn answer_at(&mut self, at: Position, submission: &Submission, number: u64, code: AnswerCode) {
        let frame = self.answer_frame(submission.replica, number, code, at, 0);
        if at <= self.durable.position {
            self.send(submission.session, frame);
        } else {
            self.answers.push_back((at, submission.session, frame));
        }
    }

    fn answer_frame(&self, replica: ReplicaId, number: u64, code: AnswerCode, at: Position, value: u64) -> ServerFrame {
        ServerFrame::Answer { space: self.id(), replica, number, code, at, value }
    }

    /// Everything that waited for an append which failed is asked again.
    pub(super) fn retry_all(&mut self) {
        for (at, session, frame) in std::mem::take(&mut self.answers) {
            let frame = match frame {
                ServerFrame::Answer { replica, number, .. } => {
                    self.answer_frame(replica, number, AnswerCode::RetryAfter, Position::START, RETRY_AFTER_MS)
                }
                ServerFrame::Published { space, publication, .. } => {
                    let message = "The server could not write it".to_owned();
                    ServerFrame::NotPublished { space, publication, message, again: true }
                }
                // The device offers it again when it next hears where the log ends.
                ServerFrame::WantTail { .. } => continue,
                other => unreachable!("only answers wait for {at}, and not {other:?}"),
            };
            self.send(session, frame);
        }
    }
}

fn refusal_of(error: &CommitError) -> Refused {
    match error {
        CommitError::TooLarge { bytes } => CoreRefusal::TooLarge { bytes: *bytes as u64 }.into(),
        CommitError::TooManyEvents { .. } | CommitError::Payload(_) => {
            CoreRefusal::Malformed { why: error.to_string() }.into()
        }
        CommitError::Version(_) | CommitError::Damaged(_) => {
            CoreRefusal::Malformed { why: "it makes no commit".to_owned() }.into()
        }
    }
}
