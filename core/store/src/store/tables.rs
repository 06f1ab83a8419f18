//! The tables of the store, opened for one transaction.

use recordplayer::storage::ReadError;
use redb::{ReadableTable, Table, WriteTransaction};

use crate::encoding::{seal, unseal};
use crate::error::read_error;
use crate::tables::{
    ByteTable, CHECKPOINTS_TABLE, LOG_INDEX_TABLE, LOG_TABLE, META, META_TABLE, PACKED_TABLE, ROWS_TABLE, SPACES_TABLE,
    STREAM_INDEX_TABLE, TEXTS_TABLE,
};

type Bytes = &'static [u8];

/// Every table of the store. All exist from the first transaction on.
pub(super) struct WriteTables<'txn> {
    pub meta: Table<'txn, Bytes, Bytes>,
    pub log: Table<'txn, u64, Bytes>,
    pub packed: Table<'txn, u64, Bytes>,
    pub spaces: Table<'txn, Bytes, Bytes>,
    pub log_index: Table<'txn, Bytes, Bytes>,
    pub stream_index: Table<'txn, Bytes, Bytes>,
    pub checkpoints: Table<'txn, Bytes, Bytes>,
    pub rows: Table<'txn, Bytes, Bytes>,
    pub texts: Table<'txn, Bytes, Bytes>,
}

impl<'txn> WriteTables<'txn> {
    pub fn open(transaction: &'txn WriteTransaction) -> Result<Self, ReadError> {
        let open = |table: ByteTable| transaction.open_table(table).map_err(read_error);
        Ok(Self {
            meta: open(META_TABLE)?,
            log: transaction.open_table(LOG_TABLE).map_err(read_error)?,
            packed: transaction.open_table(PACKED_TABLE).map_err(read_error)?,
            spaces: open(SPACES_TABLE)?,
            log_index: open(LOG_INDEX_TABLE)?,
            stream_index: open(STREAM_INDEX_TABLE)?,
            checkpoints: open(CHECKPOINTS_TABLE)?,
            rows: open(ROWS_TABLE)?,
            texts: open(TEXTS_TABLE)?,
        })
    }

    pub fn put_meta(&mut self, key: &[u8], number: u64) -> Result<(), ReadError> {
        put(&mut self.meta, META, key, &number.to_be_bytes())
    }
}

/// A number of the table `meta`; 0 where there is none.
pub(super) fn read_meta(table: &impl ReadableTable<Bytes, Bytes>, key: &[u8]) -> Result<u64, ReadError> {
    let Some(value) = table.get(key).map_err(read_error)? else { return Ok(0) };
    let number = unseal(META, key, value.value())?;
    number.try_into().map(u64::from_be_bytes).map_err(|_| crate::error::damaged("a number has another length"))
}

/// Puts a value, sealed, in place of the one under the same key.
pub(super) fn put(table: &mut Table<'_, Bytes, Bytes>, name: &str, key: &[u8], value: &[u8]) -> Result<(), ReadError> {
    table.insert(key, &*seal(name, key, value)).map(drop).map_err(read_error)
}

/// Removes all rows whose keys begin with the prefix.
pub(super) fn remove_all(table: &mut Table<'_, Bytes, Bytes>, prefix: &[u8]) -> Result<(), ReadError> {
    let keys: Vec<Vec<u8>> = {
        let rows = table.range::<&[u8]>(prefix..).map_err(read_error)?;
        let keys = rows.map(|row| Ok(row.map_err(read_error)?.0.value().to_vec()));
        keys.take_while(|key: &Result<Vec<u8>, ReadError>| key.as_ref().map_or(true, |key| key.starts_with(prefix)))
            .collect::<Result<_, _>>()?
    };
    for key in keys {
        table.remove(&*key).map_err(read_error)?;
    }
    Ok(())
}
