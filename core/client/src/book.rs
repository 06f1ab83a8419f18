//! What a device knows beside its spaces: accounts, the spaces of each, names of people, and what the person must still be told.
//!
//! One small file of JSON, written whole beside the old one and put in its place, so that a crash leaves the one or the other. It holds
//! tokens, so only its owner may read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use recordplayer::id::{ActorId, SpaceId};
use serde::{Deserialize, Serialize};

use crate::limits::PEOPLE_MAX;
use crate::publish::Publishing;

const BOOK_FILE: &str = "device.json";
const FORMAT: u32 = 1;

/// One person at one server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `http://host:port`, the address that the person gave.
    pub url: String,
    pub person: ActorId,
    pub name: String,
    pub(crate) token: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({} at {})", self.name, self.url)
    }
}

/// A space that this device holds or will hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceInfo {
    pub space: SpaceId,
    pub title: String,
    /// The person's role, as the server last said; empty while the space is only founded here.
    pub role: String,
    /// The account that it belongs to.
    pub url: String,
}

/// The content of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    format: u32,
    pub accounts: Vec<Account>,
    /// The person of this device, for projects that have no server; made when the first one is begun.
    #[serde(default)]
    pub local: Option<Account>,
    pub spaces: BTreeMap<SpaceId, SpaceInfo>,
    pub people: BTreeMap<ActorId, String>,
    /// Projects of this computer that are on their way to a server.
    #[serde(default)]
    pub publishing: BTreeMap<SpaceId, Publishing>,
    /// Projects that are being made of exports: what is left of them by a process that ended is taken away.
    #[serde(default)]
    pub continuing: BTreeSet<SpaceId>,
    pub notices: Vec<String>,
}

/// The book of a device, in memory and in its file.
#[derive(Debug)]
pub(crate) struct Book {
    path: PathBuf,
    pub content: Content,
    told: Told,
}

/// What the book says, for whoever must not wait while it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Arc<Content>>>);

impl Told {
    pub fn get(&self) -> Arc<Content> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, content: &Content) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(content.clone());
    }
}

/// The book cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    #[error("the list of accounts cannot be read or written: {source}; check the folder's rights and free space: {}", path.display())]
    Io { source: io::Error, path: PathBuf },
    #[error("the list of accounts is damaged ({what}); set the file aside and log in again, the projects stay: {}", path.display())]
    Damaged { what: String, path: PathBuf },
    #[error("the list of accounts has the format {found}, this program knows {FORMAT}; upgrade the program: {}", path.display())]
    Newer { found: u32, path: PathBuf },
}

impl Book {
    /// Reads the book of a folder; an empty one where there is none.
    pub fn open(folder: &Path) -> Result<Self, BookError> {
        let path = folder.join(BOOK_FILE);
        let content = match std::fs::read(&path) {
            Ok(bytes) => parse(&bytes, &path)?,
            Err(source) if source.kind() == io::ErrorKind::NotFound => Content::default(),
            Err(source) => return Err(BookError::Io { source, path }),
        };
        let told = Told::default();
        told.tell(&content);
        Ok(Self { path, content, told })
    }

    pub fn told(&self) -> Told {
        self.told.clone()
    }

    /// Changes the book, and writes it if that made a difference. In memory it is changed whatever the disk says.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Content) -> T) -> Result<T, BookError> {
        let before = self.content.clone();
        let outcome = change(&mut self.content);
        if self.content != before {
            self.content.format = FORMAT;
            self.told.tell(&self.content);
            self.write().map_err(|source| BookError::Io { source, path: self.path.clone() })?;
        }
        Ok(outcome)
    }

    fn write(&self) -> io::Result<()> {
        let unfinished = self.path.with_extension("json.new");
        let mut file = private_file(&unfinished)?;
        serde_json::to_writer_pretty(&mut file, &self.content)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&unfinished, &self.path)?;
        sync_folder(&self.path)
    }
}

impl Content {
    pub fn account(&self, url: &str) -> Option<&Account> {
        self.accounts.iter().chain(&self.local).find(|account| account.url == url)
    }

    /// Whether it is the space of one of this device's people alone.
    pub fn is_personal(&self, space: SpaceId) -> bool {
        self.accounts.iter().chain(&self.local).any(|account| SpaceId::personal(account.person) == space)
    }

    pub fn spaces_of(&self, url: &str) -> Vec<SpaceId> {
        self.spaces.values().filter(|info| info.url == url).map(|info| info.space).collect()
    }

    /// Keeps the names of people, of the newest first where there are too many.
    pub fn learn(&mut self, people: impl IntoIterator<Item = (ActorId, String)>) {
        for (person, name) in people {
            if self.people.len() < PEOPLE_MAX || self.people.contains_key(&person) {
                self.people.insert(person, name);
            }
        }
    }
}

/// Read first, for a newer file may hold anything else.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

fn parse(bytes: &[u8], path: &Path) -> Result<Content, BookError> {
    let damaged = |error: serde_json::Error| BookError::Damaged { what: error.to_string(), path: path.to_owned() };
    let Versioned { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format > FORMAT {
        return Err(BookError::Newer { found: format, path: path.to_owned() });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// A new file that only its owner may read, in place of one that lies there. On Windows it inherits that from its folder.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Makes a renamed file's new name durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Windows opens no folder as a file, and keeps its names by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;

    use super::*;

    fn account() -> Account {
        Account {
            url: "http://127.0.0.1:1".to_owned(),
            person: ActorId(Id([7; 16])),
            name: "ann".to_owned(),
            token: "rp_secret".to_owned(),
        }
    }

    #[test]
    fn what_was_written_is_read_again_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Book::open(folder.path()).unwrap();
        book.change(|content| content.accounts.push(account())).unwrap();
        let again = Book::open(folder.path()).unwrap();
        assert_eq!(again.content, book.content);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join(BOOK_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        assert!(!format!("{:?}", account()).contains("secret"));
    }

    #[test]
    fn a_damaged_or_newer_book_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(BOOK_FILE);
        for (bytes, expected) in [
            (&b"{\"format\":1,\"acc"[..], "is damaged"),
            (b"[]", "is damaged"),
            (b"", "is damaged"),
            (b"{\"format\":2,\"other\":true}", "upgrade the program"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = Book::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }
}
