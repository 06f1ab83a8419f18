//! Checks of joining by a snapshot, and of fetching the older records afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reopen;
use super::history::{History, as_stored};
use super::rows::{checkpoint, model, row};
use crate::commit::{Commit, Head};
use crate::record::Position;
use crate::storage::{Append, CheckpointWrite, Row, RowKey, SpaceReader, StoredCommit, Write, Written};

const EVERYTHING: usize = usize::MAX;

fn snapshot(history: &History, rows: Vec<(RowKey, Row)>) -> Write {
    let rows = rows.into_iter().map(|(key, row)| (key, Some(row))).collect();
    Write::Checkpoint(CheckpointWrite { replaces_all: true, ..checkpoint(history, rows) })
}

fn backfill(history: &History, commits: &[Arc<Commit>]) -> Write {
    Write::Backfill { space: history.space(), commits: commits.to_vec() }
}

fn read(reader: &dyn SpaceReader, after: Head) -> Vec<StoredCommit> {
    reader.commits(after.position, Position(u64::MAX), EVERYTHING).unwrap()
}

/// Ten commits of before the snapshot, the history at the snapshot, ten of after it, and the history at the end.
fn joined() -> (Vec<Arc<Commit>>, History, Vec<Arc<Commit>>, History) {
    let mut history = History::new(1);
    let older = history.commits(10);
    let at = history.clone();
    let newer = history.commits(10);
    (older, at, newer, history)
}

pub(super) fn a_snapshot_begins_a_log_in_its_middle(open: Reopen<'_>) {
    let (_, at, newer, history) = joined();
    let mut store = open();
    let rows = vec![(model(1), row(at.head(), b"one")), (model(2), row(at.head(), b"two"))];
    let stored = as_stored(at.head(), &newer);
    let written = store.write(vec![snapshot(&at, rows.clone()), history.append(at.head(), newer)]);
    assert_eq!(written, [Written::Durable(at.head()), Written::Durable(history.head())]);
    drop(store);

    let store = open();
    let reader = store.reader(history.space());
    assert_eq!(reader.head(), Ok(history.head()));
    assert_eq!(reader.complete_to(), Ok(Head::START));
    assert_eq!(reader.epoch(), Ok(1));
    assert_eq!(reader.checkpoint().unwrap().unwrap().head, at.head());
    assert_eq!(reader.rows(None, EVERYTHING), Ok(rows));
    assert_eq!(read(&*reader, Head::START), [], "the commit that follows is not held");
    assert_eq!(read(&*reader, Head { position: Position(3), ..at.head() }), []);
    assert_eq!(read(&*reader, at.head()), stored);
    assert_eq!(reader.commit_with(at.head().position), Ok(None));
    assert_eq!(reader.commit_with(at.head().position.plus(1)).unwrap().as_ref(), stored.first());
}

pub(super) fn backfill_closes_the_gap(open: Reopen<'_>) {
    let (older, at, newer, history) = joined();
    let mut store = open();
    store.write(vec![snapshot(&at, Vec::new()), history.append(at.head(), newer[..5].to_vec())]);
    let middle = older[3].head();
    let frozen = store.reader(history.space()).frozen().unwrap();
    assert_eq!(store.write(vec![backfill(&at, &older[..4])]), [Written::Durable(middle)]);
    let listed = frozen.stream(&History::stream(2), Position(0), Position(u64::MAX));
    assert_eq!(listed, Ok(vec![Position(25)]), "a frozen reader does not see what came later, though it is older");
    assert_eq!((read(&*frozen, Head::START), frozen.commit_with(Position(1))), (vec![], Ok(None)));
    drop((frozen, store));

    let mut store = open();
    let reader = store.reader(history.space());
    assert_eq!((reader.complete_to(), reader.head()), (Ok(middle), Ok(newer[4].head())));
    assert_eq!(read(&*reader, Head::START), as_stored(Head::START, &older[..4]), "it ends at the gap");
    let append = history.append(newer[4].head(), newer[5..].to_vec());
    let written = store.write(vec![append, backfill(&at, &older[4..])]);
    assert_eq!(written, [Written::Durable(history.head()), Written::Durable(history.head())]);
    let all = as_stored(Head::START, &[older, newer].concat());
    let check = |reader: &dyn SpaceReader| {
        assert_eq!(reader.complete_to(), Ok(history.head()));
        assert_eq!(read(reader, Head::START), all);
        let listed = reader.stream(&History::stream(2), Position(0), Position(u64::MAX));
        assert_eq!(listed, Ok(vec![Position(5), Position(25)]), "streams are listed in order, whatever came first");
    };
    check(&*reader);
    drop((reader, store));
    let store = open();
    check(&*store.reader(history.space()));
}

