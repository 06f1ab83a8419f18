//! A power cut at any instant leaves a store that opens, lacks nothing that was acknowledged, and goes on.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::commit::{Commit, Head};
use recordplayer::hash::Hash;
use recordplayer::record::Position;
use recordplayer::storage::{
    Checkpoint, CheckpointWrite, OutboxRow, OutboxStore, OutboxWrite, Row, RowKey, Store, Write, Written,
};
use recordplayer::testing::conformance::History;
use recordplayer_store::testing::{Cut, Disk};
use recordplayer_store::{RedbOutbox, RedbStore};

const SPACES: u8 = 3;
const ROUNDS: u8 = 24;
const IMAGES: usize = 400;
/// So few that the index is flushed several times within the test.
const TAIL_COMMITS: usize = 16;

fn checkpoint(history: &History) -> Write {
    let row = Row { head: history.head(), version: 1, bytes: history.head().position.0.to_be_bytes().into() };
    Write::Checkpoint(CheckpointWrite {
        space: history.space(),
        checkpoint: Checkpoint { epoch: 1, head: history.head(), meta: b"meta"[..].into() },
        dropped_views: BTreeSet::new(),
        rows: vec![(RowKey::Model(History::stream(1)), Some(row))],
        texts: Vec::new(),
        replaces_all: false,
    })
}

/// What had been acknowledged once the disk had done so many operations.
struct Acknowledged {
    operations: usize,
    heads: Vec<Head>,
    checkpoints: Vec<Head>,
}

