//! A command that comes in again under another identity: from a copy of the same device, from another one that said it again after a restore, or
//! as the same act of somebody else.

use super::{Space, Submission};
use crate::commit::{Commit, Header};
use crate::decide::Undecided;
use crate::limits::SAME_LOOK_BACK_COMMITS;
use crate::membership::Membership;
use crate::protocol::CommandEntry;
use crate::record::{Position, Seen, StreamId};
use crate::response::Response;
use crate::storage::ReadError;

impl Space {
    /// Up to where this log is what the author of a command had seen.
    pub(super) fn place_of(&self, seen: Seen) -> Result<Position, ReadError> {
        if seen.epoch >= self.state.epoch || seen.position == Position::START {
            return Ok(seen.position);
        }
        Ok(seen.position.min(self.end_of_epoch(seen.epoch)?))
    }

    /// Where the durable log leads into an epoch later than this one.
    fn end_of_epoch(&self, epoch: u32) -> Result<Position, ReadError> {
        // Records up to `within` are of such epochs, those behind `beyond` are not.
        let (mut within, mut beyond) = (Position::START, self.durable.position);
        while within < beyond {
            let middle = within.plus((beyond.0 - within.0).div_ceil(2));
            let missing = || ReadError::Damaged(format!("record {middle} is not in the log"));
            let stored = self.reader.commit_with(middle)?.ok_or_else(missing)?;
            let commit = stored.open()?;
            if commit.header.epoch <= epoch {
                within = commit.head().position;
            } else {
                beyond = commit.before();
            }
        }
        Ok(within)
    }

    /// Whether a command was decided under another identity. The table of replicas keeps verdicts only until somebody has heard them, and may
    /// have lost whom two copies descend from; so for those that have relatives the log itself is asked, behind what the author had seen. It is
    /// asked as well where the author has not heard of a restore: what that had lost, and they send, another device of theirs may have said again.
    pub(super) fn is_decided_before(
        &self,
        submission: &Submission,
        entry: &CommandEntry,
        seen: Position,
        header: &Header,
    ) -> Result<bool, Undecided> {
        let replicas = &self.state.replicas;
        let (replica, parent) = (submission.replica, submission.parent);
        let was_restored_since = entry.seen.epoch < self.state.epoch
            && self.state.base_models().get::<Membership>(self.id().0).reopened().is_some();
        if !was_restored_since && !replicas.may_have_relatives(replica, parent, submission.actor) {
            return Ok(false);
        }
        if replicas.was_decided_in_family(replica, parent, submission.actor, entry.command) {
            return Ok(true);
        }
        let is_it = |commit: &Commit| {
            let other = &commit.header;
            other.command == header.command && other.replica != header.replica && other.actor == header.actor
        };
        self.is_in_log(&entry.stream, seen, usize::MAX, is_it)
    }

    /// Whether somebody else's command with this id was accepted behind what the author had seen. Only parts of acts can be the same: they
    /// have ids that follow from what they do.
    pub(super) fn is_done_by_another(
        &self,
        header: &Header,
        seen: Position,
        stream: &StreamId,
    ) -> Result<bool, Undecided> {
        if header.claims.act.is_none() || self.state.layers.entity(stream, 0).position <= seen {
            return Ok(false);
        }
        let is_it = |commit: &Commit| {
            commit.header.command == header.command
                && commit.header.replica != header.replica
                && Response::of(commit).is_none()
        };
        self.is_in_log(stream, seen, SAME_LOOK_BACK_COMMITS, is_it)
    }

    /// Whether such a commit touches the stream behind a position, among the latest ones.
    fn is_in_log(
        &self,
        stream: &StreamId,
        seen: Position,
        latest: usize,
        is_it: impl Fn(&Commit) -> bool,
    ) -> Result<bool, Undecided> {
        if self.undurable.iter().any(|decided| is_it(&decided.commit)) {
            return Ok(true);
        }
        let durable = self.reader.stream(stream, seen, self.durable.position).map_err(Undecided::Unreadable)?;
        for first in durable.iter().rev().take(latest) {
            let stored = self.reader.commit_with(*first).map_err(Undecided::Unreadable)?;
            let Some(stored) = stored else { continue };
            if is_it(&stored.open().map_err(Undecided::Unreadable)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
