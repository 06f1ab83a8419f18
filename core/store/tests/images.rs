//! A power cut at every write of a long workload, in many ways each: the store opens, lacks nothing that was acknowledged, holds nothing that was
//! never written, and goes on.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use recordplayer::commit::{Commit, Head};
use recordplayer::record::Position;
use recordplayer::storage::{Checkpoint, CheckpointWrite, Row, RowKey, Store, Write, Written};
use recordplayer::testing::conformance::History;
use recordplayer_store::RedbStore;
use recordplayer_store::testing::{Cut, Disk, Images};

const SPACES: u8 = 2;
const COMMITS: usize = 500;
/// So few that the index is flushed and stretches are packed many times.
const TAIL_COMMITS: usize = 16;

/// How many images there are at least; `RECORDPLAYER_CRASH_IMAGES` sets another number.
const IMAGES: usize = 100_000;

/// What had been acknowledged once the disk had done so many operations.
struct Acknowledged {
    operations: usize,
    heads: Vec<Head>,
}

/// What the workload did.
struct Workload {
    disk: Disk,
    acknowledged: Vec<Acknowledged>,
    /// Of each space, every head that it ever had.
    heads: Vec<BTreeMap<Position, Head>>,
}

fn checkpoint(history: &History) -> Write {
    let row = Row { head: history.head(), version: 1, bytes: history.head().position.0.to_be_bytes().into() };
    Write::Checkpoint(CheckpointWrite {
        space: history.space(),
        checkpoint: Checkpoint { epoch: 1, head: history.head(), meta: b"meta"[..].into() },
        rows: vec![(RowKey::Model(History::stream(1)), Some(row))],
        texts: Vec::new(),
        replaces_all: false,
    })
}

fn work() -> Workload {
    let disk = Disk::default();
    RedbStore::create_backend(disk.clone()).unwrap();
    disk.record();
    let mut store = RedbStore::open_backend_flushing(disk.clone(), TAIL_COMMITS).unwrap();
    let mut histories: Vec<History> = (1..=SPACES).map(History::new).collect();
    let mut heads = vec![BTreeMap::from([(Position::START, Head::START)]); usize::from(SPACES)];
    let mut acknowledged = vec![Acknowledged { operations: 0, heads: vec![Head::START; usize::from(SPACES)] }];
    for round in 0..COMMITS {
        let at = round % histories.len();
        let history = &mut histories[at];
        let before = history.head();
        let commit = history.commit_of_bytes(&[(round % 5) as u8], round % 64);
        heads[at].insert(history.head().position, history.head());
        let mut batch = vec![history.append(before, vec![commit])];
        if round % 40 < usize::from(SPACES) {
            batch.push(checkpoint(history));
        }
        assert!(store.write(batch).iter().all(|written| matches!(written, Written::Durable(_))));
        let heads = histories.iter().map(History::head).collect();
        acknowledged.push(Acknowledged { operations: disk.operations(), heads });
        if round % 10 == 3 {
            while store.tidy() {}
        }
    }
    drop(store);
    Workload { disk, acknowledged, heads }
}

impl Workload {
    /// What must be so of what is left by a power cut.
    fn check(&self, image: Vec<u8>, operations: usize, cut: Cut, goes_on: bool) {
        let what = || format!("{cut:?} after {operations} operations");
        let left = Disk::holding(image);
        let mut store =
            RedbStore::open_backend_flushing(left, TAIL_COMMITS).unwrap_or_else(|error| panic!("{}: {error}", what()));
        let after = &self.acknowledged[self.acknowledged.partition_point(|state| state.operations <= operations) - 1];
        let mut batch = Vec::new();
        for (at, heads) in self.heads.iter().enumerate() {
            let space = History::new(at as u8 + 1).space();
            let reader = store.reader(space);
            let head = reader.head().unwrap();
            assert_eq!(heads.get(&head.position), Some(&head), "{}: the log ends where it never ended", what());
            assert!(head.position >= after.heads[at].position, "{}: an acknowledged commit is lost", what());
            if let Some(last) = reader.commit_with(head.position).unwrap() {
                assert_eq!(Commit::open(last.bytes, &last.previous).unwrap().head(), head);
            }
            let saved = reader.checkpoint().unwrap().map_or(Head::START, |checkpoint| checkpoint.head);
            assert_eq!(heads.get(&saved.position), Some(&saved), "{}: a checkpoint of another log", what());
            let row = reader.row(&RowKey::Model(History::stream(1))).unwrap().map_or(Head::START, |row| row.head);
            assert_eq!(row, saved, "{}: rows and checkpoint are of one transaction", what());
            let mut again = History::standing_at(at as u8 + 1, head);
            let next = again.commit(&[200]);
            batch.push(again.append(head, vec![next]));
        }
        if !goes_on {
            return;
        }
        let written = store.write(batch);
        assert!(written.iter().all(|written| matches!(written, Written::Durable(_))), "{}: {written:?}", what());
    }
}

#[test]
fn a_power_cut_at_every_write_of_a_long_workload_loses_nothing_that_was_acknowledged() {
    let images = std::env::var("RECORDPLAYER_CRASH_IMAGES").map_or(IMAGES, |count| count.parse().unwrap());
    let workload = work();
    let boundaries = workload.disk.operations() + 1;
    let at_each = images.div_ceil(boundaries);
    let next = Mutex::new(Images::of(&workload.disk));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(boundary) = next.lock().unwrap().next() else { break };
                    for way in 0..at_each {
                        let seed = (boundary.operations() * at_each + way) as u64;
                        let cut = match way {
                            0 => Cut::All,
                            1 => Cut::Nothing,
                            way if way % 2 == 0 => Cut::Some { seed },
                            _ => Cut::Torn { seed },
                        };
                        workload.check(boundary.image(cut), boundary.operations(), cut, way % 4 == 0);
                    }
                }
            });
        }
    });
    println!("{} crash images over {boundaries} write boundaries of {COMMITS} commits", at_each * boundaries);
}