/// A device joined by a state from before a redaction, and fetched its history behind it, without what was redacted. Then the redaction itself
/// came, found nothing in the log that was to go, and left the state as it was, with all that was played from what was redacted.
pub(super) fn what_came_erased_may_stand_in_what_is_saved(open: Reopen<'_>) {
    let (mut older, at, newer, history) = joined();
    let redacts = BTreeSet::from([older[2].records[1].number]);
    let redacted = older[2].redacted(&redacts, &older[1].hash).unwrap().expect("it goes");
    older[2] = Arc::new(redacted);
    let mut store = open();
    store.write(vec![snapshot(&at, vec![(model(1), row(at.head(), b"one"))]), backfill(&at, &older)]);
    assert_eq!(store.reader(history.space()).gap(), Ok(None));
    let append = Append { redacts, ..Append::new(history.space(), history.epoch(), at.head(), newer) };
    store.write(vec![Write::Append(append)]);
    assert_eq!(store.reader(history.space()).checkpoint(), Ok(None));
}

pub(super) fn backfill_that_does_not_fit_is_fenced(open: Reopen<'_>) {
    let (older, at, newer, history) = joined();
    let mut store = open();
    store.write(vec![snapshot(&at, Vec::new()), history.append(at.head(), newer.clone())]);
    let mut other = History::new(1).parted();
    let of_other_history = other.commits(10);
    let too_far = [&older[..], &newer[..1]].concat();
    for (commits, why) in [
        (&older[1..], "they do not follow the complete stretch"),
        (&of_other_history[..], "they do not meet the snapshot"),
        (&too_far[..], "they reach beyond the snapshot"),
    ] {
        assert_eq!(store.write(vec![backfill(&at, commits)]), [Written::Fenced(Head::START)], "{why}");
    }
    let middle = older[3].head();
    let written = store.write(vec![backfill(&at, &older[..4]), backfill(&at, &of_other_history[4..8])]);
    let by_their_hashes = "they fit by their numbers, but not by their hashes";
    assert_eq!(written, [Written::Durable(middle), Written::Fenced(middle)], "{by_their_hashes}");
    let written = store.write(vec![backfill(&at, &older[4..]), backfill(&at, &older)]);
    assert_eq!(
        written,
        [Written::Durable(history.head()), Written::Fenced(history.head())],
        "nothing is missing any more"
    );
}

pub(super) fn a_snapshot_of_a_held_position_keeps_the_log(open: Reopen<'_>) {
    let (older, at, newer, history) = joined();
    let mut store = open();
    store.write(vec![history.append(Head::START, [older.clone(), newer.clone()].concat())]);
    let stale = checkpoint(&history, vec![(model(1), Some(row(history.head(), b"stale")))]);
    store.write(vec![Write::Checkpoint(stale)]);
    let rows = vec![(model(2), row(at.head(), b"two"))];
    assert_eq!(store.write(vec![snapshot(&at, rows.clone())]), [Written::Durable(history.head())]);
    let reader = store.reader(history.space());
    assert_eq!(reader.complete_to(), Ok(history.head()));
    assert_eq!(read(&*reader, Head::START), as_stored(Head::START, &[older, newer].concat()));
    assert_eq!(reader.rows(None, EVERYTHING), Ok(rows), "all rows of before are gone");
    assert_eq!(reader.checkpoint().unwrap().unwrap().head, at.head());
}

pub(super) fn a_snapshot_ahead_keeps_the_stretch_from_the_start(open: Reopen<'_>) {
    let (older, _, newer, mut history) = joined();
    let mut store = open();
    store.write(vec![history.append(Head::START, older[..2].to_vec())]);
    let first_join = history.clone();
    store.write(vec![snapshot(&first_join, Vec::new())]);
    let between = history.commits(3);
    store.write(vec![history.append(first_join.head(), between.clone())]);
    let unknown = history.commits(4);
    let second_join = history.clone();
    assert_eq!(store.write(vec![snapshot(&second_join, Vec::new())]), [Written::Durable(second_join.head())]);
    let reader = store.reader(history.space());
    assert_eq!(reader.complete_to(), Ok(older[1].head()));
    assert_eq!(read(&*reader, Head::START), as_stored(Head::START, &older[..2]));
    let missing = [&older[2..], &newer, &between, &unknown].concat();
    assert_eq!(store.write(vec![backfill(&history, &missing)]), [Written::Durable(history.head())]);
    assert_eq!(read(&*reader, Head::START), as_stored(Head::START, &[&older[..2], &missing].concat()));
}

pub(super) fn a_snapshot_of_another_history_drops_the_log(open: Reopen<'_>) {
    let (older, _, newer, history) = joined();
    let mut store = open();
    store.write(vec![history.append(Head::START, [older, newer].concat())]);
    let mut other = History::new(1).parted().next_epoch();
    let of_other = other.commits(4);
    assert_eq!(store.write(vec![snapshot(&other, Vec::new())]), [Written::Durable(other.head())]);
    drop(store);
    let mut store = open();
    let reader = store.reader(history.space());
    assert_eq!((reader.head(), reader.complete_to(), reader.epoch()), (Ok(other.head()), Ok(Head::START), Ok(2)));
    assert_eq!(read(&*reader, Head::START), []);
    assert_eq!(reader.stream(&History::stream(1), Position(0), Position(u64::MAX)), Ok(vec![]));
    assert_eq!(store.write(vec![backfill(&other, &of_other)]), [Written::Durable(other.head())]);
    assert_eq!(read(&*reader, Head::START), as_stored(Head::START, &of_other));
    assert_eq!(store.write(vec![snapshot(&History::new(1), Vec::new())]), [Written::Fenced(other.head())]);
}
