//! Policies run: each durable event is looked at once, and answered with commands (see [`Policy`](crate::policy::Policy)).
//!
//! ```text
//!   durable ●════════╪══════════►  each event behind `reacted` ─► react ─► decide, with the event's number in the commit's header
//!                    reacted       saved with each checkpoint
//!   at the start: from the checkpoint, or the last event that was answered; what was decided already is known by its command's id
//! ```

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{SessionId, Space, SpaceOutput, Submission};
use crate::claims::Claims;
use crate::commit::Commit;
use crate::decide::{Intent, Undecided};
use crate::id::{ActorId, CommandId, Id};
use crate::membership::Membership;
use crate::planted::{Bug, is_planted};
use crate::policy::Policy;
use crate::protocol::CommandEntry;
use crate::record::{Position, Record, Seen};
use crate::storage::ReadError;
use crate::time::Timestamp;

impl Space {
    /// Where the policies go on after a start: behind what the last checkpoint says, but at the last event that was answered, which may have
    /// been answered in part.
    pub(super) fn go_on_reacting(&mut self) {
        self.to_look_at.clear();
        let policies = self.domain.policies();
        if policies.is_empty() {
            return;
        }
        let answered = policies.iter().filter_map(|policy| self.state.replicas.get(policy.replica));
        let last = answered.map(|entry| Position(entry.trigger.0.saturating_sub(1))).max().unwrap_or(Position::START);
        self.state.reacted = self.state.reacted.max(last);
    }

    /// What became durable is looked at by the policies, unless they are behind: then they read it from the log.
    pub(super) fn look_at_later(&mut self, commit: &Arc<Commit>) {
        if self.domain.policies().is_empty() || self.to_look_at.len() >= self.thresholds().looked_at_later_max {
            return;
        }
        let follows = self.to_look_at.back().map_or(self.state.reacted, |last| last.head().position);
        if follows == commit.before() {
            self.to_look_at.push_back(Arc::clone(commit));
        }
    }

    /// Lets the policies answer to what became durable, as far as there is room.
    pub(super) fn react(&mut self, now: Timestamp) {
        if self.domain.policies().is_empty() {
            return;
        }
        while self.may_decide() && self.has_room() && self.state.reacted < self.durable.position {
            if self.state.base_models().get::<Membership>(self.id().0).handed_over().is_some() {
                return;
            }
            let commit = match self.next_to_look_at() {
                Ok(Some(commit)) => commit,
                Ok(None) => return,
                Err(error) => return self.fail(error),
            };
            if commit.header.trigger.is_none() && commit.header.claims.happened_at.is_none() {
                for (record, index) in commit.records.iter().zip(0..) {
                    self.react_to(now, record, index);
                }
            }
            self.state.reacted = commit.head().position;
        }
    }

    fn next_to_look_at(&mut self) -> Result<Option<Arc<Commit>>, ReadError> {
        let reacted = self.state.reacted;
        self.to_look_at.retain(|commit| commit.head().position > reacted);
        if self.to_look_at.is_empty() {
            let mut read = VecDeque::new();
            // After a start it may lie within a commit: that one is looked at again.
            let after = match self.reader.commit_with(reacted.plus(1))? {
                Some(stored) => stored.open()?.before(),
                None => return Ok(None),
            };
            for stored in self.reader.commits(after, self.durable.position, self.thresholds().read_bytes)? {
                read.push_back(Arc::new(stored.open()?));
            }
            self.to_look_at = read;
        }
        Ok(self.to_look_at.pop_front())
    }

    fn react_to(&mut self, now: Timestamp, record: &Record, index: usize) {
        let domain = Arc::clone(&self.domain);
        for policy in domain.policies().iter().filter(|_| record.is_event()) {
            let models = self.state.base_models();
            let Ok(intents) = catch_unwind(AssertUnwindSafe(|| (policy.react)(record, &models))) else {
                self.outputs.push_back(SpaceOutput::PolicyFailed { policy: policy.name, record: record.number });
                continue;
            };
            for (intent, place) in intents.iter().zip(0_u64..) {
                let event = record.id(index);
                let id = Id::derived("policy", &[policy.name.as_bytes(), event.bytes(), &place.to_be_bytes()]);
                self.decide_for(now, policy, record, CommandId(id), intent);
            }
        }
    }

    fn decide_for(&mut self, now: Timestamp, policy: &Policy, record: &Record, command: CommandId, intent: &Intent) {
        let before = self.state.replicas.get(policy.replica);
        // Events are answered in their order, the last of them perhaps in part.
        let is_answered = before.is_some_and(|before| {
            record.number < before.trigger
                || (!is_planted(Bug::ReactAgain) && before.verdicts.values().any(|verdict| verdict.command == command))
        });
        if is_answered {
            return;
        }
        let last_number = before.map_or(0, |before| before.last_number);
        // The verdicts that are kept are those of the commands by which the last event was answered.
        let is_new = before.is_none_or(|before| before.trigger < record.number);
        let first_kept = before.and_then(|before| before.verdicts.keys().next().copied()).unwrap_or(1);
        let answered_up_to = if is_new { last_number } else { first_kept - 1 };
        let entry = CommandEntry {
            number: last_number + 1,
            command,
            stream: intent.stream.clone(),
            name: intent.name.clone(),
            payload: Arc::clone(&intent.payload),
            claims: Claims::default(),
            requires: Vec::new(),
            seen: Seen { epoch: self.state.epoch, position: self.state.head.position },
            follows: None,
        };
        let submission = Submission {
            session: SessionId(0),
            actor: ActorId::default(),
            replica: policy.replica,
            parent: None,
            is_of_newer: false,
            answered_up_to,
            commands: vec![entry],
        };
        match self.decide_one(now, &submission, &submission.commands[0], intent, Some(record.number)) {
            Ok(_) => {}
            Err(Undecided::Unreadable(error)) => self.fail(error),
            Err(Undecided::UnknownCommand | Undecided::Refused(_)) => {
                self.outputs.push_back(SpaceOutput::PolicyFailed { policy: policy.name, record: record.number });
            }
        }
    }
}
