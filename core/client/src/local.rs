//! The device as its own authority: projects that have no server.
//!
//! ```text
//!  copies ── ClientFrame ─► the authority's thread: the same space machines as on a server ─► authority.redb
//!         ◄─ ServerFrame ──┘
//! ```
//! A copy does not know the difference: what it sends is decided within a few milliseconds, and its outbox is empty again. The log stands in
//! two files, the authority's and the copies'; whichever is damaged is written anew from the other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use recordplayer::commit::Head;
use recordplayer::domain::Domain;
use recordplayer::errand::Ended;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::limits::COMMIT_BYTES_MAX;
use recordplayer::protocol::{ClientFrame, ServerFrame};
use recordplayer::space::{Ending, NameTable, Opening, SessionId, Space, SpaceInput, SpaceOutput, Submission};
use recordplayer::storage::{Append, ReadError, Readers, SpaceReader, Store, Write, Written};
use recordplayer_store::{OpenError as FileError, RedbStore};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::clock::now;
use crate::inner::Inner;
use crate::line::LineState;
use crate::random::fresh_id;

/// Stands where an account has the address of its server.
pub const HERE: &str = "this computer";

/// The file of the authority in the device's folder.
pub const AUTHORITY_FILE: &str = "authority.redb";

/// The one who asks: all copies of the device are one session.
const SESSION: SessionId = SessionId(0);
/// Frames that are taken before what they ask for is written as one group.
const GROUP_FRAMES: usize = 256;
/// How long it sleeps when no machine wants anything.
const IDLE: Duration = Duration::from_mins(1);

/// Why a device cannot decide for itself.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the projects of this computer cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("the projects of this computer cannot be written: {0}; free space or check the disk, and start again")]
    Write(String),
    #[error("the damaged file cannot be set aside: {0}")]
    Folder(std::io::Error),
}

/// The running authority.
#[derive(Debug)]
pub(crate) struct Local {
    thread: JoinHandle<()>,
    takings: UnboundedSender<Taking>,
}

/// Asks the authority to take on what the copy of a project holds.
#[derive(Debug)]
struct Taking {
    space: SpaceId,
    done: oneshot::Sender<Result<(), LocalError>>,
}

impl Local {
    /// Opens the authority's file, brings it and the copies together, and begins to decide.
    pub fn start(inner: &Arc<Inner>, person: ActorId) -> Result<Self, LocalError> {
        let mut store = open_store(inner)?;
        let known = inner.content().spaces_of(HERE);
        for space in known {
            take_from_copy(&mut store, inner.readers.reader(space).as_ref(), space)?;
        }
        let (frames, incoming) = unbounded_channel();
        let (takings, asked) = unbounded_channel();
        inner.add_line(HERE);
        inner.set_line(HERE, |line| {
            line.state = LineState::Online;
            line.frames = Some(frames.clone());
            line.knows_spaces = true;
        });
        let authority = Authority {
            inner: Arc::clone(inner),
            domain: Arc::clone(&inner.domain),
            readers: store.readers(),
            store,
            person,
            spaces: BTreeMap::new(),
            names: Arc::default(),
            salt_key: [*fresh_id().bytes(), *fresh_id().bytes()].concat().try_into().expect("twice 16 are 32"),
        };
        let thread = std::thread::Builder::new().name("local authority".to_owned());
        let thread = thread.spawn(move || authority.run(incoming, asked)).expect("the system can start a thread");
        for copy in inner.copies_of(HERE) {
            copy.connect(frames.clone());
        }
        Ok(Self { thread, takings })
    }

    /// Takes on what the copy of a project holds that nobody has decided here. Waits for the disk.
    pub fn take(&self, space: SpaceId) -> Result<(), LocalError> {
        let (done, taken) = oneshot::channel();
        let is_asked = self.takings.send(Taking { space, done }).is_ok();
        // Where it has ended, the next start takes it.
        taken.blocking_recv().ok().filter(|_| is_asked).unwrap_or(Ok(()))
    }

    /// Decides what has arrived, and ends.
    pub fn stop(self, inner: &Inner) {
        inner.set_line(HERE, |line| line.frames = None);
        for copy in inner.copies_of(HERE) {
            copy.disconnect();
        }
        if self.thread.join().is_err() {
            tracing::error!("the authority of this computer ended by a panic");
        }
    }
}

/// Opens the file; a damaged one is set aside, and written anew from the copies.
fn open_store(inner: &Inner) -> Result<RedbStore, LocalError> {
    let path = inner.folder.join(AUTHORITY_FILE);
    match RedbStore::open(&path) {
        Err(FileError::Damaged { what, .. }) => {
            let aside = inner.folder.join(format!("{AUTHORITY_FILE}.damaged-{}", now().0));
            std::fs::rename(&path, &aside).map_err(LocalError::Folder)?;
            inner.notice(format!(
                "One of the two files of the projects on this computer was damaged ({what}) and is written anew from the other. The damaged \
                 file lies in {}",
                Path::display(&aside)
            ));
            Ok(RedbStore::open(&path)?)
        }
        opened => Ok(opened?),
    }
}

