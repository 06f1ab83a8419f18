//! Who looks at one view: its state once, then each record that touches it, once, whatever happens to the line.
//!
//! ```text
//!  at first, or after too long   ViewStart at N ─────────────► ViewNews, as they become durable
//!  knows everything up to N      ViewNews (N, durable] ──────► ViewNews, as they become durable
//!                                └ found again in the log
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::follow::Follower;
use super::{SessionId, Space};
use crate::commit::Head;
use crate::hash::Hash;
use crate::id::ActorId;
use crate::models::Models;
use crate::name::Name;
use crate::protocol::{Knowledge, ServerFrame, ViewItem};
use crate::record::{Position, StreamId};
use crate::state::Router;
use crate::storage::{ReadError, is_redacted_between};
use crate::view::ViewKey;

/// How far a follower of one view has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Looking {
    /// Its starting state waits to become durable.
    Starting,
    /// It has everything up to here.
    From { at: Position },
    /// It has everything up to here, and missed something behind it: it catches up with the next pull.
    Behind { at: Position },
}

impl Looking {
    /// Frames were dropped that began behind a position.
    pub fn miss(&mut self, after: Position) {
        if let Self::From { at } | Self::Behind { at } = *self {
            *self = Self::Behind { at: at.min(after) };
        }
    }
}

/// A starting state that was taken at what is decided and waits until that is durable.
#[derive(Debug)]
pub(super) struct ViewStarting {
    at: Position,
    pub session: SessionId,
    pub view: ViewKey,
    frames: Arc<[ServerFrame]>,
}

impl Space {
    pub(super) fn subscribe_view(
        &mut self,
        session: SessionId,
        actor: ActorId,
        view: ViewKey,
        after: Option<Knowledge>,
    ) {
        if !self.is_member(actor) || !self.domain.has_view(&view) {
            return self.no_access(session, actor, false);
        }
        let looking = match after.map(|knowledge| self.goes_on(session, &view, knowledge)).transpose() {
            Ok(looking) => looking.flatten().unwrap_or(Looking::Starting),
            Err(error) => return self.fail(error),
        };
        self.starting.retain(|starting| starting.session != session || starting.view != view);
        self.follower(session, actor).views.insert(view.clone(), looking);
        match looking {
            Looking::Starting => self.start_view(session, view),
            Looking::From { .. } => {
                let known = after.map_or(Head::START, |knowledge| knowledge.head);
                let after = (known.position, Some(known.hash));
                for frame in self.news_frames(&view, after, self.durable, Vec::new()) {
                    self.send(session, frame);
                }
            }
            Looking::Behind { .. } => self.catch_up_views(session),
        }
    }

    /// How somebody goes on who knows so much: not at all, unless that is a commit of this log. Who has all that this session was sent has
    /// missed nothing, however long ago it was; for others the log is looked through, if it was not too long ago. What was known before the view was
    /// made anew is another version's.
    fn goes_on(&self, session: SessionId, view: &ViewKey, knowledge: Knowledge) -> Result<Option<Looking>, ReadError> {
        let at = knowledge.head.position;
        if at == Position::START || !self.is_of_this_log(knowledge)? {
            return Ok(None);
        }
        let looking = self.followers.get(&session).and_then(|follower| follower.views.get(view));
        if matches!(looking, Some(Looking::From { at: sent }) if *sent == at) {
            return Ok(Some(Looking::From { at: self.durable.position }));
        }
        let is_near = self.durable.position.0 - at.0 <= self.thresholds().view_catch_up_records_max;
        let is_remade = self.state.remade.get(&view.name).is_some_and(|remade| at <= remade.at && !remade.is_never());
        let goes_on = is_near && !is_remade && !self.is_redacted_behind(at)?;
        Ok(goes_on.then_some(Looking::Behind { at }))
    }

    /// Whether something was redacted behind a position: what was played up to there may hold it.
    fn is_redacted_behind(&self, at: Position) -> Result<bool, ReadError> {
        is_redacted_between(self.reader.as_ref(), self.id(), at, self.durable.position)
    }

    /// Nobody who looks at a view is told anything more of it before it starts anew.
    pub(super) fn stop_views(&mut self) {
        self.starting.clear();
        let views = self.followers.values_mut().flat_map(|follower| follower.views.values_mut());
        views.for_each(|looking| *looking = Looking::Starting);
    }

