//! What the store keeps in memory about each space: where its log begins and ends, and the tail of its index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use recordplayer::commit::{Commit, Head};
use recordplayer::record::StreamId;
use recordplayer::storage::{Gap, ReadError};

use crate::encoding::{Cursor, put_head, put_varint};
use crate::error::damaged;
use crate::postings::Entry;
use crate::tables::LocalSpace;

/// One space at one time. Cheap to clone: readers keep one each.
///
/// Invariants:
/// 1. Every commit of the space whose global position is below `indexed_to` is in the posting lists of the file; every other one is in
///    `tail`, and none is in both.
/// 2. `tail` may hold commits that are newer than this value; [`SpaceEntry::holds`] tells which are meant.
#[derive(Clone, Debug)]
pub(crate) struct SpaceEntry {
    pub local: LocalSpace,
    pub epoch: u32,
    pub head: Head,
    pub gap: Option<Gap>,
    pub indexed_to: u64,
    pub tail: Arc<RwLock<Tail>>,
}

/// Index entries that are not in the file yet.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    pub log: BTreeMap<u64, u64>,
    pub streams: BTreeMap<StreamId, BTreeSet<u64>>,
}

impl SpaceEntry {
    pub fn new(local: LocalSpace, indexed_to: u64) -> Self {
        Self { local, epoch: 0, head: Head::START, gap: None, indexed_to, tail: Arc::default() }
    }

    pub fn complete_to(&self) -> Head {
        self.gap.map_or(self.head, |gap| gap.lower)
    }

    /// Whether the log holds the record with this number.
    pub fn holds(&self, number: u64) -> bool {
        let is_missing = |gap: Gap| number > gap.lower.position.0 && number <= gap.base.position.0;
        number > 0 && number <= self.head.position.0 && !self.gap.is_some_and(is_missing)
    }

    /// The hash of the commit that ends just before the number, where that needs no look into the log.
    pub fn border_before(&self, number: u64) -> Option<Head> {
        let borders = [Some(Head::START), self.gap.map(|gap| gap.base), self.gap.map(|gap| gap.lower), Some(self.head)];
        borders.into_iter().flatten().find(|border| border.position.0 + 1 == number)
    }

    pub fn is_border(&self, head: Head) -> bool {
        self.border_before(head.position.0 + 1) == Some(head)
    }

    /// Takes a commit that follows the head, or that continues the filling of the gap.
    pub fn take(&mut self, commit: &Commit, global: u64) {
        self.tail_mut(|tail| {
            let first = commit.header.first.0;
            tail.log.insert(first, global);
            for record in &commit.records {
                match tail.streams.get_mut(&record.stream) {
                    Some(firsts) => firsts.insert(first),
                    None => tail.streams.entry(record.stream.clone()).or_default().insert(first),
                };
            }
        });
        match self.gap {
            Some(gap) if commit.before() == gap.lower.position => {
                self.gap = (commit.head() != gap.base).then_some(Gap { lower: commit.head(), base: gap.base });
            }
            Some(_) | None => {
                assert_eq!(commit.before(), self.head.position, "a commit follows the head");
                self.head = commit.head();
                self.epoch = commit.header.epoch;
            }
        }
    }

    /// The tail's entry at or before a number that the log holds.
    pub fn tail_at_or_before(&self, number: u64) -> Option<Entry> {
        // What is newer than this value is behind the number, or in the gap and so not the last before it.
        let last = |tail: &Tail| tail.log.range(..=number).next_back().map(|(first, global)| (*first, *global));
        self.tail_ref(last)
    }

    pub fn tail_between(&self, from: u64, upto: u64) -> Vec<Entry> {
        if from > upto {
            return Vec::new();
        }
        self.tail_ref(|tail| {
            let entries = tail.log.range(from..=upto).map(|(first, global)| (*first, *global));
            entries.filter(|(first, _)| self.holds(*first)).collect()
        })
    }

    pub fn tail_of_stream(&self, stream: &StreamId, from: u64, upto: u64) -> Vec<u64> {
        if from > upto {
            return Vec::new();
        }
        self.tail_ref(|tail| {
            let Some(firsts) = tail.streams.get(stream) else { return Vec::new() };
            firsts.range(from..=upto).copied().filter(|first| self.holds(*first)).collect()
        })
    }

    pub fn tail_ref<T>(&self, read: impl FnOnce(&Tail) -> T) -> T {
        read(&self.tail.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn tail_mut(&self, write: impl FnOnce(&mut Tail)) {
        write(&mut self.tail.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// `local epoch indexed_to head flag [lower base]`.
    pub fn encode(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(96);
        put_varint(self.local.0.into(), &mut value);
        put_varint(self.epoch.into(), &mut value);
        put_varint(self.indexed_to, &mut value);
        put_head(self.head, &mut value);
        match self.gap {
            None => value.push(0),
            Some(gap) => {
                value.push(1);
                put_head(gap.lower, &mut value);
                put_head(gap.base, &mut value);
            }
        }
        value
    }

    pub fn decode(value: &[u8]) -> Result<Self, ReadError> {
        let mut cursor = Cursor(value);
        let local = LocalSpace(cursor.varint_u32()?);
        let epoch = cursor.varint_u32()?;
        let indexed_to = cursor.varint()?;
        let head = cursor.head()?;
        let gap = match cursor.array()? {
            [0] => None,
            [1] => Some(Gap { lower: cursor.head()?, base: cursor.head()? }),
            [_] => return Err(damaged("a space with an unknown kind of gap")),
        };
        cursor.end()?;
        Ok(Self { local, epoch, head, gap, indexed_to, tail: Arc::default() })
    }
}
