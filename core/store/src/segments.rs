//! Segments: stretches of the log that lie far behind its end, many rows in one, compressed.
//!
//! ```text
//!  global position   0 ……………… 812 │ 813 ………… 1,640 │ 1,641 … 9,800
//!  table             packed         packed          log: a row for each commit
//! ```
//! A row keeps its global position, so the indexes need not know where it lies.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::planted::{Bug, is_planted};
use recordplayer::storage::ReadError;
use redb::{ReadableTable, Table};
use zstd::bulk::Decompressor;

use crate::encoding::{Cursor, put_varint, seal, unseal};
use crate::error::{damaged, read_error};
use crate::limits::{SEGMENT_BYTES, SEGMENT_UNPACKED_BYTES_MAX, SEGMENTS_AT_A_TIME};
use crate::tables::{LOG, PACKED};

/// A balance: the highest levels gain a few per cent on records.
const LEVEL: i32 = 3;

thread_local! {
    /// To set one up takes longer than to unpack a small segment.
    static UNPACKER: RefCell<Decompressor<'static>> = RefCell::new(Decompressor::new().expect("without a dictionary"));
}

type Bytes = &'static [u8];
type Rows<'a> = Table<'a, u64, Bytes>;
/// A global position, and the row there.
type Row = (u64, Arc<[u8]>);

/// One stretch, unpacked.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// The last global position that it was made for; its key.
    last: u64,
    /// Global positions and rows, ascending.
    rows: Vec<Row>,
}

impl Segment {
    /// The segment that may hold the position.
    pub fn around(packed: &impl ReadableTable<u64, Bytes>, global: u64) -> Result<Option<Self>, ReadError> {
        let mut behind = packed.range(global..).map_err(read_error)?;
        let Some(row) = behind.next() else { return Ok(None) };
        let (last, value) = row.map_err(read_error)?;
        Self::decode(last.value(), value.value()).map(Some)
    }

    /// The row at the position, if it lies here.
    pub fn row(&self, global: u64) -> Option<&[u8]> {
        let at = self.rows.binary_search_by_key(&global, |(at, _)| *at).ok()?;
        Some(&self.rows[at].1)
    }

    /// Whether the position lies between the first and the last that it was made for.
    pub fn spans(&self, global: u64) -> bool {
        self.rows.first().is_some_and(|(first, _)| (*first..=self.last).contains(&global))
    }

    /// `length varint ‖ zstd of, for each row: global position varint ‖ length varint ‖ row`, sealed.
    pub fn encode(last: u64, rows: &[Row]) -> Vec<u8> {
        let mut unpacked = Vec::new();
        for (global, row) in rows {
            put_varint(*global, &mut unpacked);
            put_varint(row.len() as u64, &mut unpacked);
            unpacked.extend_from_slice(row);
        }
        let mut value = Vec::new();
        put_varint(unpacked.len() as u64, &mut value);
        value.extend(zstd::bulk::compress(&unpacked, LEVEL).expect("memory can always be compressed"));
        seal(PACKED, &last.to_be_bytes(), &value)
    }

    /// As [`Self::encode`] writes it.
    pub fn sealed(&self) -> Vec<u8> {
        Self::encode(self.last, &self.rows)
    }

    pub fn decode(last: u64, sealed: &[u8]) -> Result<Self, ReadError> {
        let mut cursor = Cursor(unseal(PACKED, &last.to_be_bytes(), sealed)?);
        let length = usize::try_from(cursor.varint()?).unwrap_or(usize::MAX);
        if length > SEGMENT_UNPACKED_BYTES_MAX {
            return Err(damaged(format!("a segment of the log claims {length} bytes")));
        }
        let unpacked = UNPACKER
            .with_borrow_mut(|unpacker| unpacker.decompress(cursor.rest(), length))
            .map_err(|error| damaged(error.to_string()))?;
        let mut cursor = Cursor(&unpacked);
        let mut rows: Vec<Row> = Vec::new();
        while cursor.end().is_err() {
            let (global, length) = (cursor.varint()?, usize::try_from(cursor.varint()?).unwrap_or(usize::MAX));
            let is_behind = rows.last().is_none_or(|(before, _)| *before < global) && global <= last;
            if !is_behind {
                return Err(damaged("the rows of a segment of the log are out of order"));
            }
            rows.push((global, cursor.take(length)?.into()));
        }
        Ok(Self { last, rows })
    }
}

