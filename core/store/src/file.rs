//! Opening a file: made beside its name first, checked, locked, and verified by redb after an unclean stop.

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use recordplayer::storage::ReadError;
use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageBackend, StorageError};

use crate::blocks::{Backend, BlockFile};
use crate::error::{FileKind, OpenError, caught, let_go};
use crate::header::{FORMAT_VERSION, HeaderError};

/// Behind the name of a file that is being made.
const NEW: &str = ".new";

/// One of our files, and how its errors name it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub kind: FileKind,
    pub path: PathBuf,
    pub cache_bytes: usize,
}

impl Named {
    pub fn io(&self, source: io::Error) -> OpenError {
        OpenError::Io { kind: self.kind, source, path: self.path.clone() }
    }

    pub fn damaged(&self, what: impl Into<String>) -> OpenError {
        OpenError::Damaged { kind: self.kind, what: what.into(), path: self.path.clone() }
    }

    pub fn unreadable(&self, error: ReadError) -> OpenError {
        match error {
            ReadError::Damaged(what) => self.damaged(what),
            ReadError::Io(what) => self.io(io::Error::other(what)),
        }
    }

    fn in_use(&self) -> OpenError {
        OpenError::InUse { kind: self.kind, path: self.path.clone() }
    }

    fn refused(&self, error: HeaderError) -> OpenError {
        let (kind, path) = (self.kind, self.path.clone());
        match error {
            HeaderError::Foreign(found) => OpenError::Foreign { kind, found, path },
            HeaderError::NewerFormat(found) => OpenError::NewerFormat { kind, found, known: FORMAT_VERSION, path },
            HeaderError::Damaged(what) => OpenError::Damaged { kind, what, path },
        }
    }

    fn failed(&self, error: DatabaseError) -> OpenError {
        match error {
            DatabaseError::DatabaseAlreadyOpen => self.in_use(),
            // A file that ends before it should is damaged, whatever its folder's rights and room.
            DatabaseError::Storage(StorageError::Io(error))
                if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                self.io(error)
            }
            DatabaseError::Storage(StorageError::Io(error)) => self.damaged(error.to_string()),
            other => self.damaged(other.to_string()),
        }
    }

    /// Opens the file, or makes it with `fill`. A file that is being made has another name until it is whole, so that a crash in between
    /// leaves nothing at the path, and an empty file at the path is never mistaken for a new store. Of several processes that make it at once,
    /// each makes one of its own, and the first one that is whole is the file for all of them.
    pub fn open_or_create(&self, fill: impl FnOnce(&Database) -> Result<(), ReadError>) -> Result<OpenFile, OpenError> {
        if !fs::exists(&self.path).map_err(|error| self.io(error))? {
            self.create(fill)?;
        }
        let opened = File::options().read(true).write(true).open(&self.path).map_err(|error| self.io(error))?;
        let opened = self.open(self.locked(opened)?)?;
        self.sweep();
        Ok(opened)
    }

    fn create(&self, fill: impl FnOnce(&Database) -> Result<(), ReadError>) -> Result<(), OpenError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut unfinished = self.path.clone().into_os_string();
        unfinished.push(format!("{NEW}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let unfinished = PathBuf::from(unfinished);
        // What another process of the same number left is of no use to anyone; it may be a second name of something that is.
        let _ = fs::remove_file(&unfinished);
        let made = File::options().read(true).write(true).create_new(true).open(&unfinished);
        let filled = made.map_err(|error| self.io(error)).and_then(|file| self.fill(self.locked(file)?, fill));
        let named = filled.and_then(|()| self.name(&unfinished).map_err(|error| self.io(error)));
        // What cannot be removed is removed by whoever opens the file next.
        let _ = fs::remove_file(&unfinished);
        named
    }

    /// The file that is whole takes its place, unless another one has it.
    fn name(&self, unfinished: &Path) -> io::Result<()> {
        match fs::hard_link(unfinished, &self.path) {
            // Whoever has the file open has swept this one away, for theirs was faster.
            Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
                if fs::exists(&self.path)? {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            Ok(()) => sync_folder(&self.path),
            // A disk that knows no second names.
            Err(_) => fs::rename(unfinished, &self.path).and_then(|()| sync_folder(&self.path)),
        }
    }

    /// Removes what interrupted starts left. The file is open here, so nobody needs another one.
    fn sweep(&self) {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return };
        let beginning = format!("{}{NEW}", name.to_string_lossy());
        let Ok(entries) = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) else {
            return;
        };
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&beginning)) {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::debug!(%error, "what an interrupted start left is still there: {}", entry.path().display());
            }
        }
    }

    /// Makes a new file in an empty backend.
    pub fn fill(
        &self,
        backend: Box<dyn StorageBackend>,
        fill: impl FnOnce(&Database) -> Result<(), ReadError>,
    ) -> Result<(), OpenError> {
        BlockFile::initialise(&*backend, self.kind).map_err(|error| self.io(error))?;
        let opened = self.open(backend)?;
        fill(&opened.database).map_err(|error| self.unreadable(error))?;
        opened.blocks.close_clean(true);
        opened.database.close().map_err(|error| self.failed(error))
    }

    fn locked(&self, file: File) -> Result<Box<dyn StorageBackend>, OpenError> {
        Ok(Box::new(FileBackend::new(file).map_err(|error| self.failed(error))?))
    }

    /// Opens what a backend holds. redb verifies every page if the file was not closed in order.
    pub fn open(&self, backend: Box<dyn StorageBackend>) -> Result<OpenFile, OpenError> {
        let blocks = BlockFile::open(backend, self.kind).map_err(|error| self.io(error))?;
        let blocks = Arc::new(blocks.map_err(|error| self.refused(error))?);
        let (is_clean, was_in_use) = (blocks.is_clean(), blocks.blocks().map_err(|error| self.io(error))? > 0);
        let was_repaired = Rc::new(Cell::new(false));
        let database = {
            let (backend, was_repaired) = (Backend(Arc::clone(&blocks)), Rc::clone(&was_repaired));
            let open = move || {
                Database::builder()
                    .set_cache_size(self.cache_bytes)
                    .set_check_integrity_on_open(!is_clean)
                    .set_repair_callback(move |_| was_repaired.set(true))
                    .create_with_backend(backend)
            };
            // redb 4.6 panics on some files that have rotted.
            caught(open).map_err(|why| self.damaged(why))?.map_err(|error| self.failed(error))?
        };
        if is_clean && blocks.damaged_blocks() > 0 {
            let_go(database);
            return Err(self.damaged("blocks that it needs are not what was written"));
        }
        // A file that is being made holds nothing that could be unclean.
        if !is_clean && was_in_use {
            let blanked = match blocks.blank_torn_blocks() {
                Ok(blanked) => blanked,
                Err(error) => {
                    let_go(database);
                    return Err(self.io(error));
                }
            };
            let repaired = was_repaired.get();
            tracing::info!(kind = %self.kind, repaired, blanked, "opened after an unclean stop: {}", self.path.display());
        }
        Ok(OpenFile { database, blocks, was_clean: is_clean })
    }
}

/// An open database and the blocks under it.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub database: Database,
    pub blocks: Arc<BlockFile>,
    pub was_clean: bool,
}

/// Makes the new name durable: on most systems a file's name is written with its folder, not with the file.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Windows opens no folder as a file, and keeps its names by itself.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
