//! One active space: a task around the space machine. It waits for nobody but the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use recordplayer::Rebuilding;
use recordplayer::commit::Head;
use recordplayer::errand::Sent;
use recordplayer::file::NamedFile;
use recordplayer::hash::{Hash, StateHash};
use recordplayer::id::SpaceId;
use recordplayer::policy::EffectsDone;
use recordplayer::protocol::{Goodbye, ServerFrame};
use recordplayer::record::Position;
use recordplayer::space::{Mark, Opening, Publication, SessionId, Space, SpaceInput, SpaceOutput};
use recordplayer::storage::{SpaceReader, TextKey, Write, Written};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::clock::now;
use crate::compaction;
use crate::effects::Piece;
use crate::files;
use crate::hub::{Hub, InMemory};
use crate::limits::{SPACE_IDLE, WRITE_RETRY};
use crate::outbound::goodbye;
use crate::publications::Room;

/// What a space is asked.
#[derive(Debug)]
pub(crate) enum Call {
    Input(SpaceInput),
    /// A space that was begun without a server comes in; the room that it takes until it is looked at.
    Publish(Publication, Room),
    /// The state hash, once nothing waits.
    Hash(oneshot::Sender<SpaceHash>),
    /// What the log says of these files, in this order.
    Files {
        hashes: Vec<Hash>,
        answer: oneshot::Sender<Vec<Option<NamedFile>>>,
    },
    /// Save, and leave memory; answered when that is done.
    Stop(oneshot::Sender<()>),
}

/// A state hash and where it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceHash {
    pub space: SpaceId,
    pub epoch: u32,
    pub record: Position,
    pub state: StateHash,
}

struct Actor {
    hub: Arc<Hub>,
    space: Space,
    /// Where the store's answers arrive; at most an append and a checkpoint are on their way.
    written: mpsc::Sender<SpaceInput>,
    writes: mpsc::Receiver<SpaceInput>,
    /// What it asks of other spaces, in order.
    errands: mpsc::UnboundedSender<Arc<Sent>>,
    writing: usize,
    /// The last task that compacts texts.
    compaction: Option<JoinHandle<()>>,
    head: Arc<Mutex<Head>>,
    /// Who ever said something to this space; when it fails, they connect again.
    sessions: BTreeSet<SessionId>,
    hashes: Vec<oneshot::Sender<SpaceHash>>,
    /// How far the views are that are made anew, as it was told last, in tenths.
    rebuilding_tenths: Option<u64>,
    has_failed: bool,
}

pub(crate) async fn run(hub: Arc<Hub>, id: SpaceId, in_memory: InMemory, mut calls: mpsc::Receiver<Call>) {
    let opening = {
        let (domain, reader) = (Arc::clone(&hub.domain), hub.writer.reader(id));
        let opening = Opening {
            salt_key: hub.accounts.salt_key(),
            seal_key: Some(hub.accounts.seal_key()),
            recovery: hub.accounts.recovery(),
            effects: hub.effects.get().and_then(|_| effects_done(&hub, id, reader.as_ref())),
            names: Arc::clone(&hub.names),
            after: hub.marks.ending_before(id),
        };
        tokio::task::spawn_blocking(move || Space::open(domain, id, reader, opening))
    };
    let mut stopped = None;
    match opening.await {
        Ok(Ok(space)) => {
            let (written, writes) = mpsc::channel(4);
            let (errands, asked) = mpsc::unbounded_channel();
            tokio::spawn(Arc::clone(&hub).run_errands(asked));
            let actor = Actor {
                hub: Arc::clone(&hub),
                space,
                written,
                writes,
                errands,
                writing: 0,
                compaction: None,
                head: Arc::clone(&in_memory.head),
                sessions: BTreeSet::new(),
                hashes: Vec::new(),
                rebuilding_tenths: None,
                has_failed: false,
            };
            stopped = actor.live(&mut calls).await;
        }
        Ok(Err(error)) => {
            tracing::error!(space = %id, %error, "the space cannot be opened");
            cut_off(&hub, id, &mut calls);
        }
        Err(error) => {
            tracing::error!(space = %id, %error, "opening the space panicked");
            cut_off(&hub, id, &mut calls);
        }
    }
    calls.close();
    if let Some(stopped) = stopped {
        drop(in_memory);
        let _ = stopped.send(());
        return;
    }
    // What arrives while the space leaves memory opens it anew, in its order: a session that is gone is not to be heard of afterwards.
    let mut late = Vec::new();
    while let Some(call) = calls.recv().await {
        late.push(call);
    }
    in_memory.leave(late);
}

