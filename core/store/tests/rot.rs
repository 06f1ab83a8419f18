//! Files that are not what was written: rotted, cut short, foreign, newer. Never a wrong answer without a word, never a panic.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::commit::Head;
use recordplayer::name::Name;
use recordplayer::record::Position;
use recordplayer::storage::{
    Checkpoint, CheckpointWrite, OutboxStore, OutboxWrite, ReadError, Row, RowKey, SpaceReader, Store, TextKey,
    TextRow, Write, Written,
};
use recordplayer::testing::conformance::History;
use recordplayer::testing::{DiskFault, DiskFaultKind};
use recordplayer_store::testing::{Disk, keep_quiet_about_redb};
use recordplayer_store::{OpenError, RedbOutbox, RedbStore};

const SPACES: u8 = 4;
const FLIPS: usize = 200;

fn text(entity: u8) -> TextKey {
    TextKey { stream: History::stream(entity), field: Name::of("description") }
}

/// A store with a bit of everything, closed in order.
fn closed_file(is_packed: bool) -> (Vec<u8>, Vec<History>) {
    keep_quiet_about_redb();
    let disk = Disk::default();
    RedbStore::create_backend(disk.clone()).unwrap();
    let mut store = RedbStore::open_backend_flushing(disk.clone(), 40).unwrap();
    let mut histories: Vec<History> = (1..=SPACES).map(History::new).collect();
    for round in 0..60_u8 {
        let batch = histories.iter_mut().map(|history| {
            let before = history.head();
            let commit = history.commit_of_bytes(&[round % 20, round % 3], usize::from(round) * 10);
            history.append(before, vec![commit])
        });
        store.write(batch.collect());
    }
    while is_packed && store.tidy() {}
    for history in &histories {
        let row = |entity| Row { head: history.head(), version: 1, bytes: vec![entity; 300].into() };
        let change = |index| TextRow { index, is_base: index == 0, bytes: vec![7; 500].into() };
        store.write(vec![Write::Checkpoint(CheckpointWrite {
            space: history.space(),
            checkpoint: Checkpoint { epoch: 1, head: history.head(), meta: b"meta"[..].into() },
            dropped_views: BTreeSet::new(),
            rows: (0..20).map(|entity| (RowKey::Model(History::stream(entity)), Some(row(entity)))).collect(),
            texts: (0..20).map(|index| (text(index as u8 % 2), change(index / 2))).collect(),
            replaces_all: false,
        })]);
    }
    drop(store);
    (disk.bytes(), histories)
}

/// Everything that can be read of one space, each answer for itself.
fn answers(reader: &dyn SpaceReader) -> Vec<Result<String, ReadError>> {
    fn shown<T: std::fmt::Debug>(answer: Result<T, ReadError>) -> Result<String, ReadError> {
        answer.map(|answer| format!("{answer:?}"))
    }
    let end = Position(u64::MAX);
    let mut all = vec![
        shown(reader.head()),
        shown(reader.epoch()),
        shown(reader.complete_to()),
        shown(reader.checkpoint()),
        shown(reader.commits(Position::START, end, usize::MAX)),
        shown(reader.rows(None, usize::MAX)),
        shown(reader.texts(None, usize::MAX)),
    ];
    for entity in 0..25 {
        all.push(shown(reader.stream(&History::stream(entity), Position::START, end)));
        all.push(shown(reader.row(&RowKey::Model(History::stream(entity)))));
        all.push(shown(reader.text(&text(entity))));
        all.push(shown(reader.commit_with(Position(u64::from(entity) * 7))));
    }
    all
}

#[test]
fn no_flipped_bit_gives_a_wrong_answer_or_a_panic() {
    let (bytes, histories) = closed_file(true);
    let whole = RedbStore::open_backend(Disk::holding(bytes.clone())).unwrap();
    let spaces = whole.spaces();
    let truth: Vec<_> = histories.iter().map(|history| answers(&*whole.reader(history.space()))).collect();
    assert!(truth.iter().flatten().all(Result::is_ok));
    drop(whole);

    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut refused, mut errors, mut scrubbed) = (0, 0, 0);
    for _ in 0..FLIPS {
        let mut flipped = bytes.clone();
        let bit = rng.random_range(0..flipped.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(mut store) = RedbStore::open_backend(Disk::holding(flipped)) else {
            refused += 1;
            continue;
        };
        assert_eq!(store.spaces(), spaces, "bit {bit}");
        for (history, truth) in histories.iter().zip(&truth) {
            for (found, expected) in answers(&*store.reader(history.space())).into_iter().zip(truth) {
                match found {
                    Ok(_) => assert_eq!(&found, expected, "bit {bit}"),
                    Err(_) => errors += 1,
                }
            }
        }
        scrubbed += store.scrub().step(u64::MAX / 2).unwrap().damaged_blocks.len();
        let mut history = histories[0].clone();
        let before = history.head();
        let next = history.commit(&[1]);
        let written = store.write(vec![history.append(before, vec![next])]);
        let is_honest = matches!(written[..], [Written::Unknown(_)]) || written == [Written::Durable(history.head())];
        assert!(is_honest, "bit {bit}: {written:?}");
    }
    println!(
        "{FLIPS} flips: {refused} files refused, {errors} answers were errors, {scrubbed} blocks found by the scrub"
    );
    assert!(refused > 0 && errors > 0 && scrubbed > 0, "the flips met something");
}

