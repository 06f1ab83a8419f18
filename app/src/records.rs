//! A project as JSON Lines: all that a log holds, readable, and enough to begin a project that goes on where it was.
//!
//! ```text
//! {"export": {"format": 1, "space": "…", "title": "…"}}
//! {"record": 1, "kind": "command", …, "commit": {…}}       the first record of a commit says what the whole commit has in common
//! {"record": 2, "kind": "event", …}
//! {"file": "…", "at": 0, "bytes": "…"}                     what the records speak of, in pieces, one file after the other
//! {"end": {"records": 2, "files": 1, "missing": [], "people": {"…": "Ann"}}}
//! ```
//! Ids and hashes are lower-case hex, bytes are base64 with padding, times are milliseconds since 1970 UTC where the name ends with `_ms`, else
//! RFC 3339. `docs/export.md` has every field.

mod line;
mod plain;
mod read;
mod write;

pub(crate) use plain::PlainPayload;
pub(crate) use read::{Heard, Listener, NotReadable, is_export, read};
pub(crate) use write::{NotWhole, write};

/// What this program writes, and all that it reads.
const FORMAT: u32 = 1;

/// Bytes of a file in one line.
const PIECE_BYTES: usize = 192 * 1024;

/// A commit has at most 1 MiB; its bytes as JSON, all of them escaped, come to six times that, and what is said beside them is little.
const LINE_BYTES_MAX: u64 = 8 * 1024 * 1024;
