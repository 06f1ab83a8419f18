//! A new device joins by the state, not by the history: chunks of a checkpoint, pulled one by one.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::{SessionId, Space};
use crate::commit::Head;
use crate::hash::StateHash;
use crate::id::ActorId;
use crate::name::Name;
use crate::protocol::{ServerFrame, SnapshotRow};
use crate::record::StreamId;
use crate::state::checkpoint_sum;
use crate::storage::{Checkpoint, ReadError, RowKey, SpaceReader, TextKey};
use crate::view::ViewKey;

/// A device on its way in.
#[derive(Debug)]
pub(super) struct Joining {
    pub actor: ActorId,
    /// The space as it was at the offered checkpoint; `None` while that is still to be written.
    pub source: Option<(Head, Arc<dyn SpaceReader>)>,
}

/// Where the next chunk begins. It goes to the client and back, so that a broken line is resumed without any memory here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
enum Cursor {
    #[n(0)]
    AfterModel {
        #[n(0)]
        stream: StreamId,
    },
    #[n(1)]
    AfterView {
        #[n(0)]
        view: ViewKey,
    },
    #[n(2)]
    Texts {},
    #[n(3)]
    AfterText {
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
    pub(super) fn offer_snapshot(&mut self, session: SessionId, actor: ActorId) {
        self.joining.insert(session, Joining { actor, source: None });
        self.wants_checkpoint = true;
    }

    /// A checkpoint is there: offer it to everybody who waits.
    pub(super) fn checkpoint_ready(&mut self) {
        let waiting: Vec<SessionId> =
            self.joining.iter().filter(|(_, joining)| joining.source.is_none()).map(|(session, _)| *session).collect();
        if waiting.is_empty() {
            return;
        }
        match self.offered() {
            Ok((checkpoint, state, reader)) => {
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

    fn offered(&self) -> Result<(Checkpoint, StateHash, Arc<dyn SpaceReader>), ReadError> {
        let reader = self.reader.frozen()?;
        let missing = || ReadError::Damaged("the checkpoint that was just written is not there".to_owned());
        let checkpoint = reader.checkpoint()?.ok_or_else(missing)?;
        let state = checkpoint_sum(&checkpoint)?;
        Ok((checkpoint, state, reader))
    }

    pub(super) fn fetch_snapshot(&mut self, session: SessionId, actor: ActorId, at: Head, cursor: Option<&[u8]>) {
        if self.members.role_of(actor).is_none() {
            return self.no_access(session, actor);
        }
        let cursor: Option<Cursor> = match cursor.map(minicbor::decode).transpose() {
            Ok(cursor) => cursor,
            // Not a cursor of this server: begin again.
            Err(_) => return self.offer_snapshot(session, actor),
        };
        let source =
            self.joining.get(&session).and_then(|joining| joining.source.clone()).filter(|(head, _)| *head == at);
        let source = match source {
            Some((_, reader)) => Ok(Some(reader)),
            None => self.resumed(session, actor, at),
        };
        let chunk =
            source.and_then(|reader| reader.map(|reader| self.snapshot_chunk(reader.as_ref(), at, cursor)).transpose());
        match chunk {
            Ok(Some(frame)) => self.send(session, frame),
            // The checkpoint has moved on since: begin again with the newest.
            Ok(None) => self.offer_snapshot(session, actor),
            Err(error) => self.fail(error),
        }
    }

    /// A line that was cut goes on where it was, as long as the checkpoint is still the same.
    fn resumed(
        &mut self,
        session: SessionId,
        actor: ActorId,
        at: Head,
    ) -> Result<Option<Arc<dyn SpaceReader>>, ReadError> {
        let reader = self.reader.frozen()?;
        if reader.checkpoint()?.is_none_or(|checkpoint| checkpoint.head != at) {
            return Ok(None);
        }
        self.joining.insert(session, Joining { actor, source: Some((at, Arc::clone(&reader))) });
        Ok(Some(reader))
    }

    fn snapshot_chunk(
        &self,
        reader: &dyn SpaceReader,
        at: Head,
        cursor: Option<Cursor>,
    ) -> Result<ServerFrame, ReadError> {
        let after_row = match &cursor {
            None => None,
            Some(Cursor::AfterModel { stream }) => Some(RowKey::Model(stream.clone())),
            Some(Cursor::AfterView { view }) => Some(RowKey::View(view.clone())),
            Some(Cursor::Texts {}) => return text_chunk(self, reader, at, None),
            Some(Cursor::AfterText { stream, field, index }) => {
                let key = TextKey { stream: stream.clone(), field: field.clone() };
                return text_chunk(self, reader, at, Some((key, *index)));
            }
        };
        let rows = reader.rows(after_row.as_ref(), self.thresholds().snapshot_chunk_bytes)?;
        let next = match rows.last() {
            Some((RowKey::Model(stream), _)) => Cursor::AfterModel { stream: stream.clone() },
            Some((RowKey::View(view), _)) => Cursor::AfterView { view: view.clone() },
            None => Cursor::Texts {},
        };
        let rows = rows
            .into_iter()
            .map(|(key, row)| match key {
                RowKey::Model(stream) => SnapshotRow::Model { stream, version: row.version, bytes: row.bytes },
                RowKey::View(view) => SnapshotRow::View { view, version: row.version, bytes: row.bytes },
            })
            .collect();
        Ok(chunk_frame(self, at, rows, Some(&next)))
    }
}

fn text_chunk(
    space: &Space,
    reader: &dyn SpaceReader,
    at: Head,
    after: Option<(TextKey, u64)>,
) -> Result<ServerFrame, ReadError> {
    let texts = reader.texts(after.as_ref(), space.thresholds().snapshot_chunk_bytes)?;
    let next = texts.last().map(|(key, row)| Cursor::AfterText {
        stream: key.stream.clone(),
        field: key.field.clone(),
        index: row.index,
    });
    let rows = texts
        .into_iter()
        .map(|(TextKey { stream, field }, row)| SnapshotRow::Text {
            stream,
            field,
            index: row.index,
            is_base: row.is_base,
            bytes: row.bytes,
        })
        .collect();
    Ok(chunk_frame(space, at, rows, next.as_ref()))
}

fn chunk_frame(space: &Space, at: Head, rows: Vec<SnapshotRow>, next: Option<&Cursor>) -> ServerFrame {
    let cursor = next.map(|cursor| minicbor::to_vec(cursor).expect("a vector takes all bytes"));
    ServerFrame::SnapshotChunk { space: space.id(), at, rows, cursor }
}
