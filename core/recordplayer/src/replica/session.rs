//! The session with the authority: what it says, and what is asked of it.

use super::outbox::OutboxEntry;
use super::tail::Offering;
use super::{EndedBy, Link, PAUSE_MS_MAX, Pause, Replica, ReplicaOutput};
use crate::commit::Head;
use crate::id::SpaceId;
use crate::membership::Membership;
use crate::planted::{Bug, is_planted};
use crate::protocol::{AnswerCode, ClientFrame, Knowledge, ServerFrame};
use crate::record::Position;
use crate::time::Timestamp;

/// How long it takes until a space that could not be read is asked for again.
const UNAVAILABLE_RETRY_MS: i64 = 30_000;

impl Replica {
    /// A session with the authority begins.
    pub fn handle_connected(&mut self) {
        self.outbox.iter_mut().for_each(|pending| pending.is_sent = false);
        self.pause = None;
        // What was heard before may have been lost since, by an authority that was restored.
        self.authority_head = self.state.head.position;
        self.authority_end = Position::START;
        self.offering = None;
        self.refused_behind = None;
        self.history_asked = None;
        self.is_followed = false;
        // What founds a space must be there before it can be subscribed to.
        if self.is_founding() {
            self.link = Link::Founding;
            self.number_and_send();
        } else {
            self.subscribe();
        }
    }

    /// Whether the space exists only here, as commands that wait.
    pub(super) fn is_founding(&self) -> bool {
        let is_empty = self.state.head == Head::START && !self.identity.must_fork;
        is_empty && self.founding().is_some()
    }

    /// What founds the space, and waits. A device whose log is lost may have nothing either but commands that wait, in a space that is there.
    pub(super) fn founding(&self) -> Option<&OutboxEntry> {
        let space = self.space();
        let mut waiting = self.outbox.iter().filter(|pending| pending.is_waiting()).map(|pending| &*pending.entry);
        waiting.find(|entry| Membership::founds(space, &entry.stream, &entry.name))
    }

    pub fn handle_disconnected(&mut self) {
        if !matches!(self.link, Link::Ended { .. }) {
            self.link = Link::Offline;
        }
        self.is_current = false;
        self.outbox.iter_mut().for_each(|pending| pending.is_sent = false);
    }

    /// Frames of the authority, all that are there: what waits is rebased once for all of them, and not for each.
    pub fn handle_frames(&mut self, now: Timestamp, frames: impl IntoIterator<Item = ServerFrame>) {
        for frame in frames {
            self.frame(now, frame);
        }
        self.set_down();
    }