/// Every commit of the space, as its log is read from the start to its end, each opened behind the one before.
fn read_log(store: &RedbStore, history: &History) -> Vec<Head> {
    let reader = store.reader(history.space());
    let commits = reader.commits(Position::START, Position(u64::MAX), usize::MAX).unwrap();
    let mut previous = Hash::ZERO;
    for stored in &commits {
        let commit = Commit::open(stored.bytes.clone(), &previous).unwrap();
        assert_eq!((stored.previous, commit.head()), (previous, stored.head));
        let first = commit.header.first;
        let listed = reader.stream(&commit.records[0].stream, Position(first.0 - 1), first).unwrap();
        assert_eq!(listed, [first], "the index holds what the log holds");
        previous = commit.hash;
    }
    let ends = std::iter::once(Head::START).chain(commits.iter().map(|commit| commit.head)).collect::<Vec<_>>();
    assert_eq!(ends.last().copied(), reader.head().ok());
    ends
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_and_the_store_goes_on() {
    let disk = Disk::default();
    RedbStore::create_backend(disk.clone()).unwrap();
    disk.record();
    let mut histories: Vec<History> = (1..=SPACES).map(History::new).collect();
    let mut checkpoints = vec![Head::START; usize::from(SPACES)];
    let mut acknowledged = vec![];
    let mut note = |disk: &Disk, histories: &[History], checkpoints: &[Head]| {
        let heads = histories.iter().map(History::head).collect();
        acknowledged.push(Acknowledged { operations: disk.operations(), heads, checkpoints: checkpoints.to_vec() });
    };
    note(&disk, &(1..=SPACES).map(History::new).collect::<Vec<_>>(), &checkpoints);
    for part in 0..2 {
        let mut store = RedbStore::open_backend_flushing(disk.clone(), TAIL_COMMITS).unwrap();
        for round in 0..ROUNDS {
            let mut batch: Vec<Write> = Vec::new();
            for (at, history) in histories.iter_mut().enumerate() {
                let before = history.head();
                let commit = history.commit_of_bytes(&[round % 5, 9], usize::from(round) * 50);
                batch.push(history.append(before, vec![commit]));
                if round % 7 == 3 {
                    batch.push(checkpoint(history));
                    checkpoints[at] = history.head();
                }
            }
            assert!(store.write(batch).iter().all(|written| matches!(written, Written::Durable(_))), "part {part}");
            note(&disk, &histories, &checkpoints);
            while store.tidy() {}
        }
        drop(store);
        note(&disk, &histories, &checkpoints);
    }

    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for image in 0..IMAGES {
        let operations = rng.random_range(0..=disk.operations());
        let seed = image as u64;
        let cut = [Cut::All, Cut::Nothing, Cut::Some { seed }, Cut::Torn { seed }][image % 4];
        let after = acknowledged.iter().rfind(|state| state.operations <= operations).unwrap();
        let left = Disk::holding(disk.image(operations, cut));
        let mut store = RedbStore::open_backend_flushing(left.clone(), TAIL_COMMITS)
            .unwrap_or_else(|error| panic!("{cut:?} after {operations} operations: {error}"));
        for (at, history) in histories.iter().enumerate() {
            let ends = read_log(&store, history);
            assert!(
                ends.contains(&after.heads[at]),
                "{cut:?} after {operations} operations: an acknowledged commit is lost"
            );
            let reader = store.reader(history.space());
            let saved = reader.checkpoint().unwrap().map_or(Head::START, |checkpoint| checkpoint.head);
            assert!(saved.position >= after.checkpoints[at].position && ends.contains(&saved));
            let row = reader.row(&RowKey::Model(History::stream(1))).unwrap().map_or(Head::START, |row| row.head);
            assert_eq!(row, saved, "rows and checkpoint are of one transaction");

            let head = reader.head().unwrap();
            let known = ends.len() - 1;
            let mut again = History::new(history.space().bytes()[0]);
            for round in 0..known {
                let round = (round % usize::from(ROUNDS)) as u8;
                again.commit_of_bytes(&[round % 5, 9], usize::from(round) * 50);
            }
            assert_eq!(again.head(), head);
            let next = again.commit(&[200]);
            let written = store.write(vec![again.append(head, vec![next])]);
            assert_eq!(written, [Written::Durable(again.head())], "it goes on");
            while store.tidy() {}
            assert_eq!(read_log(&store, &again).len(), known + 2, "and its log is whole, packed or not");
        }
        let found = store.scrub().step(u64::MAX / 2).unwrap();
        assert_eq!(found.damaged_blocks, [0; 0], "torn blocks of the cut are no rot");
        drop(store);
        let store = RedbStore::open_backend(left).unwrap();
        assert_eq!(store.spaces().unwrap().len(), usize::from(SPACES));
        for history in &histories {
            read_log(&store, history);
        }
    }
}

#[test]
fn a_power_cut_loses_no_acknowledged_command_of_the_outbox() {
    let disk = Disk::default();
    RedbOutbox::create_backend(disk.clone()).unwrap();
    disk.record();
    let space = History::new(1).space();
    let mut outbox = RedbOutbox::open_backend(disk.clone()).unwrap();
    let mut acknowledged = vec![(0, 0)];
    for order in 1..=40_u64 {
        let command = recordplayer::id::CommandId::derived("command", &[&order.to_be_bytes()]);
        let row = OutboxRow { command, order, bytes: vec![order as u8; 200].into() };
        outbox.write(vec![OutboxWrite::Put { space, row }]).unwrap();
        acknowledged.push((disk.operations(), order));
    }
    drop(outbox);
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for image in 0..100 {
        let operations = rng.random_range(0..=disk.operations());
        let cut = [Cut::All, Cut::Nothing, Cut::Some { seed: image }, Cut::Torn { seed: image }][image as usize % 4];
        let (_, order) = acknowledged.iter().rfind(|(done, _)| *done <= operations).unwrap();
        let outbox = RedbOutbox::open_backend(Disk::holding(disk.image(operations, cut))).unwrap();
        let rows = outbox.load(space).unwrap().rows;
        assert!(rows.iter().map(|row| row.order).eq(1..=rows.len() as u64), "in order and without gaps");
        assert!(rows.len() as u64 >= *order, "{cut:?} after {operations} operations: a command is lost");
    }
}
