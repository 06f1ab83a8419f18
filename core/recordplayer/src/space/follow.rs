//! Who follows the space, and how far each has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{SessionId, Space};
use crate::commit::Head;
use crate::id::ActorId;
use crate::limits::{FRAME_BYTES_MAX, READ_BYTES};
use crate::protocol::{Knowledge, ServerFrame};
use crate::record::{Position, StreamId};
use crate::storage::{ReadError, StoredCommit};
use crate::view::ViewKey;

/// The largest piece of a view's starting state in one frame; the frame's head and one model more fit beside it.
const START_BYTES_MAX: usize = FRAME_BYTES_MAX / 2;

/// From here on a new device is offered a snapshot: below, the records themselves are as quickly played.
const SNAPSHOT_FROM_RECORDS: u64 = 2_000;

/// One session that follows the space, or views of it.
pub(super) struct Follower {
    actor: ActorId,
    whole: Option<Whole>,
    views: BTreeMap<ViewKey, Looking>,
}

/// How far a follower of the whole space has come.
#[derive(Clone, Copy)]
enum Whole {
    /// Gets each frame as it is fanned out.
    Live { sent: Position },
    /// Reads from the log, a chunk for each pull.
    Behind { sent: Position },
}

/// How far a follower of one view has come.
#[derive(Clone, Copy)]
enum Looking {
    /// Its starting state waits to become durable.
    Starting,
    /// It has everything up to here.
    From { at: Position },
    /// It missed something and starts anew with the next pull.
    Stale,
}

/// A starting state that was taken at what is decided and waits until that is durable.
pub(super) struct ViewStarting {
    at: Position,
    session: SessionId,
    view: ViewKey,
    frames: Vec<ServerFrame>,
}

impl Space {
    fn is_member(&self, actor: ActorId) -> bool {
        self.members.role_of(actor).is_some()
    }

    fn follower(&mut self, session: SessionId, actor: ActorId) -> &mut Follower {
        self.followers.entry(session).or_insert_with(|| Follower { actor, whole: None, views: BTreeMap::new() })
    }

    /// Follows the whole space from behind what the replica holds, if that is a stretch of this log.
    pub(super) fn subscribe(&mut self, session: SessionId, actor: ActorId, knowledge: Knowledge) {
        if !self.is_member(actor) {
            return self.no_access(session);
        }
        match self.is_of_this_log(knowledge) {
            Ok(true) => {}
            Ok(false) => {
                let frame = ServerFrame::Parted { space: self.id(), epoch: self.state.epoch, head: self.durable };
                return self.send(session, frame);
            }
            Err(error) => return self.fail(error),
        }
        if knowledge.head == Head::START && self.durable.position.0 > SNAPSHOT_FROM_RECORDS {
            return self.offer_snapshot(session, actor);
        }
        self.follower(session, actor).whole = Some(Whole::Behind { sent: knowledge.head.position });
        self.send_chunk(session);
    }

    fn is_of_this_log(&self, knowledge: Knowledge) -> Result<bool, ReadError> {
        if knowledge.head == Head::START {
            return Ok(true);
        }
        if knowledge.epoch != self.state.epoch || knowledge.head.position > self.durable.position {
            return Ok(false);
        }
        let stored = self.reader.commit_with(knowledge.head.position)?;
        Ok(stored.is_some_and(|stored| stored.head == knowledge.head))
    }

    pub(super) fn subscribe_view(&mut self, session: SessionId, actor: ActorId, view: ViewKey) {
        if !self.is_member(actor) || self.domain.view_type(&view.name).is_none() {
            return self.no_access(session);
        }
        self.follower(session, actor).views.insert(view.clone(), Looking::Starting);
        self.start_view(session, view);
    }