/// Packs full stretches of rows between two positions. Answers with the position behind the last one, if any was packed.
pub(crate) fn pack(
    log: &mut Rows<'_>,
    packed: &mut Rows<'_>,
    (from, upto): (u64, u64),
    stretch_bytes: usize,
) -> Result<Option<u64>, ReadError> {
    let mut next = from;
    for _ in 0..SEGMENTS_AT_A_TIME {
        let Some(rows) = stretch(log, (next, upto), stretch_bytes)? else { break };
        let (last, _) = rows.last().expect("a full stretch has rows");
        let last = *last;
        packed.insert(last, &*Segment::encode(last, &rows)).map_err(read_error)?;
        for (global, _) in &rows {
            log.remove(global).map_err(read_error)?;
        }
        next = last + 1;
    }
    Ok((next > from).then_some(next))
}

/// The next rows that make a full stretch; nothing where there are not so many.
fn stretch(
    log: &impl ReadableTable<u64, Bytes>,
    (from, upto): (u64, u64),
    bytes_max: usize,
) -> Result<Option<Vec<Row>>, ReadError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    if from >= upto {
        return Ok(None);
    }
    for row in log.range(from..upto).map_err(read_error)? {
        let (global, value) = row.map_err(read_error)?;
        let global = global.value();
        let row = unseal(LOG, &global.to_be_bytes(), value.value())?;
        bytes += row.len();
        rows.push((global, row.into()));
        if bytes >= bytes_max {
            return Ok(Some(rows));
        }
    }
    Ok(None)
}

/// Puts a row in the place of the one there, wherever that lies.
pub(crate) fn replace(log: &mut Rows<'_>, packed: &mut Rows<'_>, global: u64, row: &[u8]) -> Result<(), ReadError> {
    if log.get(global).map_err(read_error)?.is_some() {
        log.insert(global, &*seal(LOG, &global.to_be_bytes(), row)).map_err(read_error)?;
        return Ok(());
    }
    let Some(mut segment) = Segment::around(packed, global)? else { return Ok(()) };
    if is_planted(Bug::RedactUnpacked) {
        return Ok(());
    }
    if let Ok(at) = segment.rows.binary_search_by_key(&global, |(at, _)| *at) {
        segment.rows[at].1 = row.into();
        packed.insert(segment.last, &*segment.sealed()).map_err(read_error)?;
    }
    Ok(())
}

/// Takes rows out of the log, wherever they lie.
pub(crate) fn remove(log: &mut Rows<'_>, packed: &mut Rows<'_>, globals: &BTreeSet<u64>) -> Result<(), ReadError> {
    let mut of_segments = BTreeSet::new();
    for global in globals {
        if log.remove(global).map_err(read_error)?.is_none() {
            of_segments.insert(*global);
        }
    }
    while let Some(global) = of_segments.first().copied() {
        let Some(mut segment) = Segment::around(packed, global)? else { return Ok(()) };
        segment.rows.retain(|(at, _)| !of_segments.contains(at));
        // Its key stays, for what lies before it is sought by it.
        if segment.rows.is_empty() {
            packed.remove(segment.last).map_err(read_error)?;
        } else {
            packed.insert(segment.last, &*segment.sealed()).map_err(read_error)?;
        }
        of_segments = of_segments.split_off(&(segment.last + 1));
    }
    Ok(())
}

