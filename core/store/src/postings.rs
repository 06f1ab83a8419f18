//! Posting lists: sorted numbers in blocks, each block one row.
//!
//! ```text
//! key    prefix ‖ number of the first entry (8 bytes)
//! value  log index:     global position of the first ‖ for each further entry: distance of the number, distance of the global position
//!        stream index:  for each further entry: distance of the number
//! ```
//! A list is only ever extended at its end, except where older commits are filled in behind a snapshot; both are one insertion here.

use std::ops::Bound;

use recordplayer::storage::ReadError;
use redb::{ReadableTable, Table};

use crate::encoding::{Cursor, put_varint, seal, unseal, unzigzag, zigzag};
use crate::error::{damaged, read_error};
use crate::limits::POSTING_BLOCK_ENTRIES_MAX;
use crate::tables::{LOG_INDEX, STREAM_INDEX, number_of, prefix_end, with_number};

/// An entry: the number of a commit's first record, and its global position where the list keeps it (else 0).
pub(crate) type Entry = (u64, u64);

/// A kind of posting list: which table it is in, and whether it leads to global positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postings {
    table: &'static str,
    has_globals: bool,
}

/// From the number of a commit's first record to its global position, for each space.
pub(crate) const LOG_POSTINGS: Postings = Postings { table: LOG_INDEX, has_globals: true };
/// The commits of each stream, by the numbers of their first records.
pub(crate) const STREAM_POSTINGS: Postings = Postings { table: STREAM_INDEX, has_globals: false };

type Bytes = &'static [u8];

impl Postings {
    pub fn encode(self, entries: &[Entry]) -> Vec<u8> {
        let mut value = Vec::with_capacity(entries.len() * 2);
        if self.has_globals {
            put_varint(entries[0].1, &mut value);
        }
        for pair in entries.windows(2) {
            let [(number, global), (next_number, next_global)] = [pair[0], pair[1]];
            put_varint(next_number - number, &mut value);
            if self.has_globals {
                put_varint(zigzag(next_global.wrapping_sub(global).cast_signed()), &mut value);
            }
        }
        value
    }

