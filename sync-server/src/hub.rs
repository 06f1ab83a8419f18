//! What all connections and all spaces of one server share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use recordplayer::commit::Head;
use recordplayer::domain::Domain;
use recordplayer::errand::{Ended, Sent};
use recordplayer::id::{ActorId, Id, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::protocol::{Goodbye, ServerFrame};
use recordplayer::space::{Names, SessionId, SpaceInput};
use recordplayer_store::WriterHandle;
use tokio::sync::{SetOnce, mpsc};

use crate::accounts::{Accounts, Device};
use crate::clock::now;
use crate::directory::Directory;
use crate::effects::Effects;
use crate::files::Files;
use crate::limits::{PEOPLE_MAX, SESSIONS_MAX, SPACE_QUEUE_MAX};
use crate::marks::Marks;
use crate::outbound::{Outbound, goodbye};
use crate::publications::Publications;
use crate::space_actor::{self, Call};

/// One session, as the spaces see it.
#[derive(Debug)]
pub(crate) struct Link {
    pub id: SessionId,
    pub device: Device,
    /// Whether it runs a newer version of the application than this server.
    pub is_newer: bool,
    pub out: Outbound,
}

/// A space in memory.
#[derive(Clone)]
struct Active {
    calls: mpsc::Sender<Call>,
    head: Arc<Mutex<Head>>,
    /// Set when it has left memory: what came too late for it comes before what is said then.
    has_left: Arc<SetOnce<()>>,
}

/// A space is in memory until this is dropped.
pub(crate) struct InMemory {
    hub: Arc<Hub>,
    space: SpaceId,
    pub head: Arc<Mutex<Head>>,
    has_left: Arc<SetOnce<()>>,
    is_followed: bool,
}

/// The spaces in memory. Once the server ends, no other one is opened: its store is about to be closed.
#[derive(Default)]
struct Spaces {
    active: BTreeMap<SpaceId, Active>,
    is_ending: bool,
}

/// Sessions, active spaces, the directory and the accounts.
pub(crate) struct Hub {
    pub domain: Arc<Domain>,
    pub accounts: Accounts,
    pub writer: WriterHandle,
    /// The names that are unique among all spaces.
    pub names: Arc<dyn Names>,
    /// The commands that are tried after a crash.
    pub marks: Marks,
    /// Where effects go, where somebody carries them out.
    pub effects: OnceLock<Effects>,
    /// Why the store takes nothing more, once a write has failed: only a new start can say what is on the disk.
    pub disk_failed: SetOnce<String>,
    /// Held by whoever compacts texts.
    pub compacting: tokio::sync::Mutex<()>,
    pub publications: Publications,
    pub files: Files,
    directory: Mutex<Directory>,
    sessions: Mutex<BTreeMap<SessionId, Arc<Link>>>,
    spaces: Mutex<Spaces>,
    next_session: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub fn new(
        domain: Arc<Domain>,
        accounts: Accounts,
        writer: WriterHandle,
        directory: Directory,
        names: Arc<dyn Names>,
        marks: Marks,
        files: Files,
    ) -> Arc<Self> {
        Arc::new(Self {
            domain,
            accounts,
            writer,
            names,
            marks,
            effects: OnceLock::new(),
            disk_failed: SetOnce::new(),
            compacting: tokio::sync::Mutex::default(),
            publications: Publications::default(),
            files,
            directory: Mutex::new(directory),
            sessions: Mutex::default(),
            spaces: Mutex::default(),
            next_session: AtomicU64::new(1),
        })
    }

    /// A new session, unless there are too many. Its welcome is its first frame, whatever others tell it from then on.
    pub fn join(&self, device: Device, domain_version: u32, welcome: &ServerFrame) -> Option<Arc<Link>> {
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= SESSIONS_MAX {
            return None;
        }
        let id = SessionId(self.next_session.fetch_add(1, Ordering::Relaxed));
        let is_newer = domain_version > self.domain.version();
        let link = Arc::new(Link { id, device, is_newer, out: Outbound::default() });
        link.out.push(welcome, None);
        sessions.insert(id, Arc::clone(&link));
        Some(link)
    }

    pub fn leave(&self, session: SessionId) {
        lock(&self.sessions).remove(&session);
    }

    pub fn link(&self, session: SessionId) -> Option<Arc<Link>> {
        lock(&self.sessions).get(&session).cloned()
    }

    pub fn session_count(&self) -> usize {
        lock(&self.sessions).len()
    }

    /// Tells everybody that the server ends.
    pub fn say_goodbye(&self) {
        let last = goodbye(Goodbye::ShuttingDown, "the server is shutting down", "connect again in a while");
        for link in lock(&self.sessions).values() {
            link.out.end(Some(&*last));
        }
    }

    /// Whether there is such a space, or one that is being founded.
    pub fn knows(&self, space: SpaceId) -> bool {
        lock(&self.directory).holds(space) || lock(&self.spaces).active.contains_key(&space)
    }

    /// Whether the store holds the space, and it cannot be read.
    pub fn is_unreadable(&self, space: SpaceId) -> bool {
        lock(&self.directory).is_unreadable(space)
    }

    /// Whether the store was restored and may not hold what it held once.
    pub fn is_recovering(&self) -> bool {
        self.accounts.recovery().is_some_and(|recovery| now() < recovery.until)
    }

    /// How many spaces cannot be read: nobody knows their titles.
    pub fn unreadable_count(&self) -> usize {
        lock(&self.directory).unreadable_count()
    }

    pub fn find_spaces(&self, text: &str) -> Vec<(SpaceId, String)> {
        lock(&self.directory).find(text)
    }

    /// The projects that can be read.
    pub fn spaces(&self) -> Vec<SpaceId> {
        lock(&self.directory).spaces()
    }

    pub fn is_member(&self, space: SpaceId, person: ActorId) -> bool {
        lock(&self.directory).is_member(space, person)
    }

    /// Whether it has the id of somebody else, whose personal space has that id.
    pub fn is_personal_of_another(&self, space: SpaceId, person: ActorId) -> bool {
        space != SpaceId::personal(person) && self.accounts.name_of(ActorId(space.0)).is_some()
    }

    /// Where the log of the space ends, for a member of it.
    pub fn head_for(&self, space: SpaceId, person: ActorId) -> Option<Head> {
        if !lock(&self.directory).is_member(space, person) {
            return None;
        }
        let head = Arc::clone(&lock(&self.spaces).active.get(&space)?.head);
        let head = *lock(&head);
        Some(head)
    }

    /// Gives news to the space, which is opened if it is not in memory. While the server ends, nothing is opened, and the news goes unheard.
    pub async fn send(self: &Arc<Self>, space: SpaceId, mut call: Call) {
        while let Some(active) = self.activate(space) {
            match active.calls.send(call).await {
                Ok(()) => return,
                Err(mpsc::error::SendError(back)) => {
                    call = back;
                    active.has_left.wait().await;
                }
            }
        }
    }

    /// Gives news to the space if it is in memory.
    pub async fn send_if_active(&self, space: SpaceId, mut call: Call) {
        loop {
            let Some(active) = lock(&self.spaces).active.get(&space).cloned() else { return };
            match active.calls.send(call).await {
                Ok(()) => return,
                // It leaves memory; or what came late for it opens it anew, and this is said behind that.
                Err(mpsc::error::SendError(back)) => {
                    call = back;
                    active.has_left.wait().await;
                }
            }
        }
    }

    /// Hands what one space asks to the others, one after the other: what was asked first arrives first.
    pub async fn run_errands(self: Arc<Self>, mut asked: mpsc::UnboundedReceiver<Arc<Sent>>) {
        while let Some(sent) = asked.recv().await {
            self.run_errand(sent).await;
        }
    }

    async fn run_errand(self: &Arc<Self>, sent: Arc<Sent>) {
        if self.knows(sent.to) {
            self.send(sent.to, Call::Input(SpaceInput::Errand(sent))).await;
        } else if !self.is_recovering() {
            self.errand_ended(sent.from, sent.key, Ended::Refused).await;
        }
    }

    /// Who asked is in memory until it hears this, or asks again.
    pub async fn errand_ended(&self, space: SpaceId, key: Id, ended: Ended) {
        self.send_if_active(space, Call::Input(SpaceInput::ErrandEnded { key, ended })).await;
    }

    fn activate(self: &Arc<Self>, space: SpaceId) -> Option<Active> {
        let mut spaces = lock(&self.spaces);
        if let Some(active) = spaces.active.get(&space) {
            return Some(active.clone());
        }
        if spaces.is_ending {
            return None;
        }
        Some(self.open(&mut spaces, space, Vec::new()))
    }

    /// Opens a space that is first told this.
    fn open(self: &Arc<Self>, spaces: &mut Spaces, space: SpaceId, first: Vec<Call>) -> Active {
        let (calls, incoming) = mpsc::channel(SPACE_QUEUE_MAX.max(first.len()));
        for call in first {
            calls.try_send(call).expect("there is room for all of them");
        }
        let active = Active { calls, head: Arc::new(Mutex::new(Head::START)), has_left: Arc::default() };
        spaces.active.insert(space, active.clone());
        let in_memory = InMemory {
            hub: Arc::clone(self),
            space,
            head: Arc::clone(&active.head),
            has_left: Arc::clone(&active.has_left),
            is_followed: false,
        };
        tokio::spawn(space_actor::run(Arc::clone(self), space, in_memory, incoming));
        active
    }

    pub fn active_spaces(&self) -> Vec<SpaceId> {
        lock(&self.spaces).active.keys().copied().collect()
    }

    /// Opens no more spaces; those in memory are still to be stopped.
    pub fn open_no_more(&self) {
        lock(&self.spaces).is_ending = true;
    }

    /// The members of a space have changed: everybody concerned is told.
    pub fn members_changed(&self, space: SpaceId, members: Arc<Membership>) {
        let concerned = lock(&self.directory).put(space, members);
        let sessions = lock(&self.sessions);
        let links: Vec<Arc<Link>> =
            sessions.values().filter(|link| concerned.contains(&link.device.person)).cloned().collect();
        drop(sessions);
        for link in links {
            self.tell_spaces(&link);
        }
    }

    /// The spaces of the person, and the names of those in them.
    pub fn tell_spaces(&self, link: &Link) {
        let person = link.device.person;
        let (spaces, people) = {
            let directory = lock(&self.directory);
            (directory.spaces_of(person), directory.people_of(person))
        };
        let people = people.into_iter().filter_map(|person| Some((person, self.accounts.name_of(person)?))).collect();
        link.out.push(&ServerFrame::MySpaces { spaces }, None);
        for frame in told_of_people(people) {
            link.out.push(&frame, None);
        }
    }
}

/// In as many frames as they need: the client learns from each of them.
fn told_of_people(mut people: Vec<(ActorId, String)>) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    while !people.is_empty() {
        let rest = people.split_off(people.len().min(PEOPLE_MAX));
        frames.push(ServerFrame::People { people: std::mem::replace(&mut people, rest) });
    }
    frames
}

