//! A new device joins by the state, not by the history: chunks of a checkpoint, pulled one by one.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::{SessionId, Space};
use crate::commit::Head;
use crate::hash::{Hash, StateHash};
use crate::id::{ActorId, ReplicaId};
use crate::limits::JOINING_PATIENCE_MS;
use crate::name::Name;
use crate::protocol::{ServerFrame, SnapshotRow};
use crate::record::StreamId;
use crate::state::checkpoint_sum;
use crate::storage::{Checkpoint, ReadError, RowKey, SpaceReader, TextKey};
use crate::time::Timestamp;
use crate::view::ViewKey;

/// A device on its way in.
#[derive(Debug)]
pub(super) struct Joining {
    pub actor: ActorId,
    /// When it asked for something last.
    asked_at: Timestamp,
    /// The space as it was at the offered checkpoint; `None` while that is still to be written.
    pub source: Option<(Head, Arc<dyn SpaceReader>)>,
}

/// A checkpoint, and the space as it was at it.
struct Offered {
    checkpoint: Checkpoint,
    state: StateHash,
    reader: Arc<dyn SpaceReader>,
}

impl Joining {
    fn waits_until(&self) -> Option<Timestamp> {
        self.source.as_ref().map(|_| self.asked_at.plus_ms(JOINING_PATIENCE_MS))
    }
}

/// What a client is told as a cursor. It goes to it and back, so that a broken line is resumed without any memory here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Place {
    /// Of what the checkpoint says: views may be saved anew at the same position.
    #[n(0)]
    of: Hash,
    #[n(1)]
    cursor: Cursor,
}

/// Where the next chunk begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Cursor {
    /// The last row that is whole; none at the beginning.
    #[n(0)]
    after: Option<After>,
    /// How many bytes of the row behind that have been sent.
    #[n(1)]
    sent: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
enum After {
    #[n(0)]
    Replica {
        #[n(0)]
        replica: ReplicaId,
    },
    #[n(1)]
    Newer {
        #[n(0)]
        stream: StreamId,
    },
    #[n(2)]
    Model {
        #[n(0)]
        stream: StreamId,
    },
    #[n(3)]
    View {
        #[n(0)]
        view: ViewKey,
    },
    /// All rows that are no texts.
    #[n(4)]
    Rows {},
    #[n(5)]
    Text {
        #[n(0)]
        stream: StreamId,
        #[n(1)]
        field: Name,
        #[n(2)]
        index: u64,
    },
}

impl Space {
    /// Offers the state at a checkpoint that holds everything durable; it is written first where there is none.
    pub(super) fn offer_snapshot(&mut self, now: Timestamp, session: SessionId, actor: ActorId) {
        self.joining.insert(session, Joining { actor, asked_at: now, source: None });
        self.wants_checkpoint = true;
    }

    /// Who has not asked for the next chunk for so long goes on from the checkpoint that there is then: what is frozen for them keeps room in the
    /// file from being used again.
    pub(super) fn let_go_of_who_does_not_join(&mut self, now: Timestamp) {
        self.joining.retain(|_, joining| joining.waits_until().is_none_or(|until| now < until));
    }

    /// When the first of them has not asked for long enough.
    pub(super) fn joins_until(&self) -> Option<Timestamp> {
        self.joining.values().filter_map(Joining::waits_until).min()
    }

    /// A checkpoint is there: offer it to everybody who waits. While views are made anew they wait on: most of what they get shows views, and these
    /// they could make anew only behind all of the history.
    pub(super) fn checkpoint_ready(&mut self) {
        if !self.state.has_saved_views() {
            return;
        }
        let waiting: Vec<SessionId> =
            self.joining.iter().filter(|(_, joining)| joining.source.is_none()).map(|(session, _)| *session).collect();
        if waiting.is_empty() {
            return;
        }
        match self.offered() {
            // Something was redacted since, and took it away: the next one is offered.
            Ok(None) => self.wants_checkpoint = true,
            Ok(Some(Offered { checkpoint, state, reader })) => {
                for session in waiting {
                    let frame = ServerFrame::SnapshotOffer {
                        space: self.id(),
                        epoch: checkpoint.epoch,
                        at: checkpoint.head,
                        state,
                        meta: Arc::clone(&checkpoint.meta),
                    };
                    self.send(session, frame);
                    let joining = self.joining.get_mut(&session).expect("just listed");
                    joining.source = Some((checkpoint.head, Arc::clone(&reader)));
                }
            }
            Err(error) => self.fail(error),
        }
    }

