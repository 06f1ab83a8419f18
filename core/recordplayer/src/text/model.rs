//! The model of a text: what an entity keeps of it, and all that deciding and playing a change need.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::format::Change;
use super::genesis::GENESIS_HASH;
use super::limits::{TEXT_HISTORY_BYTES_MAX, TEXT_WRITERS_MAX};
use super::{TextActor, TextChange, TextHash, TextRefusal};
use crate::id::ReplicaId;
use crate::limits::{TEXT_BYTES_MAX, TEXT_OPERATIONS_MAX};

/// A text as its entity holds it: heads, sequence numbers and counts. The characters are in the changes, which lie in a table of their own.
///
/// Its size is bounded by the number of devices that ever wrote, not by the length of the text or of its history.
///
/// Invariants:
/// 1. `heads` is never empty; each head but the genesis is some writer's last change.
/// 2. `last_op <= 1 + operations`, so no change can push the numbers of operations to their end.
/// 3. `skipped <= count`; what was not skipped is counted by its writers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Text {
    heads: BTreeSet<TextHash>,
    writers: BTreeMap<TextActor, Writer>,
    count: u64,
    skipped: u64,
    last_op: u64,
    operations: u64,
    bytes: u64,
    inserted: u64,
    inserted_bytes: u64,
    deleted: u64,
}

/// Where one text actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Writer {
    seq: u64,
    last_op: u64,
    last: TextHash,
}

impl Default for Text {
    /// An empty text: the genesis change alone.
    fn default() -> Self {
        Self {
            heads: BTreeSet::from([GENESIS_HASH]),
            writers: BTreeMap::new(),
            count: 0,
            skipped: 0,
            last_op: 1,
            operations: 0,
            bytes: 0,
            inserted: 0,
            inserted_bytes: 0,
            deleted: 0,
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// A saved text can come from another machine: one that no changes lead to is none.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Self::deserialize(deserializer)?;
        if text.is_possible() { Ok(text) } else { Err(D::Error::custom("the counts of a text contradict each other")) }
    }
}

impl Text {
    /// Whether the invariants hold, and the limits, so that no later change can count beyond what a number holds.
    fn is_possible(&self) -> bool {
        let taken = self.writers.values().try_fold(0_u64, |taken, writer| taken.checked_add(writer.seq));
        let fits = |writer: &Writer| writer.seq > 0 && writer.last_op <= self.last_op;
        !self.heads.is_empty()
            && self.writers.len() <= TEXT_WRITERS_MAX
            && self.writers.values().all(fits)
            && self.count <= u64::MAX / 2
            && self.count.checked_sub(self.skipped).is_some_and(|not_skipped| taken == Some(not_skipped))
            && self.operations <= TEXT_OPERATIONS_MAX
            && self.bytes <= TEXT_HISTORY_BYTES_MAX
            && self.last_op <= 1 + self.operations
            && self.inserted.checked_add(self.deleted) == Some(self.operations)
            && self.inserted_bytes <= 4 * self.inserted
    }

    /// Whether the replica may append the change: for `decide`.
    pub fn check(&self, change: &TextChange, replica: ReplicaId) -> Result<(), TextRefusal> {
        let change = Change::read(change.bytes())?;
        if change.actor.replica != replica || change.actor == TextActor::GENESIS {
            return Err(TextRefusal::WrongActor { expected: replica, found: change.actor.replica });
        }
        self.judge(&change)
    }

    /// Whether a change that was made on this text elsewhere is to be appended as it is: for a text that comes along from another space. False
    /// where it is here already.
    pub fn is_wanted(&self, change: &TextChange) -> Result<bool, TextRefusal> {
        let change = Change::read(change.bytes())?;
        if self.writers.get(&change.actor).is_some_and(|writer| writer.seq >= change.seq) {
            return Ok(false);
        }
        self.judge(&change).map(|()| true)
    }

    /// Plays a change. What [`Self::check`] would have refused, whoever sent it, only counts as skipped.
    pub fn play(&mut self, change: &TextChange) {
        self.count += 1;
        match Change::read(change.bytes()).and_then(|change| self.judge(&change).map(|()| change)) {
            Ok(change) => self.advance(&change),
            Err(_) => self.skipped += 1,
        }
    }

    /// Whether nobody ever wrote anything.
    pub fn is_empty(&self) -> bool {
        self.inserted == 0
    }