/// A damaged block read as zeros, and redb took a page of zeros beside one that it emptied for one without rows, and joined the two: the rows
/// were gone, and no block was damaged any more. (Simulation, kanban, seed 233261358586234.)
#[test]
fn no_damage_is_written_over_as_if_there_had_been_nothing() {
    let (bytes, histories) = closed_file(false);
    let blocks = (bytes.len() - 4096) / 4104;
    let mut met = 0;
    for block in 1..blocks {
        let mut flipped = bytes.clone();
        flipped[4096 + block * 4104 + 100] ^= 1;
        let Ok(mut store) = RedbStore::open_backend_flushing(Disk::holding(flipped), 40) else { continue };
        while store.tidy() {}
        let commits =
            |history: &History| store.reader(history.space()).commits(Position::START, Position(u64::MAX), usize::MAX);
        if histories.iter().any(|history| commits(history).is_err()) {
            met += 1;
            let found = store.scrub().step(u64::MAX / 2).unwrap().damaged_blocks;
            assert_eq!(found, [block as u64], "whoever looks for damage finds it");
        }
    }
    assert!(met > 5, "the damage met something");
}

/// A file that is refused was let go as if it were sound: redb wrote as it closed, and panicked at what had rotted. Found by fuzzing.
#[test]
fn a_file_with_much_damage_is_refused_without_a_panic() {
    let (bytes, _) = closed_file(true);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut refused = 0;
    for _ in 0..FLIPS {
        let mut damaged = bytes.clone();
        for _ in 0..rng.random_range(1..4) {
            let (at, with) = (rng.random_range(8_200..damaged.len()), rng.random_range(1..=u8::MAX));
            damaged.iter_mut().skip(at).take(200).for_each(|byte| *byte ^= with);
        }
        refused += usize::from(RedbStore::open_backend(Disk::holding(damaged)).is_err());
    }
    assert!(refused > 0, "the damage met something");
}

#[test]
fn the_scrub_finds_every_flipped_bit_behind_the_header_blocks() {
    let (bytes, _) = closed_file(false);
    let blocks_at = 4096 + 4104;
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for _ in 0..20 {
        let mut flipped = bytes.clone();
        let at = rng.random_range(blocks_at..flipped.len());
        flipped[at] ^= 1 << rng.random_range(0..8);
        let Ok(store) = catch_unwind(|| RedbStore::open_backend(Disk::holding(flipped))).unwrap() else { continue };
        let mut scrub = store.scrub();
        let mut found = Vec::new();
        loop {
            let step = scrub.step(100_000).unwrap();
            found.extend(step.damaged_blocks);
            if step.is_finished {
                break;
            }
        }
        assert_eq!(found, [((at - 4096) / 4104) as u64]);
    }
}

#[test]
fn a_rotten_row_leaves_the_other_spaces_readable() {
    let (bytes, histories) = closed_file(false);
    // A commit of the first space, where it stands in the file.
    let whole = RedbStore::open_backend(Disk::holding(bytes.clone())).unwrap();
    let commit = whole.reader(histories[0].space()).commit_with(Position(1)).unwrap().unwrap();
    drop(whole);
    let mut rotten = bytes;
    let needle = &commit.bytes[..];
    let places: Vec<usize> =
        rotten.windows(needle.len()).enumerate().filter(|(_, at)| *at == needle).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        rotten[at + 40] ^= 4;
    }
    let store = RedbStore::open_backend(Disk::holding(rotten)).unwrap();
    let read = store.reader(histories[0].space()).commit_with(Position(1));
    assert!(matches!(read, Err(ReadError::Damaged(_))), "{read:?}");
    let last = histories[3].head();
    let other = store.reader(histories[3].space()).commit_with(last.position).unwrap().unwrap();
    assert_eq!(other.head, last, "what lies elsewhere is read as before");
}

