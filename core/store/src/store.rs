//! The main store: logs, checkpoints, rows and texts of many spaces in one file.
//!
//! A write goes: [`RedbStore::write`] opens one transaction ([`apply`]), each write of the batch is checked against its space and put into
//! the tables and into the tail of the index, the tail is flushed when it is long enough ([`index`]), the transaction is committed with one
//! sync, and a new snapshot is published for the readers. [`open`] builds the spaces in memory from the file and from the log behind its
//! index.

mod apply;
mod index;
mod open;
mod tables;
mod texts;

use std::path::Path;
use std::sync::Arc;

use recordplayer::commit::Head;
use recordplayer::id::SpaceId;
use recordplayer::storage::{ReadError, Readers, SpaceReader, Store, Write, Written};
use redb::{Database, Durability, ReadableDatabase, StorageBackend, WriteTransaction};

use crate::blocks::BlockFile;
use crate::error::{FileKind, OpenError, caught, read_error, without_panic};
use crate::file::Named;
use crate::limits::{INDEX_TAIL_COMMITS_MAX, STORE_CACHE_BYTES};
use crate::scrub::Scrub;
use crate::segments::{pack, stretch_bytes};
use crate::snapshot::{Newest, Snapshot, Spaces};
use apply::Batch;
use tables::WriteTables;

/// Logs, checkpoints, rows and texts of many spaces in one redb file.
///
/// Invariants:
/// 1. What readers see is durable: a snapshot is published only after its transaction was synced.
/// 2. After a transaction that failed, nothing more is written: every write answers [`Written::Unknown`] until the file is opened again,
///    since a failed sync says nothing about what is on disk.
/// 3. Every value is verified by its digest when it is read, and every block under it.
#[derive(Debug)]
pub struct RedbStore {
    /// Taken only by `drop`.
    database: Option<Database>,
    blocks: Arc<BlockFile>,
    spaces: Spaces,
    newest: Newest,
    /// The global position of the next commit.
    next_global: u64,
    /// The number that the next new space gets.
    next_space: u32,
    /// Commits in the tails of all spaces.
    tail_commits: usize,
    tail_commits_max: usize,
    /// Up to where the index of every space is in the file.
    indexed_to: u64,
    /// Up to where the log is packed into segments.
    packed_to: u64,
    broken: Option<String>,
}

