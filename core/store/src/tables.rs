//! The tables of the main store, and their keys.
//!
//! Keys sort as the core's types do: names hold no zero byte, so a zero ends them; numbers are big-endian.

use recordplayer::id::{Id, ReplicaId, SpaceId};
use recordplayer::name::Name;
use recordplayer::record::StreamId;
use recordplayer::storage::{ReadError, RowKey, TextKey};
use recordplayer::view::{Key, ViewKey};
use redb::TableDefinition;

use crate::encoding::Cursor;
use crate::error::damaged;

/// The number that a space has within this file only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LocalSpace(pub u32);

impl LocalSpace {
    pub fn key(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// All tables but the log have bytes for keys.
pub(crate) type ByteTable = TableDefinition<'static, &'static [u8], &'static [u8]>;

pub(crate) const META: &str = "meta";
pub(crate) const LOG: &str = "log";
pub(crate) const PACKED: &str = "packed";
pub(crate) const SPACES: &str = "spaces";
pub(crate) const LOG_INDEX: &str = "log_index";
pub(crate) const STREAM_INDEX: &str = "stream_index";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
pub(crate) const ROWS: &str = "rows";
pub(crate) const TEXTS: &str = "texts";

/// By global position: keys by space and number over 1,000 interleaved spaces cost 5 times the throughput and 1.8 times the space.
pub(crate) const LOG_TABLE: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new(LOG);
/// By the last global position of each segment.
pub(crate) const PACKED_TABLE: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new(PACKED);
pub(crate) const META_TABLE: ByteTable = TableDefinition::new(META);
pub(crate) const SPACES_TABLE: ByteTable = TableDefinition::new(SPACES);
pub(crate) const LOG_INDEX_TABLE: ByteTable = TableDefinition::new(LOG_INDEX);
pub(crate) const STREAM_INDEX_TABLE: ByteTable = TableDefinition::new(STREAM_INDEX);
pub(crate) const CHECKPOINTS_TABLE: ByteTable = TableDefinition::new(CHECKPOINTS);
pub(crate) const ROWS_TABLE: ByteTable = TableDefinition::new(ROWS);
pub(crate) const TEXTS_TABLE: ByteTable = TableDefinition::new(TEXTS);

/// In the table `meta`: up to which global position every space's index is in the file.
pub(crate) const META_INDEXED_TO: &[u8] = b"indexed_to";
/// In the table `meta`: the number that the next new space gets.
pub(crate) const META_NEXT_SPACE: &[u8] = b"next_space";

const REPLICA_TAG: u8 = 0;
const NEWER_TAG: u8 = 1;
const MODEL_TAG: u8 = 2;
const VIEW_TAG: u8 = 3;

fn put_stream(stream: &StreamId, key: &mut Vec<u8>) {
    key.extend(stream.kind.as_bytes());
    key.push(0);
    key.extend(stream.id.bytes());
}

fn take_name(cursor: &mut Cursor<'_>) -> Result<Name, ReadError> {
    let end = cursor.0.iter().position(|byte| *byte == 0).ok_or_else(|| damaged("a name in a key has no end"))?;
    let text = std::str::from_utf8(cursor.take(end)?).map_err(|_| damaged("a name in a key is no text"))?;
    let name = Name::new(text).map_err(|error| damaged(error.to_string()))?;
    cursor.take(1)?;
    Ok(name)
}

fn take_stream(cursor: &mut Cursor<'_>) -> Result<StreamId, ReadError> {
    Ok(StreamId { kind: take_name(cursor)?, id: Id(cursor.array()?) })
}

/// All keys of one stream in the stream index begin with this.
pub(crate) fn stream_prefix(space: LocalSpace, stream: &StreamId) -> Vec<u8> {
    let mut key = space.key().to_vec();
    put_stream(stream, &mut key);
    key
}

pub(crate) fn row_key(space: LocalSpace, row: &RowKey) -> Vec<u8> {
    let mut key = space.key().to_vec();
    match row {
        RowKey::Replica(replica) => {
            key.push(REPLICA_TAG);
            key.extend(replica.bytes());
        }
        RowKey::Newer(stream) => {
            key.push(NEWER_TAG);
            put_stream(stream, &mut key);
        }
        RowKey::Model(stream) => {
            key.push(MODEL_TAG);
            put_stream(stream, &mut key);
        }
        RowKey::View(view) => {
            key = views_prefix(space, &view.name);
            key.extend(view.key.as_str().as_bytes());
        }
    }
    key
}

/// All keys of the views of one name begin with this.
pub(crate) fn views_prefix(space: LocalSpace, name: &Name) -> Vec<u8> {
    let mut key = space.key().to_vec();
    key.push(VIEW_TAG);
    key.extend(name.as_bytes());
    key.push(0);
    key
}

pub(crate) fn parse_row_key(key: &[u8]) -> Result<RowKey, ReadError> {
    let mut cursor = Cursor(key);
    let _space: [u8; 4] = cursor.array()?;
    match cursor.array()? {
        [REPLICA_TAG] => {
            let replica = ReplicaId(Id(cursor.array()?));
            cursor.end()?;
            Ok(RowKey::Replica(replica))
        }
        [tag @ (NEWER_TAG | MODEL_TAG)] => {
            let stream = take_stream(&mut cursor)?;
            cursor.end()?;
            Ok(if tag == NEWER_TAG { RowKey::Newer(stream) } else { RowKey::Model(stream) })
        }
        [VIEW_TAG] => {
            let name = take_name(&mut cursor)?;
            let text = std::str::from_utf8(cursor.rest()).map_err(|_| damaged("the key of a view is no text"))?;
            Ok(RowKey::View(ViewKey { name, key: Key::text(text) }))
        }
        [_] => Err(damaged("a row of an unknown kind")),
    }
}

/// All keys of one text begin with this.
pub(crate) fn text_prefix(space: LocalSpace, text: &TextKey) -> Vec<u8> {
    let mut key = space.key().to_vec();
    put_stream(&text.stream, &mut key);
    key.extend(text.field.as_bytes());
    key.push(0);
    key
}

pub(crate) fn with_number(prefix: &[u8], number: u64) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

pub(crate) fn parse_text_key(key: &[u8]) -> Result<(TextKey, u64), ReadError> {
    let mut cursor = Cursor(key);
    let _space: [u8; 4] = cursor.array()?;
    let text = TextKey { stream: take_stream(&mut cursor)?, field: take_name(&mut cursor)? };
    let index = u64::from_be_bytes(cursor.array()?);
    cursor.end()?;
    Ok((text, index))
}

/// The number at the end of a key of postings.
pub(crate) fn number_of(key: &[u8]) -> Result<u64, ReadError> {
    key.last_chunk().map(|number| u64::from_be_bytes(*number)).ok_or_else(|| damaged("a key is too short"))
}

/// The smallest key that does not begin with the prefix, if there is one.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

pub(crate) fn parse_space_id(key: &[u8]) -> Result<SpaceId, ReadError> {
    key.try_into().map(|id| SpaceId(Id(id))).map_err(|_| damaged("a space's id has 16 bytes"))
}
