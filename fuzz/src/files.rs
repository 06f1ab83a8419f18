//! Files of the store that are not what was written: an answer that is wrong is worse than none.
//!
//! A script is, for each change of a whole file, `what (1) ‖ where (3) ‖ how many (1) ‖ with what (1)`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::LazyLock;

use recordplayer::commit::{Commit, Head};
use recordplayer::id::{CommandId, Id, SpaceId};
use recordplayer::name::Name;
use recordplayer::record::Position;
use recordplayer::storage::{
    Checkpoint, CheckpointWrite, OutboxContent, OutboxRow, OutboxStore, OutboxWrite, ReadError, Row, RowKey,
    SpaceReader, Store, TextKey, TextRow, Write, Written,
};
use recordplayer::testing::conformance::History;
use recordplayer_store::testing::keep_quiet_about_redb;
use recordplayer_store::{OpenError, RedbOutbox, RedbStore};

use crate::disk::Disk;
use crate::script::Script;

const SPACES: u8 = 2;
const ENTITIES: u8 = 6;
/// Commits after which the index is flushed: a store of tests packs its log as early.
const FLUSHED_EVERY: usize = 16;
/// How the file was left: the state in its header, and the block that redb begins with. Where these two are not what was written, a file
/// may look as if the process had died over it, and what it says then is what it said before.
const LEFT: [Range<usize>; 2] = [512..544, 4096..8200];
const CHANGES_MAX: usize = 12;

type Answer = Result<String, ReadError>;

/// A file that was closed in order, and everything that it says.
struct Whole {
    bytes: Vec<u8>,
    histories: Vec<History>,
    answers: Vec<Vec<Answer>>,
}

static STORE: LazyLock<Whole> = LazyLock::new(whole_store);
static OUTBOX: LazyLock<(Vec<u8>, Vec<OutboxContent>)> = LazyLock::new(whole_outbox);

/// The store: everything that can be read is what was written, or an error.
pub fn store(script: &[u8]) {
    keep_quiet_about_redb();
    let (bytes, is_left_otherwise) = changed(&STORE.bytes, script);
    let mut store = match RedbStore::open_backend_flushing(Disk::holding(bytes), FLUSHED_EVERY) {
        Ok(store) => store,
        Err(error) => return is_told(&error),
    };
    for (history, truth) in STORE.histories.iter().zip(&STORE.answers) {
        let reader = store.reader(history.space());
        if is_left_otherwise {
            is_a_chain(&*reader);
            continue;
        }
        for (found, truth) in answers(&*reader).into_iter().zip(truth) {
            assert!(found.is_err() || found == *truth, "{found:?} was {truth:?}");
        }
    }
    while store.tidy() {}
    let mut history = STORE.histories[0].clone();
    let before = history.head();
    let next = history.commit(&[1]);
    let written = store.write(vec![history.append(before, vec![next])]);
    let is_honest = match &written[..] {
        [Written::Durable(head)] => *head == history.head() && store.reader(history.space()).head() == Ok(*head),
        [Written::Fenced(_)] => is_left_otherwise,
        [Written::Unknown(_)] => true,
        _ => false,
    };
    assert!(is_honest, "{written:?}");
}

/// The outbox: nothing that waits is made up, and nothing is gone without a word.
pub fn outbox(script: &[u8]) {
    keep_quiet_about_redb();
    let (whole, contents) = &*OUTBOX;
    let (bytes, is_left_otherwise) = changed(whole, script);
    let outbox = match RedbOutbox::open_backend(Disk::holding(bytes)) {
        Ok(outbox) => outbox,
        Err(error) => return is_told(&error),
    };
    for (number, truth) in (1..).zip(contents) {
        let Ok(found) = outbox.load(space(number)) else { continue };
        if is_left_otherwise {
            assert!(found.rows.iter().all(|row| truth.rows.contains(row)), "a row that nobody wrote: {found:?}");
        } else {
            assert_eq!(found, *truth);
        }
    }
    if let (Ok(spaces), false) = (outbox.spaces(), is_left_otherwise) {
        assert_eq!(spaces.len(), contents.len());
    }
}

fn is_told(error: &OpenError) {
    assert!(error.to_string().contains("(in memory)"), "an error names its file: {error}");
}

