//! The files that records speak of, on this device: those that were added here or fetched, offline as well.
//!
//! ```text
//!  add ─► files/<space>/<hash> ─► a record speaks of it ─► the server has not got it: bring it, piece by piece   [carrier]
//!  fetch ◄─ files/<space>/<hash> ◄─ the server
//! ```
//! What is here of a space stays for as long as its log speaks of it, or something that waits here or was refused. Which of it the server has is asked
//! in each session, so nothing has to be remembered: a server that has lost its files gets them back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use recordplayer::file::FileRef;
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;
use recordplayer_store::{FileFolder, Held};
use tokio::sync::Notify;

use crate::http::RequestError;
use crate::space::Space;

/// Where they lie in a device's folder.
pub const FILES_FOLDER: &str = "files";

/// Why a file is not here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file cannot be kept on this device: {0}; free space or check the disk")]
    Disk(String),
    #[error("the project is not on this device any more")]
    NotThere,
    #[error("this file is not on this computer, and its project has no server to fetch it from")]
    Nowhere,
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("what the server gave was not this file, twice; tell its admin")]
    WrongContent,
}

impl FileError {
    pub(crate) fn of_the_disk(error: &io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

/// What is known of the files of one space.
#[derive(Debug, Default)]
pub(crate) struct OfSpace {
    /// All of it is on this device.
    pub here: BTreeSet<Hash>,
    /// Those of them that the server has, as it has said in this session.
    pub there: BTreeSet<Hash>,
    /// Those that the server does not take in this session.
    pub not_taken: BTreeSet<Hash>,
    /// Held by whoever is about to say something of them.
    held: BTreeMap<Hash, usize>,
    /// The session that this is of.
    pub session: u64,
    /// Whether it is to be looked at which of them nothing speaks of any more.
    pub is_sweep_due: bool,
}

/// The files of a device.
#[derive(Debug)]
pub(crate) struct Files {
    pub folder: FileFolder,
    spaces: Mutex<BTreeMap<SpaceId, OfSpace>>,
    /// For the task that carries them.
    pub changed: Notify,
    /// Held by whoever fetches one.
    pub fetching: tokio::sync::Mutex<()>,
}

impl Files {
    /// Looks which files there are.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let folder = FileFolder::new(folder.join(FILES_FOLDER));
        folder.sweep()?;
        let mut spaces: BTreeMap<SpaceId, OfSpace> = BTreeMap::new();
        for space in folder.spaces()? {
            let of_space = spaces.entry(space).or_default();
            of_space.is_sweep_due = true;
            for hash in folder.hashes(space)? {
                if matches!(folder.held(space, &hash)?, Held::Whole { .. }) {
                    of_space.here.insert(hash);
                }
            }
        }
        Ok(Self { folder, spaces: Mutex::new(spaces), changed: Notify::new(), fetching: tokio::sync::Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SpaceId, OfSpace>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what is known of a space's files, or changes it; nothing where there are none.
    pub fn with<T>(&self, space: SpaceId, look: impl FnOnce(&mut OfSpace) -> T) -> Option<T> {
        self.lock().get_mut(&space).map(look)
    }

    /// All of a file is here from now on.
    pub fn note(&self, space: SpaceId, hash: Hash) {
        self.lock().entry(space).or_default().here.insert(hash);
        self.changed.notify_one();
    }

    pub fn path(&self, space: SpaceId, hash: &Hash) -> Option<PathBuf> {
        let is_here = self.with(space, |of_space| of_space.here.contains(hash)).unwrap_or_default();
        is_here.then(|| self.folder.path(space, hash))
    }

    /// The space leaves the device.
    pub fn forget(&self, space: SpaceId) {
        self.lock().remove(&space);
        if let Err(error) = self.folder.forget(space) {
            tracing::error!(%space, %error, "the files of a project that is not on this device any more are still there");
        }
    }

    /// Removes those that nothing speaks of, by this answer, and nobody holds.
    pub fn sweep(&self, space: SpaceId, is_spoken_of: impl Fn(&Hash) -> bool) {
        let mut spaces = self.lock();
        let Some(of_space) = spaces.get_mut(&space) else { return };
        let OfSpace { here, held, .. } = of_space;
        here.retain(|hash| {
            if held.contains_key(hash) || is_spoken_of(hash) {
                return true;
            }
            if let Err(error) = self.folder.remove(space, hash) {
                tracing::error!(%space, %error, "a file that nothing speaks of cannot be removed");
            }
            false
        });
        of_space.is_sweep_due = false;
    }

    fn hold(&self, space: SpaceId, hash: Hash) {
        *self.lock().entry(space).or_default().held.entry(hash).or_default() += 1;
    }

    fn let_go(&self, space: SpaceId, hash: Hash) {
        self.with(space, |of_space| {
            if let Some(count) = of_space.held.get_mut(&hash) {
                *count -= 1;
                if *count == 0 {
                    of_space.held.remove(&hash);
                }
            }
        });
    }
}

/// A file that was just added to the device. It stays for as long as this is held, and then as long as something speaks of it: so send the command
/// that does before this is dropped.
#[derive(Debug)]
pub struct AddedFile {
    pub file: FileRef,
    space: Space,
}

impl Drop for AddedFile {
    fn drop(&mut self) {
        self.space.inner().files.let_go(self.space.id(), self.file.hash);
    }
}

impl Space {
    /// Copies a file to the device, where it is from now on, offline too. It is brought to the server once a record speaks of it. Waits for the disk.
    pub fn add_file(&self, path: &Path) -> Result<AddedFile, FileError> {
        let unreadable = |error: io::Error| FileError::Unreadable(error.to_string());
        let mut source = File::open(path).map_err(unreadable)?;
        if !source.metadata().map_err(unreadable)?.is_file() {
            return Err(FileError::Unreadable("it is no file".to_owned()));
        }
        let (files, space) = (&self.inner().files, self.id());
        if self.inner().copy(space).is_none() {
            return Err(FileError::NotThere);
        }
        let file = files.folder.add(space, &mut source).map_err(|error| FileError::of_the_disk(&error))?;
        files.hold(space, file.hash);
        files.note(space, file.hash);
        Ok(AddedFile { file, space: self.clone() })
    }

    /// Where a file lies on this device, if all of it is here.
    pub fn file_here(&self, hash: &Hash) -> Option<PathBuf> {
        self.inner().files.path(self.id(), hash)
    }
}
