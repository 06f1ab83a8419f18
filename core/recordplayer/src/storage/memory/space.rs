//! One space in memory: its log with its gap, its checkpoint, its rows and its texts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::commit::{Commit, Head};
use crate::hash::Hash;
use crate::planted::{Bug, is_planted};
use crate::record::{Position, StreamId};
use crate::storage::{
    Append, Checkpoint, CheckpointWrite, Gap, ReadError, Row, RowKey, SpaceReader, StoredCommit, TextKey, TextRow,
    Write, Written, rows_hash,
};

/// Everything of one space.
///
/// ```text
///  record 1 ─────────► lower        base ─────────► head
///     held and complete     missing      held
/// ```
/// Without a gap there is no `base`, and `lower` is not used: the log is complete to its head.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SpaceState {
    epoch: u32,
    head: Head,
    gap: Option<Gap>,
    /// By the number of their first record.
    commits: BTreeMap<Position, Held>,
    streams: BTreeMap<StreamId, BTreeSet<Position>>,
    checkpoint: Option<Checkpoint>,
    rows: BTreeMap<RowKey, Row>,
    texts: BTreeMap<(TextKey, u64), TextRow>,
    /// Neither rows nor texts can be read.
    pub has_bad_rows: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Held {
    commit: StoredCommit,
    streams: BTreeSet<StreamId>,
}

impl SpaceState {
    pub(super) fn head(&self) -> Head {
        self.head
    }

    pub(super) fn complete_to(&self) -> Head {
        self.gap.map_or(self.head, |gap| gap.lower)
    }

    pub(super) fn apply(&mut self, write: Write) -> Written {
        match write {
            Write::Append(append) => self.append(append),
            Write::Checkpoint(checkpoint) if checkpoint.replaces_all => self.snapshot(checkpoint),
            Write::Checkpoint(checkpoint) => self.save(checkpoint),
            Write::Backfill { commits, .. } => self.backfill(&commits),
            Write::CompactText { key, from, base, joined, .. } => {
                self.compact(key, from, base, joined);
                Written::Durable(self.head)
            }
            Write::Forget { .. } => unreachable!("the store forgets whole spaces itself"),
        }
    }

    fn append(&mut self, append: Append) -> Written {
        if append.expected != self.head || append.epoch < self.epoch {
            return Written::Fenced(self.head);
        }
        let Some(last) = append.commits.last() else { return Written::Durable(self.head) };
        let head = last.head();
        assert_eq!(last.header.epoch, append.epoch, "an append leads into the epoch of its last commit");
        self.hold_chain(&append.commits, self.head, append.adopted);
        self.head = head;
        self.epoch = append.epoch;
        self.redact(&append.redacts);
        Written::Durable(self.head)
    }

    fn redact(&mut self, records: &BTreeSet<Position>) {
        if records.is_empty() {
            return;
        }
        for record in records {
            let Some((_, held)) = self.commits.range_mut(..=*record).next_back() else { continue };
            let StoredCommit { previous, bytes, .. } = &mut held.commit;
            let commit = Commit::open(Arc::clone(bytes), previous).expect("the log holds commits");
            if let Some(redacted) = commit.redacted(records, previous).expect("a commit that was opened is redacted") {
                *bytes = redacted.bytes;
            }
        }
        // What is saved may hold it also where the log does not: what lies in the gap, or came behind a snapshot and without its payload.
        if !is_planted(Bug::KeepCheckpoint) {
            self.checkpoint = None;
        }
    }

    /// Takes older commits while they are missing; they follow `lower` and must meet `base` where they reach it.
    fn backfill(&mut self, commits: &[Arc<Commit>]) -> Written {
        let Some(last) = commits.last() else { return Written::Durable(self.complete_to()) };
        let Some(gap) = self.gap else { return Written::Fenced(self.complete_to()) };
        let fits = is_chain(commits, gap.lower) && last.head().position <= gap.base.position;
        let parts = last.head().position == gap.base.position && last.hash != gap.base.hash;
        if !fits || parts {
            return Written::Fenced(gap.lower);
        }
        self.hold_chain(commits, gap.lower, 0);
        self.gap = (last.head() != gap.base).then_some(Gap { lower: last.head(), base: gap.base });
        Written::Durable(self.complete_to())
    }

