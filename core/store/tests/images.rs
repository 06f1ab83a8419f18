//! A power cut at every write of a long workload, in many ways each: the store opens, lacks nothing that was acknowledged, holds nothing that was
//! never written, and goes on. Of each image a few values are read; all of it is of one in so many.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

use recordplayer::commit::{Commit, Head};
use recordplayer::id::CommandId;
use recordplayer::record::Position;
use recordplayer::storage::{
    Checkpoint, CheckpointWrite, OutboxContent, OutboxRow, OutboxStore, OutboxWrite, Row, RowKey, SpaceReader, Store,
    StoredCommit, Write, Written,
};
use recordplayer::testing::conformance::History;
use recordplayer_store::testing::{Boundary, Cut, Disk, Images};
use recordplayer_store::{RedbOutbox, RedbStore};

const SPACES: u8 = 2;
const COMMITS: usize = 500;
/// So few that the index is flushed and stretches are packed many times.
const TAIL_COMMITS: usize = 16;

/// How many images there are at least; `RECORDPLAYER_CRASH_IMAGES` sets another number.
const IMAGES: usize = 100_000;

/// Of one image in so many a drawn commit is read, and found by the index: the others have time for what they begin and end with.
const READ_ONE_EVERY: u64 = 4;

/// Of one image in so many the whole log is read, from its first commit to its last: that takes as long as to open some of them.
const READ_WHOLE_EVERY: u64 = 256;

const OUTBOX_WRITES: u64 = 60;

/// How many images of an outbox there are at each write boundary.
const OUTBOX_IMAGES_AT_EACH: usize = 6;

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

const META: &[u8] = b"meta";

/// The one row that a checkpoint at this head saves.
fn row_at(head: Head) -> Row {
    Row { head, version: 1, bytes: head.position.0.to_be_bytes().into() }
}

fn checkpoint(history: &History) -> Write {
    Write::Checkpoint(CheckpointWrite {
        space: history.space(),
        checkpoint: Checkpoint { epoch: 1, head: history.head(), meta: META.into() },
        dropped_views: BTreeSet::new(),
        rows: vec![(RowKey::Model(History::stream(1)), Some(row_at(history.head())))],
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

/// A commit that was written, behind the one before it, and in the index; answers with where it ends.
fn check_commit(reader: &dyn SpaceReader, heads: &BTreeMap<Position, Head>, stored: &StoredCommit) -> Head {
    let commit = Commit::open(stored.bytes.clone(), &stored.previous).unwrap();
    assert_eq!((Some(&commit.head()), commit.head()), (heads.get(&stored.head.position), stored.head));
    assert_eq!(heads.get(&commit.before()).map(|head| head.hash), Some(stored.previous));
    let first = commit.header.first;
    let listed = reader.stream(&commit.records[0].stream, commit.before(), first).unwrap();
    assert_eq!(listed, [first], "the index holds what the log holds");
    stored.head
}

impl Workload {
    /// What must be so of what is left by a power cut.
    fn check(&self, image: Vec<u8>, operations: usize, cut: Cut, seed: u64, goes_on: bool) {
        let what = || format!("{cut:?} after {operations} operations");
        let left = Disk::holding(image);
        let mut store =
            RedbStore::open_backend_flushing(left, TAIL_COMMITS).unwrap_or_else(|error| panic!("{}: {error}", what()));
        let acknowledged = self.acknowledged.partition_point(|state| state.operations <= operations) - 1;
        // What was on its way may be there as well, all of it.
        let may_be = &self.acknowledged[acknowledged..self.acknowledged.len().min(acknowledged + 2)];
        let mut batch = Vec::new();
        for (at, heads) in self.heads.iter().enumerate() {
            let space = History::new(at as u8 + 1).space();
            let reader = store.reader(space);
            let head = reader.head().unwrap();
            let is_one = may_be.iter().any(|state| state.heads[at] == head);
            assert!(is_one, "{}: the log ends at {head:?}, and not where it ended last", what());
            let commit_with = |record: Position| {
                let stored = reader.commit_with(record).unwrap();
                stored.unwrap_or_else(|| panic!("{}: record {record} is not there", what()))
            };
            if head != Head::START {
                let last = commit_with(head.position);
                assert_eq!(Commit::open(last.bytes, &last.previous).unwrap().head(), head);
                if seed.is_multiple_of(READ_ONE_EVERY) {
                    let drawn = commit_with(Position(1 + seed / READ_ONE_EVERY % head.position.0));
                    check_commit(&*reader, heads, &drawn);
                }
            }
            if seed.is_multiple_of(READ_WHOLE_EVERY) {
                let commits = reader.commits(Position::START, Position(u64::MAX), usize::MAX).unwrap();
                let ends = commits.iter().map(|stored| check_commit(&*reader, heads, stored));
                assert!(ends.eq(heads.range(..=head.position).skip(1).map(|(_, head)| *head)), "{}", what());
            }
            let saved = reader.checkpoint().unwrap();
            let is_ours = |saved: &Checkpoint| saved.epoch == 1 && &*saved.meta == META;
            assert!(saved.as_ref().is_none_or(is_ours), "{}: a checkpoint that nobody wrote: {saved:?}", what());
            let saved = saved.map_or(Head::START, |saved| saved.head);
            assert_eq!(heads.get(&saved.position), Some(&saved), "{}: a checkpoint of another log", what());
            let row = reader.row(&RowKey::Model(History::stream(1))).unwrap();
            assert_eq!(row, (saved != Head::START).then(|| row_at(saved)), "{}: of one transaction", what());
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
    for_each_image(&workload.disk, at_each, |boundary, cut, seed, way| {
        workload.check(boundary.image(cut), boundary.operations(), cut, seed, way % 4 == 0);
    });
    println!("{} crash images over {boundaries} write boundaries of {COMMITS} commits", at_each * boundaries);
}

/// Gives out so many images of each moment, on all processors.
fn for_each_image(disk: &Disk, at_each: usize, check: impl Fn(&Boundary, Cut, u64, usize) + Sync) {
    let next = Mutex::new(Images::of(disk));
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
                        check(&boundary, cut, seed, way);
                    }
                }
            });
        }
    });
}

