//! Who follows the space, and how far each has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::watch::Looking;
use super::{SessionId, Space};
use crate::commit::Head;
use crate::id::ActorId;
use crate::membership::{Membership, MembershipEvent};
use crate::planted::{Bug, is_planted};
use crate::protocol::{Knowledge, ServerFrame, StateMark};
use crate::record::{Position, Record};
use crate::storage::{ReadError, StoredCommit};
use crate::time::Timestamp;
use crate::view::ViewKey;

/// One session that follows the space, or views of it.
#[derive(Debug)]
pub(super) struct Follower {
    actor: ActorId,
    whole: Option<Whole>,
    pub(super) views: BTreeMap<ViewKey, Looking>,
}

/// How far a follower of the whole space has come.
#[derive(Clone, Copy, Debug)]
enum Whole {
    /// Gets each frame as it is fanned out.
    Live { sent: Position },
    /// Reads from the log, a chunk for each pull.
    Behind { sent: Position },
}

impl Space {
    pub(crate) fn is_member(&self, actor: ActorId) -> bool {
        self.members.role_of(actor).is_some()
    }

    pub(super) fn follower(&mut self, session: SessionId, actor: ActorId) -> &mut Follower {
        self.followers.entry(session).or_insert_with(|| Follower { actor, whole: None, views: BTreeMap::new() })
    }

    /// Follows the whole space from behind what the replica holds, if that is a stretch of this log.
    pub(super) fn subscribe(&mut self, now: Timestamp, session: SessionId, actor: ActorId, knowledge: Knowledge) {
        if !self.is_member(actor) && !is_planted(Bug::SkipAccessCheck) {
            return match self.is_of_this_log(knowledge) {
                Ok(is_known) => self.no_access(session, actor, is_known),
                Err(error) => self.fail(error),
            };
        }
        match self.is_of_this_log(knowledge) {
            Ok(true) => {}
            Ok(false) => {
                let places = match self.places() {
                    Ok(places) => places,
                    Err(error) => return self.fail(error),
                };
                let (space, epoch, head) = (self.id(), self.state.epoch, self.durable);
                return self.send(session, ServerFrame::Parted { space, epoch, head, places });
            }
            Err(error) => return self.fail(error),
        }
        if knowledge.head == Head::START && self.durable.position.0 > self.thresholds().snapshot_from_records {
            return self.offer_snapshot(now, session, actor);
        }
        // Who reads the log has joined: the frozen state that it joined by is let go, for it keeps room in the file from being used again.
        self.joining.remove(&session);
        self.follower(session, actor).whole = Some(Whole::Behind { sent: knowledge.head.position });
        self.send_chunk(session);
    }

    /// Places of the log from its end back, each about twice as far from it as the one before.
    fn places(&self) -> Result<Vec<Head>, ReadError> {
        let end = self.durable.position.0;
        let back = std::iter::successors(Some(1_u64), |back| back.checked_mul(2));
        let positions = std::iter::once(0).chain(back).take_while(|back| *back < end).map(|back| Position(end - back));
        let mut places = Vec::new();
        for position in positions {
            let place = self.reader.commit_with(position)?.map(|stored| stored.head);
            places.extend(place.filter(|place| places.last() != Some(place)));
        }
        Ok(places)
    }

    pub(super) fn is_of_this_log(&self, knowledge: Knowledge) -> Result<bool, ReadError> {
        if knowledge.head == Head::START {
            return Ok(true);
        }
        // What an earlier epoch held is the beginning of this one, where the chain says so.
        if knowledge.epoch > self.state.epoch || knowledge.head.position > self.durable.position {
            return Ok(false);
        }
        let stored = self.reader.commit_with(knowledge.head.position)?;
        Ok(stored.is_some_and(|stored| stored.head == knowledge.head))
    }

    pub(super) fn unsubscribe(&mut self, session: SessionId, view: Option<&ViewKey>) {
        let Some(follower) = self.followers.get_mut(&session) else { return };
        match view {
            Some(view) => {
                follower.views.remove(view);
                self.starting.retain(|starting| starting.session != session || starting.view != *view);
            }
            None => follower.whole = None,
        }
        if follower.whole.is_none() && follower.views.is_empty() {
            self.followers.remove(&session);
        }
    }

    pub(super) fn leave(&mut self, session: SessionId) {
        self.followers.remove(&session);
        self.joining.remove(&session);
        self.bringing.remove(&session);
        self.starting.retain(|starting| starting.session != session);
    }

    /// Frames were dropped before this session: it reads on from the log, and its views start anew.
    pub(super) fn lag(&mut self, session: SessionId, after: Position) {
        let Some(follower) = self.followers.get_mut(&session) else { return };
        if let Some(Whole::Live { sent } | Whole::Behind { sent }) = follower.whole {
            follower.whole = Some(Whole::Behind { sent: sent.min(after) });
        }
        follower.views.values_mut().for_each(|looking| looking.miss(after));
    }

    /// The session has room: the next chunk, and what it missed of its views.
    pub(super) fn pull(&mut self, session: SessionId) {
        self.catch_up_views(session);
        self.send_chunk(session);
    }

