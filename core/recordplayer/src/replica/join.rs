//! Joining a space by its state, and fetching its history afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Link, Replica, ReplicaOutput, Saving};
use crate::commit::{Commit, Head};
use crate::hash::StateHash;
use crate::models::model_hash;
use crate::protocol::{ClientFrame, SnapshotRow};
use crate::record::Position;
use crate::state::{Meta, OpenError, SpaceState, is_readable};
use crate::storage::{Checkpoint, CheckpointWrite, Gap, ReadError, Row, RowKey, TextKey, TextRow, Write};

/// About what a row takes in memory beside its bytes.
const ROW_BYTES: usize = 200;

/// A snapshot on its way in. It stays when the line is cut, and goes on behind its cursor.
#[derive(Debug)]
pub(super) struct Snapshot {
    checkpoint: Checkpoint,
    state: StateHash,
    sum: StateHash,
    rows: Vec<(RowKey, Option<Row>)>,
    texts: Vec<(TextKey, TextRow)>,
    /// The row that came last, which may go on: its version and its bytes so far.
    last: Option<(RowKey, u32, Vec<u8>)>,
    /// Of the rows.
    bytes: usize,
    /// Whether there is a row of the core's own that this version cannot read.
    is_foreign: bool,
    cursor: Option<Vec<u8>>,
    /// How many chunks have come, and how many had at the last ping.
    chunks: u64,
    chunks_at_last_ping: Option<u64>,
}

impl Replica {
    pub(super) fn snapshot_offered(&mut self, epoch: u32, at: Head, state: StateHash, meta: Arc<[u8]>) {
        if self.is_saving_snapshot() {
            return;
        }
        // It was asked for before records came. The authority keeps what it offers until it hears of another place to go on from.
        if self.state.head != Head::START {
            return self.subscribe();
        }
        self.link = Link::Joining;
        if Meta::fitting(&self.domain, &meta).is_none() {
            // The authority runs another version, whose rows cannot be read here; its records can.
            return self.join_by_history(at);
        }
        let checkpoint = Checkpoint { epoch, head: at, meta };
        // Views may have been saved anew at the same place meanwhile.
        let goes_on = self.snapshot.as_ref().is_some_and(|snapshot| snapshot.checkpoint == checkpoint);
        if !goes_on {
            self.snapshot = Some(Snapshot::begin(checkpoint, state));
        }
        self.fetch_chunk();
    }

    fn join_by_history(&mut self, at: Head) {
        self.snapshot = None;
        let frame = ClientFrame::FetchCommits { space: self.space(), after: Head::START.position, upto: at.position };
        self.outputs.push_back(ReplicaOutput::Send(frame));
    }

    fn fetch_chunk(&mut self) {
        let Some(snapshot) = &self.snapshot else { return };
        let frame = ClientFrame::FetchSnapshot {
            space: self.space(),
            at: snapshot.checkpoint.head,
            cursor: snapshot.cursor.clone(),
        };
        self.outputs.push_back(ReplicaOutput::Send(frame));
    }

    pub(super) fn snapshot_chunk(
        &mut self,
        at: Head,
        rows: Vec<SnapshotRow>,
        cursor: Option<Vec<u8>>,
        from: Option<Vec<u8>>,
    ) {
        // What is here already was asked for twice, or came twice.
        let is_next = |snapshot: &&mut Snapshot| snapshot.checkpoint.head == at && snapshot.cursor == from;
        let Some(snapshot) = self.snapshot.as_mut().filter(is_next) else { return };
        snapshot.chunks += 1;
        for row in rows {
            snapshot.add(row);
        }
        if cursor.is_none() {
            snapshot.end_row();
        }
        if snapshot.bytes > self.domain.thresholds().snapshot_bytes_max || snapshot.is_foreign {
            return self.join_by_history(at);
        }
        if cursor.is_some() {
            snapshot.cursor = cursor;
            return self.fetch_chunk();
        }
        let snapshot = self.snapshot.take().expect("just seen");
        if snapshot.sum != snapshot.state {
            // Damaged on the way: begin again from the start.
            return self.subscribe();
        }
        let write = CheckpointWrite {
            space: self.space(),
            checkpoint: snapshot.checkpoint,
            dropped_views: BTreeSet::new(),
            rows: snapshot.rows,
            texts: snapshot.texts,
            replaces_all: true,
        };
        self.save(vec![Write::Checkpoint(write)], Vec::new(), Saving { is_snapshot: true, ..Saving::default() });
    }

