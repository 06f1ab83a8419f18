//! Rows of texts: a base takes the place of the rows that it was made of, and no change that it holds comes back.

use std::ops::RangeInclusive;

use recordplayer::hash::Hash;
use recordplayer::storage::{ReadError, TextKey, TextRow, rows_hash};
use redb::{ReadableTable, Table};

use super::tables::put;
use crate::encoding::unseal;
use crate::error::read_error;
use crate::rows::{decode_text, encode_text, is_base};
use crate::tables::{LocalSpace, TEXTS, number_of, text_prefix, with_number};

type Texts<'a> = Table<'a, &'static [u8], &'static [u8]>;

/// Puts a row, unless a base at or behind it holds it already.
pub(super) fn put_text(
    texts: &mut Texts<'_>,
    space: LocalSpace,
    text: &TextKey,
    row: &TextRow,
) -> Result<(), ReadError> {
    let prefix = text_prefix(space, text);
    let (from, end) = (with_number(&prefix, row.index), with_number(&prefix, u64::MAX));
    for behind in texts.range(&*from..=&*end).map_err(read_error)? {
        let (key, value) = behind.map_err(read_error)?;
        if is_base(unseal(TEXTS, key.value(), value.value())?) {
            return Ok(());
        }
    }
    put(texts, TEXTS, &from, &encode_text(row))
}

/// Puts a base in the place of the rows that it was made of, if they are still there: else the text was replaced or forgotten meanwhile.
pub(super) fn compact(
    texts: &mut Texts<'_>,
    space: LocalSpace,
    text: &TextKey,
    (from, base): (u64, &TextRow),
    joined: Hash,
) -> Result<(), ReadError> {
    assert!(base.is_base, "a text gives way to a base");
    let prefix = text_prefix(space, text);
    let before = match from.checked_sub(1) {
        Some(upto) => rows(texts, &prefix, 0..=upto, 1)?.pop(),
        None => None,
    };
    let replaced = rows(texts, &prefix, from..=base.index, usize::MAX)?;
    if replaced.is_empty() || rows_hash(before.as_ref(), replaced.iter().rev()) != joined {
        return Ok(());
    }
    for row in replaced {
        texts.remove(&*with_number(&prefix, row.index)).map_err(read_error)?;
    }
    put(texts, TEXTS, &with_number(&prefix, base.index), &encode_text(base))
}

/// The last rows with these indexes, the last one first.
fn rows(
    texts: &Texts<'_>,
    prefix: &[u8],
    indexes: RangeInclusive<u64>,
    count: usize,
) -> Result<Vec<TextRow>, ReadError> {
    let (from, upto) = (with_number(prefix, *indexes.start()), with_number(prefix, *indexes.end()));
    let rows = texts.range(&*from..=&*upto).map_err(read_error)?.rev().take(count);
    let decode = |(key, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>)| {
        decode_text(number_of(key.value())?, unseal(TEXTS, key.value(), value.value())?)
    };
    rows.map(|row| row.map_err(read_error).and_then(decode)).collect()
}
