//! Checks of texts: bases, changes, compaction.

use super::Reopen;
use super::history::History;
use super::rows::checkpoint;
use crate::commit::Head;
use crate::name::Name;
use crate::storage::{CheckpointWrite, Store, TextKey, TextRow, Write, rows_hash};

const EVERYTHING: usize = usize::MAX;

fn text(entity: u8) -> TextKey {
    TextKey { stream: History::stream(entity), field: Name::of("description") }
}

fn change(index: u64) -> TextRow {
    TextRow { index, is_base: false, bytes: format!("change {index}").into_bytes().into() }
}

fn base(index: u64) -> TextRow {
    TextRow { index, is_base: true, bytes: format!("base {index}").into_bytes().into() }
}

fn begun(store: &mut dyn Store) -> History {
    let mut history = History::new(1);
    let commits = history.commits(3);
    store.write(vec![history.append(Head::START, commits)]);
    history
}

fn with_texts(history: &History, texts: Vec<(TextKey, TextRow)>) -> Write {
    Write::Checkpoint(CheckpointWrite { texts, ..checkpoint(history, Vec::new()) })
}

fn changes(entity: u8, indexes: std::ops::Range<u64>) -> Vec<(TextKey, TextRow)> {
    indexes.map(|index| (text(entity), change(index))).collect()
}

/// Joins the rows of a text as they are now.
fn compact(store: &dyn Store, history: &History, from: u64, index: u64) -> Write {
    let rows = store.reader(history.space()).text(&text(1)).unwrap();
    let before = rows.iter().rfind(|row| row.index < from);
    let joined = rows_hash(before, rows.iter().filter(|row| (from..=index).contains(&row.index)));
    Write::CompactText { space: history.space(), key: text(1), from, base: base(index), joined }
}

pub(super) fn a_text_is_its_base_and_the_changes_behind_it(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store);
    let mut texts = changes(1, 8..11);
    texts.insert(0, (text(1), base(7)));
    texts.extend(changes(2, 0..2));
    store.write(vec![with_texts(&history, texts)]);
    drop(store);
    let store = open();
    let reader = store.reader(history.space());
    assert_eq!(reader.text(&text(1)), Ok(vec![base(7), change(8), change(9), change(10)]));
    assert_eq!(reader.text(&text(2)), Ok(vec![change(0), change(1)]));
    assert_eq!(reader.text(&text(3)), Ok(vec![]));
}

pub(super) fn compaction_replaces_what_the_base_holds(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store);
    store.write(vec![with_texts(&history, [changes(1, 0..6), changes(2, 0..3)].concat())]);
    let write = compact(&*store, &history, 0, 3);
    store.write(vec![write]);
    let reader = store.reader(history.space());
    assert_eq!(reader.text(&text(1)), Ok(vec![base(3), change(4), change(5)]));
    store.write(vec![with_texts(&history, changes(1, 6..9))]);
    // The next base begins behind the first one, and then takes in a change.
    let write = compact(&*store, &history, 4, 6);
    store.write(vec![write]);
    assert_eq!(reader.text(&text(1)), Ok(vec![base(3), base(6), change(7), change(8)]));
    let write = compact(&*store, &history, 6, 7);
    store.write(vec![write]);
    drop(store);
    let store = open();
    let reader = store.reader(history.space());
    assert_eq!(reader.text(&text(1)), Ok(vec![base(3), base(7), change(8)]));
    assert_eq!(reader.text(&text(2)), Ok(vec![change(0), change(1), change(2)]));
}

pub(super) fn a_late_base_or_change_does_not_undo_a_newer_base(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store);
    store.write(vec![with_texts(&history, changes(1, 0..6))]);
    let (early, later) = (compact(&*store, &history, 0, 2), compact(&*store, &history, 0, 4));
    let behind = compact(&*store, &history, 3, 5);
    // A compaction that began earlier ends later; a checkpoint brings changes that the base holds.
    store.write(vec![later, early, with_texts(&history, changes(1, 3..7))]);
    let reader = store.reader(history.space());
    let expected = vec![base(4), change(5), change(6)];
    assert_eq!(reader.text(&text(1)), Ok(expected.clone()));
    store.write(vec![behind]);
    assert_eq!(reader.text(&text(1)), Ok(expected), "what it would join is partly in a base now");
}

pub(super) fn a_base_of_rows_that_were_replaced_is_not_taken(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store);
    let other = |index| TextRow { bytes: b"of another history"[..].into(), ..change(index) };
    let rows = |rows: [TextRow; 4]| with_texts(&history, rows.into_iter().map(|row| (text(1), row)).collect());
    store.write(vec![rows([change(0), change(1), change(2), change(3)])]);
    let write = compact(&*store, &history, 1, 2);
    for replaced in [[other(0), change(1), change(2), change(3)], [change(0), change(1), other(2), change(3)]] {
        store.write(vec![rows(replaced.clone()), write.clone()]);
        assert_eq!(store.reader(history.space()).text(&text(1)), Ok(replaced.to_vec()));
    }
    store.write(vec![Write::Forget { space: history.space() }, write]);
    assert_eq!(store.reader(history.space()).text(&text(1)), Ok(vec![]));
    assert_eq!(store.spaces(), Ok(vec![]));
}

pub(super) fn texts_come_in_order_and_within_bytes(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store);
    let texts = [changes(1, 0..20), changes(2, 0..20), changes(200, 250..260)].concat();
    store.write(vec![with_texts(&history, texts.iter().rev().cloned().collect())]);
    let reader = store.reader(history.space());
    assert_eq!(reader.texts(None, EVERYTHING).unwrap(), texts);
    assert_eq!(reader.texts(None, 0).unwrap(), texts[..1]);
    let mut paged: Vec<(TextKey, TextRow)> = Vec::new();
    loop {
        let after = paged.last().map(|(key, row)| (key.clone(), row.index));
        let page = reader.texts(after.as_ref(), 50).unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.iter().map(|(_, row)| row.bytes.len()).sum::<usize>() <= 50);
        paged.extend(page);
    }
    assert_eq!(paged, texts);
}
