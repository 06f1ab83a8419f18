//! A device: one folder with its copies of spaces, its outbox and its accounts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use recordplayer::domain::Domain;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand, PERSONAL_TITLE};
use recordplayer::storage::{ReadError, Store};
use recordplayer::time::Timestamp;
use recordplayer_store::{BackgroundScrub, OpenError as StoreError, RedbOutbox};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;

use crate::address::{Address, AddressError};
use crate::book::{Account, Book, BookError, SpaceInfo};
use crate::carrier;
use crate::clock::instant;
use crate::continuing::give_up;
use crate::copy::Concerns;
use crate::files::{FileError, Files};
use crate::folder::{OUTBOX_FILE, make_private_folder, open_store, set_aside_next_time};
use crate::inner::{Inner, Parts, SharedOutbox};
use crate::limits::Settings;
use crate::line::{self, LineState};
use crate::local::{HERE, Local, LocalError};
use crate::opener::Opener;
use crate::publish::{PublishError, publish};
use crate::random::fresh_id;
use crate::save::Saver;
use crate::socket::{LineError, Socket};
use crate::space::{SendError, Space};
use crate::tasks;
use crate::ticket::Ticket;

/// A server that does not answer for a day is asked again at the next start.
const PUBLISH_WITHIN: Duration = Duration::from_hours(24);

/// Why a device's folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another process works with this folder")]
    InUse,
    #[error(transparent)]
    File(StoreError),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error("the folder cannot be made or written: {0}; check its rights and free space")]
    Folder(std::io::Error),
    #[error("the outbox cannot be read: {0}")]
    Outbox(#[from] ReadError),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InUse { .. } => Self::InUse,
            StoreError::Foreign { .. }
            | StoreError::NewerFormat { .. }
            | StoreError::Damaged { .. }
            | StoreError::Io { .. } => Self::File(error),
        }
    }
}

/// Why an account was not added.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Line(#[from] LineError),
    #[error(
        "this device works for {known} at this server already, and its projects belong to them; use another folder for {found}"
    )]
    OtherPerson { known: String, found: String },
    #[error(transparent)]
    Book(#[from] BookError),
}

/// The server could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server cannot be asked just now: {why}")]
pub struct NotOnline {
    pub why: String,
}

/// One folder, open: its copies of spaces, its outbox and its accounts.
///
/// Cheap to clone. Offline until [`Self::connect`]; nothing but the methods that take a time-out waits for disk or network.
#[derive(Clone, Debug)]
pub struct Device {
    owner: Arc<Owner>,
}

/// Closes the device with its last handle.
#[derive(Debug)]
struct Owner {
    inner: Arc<Inner>,
    running: Mutex<Option<Running>>,
    /// Decides for the projects that have no server.
    local: Mutex<Option<Local>>,
    /// Whether what was under way before is taken up again.
    goes_on: AtomicBool,
}

#[derive(Debug)]
struct Running {
    runtime: Runtime,
    writer: JoinHandle<()>,
    opener: JoinHandle<()>,
    scrub: BackgroundScrub,
}

impl Device {
    /// Opens a folder, or makes it. A damaged store is set aside, for the servers have what it held; the outbox never is.
    pub fn open(domain: Arc<Domain>, folder: &Path) -> Result<Self, OpenError> {
        Self::open_with(domain, folder, Settings::default())
    }

