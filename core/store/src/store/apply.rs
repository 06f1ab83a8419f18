//! One write of a batch: checked against its space, then put into the tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::commit::{Commit, CommitError, Head};
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;
use recordplayer::planted::{Bug, is_planted};
use recordplayer::record::Position;
use recordplayer::storage::{Append, CheckpointWrite, Gap, ReadError, TextKey, TextRow, Write, Written};

use redb::ReadableTable;

use super::RedbStore;
use super::tables::{WriteTables, put, remove_all};
use super::texts::{compact, put_text};
use crate::encoding::seal;
use crate::error::read_error;
use crate::log::SpaceLog;
use crate::rows::{encode_checkpoint, encode_log, encode_row};
use crate::segments;
use crate::space::SpaceEntry;
use crate::tables::{CHECKPOINTS, LOG, ROWS, row_key, views_prefix};

/// A batch being written.
pub(super) struct Batch<'a, 'txn> {
    pub store: &'a mut RedbStore,
    pub tables: &'a mut WriteTables<'txn>,
}

impl Batch<'_, '_> {
    pub fn apply(&mut self, write: Write) -> Result<Written, ReadError> {
        match write {
            Write::Append(append) => self.append(append),
            Write::Checkpoint(checkpoint) if checkpoint.replaces_all => self.snapshot(&checkpoint),
            Write::Checkpoint(checkpoint) => self.save(&checkpoint),
            Write::Backfill { space, commits } => self.backfill(space, &commits),
            Write::CompactText { space, key, from, base, joined } => {
                self.compact_text(space, &key, (from, &base), joined)
            }
            Write::Forget { space } => self.forget(space),
        }
    }

    fn append(&mut self, append: Append) -> Result<Written, ReadError> {
        let Append { space, epoch, expected, commits, adopted, redacts } = append;
        let (head, epoch_now) =
            self.store.spaces.get(&space).map_or((Head::START, 0), |entry| (entry.head, entry.epoch));
        if expected != head || epoch < epoch_now {
            return Ok(Written::Fenced(head));
        }
        assert!(follow_each_other(&commits, head), "commits to be appended follow the log and each other");
        let last_epoch = commits.last().map_or(epoch, |last| last.header.epoch);
        assert_eq!(last_epoch, epoch, "an append leads into the epoch of its last commit");
        self.put_commits(space, &commits, adopted)?;
        self.redact(space, &redacts)?;
        Ok(Written::Durable(self.store.head(space)))
    }

    /// Takes the payloads of these records out of the log, and the checkpoint that was made with them away.
    fn redact(&mut self, space: SpaceId, records: &BTreeSet<Position>) -> Result<(), ReadError> {
        let Some(entry) = self.store.spaces.get(&space).filter(|_| !records.is_empty()) else { return Ok(()) };
        let entry = entry.clone();
        for record in records {
            let log = SpaceLog::new(&entry, &self.tables.log, &self.tables.packed, &self.tables.log_index);
            let Some((global, _)) = log.found(record.0)? else { continue };
            let Some(stored) = log.commit_with(*record)? else { continue };
            let commit = stored.open()?;
            let Some(redacted) = commit.redacted(records, &stored.previous).map_err(unreadable)? else { continue };
            let row = encode_log(entry.local, &redacted, stored.is_adopted);
            segments::replace(&mut self.tables.log, &mut self.tables.packed, global, &row)?;
        }
        // What is saved may hold it also where the log does not: what lies in the gap, or came behind a snapshot and without its payload.
        if !is_planted(Bug::KeepCheckpoint) {
            self.tables.checkpoints.remove(&entry.local.key()[..]).map_err(read_error)?;
        }
        Ok(())
    }