    /// Takes the view's state as it is decided, and sends it as soon as that is durable: state and tail come from one position.
    fn start_view(&mut self, session: SessionId, view: ViewKey) {
        let at = self.state.head.position;
        let frames = match self.starting_frames(&view, at) {
            Ok(frames) => frames,
            Err(error) => return self.fail(error),
        };
        self.starting.push(ViewStarting { at, session, view, frames });
        if self.durable.position == at {
            self.begin_views_at(at);
        }
    }

    fn starting_frames(&self, view: &ViewKey, at: Position) -> Result<Vec<ServerFrame>, ReadError> {
        let view_type = self.domain.view_type(&view.name).expect("looked up when it was subscribed to");
        let slot = self.state.layers.view(view, 0);
        let state = (view_type.encode)(&slot.state).map_err(|error| ReadError::Damaged(error.to_string()))?;
        let mut parts: Vec<(Arc<[u8]>, Vec<_>)> =
            state.chunks(START_BYTES_MAX).map(|piece| (piece.into(), Vec::new())).collect();
        let mut models: Vec<(StreamId, minicbor::bytes::ByteVec)> = Vec::new();
        let mut bytes = 0;
        for stream in slot.members.iter() {
            let model = self.encoded_model(stream, &self.state.layers.entity(stream, 0).state).unwrap_or_default();
            bytes += model.len() + stream.kind.len() + 64;
            models.push((stream.clone(), model.into()));
            if bytes > START_BYTES_MAX {
                parts.push((Arc::default(), std::mem::take(&mut models)));
                bytes = 0;
            }
        }
        parts.push((Arc::default(), models));
        if let Some(failure) = self.state.take_failure() {
            return Err(failure);
        }
        let last = parts.len() - 1;
        let frame = |(index, (state, models))| ServerFrame::ViewStart {
            space: self.id(),
            view: view.clone(),
            at,
            is_first: index == 0,
            is_last: index == last,
            state,
            models,
        };
        Ok(parts.into_iter().enumerate().map(frame).collect())
    }

    /// Sends the starting states that were taken at this position, now that it is durable.
    pub(super) fn begin_views_at(&mut self, position: Position) {
        let (ready, waiting) =
            std::mem::take(&mut self.starting).into_iter().partition(|starting| starting.at == position);
        self.starting = waiting;
        let ready: Vec<ViewStarting> = ready;
        for starting in ready {
            let Some(follower) = self.followers.get_mut(&starting.session) else { continue };
            let Some(looking) = follower.views.get_mut(&starting.view) else { continue };
            *looking = Looking::From { at: position };
            for frame in starting.frames {
                self.send(starting.session, frame);
            }
        }
    }

