//! The base of a text: many changes in one row.
//!
//! ```text
//! version 1 | zstd of: skipped | for each change: dependencies, each as a distance back | length | the change without its head
//! ```

use std::io::Read;

use super::TextRefusal;
use super::limits::{TEXT_BASE_BYTES_MAX, TEXT_BASE_WINDOW_LOG_MAX};
use super::reading::{Reading, unpack};

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

/// Joins a base and the changes behind it into a new base. Reading the new one gives what reading the old rows gives.
pub fn compact<'a>(base: Option<&[u8]>, changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BaseError> {
    let mut reading = Reading::new();
    if let Some(base) = base {
        read_base(base, |skipped, chunks| {
            reading.skip(skipped);
            for chunk in chunks {
                let _ = reading.take(&chunk);
            }
        })?;
    }
    for change in changes {
        // What is skipped here is counted, and would be skipped by every reader.
        let _ = reading.take(change);
    }
    Ok(write_base(&reading))
}

pub(super) fn write_base(reading: &Reading) -> Vec<u8> {
    let packed = reading.packed();
    let mut base = vec![VERSION];
    zstd::stream::copy_encode(&packed[..], &mut base, LEVEL).expect("memory takes all that is written");
    base
}

/// Hands the changes of a base to `take`, or nothing where it is damaged.
pub(super) fn read_base(base: &[u8], take: impl FnOnce(u64, Vec<Vec<u8>>)) -> Result<(), BaseError> {
    let damaged = |why: &str| BaseError::Damaged { why: why.to_owned() };
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
    if packed.len() as u64 > TEXT_BASE_BYTES_MAX {
        return Err(BaseError::TooLarge {});
    }
    let (skipped, chunks) = unpack(&packed).map_err(|refusal: TextRefusal| damaged(&refusal.to_string()))?;
    take(skipped, chunks);
    Ok(())
}