    /// As [`Self::open`], with other times and another bound of memory.
    pub fn open_with(domain: Arc<Domain>, folder: &Path, settings: Settings) -> Result<Self, OpenError> {
        let Settings { timing, cache_bytes } = settings;
        make_private_folder(folder).map_err(OpenError::Folder)?;
        let outbox_file = folder.join(OUTBOX_FILE);
        let is_first_time = !outbox_file.exists();
        let outbox = RedbOutbox::open(outbox_file.clone())?;
        let mut notices = Vec::new();
        let store = match open_store(folder, cache_bytes, &mut notices) {
            // Whatever else lies here, this is no folder of ours: it is left as it was.
            Err(error) if is_first_time => {
                drop(outbox);
                std::fs::remove_file(outbox_file).map_err(OpenError::Folder)?;
                return Err(error);
            }
            opened => opened?,
        };
        let mut book = Book::open(folder)?;
        let is_set_aside = !notices.is_empty();
        book.change(|content| content.notices.append(&mut notices))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("device")
            .enable_all()
            .build()
            .map_err(OpenError::Folder)?;
        let saver: Arc<Saver> = Arc::default();
        let (concerns, incoming) = unbounded_channel();
        let concerns = Concerns::new(concerns);
        if is_set_aside {
            concerns.note_damage();
        }
        let outbox = SharedOutbox::new(Box::new(outbox));
        let files = Arc::new(Files::open(folder).map_err(OpenError::Folder)?);
        let inner = Arc::new(Inner::new(Parts {
            domain,
            folder: folder.to_owned(),
            timing,
            book,
            saver: Arc::clone(&saver),
            readers: store.readers(),
            outbox: outbox.clone(),
            concerns,
            files: Arc::clone(&files),
        }));
        inner.bell.on_ring(Box::new(move || files.changed.notify_one()));
        let scrub = store.scrub();
        let writer = saver.start(Box::new(store), Box::new(outbox));
        let opener = Opener::start(&inner);
        runtime.spawn(tasks::wake_machines(Arc::clone(&inner)));
        runtime.spawn(tasks::take_concerns(Arc::clone(&inner), incoming));
        runtime.spawn(carrier::carry(Arc::clone(&inner)));
        tasks::open_copies(&inner);
        for space in &inner.content().continuing {
            give_up(&inner, *space);
        }
        let scrubbed = Arc::clone(&inner);
        let scrub = scrub.in_background(move |_| set_aside_next_time(&scrubbed));
        let running = Mutex::new(Some(Running { runtime, writer, opener, scrub }));
        let device = Self {
            owner: Arc::new(Owner { inner, running, local: Mutex::default(), goes_on: AtomicBool::new(false) }),
        };
        let local = device.inner().content().local.clone();
        if let Some(account) = local
            && let Err(error) = device.decide_here(&account)
        {
            device.inner().notice(format!("The projects of this computer can be read, and not changed: {error}"));
        }
        Ok(device)
    }

    /// Begins to decide for the projects that have no server.
    pub(crate) fn decide_here(&self, account: &Account) -> Result<(), LocalError> {
        let mut local = self.owner.local.lock().unwrap_or_else(PoisonError::into_inner);
        if local.is_none() {
            *local = Some(Local::start(self.inner(), account.person)?);
        }
        Ok(())
    }

    /// Has the authority of this computer take on what the copy of a project holds.
    pub(crate) fn take_here(&self, space: SpaceId) -> Result<(), LocalError> {
        let local = self.owner.local.lock().unwrap_or_else(PoisonError::into_inner);
        local.as_ref().map_or(Ok(()), |local| local.take(space))
    }

    /// The person of this device, who signs in projects that have no server; made the first time, with this name.
    pub fn person_here(&self, name: &str) -> Result<Account, BookError> {
        let mut book = self.inner().book();
        if let Some(local) = &book.content.local {
            return Ok(local.clone());
        }
        let (url, person) = (HERE.to_owned(), ActorId(fresh_id()));
        let account = Account { url, person, name: name.to_owned(), token: String::new() };
        book.change(|content| {
            content.local = Some(account.clone());
            content.learn([(person, name.to_owned())]);
        })?;
        Ok(account)
    }

    /// As [`Self::person_here`], called as the system calls whoever is logged in.
    pub fn person_on_this_computer(&self) -> Result<Account, BookError> {
        self.person_here(&system_name())
    }

    /// Makes a new space on this computer, which needs no server.
    pub fn found_here(&self, title: &str) -> Result<(Space, Ticket), SendError> {
        let unreadable = |error: &dyn std::fmt::Display| SendError::Unreadable(error.to_string());
        let account = self.person_on_this_computer().map_err(|error| unreadable(&error))?;
        self.decide_here(&account).map_err(|error| unreadable(&error))?;
        self.found(HERE, title)
    }