    fn offered(&self) -> Result<Option<Offered>, ReadError> {
        let reader = self.reader.frozen()?;
        let Some(checkpoint) = reader.checkpoint()? else { return Ok(None) };
        let state = checkpoint_sum(&checkpoint)?;
        Ok(Some(Offered { checkpoint, state, reader }))
    }

    pub(super) fn fetch_snapshot(
        &mut self,
        now: Timestamp,
        session: SessionId,
        actor: ActorId,
        at: Head,
        from: Option<Vec<u8>>,
    ) {
        if self.members.role_of(actor).is_none() {
            return self.no_access(session, actor, false);
        }
        let place: Option<Place> = match from.as_deref().map(minicbor::decode).transpose() {
            Ok(place) => place,
            // Not a cursor of this server: begin again.
            Err(_) => return self.offer_snapshot(now, session, actor),
        };
        let source =
            self.joining.get(&session).and_then(|joining| joining.source.clone()).filter(|(head, _)| *head == at);
        let source = match source {
            Some((_, reader)) => {
                self.joining.get_mut(&session).expect("just found").asked_at = now;
                Ok(Some(reader))
            }
            // Who has nothing of it begins again, and is told what it says.
            None if place.is_none() => Ok(None),
            None => self.resumed(now, session, actor, at),
        };
        let bytes = self.thresholds().snapshot_chunk_bytes;
        let chunk =
            source.and_then(|reader| reader.map_or(Ok(None), |reader| placed_chunk(reader.as_ref(), bytes, place)));
        match chunk {
            Ok(Some((rows, next))) => {
                let cursor = next.map(|place| minicbor::to_vec(place).expect("a vector takes all bytes"));
                self.send(session, ServerFrame::SnapshotChunk { space: self.id(), at, rows, cursor, from });
            }
            // The checkpoint has moved on since: begin again with the newest.
            Ok(None) => self.offer_snapshot(now, session, actor),
            Err(error) => self.fail(error),
        }
    }

    /// A line that was cut goes on where it was, as long as the checkpoint is still the same.
    fn resumed(
        &mut self,
        now: Timestamp,
        session: SessionId,
        actor: ActorId,
        at: Head,
    ) -> Result<Option<Arc<dyn SpaceReader>>, ReadError> {
        let reader = self.reader.frozen()?;
        if reader.checkpoint()?.is_none_or(|checkpoint| checkpoint.head != at) {
            return Ok(None);
        }
        self.joining.insert(session, Joining { actor, asked_at: now, source: Some((at, Arc::clone(&reader))) });
        Ok(Some(reader))
    }
}

/// As a [`Chunk`], with the place that the client is told.
type PlacedChunk = (Vec<SnapshotRow>, Option<Place>);

/// The next chunk of a checkpoint; nothing where what the client holds is of another checkpoint.
fn placed_chunk(
    reader: &dyn SpaceReader,
    bytes_max: usize,
    place: Option<Place>,
) -> Result<Option<PlacedChunk>, ReadError> {
    let Some(checkpoint) = reader.checkpoint()? else { return Ok(None) };
    let of = Hash::of(&checkpoint.meta);
    if place.as_ref().is_some_and(|place| place.of != of) {
        return Ok(None);
    }
    let (rows, next) = chunk(reader, bytes_max, place.map(|place| place.cursor).unwrap_or_default())?;
    Ok(Some((rows, next.map(|cursor| Place { of, cursor }))))
}