    fn frame(&mut self, now: Timestamp, frame: ServerFrame) {
        match frame {
            ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill, state }
                if space == self.space() =>
            {
                self.authority_head = self.authority_head.max(head.position);
                if self.is_saving_snapshot() {
                    return;
                }
                if is_backfill && self.state.head != Head::START {
                    self.backfill(epoch, after, &commits);
                } else {
                    let has_news = self.commits(epoch, after, upto, head, &commits);
                    self.compare(upto, state, has_news);
                    self.follow_on(is_backfill);
                    self.checkpoint_if_due(now);
                }
            }
            ServerFrame::Answer { space, replica, number, code, value, .. } if space == self.space() => {
                if replica == self.identity.replica {
                    self.answered(now, number, code, value);
                }
            }
            ServerFrame::SnapshotOffer { space, epoch, at, state, meta } if space == self.space() => {
                self.snapshot_offered(epoch, at, state, meta);
            }
            ServerFrame::SnapshotChunk { space, at, rows, cursor, from } if space == self.space() => {
                self.snapshot_chunk(at, rows, cursor, from);
            }
            // The space is not founded yet: the command that founds it waits here.
            ServerFrame::NoAccess { space } if space == self.space() && self.is_founding() => {}
            ServerFrame::AccessEnded { space, at, is_known } if space == self.space() => {
                self.access_ended(at, is_known);
            }
            ServerFrame::NoAccess { space } if space == self.space() => {
                self.offer_tail(Head::START, Offering::Unknown);
            }
            ServerFrame::Unavailable { space } if space == self.space() => {
                self.pause = Some(Pause::new(now, UNAVAILABLE_RETRY_MS));
                self.offer_tail(Head::START, Offering::Unavailable);
            }
            ServerFrame::Parted { space, epoch, head, places } if space == self.space() => {
                self.parted(epoch, head, &places);
            }
            ServerFrame::WantTail { space, after } if space == self.space() => self.tail_wanted(after),
            ServerFrame::Ping { heads, .. } | ServerFrame::Pong { heads, .. } => self.heads(&heads),
            ServerFrame::Welcome { .. }
            | ServerFrame::Goodbye { .. }
            | ServerFrame::Commits { .. }
            | ServerFrame::Answer { .. }
            | ServerFrame::SnapshotOffer { .. }
            | ServerFrame::SnapshotChunk { .. }
            | ServerFrame::ViewStart { .. }
            | ServerFrame::ViewNews { .. }
            | ServerFrame::AccessEnded { .. }
            | ServerFrame::NoAccess { .. }
            | ServerFrame::MySpaces { .. }
            | ServerFrame::People { .. }
            | ServerFrame::Published { .. }
            | ServerFrame::NotPublished { .. }
            | ServerFrame::Unavailable { .. }
            | ServerFrame::WantTail { .. }
            | ServerFrame::Parted { .. } => {}
        }
    }

    /// The log here may say otherwise, and go further: then this was said before the person was taken in again, or the authority has lost
    /// that since. Or it is not the authority's at all: then that has lost some of it.
    fn access_ended(&mut self, at: Position, is_known: bool) {
        if matches!(self.link, Link::Ended { .. }) {
            return;
        }
        let says_otherwise = at < self.state.head.position && self.state.role_of(self.actor).is_some();
        if says_otherwise || !is_known {
            self.offer_tail(Head::START, Offering::Ended);
        } else {
            self.end(EndedBy::ThisLog);
        }
    }

    pub(super) fn end(&mut self, of: EndedBy) {
        self.link = Link::Ended { of };
        self.outputs.push_back(ReplicaOutput::AccessEnded);
    }

    /// The authority does not know the space, or that this person was ever in it. Whoever holds a log that says otherwise keeps it: an older
    /// backup may have taken the authority's place.
    pub(super) fn unknown_there(&mut self) {
        if matches!(self.link, Link::Ended { .. }) {
            return;
        }
        if self.state.head == Head::START {
            return self.end(EndedBy::ThisLog);
        }
        self.link = Link::Offline;
        self.outputs.push_back(ReplicaOutput::Parted { epoch: 0, head: Head::START });
    }

    pub(super) fn unavailable(&mut self) {
        self.link = Link::Unavailable;
        self.outputs.push_back(ReplicaOutput::Unavailable);
    }

    /// Every ping carries the head: if it is beyond what came, or a subscription has no answer, something was lost on the way. So was a command that was sent two
    /// pings ago and brought no news since, and history that was asked for then; asking again is harmless.
    fn heads(&mut self, heads: &[(SpaceId, Head)]) {
        let Some((_, head)) = heads.iter().find(|(space, _)| *space == self.space()) else { return };
        if !matches!(self.link, Link::Founding | Link::Online | Link::Joining) {
            return;
        }
        self.authority_head = self.authority_head.max(head.position);
        self.authority_end = self.authority_end.max(head.position);
        if !self.is_joining() && (head.position > self.state.head.position || !self.is_current) {
            self.subscribe();
        }
        if self.history_asked == self.history_asked_at_last_ping {
            self.history_asked = None;
        }
        self.history_asked_at_last_ping = self.history_asked;
        self.backfill_next();
        let is_sending = self.outbox.iter().any(|pending| pending.is_sent && pending.is_waiting());
        let is_silent = is_sending && self.answered_at_last_ping == Some(self.identity.answered_up_to);
        self.answered_at_last_ping = is_sending.then_some(self.identity.answered_up_to);
        if is_silent {
            self.answered_at_last_ping = None;
            self.unsend_from(0);
            self.number_and_send();
        }
    }

    pub(super) fn subscribe(&mut self) {
        self.link = Link::Online;
        self.is_current = false;
        let knowledge = Knowledge { epoch: self.state.epoch, head: self.state.head };
        self.outputs.push_back(ReplicaOutput::Send(ClientFrame::Subscribe { space: self.space(), knowledge }));
    }

    /// The last number of this replica that the log here holds.
    fn known_to_be_answered(&self) -> u64 {
        if is_planted(Bug::TrustOldAnswer) {
            return self.identity.answered_up_to;
        }
        self.state.replicas.last_number(self.identity.replica)
    }

    /// The numbers here are not this device's own: it takes another identity once everything is here that the authority has decided, for only
    /// then it is known what is still to be sent.
    fn fork_later(&mut self) {
        self.identity.must_fork = !is_planted(Bug::ForgetClone);
        self.unsend_from(0);
        self.subscribe();
    }

    fn answered(&mut self, now: Timestamp, number: u64, code: AnswerCode, value: u64) {
        match code {
            // The verdict is not kept any more, for somebody has told that it was heard: another copy of this device.
            AnswerCode::Answered
                if self.outbox.iter().any(|pending| pending.is_waiting() && pending.entry.number == Some(number)) =>
            {
                self.fork_later();
            }
            AnswerCode::Refused
                if self.link == Link::Founding
                    && self.founding().is_some_and(|founding| founding.number == Some(number)) =>
            {
                self.not_founded();
            }
            // The commit itself brings the verdict.
            AnswerCode::Accepted | AnswerCode::Refused | AnswerCode::Answered => {
                if self.link == Link::Founding {
                    self.subscribe();
                }
            }
            AnswerCode::RetryAfter => {
                self.unsend_from(number);
                self.pause = Some(Pause::new(now, i64::try_from(value).unwrap_or(PAUSE_MS_MAX).clamp(1, PAUSE_MS_MAX)));
            }
            // The log has told more since this answer set out.
            AnswerCode::Expect if value <= self.known_to_be_answered() => {}
            // Where the command with that number was refused, and the refusal is lost there, it is not sent again: the numbers begin anew.
            AnswerCode::Expect
                if self.outbox.iter().any(|pending| pending.is_waiting() && pending.entry.number == Some(value)) =>
            {
                self.unsend_from(value);
                self.number_and_send();
            }
            AnswerCode::Expect | AnswerCode::Conflict => self.fork_later(),
            // It keeps its number and its place; those behind it wait with it.
            AnswerCode::WaitForUpgrade => {
                self.unsend_from(number);
                self.pause = Some(Pause::new(now, PAUSE_MS_MAX));
            }
        }
    }
}
