//! From decided to durable, and out to everyone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::errands::Errands;
use super::{SessionId, Space, SpaceOutput};
use crate::commit::{Commit, Head, SEAL_BYTES};
use crate::membership::Membership;
use crate::models::AnyState;
use crate::planted::{Bug, is_planted};
use crate::policy::Effect;
use crate::protocol::{ServerFrame, StateMark, ViewItem};
use crate::record::{Payload, Record, StreamId};
use crate::state::{SpaceState, Touched, ViewChange};
use crate::storage::{Append, ReadError, Written, is_redacted_between};
use crate::time::Timestamp;
use crate::view::ViewKey;

/// How a commit came to be behind what is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From a command that came in.
    Decided,
    /// The authority says it itself; nothing was looked at for it.
    Own,
    /// Decided before the store was set back, it comes in again, byte for byte.
    Adopted,
    /// Decided where the space was before it was given to this authority.
    Published,
}

impl Source {
    /// Whether what it brings about outside of the log has happened elsewhere or before.
    pub fn is_elsewhere(self) -> bool {
        matches!(self, Self::Adopted | Self::Published)
    }
}

/// A commit that is decided, and what it changed.
pub(super) struct Decided {
    pub commit: Arc<Commit>,
    pub touched: Touched,
    /// The members behind it, where it changes them.
    pub members: Option<Arc<Membership>>,
    pub source: Source,
    /// What it causes outside of the log.
    pub effects: Vec<Effect>,
    /// Whether a frame ends with it.
    pub ends_frame: bool,
}

impl Decided {
    pub fn new(source: Source, commit: Arc<Commit>, touched: Touched, members: Option<Arc<Membership>>) -> Self {
        Self { commit, touched, members, source, effects: Vec::new(), ends_frame: false }
    }
}

impl Space {
    /// Sends everything that waits to the log, unless something is on its way there.
    pub(super) fn append_next(&mut self) {
        if self.appending > 0 || self.undurable.is_empty() {
            return;
        }
        self.appending = self.next_append();
        self.part_into_frames();
        let commits: Vec<_> = self.undurable.iter().take(self.appending).map(|it| Arc::clone(&it.commit)).collect();
        let epoch = commits.last().map_or(self.state.epoch, |last| last.header.epoch);
        let taken = self.undurable.iter().take(self.appending);
        let adopted = taken.take_while(|decided| decided.source.is_elsewhere()).count();
        let append = Append { adopted, ..Append::new(self.id(), epoch, self.durable, commits) };
        self.outputs.push_back(SpaceOutput::Append(append));
        if is_planted(Bug::PublishBeforeDurable) {
            let early = self.undurable.drain(..std::mem::take(&mut self.appending)).collect();
            self.publish(early);
        }
    }

    /// How many commits the next append takes: none behind a redaction, for what was decided there has looked at what goes, and is decided again.
    /// What was not decided by what the log holds stays as it is.
    fn next_append(&self) -> usize {
        let Some(redaction) = self.undurable.iter().position(|decided| decided.commit.is_redaction()) else {
            return self.undurable.len();
        };
        let behind = self.undurable.iter().skip(redaction + 1);
        redaction + 1 + behind.take_while(|decided| decided.source != Source::Decided).count()
    }

    /// Says where the frames end by which this append goes out, and seals it there. No frame spans a change of members or roles.
    fn part_into_frames(&mut self) {
        let mut bytes = 0;
        for at in 0..self.appending {
            let length = self.undurable[at].commit.bytes.len() + SEAL_BYTES;
            if at > 0 && bytes + length > self.thresholds().frame_commits_bytes_max {
                self.undurable[at - 1].ends_frame = true;
                bytes = 0;
            }
            bytes += length;
            let is_last = at + 1 == self.appending;
            if self.undurable[at].members.is_some() || is_last {
                self.undurable[at].ends_frame = true;
                bytes = 0;
            }
        }
        let Some(key) = &self.seal_key else { return };
        let appending = self.undurable.iter_mut().take(self.appending);
        for decided in appending.filter(|decided| decided.ends_frame && decided.source != Source::Adopted) {
            let sealed = decided.commit.sealed(key);
            self.undurable_bytes += sealed.bytes.len() - decided.commit.bytes.len();
            decided.commit = Arc::new(sealed);
        }
    }