/// Rows that come, are replaced and go, and an identity; with what the outbox held once the disk had done so many operations.
fn work_of_outbox() -> (Disk, Vec<(usize, OutboxContent)>) {
    let disk = Disk::default();
    RedbOutbox::create_backend(disk.clone()).unwrap();
    disk.record();
    let space = History::new(1).space();
    let mut outbox = RedbOutbox::open_backend(disk.clone()).unwrap();
    let mut acknowledged = vec![(0, OutboxContent::default())];
    for order in 1..=OUTBOX_WRITES {
        let command = CommandId::derived("command", &[&order.to_be_bytes()]);
        let row = |order, bytes| OutboxRow { command, order, bytes: vec![bytes; 200].into() };
        let mut batch = vec![OutboxWrite::Put { space, row: row(order, order as u8) }];
        if order % 3 == 0 {
            batch.push(OutboxWrite::Remove { space, order: order / 3 });
        }
        if order % 4 == 0 {
            batch.push(OutboxWrite::Put { space, row: row(order - 1, 255) });
            batch.push(OutboxWrite::Identity { space, bytes: order.to_be_bytes()[..].into() });
        }
        outbox.write(batch).unwrap();
        acknowledged.push((disk.operations(), outbox.load(space).unwrap()));
    }
    drop(outbox);
    (disk, acknowledged)
}

#[test]
fn a_power_cut_at_every_write_of_an_outbox_leaves_what_was_acknowledged_or_what_was_being_written() {
    let (disk, acknowledged) = work_of_outbox();
    let space = History::new(1).space();
    let rows: Vec<usize> = acknowledged.iter().map(|(_, content)| content.rows.len()).collect();
    assert!(rows.windows(2).any(|pair| pair[1] > pair[0]) && rows.windows(2).any(|pair| pair[1] == pair[0]));
    for_each_image(&disk, OUTBOX_IMAGES_AT_EACH, |boundary, cut, _, _| {
        let operations = boundary.operations();
        let what = || format!("{cut:?} after {operations} operations");
        let left = Disk::holding(boundary.image(cut));
        let mut outbox = RedbOutbox::open_backend(left).unwrap_or_else(|error| panic!("{}: {error}", what()));
        let found = outbox.load(space).unwrap();
        let last = acknowledged.partition_point(|(done, _)| *done <= operations) - 1;
        let may_be = &acknowledged[last..acknowledged.len().min(last + 2)];
        assert!(may_be.iter().any(|(_, content)| *content == found), "{}: {found:?}", what());
        let row = OutboxRow { command: CommandId::default(), order: OUTBOX_WRITES + 1, bytes: [1][..].into() };
        outbox.write(vec![OutboxWrite::Put { space, row: row.clone() }]).unwrap();
        assert_eq!(outbox.load(space).unwrap().rows.last(), Some(&row), "{}: it goes on", what());
    });
}
