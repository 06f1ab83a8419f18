//! The outbox on redb, in a file of its own.
//!
//! ```text
//! table "outbox"
//! space (16) ‖ 0               digest ‖ identity
//! space (16) ‖ 1 ‖ order (8)   digest ‖ command (16) ‖ row
//! ```

use std::ops::Bound;
use std::path::Path;

use recordplayer::id::{CommandId, Id, SpaceId};
use recordplayer::planted::{Bug, is_planted};
use recordplayer::storage::{OutboxContent, OutboxRow, OutboxStore, OutboxWrite, ReadError, WriteError};
use redb::{Database, Durability, ReadableDatabase, StorageBackend, Table, TableDefinition};

use crate::blocks::BlockFile;
use crate::encoding::{Cursor, seal, unseal};
use crate::error::{FileKind, OpenError, caught, damaged, read_error, without_panic};
use crate::file::{Named, OpenFile};
use crate::limits::OUTBOX_CACHE_BYTES;
use crate::tables::{number_of, parse_space_id, prefix_end, with_number};

pub(crate) const OUTBOX: &str = "outbox";
const OUTBOX_TABLE: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new(OUTBOX);

const IDENTITY_TAG: u8 = 0;
const ROW_TAG: u8 = 1;
const SPACE_BYTES: usize = 16;

/// The outbox of a device in one redb file. After a write that failed, nothing more is written until it is opened again.
#[derive(Debug)]
pub struct RedbOutbox {
    /// Taken only by `drop`.
    database: Option<Database>,
    blocks: std::sync::Arc<BlockFile>,
    broken: Option<String>,
}

fn fill(database: &Database) -> Result<(), ReadError> {
    let transaction = database.begin_write().map_err(read_error)?;
    drop(transaction.open_table(OUTBOX_TABLE).map_err(read_error)?);
    transaction.commit().map_err(read_error)
}

fn identity_key(space: SpaceId) -> Vec<u8> {
    [&space.bytes()[..], &[IDENTITY_TAG]].concat()
}

fn row_prefix(space: SpaceId) -> Vec<u8> {
    [&space.bytes()[..], &[ROW_TAG]].concat()
}

impl RedbOutbox {
    /// Opens the outbox at the path, or makes it. The file is locked until the outbox is dropped.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let named = Self::named(path.as_ref());
        Ok(Self::from_file(named.open_or_create(fill)?))
    }

    /// Opens an outbox in a backend of redb: for tests of crashes and rot.
    pub fn open_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        Ok(Self::from_file(Self::named(Path::new("(in memory)")).open(Box::new(backend))?))
    }

    /// Makes an empty outbox in an empty backend.
    pub fn create_backend(backend: impl StorageBackend) -> Result<(), OpenError> {
        Self::named(Path::new("(in memory)")).fill(Box::new(backend), fill)
    }

    fn named(path: &Path) -> Named {
        Named { kind: FileKind::Outbox, path: path.to_owned(), cache_bytes: OUTBOX_CACHE_BYTES }
    }

    fn from_file(file: OpenFile) -> Self {
        file.blocks.close_clean(true);
        Self { database: Some(file.database), blocks: file.blocks, broken: None }
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("the database is closed only by drop")
    }

    fn write_batch(&mut self, batch: Vec<OutboxWrite>) -> Result<(), ReadError> {
        let mut transaction = self.database().begin_write().map_err(read_error)?;
        let is_put = |write: &OutboxWrite| matches!(write, OutboxWrite::Put { .. });
        let skips = is_planted(Bug::SkipSync) && !batch.iter().any(is_put);
        let durability = if skips { Durability::None } else { Durability::Immediate };
        transaction.set_durability(durability).map_err(|error| ReadError::Io(error.to_string()))?;
        {
            let mut table = transaction.open_table(OUTBOX_TABLE).map_err(read_error)?;
            for write in batch {
                apply(&mut table, write)?;
            }
        }
        transaction.commit().map_err(read_error)
    }
}

