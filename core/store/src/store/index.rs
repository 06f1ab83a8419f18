//! Bringing the tails of the index into the file.

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::id::SpaceId;
use recordplayer::storage::ReadError;

use super::RedbStore;
use super::tables::{WriteTables, put};
use crate::postings::{Entry, LOG_POSTINGS, STREAM_POSTINGS};
use crate::segments::remove;
use crate::space::SpaceEntry;
use crate::tables::{META_INDEXED_TO, META_NEXT_SPACE, SPACES, stream_prefix};

impl RedbStore {
    /// Flushes the tails of all spaces: the next start begins to play here.
    pub(super) fn flush_index(&mut self, tables: &mut WriteTables<'_>) -> Result<(), ReadError> {
        let has_tail = |entry: &SpaceEntry| entry.tail_ref(|tail| !tail.log.is_empty());
        let with_tails: Vec<SpaceId> =
            self.spaces.iter().filter(|(_, entry)| has_tail(entry)).map(|(space, _)| *space).collect();
        for space in with_tails {
            self.flush_space(space, tables)?;
        }
        tables.put_meta(META_INDEXED_TO, self.next_global)?;
        self.indexed_to = self.next_global;
        assert_eq!(self.tail_commits, 0, "every commit in a tail is counted once");
        Ok(())
    }

    /// Flushes the tail of one space and writes the space's row, which together say: all below `next_global` is in the file.
    ///
    /// Readers of older snapshots keep the tail of before; it is replaced, not emptied.
    pub(super) fn flush_space(&mut self, space: SpaceId, tables: &mut WriteTables<'_>) -> Result<(), ReadError> {
        let Some(entry) = self.spaces.get(&space) else { return Ok(()) };
        let mut entry = entry.clone();
        let flushed = entry.tail_ref(|tail| -> Result<usize, ReadError> {
            let commits: Vec<Entry> = tail.log.iter().map(|(first, global)| (*first, *global)).collect();
            LOG_POSTINGS.insert(&mut tables.log_index, &entry.local.key(), &commits)?;
            for (stream, firsts) in &tail.streams {
                let entries: Vec<Entry> = firsts.iter().map(|first| (*first, 0)).collect();
                STREAM_POSTINGS.insert(&mut tables.stream_index, &stream_prefix(entry.local, stream), &entries)?;
            }
            Ok(commits.len())
        })?;
        self.tail_commits -= flushed;
        entry.tail = Arc::default();
        entry.indexed_to = self.next_global;
        put(&mut tables.spaces, SPACES, space.bytes(), &entry.encode())?;
        self.spaces.insert_mut(space, entry);
        Ok(())
    }

    /// The space's entry; a new space gets its number and its row.
    pub(super) fn entry_or_new(
        &mut self,
        space: SpaceId,
        tables: &mut WriteTables<'_>,
    ) -> Result<SpaceEntry, ReadError> {
        if let Some(entry) = self.spaces.get(&space) {
            return Ok(entry.clone());
        }
        let entry = SpaceEntry::new(crate::tables::LocalSpace(self.next_space), self.next_global);
        self.next_space += 1;
        tables.put_meta(META_NEXT_SPACE, self.next_space.into())?;
        put(&mut tables.spaces, SPACES, space.bytes(), &entry.encode())?;
        self.spaces.insert_mut(space, entry.clone());
        Ok(entry)
    }

    /// Takes the space's log behind the position out of the file and out of the index.
    pub(super) fn cut_log(
        &mut self,
        space: SpaceId,
        position: u64,
        tables: &mut WriteTables<'_>,
    ) -> Result<(), ReadError> {
        self.flush_space(space, tables)?;
        let Some(entry) = self.spaces.get(&space) else { return Ok(()) };
        let key = entry.local.key();
        let cut = LOG_POSTINGS.cut_behind(&mut tables.log_index, &key, position)?;
        let globals: BTreeSet<u64> = cut.into_iter().map(|(_, global)| global).collect();
        remove(&mut tables.log, &mut tables.packed, &globals)?;
        STREAM_POSTINGS.cut_behind(&mut tables.stream_index, &key, position)?;
        Ok(())
    }
}
