//! Checks of the log: appending, fencing, reading.

use super::Reopen;
use super::history::{History, as_stored};
use super::rows::checkpoint;
use crate::commit::Head;
use crate::hash::Hash;
use crate::record::Position;
use crate::storage::{Append, CheckpointWrite, SpaceReader, StoredCommit, Write, Written};

const EVERYTHING: usize = usize::MAX;

fn all(reader: &dyn SpaceReader) -> Vec<StoredCommit> {
    reader.commits(Position::START, Position(u64::MAX), EVERYTHING).unwrap()
}

pub(super) fn a_space_that_was_never_written_is_empty(open: Reopen<'_>) {
    let store = open();
    let reader = store.reader(History::new(1).space());
    assert_eq!(reader.head(), Ok(Head::START));
    assert_eq!(reader.epoch(), Ok(0));
    assert_eq!(reader.complete_to(), Ok(Head::START));
    assert_eq!(all(&*reader), []);
    assert_eq!(reader.commit_with(Position(1)), Ok(None));
    assert_eq!(reader.stream(&History::stream(1), Position(0), Position(9)), Ok(vec![]));
    assert_eq!(reader.checkpoint(), Ok(None));
    assert_eq!(reader.rows(None, EVERYTHING), Ok(vec![]));
    assert_eq!(reader.texts(None, EVERYTHING), Ok(vec![]));
    assert!(reader.frozen().is_ok());
    assert_eq!(store.spaces(), Ok(vec![]));
}

pub(super) fn appended_commits_are_read_as_they_were_given(open: Reopen<'_>) {
    let mut history = History::new(1);
    let commits = history.commits(20);
    let stored = as_stored(Head::START, &commits);
    let mut store = open();
    let written = store.write(vec![history.append(Head::START, commits)]);
    assert_eq!(written, [Written::Durable(history.head())]);
    assert_eq!(all(&*store.reader(history.space())), stored);
    drop(store);

    let store = open();
    let reader = store.reader(history.space());
    assert_eq!((reader.head(), reader.complete_to()), (Ok(history.head()), Ok(history.head())));
    assert_eq!(reader.epoch(), Ok(1));
    assert_eq!(all(&*reader), stored, "after opening again");
    assert_eq!(store.spaces(), Ok(vec![history.space()]));
    let readers = store.readers();
    assert_eq!((readers.spaces(), readers.reader(history.space()).head()), (store.spaces(), Ok(history.head())));
}

pub(super) fn an_append_is_fenced_by_position_hash_and_epoch(open: Reopen<'_>) {
    let mut store = open();
    let mut history = History::new(1).next_epoch();
    let first = history.commit(&[1]);
    store.write(vec![history.append(Head::START, vec![first.clone()])]);
    let head = history.head();
    let before = all(&*store.reader(history.space()));

    let stale = History::new(1).parted();
    let stale = stale.append(Head::START, vec![stale.clone().commit(&[2])]);
    let other_hash = Head { hash: Hash::of(b"another history"), ..head };
    let mut next = history.clone();
    let commits = vec![next.commit(&[3])];
    let wrong_hash = history.append(other_hash, commits.clone());
    let past_epoch = Write::Append(Append::new(history.space(), 1, head, commits));
    for write in [stale, wrong_hash, past_epoch] {
        assert_eq!(store.write(vec![write]), [Written::Fenced(head)]);
    }
    assert_eq!(all(&*store.reader(history.space())), before);
    assert_eq!(store.reader(history.space()).epoch(), Ok(2));
}

pub(super) fn a_new_epoch_goes_on_at_the_same_head(open: Reopen<'_>) {
    let mut store = open();
    let mut history = History::new(1);
    let first = history.commits(2);
    store.write(vec![history.append(Head::START, first)]);
    let head = history.head();
    let mut history = history.next_epoch();
    let second = history.commits(2);
    assert_eq!(store.write(vec![history.append(head, second)]), [Written::Durable(history.head())]);
    drop(store);
    let store = open();
    let reader = store.reader(history.space());
    assert_eq!((reader.epoch(), reader.head()), (Ok(2), Ok(history.head())));
}

pub(super) fn a_fenced_append_leaves_the_others_of_its_batch(open: Reopen<'_>) {
    let mut store = open();
    let [mut one, mut two, mut three] = [1, 2, 3].map(History::new);
    let batch = vec![
        one.append(Head::START, one.clone().commits(3)),
        two.append(Head { position: Position(4), hash: Hash::ZERO }, two.clone().commits(3)),
        three.append(Head::START, three.clone().commits(3)),
    ];
    for history in [&mut one, &mut two, &mut three] {
        history.commits(3);
    }
    let written = store.write(batch);
    assert_eq!(written, [Written::Durable(one.head()), Written::Fenced(Head::START), Written::Durable(three.head())]);
    assert_eq!(all(&*store.reader(two.space())), []);
    assert_eq!(store.spaces(), Ok(vec![one.space(), three.space()]));
}

