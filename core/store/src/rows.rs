//! The values of the tables, without their digests. `docs/storage.md` has them byte by byte.

use std::sync::Arc;

use recordplayer::commit::{Commit, Head};
use recordplayer::hash::Hash;
use recordplayer::record::Position;
use recordplayer::storage::{Checkpoint, ReadError, Row, TextRow};

use crate::encoding::{Cursor, put_head, put_varint};
use crate::error::damaged;
use crate::limits::TEXT_BASE_BYTES_MAX;
use crate::tables::LocalSpace;

/// zstd's own default: two thirds of the size at several hundred MB/s.
const BASE_COMPRESSION: i32 = 3;
const CHANGE: u8 = 0;
const COMPRESSED_BASE: u8 = 1;

/// One commit in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub space: LocalSpace,
    pub first: u64,
    pub head: Head,
    pub bytes: Arc<[u8]>,
}

/// `space first count hash commit`: what stands in front is what a reader needs without opening the commit.
pub(crate) fn encode_log(space: LocalSpace, commit: &Commit) -> Vec<u8> {
    let mut value = Vec::with_capacity(48 + commit.bytes.len());
    put_varint(space.0.into(), &mut value);
    put_varint(commit.header.first.0, &mut value);
    put_varint(commit.records.len() as u64, &mut value);
    value.extend(commit.hash.0);
    value.extend(&*commit.bytes);
    value
}

pub(crate) fn decode_log(value: &[u8]) -> Result<LogRow, ReadError> {
    let mut cursor = Cursor(value);
    let space = LocalSpace(cursor.varint_u32()?);
    let (first, count) = (cursor.varint()?, cursor.varint()?);
    let position = match (first.checked_sub(1), count) {
        (Some(before), 1..) => before.checked_add(count).map(Position),
        _ => None,
    };
    let position = position.ok_or_else(|| damaged("a commit without records"))?;
    let head = Head { position, hash: Hash(cursor.array()?) };
    Ok(LogRow { space, first, head, bytes: cursor.rest().into() })
}

/// `head version bytes`.
pub(crate) fn encode_row(row: &Row) -> Vec<u8> {
    let mut value = Vec::with_capacity(48 + row.bytes.len());
    put_head(row.head, &mut value);
    put_varint(row.version.into(), &mut value);
    value.extend(&*row.bytes);
    value
}

pub(crate) fn decode_row(value: &[u8]) -> Result<Row, ReadError> {
    let mut cursor = Cursor(value);
    Ok(Row { head: cursor.head()?, version: cursor.varint_u32()?, bytes: cursor.rest().into() })
}

/// `epoch head meta`.
pub(crate) fn encode_checkpoint(checkpoint: &Checkpoint) -> Vec<u8> {
    let mut value = Vec::with_capacity(48 + checkpoint.meta.len());
    put_varint(checkpoint.epoch.into(), &mut value);
    put_head(checkpoint.head, &mut value);
    value.extend(&*checkpoint.meta);
    value
}

pub(crate) fn decode_checkpoint(value: &[u8]) -> Result<Checkpoint, ReadError> {
    let mut cursor = Cursor(value);
    Ok(Checkpoint { epoch: cursor.varint_u32()?, head: cursor.head()?, meta: cursor.rest().into() })
}

/// `0 change`, or `1 length zstd(base)`.
pub(crate) fn encode_text(row: &TextRow) -> Vec<u8> {
    if !row.is_base {
        return [&[CHANGE], &*row.bytes].concat();
    }
    let mut value = vec![COMPRESSED_BASE];
    put_varint(row.bytes.len() as u64, &mut value);
    value.extend(zstd::bulk::compress(&row.bytes, BASE_COMPRESSION).expect("memory can always be compressed"));
    value
}

pub(crate) fn decode_text(index: u64, value: &[u8]) -> Result<TextRow, ReadError> {
    let mut cursor = Cursor(value);
    match cursor.array()? {
        [CHANGE] => Ok(TextRow { index, is_base: false, bytes: cursor.rest().into() }),
        [COMPRESSED_BASE] => {
            let length = usize::try_from(cursor.varint()?).unwrap_or(usize::MAX);
            if length > TEXT_BASE_BYTES_MAX {
                return Err(damaged(format!("the base of a text claims {length} bytes")));
            }
            let base = zstd::bulk::decompress(cursor.rest(), length).map_err(|error| damaged(error.to_string()))?;
            if base.len() != length {
                return Err(damaged("the base of a text has another length"));
            }
            Ok(TextRow { index, is_base: true, bytes: base.into() })
        }
        [_] => Err(damaged("a row of a text of an unknown kind")),
    }
}

pub(crate) fn is_base(value: &[u8]) -> bool {
    value.first() == Some(&COMPRESSED_BASE)
}
