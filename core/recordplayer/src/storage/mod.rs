//! What the core asks of a store: a log, saved rows, and an outbox, each behind one trait.
//!
//! Two stores implement them: [`memory`] here, redb in the crate `recordplayer-store`. One conformance suite
//! ([`crate::testing::conformance`]) holds for both. Reading is synchronous and always from what is durable; writing goes in batches,
//! each of them one transaction, so that many commits share one sync.

mod compaction;
pub mod memory;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub(crate) use compaction::is_ripe;
pub use compaction::{compact_text, compact_texts, rows_hash};
use serde::{Deserialize, Serialize};

use crate::commit::{Commit, Head};
use crate::hash::Hash;
use crate::id::{CommandId, ReplicaId, SpaceId};
use crate::membership::Membership;
use crate::name::Name;
use crate::record::{Position, StreamId};
use crate::text::TextPart;
use crate::view::ViewKey;

/// A read that the store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A value is not what was written: its digest differs, or it cannot be parsed.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    #[error("the store cannot be read: {0}")]
    Io(String),
}

/// A commit as it was stored, with the hash of the one before it, so that it can be opened and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCommit {
    pub previous: Hash,
    pub head: Head,
    /// Whether it was decided elsewhere or before, and came in as it was.
    pub is_adopted: bool,
    pub bytes: Arc<[u8]>,
}

impl StoredCommit {
    pub fn open(&self) -> Result<Commit, ReadError> {
        let damaged =
            |error| ReadError::Damaged(format!("the commit that ends with record {}: {error}", self.head.position));
        Commit::open(Arc::clone(&self.bytes), &self.previous).map_err(damaged)
    }
}

/// What a saved row is of. What is read whole when a state is opened comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// What was decided for one replica.
    Replica(ReplicaId),
    /// The first event of an entity that the version which saved it did not know.
    Newer(StreamId),
    Model(StreamId),
    View(ViewKey),
}

/// A saved state: rule 8 wants position, commit hash, digest and bytes in one row. The digest is the store's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The last record that was played on it.
    pub head: Head,
    /// The entity's `SHAPE`, the view's `VERSION`, or that of the core's own rows.
    pub version: u32,
    pub bytes: Arc<[u8]>,
}

impl Row {
    /// What the row takes of a page: as many small rows as may come are as bounded as a few large ones.
    pub fn page_bytes(&self, key: &RowKey) -> usize {
        let key = match key {
            RowKey::Replica(_) => ID_BYTES,
            RowKey::Newer(stream) | RowKey::Model(stream) => stream.kind.len() + ID_BYTES,
            RowKey::View(view) => view.name.len() + view.key.as_str().len(),
        };
        PAGE_OVERHEAD_BYTES + key + self.bytes.len()
    }
}

/// One position of a space at which all its rows agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub epoch: u32,
    pub head: Head,
    /// The rest of the space at that position (its time, the state hash, …), encoded by the core: a few hundred bytes, whatever the space holds.
    pub meta: Arc<[u8]>,
}

/// A text of an entity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextKey {
    pub stream: StreamId,
    pub field: Name,
}

impl fmt::Debug for TextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stream, self.field)
    }
}

/// One row of a text: the one change with that index, or a base, which holds the changes behind the row before it up to and with `index`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// The number of the change in its text, from 0.
    pub index: u64,
    pub is_base: bool,
    pub bytes: Arc<[u8]>,
}

impl TextRow {
    /// As [`Row::page_bytes`].
    pub fn page_bytes(&self, key: &TextKey) -> usize {
        PAGE_OVERHEAD_BYTES + key.stream.kind.len() + ID_BYTES + key.field.len() + self.bytes.len()
    }

    pub fn part(&self) -> TextPart<'_> {
        if self.is_base { TextPart::Base(&self.bytes) } else { TextPart::Change(&self.bytes) }
    }
}

/// The stretch that is missing since the space was joined by a snapshot: behind `lower`, up to and with `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub lower: Head,
    pub base: Head,
}

/// Reads one space, always from what is durable. A reader of a file ends with its store: dropping the store closes the file.
pub trait SpaceReader: Send + Sync + fmt::Debug {
    /// The end of the log; [`Head::START`] where there is none.
    fn head(&self) -> Result<Head, ReadError>;

    /// The epoch of the log, from 1; 0 where there is none.
    fn epoch(&self) -> Result<u32, ReadError>;

    /// Where the contiguous stretch from record 1 ends: the head, unless the space was joined by a snapshot and its older records are still
    /// being fetched.
    fn complete_to(&self) -> Result<Head, ReadError> {
        Ok(match self.gap()? {
            Some(gap) => gap.lower,
            None => self.head()?,
        })
    }

    /// The stretch that is missing, if one is.
    fn gap(&self) -> Result<Option<Gap>, ReadError>;