    pub fn domain(&self) -> &Arc<Domain> {
        &self.inner().domain
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.owner.inner
    }

    /// Goes online with all accounts, and stays so in the background. A line that pauses tries again at once.
    pub fn connect(&self) {
        if !self.owner.goes_on.swap(true, Ordering::Relaxed) {
            self.go_on_publishing();
        }
        let urls: Vec<String> = self.accounts().into_iter().map(|account| account.url).collect();
        for url in urls {
            if self.inner().add_line(&url) {
                self.owner.spawn(line::run(Arc::clone(self.inner()), url));
            } else {
                self.inner().set_line(&url, |line| {
                    if line::is_waiting(&line.state) {
                        line.hurry.notify_one();
                    }
                });
            }
        }
    }

    /// Asks the server who the token belongs to, and keeps the account.
    pub fn login(&self, url: &str, token: &str, timeout: Duration) -> Result<Account, LoginError> {
        let address = Address::parse(url)?;
        let opening = Socket::open(&address, &self.inner().domain, token, timeout);
        let (socket, welcome) = self.owner.block_on(opening).unwrap_or(Err(LineError::Silent))?;
        self.owner.block_on(socket.close(Duration::from_secs(1)));
        let account =
            Account { url: address.to_string(), person: welcome.person, name: welcome.name, token: token.to_owned() };
        let mut book = self.inner().book();
        if let Some(known) = book.content.account(&account.url)
            && known.person != account.person
        {
            return Err(LoginError::OtherPerson { known: known.name.clone(), found: account.name });
        }
        book.change(|content| {
            content.accounts.retain(|known| known.url != account.url);
            content.accounts.push(account.clone());
            content.learn([(account.person, account.name.clone())]);
        })?;
        drop(book);
        self.inner().set_line(&account.url, |line| line.hurry.notify_one());
        Ok(account)
    }

    pub fn accounts(&self) -> Vec<Account> {
        self.inner().content().accounts.clone()
    }

    /// Where the line of an account stands; nothing before [`Self::connect`].
    pub fn line(&self, url: &str) -> Option<LineState> {
        self.inner().look_at_line(url, |line| line.map(|line| line.state.clone()))
    }

    /// When the account's server was last heard of, since the device was opened.
    pub fn last_contact(&self, url: &str) -> Option<Timestamp> {
        self.inner().look_at_line(url, |line| line.and_then(|line| line.heard))
    }

    /// Where everything is kept.
    pub fn folder(&self) -> &Path {
        &self.inner().folder
    }

    /// The spaces that are here or are coming, with those founded here that nobody has decided yet; personal ones are for [`Self::personal`].
    pub fn spaces(&self) -> Vec<SpaceInfo> {
        self.spaces_by(|space| space.entity::<Membership>(space.id().0))
    }

    /// As [`Self::spaces`], for screens: a change of a title may come a moment later, and nothing waits.
    pub fn known_spaces(&self) -> Vec<SpaceInfo> {
        self.spaces_by(|space| space.known::<Membership>(space.id().0))
    }

    fn spaces_by(&self, membership_of: impl Fn(&Space) -> Arc<Membership>) -> Vec<SpaceInfo> {
        let content = self.inner().content();
        let is_shown = |info: &&SpaceInfo| !content.is_personal(info.space);
        let mut spaces: Vec<SpaceInfo> = content.spaces.values().filter(is_shown).cloned().collect();
        for info in &mut spaces {
            // What this device itself has changed is shown at once.
            if let Some(space) = self.space(info.space) {
                let membership = membership_of(&space);
                if membership.is_founded() {
                    membership.title().clone_into(&mut info.title);
                    membership.role_of(space.actor()).unwrap_or_default().clone_into(&mut info.role);
                }
            }
        }
        spaces
    }

    pub fn space(&self, space: SpaceId) -> Option<Space> {
        self.inner().copy(space).map(|_| Space::new(Arc::clone(self.inner()), space))
    }