    /// The sessions that look at the view and have not seen this position; from now on they have.
    pub(super) fn listeners(&mut self, view: &ViewKey, upto: Position) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for (session, follower) in &mut self.followers {
            if let Some(Looking::From { at }) = follower.views.get_mut(view)
                && *at < upto
            {
                *at = upto;
                sessions.push(*session);
            }
        }
        sessions
    }

    pub(super) fn unsubscribe(&mut self, session: SessionId, view: Option<&ViewKey>) {
        let Some(follower) = self.followers.get_mut(&session) else { return };
        match view {
            Some(view) => drop(follower.views.remove(view)),
            None => follower.whole = None,
        }
        if follower.whole.is_none() && follower.views.is_empty() {
            self.followers.remove(&session);
        }
    }

    pub(super) fn leave(&mut self, session: SessionId) {
        self.followers.remove(&session);
        self.joining.remove(&session);
        self.starting.retain(|starting| starting.session != session);
    }

    /// Frames were dropped before this session: it reads on from the log, and its views start anew.
    pub(super) fn lag(&mut self, session: SessionId, after: Position) {
        let Some(follower) = self.followers.get_mut(&session) else { return };
        if let Some(Whole::Live { sent } | Whole::Behind { sent }) = follower.whole {
            follower.whole = Some(Whole::Behind { sent: sent.min(after) });
        }
        follower.views.values_mut().for_each(|looking| *looking = Looking::Stale);
    }

    /// The session has room: the next chunk, or the views that it missed something of.
    pub(super) fn pull(&mut self, session: SessionId) {
        let Some(follower) = self.followers.get_mut(&session) else { return };
        let mut stale = Vec::new();
        for (view, looking) in &mut follower.views {
            if matches!(looking, Looking::Stale) {
                *looking = Looking::Starting;
                stale.push(view.clone());
            }
        }
        for view in stale {
            self.start_view(session, view);
        }
        self.send_chunk(session);
    }

    /// Everybody reads on from what is durable; views start anew, for what they showed of the undurable is gone.
    pub(super) fn follow_anew(&mut self) {
        self.starting.clear();
        let sessions: Vec<SessionId> = self.followers.keys().copied().collect();
        for session in sessions {
            self.lag(session, self.durable.position);
            self.pull(session);
        }
    }

    fn send_chunk(&mut self, session: SessionId) {
        let Some(Follower { whole: Some(Whole::Behind { sent }), .. }) = self.followers.get(&session) else { return };
        let sent = *sent;
        let stored = match self.reader.commits(sent, self.durable.position, READ_BYTES) {
            Ok(stored) => stored,
            Err(error) => return self.fail(error),
        };
        let upto = stored.last().map_or(sent, |last| last.head.position);
        let is_live = upto == self.durable.position;
        if let Some(frame) = self.chunk(stored, false) {
            self.send(session, frame);
        } else if sent == self.durable.position {
            // Nothing is missing; an empty frame tells the head, so that "synced" is known and not guessed.
            let frame = self.commits_frame(self.durable, self.durable, Vec::new(), false);
            self.send(session, frame);
        }
        let Some(follower) = self.followers.get_mut(&session) else { return };
        follower.whole = Some(if is_live { Whole::Live { sent: upto } } else { Whole::Behind { sent: upto } });
    }

    fn chunk(&self, stored: Vec<StoredCommit>, is_backfill: bool) -> Option<ServerFrame> {
        let (first, last) = (stored.first()?, stored.last()?);
        let begins_at = crate::commit::Commit::open(Arc::clone(&first.bytes), &first.previous).ok()?.before();
        let after = Head { position: begins_at, hash: first.previous };
        let upto = last.head;
        Some(self.commits_frame(after, upto, stored.into_iter().map(|stored| stored.bytes).collect(), is_backfill))
    }

    /// Older records for a device that joined by a snapshot.
    pub(super) fn fetch_commits(&mut self, session: SessionId, actor: ActorId, after: Position, upto: Position) {
        if !self.is_member(actor) {
            return self.no_access(session);
        }
        match self.reader.commits(after, upto.min(self.durable.position), READ_BYTES) {
            Ok(stored) => {
                if let Some(frame) = self.chunk(stored, true) {
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
        let gone: Vec<SessionId> = self
            .followers
            .iter()
            .filter(|(_, follower)| self.members.role_of(follower.actor).is_none())
            .map(|(s, _)| *s)
            .collect();
        for session in gone {
            self.send_rest(session);
            self.leave(session);
            self.send(session, ServerFrame::AccessEnded { space: self.id(), at });
        }
        let members = Arc::clone(&self.members);
        self.joining.retain(|_, joining| members.role_of(joining.actor).is_some());
    }

    /// A follower that is behind gets the rest up to the commit that removes it, in as many chunks as it takes.
    fn send_rest(&mut self, session: SessionId) {
        while let Some(Follower { whole: Some(Whole::Behind { sent }), .. }) = self.followers.get(&session) {
            let before = *sent;
            self.send_chunk(session);
            match self.followers.get(&session).and_then(|follower| follower.whole) {
                Some(Whole::Behind { sent }) if sent > before => {}
                Some(Whole::Behind { .. } | Whole::Live { .. }) | None => break,
            }
        }
    }
}
