//! The core's own rows in a checkpoint: what a state has in memory from its opening on, each piece of it in a row of its own. So a checkpoint
//! writes what has changed, and a new device is sent it piece by piece, like models and views.

use std::collections::{BTreeMap, BTreeSet};

use super::SpaceState;
use super::replicas::{ReplicaEntry, ReplicaTable};
use crate::codec::{decode, encode};
use crate::id::ReplicaId;
use crate::record::{Position, StreamId};
use crate::storage::{ReadError, Row, RowKey, SpaceReader};

/// How these rows are encoded. Others are not read: the state is built from the log.
const VERSION: u32 = 1;

/// What is read at a time; the last page reaches into the models.
const PAGE_BYTES: usize = 64 * 1024;

/// What all rows of this kind say together.
#[derive(Default)]
pub(super) struct Known {
    pub replicas: ReplicaTable,
    /// The entities that hold events which the version that saved them did not know, each with the first of them.
    pub newer: BTreeMap<StreamId, Position>,
}

impl Known {
    /// Reads the rows that come before the models; nothing, where this version cannot read them.
    pub fn read(reader: &dyn SpaceReader) -> Result<Option<Self>, ReadError> {
        let mut known = Self::default();
        let mut are_read = true;
        each_own(reader, |key, row| match key {
            RowKey::Replica(replica) => match replica_in(&row) {
                Some(entry) => known.replicas.insert(replica, entry),
                None => are_read = false,
            },
            RowKey::Newer(stream) => match newer_in(&row) {
                Some(first) => drop(known.newer.insert(stream, first)),
                None => are_read = false,
            },
            RowKey::Model(_) | RowKey::View(_) => {}
        })?;
        Ok(are_read.then_some(known))
    }
}

/// The keys of all rows of this kind. Without a checkpoint they are of no use, and go with the next one.
pub(super) fn own_keys(reader: &dyn SpaceReader) -> Result<BTreeSet<RowKey>, ReadError> {
    let mut keys = BTreeSet::new();
    if reader.checkpoint()?.is_some() {
        each_own(reader, |key, _| keys.extend([key]))?;
    }
    Ok(keys)
}

/// Goes through the rows that come before the models.
fn each_own(reader: &dyn SpaceReader, mut take: impl FnMut(RowKey, Row)) -> Result<(), ReadError> {
    let mut last: Option<RowKey> = None;
    loop {
        let page = reader.rows(last.as_ref(), PAGE_BYTES)?;
        last = page.last().map(|(key, _)| key.clone());
        for (key, row) in page {
            if matches!(key, RowKey::Model(_) | RowKey::View(_)) {
                return Ok(());
            }
            take(key, row);
        }
        if last.is_none() {
            return Ok(());
        }
    }
}

impl SpaceState {
    /// All entities of the space: the saved ones, and those in memory.
    pub fn streams(&self, reader: &dyn SpaceReader) -> Result<BTreeSet<StreamId>, ReadError> {
        let mut streams = self.layers.base_streams();
        if self.layers.hydrator().source().is_none() {
            return Ok(streams);
        }
        let mut last: Option<RowKey> = None;
        loop {
            let page = reader.rows(last.as_ref(), PAGE_BYTES)?;
            last = page.last().map(|(key, _)| key.clone());
            for (key, _) in page {
                match key {
                    RowKey::Model(stream) => drop(streams.insert(stream)),
                    RowKey::Replica(_) | RowKey::Newer(_) => {}
                    RowKey::View(_) => return Ok(streams),
                }
            }
            if last.is_none() {
                return Ok(streams);
            }
        }
    }

    pub(super) fn replica_row(&self, replica: ReplicaId) -> Row {
        let entry = self.replicas.get(replica).expect("whoever was decided for is in the table");
        self.row(VERSION, encode(entry).expect("what was decided can be encoded"))
    }

    pub(super) fn newer_row(&self, first: Position) -> Row {
        self.row(VERSION, encode(&first).expect("a position can be encoded"))
    }
}

/// Whether this version can read a row that somebody sends, where it is one of the core's own.
pub(crate) fn is_readable(key: &RowKey, row: &Row) -> bool {
    match key {
        RowKey::Replica(_) => replica_in(row).is_some(),
        RowKey::Newer(_) => newer_in(row).is_some(),
        RowKey::Model(_) | RowKey::View(_) => true,
    }
}

fn replica_in(row: &Row) -> Option<ReplicaEntry> {
    (row.version == VERSION).then(|| decode(&row.bytes).ok())?
}

fn newer_in(row: &Row) -> Option<Position> {
    (row.version == VERSION).then(|| decode(&row.bytes).ok())?
}
