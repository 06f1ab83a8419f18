//! The bases of a text: each a stretch of its changes in one row.
//!
//! ```text
//! version 1 | zstd of: hash of the base before | skipped | for each change: dependencies, each as a distance back | length | the change without its head
//! ```
//!
//! A base names the one before it, so a stretch is never read behind another text's beginning.

use std::io::Read;

use super::limits::{TEXT_BASE_BYTES_MAX, TEXT_BASE_WINDOW_LOG_MAX};
use super::reading::Reading;
use super::{TextChange, TextRefusal};
use crate::hash::Hash;

const VERSION: u8 = 1;

/// A balance that keeps compaction quick; higher levels gain a few per cent on text.
const LEVEL: i32 = 3;

/// A base that cannot be read. The changes are in the log, so the text can be built from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    #[error("the base of a text has version {found}, this program reads {VERSION}; rebuild it from the log")]
    Version { found: u8 },
    #[error("the base of a text is damaged ({why}); rebuild it from the log")]
    Damaged { why: String },
    #[error("the base of a text has more than {TEXT_BASE_BYTES_MAX} bytes; rebuild it from the log")]
    TooLarge {},
}

fn damaged(why: &str) -> BaseError {
    BaseError::Damaged { why: why.to_owned() }
}

/// One row of a text, in the order of the log.
#[derive(Clone, Copy, Debug)]
pub enum TextPart<'a> {
    Base(&'a [u8]),
    Change(&'a [u8]),
}

/// Joins rows of a text into one base. Reading it behind the rows `before` gives what reading the joined rows there gives.
pub fn compact<'a>(
    before: impl IntoIterator<Item = TextPart<'a>>,
    joined: impl IntoIterator<Item = TextPart<'a>>,
) -> Result<Vec<u8>, BaseError> {
    let mut reading = Reading::new();
    take_parts(&mut reading, before, |_| ())?;
    reading.begin_stretch();
    take_parts(&mut reading, joined, |_| ())?;
    let mut base = vec![VERSION];
    zstd::stream::copy_encode(&reading.stretch()[..], &mut base, LEVEL).expect("memory takes all that is written");
    Ok(base)
}

/// All changes of a text that a reader takes, those in its bases too.
pub(crate) fn changes_of<'a>(parts: impl IntoIterator<Item = TextPart<'a>>) -> Result<Vec<TextChange>, BaseError> {
    let mut changes = Vec::new();
    take_parts(&mut Reading::new(), parts, |chunk| changes.push(TextChange::new(chunk.to_vec())))?;
    Ok(changes)
}

/// Takes the rows of a text, and hands on each change that was not skipped.
pub(super) fn take_parts<'a>(
    reading: &mut Reading,
    parts: impl IntoIterator<Item = TextPart<'a>>,
    mut taken: impl FnMut(&[u8]),
) -> Result<(), BaseError> {
    for part in parts {
        match part {
            TextPart::Change(chunk) => {
                // What is skipped is counted, and skipped by every reader.
                if reading.take(chunk).is_ok() {
                    taken(chunk);
                }
            }
            TextPart::Base(base) => {
                let packed = unpacked(base)?;
                let chunks = reading.take_stretch(Hash::of(base), &packed);
                for chunk in chunks.map_err(|why: TextRefusal| damaged(&why.to_string()))? {
                    taken(&chunk);
                }
            }
        }
    }
    Ok(())
}

fn unpacked(base: &[u8]) -> Result<Vec<u8>, BaseError> {
    let compressed = match base {
        [VERSION, compressed @ ..] => compressed,
        [found, ..] => return Err(BaseError::Version { found: *found }),
        [] => return Err(damaged("it is empty")),
    };
    // The frame may claim any size and may hold any number of zeros: only what is really produced counts, up to the limit.
    let io = |error: std::io::Error| damaged(&error.to_string());
    let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed).map_err(io)?;
    decoder.window_log_max(TEXT_BASE_WINDOW_LOG_MAX).map_err(io)?;
    let mut packed = Vec::new();
    decoder.take(TEXT_BASE_BYTES_MAX + 1).read_to_end(&mut packed).map_err(io)?;
    if packed.len() as u64 > TEXT_BASE_BYTES_MAX { Err(BaseError::TooLarge {}) } else { Ok(packed) }
}