    /// Makes a new space of an account. It is here at once, and at the server as soon as that can be reached.
    pub fn found(&self, url: &str, title: &str) -> Result<(Space, Ticket), SendError> {
        let account = self.inner().content().account(url).cloned();
        let account = account.ok_or_else(|| SendError::NoAccount(url.to_owned()))?;
        self.begin(SpaceId(fresh_id()), &account, title)
    }

    /// The space that is an account's person's alone, and follows them to each of their devices. Where this device has not heard of it, it begins it:
    /// all that was begun is one in the end.
    pub fn personal(&self, url: &str) -> Result<Space, SendError> {
        let account = self.inner().content().account(url).cloned();
        let account = account.ok_or_else(|| SendError::NoAccount(url.to_owned()))?;
        let space = SpaceId::personal(account.person);
        if let Some(known) = self.space(space) {
            return Ok(known);
        }
        if url == HERE {
            self.decide_here(&account).map_err(|error| SendError::Unreadable(error.to_string()))?;
        }
        self.begin(space, &account, PERSONAL_TITLE).map(|(space, _)| space)
    }

    /// As [`Self::personal`], where this device has it already.
    pub fn known_personal(&self, url: &str) -> Option<Space> {
        let person = self.inner().content().account(url)?.person;
        self.space(SpaceId::personal(person))
    }

    /// The personal spaces that are here.
    pub fn personal_spaces(&self) -> Vec<SpaceInfo> {
        let content = self.inner().content();
        content.spaces.values().filter(|info| content.is_personal(info.space)).cloned().collect()
    }

    fn begin(&self, id: SpaceId, account: &Account, title: &str) -> Result<(Space, Ticket), SendError> {
        let copy = self.inner().open_copy(id, account).map_err(|error| SendError::Unreadable(error.to_string()))?;
        let space = Space::new(Arc::clone(self.inner()), id);
        let command = MembershipCommand::Found { title: title.to_owned() };
        match space.send::<Membership>(id.0, &command) {
            Ok(ticket) => {
                let info =
                    SpaceInfo { space: id, title: title.to_owned(), role: String::new(), url: account.url.clone() };
                self.inner().note(|content| {
                    content.spaces.insert(id, info);
                });
                if let Some(frames) = self.inner().session_of(&account.url) {
                    copy.connect(frames);
                }
                Ok((space, ticket))
            }
            Err(error) => {
                self.inner().drop_copy(id);
                Err(error)
            }
        }
    }

    /// Gives a project of this computer to the server of an account, for good. Where it is not done in time, it goes on by itself.
    pub fn publish(&self, space: SpaceId, url: &str, timeout: Duration) -> Result<(), PublishError> {
        self.connect();
        publish(self.inner(), space, url, instant() + timeout)
    }

    /// Goes on with what was being published when the program ended.
    fn go_on_publishing(&self) {
        let under_way = self.inner().content().publishing.clone();
        for (space, under_way) in under_way {
            let inner = Arc::clone(self.inner());
            let thread = std::thread::Builder::new().name("publish".to_owned());
            let spawned = thread.spawn(move || {
                let end = instant() + PUBLISH_WITHIN;
                if let Err(error) = publish(&inner, space, &under_way.url, end)
                    && !inner.is_closing()
                {
                    inner.notice(format!("A project of this computer is not at the server yet: {error}"));
                }
            });
            drop(spawned.expect("the system can start a thread"));
        }
    }

    /// The person whom a server knows by this name.
    pub fn find_person(&self, url: &str, name: &str, timeout: Duration) -> Result<Option<ActorId>, NotOnline> {
        self.connect();
        let end = instant() + timeout;
        let mut rings = 0;
        let waiting = loop {
            if let Some(waiting) = self.inner().ask_for(url, name) {
                break waiting;
            }
            let left = end.saturating_duration_since(instant());
            if left.is_zero() || matches!(self.line(url), Some(LineState::Refused { .. })) {
                return Err(NotOnline { why: self.why_offline(url) });
            }
            rings = self.inner().bell.wait(rings, left);
        };
        let answer = self.owner.block_on(async { tokio::time::timeout_at(end, waiting).await });
        match answer {
            Some(Ok(Ok(found))) => Ok(found),
            Some(Ok(Err(_)) | Err(_)) | None => Err(NotOnline { why: self.why_offline(url) }),
        }
    }

