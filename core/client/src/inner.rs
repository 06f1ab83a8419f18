//! What all parts of an open device share.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use recordplayer::domain::Domain;
use recordplayer::id::{ActorId, Id, ReplicaId, SpaceId};
use recordplayer::protocol::{ClientFrame, MySpace, ServerFrame};
use recordplayer::replica::{OpenError, Replica};
use recordplayer::storage::{OutboxContent, OutboxStore, OutboxWrite, ReadError, Readers, WriteError};
use recordplayer::view::ViewKey;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::bell::Bell;
use crate::book::{Account, Book, Content, SpaceInfo, Told};
use crate::clock::now;
use crate::copy::{Concern, Concerns, SpaceCopy};
use crate::files::Files;
use crate::limits::{KNOWN_MAX, SPACES_MAX, Timing};
use crate::line::Line;
use crate::live::Slot;
use crate::opener::Opener;
use crate::publish::PublishAnswer;
use crate::random::fresh_id;
use crate::save::Saver;

/// Who waits for the answer to "who is the person with this name?".
struct Asking {
    url: String,
    name: String,
    answer: oneshot::Sender<Option<ActorId>>,
}

/// An open device.
pub(crate) struct Inner {
    pub domain: Arc<Domain>,
    pub folder: PathBuf,
    pub timing: Timing,
    pub saver: Arc<Saver>,
    pub readers: Arc<dyn Readers>,
    pub outbox: SharedOutbox,
    pub bell: Arc<Bell>,
    pub concerns: Concerns,
    pub opener: Opener,
    pub files: Arc<Files>,
    book: Mutex<Book>,
    told: Told,
    copies: Mutex<BTreeMap<SpaceId, Arc<SpaceCopy>>>,
    /// Held while a copy is opened, which reads; `copies` never is.
    opening: Mutex<()>,
    known: Mutex<BTreeMap<(SpaceId, ViewKey), Arc<dyn Any + Send + Sync>>>,
    lines: Mutex<BTreeMap<String, Line>>,
    asking: Mutex<Vec<Asking>>,
    published: Mutex<BTreeMap<SpaceId, PublishAnswer>>,
    /// The spaces that somebody brings to a server just now.
    bringing: Mutex<BTreeSet<SpaceId>>,
    is_closing: AtomicBool,
}

/// What a device is made of before it lives.
pub(crate) struct Parts {
    pub domain: Arc<Domain>,
    pub folder: PathBuf,
    pub timing: Timing,
    pub book: Book,
    pub saver: Arc<Saver>,
    pub readers: Arc<dyn Readers>,
    pub outbox: SharedOutbox,
    pub concerns: Concerns,
    pub files: Arc<Files>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to do about a copy that cannot be opened.
pub(crate) fn not_opened(error: &OpenError) -> Concern {
    match error {
        OpenError::Read(error) => Concern::of(error),
        OpenError::Incomplete(_) => Concern::Incomplete,
    }
}

impl Inner {
    pub fn new(parts: Parts) -> Self {
        let Parts { domain, folder, timing, book, saver, readers, outbox, concerns, files } = parts;
        Self {
            domain,
            folder,
            timing,
            saver,
            readers,
            outbox,
            bell: Arc::default(),
            concerns,
            opener: Opener::default(),
            files,
            told: book.told(),
            book: Mutex::new(book),
            copies: Mutex::default(),
            opening: Mutex::default(),
            known: Mutex::default(),
            lines: Mutex::default(),
            asking: Mutex::default(),
            published: Mutex::default(),
            bringing: Mutex::default(),
            is_closing: AtomicBool::new(false),
        }
    }

    /// The book, to be changed. It is held while it is written: who only reads calls [`Self::content`].
    pub fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// What the book says; never waits for the disk.
    pub fn content(&self) -> Arc<Content> {
        self.told.get()
    }

    /// Something live that is kept for whoever looks at it again and again.
    pub fn known<T: Any + Send + Sync>(&self, space: SpaceId, key: &ViewKey, make: impl FnOnce() -> T) -> Arc<T> {
        let mut known = lock(&self.known);
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        let kept = Arc::clone(known.entry((space, key.clone())).or_insert_with(|| Arc::new(make())));
        kept.downcast().unwrap_or_else(|_| unreachable!("a key names one type"))
    }

    /// Changes the book; that it cannot be written costs what a server says again anyway, so it is only logged.
    pub fn note(&self, change: impl FnOnce(&mut Content)) {
        if let Err(error) = self.book().change(change) {
            tracing::error!(%error, "what was learned is not on disk");
        }
    }

