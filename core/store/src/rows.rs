//! The values of the tables, without their digests. `docs/storage.md` has them byte by byte.

use std::sync::Arc;

use recordplayer::commit::{Commit, Head};
use recordplayer::hash::Hash;
use recordplayer::record::Position;
use recordplayer::storage::{Checkpoint, ReadError, Row, TextRow};

use crate::encoding::{Cursor, put_head, put_varint};
use crate::error::damaged;
use crate::tables::LocalSpace;

const CHANGE: u8 = 0;
const BASE: u8 = 1;

/// One commit in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub space: LocalSpace,
    pub first: u64,
    pub head: Head,
    pub is_adopted: bool,
    pub bytes: Arc<[u8]>,
}

/// `space first count adopted hash commit`: what stands in front is what a reader needs without opening the commit.
pub(crate) fn encode_log(space: LocalSpace, commit: &Commit, is_adopted: bool) -> Vec<u8> {
    let mut value = Vec::with_capacity(48 + commit.bytes.len());
    put_varint(space.0.into(), &mut value);
    put_varint(commit.header.first.0, &mut value);
    put_varint(commit.records.len() as u64, &mut value);
    value.push(is_adopted.into());
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
    let is_adopted = match cursor.array()? {
        [0] => false,
        [1] => true,
        [_] => return Err(damaged("a commit that came in a way that is not known")),
    };
    let head = Head { position, hash: Hash(cursor.array()?) };
    Ok(LogRow { space, first, head, is_adopted, bytes: cursor.rest().into() })
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

/// `0 change`, or `1 base`.
pub(crate) fn encode_text(row: &TextRow) -> Vec<u8> {
    [&[if row.is_base { BASE } else { CHANGE }], &*row.bytes].concat()
}

pub(crate) fn decode_text(index: u64, value: &[u8]) -> Result<TextRow, ReadError> {
    let mut cursor = Cursor(value);
    let is_base = match cursor.array()? {
        [CHANGE] => false,
        [BASE] => true,
        [_] => return Err(damaged("a row of a text of an unknown kind")),
    };
    Ok(TextRow { index, is_base, bytes: cursor.rest().into() })
}

pub(crate) fn is_base(value: &[u8]) -> bool {
    value.first() == Some(&BASE)
}
