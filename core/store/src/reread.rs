//! Single rows, read and written again: for who looks for rows that no reader can take.

use recordplayer::storage::ReadError;

use crate::encoding::{put_varint, seal, unseal};
use crate::error::damaged;
use crate::outbox::{OUTBOX, decode_row as decode_outbox_row};
use crate::postings::{LOG_POSTINGS, Postings, STREAM_POSTINGS};
use crate::rows::{decode_checkpoint, decode_log, decode_row, decode_text, encode_checkpoint, encode_row, encode_text};
use crate::segments::Segment;
use crate::space::SpaceEntry;
use crate::tables::{
    CHECKPOINTS, LOG, LOG_INDEX, PACKED, ROWS, SPACES, STREAM_INDEX, TEXTS, number_of, parse_row_key, parse_text_key,
};

/// Reads the value that stands without its digest under a key of a table of `docs/storage.md`, and writes it as this program does. A value
/// with the right digest may still be anything: a file can come from somebody else.
pub fn read_row(table: &str, key: &[u8], value: &[u8]) -> Result<Vec<u8>, ReadError> {
    match table {
        LOG => {
            let row = decode_log(value)?;
            let mut written = Vec::new();
            put_varint(row.space.0.into(), &mut written);
            put_varint(row.first, &mut written);
            put_varint(row.head.position.0 - (row.first - 1), &mut written);
            written.push(row.is_adopted.into());
            written.extend(row.head.hash.0);
            written.extend(&*row.bytes);
            Ok(written)
        }
        PACKED => {
            let last = number_of(key)?;
            let key = last.to_be_bytes();
            let written = Segment::decode(last, &seal(PACKED, &key, value))?.sealed();
            unseal(PACKED, &key, &written).map(<[u8]>::to_vec)
        }
        SPACES => SpaceEntry::decode(value).map(|entry| entry.encode()),
        LOG_INDEX => postings(LOG_POSTINGS, key, value),
        STREAM_INDEX => postings(STREAM_POSTINGS, key, value),
        CHECKPOINTS => decode_checkpoint(value).map(|checkpoint| encode_checkpoint(&checkpoint)),
        ROWS => parse_row_key(key).and_then(|_| decode_row(value)).map(|row| encode_row(&row)),
        TEXTS => parse_text_key(key).and_then(|(_, index)| decode_text(index, value)).map(|row| encode_text(&row)),
        OUTBOX => {
            let row = decode_outbox_row(number_of(key)?, value)?;
            Ok([&row.command.bytes()[..], &*row.bytes].concat())
        }
        other => Err(damaged(format!("there is no table {other:?}"))),
    }
}

fn postings(postings: Postings, key: &[u8], value: &[u8]) -> Result<Vec<u8>, ReadError> {
    Ok(postings.encode(&postings.decode(number_of(key)?, value)?))
}