    /// A file that records of a space speak of: where it lies here, fetched from the server first where it is not here yet. Goes online for that.
    pub fn file(&self, space: SpaceId, hash: &Hash) -> Result<PathBuf, FileError> {
        if let Some(path) = self.inner().files.path(space, hash) {
            return Ok(path);
        }
        self.connect();
        let closed = Err(FileError::NotThere);
        self.owner.block_on(carrier::fetch(self.inner(), space, *hash)).unwrap_or(closed)?;
        self.inner().files.path(space, hash).ok_or(FileError::NotThere)
    }

    /// How many files of a space are here, and not known to be at its server.
    pub fn files_waiting(&self, space: SpaceId) -> usize {
        self.inner().copy(space).map_or(0, |copy| carrier::waiting(self.inner(), &copy).len())
    }

    pub(crate) fn why_offline(&self, url: &str) -> String {
        match self.line(url) {
            Some(LineState::Retrying { why, .. } | LineState::Refused { why }) => why.to_string(),
            Some(LineState::Connecting) => "the connection is not there yet".to_owned(),
            Some(LineState::Online) => "the server did not answer in time".to_owned(),
            None => "this device is offline".to_owned(),
        }
    }

    /// A person's name, if any server has told it.
    pub fn name_of(&self, person: ActorId) -> Option<String> {
        self.inner().content().people.get(&person).cloned()
    }

    /// What the person must be told: access that ended, copies that were damaged. They stay until [`Self::forget_notices`].
    pub fn notices(&self) -> Vec<String> {
        self.inner().content().notices.clone()
    }

    /// Waits until everything is read that a screen has asked for by [`Space::known`].
    pub fn wait_until_known(&self) {
        self.inner().opener.wait();
    }

    /// How often, since the device was opened, something of what it holds could not be read: what was shown meanwhile may be too little.
    pub fn damages(&self) -> u64 {
        self.inner().concerns.damages()
    }

    /// The person has been told.
    pub fn forget_notices(&self) {
        self.inner().note(|content| content.notices.clear());
    }

    /// Calls back after every change, from whatever thread made it: to ask for a new frame, say. It must not wait.
    pub fn on_change(&self, listener: impl Fn() + Send + Sync + 'static) {
        self.inner().bell.on_ring(Box::new(listener));
    }

    /// Ends all lines, waits until everything is on disk, and gives the folder free. Other handles have nothing to hold on to any more.
    pub fn close(&self) {
        self.owner.end();
    }
}

impl Owner {
    fn running<T>(&self, with: impl FnOnce(&Running) -> T) -> Option<T> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(with)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.running(|running| drop(running.runtime.spawn(task)));
    }

    /// Waits for a task; nothing where the device is closed.
    fn block_on<T>(&self, task: impl Future<Output = T>) -> Option<T> {
        let handle = self.running(|running| running.runtime.handle().clone())?;
        Some(handle.block_on(task))
    }

    fn end(&self) {
        self.inner.close();
        let local = self.local.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(local) = local {
            local.stop(&self.inner);
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { runtime, writer, opener, scrub }) = running else { return };
        drop(scrub);
        self.inner.opener.close();
        if opener.join().is_err() {
            tracing::error!("the opener of the device ended by a panic");
        }
        runtime.shutdown_timeout(Duration::from_secs(5));
        self.inner.saver.stop();
        if writer.join().is_err() {
            tracing::error!("the writer of the device ended by a panic");
        }
        self.inner.outbox.close();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the system calls whoever runs this.
fn system_name() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].iter().find_map(std::env::var_os);
    let name = name.and_then(|name| name.into_string().ok()).unwrap_or_default();
    if name.trim().is_empty() { "Me".to_owned() } else { name }
}