    fn hold_chain(&mut self, commits: &[Arc<Commit>], after: Head, adopted: usize) {
        assert!(is_chain(commits, after), "commits to be stored follow the log and each other");
        let mut previous = after.hash;
        for (commit, at) in commits.iter().zip(0..) {
            let streams: BTreeSet<StreamId> = commit.records.iter().map(|record| record.stream.clone()).collect();
            let first = commit.header.first;
            for stream in &streams {
                self.streams.entry(stream.clone()).or_default().insert(first);
            }
            let (head, bytes) = (commit.head(), Arc::clone(&commit.bytes));
            let stored = StoredCommit { previous, head, is_adopted: at < adopted, bytes };
            self.commits.insert(first, Held { commit: stored, streams });
            previous = commit.hash;
        }
    }

    fn save(&mut self, write: CheckpointWrite) -> Written {
        if !self.knows(write.checkpoint.head) {
            return Written::Fenced(self.head);
        }
        if self.checkpoint.is_none() {
            self.drop_rows();
        }
        self.put_rows(write);
        Written::Durable(self.head)
    }

    fn snapshot(&mut self, write: CheckpointWrite) -> Written {
        let target = write.checkpoint.head;
        if write.checkpoint.epoch < self.epoch {
            return Written::Fenced(self.head);
        }
        if !self.knows(target) {
            let lower = if target.position > self.head.position { self.complete_to() } else { Head::START };
            self.drop_after(lower.position);
            self.gap = Some(Gap { lower, base: target });
            self.head = target;
        }
        self.epoch = write.checkpoint.epoch;
        self.drop_rows();
        self.put_rows(write);
        Written::Durable(self.head)
    }

    /// Whether the position is the end of a commit of this log with this hash, or where a stretch of it begins or ends.
    fn knows(&self, head: Head) -> bool {
        let is_border = head == Head::START || self.gap.is_some_and(|gap| gap.base == head || gap.lower == head);
        is_border || self.held_with(head.position).is_some_and(|held| held.commit.head == head)
    }

    fn drop_after(&mut self, position: Position) {
        let dropped = self.commits.split_off(&position.plus(1));
        for (first, held) in dropped {
            for stream in held.streams {
                let firsts = self.streams.get_mut(&stream).expect("every commit is listed under its streams");
                firsts.remove(&first);
                if firsts.is_empty() {
                    self.streams.remove(&stream);
                }
            }
        }
    }

    fn drop_rows(&mut self) {
        self.rows.clear();
        self.texts.clear();
        self.has_bad_rows = false;
    }

    fn put_rows(&mut self, write: CheckpointWrite) {
        let is_dropped = |key: &RowKey| matches!(key, RowKey::View(view) if write.dropped_views.contains(&view.name));
        self.rows.retain(|key, _| !is_dropped(key));
        for (key, row) in write.rows {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        for (key, row) in write.texts {
            self.put_text(key, row);
        }
        self.checkpoint = Some(write.checkpoint);
    }

    /// A change that a base already holds is not needed any more.
    fn put_text(&mut self, key: TextKey, row: TextRow) {
        let base = self.text_rows(&key).rfind(|row| row.is_base).map(|row| row.index);
        if base.is_none_or(|base| row.index > base) {
            self.texts.insert((key, row.index), row);
        }
    }

    fn compact(&mut self, key: TextKey, from: u64, base: TextRow, joined: Hash) {
        assert!(base.is_base, "a text gives way to a base");
        let before = self.text_rows(&key).rfind(|row| row.index < from);
        let rows: Vec<&TextRow> = self.text_rows(&key).filter(|row| (from..=base.index).contains(&row.index)).collect();
        if rows.is_empty() || rows_hash(before, rows.iter().copied()) != joined {
            return;
        }
        let replaced: Vec<u64> = rows.iter().map(|row| row.index).collect();
        for index in replaced {
            self.texts.remove(&(key.clone(), index));
        }
        self.texts.insert((key, base.index), base);
    }

    fn readable_rows(&self) -> Result<(), ReadError> {
        if self.has_bad_rows { Err(ReadError::Io("a bad sector".to_owned())) } else { Ok(()) }
    }

    fn text_rows<'a>(&'a self, key: &'a TextKey) -> impl DoubleEndedIterator<Item = &'a TextRow> {
        self.texts.range((key.clone(), 0)..=(key.clone(), u64::MAX)).map(|(_, row)| row)
    }

    fn held_with(&self, record: Position) -> Option<&Held> {
        let (_, held) = self.commits.range(..=record).next_back()?;
        (held.commit.head.position >= record).then_some(held)
    }
}

/// Whether the commits follow `after` and each other, by their numbers and by their hashes.
fn is_chain(commits: &[Arc<Commit>], after: Head) -> bool {
    let mut before = after;
    commits.iter().all(|commit| {
        let follows = commit.before() == before.position && is_chained(commit, &before.hash);
        before = commit.head();
        follows
    })
}

fn is_chained(commit: &Commit, previous: &Hash) -> bool {
    Commit::open(Arc::clone(&commit.bytes), previous).is_ok_and(|opened| opened.hash == commit.hash)
}

/// Takes items until they make `bytes_max`, and at least one.
fn up_to_bytes<T>(items: impl Iterator<Item = T>, bytes: impl Fn(&T) -> usize, bytes_max: usize) -> Vec<T> {
    let mut total = 0;
    let mut taken = Vec::new();
    for item in items {
        total += bytes(&item);
        if total > bytes_max && !taken.is_empty() {
            break;
        }
        taken.push(item);
    }
    taken
}

impl SpaceReader for SpaceState {
    fn head(&self) -> Result<Head, ReadError> {
        Ok(self.head)
    }