/// The file as the script changes it, and whether it may look like one that nobody closed.
fn changed(whole: &[u8], script: &[u8]) -> (Vec<u8>, bool) {
    let mut script = Script::new(script);
    let mut bytes = whole.to_vec();
    for _ in 0..CHANGES_MAX {
        if script.is_over() {
            break;
        }
        let (what, place, count, with) = (script.below(5), place(&mut script), script.byte(), script.byte());
        let at = place % bytes.len().max(1);
        let block = |at: usize| {
            let start = 4096 + at.saturating_sub(4096) / 4104 * 4104;
            start.min(bytes.len())..(start + 4104).min(bytes.len())
        };
        match what {
            0 => bytes.iter_mut().skip(at).take(usize::from(count) + 1).for_each(|byte| *byte ^= with),
            1 => bytes.iter_mut().skip(at).take(512).for_each(|byte| *byte = with),
            2 => bytes.truncate(at),
            3 => bytes.extend(std::iter::repeat_n(with, usize::from(count) * 64)),
            // A block in the place of another one, as a disk does that mixes up its sectors.
            _ => {
                let (from, to) = (block(at), block(usize::from(count) * 4104 + 4096));
                if from.len() == to.len() {
                    bytes.copy_within(from, to.start);
                }
            }
        }
    }
    let is_left_otherwise = LEFT.iter().any(|left| bytes.get(left.clone()) != whole.get(left.clone()));
    (bytes, is_left_otherwise)
}

fn place(script: &mut Script<'_>) -> usize {
    usize::from(script.number16()) | usize::from(script.byte()) << 16
}

/// Each commit follows the one before, whatever else there is.
fn is_a_chain(reader: &dyn SpaceReader) {
    let Ok(commits) = reader.commits(Position::START, Position(u64::MAX), usize::MAX) else { return };
    let mut at = Head::START;
    for stored in commits {
        assert_eq!(stored.previous, at.hash);
        let commit = Commit::open(stored.bytes, &stored.previous).expect("what is read was written");
        assert_eq!((commit.before(), commit.head()), (at.position, stored.head));
        at = stored.head;
    }
}

/// Everything that can be read of one space, each answer for itself.
fn answers(reader: &dyn SpaceReader) -> Vec<Answer> {
    fn shown<T: Debug>(answer: Result<T, ReadError>) -> Answer {
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
    for entity in 0..ENTITIES {
        all.push(shown(reader.stream(&History::stream(entity), Position::START, end)));
        all.push(shown(reader.row(&RowKey::Model(History::stream(entity)))));
        all.push(shown(reader.text(&text(entity))));
        all.push(shown(reader.commit_with(Position(u64::from(entity) * 7))));
    }
    all
}

fn text(entity: u8) -> TextKey {
    TextKey { stream: History::stream(entity), field: Name::of("description") }
}

/// A store with a bit of everything.
fn whole_store() -> Whole {
    let disk = Disk::default();
    RedbStore::create_backend(disk.clone()).expect("a new store");
    let mut store = RedbStore::open_backend_flushing(disk.clone(), FLUSHED_EVERY).expect("an empty store");
    let mut histories: Vec<History> = (1..=SPACES).map(History::new).collect();
    for round in 0..40_u8 {
        let batch = histories.iter_mut().map(|history| {
            let before = history.head();
            let commit = history.commit_of_bytes(&[round % ENTITIES, round % 3], usize::from(round) * 10);
            history.append(before, vec![commit])
        });
        store.write(batch.collect());
    }
    while store.tidy() {}
    for history in &histories {
        let row = |entity| Row { head: history.head(), version: 1, bytes: vec![entity; 90].into() };
        let change = |index| TextRow { index, is_base: index == 0, bytes: vec![7; 200].into() };
        store.write(vec![Write::Checkpoint(CheckpointWrite {
            space: history.space(),
            checkpoint: Checkpoint { epoch: 1, head: history.head(), meta: b"meta"[..].into() },
            dropped_views: BTreeSet::new(),
            rows: (0..ENTITIES).map(|entity| (RowKey::Model(History::stream(entity)), Some(row(entity)))).collect(),
            texts: (0..8).map(|index| (text(index as u8 % 2), change(index / 2))).collect(),
            replaces_all: false,
        })]);
    }
    let answers = histories.iter().map(|history| answers(&*store.reader(history.space()))).collect();
    drop(store);
    Whole { bytes: disk.bytes(), histories, answers }
}

fn space(number: u8) -> SpaceId {
    SpaceId(Id([number; 16]))
}

fn whole_outbox() -> (Vec<u8>, Vec<OutboxContent>) {
    let disk = Disk::default();
    RedbOutbox::create_backend(disk.clone()).expect("a new outbox");
    let mut outbox = RedbOutbox::open_backend(disk.clone()).expect("an empty outbox");
    for number in 1..=SPACES {
        let space = space(number);
        let row = |order| OutboxRow { command: CommandId(Id([order as u8; 16])), order, bytes: vec![9; 300].into() };
        let identity = OutboxWrite::Identity { space, bytes: vec![number; 60].into() };
        let rows = (1..=20).map(|order| OutboxWrite::Put { space, row: row(order) });
        outbox.write(std::iter::once(identity).chain(rows).collect()).expect("a disk in memory");
    }
    let contents = (1..=SPACES).map(|number| outbox.load(space(number)).expect("a disk in memory")).collect();
    drop(outbox);
    (disk.bytes(), contents)
}
