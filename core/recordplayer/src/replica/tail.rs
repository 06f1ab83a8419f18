//! What the authority has lost of the log, and this device still holds as it was: offered to it before anything else is given up (rule 15).
//!
//! Where the two have parted, and the authority's epoch is none behind this one's, its clock was wrong when it was restored once more: by the seal
//! of a place here it learns of the epoch that it has to begin behind.

use std::sync::Arc;

use super::{EndedBy, Replica, ReplicaOutput};
use crate::commit::{Commit, Head, Seal};
use crate::limits::{FRAME_BYTES_MAX, FRAME_COMMITS_BYTES_MAX};
use crate::membership::Membership;
use crate::protocol::{ClientFrame, SealedCommit};
use crate::record::{Position, StreamId};
use crate::state::Unexplained;
use crate::storage::ReadError;

/// What proves that payloads went by the authority's own word, beside a tail: half of what its frame has left.
const REDACTIONS_BYTES_MAX: usize = (FRAME_BYTES_MAX - FRAME_COMMITS_BYTES_MAX) / 2;

/// What the authority said, for which it was offered what this device holds; it stands where that is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offering {
    Parted {
        epoch: u32,
        head: Head,
    },
    /// It does not know the space, or the person.
    Unknown,
    /// The person is no member any more.
    Ended,
    Unavailable,
}

/// A part of a tail, with what took payloads out of it.
struct Provable {
    commits: Vec<Arc<[u8]>>,
    redactions: Vec<SealedCommit>,
}

impl Replica {
    /// Offers what lies behind `head`, the authority's end; or else does what is to be done where nothing can be offered.
    pub(super) fn offer_tail(&mut self, head: Head, because: Offering) {
        if self.refused_behind == Some(head) {
            return self.nothing_to_offer(because);
        }
        match self.last_sealed() {
            Ok(Some((place, epoch, seal))) if self.has_to_say(head, (place, epoch), because) => {
                self.offering = Some((because, head));
                let (space, follows) = (self.space(), self.holds(head));
                self.outputs.push_back(ReplicaOutput::Send(ClientFrame::OfferTail {
                    space,
                    place,
                    seal,
                    epoch,
                    follows,
                }));
            }
            Ok(Some(_) | None) => self.nothing_to_offer(because),
            Err(error) => self.outputs.push_back(ReplicaOutput::Damaged(error)),
        }
    }

    /// Whether a place goes on from the authority's end, or proves an epoch that the authority does not know.
    fn has_to_say(&self, end: Head, (place, sealed_in): (Head, u32), because: Offering) -> bool {
        if self.holds(end) {
            return place.position > end.position;
        }
        matches!(because, Offering::Parted { epoch, .. } if epoch <= sealed_in)
    }

    fn nothing_to_offer(&mut self, because: Offering) {
        match because {
            Offering::Parted { epoch, head } => self.outputs.push_back(ReplicaOutput::Parted { epoch, head }),
            Offering::Unknown => self.unknown_there(),
            Offering::Ended => self.end(EndedBy::AnotherLog),
            Offering::Unavailable => self.unavailable(),
        }
    }

    /// The authority wants what follows a place, or nothing.
    pub(super) fn tail_wanted(&mut self, wanted: Option<Head>) {
        let Some((because, head)) = self.offering else { return };
        let Some(after) = wanted.filter(|after| self.holds(*after)) else {
            self.offering = None;
            return match because {
                // It may have gone on meanwhile: its next word says so. Where it has not, nothing is offered behind this place again.
                Offering::Parted { .. } => {
                    self.refused_behind = Some(head).filter(|_| wanted.is_none());
                    self.authority_end = self.authority_end.max(wanted.map_or(Position::START, |end| end.position));
                    self.subscribe();
                }
                Offering::Unknown | Offering::Ended | Offering::Unavailable => self.nothing_to_offer(because),
            };
        };
        match self.tail_behind(after) {
            Ok(Provable { commits, .. }) if commits.is_empty() => {
                // It has all that this device can prove.
                self.offering = None;
                self.refused_behind = Some(head);
                self.subscribe();
            }
            Ok(Provable { commits, redactions }) => {
                let frame = ClientFrame::BringTail { space: self.space(), after, commits, redactions };
                self.outputs.push_back(ReplicaOutput::Send(frame));
            }
            Err(error) => self.outputs.push_back(ReplicaOutput::Damaged(error)),
        }
    }

