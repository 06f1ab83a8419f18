//! The writer thread: groups, order, bounds, the end.

use std::sync::mpsc;

use recordplayer::commit::Head;
use recordplayer::storage::memory::{Failure, MemoryStore};
use recordplayer::storage::{Readers, SpaceReader, Store, Write, Written};
use recordplayer::testing::conformance::History;
use recordplayer_store::{Reason, RedbStore, Writer, limits};

/// A store that counts its groups, and waits before each until it is told to go on.
#[derive(Debug)]
struct Held {
    inner: MemoryStore,
    groups: mpsc::Sender<usize>,
    go_on: mpsc::Receiver<()>,
}

impl Store for Held {
    fn write(&mut self, batch: Vec<Write>) -> Vec<Written> {
        self.groups.send(batch.len()).unwrap();
        self.go_on.recv().unwrap();
        self.inner.write(batch)
    }

    fn reader(&self, space: recordplayer::id::SpaceId) -> std::sync::Arc<dyn SpaceReader> {
        Store::reader(&self.inner, space)
    }

    fn spaces(&self) -> Result<Vec<recordplayer::id::SpaceId>, recordplayer::storage::ReadError> {
        Store::spaces(&self.inner)
    }

    fn readers(&self) -> std::sync::Arc<dyn Readers> {
        self.inner.readers()
    }
}

fn held() -> (Writer, mpsc::Receiver<usize>, mpsc::Sender<()>) {
    let (groups, group_sizes) = mpsc::channel();
    let (go, go_on) = mpsc::channel();
    (Writer::start(Box::new(Held { inner: MemoryStore::new(), groups, go_on })), group_sizes, go)
}

fn append_one(history: &mut History) -> Write {
    let before = history.head();
    let commit = history.commit(&[1]);
    history.append(before, vec![commit])
}

#[test]
fn what_waits_is_written_as_one_group_and_answered_in_order() {
    let (writer, group_sizes, go) = held();
    let handle = writer.handle();
    let (answer, answers) = mpsc::channel();
    let mut history = History::new(1);
    let submit = |history: &mut History| {
        let write = append_one(history);
        let (head, answer) = (history.head(), answer.clone());
        handle.submit(vec![write], move |written| answer.send((head, written)).unwrap()).unwrap();
    };
    submit(&mut history);
    assert_eq!(group_sizes.recv(), Ok(1), "the first is being written");
    for _ in 0..50 {
        submit(&mut history);
    }
    go.send(()).unwrap();
    assert_eq!(group_sizes.recv(), Ok(50), "all others make one group");
    go.send(()).unwrap();
    let answers: Vec<(Head, Vec<Written>)> = answers.iter().take(51).collect();
    assert!(answers.is_sorted_by_key(|(head, _)| head.position));
    assert!(answers.iter().all(|(head, written)| *written == [Written::Durable(*head)]), "each follows the one before");
    assert_eq!(handle.reader(history.space()).head(), Ok(history.head()));
}

#[test]
fn a_full_queue_gives_the_writes_back() {
    let (writer, group_sizes, go) = held();
    let handle = writer.handle();
    let mut history = History::new(1);
    handle.submit(vec![append_one(&mut history)], |_| {}).unwrap();
    group_sizes.recv().unwrap();
    let before = history.head();
    let big = history.commit_of_bytes(&[1], 200_000);
    let write = history.append(before, vec![big]);
    let mut taken = 0;
    let refused = loop {
        match handle.submit(vec![write.clone()], |_| {}) {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused.reason, Reason::Busy { submits, .. } if submits == taken));
    assert_eq!(refused.batch.len(), 1);
    assert!((taken - 1) * 200_000 < limits::WRITER_QUEUE_BYTES_MAX);
    go.send(()).unwrap();
    group_sizes.recv().unwrap();
    handle.submit(vec![write], |_| {}).unwrap();
    go.send(()).unwrap();
    go.send(()).unwrap();
}

#[test]
fn stopping_writes_what_waits_and_takes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let writer = Writer::start(Box::new(RedbStore::open(&path).unwrap()));
    let handle = writer.handle();
    let (answer, answers) = mpsc::channel();
    let mut history = History::new(1);
    for _ in 0..100 {
        let answer = answer.clone();
        handle.submit(vec![append_one(&mut history)], move |written| answer.send(written).unwrap()).unwrap();
    }
    writer.stop();
    drop(answer);
    assert_eq!(answers.iter().filter(|written| matches!(written[..], [Written::Durable(_)])).count(), 100);
    let refused = handle.submit(vec![append_one(&mut history.clone())], |_| {}).unwrap_err();
    assert_eq!(refused.reason, Reason::Stopped);
    assert_eq!(Store::reader(&RedbStore::open(&path).unwrap(), history.space()).head(), Ok(history.head()));
}

#[test]
fn a_group_whose_fate_is_unknown_is_unknown_to_each_submitter() {
    let store = MemoryStore::new();
    store.fail_next(Failure::UnknownLost);
    let writer = Writer::start(Box::new(store));
    let (answer, answers) = mpsc::channel();
    let mut history = History::new(1);
    writer.handle().submit(vec![append_one(&mut history)], move |written| answer.send(written).unwrap()).unwrap();
    assert!(matches!(answers.recv().unwrap()[..], [Written::Unknown(_)]));
}

#[test]
fn a_callback_that_panics_leaves_the_others_alone() {
    let writer = Writer::start(Box::new(MemoryStore::new()));
    let (answer, answers) = mpsc::channel();
    let mut history = History::new(1);
    writer
        .handle()
        .submit(vec![append_one(&mut history)], |_| panic!("a callback panics, as this test wants"))
        .unwrap();
    writer.handle().submit(vec![append_one(&mut history)], move |written| answer.send(written).unwrap()).unwrap();
    assert_eq!(answers.recv().unwrap(), [Written::Durable(history.head())]);
}