    pub fn decode(self, first: u64, value: &[u8]) -> Result<Vec<Entry>, ReadError> {
        let mut cursor = Cursor(value);
        let mut entry = (first, if self.has_globals { cursor.varint()? } else { 0 });
        let mut entries = vec![entry];
        while cursor.end().is_err() {
            let distance = cursor.varint()?;
            let number = entry.0.checked_add(distance).filter(|_| distance > 0);
            entry.0 = number.ok_or_else(|| damaged("a posting list is not in order"))?;
            if self.has_globals {
                entry.1 = entry.1.wrapping_add_signed(unzigzag(cursor.varint()?));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    fn open(self, key: &[u8], sealed: &[u8]) -> Result<Vec<Entry>, ReadError> {
        self.decode(number_of(key)?, unseal(self.table, key, sealed)?)
    }

    /// The last entry at or before the number.
    pub fn at_or_before(
        self,
        table: &impl ReadableTable<Bytes, Bytes>,
        prefix: &[u8],
        number: u64,
    ) -> Result<Option<Entry>, ReadError> {
        let Some(block) = self.block_of(table, prefix, number)? else { return Ok(None) };
        let behind = block.partition_point(|entry| entry.0 <= number);
        Ok(block[..behind].last().copied())
    }

    /// The block that holds the number, or would hold it.
    fn block_of(
        self,
        table: &impl ReadableTable<Bytes, Bytes>,
        prefix: &[u8],
        number: u64,
    ) -> Result<Option<Vec<Entry>>, ReadError> {
        let (from, upto) = (with_number(prefix, 0), with_number(prefix, number));
        let mut range = table.range(&*from..=&*upto).map_err(read_error)?;
        let Some(last) = range.next_back() else { return Ok(None) };
        let (key, value) = last.map_err(read_error)?;
        self.open(key.value(), value.value()).map(Some)
    }

    /// Entries from the number `from` to `upto`, in order: whole blocks until they make `entries_max`.
    pub fn between(
        self,
        table: &impl ReadableTable<Bytes, Bytes>,
        prefix: &[u8],
        from: u64,
        upto: u64,
        entries_max: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        let mut found: Vec<Entry> = self.block_of(table, prefix, from)?.unwrap_or_default();
        found.retain(|entry| (from..=upto).contains(&entry.0));
        let (after, until) = (with_number(prefix, from), with_number(prefix, upto));
        if after >= until {
            return Ok(found);
        }
        let bounds = (Bound::Excluded(&*after), Bound::Included(&*until));
        for block in table.range::<&[u8]>(bounds).map_err(read_error)? {
            if found.len() >= entries_max {
                break;
            }
            let (key, value) = block.map_err(read_error)?;
            let entries = self.open(key.value(), value.value())?;
            found.extend(entries.into_iter().filter(|entry| (from..=upto).contains(&entry.0)));
        }
        Ok(found)
    }

    /// Adds entries, which are in order and not in the list yet.
    pub fn insert(
        self,
        table: &mut Table<'_, Bytes, Bytes>,
        prefix: &[u8],
        mut entries: &[Entry],
    ) -> Result<(), ReadError> {
        while let Some((number, _)) = entries.first() {
            let mut block = self.block_of(table, prefix, *number)?.unwrap_or_default();
            let next = first_behind(table, prefix, *number)?;
            let count = next.map_or(entries.len(), |next| entries.partition_point(|entry| entry.0 < next));
            let (here, rest) = entries.split_at(count);
            entries = rest;
            let is_extended_at_its_end = block.last().is_none_or(|last| last.0 < here[0].0);
            block.extend(here);
            if !is_extended_at_its_end {
                block.sort_unstable();
            }
            for part in block.chunks(POSTING_BLOCK_ENTRIES_MAX) {
                let key = with_number(prefix, part[0].0);
                table.insert(&*key, &*seal(self.table, &key, &self.encode(part))).map_err(read_error)?;
            }
        }
        Ok(())
    }

    /// Takes out what stands behind the position, from all lists under the prefix, and gives back their entries.
    pub fn cut_behind(
        self,
        table: &mut Table<'_, Bytes, Bytes>,
        prefix: &[u8],
        position: u64,
    ) -> Result<Vec<Entry>, ReadError> {
        let mut cut = Vec::new();
        let mut rewritten = Vec::new();
        {
            let end = prefix_end(prefix);
            let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            for block in table.range::<&[u8]>((Bound::Included(prefix), upper)).map_err(read_error)? {
                let (key, value) = block.map_err(read_error)?;
                let mut entries = self.open(key.value(), value.value())?;
                let kept = entries.partition_point(|entry| entry.0 <= position);
                if kept < entries.len() {
                    cut.extend(entries.drain(kept..));
                    rewritten.push((key.value().to_vec(), entries));
                }
            }
        }
        for (key, kept) in rewritten {
            if kept.is_empty() {
                table.remove(&*key).map_err(read_error)?;
            } else {
                table.insert(&*key, &*seal(self.table, &key, &self.encode(&kept))).map_err(read_error)?;
            }
        }
        Ok(cut)
    }
}

/// Where the block begins that follows the one of the number.
fn first_behind(
    table: &impl ReadableTable<Bytes, Bytes>,
    prefix: &[u8],
    number: u64,
) -> Result<Option<u64>, ReadError> {
    let (after, until) = (with_number(prefix, number), with_number(prefix, u64::MAX));
    let bounds = (Bound::Excluded(&*after), Bound::Included(&*until));
    let Some(next) = table.range::<&[u8]>(bounds).map_err(read_error)?.next() else { return Ok(None) };
    number_of(next.map_err(read_error)?.0.value()).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use redb::backends::InMemoryBackend;
    use redb::{Database, TableDefinition};

    use super::*;

    const TABLE: TableDefinition<'static, Bytes, Bytes> = TableDefinition::new("postings");

    #[test]
    fn a_block_comes_back_as_it_was_written() {
        let entries = [(5, 900), (6, 3), (300, u64::MAX), (u64::MAX, 0)];
        let block = LOG_POSTINGS.decode(5, &LOG_POSTINGS.encode(&entries)).unwrap();
        assert_eq!(block, entries, "global positions may jump either way, where a gap was filled later");
        let firsts = entries.map(|(first, _)| (first, 0));
        assert_eq!(STREAM_POSTINGS.decode(5, &STREAM_POSTINGS.encode(&firsts)).unwrap(), firsts);
        assert_eq!(STREAM_POSTINGS.encode(&firsts[..1]), [0; 0], "a list of one costs its key alone");
    }

    #[test]
    fn a_block_out_of_order_is_damage() {
        assert!(STREAM_POSTINGS.decode(5, &[1, 0]).is_err());
        assert!(STREAM_POSTINGS.decode(u64::MAX, &[1]).is_err());
        assert!(LOG_POSTINGS.decode(5, &[]).is_err());
        assert!(LOG_POSTINGS.decode(5, &[1, 1]).is_err());
    }

    /// Against a map: insertions at the end and in gaps, lookups, ranges, cuts, over lists that lie side by side.
    #[test]
    fn lists_in_blocks_behave_like_maps() {
        for seed in 0..20 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let postings = if seed % 2 == 0 { LOG_POSTINGS } else { STREAM_POSTINGS };
            let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
            let transaction = database.begin_write().unwrap();
            let mut table = transaction.open_table(TABLE).unwrap();
            let prefixes: [&[u8]; 3] = [&[0, 1], &[0, 2], &[0xff, 0xff]];
            let mut models = [const { BTreeMap::<u64, u64>::new() }; 3];
            for _ in 0..60 {
                let list = rng.random_range(0..3);
                let (prefix, model) = (prefixes[list], &mut models[list]);
                let end = model.last_key_value().map_or(0, |(number, _)| *number);
                let from = if rng.random_bool(0.7) { end + 1 } else { rng.random_range(0..=end) };
                let mut fresh = BTreeMap::new();
                for _ in 0..rng.random_range(0..200) {
                    let number = from + rng.random_range(0..400);
                    if !model.contains_key(&number) {
                        fresh.insert(number, if postings.has_globals { rng.random_range(0..1_000_000) } else { 0 });
                    }
                }
                let entries: Vec<Entry> = fresh.iter().map(|(number, global)| (*number, *global)).collect();
                postings.insert(&mut table, prefix, &entries).unwrap();
                model.extend(fresh);
                if rng.random_bool(0.1) {
                    let position = rng.random_range(0..=end);
                    let cut = postings.cut_behind(&mut table, prefix, position).unwrap();
                    assert_eq!(cut, model.split_off(&(position + 1)).into_iter().collect::<Vec<_>>());
                }
                let probe = rng.random_range(0..=end + 500);
                let expected = model.range(..=probe).next_back().map(|(number, global)| (*number, *global));
                assert_eq!(postings.at_or_before(&table, prefix, probe).unwrap(), expected);
                let upto = probe + rng.random_range(0..1_000);
                let found = postings.between(&table, prefix, probe, upto, usize::MAX).unwrap();
                assert_eq!(found, model.range(probe..=upto).map(|(n, g)| (*n, *g)).collect::<Vec<_>>());
                let page = postings.between(&table, prefix, probe, upto, 10).unwrap();
                assert_eq!(page, found[..page.len()]);
                assert!(page.len() == found.len() || page.len() >= 10);
            }
            for block in table.range::<&[u8]>(..).unwrap() {
                let (key, value) = block.unwrap();
                assert!(postings.open(key.value(), value.value()).unwrap().len() <= POSTING_BLOCK_ENTRIES_MAX);
            }
        }
    }
}