/// How far the effects of the space are carried out. Of a space that nothing is noted of, what has happened so far brings nothing about.
fn effects_done(hub: &Hub, space: SpaceId, reader: &dyn SpaceReader) -> Option<EffectsDone> {
    if let Some(done) = hub.accounts.effects_done(space) {
        return Some(done);
    }
    let done = EffectsDone { epoch: reader.epoch().ok()?, upto: reader.head().ok()?.position };
    match hub.accounts.note_effects(space, done) {
        Ok(()) => Some(done),
        Err(error) => {
            tracing::error!(%space, %error, "it cannot be noted that effects begin here, so there are none yet");
            None
        }
    }
}

/// Ends the sessions whose calls nobody can answer.
fn cut_off(hub: &Hub, space: SpaceId, calls: &mut mpsc::Receiver<Call>) {
    while let Ok(call) = calls.try_recv() {
        let session = match call {
            Call::Input(input) => session_of(&input),
            Call::Publish(brought, _) => Some(brought.session),
            Call::Hash(_) | Call::Files { .. } | Call::Stop(_) => None,
        };
        if let Some(link) = session.and_then(|session| hub.link(session)) {
            tracing::warn!(%space, session = link.id.0, "the session ends with its space");
            link.out.end(Some(&*unavailable()));
        }
    }
}

fn end_sessions(hub: &Hub, sessions: &BTreeSet<SessionId>) {
    for link in sessions.iter().filter_map(|session| hub.link(*session)) {
        link.out.end(Some(&*unavailable()));
    }
}

fn unavailable() -> Box<ServerFrame> {
    goodbye(
        Goodbye::Unavailable,
        "a project cannot be read just now",
        "connect again in a while; if that does not help, tell the admin",
    )
}

impl Actor {
    /// Until the space is idle, fails, or is stopped; then who waits for that.
    async fn live(mut self, calls: &mut mpsc::Receiver<Call>) -> Option<oneshot::Sender<()>> {
        self.tell_head();
        let mut idle_at = Instant::now() + SPACE_IDLE;
        while !self.has_failed {
            let wait = self.until_wakeup().min(idle_at.saturating_duration_since(Instant::now()));
            tokio::select! {
                biased;
                Some(input) = self.writes.recv() => self.take_written(input),
                call = calls.recv() => {
                    idle_at = Instant::now() + SPACE_IDLE;
                    match call {
                        Some(Call::Input(input)) => {
                            match input {
                                SpaceInput::Gone { session } => drop(self.sessions.remove(&session)),
                                ref input => self.sessions.extend(session_of(input)),
                            }
                            self.handle(input);
                        }
                        Some(Call::Publish(brought, room)) => {
                            self.sessions.insert(brought.session);
                            self = self.take_on(brought, room).await?;
                        }
                        Some(Call::Hash(answer)) => self.hashes.push(answer),
                        Some(Call::Files { hashes, answer }) => self.tell_files(&hashes, answer),
                        Some(Call::Stop(stopped)) => {
                            self.save().await;
                            if let Some(compaction) = self.compaction.take() {
                                // Its own report says how it ended.
                                let _ = compaction.await;
                            }
                            return Some(stopped);
                        }
                        None => return None,
                    }
                }
                () = sleep(wait) => self.handle(SpaceInput::Wakeup),
            }
            self.answer_hashes();
            if Instant::now() >= idle_at && self.space.is_idle() && self.writing == 0 {
                self.save().await;
                if self.space.is_idle() {
                    tracing::debug!(space = %self.space.id(), "an idle space leaves memory");
                    return None;
                }
            }
        }
        end_sessions(&self.hub, &self.sessions);
        None
    }

    /// Lets the machine look at a whole log, away from the tasks that others wait for. If the server ends meanwhile, it waits for that as for
    /// every append, and no longer: then nothing of it is here, and whoever brought it has it still.
    async fn take_on(mut self, brought: Publication, room: Room) -> Option<Self> {
        let (hub, space, sessions) = (Arc::clone(&self.hub), self.space.id(), self.sessions.clone());
        let turn = hub.publications.turn().await;
        let looked_at = tokio::task::spawn_blocking(move || {
            self.space.handle(now(), SpaceInput::Publish(brought));
            self
        });
        let looked_at = looked_at.await;
        drop((turn, room));
        match looked_at {
            Ok(mut actor) => {
                actor.work();
                Some(actor)
            }
            Err(error) => {
                tracing::error!(%space, %error, "the space fails over a project that is brought, and is opened anew");
                end_sessions(&hub, &sessions);
                None
            }
        }
    }

