//! Rows of a server's accounts, in a file of their own: few, all read at the start, each change durable before it counts.
//!
//! ```text
//! table "accounts"
//! key                          digest ‖ value
//! ```
//! What keys and values mean is the server's business.

use std::path::Path;

use recordplayer::storage::{ReadError, WriteError};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::blocks::BlockFile;
use crate::encoding::{seal, unseal};
use crate::error::{FileKind, OpenError, caught, read_error, without_panic};
use crate::file::Named;
use crate::limits::ACCOUNTS_CACHE_BYTES;

const ACCOUNTS: &str = "accounts";
const ACCOUNTS_TABLE: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new(ACCOUNTS);

/// A key and its value.
pub type AccountRow = (Vec<u8>, Vec<u8>);

/// The accounts in one redb file. After a write that failed, nothing more is written until it is opened again.
#[derive(Debug)]
pub struct RedbAccounts {
    /// Taken only by `drop`.
    database: Option<Database>,
    blocks: std::sync::Arc<BlockFile>,
    broken: Option<String>,
}

fn fill(database: &Database) -> Result<(), ReadError> {
    let transaction = database.begin_write().map_err(read_error)?;
    drop(transaction.open_table(ACCOUNTS_TABLE).map_err(read_error)?);
    transaction.commit().map_err(read_error)
}

fn load(database: &Database) -> Result<Vec<AccountRow>, ReadError> {
    without_panic(|| {
        let transaction = database.begin_read().map_err(read_error)?;
        let table = transaction.open_table(ACCOUNTS_TABLE).map_err(read_error)?;
        let mut rows = Vec::new();
        for row in table.iter().map_err(read_error)? {
            let (key, value) = row.map_err(read_error)?;
            rows.push((key.value().to_vec(), unseal(ACCOUNTS, key.value(), value.value())?.to_vec()));
        }
        Ok(rows)
    })
}

impl RedbAccounts {
    /// Opens the file, or makes it; answers with every row in it. The file is locked until this is dropped.
    pub fn open(path: &Path) -> Result<(Self, Vec<AccountRow>), OpenError> {
        let named = Named { kind: FileKind::Accounts, path: path.to_owned(), cache_bytes: ACCOUNTS_CACHE_BYTES };
        let file = named.open_or_create(fill)?;
        let rows = load(&file.database).map_err(|error| named.unreadable(error));
        // A file with damage in it is checked again by the next start.
        file.blocks.close_clean(rows.is_ok());
        Ok((Self { database: Some(file.database), blocks: file.blocks, broken: None }, rows?))
    }

    /// Puts one row in the place of what stands under its key; it is on disk when this returns.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), WriteError> {
        if let Some(reason) = &self.broken {
            return Err(WriteError(format!("{reason}; the accounts must be opened again")));
        }
        let Some(database) = &self.database else { return Err(WriteError("the accounts were closed".to_owned())) };
        let reason = match caught(|| put(database, key, value)) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(why) => why,
        };
        self.broken = Some(reason.clone());
        self.blocks.close_clean(false);
        Err(WriteError(reason))
    }
}

fn put(database: &Database, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
    let mut transaction = database.begin_write().map_err(read_error)?;
    transaction.set_durability(Durability::Immediate).map_err(|error| ReadError::Io(error.to_string()))?;
    let mut table = transaction.open_table(ACCOUNTS_TABLE).map_err(read_error)?;
    table.insert(key, &*seal(ACCOUNTS, key, value)).map(drop).map_err(read_error)?;
    drop(table);
    transaction.commit().map_err(read_error)
}

impl Drop for RedbAccounts {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.blocks.close_clean(false);
        }
        if let Some(database) = self.database.take()
            && let Err(error) = without_panic(|| database.close().map_err(read_error))
        {
            tracing::warn!(%error, "the accounts were not closed in order; the next start checks them");
        }
    }
}
