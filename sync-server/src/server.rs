//! A server: its folder opened, its door, its end.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use recordplayer::domain::Domain;
use recordplayer::id::{Id, SpaceId};
use recordplayer::policy::Effect;
use recordplayer::record::Position;
use recordplayer::space::{Ending, NameTable, Names, Opening, Recovery, Space, SpaceInput};
use recordplayer_store::limits::STORE_CACHE_BYTES;
use recordplayer_store::{FileFolder, OpenError, RedbStore, Scrub, Writer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::accounts::{AccountError, Accounts, random};
use crate::clock::now;
use crate::directory::Directory;
use crate::effects::{CarryOut, Effects};
use crate::files::{self, Files};
use crate::gateway;
use crate::hub::Hub;
use crate::limits::{FILES_ROOM, SHUTDOWN_TIMEOUT, WRITE_RETRY};
use crate::marks::Marks;
use crate::space_actor::{Call, SpaceHash};

/// The file of the log, the models and the views.
pub const STORE_FILE: &str = "store.redb";
/// The file of people and devices.
pub const ACCOUNTS_FILE: &str = "accounts.redb";

/// The folder of the files that records speak of.
pub const FILES_FOLDER: &str = "files";

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Accounts(#[from] AccountError),
    #[error("the folder holds projects and no file of accounts; restore {ACCOUNTS_FILE} from a backup")]
    NoAccounts,
    #[error("the folder cannot be written: {0}; check its rights and free space")]
    Marks(std::io::Error),
    #[error("the spaces cannot be listed: {0}")]
    Spaces(#[from] recordplayer::storage::ReadError),
}

/// The bounds of a server, where nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of the store's pages that are kept in memory.
    pub cache_bytes: usize,
    /// Bytes of files that one project may have.
    pub files_room: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: STORE_CACHE_BYTES, files_room: FILES_ROOM }
    }
}

/// Why a server has ended that nobody has asked to: whoever starts it again lets it see what is on the disk.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot be written: {why}; free space or check the disk, and start again")]
pub struct DiskFailed {
    pub why: String,
}

/// The sync server of one domain on one folder.
pub struct Server {
    hub: Arc<Hub>,
    writer: Writer,
    scrub: Scrub,
    origins: Vec<String>,
    carry_out: Option<Arc<CarryOut>>,
    /// Spaces that may have to ask something of others.
    with_errands: Vec<SpaceId>,
}

/// What an admin may ask of a server while it serves.
#[derive(Clone, Debug)]
pub struct Control(Arc<Hub>);

impl Server {
    /// Opens the folder. It must exist; its files are made if they do not.
    pub fn open(domain: Arc<Domain>, folder: &Path) -> Result<Self, StartError> {
        Self::open_with(domain, folder, Settings::default())
    }

    /// As [`Self::open`], with other bounds.
    pub fn open_with(domain: Arc<Domain>, folder: &Path, settings: Settings) -> Result<Self, StartError> {
        let Settings { cache_bytes, files_room } = settings;
        let (store_file, accounts_file) = (folder.join(STORE_FILE), folder.join(ACCOUNTS_FILE));
        if store_file.exists() && !accounts_file.exists() {
            return Err(StartError::NoAccounts);
        }
        // First, for a store without accounts is one that has lost them, and no folder that was not made to the end.
        let accounts = Accounts::open(&accounts_file)?;
        let store = RedbStore::open_with(store_file, cache_bytes)?;
        let scrub = store.scrub();
        let writer = Writer::start(Box::new(store));
        let mut directory = Directory::default();
        let names: Arc<dyn Names> = Arc::new(NameTable::default());
        let recovery = accounts.recovery();
        let (mut in_recovery, mut with_errands) = (0, Vec::new());
        for space in writer.handle().spaces()? {
            // Only looked at: nothing is decided, so nothing has to be tried.
            let opening = Opening {
                salt_key: accounts.salt_key(),
                seal_key: None,
                recovery,
                effects: None,
                names: Arc::clone(&names),
                after: Ending::InOrder,
            };
            match Space::open(Arc::clone(&domain), space, writer.handle().reader(space), opening) {
                Ok(opened) if opened.durable().position > Position::START => {
                    in_recovery += usize::from(opened.is_in_recovery());
                    with_errands.extend(opened.has_errands_left().then_some(space));
                    directory.put(space, Arc::clone(opened.members()));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%space, %error, "a space cannot be opened; the others are served");
                    directory.put_unreadable(space);
                }
            }
        }
        if let Some(recovery) = recovery {
            tracing::warn!(
                in_recovery,
                until = %recovery.until.0,
                "a backup was restored: projects wait for what devices bring; \"recordplayer-server reopen\" lets them go on"
            );
        }
        let marks = Marks::open(folder).map_err(StartError::Marks)?;
        let files = Files::new(FileFolder::new(folder.join(FILES_FOLDER)), files_room);
        let hub = Hub::new(domain, accounts, writer.handle(), directory, names, marks, files);
        Ok(Self { hub, writer, scrub, with_errands, origins: Vec::new(), carry_out: None })
    }

    /// Lets pages of this origin (`https://boards.example`) connect. By default no page may.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Carries out what the domain's records bring about outside of the logs: each effect at least once, in the order of its space, and again
    /// until it goes well; its key tells one that comes twice. Without it they are not looked at.
    pub fn carry_out(mut self, carry_out: impl Fn(&Effect) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.carry_out = Some(Arc::new(carry_out));
        self
    }

    pub fn control(&self) -> Control {
        Control(Arc::clone(&self.hub))
    }

    /// Serves until `shutdown` is ready, or the disk has failed; then says goodbye, saves, and closes the store.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), DiskFailed> {
        let Self { hub, writer, scrub, with_errands, origins, carry_out } = self;
        if let Some(carry_out) = carry_out {
            let effects = Effects::start(Arc::downgrade(&hub), carry_out);
            assert!(hub.effects.set(effects).is_ok(), "a server serves once");
            // What was noted last time may not have been all: each space gives out the rest when it is opened.
            for space in hub.spaces() {
                hub.send(space, Call::Input(SpaceInput::Wakeup)).await;
            }
        }
        // What was under way between projects when the last process ended, goes on.
        for space in with_errands {
            hub.send(space, Call::Input(SpaceInput::Wakeup)).await;
        }
        drop(tokio::spawn(files::collect_all(Arc::clone(&hub))));
        let scrubbing = scrub.in_background(|_| tracing::error!("the store has rotted; restore a backup"));
        let origins: Arc<[String]> = origins.into();
        let outcome = tokio::select! {
            () = accept(&hub, &listener, &origins) => Ok(()),
            () = shutdown => Ok(()),
            why = hub.disk_failed.wait() => Err(DiskFailed { why: why.clone() }),
        };
        drop(listener);
        drop(scrubbing);
        tracing::info!("shutting down");
        end(&hub, writer).await;
        outcome
    }

    /// Saves and closes the store, of a server that does not serve.
    pub async fn close(self) {
        end(&self.hub, self.writer).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?})", self.hub)
    }
}