    fn epoch(&self) -> Result<u32, ReadError> {
        Ok(self.epoch)
    }

    fn gap(&self) -> Result<Option<Gap>, ReadError> {
        Ok(self.gap)
    }

    fn commits(&self, after: Position, upto: Position, bytes_max: usize) -> Result<Vec<StoredCommit>, ReadError> {
        // A position within a commit means: what begins behind that commit.
        let mut before = match self.held_with(after.plus(1)) {
            None => return Ok(Vec::new()),
            Some(held) if self.held_with(after).is_some_and(|same| same == held) => held.commit.head.position,
            Some(_) => after,
        };
        let following = self.commits.range(before.plus(1)..).map_while(|(first, held)| {
            let follows = *first == before.plus(1) && held.commit.head.position <= upto;
            before = held.commit.head.position;
            follows.then(|| held.commit.clone())
        });
        Ok(up_to_bytes(following, |commit| commit.bytes.len(), bytes_max))
    }

    fn commit_with(&self, record: Position) -> Result<Option<StoredCommit>, ReadError> {
        Ok(self.held_with(record).map(|held| held.commit.clone()))
    }

    fn stream(&self, stream: &StreamId, after: Position, upto: Position) -> Result<Vec<Position>, ReadError> {
        let Some(firsts) = self.streams.get(stream) else { return Ok(Vec::new()) };
        Ok(firsts.range(after.plus(1)..).copied().take_while(|first| *first <= upto).collect())
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, ReadError> {
        Ok(self.checkpoint.clone())
    }

    fn row(&self, key: &RowKey) -> Result<Option<Row>, ReadError> {
        self.readable_rows()?;
        Ok(self.rows.get(key).cloned())
    }

    fn rows(&self, after: Option<&RowKey>, bytes_max: usize) -> Result<Vec<(RowKey, Row)>, ReadError> {
        self.readable_rows()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((from, Bound::Unbounded)).map(|(key, row)| (key.clone(), row.clone()));
        Ok(up_to_bytes(rows, |(key, row)| row.page_bytes(key), bytes_max))
    }

    fn text(&self, key: &TextKey) -> Result<Vec<TextRow>, ReadError> {
        self.readable_rows()?;
        Ok(self.text_rows(key).cloned().collect())
    }

    fn texts(&self, after: Option<&(TextKey, u64)>, bytes_max: usize) -> Result<Vec<(TextKey, TextRow)>, ReadError> {
        self.readable_rows()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.texts.range((from, Bound::Unbounded)).map(|((key, _), row)| (key.clone(), row.clone()));
        Ok(up_to_bytes(rows, |(key, row)| row.page_bytes(key), bytes_max))
    }

    fn frozen(&self) -> Result<Arc<dyn SpaceReader>, ReadError> {
        Ok(Arc::new(self.clone()))
    }
}