    /// Commits that begin after `after` and end at or before `upto`, in order and without gaps, until they make `bytes_max` (at least one).
    /// Empty where the log does not hold the commit that follows `after`.
    fn commits(&self, after: Position, upto: Position, bytes_max: usize) -> Result<Vec<StoredCommit>, ReadError>;

    /// The commit that holds the record, if the log has it.
    fn commit_with(&self, record: Position) -> Result<Option<StoredCommit>, ReadError>;

    /// The commits that hold records of the stream and begin after `after`, up to `upto`, in order: the numbers of their first records.
    fn stream(&self, stream: &StreamId, after: Position, upto: Position) -> Result<Vec<Position>, ReadError>;

    fn checkpoint(&self) -> Result<Option<Checkpoint>, ReadError>;

    fn row(&self, key: &RowKey) -> Result<Option<Row>, ReadError>;

    /// Rows in the order of their keys, beginning behind `after`, until they make `bytes_max` by [`Row::page_bytes`] (at least one, if there is
    /// one).
    fn rows(&self, after: Option<&RowKey>, bytes_max: usize) -> Result<Vec<(RowKey, Row)>, ReadError>;

    /// The rows of one text: its bases, then the changes behind them, in order.
    fn text(&self, key: &TextKey) -> Result<Vec<TextRow>, ReadError>;

    /// Rows of all texts in order of (key, index), beginning behind `after`, until they make `bytes_max` by [`TextRow::page_bytes`] (at least
    /// one, if there is one).
    fn texts(&self, after: Option<&(TextKey, u64)>, bytes_max: usize) -> Result<Vec<(TextKey, TextRow)>, ReadError>;

    /// The same space as it is now, whatever is written later.
    fn frozen(&self) -> Result<Arc<dyn SpaceReader>, ReadError>;
}

/// Commits to be appended to one space, all or none.
#[derive(Clone, Debug)]
pub struct Append {
    pub space: SpaceId,
    /// The epoch of the last commit; at least the log's.
    pub epoch: u32,
    /// The head that the log must have now.
    pub expected: Head,
    pub commits: Vec<Arc<Commit>>,
    /// How many of them, from the first on, were decided elsewhere or before: the log says so of them for ever.
    pub adopted: usize,
    /// Records whose payloads go with it, wherever in the log they lie, and the checkpoint with them.
    pub redacts: BTreeSet<Position>,
}

impl Append {
    /// Appends the commits, and does to the log what they say.
    pub fn new(space: SpaceId, epoch: u32, expected: Head, commits: Vec<Arc<Commit>>) -> Self {
        let redacts = commits.iter().flat_map(|commit| commit.redacts()).collect();
        Self { space, epoch, expected, commits, adopted: 0, redacts }
    }
}