    /// Whether a snapshot is on its way to the disk: what the authority says until it is there was said to who had nothing.
    pub(super) fn is_saving_snapshot(&self) -> bool {
        self.saves.values().any(|saving| saving.is_snapshot)
    }

    /// Every ping: what is on its way comes, however long it takes; only where nothing has come since the last one, it is asked for again. False
    /// where nothing is on its way.
    pub(super) fn is_joining(&mut self) -> bool {
        if self.is_saving_snapshot() {
            return true;
        }
        let Some(snapshot) = self.snapshot.as_mut().filter(|_| self.link == Link::Joining) else { return false };
        let is_silent = snapshot.chunks_at_last_ping == Some(snapshot.chunks);
        snapshot.chunks_at_last_ping = Some(snapshot.chunks);
        !is_silent
    }

    /// The snapshot is on disk: go on behind it.
    pub(super) fn snapshot_saved(&mut self) {
        match SpaceState::open(Arc::clone(&self.domain), self.space(), &self.reader) {
            Ok(state) => {
                self.stand_on(state, &[]);
                if matches!(self.link, Link::Joining | Link::Online) {
                    self.subscribe();
                }
            }
            Err(error) => self.outputs.push_back(ReplicaOutput::Damaged(ReadError::Damaged(error.to_string()))),
        }
    }

    /// The log on the disk has lost payloads: everything is played anew from it, and what is on its way there on top. Where the log is not
    /// whole, it cannot be.
    pub(super) fn play_anew(&mut self) {
        match SpaceState::open(Arc::clone(&self.domain), self.space(), &self.reader) {
            Ok(state) => {
                let on_their_way: Vec<_> = self.on_their_way(Position::START).cloned().collect();
                self.stand_on(state, &on_their_way);
            }
            Err(OpenError::Incomplete(_)) => self.outputs.push_back(ReplicaOutput::Redacted),
            Err(OpenError::Read(error)) => self.outputs.push_back(ReplicaOutput::Damaged(error)),
        }
    }

    /// Puts another confirmed state in the place of the one that was, with what is on its way to the disk and what waits on top.
    fn stand_on(&mut self, state: SpaceState, on_their_way: &[Arc<Commit>]) {
        self.state = state;
        self.redacted = self.state.redacted;
        for commit in on_their_way {
            self.state.play(commit).expect("what is on its way to the disk follows what is there");
        }
        self.lifted = None;
        self.state.layers.push();
        self.settle_what_came_unmerged();
        self.rebase_all();
        self.outputs.push_back(ReplicaOutput::AllChanged);
    }

    /// A snapshot holds verdicts whose commits come later, as history, and are not merged. True where the outbox has changed, and is to be
    /// rebased.
    pub(super) fn settle_what_came_unmerged(&mut self) -> bool {
        let settled = self.settle_decided();
        match settled.and_then(|writes| Ok([writes, self.take_out_of_kept_texts()?].concat())) {
            Ok(writes) => {
                let has_changed = !writes.is_empty();
                if has_changed {
                    self.save(Vec::new(), writes, Saving::default());
                }
                has_changed
            }
            Err(error) => {
                self.outputs.push_back(ReplicaOutput::Damaged(error));
                false
            }
        }
    }

    /// Whether what lies before is on its way to the disk: until it is there, nobody knows where it goes on.
    fn is_saving_history(&self) -> bool {
        self.saves.values().any(|saving| saving.is_backfill || saving.is_snapshot)
    }