    /// The last place here that the authority has sealed. What one frame brought ends with a seal, so it lies no further back than that.
    fn last_sealed(&self) -> Result<Option<(Head, u32, Seal)>, ReadError> {
        let upto = self.reader.head()?.position;
        let waiting: Vec<_> = self.on_their_way(upto).collect();
        let sealed = |commit: &Commit| commit.seal.map(|seal| (commit.head(), commit.header.epoch, seal));
        if let Some(found) = waiting.iter().rev().find_map(|commit| sealed(commit)) {
            return Ok(Some(found));
        }
        let (mut at, mut bytes) = (upto, 0);
        while at > Position::START && bytes <= FRAME_BYTES_MAX {
            // Where the space was joined by a snapshot, the log begins there.
            let Some(stored) = self.reader.commit_with(at)? else { break };
            let commit = stored.open()?;
            if let Some(found) = sealed(&commit) {
                return Ok(Some(found));
            }
            bytes += stored.bytes.len();
            at = commit.before();
        }
        Ok(None)
    }

    /// What follows a place, as much as a frame holds, up to the last seal in it. Where what took payloads out is not here,
    /// nothing is proven from there on.
    fn tail_behind(&self, after: Head) -> Result<Provable, ReadError> {
        let (upto, bytes_max) = (self.reader.head()?.position, self.domain.thresholds().frame_commits_bytes_max);
        let stored = self.reader.commits(after.position, upto, bytes_max)?;
        let reaches_end = stored.last().is_none_or(|last| last.head.position == upto);
        let mut tail = Vec::with_capacity(stored.len());
        for stored in stored {
            tail.push(Arc::new(stored.open()?));
        }
        if reaches_end {
            tail.extend(self.on_their_way(upto.max(after.position)).cloned());
        }
        let mut bytes = 0;
        let fits = |commit: &&Arc<Commit>| {
            let is_first = bytes == 0;
            bytes += commit.bytes.len();
            is_first || bytes <= bytes_max
        };
        let count = tail.iter().take_while(fits).count();
        tail.truncate(count);
        up_to_a_seal(&mut tail);
        let mut unexplained = Unexplained::of(&tail);
        let end = tail.last().map_or(after, |last| last.head());
        let redactions = self.redactions_behind(end.position, &mut unexplained)?;
        if let Some(first) = unexplained.first() {
            tail.retain(|commit| commit.header.first < first);
            up_to_a_seal(&mut tail);
        }
        Ok(Provable { commits: tail.into_iter().map(|commit| Arc::clone(&commit.bytes)).collect(), redactions })
    }

    /// What lies behind a place and explains these, as much as fits into a frame beside a tail.
    fn redactions_behind(&self, end: Position, explains: &mut Unexplained) -> Result<Vec<SealedCommit>, ReadError> {
        let (mut redactions, mut bytes) = (Vec::new(), 0);
        let upto = self.reader.head()?;
        let stream = StreamId::of::<Membership>(self.space().0);
        let numbers = if explains.is_empty() { Vec::new() } else { self.reader.stream(&stream, end, upto.position)? };
        let stored = numbers.into_iter().map(|number| match self.reader.commit_with(number)? {
            Some(stored) => Ok(Some((stored.previous, Arc::new(stored.open()?)))),
            None => Ok(None),
        });
        let mut previous = upto.hash;
        let waiting = self.on_their_way(upto.position.max(end)).map(|commit| {
            let before = std::mem::replace(&mut previous, commit.hash);
            Ok(Some((before, Arc::clone(commit))))
        });
        for found in stored.chain(waiting) {
            let Some((previous, commit)) = found? else { continue };
            if explains.is_empty() {
                break;
            }
            let mut left = explains.clone();
            if commit.seal.is_some() && left.explain(&commit) {
                bytes += commit.bytes.len();
                if bytes > REDACTIONS_BYTES_MAX {
                    break;
                }
                *explains = left;
                redactions.push(SealedCommit { previous, commit: Arc::clone(&commit.bytes) });
            }
        }
        Ok(redactions)
    }
}

fn up_to_a_seal(tail: &mut Vec<Arc<Commit>>) {
    let sealed = tail.iter().rposition(|commit| commit.seal.is_some()).map_or(0, |at| at + 1);
    tail.truncate(sealed);
}
