//! Finding commits of one space: from record numbers through the index to rows of the log. Readers and the writer share it.

use std::cell::RefCell;

use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::record::{Position, StreamId};
use recordplayer::storage::{ReadError, StoredCommit};
use redb::ReadableTable;

use crate::encoding::unseal;
use crate::error::{damaged, read_error};
use crate::postings::{Entry, LOG_POSTINGS, STREAM_POSTINGS};
use crate::rows::{LogRow, decode_log};
use crate::segments::Segment;
use crate::space::SpaceEntry;
use crate::tables::{LOG, stream_prefix};

/// Index entries fetched at a time: about what one frame of small commits needs.
const ENTRIES_AT_A_TIME: usize = 512;

type Bytes = &'static [u8];

/// The log of one space as it stands in these tables.
#[derive(Debug)]
pub(crate) struct SpaceLog<'a, L, I> {
    space: &'a SpaceEntry,
    log: &'a L,
    packed: &'a L,
    log_index: &'a I,
    /// The segment that was unpacked last: who reads in order reads all of it.
    segment: RefCell<Option<Segment>>,
}

impl<'a, L: ReadableTable<u64, Bytes>, I: ReadableTable<Bytes, Bytes>> SpaceLog<'a, L, I> {
    pub fn new(space: &'a SpaceEntry, log: &'a L, packed: &'a L, log_index: &'a I) -> Self {
        Self { space, log, packed, log_index, segment: RefCell::default() }
    }

    /// The commit that holds the record.
    pub fn row_with(&self, record: u64) -> Result<Option<LogRow>, ReadError> {
        Ok(self.found(record)?.map(|(_, row)| row))
    }

    /// As [`Self::row_with`], with the global position of the row.
    pub fn found(&self, record: u64) -> Result<Option<(u64, LogRow)>, ReadError> {
        if !self.space.holds(record) {
            return Ok(None);
        }
        let in_file = LOG_POSTINGS.at_or_before(self.log_index, &self.space.local.key(), record)?;
        let entry = in_file.max(self.space.tail_at_or_before(record));
        let found = entry.map(|entry| Ok((entry.1, self.row(entry)?))).transpose()?;
        match found {
            Some((global, row)) if row.head.position.0 >= record => Ok(Some((global, row))),
            Some(_) | None => Err(damaged(format!("record {record} is missing from its log"))),
        }
    }

    /// The row of an entry of the index, which must be there and be what the index says.
    fn row(&self, (first, global): Entry) -> Result<LogRow, ReadError> {
        let row = match self.log.get(global).map_err(read_error)? {
            Some(value) => Some(decode_log(unseal(LOG, &global.to_be_bytes(), value.value())?)?),
            None => self.packed_row(global)?,
        };
        let row = row.ok_or_else(|| damaged(format!("the commit of record {first} is missing from its log")))?;
        if row.space != self.space.local || row.first != first {
            return Err(damaged(format!("the index leads to another commit than that of record {first}")));
        }
        Ok(row)
    }

    fn packed_row(&self, global: u64) -> Result<Option<LogRow>, ReadError> {
        let mut segment = self.segment.borrow_mut();
        if segment.as_ref().is_none_or(|segment| !segment.spans(global)) {
            *segment = Segment::around(self.packed, global)?;
        }
        segment.as_ref().and_then(|segment| segment.row(global)).map(decode_log).transpose()
    }

    pub fn commit_with(&self, record: Position) -> Result<Option<StoredCommit>, ReadError> {
        let Some(row) = self.row_with(record.0)? else { return Ok(None) };
        let previous = self.hash_before(row.first)?;
        Ok(Some(StoredCommit { previous, head: row.head, is_adopted: row.is_adopted, bytes: row.bytes }))
    }

    fn hash_before(&self, first: u64) -> Result<Hash, ReadError> {
        if let Some(border) = self.space.border_before(first) {
            return Ok(border.hash);
        }
        let row = self.row_with(first - 1)?.filter(|row| row.head.position.0 == first - 1);
        row.map(|row| row.head.hash).ok_or_else(|| damaged(format!("what precedes record {first} is missing")))
    }

    /// Whether a commit of this log ends here with this hash, or a stretch of the log begins or ends here.
    pub fn knows(&self, head: Head) -> Result<bool, ReadError> {
        Ok(self.space.is_border(head) || self.row_with(head.position.0)?.is_some_and(|row| row.head == head))
    }

    pub fn commits(&self, after: Position, upto: Position, bytes_max: usize) -> Result<Vec<StoredCommit>, ReadError> {
        let upto = upto.min(self.space.head.position);
        let Some(next) = after.0.checked_add(1) else { return Ok(Vec::new()) };
        let Some(row) = self.row_with(next)? else { return Ok(Vec::new()) };
        // A position within a commit means: what begins behind that commit.
        let mut next = if row.first == next { next } else { row.head.position.0 + 1 };
        let mut found: Vec<StoredCommit> = Vec::new();
        let mut bytes = 0;
        while self.space.holds(next) && next <= upto.0 {
            let entries = self.entries(next, upto.0)?;
            if entries.is_empty() {
                return Err(damaged(format!("record {next} is missing from its log")));
            }
            for entry in entries {
                if !self.space.holds(next) {
                    return Ok(found);
                }
                let row = self.row(entry)?;
                if row.first != next {
                    return Err(damaged(format!("the log has a gap: expected record {next}, found {}", row.first)));
                }
                bytes += row.bytes.len();
                if row.head.position > upto || (bytes > bytes_max && !found.is_empty()) {
                    return Ok(found);
                }
                let previous = match found.last() {
                    Some(last) => last.head.hash,
                    None => self.hash_before(row.first)?,
                };
                next = row.head.position.0 + 1;
                found.push(StoredCommit { previous, head: row.head, is_adopted: row.is_adopted, bytes: row.bytes });
            }
        }
        Ok(found)
    }

    fn entries(&self, from: u64, upto: u64) -> Result<Vec<Entry>, ReadError> {
        let key = self.space.local.key();
        let mut entries = LOG_POSTINGS.between(self.log_index, &key, from, upto, ENTRIES_AT_A_TIME)?;
        // With a full page from the file, entries behind its last one may be in the file still.
        let tail_upto =
            if entries.len() < ENTRIES_AT_A_TIME { upto } else { entries.last().map_or(upto, |last| last.0) };
        entries.extend(self.space.tail_between(from, tail_upto));
        entries.sort_unstable();
        Ok(entries)
    }
}

/// The numbers of the first records of the stream's commits that begin behind `after`, up to `upto`.
pub(crate) fn commits_of_stream(
    space: &SpaceEntry,
    stream_index: &impl ReadableTable<Bytes, Bytes>,
    stream: &StreamId,
    after: Position,
    upto: Position,
) -> Result<Vec<Position>, ReadError> {
    let upto = upto.min(space.head.position).0;
    let Some(from) = after.0.checked_add(1) else { return Ok(Vec::new()) };
    let prefix = stream_prefix(space.local, stream);
    let in_file = STREAM_POSTINGS.between(stream_index, &prefix, from, upto, usize::MAX)?;
    let mut firsts: Vec<u64> = in_file.into_iter().map(|(first, _)| first).collect();
    firsts.extend(space.tail_of_stream(stream, from, upto));
    firsts.sort_unstable();
    Ok(firsts.into_iter().map(Position).collect())
}