    /// Everybody who was stopped gets their views from the start.
    pub(super) fn start_views(&mut self) {
        let stopped = |(session, follower): (&SessionId, &Follower)| {
            let views = follower.views.iter().filter(|(_, looking)| matches!(looking, Looking::Starting));
            views.map(|(view, _)| (*session, view.clone())).collect::<Vec<_>>()
        };
        let stopped: Vec<_> = self.followers.iter().flat_map(stopped).collect();
        for (session, view) in stopped {
            self.start_view(session, view);
        }
    }

    /// These views show otherwise from now on: whoever looks at one of them gets it from the start.
    pub(super) fn restart_views(&mut self, views: &BTreeSet<Name>) {
        self.starting.retain(|starting| !views.contains(&starting.view.name));
        let mut restarted = Vec::new();
        for (session, follower) in &mut self.followers {
            for (view, looking) in follower.views.iter_mut().filter(|(view, _)| views.contains(&view.name)) {
                *looking = Looking::Starting;
                restarted.push((*session, view.clone()));
            }
        }
        for (session, view) in restarted {
            self.start_view(session, view);
        }
    }

    /// Takes the view's state as it is decided, and sends it as soon as that is durable: state and tail come from one position.
    fn start_view(&mut self, session: SessionId, view: ViewKey) {
        let at = self.state.head;
        // Who looks at the same, while it is not durable yet, waits with the others for one state.
        let same = self.starting.iter().find(|starting| starting.at == at.position && starting.view == view);
        let frames = match same.map(|starting| Arc::clone(&starting.frames)) {
            Some(frames) => frames,
            None => match self.starting_frames(&view, at) {
                Ok(frames) => frames.into(),
                Err(error) => return self.fail(error),
            },
        };
        self.starting.push(ViewStarting { at: at.position, session, view, frames });
        if self.durable == at {
            self.begin_views_at(at.position);
        }
    }

    /// What the session missed of its views: a piece of each, from the log. The next pull brings the next piece.
    pub(super) fn catch_up_views(&mut self, session: SessionId) {
        let Some(follower) = self.followers.get(&session) else { return };
        let behind: Vec<(ViewKey, Position)> = follower
            .views
            .iter()
            .filter_map(|(view, looking)| match looking {
                Looking::Behind { at } => Some((view.clone(), *at)),
                Looking::Starting | Looking::From { .. } => None,
            })
            .collect();
        for (view, at) in behind {
            match self.is_redacted_behind(at) {
                Ok(false) => {}
                Ok(true) => {
                    if let Some(follower) = self.followers.get_mut(&session) {
                        follower.views.insert(view.clone(), Looking::Starting);
                    }
                    self.start_view(session, view);
                    continue;
                }
                Err(error) => return self.fail(error),
            }
            match self.missed(&view, at) {
                Ok((upto, frames)) => {
                    let is_current = upto == self.durable.position;
                    let looking = if is_current { Looking::From { at: upto } } else { Looking::Behind { at: upto } };
                    if let Some(follower) = self.followers.get_mut(&session) {
                        follower.views.insert(view, looking);
                    }
                    for frame in frames {
                        self.send(session, frame);
                    }
                }
                Err(error) => return self.fail(error),
            }
        }
    }

    /// What touched the view behind a position, up to the end of a commit. Where nothing did, it tells where the log ends.
    fn missed(&self, view: &ViewKey, after: Position) -> Result<(Position, Vec<ServerFrame>), ReadError> {
        let stored = self.reader.commits(after, self.durable.position, self.thresholds().read_bytes)?;
        let hash = stored.first().map_or(self.durable.hash, |stored| stored.previous);
        let from = Head { position: after, hash };
        let (domain, reader) = (Arc::clone(&self.domain), Arc::clone(&self.reader));
        let mut router = Router::new(domain, self.id(), reader, view.clone(), from);
        let (mut upto, mut items, mut bytes) = (from, Vec::new(), 0);
        for stored in stored {
            let commit = stored.open()?;
            let news: Vec<ViewItem> = router.play(&commit)?.iter().map(|change| self.view_item(change)).collect();
            let added: usize = news.iter().map(ViewItem::size).sum();
            if bytes > 0 && bytes + added > self.thresholds().view_piece_bytes_max {
                break;
            }
            bytes += added;
            items.extend(news);
            upto = commit.head();
        }
        Ok((upto.position, self.news_frames(view, (after, Some(hash)), upto, items)))
    }