/// Rows of a snapshot, and where the next ones begin; nowhere behind the last.
type Chunk = (Vec<SnapshotRow>, Option<Cursor>);

fn chunk(reader: &dyn SpaceReader, bytes_max: usize, from: Cursor) -> Result<Chunk, ReadError> {
    match from.after {
        None => row_chunk(reader, bytes_max, None, from.sent),
        Some(After::Replica { replica }) => row_chunk(reader, bytes_max, Some(RowKey::Replica(replica)), from.sent),
        Some(After::Newer { stream }) => row_chunk(reader, bytes_max, Some(RowKey::Newer(stream)), from.sent),
        Some(After::Model { stream }) => row_chunk(reader, bytes_max, Some(RowKey::Model(stream)), from.sent),
        Some(After::View { view }) => row_chunk(reader, bytes_max, Some(RowKey::View(view)), from.sent),
        Some(After::Rows {}) => text_chunk(reader, bytes_max, None),
        Some(After::Text { stream, field, index }) => {
            text_chunk(reader, bytes_max, Some((TextKey { stream, field }, index)))
        }
    }
}

/// The rows behind one of them; a row that does not fit alone, piece by piece.
fn row_chunk(reader: &dyn SpaceReader, bytes_max: usize, after: Option<RowKey>, sent: u64) -> Result<Chunk, ReadError> {
    let rows = reader.rows(after.as_ref(), bytes_max)?;
    let Some((key, row)) = rows.first() else { return Ok((Vec::new(), Some(Cursor::behind(After::Rows {})))) };
    if sent == 0 && row.bytes.len() <= bytes_max {
        let last = rows.last().map(|(key, _)| Cursor::behind(After::row(key.clone())));
        let rows = rows.into_iter().map(|(key, row)| snapshot_row(key, row.version, row.bytes));
        return Ok((rows.collect(), last));
    }
    let rest = usize::try_from(sent).ok().and_then(|sent| row.bytes.get(sent..)).unwrap_or_default();
    let piece = &rest[..rest.len().min(bytes_max)];
    let next = if piece.len() < rest.len() {
        Cursor { after: after.map(After::row), sent: sent + piece.len() as u64 }
    } else {
        Cursor::behind(After::row(key.clone()))
    };
    let row = match sent {
        0 => snapshot_row(key.clone(), row.version, piece.into()),
        _ => SnapshotRow::More { bytes: piece.into() },
    };
    Ok((vec![row], Some(next)))
}

fn snapshot_row(key: RowKey, version: u32, bytes: Arc<[u8]>) -> SnapshotRow {
    match key {
        RowKey::Replica(replica) => SnapshotRow::Replica { replica, version, bytes },
        RowKey::Newer(stream) => SnapshotRow::Newer { stream, version, bytes },
        RowKey::Model(stream) => SnapshotRow::Model { stream, version, bytes },
        RowKey::View(view) => SnapshotRow::View { view, version, bytes },
    }
}

fn text_chunk(reader: &dyn SpaceReader, bytes_max: usize, after: Option<(TextKey, u64)>) -> Result<Chunk, ReadError> {
    let texts = reader.texts(after.as_ref(), bytes_max)?;
    let next = texts.last().map(|(TextKey { stream, field }, row)| {
        Cursor::behind(After::Text { stream: stream.clone(), field: field.clone(), index: row.index })
    });
    let rows = texts.into_iter().map(|(TextKey { stream, field }, row)| SnapshotRow::Text {
        stream,
        field,
        index: row.index,
        is_base: row.is_base,
        bytes: row.bytes,
    });
    Ok((rows.collect(), next))
}

impl Cursor {
    fn behind(after: After) -> Self {
        Self { after: Some(after), sent: 0 }
    }
}

impl After {
    fn row(key: RowKey) -> Self {
        match key {
            RowKey::Replica(replica) => Self::Replica { replica },
            RowKey::Newer(stream) => Self::Newer { stream },
            RowKey::Model(stream) => Self::Model { stream },
            RowKey::View(view) => Self::View { view },
        }
    }
}
