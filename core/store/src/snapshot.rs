//! What readers read: one durable state of the file with the spaces as they were then.

use std::ops::Bound;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use recordplayer::commit::Head;
use recordplayer::id::SpaceId;
use recordplayer::record::{Position, StreamId};
use recordplayer::storage::{
    Checkpoint, Gap, ReadError, Readers, Row, RowKey, SpaceReader, StoredCommit, TextKey, TextRow,
};
use redb::{ReadOnlyTable, ReadTransaction};
use rpds::RedBlackTreeMapSync;

use crate::encoding::unseal;
use crate::error::{read_error, without_panic};
use crate::log::{SpaceLog, commits_of_stream};
use crate::rows::{decode_checkpoint, decode_row, decode_text};
use crate::space::SpaceEntry;
use crate::tables::{
    ByteTable, CHECKPOINTS, CHECKPOINTS_TABLE, LOG_INDEX_TABLE, LOG_TABLE, PACKED_TABLE, ROWS, ROWS_TABLE,
    STREAM_INDEX_TABLE, TEXTS, TEXTS_TABLE, parse_row_key, parse_text_key, prefix_end, row_key, text_prefix,
    with_number,
};

type Bytes = &'static [u8];
pub(crate) type Spaces = RedBlackTreeMapSync<SpaceId, SpaceEntry>;

/// A read transaction and the spaces of the same instant. The writer publishes a new one after each group.
pub(crate) struct Snapshot {
    transaction: ReadTransaction,
    tables: OnceLock<Result<Tables, ReadError>>,
    pub spaces: Spaces,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("spaces", &self.spaces.size()).finish_non_exhaustive()
    }
}

struct Tables {
    log: ReadOnlyTable<u64, Bytes>,
    packed: ReadOnlyTable<u64, Bytes>,
    log_index: ReadOnlyTable<Bytes, Bytes>,
    stream_index: ReadOnlyTable<Bytes, Bytes>,
    checkpoints: ReadOnlyTable<Bytes, Bytes>,
    rows: ReadOnlyTable<Bytes, Bytes>,
    texts: ReadOnlyTable<Bytes, Bytes>,
}

impl Snapshot {
    pub fn new(transaction: ReadTransaction, spaces: Spaces) -> Self {
        Self { transaction, tables: OnceLock::new(), spaces }
    }

    /// Opened by the first reader that needs them, not by each group.
    fn tables(&self) -> Result<&Tables, ReadError> {
        let open = |table: ByteTable| self.transaction.open_table(table).map_err(read_error);
        let tables = self.tables.get_or_init(|| {
            Ok(Tables {
                log: self.transaction.open_table(LOG_TABLE).map_err(read_error)?,
                packed: self.transaction.open_table(PACKED_TABLE).map_err(read_error)?,
                log_index: open(LOG_INDEX_TABLE)?,
                stream_index: open(STREAM_INDEX_TABLE)?,
                checkpoints: open(CHECKPOINTS_TABLE)?,
                rows: open(ROWS_TABLE)?,
                texts: open(TEXTS_TABLE)?,
            })
        });
        tables.as_ref().map_err(Clone::clone)
    }
}

/// The newest snapshot, shared by the writer and the live readers.
#[derive(Clone, Debug)]
pub(crate) struct Newest(Arc<RwLock<Arc<Snapshot>>>);

impl Newest {
    pub fn new(snapshot: Snapshot) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(snapshot))))
    }

    pub fn publish(&self, snapshot: Snapshot) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    fn get(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Readers for Newest {
    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        Arc::new(LiveReader { newest: self.clone(), space })
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        Ok(self.get().spaces.keys().copied().collect())
    }
}

/// Reads one space, each time from the newest snapshot.
#[derive(Debug)]
struct LiveReader {
    newest: Newest,
    space: SpaceId,
}

/// Reads one space as it was at one snapshot.
#[derive(Debug)]
struct FrozenReader {
    snapshot: Arc<Snapshot>,
    space: SpaceId,
}

impl LiveReader {
    fn now(&self) -> FrozenReader {
        FrozenReader { snapshot: self.newest.get(), space: self.space }
    }
}

/// How a range of rows goes on: behind which key, until how many bytes.
struct Page<'a> {
    prefix: &'a [u8],
    after: Option<Vec<u8>>,
    bytes_max: usize,
}

impl FrozenReader {
    fn entry(&self) -> Option<&SpaceEntry> {
        self.snapshot.spaces.get(&self.space)
    }

    /// Reads with the tables, or answers `empty` for a space that does not exist.
    fn with<T>(
        &self,
        empty: T,
        read: impl FnOnce(&SpaceEntry, &Tables) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let Some(entry) = self.entry() else { return Ok(empty) };
        without_panic(|| read(entry, self.snapshot.tables()?))
    }

