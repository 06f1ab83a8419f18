//! A command that comes in again under another identity: from a copy of the same device, from another one that said it again after a restore, or
//! as the same act of somebody else.

use std::collections::BTreeMap;

use super::{Space, Submission};
use crate::commit::{Commit, Header};
use crate::decide::Undecided;
use crate::id::{ActorId, CommandId, ReplicaId};
use crate::limits::SAME_LOOK_BACK_COMMITS;
use crate::protocol::CommandEntry;
use crate::record::{Position, Seen, StreamId};
use crate::response::Response;
use crate::storage::ReadError;

/// What a person's commands about one thing were that the durable log holds behind a place. One after the other of what waited on a device asks
/// for the same.
#[derive(Debug)]
pub(super) struct LookedBack {
    actor: ActorId,
    stream: StreamId,
    behind: Position,
    upto: Position,
    decided: BTreeMap<(CommandId, ReplicaId), Position>,
}

impl LookedBack {
    fn is_about(&self, actor: ActorId, stream: &StreamId, behind: Position) -> bool {
        self.actor == actor && self.stream == *stream && self.behind <= behind
    }
}

impl Space {
    /// Up to where this log is what the author of a command had seen.
    pub(super) fn place_of(&self, seen: Seen) -> Result<Position, ReadError> {
        if seen.epoch == self.state.epoch || seen.position == Position::START {
            return Ok(seen.position);
        }
        // One later than this one was abandoned, and numbered by another clock: what the two logs share ends before this one began.
        let shared = seen.epoch.min(self.state.epoch.saturating_sub(1));
        Ok(seen.position.min(self.end_of_epoch(shared)?))
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

    /// Whether a command was decided under another identity of its author. The table of replicas keeps verdicts only until somebody has heard
    /// them; so where anything came from another one behind what the author had seen, the log itself is asked.
    pub(super) fn is_decided_before(
        &mut self,
        submission: &Submission,
        entry: &CommandEntry,
        seen: Position,
    ) -> Result<bool, Undecided> {
        let Submission { replica, actor, .. } = *submission;
        let replicas = &self.state.replicas;
        if replicas.others_since(seen, replica, actor).next().is_none() {
            return Ok(false);
        }
        if replicas.others_since(seen, replica, actor).any(|other| other.has_decided(entry.command)) {
            return Ok(true);
        }
        // What is not durable yet has its verdict in the table.
        let looked_back = self.look_back(actor, &entry.stream, seen).map_err(Undecided::Unreadable)?;
        let under = looked_back.decided.range((entry.command, ReplicaId::default())..);
        let mut under = under.take_while(|((command, _), _)| *command == entry.command);
        Ok(under.any(|((_, other), at)| *other != replica && *at > seen))
    }

    fn look_back(&mut self, actor: ActorId, stream: &StreamId, behind: Position) -> Result<&LookedBack, ReadError> {
        let known = self.looked_back.take().filter(|known| known.is_about(actor, stream, behind));
        let begin = || LookedBack { actor, stream: stream.clone(), behind, upto: behind, decided: BTreeMap::new() };
        let mut known = known.unwrap_or_else(begin);
        for first in self.reader.stream(stream, known.upto, self.durable.position)? {
            let Some(stored) = self.reader.commit_with(first)? else { continue };
            let header = stored.open()?.header;
            if header.actor == actor {
                known.decided.insert((header.command, header.replica), header.first);
            }
        }
        known.upto = known.upto.max(self.durable.position);
        Ok(self.looked_back.insert(known))
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
