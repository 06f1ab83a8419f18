//! Checks of texts: bases, changes, compaction.

use super::Reopen;
use super::history::History;
use super::rows::checkpoint;
use crate::commit::Head;
use crate::name::Name;
use crate::storage::{CheckpointWrite, Store, TextKey, TextRow, Write};

const EVERYTHING: usize = usize::MAX;

fn text(entity: u8) -> TextKey {
    TextKey { stream: History::stream(entity), field: Name::of("description") }
}

fn change(index: u64) -> TextRow {
    TextRow { index, is_base: false, bytes: format!("change {index}").into_bytes().into() }
}

fn base(index: u64) -> TextRow {
    // Long and repetitive, so that a store that compresses has something to do.
    TextRow { index, is_base: true, bytes: format!("base {index} ").repeat(500).into_bytes().into() }
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

fn compact(history: &History, index: u64) -> Write {
    Write::CompactText { space: history.space(), key: text(1), base: base(index) }
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
    store.write(vec![compact(&history, 3)]);
    let reader = store.reader(history.space());
    assert_eq!(reader.text(&text(1)), Ok(vec![base(3), change(4), change(5)]));
    store.write(vec![with_texts(&history, changes(1, 6..7)), compact(&history, 6)]);
    drop(store);
    let store = open();
    let reader = store.reader(history.space());
    assert_eq!(reader.text(&text(1)), Ok(vec![base(6)]));
    assert_eq!(reader.text(&text(2)), Ok(vec![change(0), change(1), change(2)]));
}

pub(super) fn a_late_base_or_change_does_not_undo_a_newer_base(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store);
    store.write(vec![with_texts(&history, changes(1, 0..6)), compact(&history, 4)]);
    // A compaction that began earlier ends later; a checkpoint brings changes that the base holds.
    store.write(vec![compact(&history, 2), with_texts(&history, changes(1, 3..7))]);
    let reader = store.reader(history.space());
    assert_eq!(reader.text(&text(1)), Ok(vec![base(4), change(5), change(6)]));
    store.write(vec![compact(&history, 9)]);
    assert_eq!(reader.text(&text(1)).unwrap()[0], base(4), "a base of changes that are not here is not taken");
    store.write(vec![Write::Forget { space: history.space() }, compact(&history, 4)]);
    assert_eq!(reader.text(&text(1)), Ok(vec![]));
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