    /// Changes played, skipped ones included.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Changes that were not changes of this text. A reader may skip more: what builds on a change or a character that is not there.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The changes that no other one builds on, in order. An opened text that skipped nothing has the same.
    pub fn heads(&self) -> impl ExactSizeIterator<Item = &TextHash> {
        self.heads.iter()
    }

    /// About how many bytes the text has now, see `bytes_with`.
    pub fn bytes_about(&self) -> u64 {
        bytes_about(self.inserted, self.inserted_bytes, self.deleted)
    }

    /// Whether the change, of whoever it claims, follows from what was played.
    pub(super) fn judge(&self, change: &Change<'_>) -> Result<(), TextRefusal> {
        let writer = self.writers.get(&change.actor);
        let expected = writer.map_or(1, |writer| writer.seq + 1);
        if change.actor == TextActor::GENESIS || change.seq != expected {
            return Err(TextRefusal::OutOfSequence { expected, found: change.seq });
        }
        if writer.is_some_and(|writer| !change.dependencies.contains(&writer.last)) {
            return Err(TextRefusal::Detached {});
        }
        // Of one writer at most one change is a head, so nobody can have seen more heads than writers, and the genesis.
        if change.dependencies.is_empty() || change.dependencies.len() > self.writers.len() + 1 {
            return Err(TextRefusal::unreadable("it has no dependencies, or too many"));
        }
        let others_are_known = |actor: &TextActor| *actor == TextActor::GENESIS || self.writers.contains_key(actor);
        if !change.others.iter().all(others_are_known) {
            return Err(TextRefusal::unreadable("it refers to somebody who has not written here"));
        }
        let (found, used) = (u64::from(change.start_op), writer.map_or(1, |writer| writer.last_op));
        if found > self.last_op + 1 {
            return Err(TextRefusal::FromTheFuture { expected: self.last_op + 1, found });
        }
        if found <= used {
            return Err(TextRefusal::FromThePast { used, found });
        }
        self.judge_size(change, writer.is_none())
    }

    fn judge_size(&self, change: &Change<'_>, is_new_writer: bool) -> Result<(), TextRefusal> {
        let sums = &change.sums;
        if sums.deleted > self.inserted + sums.inserted {
            return Err(TextRefusal::unreadable("it deletes more characters than there ever were"));
        }
        if is_new_writer && self.writers.len() >= TEXT_WRITERS_MAX {
            return Err(TextRefusal::TooManyWriters { writers: self.writers.len() as u64 + 1 });
        }
        let (operations, bytes) = (self.operations + sums.operations, self.bytes + change.bytes);
        if operations > TEXT_OPERATIONS_MAX || bytes > TEXT_HISTORY_BYTES_MAX {
            return Err(TextRefusal::HistoryFull { operations, bytes });
        }
        // Who only deletes may always go on, or a text that is too long could not be made shorter.
        let bytes = self.bytes_with(change);
        if sums.inserted > 0 && bytes > TEXT_BYTES_MAX as u64 {
            return Err(TextRefusal::TextFull { bytes });
        }
        Ok(())
    }

    /// About how many bytes the text has with the change.
    ///
    /// Deletions do not say how many bytes they take away, so each is taken for a character of the average size so far: exact where all
    /// characters have one size. Two who delete the same character at the same time count twice, which makes the number too small; the
    /// text is then still bounded, by the count of its operations.
    fn bytes_with(&self, change: &Change<'_>) -> u64 {
        let sums = &change.sums;
        bytes_about(
            self.inserted + sums.inserted,
            self.inserted_bytes + sums.inserted_bytes,
            self.deleted + sums.deleted,
        )
    }

    /// Takes in a change that was judged to follow.
    pub(super) fn advance(&mut self, change: &Change<'_>) {
        for dependency in &change.dependencies {
            self.heads.remove(dependency);
        }
        self.heads.insert(change.hash);
        let last_op = change.last_op();
        self.writers.insert(change.actor, Writer { seq: change.seq, last_op, last: change.hash });
        self.last_op = self.last_op.max(last_op);
        self.bytes += change.bytes;
        self.operations += change.sums.operations;
        self.inserted += change.sums.inserted;
        self.inserted_bytes += change.sums.inserted_bytes;
        self.deleted += change.sums.deleted;
        assert!(self.last_op <= 1 + self.operations, "operations are numbered beyond their count");
    }
}

fn bytes_about(inserted: u64, inserted_bytes: u64, deleted: u64) -> u64 {
    let left = inserted.saturating_sub(deleted);
    (u128::from(inserted_bytes) * u128::from(left)).div_ceil(u128::from(inserted.max(1))) as u64
}
