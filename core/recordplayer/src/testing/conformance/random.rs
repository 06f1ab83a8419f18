//! Any history of writes, from a seed, reads as it does from the store in memory.

use std::sync::Arc;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Reopen;
use super::history::History;
use super::rows::{checkpoint, model, row, view};
use crate::commit::{Commit, Head};
use crate::name::Name;
use crate::record::Position;
use crate::storage::memory::MemoryStore;
use crate::storage::{Append, CheckpointWrite, SpaceReader, Store, TextKey, TextRow, Write, rows_hash};

const SPACES: u8 = 4;
const STEPS: usize = 250;

/// One space of the test: its whole history, of which the store may lack some.
struct Script {
    history: History,
    commits: Vec<Arc<Commit>>,
    /// The history after each of its commits.
    ends: Vec<History>,
}

impl Script {
    fn new(space: u8) -> Self {
        Self { history: History::new(space), commits: Vec::new(), ends: Vec::new() }
    }

    fn grow(&mut self, rng: &mut ChaCha8Rng) {
        for _ in 0..rng.random_range(1..8) {
            let entities: Vec<u8> = (0..rng.random_range(1..4)).map(|_| rng.random_range(0..12)).collect();
            let bytes = rng.random_range(0..300);
            self.commits.push(self.history.commit_of_bytes(&entities, bytes));
            self.ends.push(self.history.clone());
        }
    }

    fn after(&self, head: Head) -> &[Arc<Commit>] {
        let from = self.commits.partition_point(|commit| commit.before() < head.position);
        &self.commits[from..]
    }

    /// Some write that fits what the store holds, mostly.
    fn write(&mut self, reader: &dyn SpaceReader, rng: &mut ChaCha8Rng) -> Write {
        let (head, complete_to) = (reader.head().unwrap(), reader.complete_to().unwrap());
        let space = self.history.space();
        match rng.random_range(0..100) {
            0..50 => {
                self.grow(rng);
                let mut append = Append::new(space, self.history.epoch(), head, self.after(head).to_vec());
                if rng.random_bool(0.1) {
                    let last = append.commits.last().map_or(head, |commit| commit.head()).position.0;
                    append.redacts = (0..3).map(|_| Position(rng.random_range(1..=last.max(1)))).collect();
                }
                Write::Append(append)
            }
            50..65 => {
                let at = self.ends.iter().rfind(|end| end.head() == head).unwrap_or(&self.history);
                Write::Checkpoint(some_rows(at, rng))
            }
            65..72 => {
                self.grow(rng);
                let at = rng.random_range(0..self.ends.len());
                let at = if rng.random_bool(0.7) { self.ends.len() - 1 } else { at };
                Write::Checkpoint(CheckpointWrite { replaces_all: true, ..some_rows(&self.ends[at], rng) })
            }
            72..88 => {
                let missing = self.after(complete_to);
                let some = missing.len().min(rng.random_range(0..20));
                Write::Backfill { space, commits: missing[..some].to_vec() }
            }
            88..95 => {
                let (key, text) = some_text(rng);
                let rows = reader.text(&key).unwrap();
                let from = rows.iter().map(|row| row.index).find(|_| rng.random_bool(0.5)).unwrap_or(text.index);
                let before = rows.iter().rfind(|row| row.index < from);
                let joined = rows.iter().filter(|row| (from..=text.index).contains(&row.index));
                let joined = rows_hash(before.filter(|_| rng.random_bool(0.9)), joined);
                let base = TextRow { is_base: true, ..text };
                Write::CompactText { space, key, from, base, joined }
            }
            95..97 => {
                let expected = Head { position: head.position.plus(1), ..head };
                self.history.append(expected, Vec::new())
            }
            97..98 => {
                self.history = self.history.next_epoch();
                self.history.append(head, Vec::new())
            }
            _ => Write::Forget { space },
        }
    }
}

fn some_rows(at: &History, rng: &mut ChaCha8Rng) -> CheckpointWrite {
    let key = |rng: &mut ChaCha8Rng| match rng.random_range(0..3) {
        0 => view(&rng.random_range(0..5_u8).to_string()),
        _ => model(rng.random_range(0..12)),
    };
    let rows = (0..rng.random_range(0..10))
        .map(|_| (key(rng), rng.random_bool(0.8).then(|| row(at.head(), &rng.next_u64().to_be_bytes()))))
        .collect();
    let texts = (0..rng.random_range(0..6)).map(|_| some_text(rng)).collect();
    let dropped_views = rng.random_bool(0.1).then(|| Name::of("board")).into_iter().collect();
    CheckpointWrite { dropped_views, texts, ..checkpoint(at, rows) }
}

fn some_text(rng: &mut ChaCha8Rng) -> (TextKey, TextRow) {
    let key = TextKey { stream: History::stream(rng.random_range(0..3)), field: Name::of("description") };
    let bytes = rng.next_u64().to_be_bytes().into();
    (key, TextRow { index: rng.random_range(0..8), is_base: rng.random_bool(0.2), bytes })
}

pub(super) fn any_history_reads_as_in_memory(open: Reopen<'_>) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut model = MemoryStore::new();
    let mut store = open();
    let mut scripts: Vec<Script> = (1..=SPACES).map(Script::new).collect();
    for step in 0..STEPS {
        let mut batch = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..rng.random_range(1..4) {
            let script = &mut scripts[rng.random_range(0..usize::from(SPACES))];
            let reader = model.reader(script.history.space());
            let write = script.write(&*reader, &mut rng);
            expected.extend(model.write(vec![write.clone()]));
            batch.push(write);
        }
        assert_eq!(store.write(batch), expected, "step {step}");
        if rng.random_bool(0.05) {
            drop(store);
            store = open();
        }
        assert_eq!(store.spaces(), model.spaces(), "step {step}");
        for script in &scripts {
            let space = script.history.space();
            assert_same(&*store.reader(space), &*model.reader(space), &mut rng, step);
        }
    }
}

fn assert_same(one: &dyn SpaceReader, other: &dyn SpaceReader, rng: &mut ChaCha8Rng, step: usize) {
    let head = other.head().unwrap();
    assert_eq!(one.head(), Ok(head), "step {step}");
    assert_eq!(one.epoch(), other.epoch(), "step {step}");
    let complete_to = other.complete_to().unwrap();
    assert_eq!(one.complete_to(), Ok(complete_to), "step {step}");
    assert_eq!(one.checkpoint(), other.checkpoint(), "step {step}");
    assert_eq!(one.rows(None, usize::MAX), other.rows(None, usize::MAX), "step {step}");
    assert_eq!(one.texts(None, usize::MAX), other.texts(None, usize::MAX), "step {step}");
    let somewhere = Position(rng.random_range(0..=head.position.0 + 2));
    let elsewhere = Position(rng.random_range(0..=head.position.0 + 2));
    for (after, upto) in [(Position::START, head.position), (complete_to.position, somewhere), (somewhere, elsewhere)] {
        let bytes_max = rng.random_range(0..20_000);
        assert_eq!(one.commits(after, upto, bytes_max), other.commits(after, upto, bytes_max), "step {step}");
        for entity in 0..12 {
            let stream = History::stream(entity);
            assert_eq!(one.stream(&stream, after, upto), other.stream(&stream, after, upto), "step {step}");
        }
    }
    assert_eq!(one.commit_with(somewhere), other.commit_with(somewhere), "step {step}");
}