fn open_error(path: &Path) -> OpenError {
    RedbStore::open(path).expect_err("such a file is not opened")
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let foreign = path("foreign");
    redb::Database::create(&foreign).unwrap();
    RedbOutbox::open(path("outbox")).unwrap();
    for (name, bytes) in [("empty", vec![]), ("garbage", vec![0x5a; 10_000]), ("text", b"hello".to_vec())] {
        std::fs::write(path(name), bytes).unwrap();
    }
    for (name, says) in [
        ("foreign", "a redb database of another program"),
        ("outbox", "a RecordPlayer file of another kind"),
        ("empty", "it is empty"),
        ("garbage", "it begins with other bytes"),
        ("text", "it begins with other bytes"),
    ] {
        let before = std::fs::read(path(name)).unwrap();
        let error = open_error(&path(name)).to_string();
        assert!(error.contains(says) && error.ends_with(name), "{error}");
        assert_eq!(std::fs::read(path(name)).unwrap(), before);
    }
    assert!(matches!(RedbOutbox::open(&foreign), Err(OpenError::Foreign { .. })));
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let (mut bytes, _) = closed_file(false);
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let error = RedbStore::open_backend(Disk::holding(bytes.clone())).unwrap_err();
    assert!(
        matches!(error, OpenError::Damaged { .. }),
        "a version that its digest does not confirm is damage: {error}"
    );
    let digest = blake3::hash(&bytes[..16]);
    bytes[16..24].copy_from_slice(&digest.as_bytes()[..8]);
    let error = RedbStore::open_backend(Disk::holding(bytes)).unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { found: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("upgrade the program"));
}

#[test]
fn a_file_cut_short_is_refused() {
    let (bytes, _) = closed_file(false);
    for length in [1, 10, 20, 100, 4095, 4096, 9000, bytes.len() / 2, bytes.len() - 4104, bytes.len() - 1] {
        let opened = catch_unwind(|| RedbStore::open_backend(Disk::holding(bytes[..length].to_vec()))).unwrap();
        let error = opened.expect_err("a file that lacks its end is not opened");
        assert!(matches!(error, OpenError::Damaged { .. } | OpenError::Foreign { .. }), "{length}: {error}");
    }
}

#[test]
fn a_second_opener_is_told_that_the_file_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let first = RedbStore::open(&path).unwrap();
    let error = open_error(&path);
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    drop(first);
    assert!(RedbStore::open(&path).is_ok());
}

#[test]
fn what_an_interrupted_creation_left_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    std::fs::write(folder.path().join("store.new"), b"half a store").unwrap();
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.spaces(), Ok(vec![]));
    assert!(!folder.path().join("store.new").exists());
}

#[test]
fn after_a_failed_write_or_sync_nothing_is_written_until_the_store_is_opened_again() {
    let empty = Disk::default();
    RedbStore::create_backend(empty.clone()).unwrap();
    let mut failures = 0;
    for after in 0.. {
        let disk = empty.copy();
        let mut store = RedbStore::open_backend(disk.clone()).unwrap();
        let mut history = History::new(1);
        let first = history.commit(&[1]);
        store.write(vec![history.append(Head::START, vec![first])]);
        let durable = history.head();
        let second = history.commit(&[1]);
        let append = history.append(durable, vec![second]);
        disk.fail(DiskFault { kind: DiskFaultKind::Broken, after, lasts: true, seed: u64::from(after) });
        if matches!(store.write(vec![append.clone()])[..], [Written::Durable(_)]) {
            break;
        }
        failures += 1;
        assert_eq!(store.reader(history.space()).head(), Ok(durable), "nothing is shown that may not be durable");
        disk.mend();
        let again = store.write(vec![append.clone()]);
        assert!(matches!(&again[..], [Written::Unknown(reason)] if reason.contains("opened again")), "{again:?}");
        drop(store);
        let mut store = RedbStore::open_backend(disk).unwrap();
        let head = store.reader(history.space()).head().unwrap();
        assert!(head == durable || head == history.head());
        let written = store.write(vec![append]);
        assert!(written == [Written::Durable(history.head())] || written == [Written::Fenced(history.head())]);
    }
    assert!(failures > 2, "a write takes some operations");
}

#[test]
fn an_outbox_that_rots_says_so() {
    keep_quiet_about_redb();
    let disk = Disk::default();
    RedbOutbox::create_backend(disk.clone()).unwrap();
    let space = History::new(1).space();
    let mut outbox = RedbOutbox::open_backend(disk.clone()).unwrap();
    let identity = b"the identity of this replica";
    outbox.write(vec![OutboxWrite::Identity { space, bytes: identity[..].into() }]).unwrap();
    drop(outbox);
    let mut bytes = disk.bytes();
    let places: Vec<usize> =
        bytes.windows(identity.len()).enumerate().filter(|(_, at)| at == identity).map(|(at, _)| at).collect();
    for at in places {
        bytes[at] ^= 1;
    }
    let read = RedbOutbox::open_backend(Disk::holding(bytes)).map(|outbox| outbox.load(space));
    assert!(!matches!(read, Ok(Ok(_))), "{read:?}");
}