impl RedbStore {
    /// Opens the store at the path, or makes it. The file is locked until the store is dropped.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, STORE_CACHE_BYTES)
    }

    /// As [`RedbStore::open`], keeping so many bytes of the file's pages in memory.
    pub fn open_with(path: impl AsRef<Path>, cache_bytes: usize) -> Result<Self, OpenError> {
        let named = Named { cache_bytes, ..Self::named(path.as_ref()) };
        let file = named.open_or_create(open::fill)?;
        Self::from_file(file, INDEX_TAIL_COMMITS_MAX).map_err(|error| named.unreadable(error))
    }

    /// Opens the store in a backend of redb, or makes it in an empty one: for tests of crashes and rot.
    pub fn open_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        Self::open_backend_flushing(backend, INDEX_TAIL_COMMITS_MAX)
    }

    /// As [`RedbStore::open_backend`], flushing the index each time that it holds so many commits.
    pub fn open_backend_flushing(backend: impl StorageBackend, tail_commits_max: usize) -> Result<Self, OpenError> {
        let named = Self::named(Path::new("(in memory)"));
        let file = named.open(Box::new(backend))?;
        Self::from_file(file, tail_commits_max).map_err(|error| named.unreadable(error))
    }

    /// Makes an empty store in an empty backend.
    pub fn create_backend(backend: impl StorageBackend) -> Result<(), OpenError> {
        Self::named(Path::new("(in memory)")).fill(Box::new(backend), open::fill)
    }

    fn named(path: &Path) -> Named {
        Named { kind: FileKind::Store, path: path.to_owned(), cache_bytes: STORE_CACHE_BYTES }
    }

    /// Verifies the blocks of the file step by step, while the store is at work elsewhere.
    pub fn scrub(&self) -> Scrub {
        Scrub { blocks: Arc::clone(&self.blocks), next: 0 }
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("the database is closed only by drop")
    }

    fn begin(&self) -> Result<WriteTransaction, ReadError> {
        let mut transaction = self.database().begin_write().map_err(read_error)?;
        transaction.set_durability(Durability::Immediate).map_err(|error| ReadError::Io(error.to_string()))?;
        Ok(transaction)
    }

    fn publish(&self) -> Result<(), ReadError> {
        let transaction = self.database().begin_read().map_err(read_error)?;
        let snapshot = Snapshot::new(transaction, self.spaces.clone());
        self.newest.publish(snapshot);
        Ok(())
    }

    /// One batch in one transaction.
    fn write_batch(&mut self, batch: Vec<Write>) -> Result<Vec<Written>, ReadError> {
        let transaction = self.begin()?;
        let written = {
            let mut tables = WriteTables::open(&transaction)?;
            let mut batch_of = Batch { store: self, tables: &mut tables };
            let written = batch.into_iter().map(|write| batch_of.apply(write)).collect::<Result<_, _>>()?;
            if self.tail_commits >= self.tail_commits_max {
                self.flush_index(&mut tables)?;
            }
            written
        };
        transaction.commit().map_err(read_error)?;
        self.publish()?;
        Ok(written)
    }

    /// Packs what the index in the file knows, but for as many commits at the end as the tail of the index may hold. True where there may be more
    /// to pack.
    fn pack_some(&mut self) -> Result<bool, ReadError> {
        let kept = self.tail_commits_max.min(INDEX_TAIL_COMMITS_MAX) as u64;
        let upto = self.indexed_to.min(self.next_global.saturating_sub(kept));
        if self.packed_to >= upto {
            return Ok(false);
        }
        let transaction = self.begin()?;
        let mut tables = WriteTables::open(&transaction)?;
        let stretch = (self.packed_to, upto);
        let packed = pack(&mut tables.log, &mut tables.packed, stretch, stretch_bytes(self.tail_commits_max));
        drop(tables);
        let packed_to = match packed {
            Ok(Some(packed_to)) => packed_to,
            Ok(None) => return Ok(false),
            // Whoever reads that row hears of it; for the others the store goes on, and nothing is packed any more.
            Err(ReadError::Damaged(what)) => {
                tracing::error!(what, "the log is not packed any further");
                self.packed_to = u64::MAX;
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        transaction.commit().map_err(read_error)?;
        self.packed_to = packed_to;
        self.publish()?;
        Ok(true)
    }

    /// Does something that may change the file; after a failure nothing more is written.
    fn carefully<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, ReadError>) -> Result<T, String> {
        let reason = match caught(|| work(self)) {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error.to_string(),
            Err(why) => why,
        };
        tracing::error!(reason, "a write failed, nothing more is written until the store is opened again");
        self.broken = Some(reason.clone());
        self.blocks.close_clean(false);
        Err(reason)
    }

    /// Puts the whole tail of the index into the file, so that the next start plays nothing.
    fn flush(&mut self) -> Result<(), ReadError> {
        let transaction = self.begin()?;
        let mut tables = WriteTables::open(&transaction)?;
        self.flush_index(&mut tables)?;
        drop(tables);
        transaction.commit().map_err(read_error)
    }

    fn head(&self, space: SpaceId) -> Head {
        self.spaces.get(&space).map_or(Head::START, |entry| entry.head)
    }
}

impl Store for RedbStore {
    fn write(&mut self, batch: Vec<Write>) -> Vec<Written> {
        let count = batch.len();
        if let Some(reason) = &self.broken {
            return vec![Written::Unknown(format!("{reason}; the store must be opened again")); count];
        }
        let written = self.carefully(|store| store.write_batch(batch));
        written.unwrap_or_else(|reason| vec![Written::Unknown(reason); count])
    }

    fn tidy(&mut self) -> bool {
        self.broken.is_none() && self.carefully(Self::pack_some).unwrap_or(false)
    }

    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        self.newest.reader(space)
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.newest.spaces()
    }

    fn readers(&self) -> Arc<dyn Readers> {
        Arc::new(self.newest.clone())
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        let is_whole = self.broken.is_none() && !std::thread::panicking();
        // A flush that fails costs the next start some milliseconds of replay.
        let flushed = is_whole && (self.tail_commits == 0 || without_panic(|| self.flush()).is_ok());
        self.blocks.close_clean(flushed);
        if let Some(database) = self.database.take()
            && let Err(error) = without_panic(|| database.close().map_err(read_error))
        {
            tracing::warn!(%error, "the store was not closed in order; the next start checks it");
        }
    }
}