    pub fn notice(&self, notice: String) {
        self.note(|content| {
            if !content.notices.contains(&notice) {
                content.notices.push(notice);
            }
        });
        self.bell.ring();
    }

    pub fn copy(&self, space: SpaceId) -> Option<Arc<SpaceCopy>> {
        lock(&self.copies).get(&space).cloned()
    }

    /// Keeps a slot current from now on, in whichever copy of the space there is.
    pub fn follow(&self, space: SpaceId, key: &ViewKey, slot: &Arc<dyn Slot>) {
        let mut followed: Weak<SpaceCopy> = Weak::new();
        // A copy that was fetched anew meanwhile has taken over only what was followed until then.
        while let Some(copy) = self.copy(space).filter(|copy| !Weak::ptr_eq(&Arc::downgrade(copy), &followed)) {
            copy.follow(key.clone(), slot);
            followed = Arc::downgrade(&copy);
        }
    }

    pub fn copies(&self) -> Vec<Arc<SpaceCopy>> {
        lock(&self.copies).values().cloned().collect()
    }

    pub fn copies_of(&self, url: &str) -> Vec<Arc<SpaceCopy>> {
        lock(&self.copies).values().filter(|copy| copy.url == url).cloned().collect()
    }

    /// Opens the device's copy of a space; what is open already stays.
    pub fn open_copy(&self, space: SpaceId, account: &Account) -> Result<Arc<SpaceCopy>, OpenError> {
        let _opening = lock(&self.opening);
        if let Some(copy) = self.copy(space) {
            return Ok(copy);
        }
        let copy = self.opened(space, account)?;
        lock(&self.copies).insert(space, Arc::clone(&copy));
        Ok(copy)
    }

    /// Opens the copy again from what is on disk; whoever looked at the old one looks at the new one.
    pub fn reopen_copy(&self, space: SpaceId, account: &Account) -> Result<Arc<SpaceCopy>, OpenError> {
        let _opening = lock(&self.opening);
        let copy = self.opened(space, account)?;
        let before = lock(&self.copies).insert(space, Arc::clone(&copy));
        if let Some(before) = before {
            copy.take_over(&before);
        }
        Ok(copy)
    }

    fn opened(&self, space: SpaceId, account: &Account) -> Result<Arc<SpaceCopy>, OpenError> {
        let content = self.outbox.load(space)?;
        let (domain, reader) = (Arc::clone(&self.domain), self.readers.reader(space));
        let replica = Replica::open(domain, space, account.person, reader, content, ReplicaId(fresh_id()))?;
        let (saver, bell, concerns) = (Arc::clone(&self.saver), Arc::clone(&self.bell), self.concerns.clone());
        Ok(SpaceCopy::new(replica, account.url.clone(), saver, bell, concerns))
    }

    pub fn drop_copy(&self, space: SpaceId) {
        lock(&self.copies).remove(&space);
        lock(&self.known).retain(|(of, _), _| *of != space);
        self.note(|content| {
            content.spaces.remove(&space);
        });
        self.bell.ring();
    }

    /// Changes a line, if the account has one.
    pub fn set_line<T>(&self, url: &str, change: impl FnOnce(&mut Line) -> T) -> Option<T> {
        let outcome = lock(&self.lines).get_mut(url).map(change);
        self.bell.ring();
        outcome
    }

    /// Something came from the account's server. That alone rings no bell.
    pub fn heard(&self, url: &str) {
        if let Some(line) = lock(&self.lines).get_mut(url) {
            line.heard = Some(now());
        }
    }

    /// A line for the account; false where it has one.
    pub fn add_line(&self, url: &str) -> bool {
        let mut lines = lock(&self.lines);
        if lines.contains_key(url) {
            return false;
        }
        lines.insert(url.to_owned(), Line::new());
        true
    }

    /// Frames for the session that lives now, if there is one that knows the spaces.
    pub fn session_of(&self, url: &str) -> Option<UnboundedSender<ClientFrame>> {
        lock(&self.lines).get(url)?.frames.clone()
    }

