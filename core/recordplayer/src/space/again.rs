//! A command that comes in again under another identity: from a copy of the same device, or as the same act of somebody else.

use super::{Space, Submission};
use crate::commit::{Commit, Header};
use crate::decide::Undecided;
use crate::limits::SAME_LOOK_BACK_COMMITS;
use crate::protocol::CommandEntry;
use crate::record::{Position, StreamId};
use crate::response::Response;
use crate::storage::ReadError;

impl Space {
    /// Whether a command was decided under another identity of its device. The table of replicas keeps verdicts only until somebody has heard
    /// them, and may have lost whom two copies descend from; so for those that have relatives the log itself is asked. A command can only have
    /// been decided behind what its author had seen when it was made; of an identity that the log does not hold, not even that is known.
    pub(super) fn is_decided_in_family(
        &self,
        submission: &Submission,
        entry: &CommandEntry,
        header: &Header,
    ) -> Result<bool, Undecided> {
        let replicas = &self.state.replicas;
        let (replica, parent) = (submission.replica, submission.parent);
        if !replicas.may_have_relatives(replica, parent) {
            return Ok(false);
        }
        if replicas.was_decided_in_family(replica, parent, entry.command) {
            return Ok(true);
        }
        let seen = if replicas.get(replica).is_some() { entry.seen } else { Position::START };
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
            let commit = Commit::open(stored.bytes, &stored.previous)
                .map_err(|error| Undecided::Unreadable(ReadError::Damaged(error.to_string())))?;
            if is_it(&commit) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