/// Takes what the copy has and the authority has not: its file is new, or from an older backup.
fn take_from_copy(store: &mut RedbStore, copy: &dyn SpaceReader, space: SpaceId) -> Result<(), LocalError> {
    let ours = store.readers().reader(space);
    let mut head = ours.head()?;
    // The copy must begin with record 1, and go on where the authority ends.
    let end = copy.complete_to()?;
    if end.position <= head.position {
        return Ok(());
    }
    if head != Head::START && copy.commit_with(head.position)?.is_none_or(|stored| stored.head != head) {
        return Err(ReadError::Damaged(format!("the two files hold different histories of {space}")).into());
    }
    while head != end {
        let mut commits = Vec::new();
        for stored in copy.commits(head.position, end.position, COMMIT_BYTES_MAX)? {
            commits.push(Arc::new(stored.open()?));
        }
        let Some(last) = commits.last() else { return Ok(()) };
        let (epoch, reached) = (last.header.epoch, last.head());
        let written = store.write(vec![Write::Append(Append::new(space, epoch, head, commits))]);
        match written.as_slice() {
            [Written::Durable(_)] => head = reached,
            other => return Err(LocalError::Write(format!("{other:?}"))),
        }
    }
    Ok(())
}

/// What a write's outcome is to the machine that asked for it.
type Outcome = fn(Written) -> SpaceInput;

struct Authority {
    inner: Arc<Inner>,
    domain: Arc<Domain>,
    store: RedbStore,
    readers: Arc<dyn Readers>,
    person: ActorId,
    spaces: BTreeMap<SpaceId, Space>,
    /// The names of all projects here, which no two may share.
    names: Arc<NameTable>,
    salt_key: [u8; 32],
}

impl Authority {
    fn run(mut self, mut incoming: UnboundedReceiver<ClientFrame>, mut asked: UnboundedReceiver<Taking>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("the system has what a thread waits with");
        let known = self.inner.content().spaces_of(HERE);
        for space in known {
            self.open(space);
        }
        runtime.block_on(async {
            loop {
                let next = self.spaces.values().filter_map(Space::wake_at).min();
                let wait =
                    next.map_or(IDLE, |at| Duration::from_millis(at.0.saturating_sub(now().0).max(0).unsigned_abs()));
                let mut frames = Vec::new();
                tokio::select! {
                    count = incoming.recv_many(&mut frames, GROUP_FRAMES) => {
                        if count == 0 {
                            return;
                        }
                    }
                    Some(Taking { space, done }) = asked.recv() => {
                        let copy = self.inner.readers.reader(space);
                        let taken = take_from_copy(&mut self.store, copy.as_ref(), space);
                        // Who does not wait any more need not know.
                        let _ = done.send(taken);
                        self.open(space);
                    }
                    () = sleep(wait.min(IDLE)) => {}
                }
                self.take(frames);
            }
        });
        for space in self.spaces.values_mut() {
            space.handle(now(), SpaceInput::Evict);
        }
        self.work();
    }

    /// The machine of a space, opened where it is not.
    fn open(&mut self, space: SpaceId) -> Option<&mut Space> {
        if !self.spaces.contains_key(&space) {
            let names: Arc<NameTable> = Arc::clone(&self.names);
            // Nobody else ever holds what this device decides, so nobody can bring it back.
            let (seal_key, recovery, effects) = (None, None, None);
            let salt_key = self.salt_key;
            let opening = Opening { salt_key, seal_key, recovery, effects, names, after: Ending::InOrder };
            match Space::open(Arc::clone(&self.domain), space, self.readers.reader(space), opening) {
                Ok(opened) => drop(self.spaces.insert(space, opened)),
                Err(error) => tracing::error!(%space, %error, "a project of this computer cannot be opened"),
            }
        }
        self.spaces.get_mut(&space)
    }

    fn take(&mut self, frames: Vec<ClientFrame>) {
        for frame in frames {
            let person = self.person;
            let Some((space, input)) = input(frame, person) else { continue };
            if let Some(machine) = self.open(space) {
                machine.handle(now(), input);
            }
        }
        for space in self.spaces.values_mut() {
            if space.wake_at().is_some_and(|at| at <= now()) {
                space.handle(now(), SpaceInput::Wakeup);
            }
        }
        self.work();
    }