    /// The server has said which spaces there are: each is opened, and follows the session.
    pub fn my_spaces(&self, account: &Account, frames: &UnboundedSender<ClientFrame>, spaces: Vec<MySpace>) {
        let url = &account.url;
        self.note(|content| {
            for MySpace { space, title, role } in spaces.iter().take(SPACES_MAX) {
                let info = SpaceInfo { space: *space, title: title.clone(), role: role.clone(), url: url.clone() };
                content.spaces.insert(*space, info);
            }
        });
        for MySpace { space, .. } in spaces.iter().take(SPACES_MAX) {
            match self.open_copy(*space, account) {
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%space, %error, "the copy of a space cannot be opened");
                    self.concerns.raise(*space, not_opened(&error));
                }
            }
        }
        // Those that the server did not name as well: founded here, or not for this person any more, which the server then says.
        for copy in self.copies_of(url) {
            copy.connect(frames.clone());
        }
        self.set_line(url, |line| line.knows_spaces = true);
    }

    /// Names of people: learned, and handed to who asked for one. A name that nobody has is answered by an empty list.
    pub fn people(&self, account: &Account, people: Vec<(ActorId, String)>) {
        {
            let mut asking = lock(&self.asking);
            let answers = |asked: &Asking| {
                asked.url == account.url && (people.is_empty() || people.iter().any(|(_, name)| *name == asked.name))
            };
            while let Some(at) = asking.iter().position(answers) {
                let asked = asking.remove(at);
                let found = people.iter().find(|(_, name)| *name == asked.name).map(|(person, _)| *person);
                let _ = asked.answer.send(found);
            }
        }
        self.note(|content| content.learn(people));
        self.bell.ring();
    }

    /// Asks the server for a person; nothing where there is no session.
    pub fn ask_for(&self, url: &str, name: &str) -> Option<oneshot::Receiver<Option<ActorId>>> {
        let frames = self.session_of(url)?;
        let (answer, waiting) = oneshot::channel();
        lock(&self.asking).push(Asking { url: url.to_owned(), name: name.to_owned(), answer });
        frames.send(ClientFrame::FindPerson { name: name.to_owned() }).ok()?;
        Some(waiting)
    }

    /// The server has said what becomes of a project that was brought.
    pub fn publish_answered(&self, url: &str, space: SpaceId, publication: Id, answer: PublishAnswer) {
        let is_asked = self
            .content()
            .publishing
            .get(&space)
            .is_some_and(|under_way| under_way.url == url && under_way.publication == publication);
        if is_asked {
            lock(&self.published).insert(space, answer);
            self.bell.ring();
        }
    }

    /// Whether nobody else brings the space to a server just now; then the caller does.
    pub fn begin_bringing(&self, space: SpaceId) -> bool {
        lock(&self.bringing).insert(space)
    }

    /// Whether some space is between this computer and a server.
    pub fn is_bringing(&self) -> bool {
        !lock(&self.bringing).is_empty()
    }

    pub fn end_bringing(&self, space: SpaceId) {
        lock(&self.bringing).remove(&space);
        self.bell.ring();
    }

    pub fn take_publish_answer(&self, space: SpaceId) -> Option<PublishAnswer> {
        lock(&self.published).remove(&space)
    }

    /// Whoever waits for something waits no more.
    pub fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        self.bell.ring();
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    pub fn to_one(&self, url: &str, space: SpaceId, frames: Vec<ServerFrame>) {
        // A server may speak only of the spaces of its own account.
        if let Some(copy) = self.copy(space).filter(|copy| copy.url == url) {
            copy.act(|replica| replica.handle_frames(now(), frames));
        }
    }

    pub fn to_all(&self, url: &str, frame: &ServerFrame) {
        for copy in self.copies_of(url) {
            copy.act(|replica| replica.handle_frames(now(), [frame.clone()]));
        }
    }

    /// Looks at the line of an account.
    pub fn look_at_line<T>(&self, url: &str, look: impl FnOnce(Option<&Line>) -> T) -> T {
        look(lock(&self.lines).get(url))
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Device({})", self.folder.display())
    }
}

/// The outbox file: its writer writes, and a copy that is opened later reads.
#[derive(Clone)]
pub(crate) struct SharedOutbox(Arc<Mutex<Option<Box<dyn OutboxStore>>>>);

impl SharedOutbox {
    pub fn new(outbox: Box<dyn OutboxStore>) -> Self {
        Self(Arc::new(Mutex::new(Some(outbox))))
    }

    /// Gives the file free, whoever still holds this.
    pub fn close(&self) {
        lock(&self.0).take();
    }

    fn read<T>(&self, read: impl FnOnce(&dyn OutboxStore) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let outbox = lock(&self.0);
        read(outbox.as_deref().ok_or_else(|| ReadError::Io(CLOSED.to_owned()))?)
    }
}

const CLOSED: &str = "the outbox was closed";

impl OutboxStore for SharedOutbox {
    fn write(&mut self, batch: Vec<OutboxWrite>) -> Result<(), WriteError> {
        lock(&self.0).as_mut().ok_or_else(|| WriteError(CLOSED.to_owned()))?.write(batch)
    }

    fn load(&self, space: SpaceId) -> Result<OutboxContent, ReadError> {
        self.read(|outbox| outbox.load(space))
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.read(|outbox| outbox.spaces())
    }
}