fn apply(table: &mut Table<'_, &'static [u8], &'static [u8]>, write: OutboxWrite) -> Result<(), ReadError> {
    let mut put =
        |key: &[u8], value: &[u8]| table.insert(key, &*seal(OUTBOX, key, value)).map(drop).map_err(read_error);
    match write {
        OutboxWrite::Put { space, row } => {
            let value = [&row.command.bytes()[..], &*row.bytes].concat();
            put(&with_number(&row_prefix(space), row.order), &value)
        }
        OutboxWrite::Identity { space, bytes } => put(&identity_key(space), &bytes),
        OutboxWrite::Remove { space, order } => {
            table.remove(&*with_number(&row_prefix(space), order)).map(drop).map_err(read_error)
        }
        OutboxWrite::Forget { space } => {
            let prefix = space.bytes();
            table.retain(|key, _| !key.starts_with(prefix)).map_err(read_error)
        }
    }
}

impl OutboxStore for RedbOutbox {
    fn write(&mut self, batch: Vec<OutboxWrite>) -> Result<(), WriteError> {
        if let Some(reason) = &self.broken {
            return Err(WriteError(format!("{reason}; the outbox must be opened again")));
        }
        let reason = match caught(|| self.write_batch(batch)) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(why) => why,
        };
        tracing::error!(reason, "a write failed, nothing more is written until the outbox is opened again");
        self.broken = Some(reason.clone());
        self.blocks.close_clean(false);
        Err(WriteError(reason))
    }

    fn load(&self, space: SpaceId) -> Result<OutboxContent, ReadError> {
        without_panic(|| {
            let transaction = self.database().begin_read().map_err(read_error)?;
            let table = transaction.open_table(OUTBOX_TABLE).map_err(read_error)?;
            let mut content = OutboxContent::default();
            let end = prefix_end(space.bytes());
            let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let rows = table.range::<&[u8]>((Bound::Included(&space.bytes()[..]), upper)).map_err(read_error)?;
            for row in rows {
                let (key, value) = row.map_err(read_error)?;
                let value = unseal(OUTBOX, key.value(), value.value())?;
                match key.value().get(SPACE_BYTES) {
                    Some(&IDENTITY_TAG) => content.identity = Some(value.into()),
                    Some(&ROW_TAG) => content.rows.push(decode_row(number_of(key.value())?, value)?),
                    Some(_) | None => return Err(damaged("a row of the outbox of an unknown kind")),
                }
            }
            Ok(content)
        })
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        without_panic(|| {
            let transaction = self.database().begin_read().map_err(read_error)?;
            let table = transaction.open_table(OUTBOX_TABLE).map_err(read_error)?;
            let mut spaces: Vec<SpaceId> = Vec::new();
            let mut from = Some(Vec::new());
            // One look a space: the next key behind all of the space before.
            while let Some(at) = from {
                let mut range = table.range::<&[u8]>(&*at..).map_err(read_error)?;
                let Some(row) = range.next() else { break };
                let (key, _) = row.map_err(read_error)?;
                let space = parse_space_id(key.value().get(..SPACE_BYTES).unwrap_or_default())?;
                spaces.push(space);
                from = prefix_end(space.bytes());
            }
            Ok(spaces)
        })
    }
}

pub(crate) fn decode_row(order: u64, value: &[u8]) -> Result<OutboxRow, ReadError> {
    let mut cursor = Cursor(value);
    let command = CommandId(Id(cursor.array()?));
    Ok(OutboxRow { command, order, bytes: cursor.rest().into() })
}

impl Drop for RedbOutbox {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.blocks.close_clean(false);
        }
        if let Some(database) = self.database.take()
            && let Err(error) = without_panic(|| database.close().map_err(read_error))
        {
            tracing::warn!(%error, "the outbox was not closed in order; the next start checks it");
        }
    }
}