    /// What is due while an append is on its way is done with the append's answer.
    fn until_wakeup(&self) -> Duration {
        match self.space.wake_at() {
            Some(at) if self.writing == 0 => {
                let ms = at.0.saturating_sub(now().0).max(10);
                Duration::from_millis(ms.unsigned_abs())
            }
            Some(_) | None => SPACE_IDLE,
        }
    }

    /// Lets what is on its way arrive, and saves.
    async fn save(&mut self) {
        if self.space.decided().position > Position::START {
            self.handle(SpaceInput::Evict);
        }
        while self.writing > 0 && !self.has_failed {
            let Some(input) = self.writes.recv().await else { return };
            self.take_written(input);
        }
    }

    fn take_written(&mut self, input: SpaceInput) {
        self.writing -= 1;
        if self.space.plays_anew_for(&input) {
            // On this thread, and the others' tasks on another one meanwhile.
            tokio::task::block_in_place(|| self.handle(input));
            // What is redacted may have spoken of files.
            drop(tokio::spawn(files::collect(Arc::clone(&self.hub), self.space.id())));
        } else {
            self.handle(input);
        }
    }

    fn answer_hashes(&mut self) {
        if self.hashes.is_empty() {
            return;
        }
        let Some(state) = self.space.state_hash() else { return };
        let (space, epoch, record) = (self.space.id(), self.space.epoch(), self.space.durable().position);
        for answer in self.hashes.drain(..) {
            let _ = answer.send(SpaceHash { space, epoch, record, state });
        }
    }

    /// Who asks in vain asks again.
    fn tell_files(&mut self, hashes: &[Hash], answer: oneshot::Sender<Vec<Option<NamedFile>>>) {
        let files: Result<Vec<_>, _> = hashes.iter().map(|hash| self.space.file(hash)).collect();
        match files {
            Ok(files) => drop(answer.send(files)),
            Err(error) => {
                tracing::error!(space = %self.space.id(), %error, "the space cannot be read and is opened anew");
                self.has_failed = true;
            }
        }
    }