    /// Gives the news of one project to another one. Of one that is elsewhere, or gone, nothing can be asked.
    fn tell(&mut self, to: SpaceId, input: SpaceInput) {
        let is_here = self.inner.content().spaces_of(HERE).contains(&to);
        match (is_here.then(|| self.open(to)).flatten(), input) {
            (Some(space), input) => space.handle(now(), input),
            (None, SpaceInput::Errand(sent)) if !is_here => {
                let ended = SpaceInput::ErrandEnded { key: sent.key, ended: Ended::Refused };
                if let Some(space) = self.spaces.get_mut(&sent.from) {
                    space.handle(now(), ended);
                }
            }
            (None, _) => {}
        }
    }

    /// Does what the machines ask for, until none asks any more: everything that is to be written as one group.
    fn work(&mut self) {
        loop {
            let mut writes = Vec::new();
            let mut owners: Vec<(SpaceId, Outcome)> = Vec::new();
            let mut frames: BTreeMap<SpaceId, Vec<ServerFrame>> = BTreeMap::new();
            let (mut failed, mut told) = (Vec::new(), Vec::new());
            for (id, space) in &mut self.spaces {
                let mut asks = true;
                while std::mem::take(&mut asks) {
                    while let Some(output) = space.poll_output() {
                        match output {
                            SpaceOutput::Append(append) => {
                                writes.push(Write::Append(append));
                                owners.push((*id, SpaceInput::Appended));
                            }
                            SpaceOutput::Checkpoint(checkpoint) => {
                                writes.push(Write::Checkpoint(checkpoint));
                                owners.push((*id, SpaceInput::Checkpointed));
                            }
                            SpaceOutput::Send { frame, .. } => {
                                frames.entry(*id).or_default().push(frame);
                                // Nobody is slow here: the next chunk may follow at once.
                                space.handle(now(), SpaceInput::Pull { session: SESSION });
                                asks = true;
                            }
                            SpaceOutput::FanOut { frame, .. } => match ServerFrame::decode(&frame) {
                                Ok(frame) => frames.entry(*id).or_default().push(frame),
                                Err(error) => unreachable!("a frame that was just encoded: {error}"),
                            },
                            SpaceOutput::Errand(sent) => told.push((sent.to, SpaceInput::Errand(sent))),
                            SpaceOutput::ErrandEnded { to, key, ended } => {
                                told.push((to, SpaceInput::ErrandEnded { key, ended }));
                            }
                            SpaceOutput::PolicyFailed { policy, record } => {
                                tracing::error!(space = %id, policy, %record, "a policy fails over a record and is passed over");
                            }
                            SpaceOutput::CompactTexts(_)
                            | SpaceOutput::Mark(_)
                            | SpaceOutput::Effects { .. }
                            | SpaceOutput::Members(_) => {}
                            SpaceOutput::Failed(error) => {
                                tracing::error!(space = %id, %error, "a project of this computer fails and is opened anew");
                                failed.push(*id);
                            }
                        }
                    }
                }
            }
            for id in failed {
                self.spaces.remove(&id);
            }
            for (space, frames) in frames {
                self.inner.to_one(HERE, space, frames);
            }
            let is_told = !told.is_empty();
            for (to, input) in told {
                self.tell(to, input);
            }
            if writes.is_empty() && !is_told {
                return;
            }
            for ((id, done), written) in owners.into_iter().zip(self.store.write(writes)) {
                if let Some(space) = self.spaces.get_mut(&id) {
                    space.handle(now(), done(written));
                }
            }
        }
    }
}

/// What a copy's frame is to its space.
fn input(frame: ClientFrame, actor: ActorId) -> Option<(SpaceId, SpaceInput)> {
    let session = SESSION;
    Some(match frame {
        ClientFrame::Subscribe { space, knowledge } => (space, SpaceInput::Subscribe { session, actor, knowledge }),
        ClientFrame::Submit { space, replica, parent, answered_up_to, commands } => {
            let is_of_newer = false;
            let submission = Submission { session, actor, replica, parent, is_of_newer, answered_up_to, commands };
            (space, SpaceInput::Submit(submission))
        }
        ClientFrame::FetchSnapshot { space, at, cursor } => {
            (space, SpaceInput::FetchSnapshot { session, actor, at, cursor })
        }
        ClientFrame::FetchCommits { space, after, upto } => {
            (space, SpaceInput::FetchCommits { session, actor, after, upto })
        }
        // Views are looked at in the copy, people are known to servers, nobody falls asleep on this line, and nothing here is sealed.
        ClientFrame::Hello { .. }
        | ClientFrame::SubscribeView { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::FindPerson { .. }
        | ClientFrame::OfferTail { .. }
        | ClientFrame::BringTail { .. }
        | ClientFrame::Publish { .. }
        | ClientFrame::Ping { .. }
        | ClientFrame::Pong { .. } => return None,
    })
}
