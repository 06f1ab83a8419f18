//! A log that lost its end gets it back, byte for byte, from a device that has it (rule 15).
//!
//! ```text
//!   device                                             space
//!   OfferTail { a place that it has, and its seal } ─► the seal is mine, and the place beyond my end, or on my log?
//!   ◄─ WantTail { after: my end }
//!   BringTail { after, commits up to a seal }       ─► follow my end? the last seal is mine? ─► played, appended as they are
//!   ◄─ WantTail { after: my end now }                  … until the device has no more, and subscribes
//! ```
//! The seal is all the proof that is asked for: whoever has it got the commit from here, and so was a member then; that may be lost too. Who has none that
//! says more than the log here hears nothing of where that ends. Nothing
//! is decided again, and nothing happens by it outside the log. Where payloads are gone, what took them out is brought too: as a part of the tail,
//! or beside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::publish::{Decided, Source};
use super::{SessionId, Space};
use crate::commit::{Commit, Head, Seal, SealKey};
use crate::limits::FRAME_BYTES_MAX;
use crate::membership::Membership;
use crate::protocol::{SealedCommit, ServerFrame};
use crate::record::Position;
use crate::state::Unexplained;
use crate::time::Timestamp;

/// A place that a device holds, and proves.
#[derive(Clone, Copy, Debug)]
pub struct OfferedTail {
    pub session: SessionId,
    pub place: Head,
    pub seal: Seal,
    /// The epoch that the place is of.
    pub epoch: u32,
    /// Whether the device holds the end of the log as it was told.
    pub follows: bool,
}

/// Commits that follow a place, up to a sealed one.
#[derive(Clone, Debug)]
pub struct Tail {
    pub session: SessionId,
    pub after: Head,
    pub commits: Vec<Arc<[u8]>>,
    /// What took out the payloads that are gone from them, where that lies further on.
    pub redactions: Vec<SealedCommit>,
}

impl Space {
    pub(super) fn tail_offered(&mut self, now: Timestamp, offered: &OfferedTail) {
        let OfferedTail { place, epoch, session, follows, seal } = *offered;
        let space = self.id();
        let is_mine = self.seal_key.is_some_and(|key| key.is_seal_of(space, epoch, &place, &seal));
        if !is_mine {
            return self.send(session, ServerFrame::WantTail { space, after: None });
        }
        // Somebody else may have brought it meanwhile: then nothing behind it is wanted, and the device goes on from there.
        if self.undurable.iter().any(|decided| decided.commit.head() == place) {
            return self.say_later(place.position, session, ServerFrame::WantTail { space, after: Some(place) });
        }
        let is_here = match self.reader.commit_with(place.position) {
            Ok(stored) => stored.is_some_and(|stored| stored.head == place),
            Err(error) => return self.fail(error),
        };
        if is_here {
            return self.send(session, ServerFrame::WantTail { space, after: Some(place) });
        }
        if self.goes_on_behind(now, epoch, follows) || (follows && place.position > self.state.head.position) {
            self.bringing.insert(session);
            return self.want_tail(session);
        }
        self.send(session, ServerFrame::WantTail { space, after: None });
    }

    /// Says where the log ends, as soon as that is durable.
    fn want_tail(&mut self, session: SessionId) {
        let (end, frame) = (self.state.head, ServerFrame::WantTail { space: self.id(), after: Some(self.state.head) });
        if end == self.durable {
            self.send(session, frame);
        } else {
            self.say_later(end.position, session, frame);
        }
    }

    /// Says it once the position is durable; nothing where too much waits: the device offers it again when it next hears where the log ends.
    fn say_later(&mut self, at: Position, session: SessionId, frame: ServerFrame) {
        if self.has_room_for_answers() {
            self.answers.push_back((at, session, frame));
        }
    }