/// Whether the log says, behind `after` and up to `upto`, that payloads were taken out of it. Looks only at the space's own stream.
pub(crate) fn is_redacted_between(
    reader: &dyn SpaceReader,
    space: SpaceId,
    after: Position,
    upto: Position,
) -> Result<bool, ReadError> {
    let stream = StreamId::of::<Membership>(space.0);
    for first in reader.stream(&stream, after, upto)? {
        let Some(stored) = reader.commit_with(first)? else { continue };
        let commit = stored.open()?;
        if commit.is_redaction() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A new checkpoint of a space: everything that changed since the last one. Where there is none, it is all there is, and rows of before go.
#[derive(Clone, Debug)]
pub struct CheckpointWrite {
    pub space: SpaceId,
    pub checkpoint: Checkpoint,
    /// Views of which all rows of before go, by their names: what `rows` holds of them is all there is.
    pub dropped_views: BTreeSet<Name>,
    /// Rows to put, or to drop where there is `None`.
    pub rows: Vec<(RowKey, Option<Row>)>,
    pub texts: Vec<(TextKey, TextRow)>,
    /// Drop all rows and texts of before: what follows is a whole snapshot, and the log goes on behind it.
    pub replaces_all: bool,
}

/// One thing to write to the main store.
#[derive(Clone, Debug)]
pub enum Write {
    Append(Append),
    Checkpoint(CheckpointWrite),
    /// Older commits of a space that was joined by a snapshot; they follow `complete_to`.
    Backfill {
        space: SpaceId,
        commits: Vec<Arc<Commit>>,
    },
    /// The text's rows from `from` up to and with the base's index give way to the base. Nothing is done where they are not the rows that it
    /// was made of any more, which [`rows_hash`] tells: the space was forgotten or replaced meanwhile, or another compaction was quicker.
    CompactText {
        space: SpaceId,
        key: TextKey,
        from: u64,
        base: TextRow,
        joined: Hash,
    },
    /// Everything of the space goes.
    Forget {
        space: SpaceId,
    },
}

impl Write {
    pub fn space(&self) -> SpaceId {
        match self {
            Self::Append(append) => append.space,
            Self::Checkpoint(checkpoint) => checkpoint.space,
            Self::Backfill { space, .. } | Self::CompactText { space, .. } | Self::Forget { space } => *space,
        }
    }

    /// About how much memory it takes while it waits: its bytes, and what each part costs beside them.
    pub fn bytes(&self) -> usize {
        let commits = |commits: &[Arc<Commit>]| {
            commits.iter().map(|commit| commit.bytes.len() + PART_OVERHEAD_BYTES).sum::<usize>()
        };
        let content = match self {
            Self::Append(append) => commits(&append.commits),
            Self::Backfill { commits: older, .. } => commits(older),
            Self::Checkpoint(write) => {
                let rows = write.rows.iter().map(|(_, row)| row.as_ref().map_or(0, |row| row.bytes.len()));
                let texts = write.texts.iter().map(|(_, row)| row.bytes.len());
                rows.chain(texts).map(|bytes| bytes + PART_OVERHEAD_BYTES).sum::<usize>() + write.checkpoint.meta.len()
            }
            Self::CompactText { base, .. } => base.bytes.len(),
            Self::Forget { .. } => 0,
        };
        PART_OVERHEAD_BYTES + content
    }
}

/// What a row, a key, a head cost beside the bytes that they carry.
const PART_OVERHEAD_BYTES: usize = 128;

/// What a row costs in a page or in a frame beside its key and its bytes: numbers, lengths, what holds them together.
const PAGE_OVERHEAD_BYTES: usize = 32;
const ID_BYTES: usize = 16;

/// What became of one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// On disk for good, with the log's head now; for a backfill, with `complete_to`.
    Durable(Head),
    /// Not written, for the log is not as expected: its head now (for a backfill, `complete_to`). An append expects the head and an epoch
    /// that is not over; a checkpoint the end of a commit that the log holds; a snapshot no newer epoch; a backfill a gap, which it
    /// continues and, at its end, meets.
    Fenced(Head),
    /// Nobody knows whether it was written; read the log before going on.
    Unknown(String),
}

/// The log and the rows of many spaces.
pub trait Store: Send {
    /// Writes a batch in one transaction with one sync, in order. A fenced append leaves the others of the batch alone.
    fn write(&mut self, batch: Vec<Write>) -> Vec<Written>;

    /// Does a little of what can wait, when there is nothing else to do; true where there may be more. What readers see does not change.
    fn tidy(&mut self) -> bool {
        false
    }

    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader>;

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError>;

    /// The reading half, for those who read while somebody else owns the store and writes.
    fn readers(&self) -> Arc<dyn Readers>;
}

/// The reading half of a store.
pub trait Readers: Send + Sync + fmt::Debug {
    fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader>;

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError>;
}

/// One command in the outbox, encoded by the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub command: CommandId,
    /// The order of submission, from 1, never used again.
    pub order: u64,
    pub bytes: Arc<[u8]>,
}

/// One change of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxWrite {
    /// Puts a row, in place of the one with the same order.
    Put {
        space: SpaceId,
        row: OutboxRow,
    },
    Remove {
        space: SpaceId,
        order: u64,
    },
    /// The identity of the device's copy of the space (replica id, counters, …), encoded by the core.
    Identity {
        space: SpaceId,
        bytes: Arc<[u8]>,
    },
    Forget {
        space: SpaceId,
    },
}

impl OutboxWrite {
    /// About how much memory it takes while it waits.
    pub fn bytes(&self) -> usize {
        let content = match self {
            Self::Put { row, .. } => row.bytes.len(),
            Self::Identity { bytes, .. } => bytes.len(),
            Self::Remove { .. } | Self::Forget { .. } => 0,
        };
        PART_OVERHEAD_BYTES + content
    }
}

/// What an outbox holds for one space.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OutboxContent {
    pub identity: Option<Arc<[u8]>>,
    /// In the order of submission.
    pub rows: Vec<OutboxRow>,
}

/// The device's outbox, in a file of its own: if the main store is ever damaged, this one still holds the person's work.
pub trait OutboxStore: Send {
    /// Writes in one transaction with one sync.
    fn write(&mut self, batch: Vec<OutboxWrite>) -> Result<(), WriteError>;

    fn load(&self, space: SpaceId) -> Result<OutboxContent, ReadError>;

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError>;
}

/// A write that failed; whether it is on disk is not known, so the file must be opened again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot write: {0}")]
pub struct WriteError(pub String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::name::Name;

    /// What a page holds is counted with all that names it.
    #[test]
    fn each_byte_of_a_row_of_a_text_counts() {
        let stream = |kind: &str| StreamId { kind: Name::new(kind).unwrap(), id: Id([1; 16]) };
        let size = |kind: &str, field: &str, bytes: usize| {
            let row = TextRow { index: 0, is_base: false, bytes: vec![0; bytes].into() };
            row.page_bytes(&TextKey { stream: stream(kind), field: Name::new(field).unwrap() })
        };
        let least = size("a", "b", 0);
        assert_eq!((size("abc", "b", 0), size("a", "bcde", 0), size("a", "b", 7)), (least + 2, least + 3, least + 7));
        assert!(least > ID_BYTES, "the id counts as well");
    }
}