    /// Asks for the next stretch of the history before the snapshot, if there is any.
    pub(super) fn backfill_next(&mut self) {
        if self.link != Link::Online || self.is_saving_history() {
            return;
        }
        let Ok(Some(Gap { lower, base })) = self.reader.gap() else { return };
        if self.history_asked != Some(lower.position) {
            self.history_asked = Some(lower.position);
            let (after, upto) = (lower.position, base.position);
            self.outputs.push_back(ReplicaOutput::Send(ClientFrame::FetchCommits { space: self.space(), after, upto }));
        }
    }

    /// A space that is joined by its history is followed like any other as soon as its first records are here.
    pub(super) fn follow_on(&mut self, is_history: bool) {
        if is_history && self.link == Link::Joining && self.state.head != Head::START {
            self.subscribe();
        }
    }

    /// Older records: each must follow the one before, from record 1. An authority in another epoch was perhaps restored, and its log leads
    /// elsewhere; of that this device is told, or catches up with it, before it asks again. And until it has caught up, it cannot know by what payloads
    /// are gone.
    pub(super) fn backfill(&mut self, epoch: u32, after: Head, commits: &[Arc<[u8]>]) {
        if epoch != self.state.epoch || !self.is_current {
            self.history_asked = None;
            return;
        }
        // A space that is joined by its history has no gap, and that history comes as news.
        let Ok(Some(gap)) = self.reader.gap() else { return };
        // What was asked for twice may come while its first answer is being saved.
        if after != gap.lower || self.is_saving_history() {
            return;
        }
        let mut at = after;
        let mut older = Vec::new();
        for bytes in commits {
            match Commit::open(Arc::clone(bytes), &at.hash) {
                Ok(commit) if commit.before() == at.position && commit.header.space == self.space() => {
                    at = commit.head();
                    older.push(Arc::new(commit));
                }
                Ok(_) | Err(_) => return,
            }
        }
        let write = Write::Backfill { space: self.space(), commits: older };
        self.save(vec![write], Vec::new(), Saving { is_backfill: true, ..Saving::default() });
    }
}

impl Snapshot {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn begin(checkpoint: Checkpoint, state: StateHash) -> Self {
        Self {
            checkpoint,
            state,
            sum: StateHash::default(),
            rows: Vec::new(),
            texts: Vec::new(),
            last: None,
            bytes: 0,
            is_foreign: false,
            cursor: None,
            chunks: 0,
            chunks_at_last_ping: None,
        }
    }

    fn add(&mut self, row: SnapshotRow) {
        match row {
            SnapshotRow::Replica { replica, version, bytes } => {
                self.begin_row(RowKey::Replica(replica), version, &bytes);
            }
            SnapshotRow::Newer { stream, version, bytes } => self.begin_row(RowKey::Newer(stream), version, &bytes),
            SnapshotRow::Model { stream, version, bytes } => self.begin_row(RowKey::Model(stream), version, &bytes),
            SnapshotRow::View { view, version, bytes } => self.begin_row(RowKey::View(view), version, &bytes),
            SnapshotRow::More { bytes } => {
                self.bytes += bytes.len();
                if let Some((.., begun)) = &mut self.last {
                    begun.extend(&*bytes);
                }
            }
            SnapshotRow::Text { stream, field, index, is_base, bytes } => {
                self.end_row();
                self.bytes += bytes.len() + ROW_BYTES;
                self.texts.push((TextKey { stream, field }, TextRow { index, is_base, bytes }));
            }
        }
    }

    fn begin_row(&mut self, key: RowKey, version: u32, bytes: &[u8]) {
        self.end_row();
        self.bytes += bytes.len() + ROW_BYTES;
        self.last = Some((key, version, bytes.to_vec()));
    }

    /// The last row is whole.
    fn end_row(&mut self) {
        let Some((key, version, bytes)) = self.last.take() else { return };
        let row = Row { head: self.checkpoint.head, version, bytes: bytes.into() };
        if let RowKey::Model(stream) = &key {
            self.sum.add(&model_hash(stream, &row.bytes));
        }
        self.is_foreign |= !is_readable(&key, &row);
        self.rows.push((key, Some(row)));
    }
}