    fn tell_head(&self) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = self.space.durable();
    }

    /// Whoever reads the log of the server sees how far it is, and when it is done.
    fn tell_rebuilding(&mut self) {
        let rebuilding = self.space.rebuilding();
        let tenths = rebuilding.map(|rebuilding| rebuilding.percent() / 10);
        if tenths == self.rebuilding_tenths {
            return;
        }
        self.rebuilding_tenths = tenths;
        let space = self.space.id();
        if let Some(Rebuilding { done, of }) = rebuilding {
            tracing::info!(%space, record = %done, %of, "views are made anew for this version; what was saved shows meanwhile");
        } else {
            tracing::info!(%space, "the views are made anew");
        }
    }

    /// Hands the news to the machine, and does its work.
    fn handle(&mut self, input: SpaceInput) {
        self.space.handle(now(), input);
        self.work();
    }

    /// Does the machine's work.
    fn work(&mut self) {
        let mut lagging: BTreeMap<SessionId, Position> = BTreeMap::new();
        let mut gone: BTreeSet<SessionId> = BTreeSet::new();
        while let Some(output) = self.space.poll_output() {
            match output {
                SpaceOutput::Append(append) => self.write(Write::Append(append), SpaceInput::Appended),
                SpaceOutput::CompactTexts(texts) => self.compact(texts),
                SpaceOutput::Mark(mark) => self.mark(mark),
                SpaceOutput::Checkpoint(write) => self.write(Write::Checkpoint(write), SpaceInput::Checkpointed),
                SpaceOutput::Send { session, frame } => {
                    if !self.send(session, &frame) {
                        gone.insert(session);
                    }
                }
                SpaceOutput::FanOut { sessions, after, frame } => {
                    for session in sessions {
                        // Behind a dropped frame nothing more is handed over: the log tells it.
                        if lagging.contains_key(&session) {
                            continue;
                        }
                        match self.hub.link(session) {
                            Some(link) if link.out.offer(self.space.id(), &frame) => {}
                            Some(_) => drop(lagging.insert(session, after)),
                            None => drop(gone.insert(session)),
                        }
                    }
                }
                SpaceOutput::Effects { effects, done } => {
                    if let Some(carried_out) = self.hub.effects.get() {
                        carried_out.put(Piece { space: self.space.id(), effects, done });
                    }
                }
                // The other end is gone only with the program.
                SpaceOutput::Errand(sent) => drop(self.errands.send(sent)),
                SpaceOutput::ErrandEnded { to, key, ended } => {
                    let hub = Arc::clone(&self.hub);
                    tokio::spawn(async move { hub.errand_ended(to, key, ended).await });
                }
                SpaceOutput::PolicyFailed { policy, record } => {
                    tracing::error!(space = %self.space.id(), policy, %record, "a policy fails over a record and is passed over");
                }
                SpaceOutput::Members(members) => self.hub.members_changed(self.space.id(), members),
                SpaceOutput::Failed(error) => {
                    tracing::error!(space = %self.space.id(), %error, "the space fails and is opened anew");
                    self.has_failed = true;
                }
            }
        }
        self.tell_head();
        self.tell_rebuilding();
        for (session, after) in lagging {
            self.space.handle(now(), SpaceInput::Lagging { session, after });
        }
        for session in gone {
            self.sessions.remove(&session);
            self.space.handle(now(), SpaceInput::Gone { session });
        }
    }

    fn send(&self, session: SessionId, frame: &ServerFrame) -> bool {
        let Some(link) = self.hub.link(session) else { return false };
        // A chunk of catching up is followed by the next one as soon as it is written.
        let is_chunk = matches!(frame, ServerFrame::Commits { is_backfill: false, .. } | ServerFrame::ViewNews { .. });
        link.out.push(frame, is_chunk.then(|| self.space.id()));
        true
    }

    fn compact(&mut self, texts: Vec<TextKey>) {
        let before = self.compaction.take();
        let compaction = compaction::run(Arc::clone(&self.hub), self.space.id(), texts);
        self.compaction = Some(tokio::spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            compaction.await;
        }));
    }

    /// Makes a mark durable, away from the tasks that others wait for.
    fn mark(&mut self, mark: Option<Mark>) {
        self.writing += 1;
        let (hub, space, written) = (Arc::clone(&self.hub), self.space.id(), self.written.clone());
        tokio::task::spawn_blocking(move || {
            let outcome = hub.marks.put(space, mark);
            if let Err(error) = &outcome {
                tracing::error!(%space, %error, "a mark cannot be written, so nothing is tried");
            }
            let _ = written.blocking_send(SpaceInput::Marked { is_durable: outcome.is_ok() });
        });
    }

    fn write(&mut self, write: Write, answer: fn(Written) -> SpaceInput) {
        self.writing += 1;
        let (runtime, written) = (tokio::runtime::Handle::current(), self.written.clone());
        let later = {
            let (runtime, written) = (runtime.clone(), written.clone());
            move |what: Written| {
                runtime.spawn(async move {
                    sleep(WRITE_RETRY).await;
                    let _ = written.send(answer(what)).await;
                });
            }
        };
        let (failed, hub) = (later.clone(), Arc::clone(&self.hub));
        let submitted = self.hub.writer.submit(vec![write], move |mut results| match results.pop() {
            Some(Written::Unknown(why)) => {
                // Who fails second has nothing to add.
                let _ = hub.disk_failed.set(why.clone());
                failed(Written::Unknown(why));
            }
            // The channel has room for all that may be on its way; where it is closed, the space is gone.
            Some(what) => drop(written.try_send(answer(what))),
            None => unreachable!("the writer answers each write"),
        });
        if let Err(not_taken) = submitted {
            later(Written::Unknown(not_taken.reason.to_string()));
        }
    }
}

fn session_of(input: &SpaceInput) -> Option<SessionId> {
    match input {
        SpaceInput::Submit(submission) => Some(submission.session),
        SpaceInput::Publish(brought) => Some(brought.session),
        SpaceInput::OfferTail(offered) => Some(offered.session),
        SpaceInput::BringTail(tail) => Some(tail.session),
        SpaceInput::Subscribe { session, .. }
        | SpaceInput::SubscribeView { session, .. }
        | SpaceInput::Unsubscribe { session, .. }
        | SpaceInput::FetchSnapshot { session, .. }
        | SpaceInput::FetchCommits { session, .. }
        | SpaceInput::Pull { session }
        | SpaceInput::Lagging { session, .. } => Some(*session),
        SpaceInput::Gone { .. }
        | SpaceInput::Reopen { .. }
        | SpaceInput::Appended(_)
        | SpaceInput::Checkpointed(_)
        | SpaceInput::EffectsDone(_)
        | SpaceInput::Errand(_)
        | SpaceInput::ErrandEnded { .. }
        | SpaceInput::Marked { .. }
        | SpaceInput::Evict
        | SpaceInput::Wakeup => None,
    }
}