/// How many bytes make a stretch full, where the index is flushed so often: tests that flush early pack early.
pub(crate) fn stretch_bytes(tail_commits_max: usize) -> usize {
    SEGMENT_BYTES.min(tail_commits_max.saturating_mul(SEGMENT_BYTES / crate::limits::INDEX_TAIL_COMMITS_MAX))
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableTableMetadata};

    use super::*;
    use crate::tables::{LOG_TABLE, PACKED_TABLE};

    fn row(global: u64) -> Vec<u8> {
        format!("the row of the commit at {global}").into_bytes()
    }

    fn with_tables(work: impl FnOnce(&mut Rows<'_>, &mut Rows<'_>)) {
        let backend = redb::backends::InMemoryBackend::new();
        let database = Database::builder().create_with_backend(backend).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut log = transaction.open_table(LOG_TABLE).unwrap();
            let mut packed = transaction.open_table(PACKED_TABLE).unwrap();
            for global in 0..100 {
                log.insert(global, &*seal(LOG, &u64::to_be_bytes(global), &row(global))).unwrap();
            }
            work(&mut log, &mut packed);
        }
        transaction.commit().unwrap();
    }

    fn find(packed: &Rows<'_>, global: u64) -> Option<Vec<u8>> {
        Segment::around(packed, global).unwrap()?.row(global).map(<[u8]>::to_vec)
    }

    #[test]
    fn full_stretches_are_packed_and_every_row_is_found_where_it_was() {
        with_tables(|log, packed| {
            let packed_to = pack(log, packed, (0, 90), 300).unwrap().unwrap();
            assert_eq!(packed.len().unwrap(), SEGMENTS_AT_A_TIME as u64, "a step has an end");
            assert!((0..packed_to).all(|global| find(packed, global) == Some(row(global))));
            assert_eq!(log.len().unwrap(), 100 - packed_to);
            let mut from = packed_to;
            while let Some(packed_to) = pack(log, packed, (from, 90), 300).unwrap() {
                from = packed_to;
            }
            assert!((80..=90).contains(&from), "what makes no full stretch stays");
            assert_eq!(find(packed, from), None);
        });
    }

    #[test]
    fn what_is_removed_is_gone_from_its_segment_and_the_others_stay() {
        with_tables(|log, packed| {
            let packed_to = pack(log, packed, (0, 90), 300).unwrap().unwrap();
            let gone: BTreeSet<u64> = (0..100).filter(|global| global % 3 == 0 || *global < 12).collect();
            remove(log, packed, &gone).unwrap();
            for global in 0..packed_to {
                assert_eq!(find(packed, global).is_some(), !gone.contains(&global), "{global}");
            }
            remove(log, packed, &(0..100).collect()).unwrap();
            assert_eq!((log.len().unwrap(), packed.len().unwrap()), (0, 0));
        });
    }

    #[test]
    fn a_row_is_replaced_where_it_lies() {
        with_tables(|log, packed| {
            let packed_to = pack(log, packed, (0, 90), 300).unwrap().unwrap();
            replace(log, packed, 3, b"shorter").unwrap();
            replace(log, packed, packed_to, b"in the log").unwrap();
            assert_eq!(find(packed, 3), Some(b"shorter".to_vec()));
            assert!((0..packed_to).all(|global| global == 3 || find(packed, global) == Some(row(global))));
            let value = log.get(packed_to).unwrap().unwrap();
            assert_eq!(unseal(LOG, &packed_to.to_be_bytes(), value.value()).unwrap(), b"in the log");
        });
    }

    #[test]
    fn a_segment_that_claims_too_much_or_is_damaged_is_refused() {
        let rows = [(7, row(7).into()), (9, row(9).into())];
        let sealed = Segment::encode(9, &rows);
        assert!(Segment::decode(9, &sealed).is_ok());
        assert!(Segment::decode(10, &sealed).is_err(), "under another key");
        let backwards = [(9, row(9).into()), (7, row(7).into())];
        assert!(Segment::decode(9, &Segment::encode(9, &backwards)).is_err());
        let mut claims = Vec::new();
        put_varint(SEGMENT_UNPACKED_BYTES_MAX as u64 + 1, &mut claims);
        claims.extend(zstd::bulk::compress(b"little", LEVEL).unwrap());
        assert!(Segment::decode(9, &seal(PACKED, &9_u64.to_be_bytes(), &claims)).is_err());
    }

    /// What was written once is read for ever; that other bytes may be written for the same rows is the compressor's business.
    #[test]
    fn a_segment_is_read_as_it_always_was() {
        let sealed = data_encoding::HEXLOWER.decode(GOLDEN).unwrap();
        let segment = Segment::decode(9, &sealed).unwrap();
        assert_eq!((segment.row(7), segment.row(9), segment.row(8)), (Some(&*row(7)), Some(&*row(9)), None));
    }

    const GOLDEN: &[u8] =
        b"e148aa06b93c4c503828b52ffd2038150100d0071a74686520726f77206f6620636f6d6d69742061742037093902003f2d315bbe";
}
