//! After a crash: commands are tried one by one, each under a durable mark, until it is clear that none of them was the reason (rule 3).
//!
//! ```text
//!  a command ─► Mark it, durably ─► decide, append ─► durable ─► the next one
//!                                     └─ the process dies ─► the mark is found at the next start
//!  found twice ─► that command kills us: refused as quarantined, and the queue behind it goes on
//! ```
//! A panic needs none of this, it is caught. What is not caught is a stack that overflows, memory that runs out, an abort in a library.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::submit::Submission;
use super::{Space, SpaceOutput};
use crate::id::{CommandId, ReplicaId};
use crate::protocol::{AnswerCode, CommandEntry};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// What is tried one by one after a crash, and what waits for that, in clients' worth of what may be in flight.
const CAREFUL_CLIENTS: usize = 2;

/// So often a process may die while it decides one command before that command counts as the reason. Once may be a power cut.
const ATTEMPTS_MAX: u32 = 2;

/// A command that is being tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub replica: ReplicaId,
    pub number: u64,
    pub command: CommandId,
    /// How often it was tried, this time included.
    pub attempts: u32,
}

/// How a space decides after a crash.
#[derive(Debug)]
pub(super) struct Careful {
    /// The mark that the crash left behind.
    found: Option<Mark>,
    /// Commands that wait for their turn, each alone.
    queue: VecDeque<Submission>,
    /// What they say, in bytes.
    queued_bytes: usize,
    /// The one whose mark is on its way to the disk.
    marking: Option<Submission>,
    /// So many are tried, and so many are left; no more wait.
    tries: usize,
    left: usize,
    bytes_max: usize,
}

impl Careful {
    pub fn new(found: Option<Mark>, thresholds: &Thresholds) -> Self {
        let tries = CAREFUL_CLIENTS * thresholds.in_flight_commands_max;
        let bytes_max = CAREFUL_CLIENTS * thresholds.in_flight_bytes_max;
        Self { found, queue: VecDeque::new(), queued_bytes: 0, marking: None, tries, left: tries, bytes_max }
    }

    /// A command that says more than all that may wait waits alone.
    fn has_room(&self, entry: &CommandEntry) -> bool {
        let is_alone = self.queue.is_empty();
        self.queue.len() < self.tries && (is_alone || self.queued_bytes + entry.payload.len() <= self.bytes_max)
    }

    fn push(&mut self, submission: Submission) {
        self.queued_bytes += submission.commands[0].payload.len();
        self.queue.push_back(submission);
    }

    fn pop(&mut self) -> Option<Submission> {
        let submission = self.queue.pop_front()?;
        self.queued_bytes -= submission.commands[0].payload.len();
        Some(submission)
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.marking.is_none()
    }

    pub fn is_overfull(&self) -> bool {
        self.queue.len() > self.tries || (self.queue.len() > 1 && self.queued_bytes > self.bytes_max)
    }

    /// Whether commands wait, and no mark is on its way after which they go on.
    pub fn is_stuck(&self) -> bool {
        !self.queue.is_empty() && self.marking.is_none()
    }
}

impl Space {
    /// Queues the commands to be tried one by one; false where nothing has to be tried.
    pub(super) fn queue_carefully(&mut self, submission: &Submission) -> bool {
        if self.careful.is_none() {
            return false;
        }
        for entry in &submission.commands {
            let careful = self.careful.as_mut().expect("just seen");
            if !careful.has_room(entry) {
                self.answer_later(submission, entry.number);
                break;
            }
            careful.push(submission.alone(entry.clone()));
        }
        true
    }

    /// Goes on with what waits, as soon as everything before it is durable.
    pub(super) fn try_next(&mut self, now: Timestamp) {
        while self.undurable.is_empty() {
            let Some(careful) = self.careful.as_mut().filter(|careful| careful.marking.is_none()) else { return };
            let Some(submission) = careful.pop() else { return self.end_careful() };
            let entry = &submission.commands[0];
            if !self.is_next(&submission, entry) {
                // Known already, or not its turn: nothing is decided, so nothing can happen.
                self.submit_one(now, &submission, entry);
                continue;
            }
            let careful = self.careful.as_mut().expect("just seen");
            let (replica, number, command) = (submission.replica, entry.number, entry.command);
            let before = careful.found.filter(|found| found.replica == replica && found.command == command);
            let attempts = before.map_or(1, |found| found.attempts + 1);
            if attempts > ATTEMPTS_MAX {
                careful.found = None;
                self.quarantine(now, &submission);
                continue;
            }
            careful.marking = Some(submission);
            self.outputs.push_back(SpaceOutput::Mark(Some(Mark { replica, number, command, attempts })));
        }
    }

    /// The mark is durable, or it cannot be written: then nothing is tried.
    pub(super) fn marked(&mut self, now: Timestamp, is_durable: bool) {
        let Some(careful) = self.careful.as_mut() else { return };
        let Some(submission) = careful.marking.take() else { return };
        let entry = &submission.commands[0];
        if !is_durable {
            self.answer_later(&submission, entry.number);
            return;
        }
        careful.left = careful.left.saturating_sub(1);
        self.submit_one(now, &submission, entry);
    }

    /// Whoever waits is asked to send again: what was decided before them is lost.
    pub(super) fn drop_careful_queue(&mut self) {
        let Some(careful) = self.careful.as_mut() else { return };
        careful.queued_bytes = 0;
        let waiting: Vec<Submission> = careful.queue.drain(..).chain(careful.marking.take()).collect();
        for submission in waiting {
            self.answer_later(&submission, submission.commands[0].number);
        }
    }

    /// Nothing waits: the mark goes, and care ends when enough has gone well.
    fn end_careful(&mut self) {
        let Some(careful) = self.careful.as_mut() else { return };
        if careful.left == 0 {
            self.careful = None;
            self.outputs.push_back(SpaceOutput::Mark(None));
        }
    }

    fn answer_later(&mut self, submission: &Submission, number: u64) {
        self.answer(submission, number, AnswerCode::RetryAfter, super::submit::RETRY_AFTER_MS);
    }
}
