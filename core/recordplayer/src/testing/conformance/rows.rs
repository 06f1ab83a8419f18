//! Checks of checkpoints and their rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reopen;
use super::history::History;
use crate::commit::Head;
use crate::hash::Hash;
use crate::id::{Id, ReplicaId};
use crate::name::Name;
use crate::record::Position;
use crate::storage::{Checkpoint, CheckpointWrite, Row, RowKey, Store, Write, Written};
use crate::view::{Key, ViewKey};

const EVERYTHING: usize = usize::MAX;

pub(super) fn model(entity: u8) -> RowKey {
    RowKey::Model(History::stream(entity))
}

pub(super) fn view(key: &str) -> RowKey {
    view_of(Name::of("board"), key)
}

fn view_of(name: Name, key: &str) -> RowKey {
    RowKey::View(ViewKey { name, key: Key::text(key) })
}

pub(super) fn row(head: Head, content: &[u8]) -> Row {
    Row { head, version: 3, bytes: content.into() }
}

/// A checkpoint at the end of the history, with these rows.
pub(super) fn checkpoint(history: &History, rows: Vec<(RowKey, Option<Row>)>) -> CheckpointWrite {
    let meta: Arc<[u8]> = format!("meta at {}", history.head().position).into_bytes().into();
    let checkpoint = Checkpoint { epoch: history.epoch(), head: history.head(), meta };
    CheckpointWrite {
        space: history.space(),
        checkpoint,
        dropped_views: BTreeSet::new(),
        rows,
        texts: Vec::new(),
        replaces_all: false,
    }
}

fn begun(store: &mut dyn Store, space: u8) -> History {
    let mut history = History::new(space);
    let commits = history.commits(3);
    store.write(vec![history.append(Head::START, commits)]);
    history
}

pub(super) fn a_checkpoint_puts_and_drops_rows(open: Reopen<'_>) {
    let mut store = open();
    let mut history = begun(&mut *store, 1);
    let head = history.head();
    let first = checkpoint(
        &history,
        vec![
            (model(1), Some(row(head, b"one"))),
            (model(2), Some(row(head, b"two"))),
            (view(""), Some(row(head, b""))),
        ],
    );
    assert_eq!(store.write(vec![Write::Checkpoint(first.clone())]), [Written::Durable(head)]);
    let commits = history.commits(1);
    let second = checkpoint(
        &history,
        vec![(model(1), Some(row(history.head(), b"one again"))), (model(2), None), (model(9), None)],
    );
    let append = history.append(head, commits);
    store.write(vec![append, Write::Checkpoint(second.clone())]);
    drop(store);

    let store = open();
    let reader = store.reader(history.space());
    assert_eq!(reader.checkpoint(), Ok(Some(second.checkpoint)));
    assert_eq!(reader.row(&model(1)), Ok(Some(row(history.head(), b"one again"))));
    assert_eq!(reader.row(&model(2)), Ok(None));
    assert_eq!(reader.row(&view("")), Ok(Some(row(head, b""))), "an untouched row stays as it is");
    assert_eq!(reader.row(&view("other")), Ok(None));
}

/// What a version of a view has saved gives way as a whole, and what the write itself holds of it stays.
pub(super) fn a_checkpoint_drops_views_by_their_names(open: Reopen<'_>) {
    let mut store = open();
    let mut history = begun(&mut *store, 1);
    let head = history.head();
    let others = ["boar", "boards", "boarf"].map(|name| view_of(Name::of(name), "a"));
    let mut rows: Vec<_> = others.iter().map(|key| (key.clone(), Some(row(head, b"of another name")))).collect();
    rows.extend(["", "a", "b"].map(|key| (view(key), Some(row(head, b"old")))));
    rows.push((model(1), Some(row(head, b"one"))));
    store.write(vec![Write::Checkpoint(checkpoint(&history, rows))]);
    let commits = history.commits(1);
    let rows = vec![(view("b"), Some(row(history.head(), b"new"))), (view("c"), None)];
    let dropped_views = BTreeSet::from([Name::of("board"), Name::of("never_saved")]);
    let write = CheckpointWrite { dropped_views, ..checkpoint(&history, rows) };
    let append = history.append(head, commits);
    store.write(vec![append, Write::Checkpoint(write)]);
    drop(store);
    let store = open();
    let found: Vec<_> = store.reader(history.space()).rows(None, EVERYTHING).unwrap();
    let mut expected = vec![(model(1), row(head, b"one")), (view("b"), row(history.head(), b"new"))];
    expected.extend(others.map(|key| (key, row(head, b"of another name"))));
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(found, expected);
}