async fn end(hub: &Arc<Hub>, writer: Writer) {
    if timeout(SHUTDOWN_TIMEOUT, wind_down(hub)).await.is_err() {
        tracing::warn!("not everything was saved in time; the next start plays it again from the log");
    }
    if tokio::task::spawn_blocking(move || writer.stop()).await.is_err() {
        tracing::error!("the store was not closed in order");
        return;
    }
    hub.marks.close();
}

async fn accept(hub: &Arc<Hub>, listener: &TcpListener, origins: &Arc<[String]>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(gateway::serve(Arc::clone(hub), stream, Arc::clone(origins)))),
            Err(error) => {
                // Out of file handles, most likely: others end, so try again.
                tracing::warn!(%error, "a connection was not accepted");
                sleep(WRITE_RETRY).await;
            }
        }
    }
}

async fn wind_down(hub: &Arc<Hub>) {
    hub.open_no_more();
    hub.say_goodbye();
    for space in hub.active_spaces() {
        let (stopped, waiting) = oneshot::channel();
        hub.send_if_active(space, Call::Stop(stopped)).await;
        // Where the space is gone already, there is nothing to wait for.
        let _ = waiting.await;
    }
    while hub.session_count() > 0 {
        sleep(WRITE_RETRY / 10).await;
    }
}

impl Control {
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// How many spaces the store holds that cannot be read.
    pub fn unreadable_count(&self) -> usize {
        self.0.unreadable_count()
    }

    /// The spaces with this id or title.
    pub fn find_spaces(&self, text: &str) -> Vec<(SpaceId, String)> {
        self.0.find_spaces(text)
    }

    /// Notes that the store was restored: from its next start on the server decides nothing for the projects that it has, until devices have
    /// brought what they hold; for so long, or until [`Self::reopen`]. Answers with how many projects there are.
    pub async fn recover(&self, lasts_ms: i64) -> Result<usize, AccountError> {
        let recovery = self.begin_recovery(lasts_ms).await;
        self.accounts().set_recovery(Some(recovery))?;
        Ok(self.0.spaces().len())
    }

    async fn begin_recovery(&self, lasts_ms: i64) -> Recovery {
        let mut last_epoch = 0;
        for space in self.0.spaces() {
            last_epoch = self.hash(space).await.map_or(last_epoch, |hash| last_epoch.max(hash.epoch));
        }
        Recovery::begin(Id(random()), now(), lasts_ms, last_epoch)
    }

    /// After a restore: lets every project go on in a new epoch. Answers with how many have done so.
    pub async fn reopen(&self) -> Result<usize, AccountError> {
        let recovery = match self.accounts().recovery() {
            Some(recovery) => recovery,
            None => self.begin_recovery(0).await,
        };
        let spaces = self.0.spaces();
        let mut open = 0;
        for space in &spaces {
            self.0.send(*space, Call::Input(SpaceInput::Reopen { recovery })).await;
            // Once nothing waits, it is durable.
            open += usize::from(self.hash(*space).await.is_some_and(|hash| hash.epoch >= recovery.epoch));
        }
        if open == spaces.len() && self.accounts().recovery().is_some() {
            self.accounts().set_recovery(None)?;
        }
        Ok(open)
    }

    /// The state hash of a space, once nothing waits; nothing where the space cannot be read.
    pub async fn hash(&self, space: SpaceId) -> Option<SpaceHash> {
        let (answer, waiting) = oneshot::channel();
        self.0.send(space, Call::Hash(answer)).await;
        waiting.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device's last frame came when its space had been stopped already: the space was opened again, on a store that was being closed, and the
    /// log of an orderly end spoke of a space that cannot be opened.
    #[tokio::test]
    async fn a_server_that_ends_opens_no_space_for_what_comes_late() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::open(Domain::new("todo", 1).shared(), folder.path()).unwrap();
        let hub = Arc::clone(&server.hub);
        server.close().await;
        hub.send(SpaceId(Id([1; 16])), Call::Input(SpaceInput::Wakeup)).await;
        assert_eq!(hub.active_spaces(), []);
    }
}
