//! Hydration: an entity or a view from its saved row, or by playing its stream again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{EntitySlot, ViewSlot};
use crate::codec::decode;
use crate::commit::Head;
use crate::domain::{Domain, ViewType};
use crate::hash::Hash;
use crate::name::Name;
use crate::record::{Position, RecordKind, StreamId};
use crate::storage::{ReadError, Row, RowKey, SpaceReader, TextKey};
use crate::view::{View, ViewKey};

/// Where states come from that are not in memory.
///
/// Everything that changed after `at` is in memory already, because it was played there; so what is saved is taken as it was at `at`.
#[derive(Clone, Debug)]
pub(crate) struct Hydrator {
    source: Option<(Arc<dyn SpaceReader>, Head)>,
    /// Whether saved rows are of no use, for the moment lies before them: entities are played from their streams.
    is_past: bool,
    /// Saved entities whose streams hold events that this version does not know, each with the first of them. Their rows hold what is known
    /// of them, for the records before may not be here to be played again.
    newer: BTreeMap<StreamId, Position>,
    /// The views whose rows are not what the log comes to by this version of them.
    rows: BTreeMap<Name, ViewRows>,
}

/// What the saved rows of a view are, where they are not what the log comes to by this version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewRows {
    /// Another version saved them, or they were played on since: they show until the view is made anew.
    Older,
    /// The view was made anew: until that is saved, all of it is in memory.
    Replaced,
}

impl Hydrator {
    /// Nothing is saved: every state begins unborn.
    pub fn from_nothing() -> Self {
        Self { source: None, is_past: false, newer: BTreeMap::new(), rows: BTreeMap::new() }
    }

    /// Rows and streams of this reader, up to its checkpoint `at`.
    pub fn from_checkpoint(reader: Arc<dyn SpaceReader>, at: Head, newer: BTreeMap<StreamId, Position>) -> Self {
        Self { source: Some((reader, at)), is_past: false, newer, rows: BTreeMap::new() }
    }

    /// Entities as they were at a moment of the log, each played from its stream when it is asked for. Views are not: they begin empty.
    pub fn from_log(reader: Arc<dyn SpaceReader>, at: Head) -> Self {
        Self { source: Some((reader, at)), is_past: true, newer: BTreeMap::new(), rows: BTreeMap::new() }
    }

    /// A newer checkpoint holds everything in memory.
    pub fn move_to(&mut self, reader: Arc<dyn SpaceReader>, at: Head) {
        self.source = Some((reader, at));
        self.is_past = false;
    }

    /// The rows of these views are another version's.
    pub fn show_older(&mut self, views: impl IntoIterator<Item = Name>) {
        self.rows.extend(views.into_iter().map(|name| (name, ViewRows::Older)));
    }

    /// Whether the views of this name show only until they are made anew.
    pub fn is_older(&self, view: &Name) -> bool {
        self.rows.get(view) == Some(&ViewRows::Older)
    }

    /// These views were made anew, and are in memory.
    pub fn replace_views(&mut self, views: impl IntoIterator<Item = Name>) {
        self.rows.extend(views.into_iter().map(|name| (name, ViewRows::Replaced)));
    }

    /// Of these views nothing is saved any more but what was made anew.
    pub fn views_saved(&mut self, views: &BTreeSet<Name>) {
        self.rows.retain(|name, rows| *rows != ViewRows::Replaced || !views.contains(name));
    }

    /// What is said of rows that are not what the log comes to.
    pub fn view_rows(&self) -> &BTreeMap<Name, ViewRows> {
        &self.rows
    }

    /// Up to where what is not in memory is as it is saved.
    pub fn source(&self) -> Option<Head> {
        self.source.as_ref().map(|(_, at)| *at)
    }

    /// The saved entities that hold newer events, and the first of each.
    pub fn newer(&self) -> &BTreeMap<StreamId, Position> {
        &self.newer
    }

    /// Entities are saved that hold newer events.
    pub fn add_newer(&mut self, newer: impl IntoIterator<Item = (StreamId, Position)>) {
        self.newer.extend(newer);
    }