    /// The news of one range in as many frames as they need: a commit of many events, with the models of all that they touch, is larger
    /// than a frame may be.
    pub(super) fn news_frames(
        &self,
        view: &ViewKey,
        (after, hash): (Position, Option<Hash>),
        upto: Head,
        items: Vec<ViewItem>,
    ) -> Vec<ServerFrame> {
        let mut pieces = Vec::new();
        let (mut rest, mut bytes) = (Vec::new(), 0);
        for item in items {
            let added = item.size();
            if bytes > 0 && bytes + added > self.thresholds().view_piece_bytes_max {
                pieces.push(std::mem::take(&mut rest));
                bytes = 0;
            }
            bytes += added;
            rest.push(item);
        }
        pieces.push(rest);
        let last = pieces.len() - 1;
        let frame = |(items, piece): (_, u32)| ServerFrame::ViewNews {
            space: self.id(),
            view: view.clone(),
            after,
            upto,
            piece,
            is_last: piece as usize == last,
            items,
            hash,
        };
        pieces.into_iter().zip(0..).map(frame).collect()
    }

    fn starting_frames(&self, view: &ViewKey, at: Head) -> Result<Vec<ServerFrame>, ReadError> {
        let (state, members) = match self.domain.view_type(&view.name) {
            Some(view_type) => {
                let slot = self.state.layers.view(view, 0);
                let state = (view_type.encode)(&slot.state).map_err(|error| ReadError::Damaged(error.to_string()))?;
                let is_listed = (view_type.lists_entities)(&view.key);
                (state, if is_listed { slot.members.iter().cloned().collect() } else { self.showing_in(view)? })
            }
            // An entity's view of itself.
            None => (Vec::new(), view.as_stream().into_iter().collect()),
        };
        let mut parts: Vec<(Arc<[u8]>, Vec<_>)> =
            state.chunks(self.thresholds().view_piece_bytes_max).map(|piece| (piece.into(), Vec::new())).collect();
        let mut models: Vec<(StreamId, minicbor::bytes::ByteVec)> = Vec::new();
        let mut bytes = 0;
        for stream in &members {
            let model = self.encoded_model(stream, &self.state.layers.entity(stream, 0).state).unwrap_or_default();
            let added = model.len() + stream.kind.len() + 64;
            if bytes > 0 && bytes + added > self.thresholds().view_piece_bytes_max {
                parts.push((Arc::default(), std::mem::take(&mut models)));
                bytes = 0;
            }
            bytes += added;
            models.push((stream.clone(), model.into()));
        }
        parts.push((Arc::default(), models));
        if let Some(failure) = self.state.take_failure() {
            return Err(failure);
        }
        let last = parts.len() - 1;
        let remade = self.state.remade.get(&view.name).map_or(0, |remade| remade.times);
        let frame = |((state, models), piece): (_, u32)| ServerFrame::ViewStart {
            space: self.id(),
            view: view.clone(),
            epoch: self.epoch(),
            at,
            remade,
            piece,
            is_last: piece as usize == last,
            state,
            models,
        };
        Ok(parts.into_iter().zip(0..).map(frame).collect())
    }

    /// The entities that show in a view which does not list them.
    fn showing_in(&self, view: &ViewKey) -> Result<Vec<StreamId>, ReadError> {
        let models = Models::base(&self.state.layers);
        let mut streams = self.state.streams(self.reader.as_ref())?;
        streams.retain(|stream| self.domain.shows(view, stream, &models));
        Ok(streams.into_iter().collect())
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
            for frame in &*starting.frames {
                self.send(starting.session, frame.clone());
            }
        }
    }

    /// Who looks at an entity that the commit touched, by what they have seen of it; from now on they have seen this position.
    pub(super) fn entity_listeners(
        &mut self,
        touched: &BTreeSet<StreamId>,
        upto: Position,
    ) -> BTreeMap<(StreamId, Position), Vec<SessionId>> {
        let mut listeners: BTreeMap<_, Vec<SessionId>> = BTreeMap::new();
        for (session, follower) in &mut self.followers {
            for (view, looking) in &mut follower.views {
                let Looking::From { at } = looking else { continue };
                let Some(stream) = view.as_stream().filter(|stream| touched.contains(stream) && *at < upto) else {
                    continue;
                };
                let seen = std::mem::replace(at, upto);
                listeners.entry((stream, seen)).or_default().push(*session);
            }
        }
        listeners
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
}