pub(super) fn appends_of_one_batch_follow_each_other(open: Reopen<'_>) {
    let mut store = open();
    let mut history = History::new(1);
    let first = history.commits(2);
    let middle = history.head();
    let second = history.commits(2);
    let stored = as_stored(Head::START, &[first.clone(), second.clone()].concat());
    let batch = vec![
        history.append(Head::START, first),
        history.append(middle, second.clone()),
        history.append(middle, second),
    ];
    let head = history.head();
    assert_eq!(store.write(batch), [Written::Durable(middle), Written::Durable(head), Written::Fenced(head)]);
    assert_eq!(all(&*store.reader(history.space())), stored);
}

pub(super) fn commits_are_read_within_bytes_and_bounds(open: Reopen<'_>) {
    let mut store = open();
    let mut history = History::new(1);
    let commits: Vec<_> = (0..200).map(|at| history.commit(&[at, 1])).collect();
    let stored = as_stored(Head::START, &commits);
    for (at, commit) in commits.iter().enumerate() {
        let expected = at.checked_sub(1).map_or(Head::START, |before| commits[before].head());
        store.write(vec![history.append(expected, vec![commit.clone()])]);
    }
    let reader = store.reader(history.space());
    assert_eq!(all(&*reader), stored);
    let read = |after, upto, bytes_max| reader.commits(Position(after), Position(upto), bytes_max).unwrap();
    // Each commit has three records.
    assert_eq!(read(3, 9, EVERYTHING), stored[1..3]);
    assert_eq!(read(4, 9, EVERYTHING), stored[2..3], "a position within a commit begins behind that commit");
    assert_eq!(read(3, 8, EVERYTHING), stored[1..2], "a commit that ends later is not read");
    assert_eq!(read(300, 600, 0), stored[100..101], "at least one commit");
    let two = stored[10].bytes.len() + stored[11].bytes.len();
    assert_eq!(read(30, 600, two), stored[10..12]);
    assert_eq!(read(30, 600, two + 1), stored[10..12]);
    assert_eq!(read(600, 900, EVERYTHING), []);
    assert_eq!(read(599, 900, EVERYTHING), []);
    assert_eq!(read(700, 900, EVERYTHING), []);
    assert_eq!(read(9, 3, EVERYTHING), []);
    let mut paged = Vec::new();
    while let [.., _] = &*read(paged.last().map_or(0, |last: &StoredCommit| last.head.position.0), 600, 4_000) {
        paged.extend(read(paged.last().map_or(0, |last: &StoredCommit| last.head.position.0), 600, 4_000));
    }
    assert_eq!(paged, stored);
}

/// Peers name positions, and a position is any number.
pub(super) fn nothing_lies_behind_the_last_number(open: Reopen<'_>) {
    let mut history = History::new(1);
    let commits = history.commits(3);
    let mut store = open();
    store.write(vec![history.append(Head::START, commits)]);
    let last = Position(u64::MAX);
    let reader = store.reader(history.space());
    for reader in [&reader, &reader.frozen().unwrap()] {
        assert_eq!(reader.commits(last, last, EVERYTHING), Ok(vec![]));
        assert_eq!(reader.commit_with(last), Ok(None));
        for upto in [last, history.head().position, Position::START] {
            assert_eq!(reader.stream(&History::stream(1), last, upto), Ok(vec![]));
        }
    }
}

pub(super) fn a_record_finds_its_commit(open: Reopen<'_>) {
    let mut store = open();
    let mut history = History::new(1);
    let commits = vec![history.commit(&[1]), history.commit(&[1, 2, 3]), history.commit(&[4])];
    let stored = as_stored(Head::START, &commits);
    store.write(vec![history.append(Head::START, commits)]);
    let reader = store.reader(history.space());
    let found: Vec<_> = (0..=9).map(|record| reader.commit_with(Position(record)).unwrap()).collect();
    let expected = [None, Some(0), Some(0), Some(1), Some(1), Some(1), Some(1), Some(2), Some(2), None];
    assert_eq!(found, expected.map(|at| at.map(|at: usize| stored[at].clone())));
}