    pub(super) fn appended(&mut self, written: Written) {
        let count = std::mem::take(&mut self.appending);
        match written {
            Written::Durable(_) => {
                let durable: Vec<Decided> = self.undurable.drain(..count).collect();
                let is_redacted = durable.iter().any(|decided| decided.commit.is_redaction());
                if is_redacted {
                    // What a view would be told of this append was taken before payloads went.
                    self.stop_views();
                }
                self.publish(durable);
                if is_redacted {
                    self.play_anew();
                }
            }
            // A log that cannot be read is found to be so by either.
            Written::Fenced(_) | Written::Unknown(_) if self.has_been_redacted().unwrap_or(true) => self.play_anew(),
            Written::Fenced(_) | Written::Unknown(_) => self.fall_back(),
        }
    }

    /// Whether the log, behind what is known to be durable, turns out to hold a redaction.
    fn has_been_redacted(&self) -> Result<bool, ReadError> {
        let head = self.reader.head()?;
        is_redacted_between(self.reader.as_ref(), self.id(), self.durable.position, head.position)
    }

    /// The log has lost payloads, and what was played from them is dropped, here and where somebody looks at it. What was decided behind that
    /// is decided again.
    fn play_anew(&mut self) {
        self.joining.values_mut().for_each(|joining| joining.source = None);
        self.stop_views();
        self.fall_back();
        self.start_views();
    }

    /// Nobody knows what the log holds now: read it, forget what was only decided, and ask everybody to send again.
    pub(super) fn fall_back(&mut self) {
        self.undurable.clear();
        self.undurable_bytes = 0;
        self.checkpointing = None;
        self.looked_back = None;
        match SpaceState::open(Arc::clone(&self.domain), self.id(), &self.reader) {
            Ok(mut state) => {
                state.captures_entering = true;
                self.durable = state.head;
                self.members = state.base_models().get::<Membership>(self.id().0);
                self.errands = Errands::new(state.errands);
                self.state = state;
                if !is_planted(Bug::ForgetEffects) {
                    self.give_effects_again();
                }
                self.hold_name();
                self.go_on_reacting();
                self.drop_careful_queue();
                self.retry_all();
                self.follow_anew();
            }
            Err(error) => self.fail(error),
        }
    }

    /// The commits are durable: the frames, then the answers.
    fn publish(&mut self, durable: Vec<Decided>) {
        let mut stretch: Vec<Arc<Commit>> = Vec::new();
        let from_elsewhere = durable.iter().rfind(|decided| decided.source.is_elsewhere());
        let from_elsewhere = from_elsewhere.map(|decided| decided.commit.head());
        for decided in durable {
            self.undurable_bytes -= decided.commit.bytes.len();
            stretch.push(Arc::clone(&decided.commit));
            if decided.ends_frame {
                self.fan_out(std::mem::take(&mut stretch));
            }
            self.tell_views(&decided);
            if let Some(members) = decided.members.clone() {
                self.change_members(members);
            }
            self.begin_views_at(decided.commit.head().position);
            self.look_at_later(&decided.commit);
            self.give_effects(&decided.commit, decided.effects);
            self.look_at_published(&decided.commit);
            if from_elsewhere == Some(decided.commit.head()) {
                self.pass_over_effects(&decided.commit);
            }
        }
        assert!(stretch.is_empty(), "the last commit of an append ends a frame");
        while self.answers.front().is_some_and(|(at, ..)| *at <= self.durable.position) {
            let (_, session, frame) = self.answers.pop_front().expect("just seen");
            self.send(session, frame);
        }
        self.answer_errands();
    }

    /// One frame, encoded once, to everybody who is up to date.
    fn fan_out(&mut self, commits: Vec<Arc<Commit>>) {
        let Some(last) = commits.last() else { return };
        let (after, upto) = (self.durable, last.head());
        self.durable = upto;
        let sessions = self.advance_live(after.position, upto.position);
        if !sessions.is_empty() {
            let commits = commits.iter().map(|commit| Arc::clone(&commit.bytes)).collect();
            let frame = self.commits_frame(after, upto, commits, false, None).encode().into();
            self.outputs.push_back(SpaceOutput::FanOut { sessions, after: after.position, frame });
        }
    }

    pub(super) fn commits_frame(
        &self,
        after: Head,
        upto: Head,
        commits: Vec<Arc<[u8]>>,
        is_backfill: bool,
        state: Option<StateMark>,
    ) -> ServerFrame {
        let (space, epoch, head) = (self.id(), self.state.epoch, self.durable);
        ServerFrame::Commits {
            space,
            epoch,
            after,
            upto,
            commits,
            head: head.max_by_position(upto),
            is_backfill,
            state,
        }
    }

    fn change_members(&mut self, members: Arc<Membership>) {
        self.members = Arc::clone(&members);
        self.end_access();
        self.outputs.push_back(SpaceOutput::Members(members));
    }