impl InMemory {
    /// The space leaves memory, and its channel is closed. What came while it did, in this order, opens it anew.
    pub fn leave(mut self, late: Vec<Call>) {
        let hub = Arc::clone(&self.hub);
        let mut spaces = lock(&hub.spaces);
        if !late.is_empty() && !spaces.is_ending {
            hub.open(&mut spaces, self.space, late);
            self.is_followed = true;
        }
        drop(spaces);
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        if !self.is_followed {
            lock(&self.hub.spaces).active.remove(&self.space);
        }
        // Nobody else sets it.
        let _ = self.has_left.set(());
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({} sessions, {} active spaces)", self.session_count(), self.active_spaces().len())
    }
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;
    use recordplayer::limits::FRAME_BYTES_MAX;

    use super::*;
    use crate::limits::PERSON_NAME_BYTES_MAX;

    /// All that a person's projects know stood in one frame: from some 13,000 people on it was one that nobody takes.
    #[test]
    fn many_people_are_told_of_in_frames() {
        let name = "x".repeat(PERSON_NAME_BYTES_MAX);
        let people: Vec<_> =
            (0..20_000_u32).map(|n| (ActorId(Id::derived("a person", &[&n.to_be_bytes()])), name.clone())).collect();
        let mut told = Vec::new();
        for frame in told_of_people(people.clone()) {
            let bytes = frame.encode().len();
            assert!(bytes <= FRAME_BYTES_MAX, "{bytes} bytes");
            let ServerFrame::People { people } = frame else { panic!("it tells of people") };
            told.extend(people);
        }
        assert_eq!(told, people);
    }
}
