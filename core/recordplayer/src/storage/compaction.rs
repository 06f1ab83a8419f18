//! Compaction of texts: many rows become one, away from whoever waits for the store.
//!
//! ```text
//! checkpoint ─► the text is ripe ─► compact_text reads its rows ─► Write::CompactText ─► the store, if the rows are still the same
//! ```
//!
//! No hash of a state depends on it: reading the base gives what reading the rows gave.

use super::{ReadError, SpaceReader, TextKey, TextRow, Write};
use crate::hash::Hash;
use crate::id::SpaceId;
use crate::limits::{BASE_GROWS_UPTO_BYTES, STRETCH_BYTES_MAX, TEXT_ROWS_LOOSE};
use crate::text::compact;

/// Whether a text that has grown from `before` changes to `now` is to be compacted.
///
/// The more it has, the more may lie loose, for compacting reads all of it: so the work for each change stays nearly the same.
pub(crate) fn is_ripe(before: u64, now: u64) -> bool {
    let step = TEXT_ROWS_LOOSE.max(now.next_power_of_two() / 16);
    before / step != now / step
}

/// Joins the rows of a text that lie behind its last full base. Nothing where there are none to be joined.
pub fn compact_text(reader: &dyn SpaceReader, space: SpaceId, key: &TextKey) -> Result<Option<Write>, ReadError> {
    let rows = reader.text(key)?;
    let is_full = |row: &TextRow| row.is_base && row.bytes.len() >= BASE_GROWS_UPTO_BYTES;
    let first = rows.iter().rposition(is_full).map_or(0, |full| full + 1);
    let (before, loose) = rows.split_at(first);
    let mut bytes = 0;
    let fits = |row: &&TextRow| {
        let is_first = bytes == 0;
        bytes += row.bytes.len();
        is_first || bytes <= STRETCH_BYTES_MAX
    };
    let count = loose.iter().take_while(fits).count();
    let joined = &loose[..count];
    let [from, .., last] = joined else { return Ok(None) };
    let base = compact(before.iter().map(TextRow::part), joined.iter().map(TextRow::part))
        .map_err(|error| ReadError::Damaged(error.to_string()))?;
    let base = TextRow { index: last.index, is_base: true, bytes: base.into() };
    let joined = rows_hash(before.last(), joined);
    Ok(Some(Write::CompactText { space, key: key.clone(), from: from.index, base, joined }))
}

/// Compacts texts until nothing of them lies loose. `write` hands a write to the store, and says whether it is durable.
pub fn compact_texts(
    reader: &dyn SpaceReader,
    space: SpaceId,
    keys: &[TextKey],
    mut write: impl FnMut(Write) -> bool,
) -> Result<(), ReadError> {
    for key in keys {
        let mut done = None;
        while let Some(compaction) = compact_text(reader, space, key)? {
            let Write::CompactText { joined, .. } = &compaction else { unreachable!("a compaction compacts a text") };
            // What the store did not take is not offered again.
            if done.replace(*joined) == Some(*joined) || !write(compaction) {
                break;
            }
        }
    }
    Ok(())
}

/// What tells rows of a text from others in their place, with the row before them.
pub fn rows_hash<'a>(before: Option<&'a TextRow>, rows: impl IntoIterator<Item = &'a TextRow>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for row in before.into_iter().chain(rows) {
        hasher.update(&row.index.to_be_bytes());
        hasher.update(&[u8::from(row.is_base)]);
        hasher.update(Hash::of(&row.bytes).0.as_slice());
    }
    Hash(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::is_ripe;

    #[test]
    fn a_text_ripens_less_often_the_longer_it_is() {
        let ripe = |upto: u64| (0..upto).filter(|count| is_ripe(*count, count + 1)).count();
        assert_eq!(ripe(512), 8);
        assert!(ripe(100_000) < 150, "{}", ripe(100_000));
        assert!(is_ripe(10, 1_000), "several at once count too");
        assert!(!is_ripe(65, 100));
    }
}