    /// Sends each view that the commit touched to those who look at it, encoded once for each view.
    fn tell_views(&mut self, decided: &Decided) {
        let (begins_at, upto) = (decided.commit.before(), decided.commit.head());
        let mut listeners: BTreeMap<&ViewKey, Vec<SessionId>> = BTreeMap::new();
        for view in decided.touched.views.keys() {
            let sessions = self.listeners(view, upto.position);
            if !sessions.is_empty() {
                listeners.insert(view, sessions);
            }
        }
        for (view, sessions) in listeners {
            let touched = &decided.touched.views[view];
            let items = touched.changes.iter().map(|change| self.view_item(change)).collect();
            // Nothing touched the view since: who has seen that one has seen everything.
            let after = touched.before;
            for frame in self.news_frames(view, (after, None), upto, items) {
                let (sessions, frame) = (sessions.clone(), frame.encode().into());
                self.outputs.push_back(SpaceOutput::FanOut { sessions, after: begins_at, frame });
            }
        }
        for ((stream, seen), sessions) in self.entity_listeners(&decided.touched.streams, upto.position) {
            let view = ViewKey::of_stream(&stream);
            let records = decided.commit.events().filter(|record| record.stream == stream);
            let items = records.map(record_item).collect();
            for frame in self.news_frames(&view, (seen, None), upto, items) {
                let (sessions, frame) = (sessions.clone(), frame.encode().into());
                self.outputs.push_back(SpaceOutput::FanOut { sessions, after: begins_at, frame });
            }
        }
    }

    pub(super) fn view_item(&self, change: &ViewChange) -> ViewItem {
        match change {
            ViewChange::Enter { stream, model, at } => {
                let model = model.as_ref().and_then(|model| self.encoded_model(stream, model));
                ViewItem::Enter { stream: stream.clone(), model, at: *at }
            }
            ViewChange::Record(record) => record_item(record),
            ViewChange::Leave { stream, at } => ViewItem::Leave { stream: stream.clone(), at: *at },
        }
    }

    pub(super) fn encoded_model(&self, stream: &StreamId, model: &AnyState) -> Option<Vec<u8>> {
        let kind = self.domain.entity_type(&stream.kind)?;
        Some((kind.encode)(model).expect("an entity that was played can be encoded"))
    }

    /// Saves what changed, where the strategy or somebody who joins wants it, and everything decided is durable.
    pub(super) fn checkpoint_if_due(&mut self, now: Timestamp) {
        let is_due = self.wants_checkpoint || self.state.checkpoint_due().is_some_and(|at| at <= now);
        if !is_due || self.checkpointing.is_some() || self.durable != self.state.head {
            return;
        }
        self.wants_checkpoint = false;
        let errands = std::mem::replace(&mut self.state.errands, self.errands.done());
        if self.state.is_saved() && !self.is_checkpoint_stale() && errands == self.state.errands {
            self.checkpoint_ready();
            return;
        }
        match self.state.checkpoint() {
            Ok(write) => {
                self.checkpointing = Some(write.checkpoint.head);
                self.outputs.push_back(SpaceOutput::Checkpoint(write));
            }
            Err(error) => self.fail(error),
        }
    }

    /// Whether the saved checkpoint lies before what is durable (refusals move the head without an event).
    fn is_checkpoint_stale(&self) -> bool {
        self.reader.checkpoint().ok().flatten().is_none_or(|checkpoint| checkpoint.head != self.durable)
    }

    pub(super) fn checkpointed(&mut self, written: &Written) {
        let Some(at) = self.checkpointing.take() else { return };
        match written {
            Written::Durable(_) => {
                let ripe = self.state.checkpointed(&self.reader, at);
                self.outputs.extend((!ripe.is_empty()).then_some(SpaceOutput::CompactTexts(ripe)));
                self.checkpoint_ready();
            }
            Written::Fenced(_) | Written::Unknown(_) => self.state.checkpoint_failed(),
        }
    }
}

fn record_item(record: &Record) -> ViewItem {
    ViewItem::Record {
        number: record.number,
        stream: record.stream.clone(),
        name: record.name.clone(),
        command: record.origin.command,
        actor: record.origin.actor,
        replica: record.origin.replica,
        time: record.origin.time,
        claims: record.origin.claims,
        payload: match &record.payload {
            Payload::Plain(bytes) => Some(bytes.to_vec()),
            Payload::Erased => None,
        },
    }
}

impl Head {
    fn max_by_position(self, other: Self) -> Self {
        if self.position >= other.position { self } else { other }
    }
}