pub(super) fn a_checkpoint_keeps_position_hash_and_version(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store, 1);
    let older = Head { position: Position(2), hash: Hash::of(b"older") };
    let saved = Row { head: older, version: u32::MAX, bytes: vec![0xa5; 100_000].into() };
    let write = checkpoint(&history, vec![(model(1), Some(saved.clone()))]);
    store.write(vec![Write::Checkpoint(write.clone())]);
    drop(store);
    let store = open();
    let reader = store.reader(history.space());
    assert_eq!(reader.row(&model(1)), Ok(Some(saved)));
    assert_eq!(reader.checkpoint(), Ok(Some(write.checkpoint)));
}

pub(super) fn a_checkpoint_must_stand_at_the_end_of_a_held_commit(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store, 1);
    let head = history.head();
    let wrong_heads = [
        Head { hash: Hash::of(b"another history"), ..head },
        Head { position: Position(head.position.0 - 1), ..head },
        Head { position: head.position.plus(1), ..head },
    ];
    for wrong in wrong_heads {
        let mut write = checkpoint(&history, vec![(model(1), Some(row(head, b"one")))]);
        write.checkpoint.head = wrong;
        assert_eq!(store.write(vec![Write::Checkpoint(write)]), [Written::Fenced(head)]);
    }
    let reader = store.reader(history.space());
    assert_eq!((reader.checkpoint(), reader.row(&model(1))), (Ok(None), Ok(None)));
}

pub(super) fn rows_come_in_order_and_within_bytes(open: Reopen<'_>) {
    let mut store = open();
    let history = begun(&mut *store, 1);
    let head = history.head();
    let mut rows: Vec<(RowKey, Row)> = (0..60).map(|at| (model(at * 4), row(head, &[at; 100]))).collect();
    rows.extend(["", "a", "aa", "b", "ä"].map(|key| (view(key), row(head, key.as_bytes()))));
    rows.extend([0, 7, 255].map(|at| (RowKey::Replica(ReplicaId(Id([at; 16]))), row(head, &[at]))));
    rows.extend([0, 4, 255].map(|at| (RowKey::Newer(History::stream(at)), row(head, &[at]))));
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let shuffled = rows.iter().rev().map(|(key, row)| (key.clone(), Some(row.clone()))).collect();
    store.write(vec![Write::Checkpoint(checkpoint(&history, shuffled))]);
    let reader = store.reader(history.space());
    assert_eq!(reader.rows(None, EVERYTHING).unwrap(), rows);
    assert_eq!(reader.rows(None, 0).unwrap(), rows[..1]);
    let bytes = |rows: &[(RowKey, Row)]| rows.iter().map(|(key, row)| row.page_bytes(key)).sum::<usize>();
    for count in [1, 2, 3, 7, 20, rows.len()] {
        let page = &rows[..count];
        assert_eq!(reader.rows(None, bytes(page)).unwrap(), page, "what a row is of counts as well");
        assert_eq!(reader.rows(None, bytes(page) - 1).unwrap(), rows[..(count - 1).max(1)]);
    }
    let behind = rows.iter().position(|(key, _)| *key == model(4)).unwrap();
    assert_eq!(reader.rows(Some(&model(1)), 100).unwrap(), rows[behind..=behind], "behind a key that has no row");
    let last = &rows.last().unwrap().0;
    assert_eq!(reader.rows(Some(last), EVERYTHING).unwrap(), []);
    let mut paged: Vec<(RowKey, Row)> = Vec::new();
    loop {
        let page = reader.rows(paged.last().map(|(key, _)| key), 333).unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, rows);
}

pub(super) fn spaces_do_not_see_each_others_rows(open: Reopen<'_>) {
    let mut store = open();
    let histories = [1, 2, 3].map(|space| begun(&mut *store, space));
    for history in &histories {
        let content = [history.space().bytes()[0]];
        let write = checkpoint(history, vec![(model(1), Some(row(history.head(), &content)))]);
        store.write(vec![Write::Checkpoint(write)]);
    }
    store.write(vec![Write::Forget { space: histories[1].space() }]);
    drop(store);
    let store = open();
    for (history, exists) in histories.iter().zip([true, false, true]) {
        let reader = store.reader(history.space());
        let expected = exists.then(|| row(history.head(), &[history.space().bytes()[0]]));
        assert_eq!(reader.row(&model(1)), Ok(expected.clone()));
        let rows: Vec<_> = expected.into_iter().map(|row| (model(1), row)).collect();
        assert_eq!(reader.rows(None, EVERYTHING), Ok(rows));
        assert_eq!(reader.checkpoint().unwrap().is_some(), exists);
    }
}