pub(super) fn a_stream_lists_its_commits_among_many_spaces(open: Reopen<'_>) {
    let mut store = open();
    let mut histories: Vec<History> = (1..=5).map(History::new).collect();
    let mut expected = vec![vec![]; 5];
    for round in 0..300_usize {
        let mut batch = Vec::new();
        for (at, history) in histories.iter_mut().enumerate() {
            let before = history.head();
            let touches = (round * 7 + at).is_multiple_of(3);
            let commit =
                if touches { history.commit(&[250, round as u8 % 50]) } else { history.commit(&[round as u8 % 50]) };
            if touches {
                expected[at].push(commit.header.first);
            }
            batch.push(history.append(before, vec![commit]));
        }
        store.write(batch);
    }
    let check = |reader: &dyn SpaceReader, expected: &[Position], head: Position| {
        let read = |after, upto| reader.stream(&History::stream(250), after, upto).unwrap();
        assert_eq!(read(Position::START, head), expected);
        assert_eq!(read(Position::START, Position(u64::MAX)), expected);
        let (from, upto) = (expected[20], expected[60]);
        assert_eq!(read(from, upto), expected[21..=60]);
        assert_eq!(reader.stream(&History::stream(251), Position::START, head), Ok(vec![]));
    };
    for (history, expected) in histories.iter().zip(&expected) {
        check(&*store.reader(history.space()), expected, history.head().position);
    }
    drop(store);
    let store = open();
    for (history, expected) in histories.iter().zip(&expected) {
        check(&*store.reader(history.space()), expected, history.head().position);
    }
}

pub(super) fn a_frozen_reader_sees_the_past(open: Reopen<'_>) {
    let mut store = open();
    let mut history = History::new(1);
    let first = history.commits(5);
    let stored = as_stored(Head::START, &first);
    store.write(vec![history.append(Head::START, first)]);
    let past = history.head();
    let live = store.reader(history.space());
    let frozen = live.frozen().unwrap();
    for at in 0..100 {
        let before = history.head();
        let commit = history.commit(&[at]);
        store.write(vec![history.append(before, vec![commit])]);
    }
    assert_eq!(frozen.head(), Ok(past));
    assert_eq!(all(&*frozen), stored);
    assert_eq!(frozen.stream(&History::stream(1), Position(0), Position(u64::MAX)), Ok(vec![Position(3)]));
    assert_eq!(live.head(), Ok(history.head()));
    store.write(vec![Write::Forget { space: history.space() }]);
    assert_eq!(all(&*frozen), stored, "even of a forgotten space");
    assert_eq!(frozen.frozen().unwrap().head(), Ok(past));
    assert_eq!(live.head(), Ok(Head::START));
}

pub(super) fn a_forgotten_space_is_gone_and_can_begin_again(open: Reopen<'_>) {
    let mut store = open();
    let [mut one, mut two] = [1, 2].map(History::new);
    for _ in 0..3 {
        let (before_one, before_two) = (one.head(), two.head());
        let (of_one, of_two) = (one.commits(5), two.commits(5));
        store.write(vec![one.append(before_one, of_one), two.append(before_two, of_two)]);
    }
    let kept = all(&*store.reader(two.space()));
    let mut again = History::new(1).parted();
    let commits = again.commits(2);
    let stored = as_stored(Head::START, &commits);
    let written = store.write(vec![Write::Forget { space: one.space() }, again.append(Head::START, commits)]);
    assert_eq!(written, [Written::Durable(Head::START), Written::Durable(again.head())]);
    drop(store);

    let mut store = open();
    assert_eq!(all(&*store.reader(one.space())), stored);
    let listed = store.reader(one.space()).stream(&History::stream(4), Position(0), Position(u64::MAX));
    assert_eq!(listed, Ok(vec![]), "the old log's entries are gone");
    assert_eq!(all(&*store.reader(two.space())), kept);
    store.write(vec![Write::Forget { space: one.space() }]);
    drop(store);
    assert_eq!(open().spaces(), Ok(vec![two.space()]));
}

/// A store that numbers commits across spaces once gave the numbers of a forgotten neighbour out again, and skipped such commits at the
/// next start, for it took them for ones that its index held already.
pub(super) fn commits_behind_a_forgotten_neighbour_are_kept(open: Reopen<'_>) {
    let mut store = open();
    let [mut one, mut two] = [1, 2].map(History::new);
    let (of_one, of_two) = (one.commits(2), two.commits(9));
    store.write(vec![one.append(Head::START, of_one), two.append(Head::START, of_two)]);
    let snapshot = CheckpointWrite { replaces_all: true, ..checkpoint(&one, Vec::new()) };
    store.write(vec![Write::Checkpoint(snapshot), Write::Forget { space: two.space() }]);
    drop(store);
    let mut store = open();
    let before = one.head();
    let commit = one.commit(&[1]);
    store.write(vec![one.append(before, vec![commit])]);
    drop(store);
    assert_eq!(open().spaces(), Ok(vec![one.space()]));
    let store = open();
    let reader = store.reader(one.space());
    assert_eq!(reader.head(), Ok(one.head()));
    assert_eq!(all(&*reader).len(), 3);
}