    fn put_commits(&mut self, space: SpaceId, commits: &[Arc<Commit>], adopted: usize) -> Result<(), ReadError> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut entry = self.store.entry_or_new(space, self.tables)?;
        for (commit, at) in commits.iter().zip(0..) {
            let global = self.store.next_global;
            let value = seal(LOG, &global.to_be_bytes(), &encode_log(entry.local, commit, at < adopted));
            self.tables.log.insert(global, &*value).map_err(read_error)?;
            entry.take(commit, global);
            self.store.next_global += 1;
            self.store.tail_commits += 1;
        }
        self.store.spaces.insert_mut(space, entry);
        Ok(())
    }

    /// Takes older commits while they are missing; they follow the complete stretch and must meet the snapshot where they reach it.
    fn backfill(&mut self, space: SpaceId, commits: &[Arc<Commit>]) -> Result<Written, ReadError> {
        let complete_to = |store: &RedbStore| store.spaces.get(&space).map_or(Head::START, SpaceEntry::complete_to);
        let before = complete_to(self.store);
        let Some(last) = commits.last() else { return Ok(Written::Durable(before)) };
        let Some(gap) = self.store.spaces.get(&space).and_then(|entry| entry.gap) else {
            return Ok(Written::Fenced(before));
        };
        let (end, base) = (last.head(), gap.base);
        let meets = end.position < base.position || end == base;
        // They came from elsewhere, and the hash behind them was not known until now.
        if !meets || !follow_each_other(commits, before) || !are_chained(commits, before) {
            return Ok(Written::Fenced(before));
        }
        self.put_commits(space, commits, 0)?;
        Ok(Written::Durable(complete_to(self.store)))
    }

    fn save(&mut self, write: &CheckpointWrite) -> Result<Written, ReadError> {
        let head = self.store.head(write.space);
        if !self.knows(write.space, write.checkpoint.head)? {
            return Ok(Written::Fenced(head));
        }
        let entry = self.store.entry_or_new(write.space, self.tables)?;
        if ReadableTable::get(&self.tables.checkpoints, &entry.local.key()[..]).map_err(read_error)?.is_none() {
            remove_all(&mut self.tables.rows, &entry.local.key())?;
            remove_all(&mut self.tables.texts, &entry.local.key())?;
        }
        self.put_rows(&entry, write)?;
        Ok(Written::Durable(head))
    }

    fn snapshot(&mut self, write: &CheckpointWrite) -> Result<Written, ReadError> {
        let (space, target) = (write.space, write.checkpoint.head);
        let entry = self.store.spaces.get(&space);
        if let Some(entry) = entry
            && write.checkpoint.epoch < entry.epoch
        {
            return Ok(Written::Fenced(entry.head));
        }
        let is_known = self.knows(space, target)?;
        let mut entry = self.store.entry_or_new(space, self.tables)?;
        if !is_known {
            let lower = if target.position > entry.head.position { entry.complete_to() } else { Head::START };
            self.store.cut_log(space, lower.position.0, self.tables)?;
            entry = self.store.entry_or_new(space, self.tables)?;
            entry.gap = Some(Gap { lower, base: target });
            entry.head = target;
        }
        entry.epoch = write.checkpoint.epoch;
        self.store.spaces.insert_mut(space, entry);
        self.store.flush_space(space, self.tables)?;

        let entry = self.store.entry_or_new(space, self.tables)?;
        remove_all(&mut self.tables.rows, &entry.local.key())?;
        remove_all(&mut self.tables.texts, &entry.local.key())?;
        self.put_rows(&entry, write)?;
        Ok(Written::Durable(entry.head))
    }

    fn knows(&self, space: SpaceId, head: Head) -> Result<bool, ReadError> {
        let Some(entry) = self.store.spaces.get(&space) else { return Ok(head == Head::START) };
        SpaceLog::new(entry, &self.tables.log, &self.tables.packed, &self.tables.log_index).knows(head)
    }

    fn put_rows(&mut self, entry: &SpaceEntry, write: &CheckpointWrite) -> Result<(), ReadError> {
        for name in &write.dropped_views {
            remove_all(&mut self.tables.rows, &views_prefix(entry.local, name))?;
        }
        for (row_of, row) in &write.rows {
            let key = row_key(entry.local, row_of);
            match row {
                Some(row) => put(&mut self.tables.rows, ROWS, &key, &encode_row(row))?,
                None => drop(self.tables.rows.remove(&*key).map_err(read_error)?),
            }
        }
        for (text, row) in &write.texts {
            put_text(&mut self.tables.texts, entry.local, text, row)?;
        }
        put(&mut self.tables.checkpoints, CHECKPOINTS, &entry.local.key(), &encode_checkpoint(&write.checkpoint))
    }

    fn compact_text(
        &mut self,
        space: SpaceId,
        text: &TextKey,
        base: (u64, &TextRow),
        joined: Hash,
    ) -> Result<Written, ReadError> {
        let Some(entry) = self.store.spaces.get(&space) else { return Ok(Written::Durable(Head::START)) };
        compact(&mut self.tables.texts, entry.local, text, base, joined)?;
        Ok(Written::Durable(entry.head))
    }

    fn forget(&mut self, space: SpaceId) -> Result<Written, ReadError> {
        if self.store.spaces.contains_key(&space) {
            self.store.cut_log(space, 0, self.tables)?;
            let key = self.store.entry_or_new(space, self.tables)?.local.key();
            remove_all(&mut self.tables.rows, &key)?;
            remove_all(&mut self.tables.texts, &key)?;
            self.tables.checkpoints.remove(&key[..]).map_err(read_error)?;
            self.tables.spaces.remove(&space.bytes()[..]).map_err(read_error)?;
            self.store.spaces.remove_mut(&space);
        }
        Ok(Written::Durable(Head::START))
    }
}

fn unreadable(error: CommitError) -> ReadError {
    ReadError::Damaged(error.to_string())
}

/// Whether the commits follow `after` and each other by their numbers.
fn follow_each_other(commits: &[Arc<Commit>], after: Head) -> bool {
    let ends = std::iter::once(after.position).chain(commits.iter().map(|commit| commit.head().position));
    commits.iter().zip(ends).all(|(commit, before)| commit.before() == before)
}

/// Whether the commits follow `after` and each other by their hashes.
fn are_chained(commits: &[Arc<Commit>], after: Head) -> bool {
    let hashes = std::iter::once(after.hash).chain(commits.iter().map(|commit| commit.hash));
    let is_chained = |(commit, previous): (&Arc<Commit>, _)| {
        Commit::open(Arc::clone(&commit.bytes), &previous).is_ok_and(|opened| opened.hash == commit.hash)
    };
    commits.iter().zip(hashes).all(is_chained)
}
