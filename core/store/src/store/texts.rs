//! Rows of texts: a base takes the place of all before it, and no change that it holds comes back.

use std::ops::Bound;

use recordplayer::storage::{ReadError, TextKey, TextRow};
use redb::{ReadableTable, Table};

use super::tables::put;
use crate::encoding::unseal;
use crate::error::read_error;
use crate::rows::{encode_text, is_base};
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
    let base = base_of(texts, &prefix)?;
    if base.is_some_and(|base| row.index < base || (row.index == base && !row.is_base)) {
        return Ok(());
    }
    if row.is_base {
        for index in indexes_upto(texts, &prefix, row.index)? {
            texts.remove(&*with_number(&prefix, index)).map_err(read_error)?;
        }
    }
    put(texts, TEXTS, &with_number(&prefix, row.index), &encode_text(row))
}

/// Puts a base, if the last row that it is made of is still there: else the text was replaced or forgotten meanwhile.
pub(super) fn compact(
    texts: &mut Texts<'_>,
    space: LocalSpace,
    text: &TextKey,
    base: &TextRow,
) -> Result<(), ReadError> {
    assert!(base.is_base, "a text gives way to a base");
    let key = with_number(&text_prefix(space, text), base.index);
    let exists = texts.get(&*key).map_err(read_error)?.is_some();
    if exists { put_text(texts, space, text, base) } else { Ok(()) }
}

/// The index of the text's base. A base is the first row, for all before it are gone.
fn base_of(texts: &Texts<'_>, prefix: &[u8]) -> Result<Option<u64>, ReadError> {
    let end = with_number(prefix, u64::MAX);
    let mut rows = texts.range::<&[u8]>((Bound::Included(prefix), Bound::Included(&*end))).map_err(read_error)?;
    let Some(row) = rows.next() else { return Ok(None) };
    let (key, value) = row.map_err(read_error)?;
    if is_base(unseal(TEXTS, key.value(), value.value())?) { number_of(key.value()).map(Some) } else { Ok(None) }
}

fn indexes_upto(texts: &Texts<'_>, prefix: &[u8], index: u64) -> Result<Vec<u64>, ReadError> {
    let (from, upto) = (with_number(prefix, 0), with_number(prefix, index));
    let rows = texts.range(&*from..=&*upto).map_err(read_error)?;
    rows.map(|row| number_of(row.map_err(read_error)?.0.value())).collect()
}