    pub fn entity(&self, domain: &Domain, stream: &StreamId) -> Result<EntitySlot, ReadError> {
        let Some((reader, at)) = &self.source else { return Ok(EntitySlot::unborn(domain, stream)) };
        let Some(kind) = domain.entity_type(&stream.kind) else { return Ok(EntitySlot::unborn(domain, stream)) };
        if !self.is_past
            && let Some(row) = reader.row(&RowKey::Model(stream.clone()))?
            && row.version == kind.shape
            && row.head.position <= at.position
            && let Ok(state) = (kind.decode)(&row.bytes)
        {
            let in_sum = Some(model_hash(stream, &row.bytes));
            let first_unknown = self.newer.get(stream).copied();
            return Ok(EntitySlot { state, position: row.head.position, in_sum, first_unknown, shown: None });
        }
        rebuild(domain, stream, reader.as_ref(), at.position)
    }

    pub fn text_count(&self, key: &TextKey) -> Result<u64, ReadError> {
        let Some((reader, _)) = self.source.as_ref().filter(|_| !self.is_past) else { return Ok(0) };
        Ok(reader.text(key)?.last().map_or(0, |row| row.index + 1))
    }

    pub fn view(&self, domain: &Domain, key: &ViewKey) -> Result<ViewSlot, ReadError> {
        let Some((reader, at)) = self.source.as_ref().filter(|_| !self.is_past) else {
            return Ok(ViewSlot::empty(domain, key));
        };
        let Some(view) = domain.view_type(&key.name) else { return Ok(ViewSlot::empty(domain, key)) };
        let rows = self.rows.get(&key.name);
        if rows == Some(&ViewRows::Replaced) {
            return Ok(ViewSlot::empty(domain, key));
        }
        let Some(row) = reader.row(&RowKey::View(key.clone()))? else { return Ok(ViewSlot::empty(domain, key)) };
        let slot = view_slot(view, &row).filter(|slot| slot.position <= at.position);
        match (slot, rows) {
            (Some(slot), _) if row.version == view.version || rows.is_some() => Ok(slot),
            // What cannot be shown is not there until it is made anew.
            (_, Some(_)) => Ok(ViewSlot::empty(domain, key)),
            (_, None) => Err(ReadError::Damaged(format!("the saved view {key:?} cannot be read"))),
        }
    }
}

/// The view that a row holds, whichever version saved it.
fn view_slot(view: &ViewType, row: &Row) -> Option<ViewSlot> {
    let (members, state): (Vec<StreamId>, serde_bytes::ByteBuf) = decode(&row.bytes).ok()?;
    let state = if row.version == view.version {
        (view.decode)(&state).ok()?
    } else {
        (view.from_version)(row.version, &state)?
    };
    Some(ViewSlot { state, members: members.into_iter().collect(), position: row.head.position })
}

/// The view that a saved row holds, for who reads all rows of a checkpoint that [holds them](crate::holds_views); nothing where another version
/// saved it.
pub fn saved_view<V: View>(row: &Row) -> Option<V> {
    if row.version != V::VERSION {
        return None;
    }
    let (_, state): (Vec<StreamId>, serde_bytes::ByteBuf) = decode(&row.bytes).ok()?;
    decode(&state).ok()
}

/// What a model adds to the space's state hash.
pub(crate) fn model_hash(stream: &StreamId, model: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[stream.kind.len() as u8]);
    hasher.update(stream.kind.as_bytes());
    hasher.update(stream.id.bytes());
    hasher.update(model);
    Hash(*hasher.finalize().as_bytes())
}

/// Plays the whole stream up to `upto`: for a model that was never saved, or whose row does not fit any more.
fn rebuild(
    domain: &Domain,
    stream: &StreamId,
    reader: &dyn SpaceReader,
    upto: Position,
) -> Result<EntitySlot, ReadError> {
    let mut slot = EntitySlot::unborn(domain, stream);
    let Some(kind) = domain.entity_type(&stream.kind) else { return Ok(slot) };
    for first in reader.stream(stream, Position::START, upto)? {
        let missing = || ReadError::Damaged(format!("record {first} of {stream} is in the index but not in the log"));
        let stored = reader.commit_with(first)?.ok_or_else(missing)?;
        let commit = stored.open()?;
        for record in commit.records.iter().filter(|r| r.kind == RecordKind::Event && r.stream == *stream) {
            slot.play(kind, record);
        }
    }
    if slot.position > Position::START {
        let model = (kind.encode)(&slot.state).map_err(|error| ReadError::Damaged(error.to_string()))?;
        slot.in_sum = Some(model_hash(stream, &model));
    }
    Ok(slot)
}