    fn with_log<T>(
        &self,
        empty: T,
        read: impl FnOnce(SpaceLog<'_, ReadOnlyTable<u64, Bytes>, ReadOnlyTable<Bytes, Bytes>>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.with(empty, |space, tables| read(SpaceLog::new(space, &tables.log, &tables.packed, &tables.log_index)))
    }
}

/// Rows under a prefix, parsed, until they make as many bytes as asked for; at least one, if there is one.
fn page<T>(
    table: &ReadOnlyTable<Bytes, Bytes>,
    name: &str,
    page: Page<'_>,
    parse: impl Fn(&[u8], &[u8]) -> Result<(T, usize), ReadError>,
) -> Result<Vec<T>, ReadError> {
    let lower = page.after.as_deref().map_or(Bound::Included(page.prefix), Bound::Excluded);
    let end = prefix_end(page.prefix);
    let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let mut found = Vec::new();
    let mut bytes = 0;
    for row in table.range::<&[u8]>((lower, upper)).map_err(read_error)? {
        let (key, value) = row.map_err(read_error)?;
        let (item, item_bytes) = parse(key.value(), unseal(name, key.value(), value.value())?)?;
        bytes += item_bytes;
        if bytes > page.bytes_max && !found.is_empty() {
            break;
        }
        found.push(item);
    }
    Ok(found)
}

fn parse_text(key: &[u8], value: &[u8]) -> Result<((TextKey, TextRow), usize), ReadError> {
    let (text, index) = parse_text_key(key)?;
    let row = decode_text(index, value)?;
    let bytes = row.page_bytes(&text);
    Ok(((text, row), bytes))
}

impl SpaceReader for FrozenReader {
    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.entry().map_or(Head::START, |entry| entry.head))
    }

    fn epoch(&self) -> Result<u32, ReadError> {
        Ok(self.entry().map_or(0, |entry| entry.epoch))
    }

    fn gap(&self) -> Result<Option<Gap>, ReadError> {
        Ok(self.entry().and_then(|entry| entry.gap))
    }

    fn commits(&self, after: Position, upto: Position, bytes_max: usize) -> Result<Vec<StoredCommit>, ReadError> {
        self.with_log(Vec::new(), |log| log.commits(after, upto, bytes_max))
    }

    fn commit_with(&self, record: Position) -> Result<Option<StoredCommit>, ReadError> {
        self.with_log(None, |log| log.commit_with(record))
    }

    fn stream(&self, stream: &StreamId, after: Position, upto: Position) -> Result<Vec<Position>, ReadError> {
        self.with(Vec::new(), |space, tables| commits_of_stream(space, &tables.stream_index, stream, after, upto))
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, ReadError> {
        self.with(None, |space, tables| {
            let key = space.local.key();
            let Some(value) = tables.checkpoints.get(&key[..]).map_err(read_error)? else { return Ok(None) };
            decode_checkpoint(unseal(CHECKPOINTS, &key, value.value())?).map(Some)
        })
    }

    fn row(&self, row: &RowKey) -> Result<Option<Row>, ReadError> {
        self.with(None, |space, tables| {
            let key = row_key(space.local, row);
            let Some(value) = tables.rows.get(&*key).map_err(read_error)? else { return Ok(None) };
            decode_row(unseal(ROWS, &key, value.value())?).map(Some)
        })
    }

    fn rows(&self, after: Option<&RowKey>, bytes_max: usize) -> Result<Vec<(RowKey, Row)>, ReadError> {
        self.with(Vec::new(), |space, tables| {
            let prefix = space.local.key();
            let after = after.map(|key| row_key(space.local, key));
            page(&tables.rows, ROWS, Page { prefix: &prefix, after, bytes_max }, |key, value| {
                let (key, row) = (parse_row_key(key)?, decode_row(value)?);
                let bytes = row.page_bytes(&key);
                Ok(((key, row), bytes))
            })
        })
    }

    fn text(&self, key: &TextKey) -> Result<Vec<TextRow>, ReadError> {
        self.with(Vec::new(), |space, tables| {
            let prefix = text_prefix(space.local, key);
            let whole = Page { prefix: &prefix, after: None, bytes_max: usize::MAX };
            let rows = page(&tables.texts, TEXTS, whole, parse_text)?;
            Ok(rows.into_iter().map(|(_, row)| row).collect())
        })
    }

    fn texts(&self, after: Option<&(TextKey, u64)>, bytes_max: usize) -> Result<Vec<(TextKey, TextRow)>, ReadError> {
        self.with(Vec::new(), |space, tables| {
            let prefix = space.local.key();
            let after = after.map(|(key, index)| with_number(&text_prefix(space.local, key), *index));
            page(&tables.texts, TEXTS, Page { prefix: &prefix, after, bytes_max }, parse_text)
        })
    }

    fn frozen(&self) -> Result<Arc<dyn SpaceReader>, ReadError> {
        Ok(Arc::new(Self { snapshot: Arc::clone(&self.snapshot), space: self.space }))
    }
}

impl SpaceReader for LiveReader {
    fn head(&self) -> Result<Head, ReadError> {
        self.now().head()
    }

    fn epoch(&self) -> Result<u32, ReadError> {
        self.now().epoch()
    }

    fn gap(&self) -> Result<Option<Gap>, ReadError> {
        self.now().gap()
    }

    fn commits(&self, after: Position, upto: Position, bytes_max: usize) -> Result<Vec<StoredCommit>, ReadError> {
        self.now().commits(after, upto, bytes_max)
    }

    fn commit_with(&self, record: Position) -> Result<Option<StoredCommit>, ReadError> {
        self.now().commit_with(record)
    }

    fn stream(&self, stream: &StreamId, after: Position, upto: Position) -> Result<Vec<Position>, ReadError> {
        self.now().stream(stream, after, upto)
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, ReadError> {
        self.now().checkpoint()
    }

    fn row(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.now().row(key)
    }

    fn rows(&self, after: Option<&RowKey>, bytes_max: usize) -> Result<Vec<(RowKey, Row)>, ReadError> {
        self.now().rows(after, bytes_max)
    }

    fn text(&self, key: &TextKey) -> Result<Vec<TextRow>, ReadError> {
        self.now().text(key)
    }

    fn texts(&self, after: Option<&(TextKey, u64)>, bytes_max: usize) -> Result<Vec<(TextKey, TextRow)>, ReadError> {
        self.now().texts(after, bytes_max)
    }

    fn frozen(&self) -> Result<Arc<dyn SpaceReader>, ReadError> {
        Ok(Arc::new(self.now()))
    }
}