    pub(super) fn tail_brought(&mut self, tail: &Tail) {
        // Where the log ends is told to those who have proved that they had it.
        if !self.bringing.contains(&tail.session) {
            return self.send(tail.session, ServerFrame::WantTail { space: self.id(), after: None });
        }
        if tail.after != self.durable || self.durable != self.state.head {
            // Somebody else was quicker, or the space has gone on: the device sees whether it has what follows.
            return self.want_tail(tail.session);
        }
        let Some(commits) = self.proven(tail) else {
            return self.send(tail.session, ServerFrame::WantTail { space: self.id(), after: None });
        };
        // What was played once plays again; but this may be another version, and what is decided must not be left half played.
        let played = catch_unwind(AssertUnwindSafe(|| commits.iter().all(|commit| self.take_in(commit))));
        if played.is_ok_and(|is_whole| is_whole) {
            self.hold_name();
            self.want_tail(tail.session);
        } else {
            self.send(tail.session, ServerFrame::WantTail { space: self.id(), after: None });
            self.fall_back();
        }
    }

    /// The commits, where they follow the end of the log and their last one was sealed here.
    fn proven(&self, tail: &Tail) -> Option<Vec<Arc<Commit>>> {
        let key = self.seal_key?;
        let bytes: usize = tail.commits.iter().map(|commit| commit.len()).sum();
        if bytes > FRAME_BYTES_MAX {
            return None;
        }
        let (mut at, mut epoch) = (tail.after, self.state.epoch);
        let mut commits = Vec::with_capacity(tail.commits.len());
        for bytes in &tail.commits {
            let commit = Commit::open(Arc::clone(bytes), &at.hash).ok()?;
            let is_over = self.recovery.is_some_and(|recovery| commit.header.epoch >= recovery.epoch);
            if commit.before() != at.position
                || commit.header.space != self.id()
                || commit.header.epoch < epoch
                || is_over
            {
                return None;
            }
            (at, epoch) = (commit.head(), commit.header.epoch);
            commits.push(Arc::new(commit));
        }
        // The hash does not cover the seals, and whoever gets these commits again must be able to rely on each.
        let are_real = commits.iter().all(|commit| commit.seal.is_none() || key.has_sealed(commit));
        let is_proven = are_real && commits.last()?.seal.is_some();
        (is_proven && self.explains(&key, &commits, &tail.redactions)).then_some(commits)
    }

    /// Whether payloads are gone only by what was decided here: a digest stands for its payload in every seal, so whoever brings the log could
    /// have taken out what they liked.
    fn explains(&self, key: &SealKey, commits: &[Arc<Commit>], redactions: &[SealedCommit]) -> bool {
        let mut unexplained = Unexplained::of(commits);
        // What took something out came behind it: a redaction of an earlier epoch is of another history, and means other records.
        let with_gaps = commits.iter().filter(|commit| commit.gone().next().is_some());
        let epoch = with_gaps.map(|commit| commit.header.epoch).max().unwrap_or_default();
        for SealedCommit { previous, commit } in redactions {
            if unexplained.is_empty() {
                break;
            }
            let Ok(redaction) = Commit::open(Arc::clone(commit), previous) else { return false };
            if redaction.header.space != self.id() || redaction.header.epoch < epoch || !key.has_sealed(&redaction) {
                return false;
            }
            unexplained.explain(&redaction);
        }
        unexplained.is_empty()
    }

    fn take_in(&mut self, commit: &Arc<Commit>) -> bool {
        // What takes payloads out must be able to prove it by itself, also where somebody has left its seal out.
        let unsealed = self.seal_key.filter(|_| commit.seal.is_none() && commit.is_redaction());
        let commit = &unsealed.map_or_else(|| Arc::clone(commit), |key| Arc::new(commit.sealed(&key)));
        let Ok(touched) = self.state.play(commit) else { return false };
        let members = touched.changes_membership.then(|| self.state.base_models().get::<Membership>(self.id().0));
        self.undurable_bytes += commit.bytes.len();
        self.undurable.push_back(Decided::new(Source::Adopted, Arc::clone(commit), touched, members));
        true
    }
}