    /// Everybody reads on from what is durable; views start anew, for what they showed of the undurable is gone.
    pub(super) fn follow_anew(&mut self) {
        self.starting.clear();
        let sessions: Vec<SessionId> = self.followers.keys().copied().collect();
        for session in &sessions {
            self.lag(*session, self.durable.position);
        }
        // What the log turns out to hold may have taken somebody out: before anybody reads on.
        if !is_planted(Bug::TellPastRemoval) {
            self.end_access();
        }
        for session in sessions {
            self.pull(session);
        }
    }

    fn send_chunk(&mut self, session: SessionId) {
        let Some(Follower { whole: Some(Whole::Behind { sent }), .. }) = self.followers.get(&session) else { return };
        let sent = *sent;
        let mut stored = match self.reader.commits(sent, self.durable.position, self.thresholds().read_bytes) {
            Ok(stored) => stored,
            Err(error) => return self.fail(error),
        };
        if is_planted(Bug::ResumeOffByOne) && !stored.is_empty() {
            stored.remove(0);
        }
        let upto = stored.last().map_or(sent, |last| last.head.position);
        let is_live = upto == self.durable.position;
        let state = if is_live { self.state_mark() } else { None };
        if let Some(frame) = self.chunk(stored, false, state) {
            self.send(session, frame);
        } else if sent == self.durable.position {
            // Nothing is missing; an empty frame tells the head, so that "synced" is known and not guessed.
            let frame = self.commits_frame(self.durable, self.durable, Vec::new(), false, state);
            self.send(session, frame);
        }
        let Some(follower) = self.followers.get_mut(&session) else { return };
        follower.whole = Some(if is_live { Whole::Live { sent: upto } } else { Whole::Behind { sent: upto } });
    }

    /// What the durable log comes to; nothing while more is decided than that, or what took something out of it may still come back.
    fn state_mark(&mut self) -> Option<StateMark> {
        let (domain, state) = (self.domain.fingerprint(), self.state_hash()?);
        self.state.unexplained.is_empty().then_some(StateMark { domain, state })
    }

    fn chunk(&self, stored: Vec<StoredCommit>, is_backfill: bool, state: Option<StateMark>) -> Option<ServerFrame> {
        let (first, last) = (stored.first()?, stored.last()?);
        let begins_at = first.open().ok()?.before();
        let after = Head { position: begins_at, hash: first.previous };
        let upto = last.head;
        let commits = stored.into_iter().map(|stored| stored.bytes).collect();
        Some(self.commits_frame(after, upto, commits, is_backfill, state))
    }

    /// Older records for a device that joined by a snapshot.
    pub(super) fn fetch_commits(&mut self, session: SessionId, actor: ActorId, after: Position, upto: Position) {
        if !self.is_member(actor) {
            return self.no_access(session, actor, false);
        }
        match self.reader.commits(after, upto.min(self.durable.position), self.thresholds().read_bytes) {
            Ok(stored) => {
                if let Some(frame) = self.chunk(stored, true, None) {
                    self.send(session, frame);
                }
            }
            Err(error) => self.fail(error),
        }
    }

    /// Moves everybody who is live from `after` to `upto`.
    pub(super) fn advance_live(&mut self, after: Position, upto: Position) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for (session, follower) in &mut self.followers {
            if let Some(Whole::Live { sent }) = &mut follower.whole
                && *sent == after
            {
                *sent = upto;
                sessions.push(*session);
            }
        }
        sessions
    }

    /// Who is no member any more got the commit that says so, and gets no byte more.
    pub(super) fn end_access(&mut self) {
        let at = self.durable.position;
        let gone: Vec<(SessionId, bool)> = self
            .followers
            .iter()
            .filter(|(_, follower)| self.members.role_of(follower.actor).is_none())
            .map(|(session, follower)| (*session, follower.whole.is_some()))
            .collect();
        // What somebody holds who only looks, nobody has asked.
        for (session, is_known) in gone {
            if let Err(error) = self.send_until_removed(session) {
                return self.fail(error);
            }
            if is_planted(Bug::LeaveViewsOpen) {
                self.unsubscribe(session, None);
            } else {
                self.leave(session);
            }
            self.send(session, ServerFrame::AccessEnded { space: self.id(), at, is_known });
        }
        let members = Arc::clone(&self.members);
        self.joining.retain(|_, joining| members.role_of(joining.actor).is_some());
    }

    /// A follower that is behind gets the rest up to the commit that removes it, in as many chunks as it takes.
    fn send_until_removed(&mut self, session: SessionId) -> Result<(), ReadError> {
        let Some(Follower { actor, whole: Some(Whole::Behind { sent }), .. }) = self.followers.get(&session) else {
            return Ok(());
        };
        let (actor, mut sent) = (*actor, *sent);
        loop {
            let mut stored = self.reader.commits(sent, self.durable.position, self.thresholds().read_bytes)?;
            let end = stored.iter().position(|stored| removes(stored, actor));
            stored.truncate(end.map_or(stored.len(), |end| end + 1));
            let Some(last) = stored.last() else { return Ok(()) };
            sent = last.head.position;
            if let Some(frame) = self.chunk(stored, false, None) {
                self.send(session, frame);
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// Whether the commit takes the person out of the space.
fn removes(stored: &StoredCommit, person: ActorId) -> bool {
    let Ok(commit) = stored.open() else { return false };
    let takes_out = |record: &Record| matches!(record.event::<Membership>(), Some(MembershipEvent::MemberRemoved { person: out }) if *out == person);
    commit.events().any(takes_out)
}
