//! The limits of the store, each with its reason.

use std::time::Duration;

/// Commits that the index in memory holds before it is flushed. The next start plays so many again (2-5 µs each); a flush of fewer would
/// rewrite the last blocks of the same postings more often.
pub const INDEX_TAIL_COMMITS_MAX: usize = 8_192;

/// Entries of one posting block. A lookup decodes one block (well under a microsecond), a flush rewrites the last of each list.
pub const POSTING_BLOCK_ENTRIES_MAX: usize = 128;

/// Bytes of pages that redb keeps in memory for the main store, where nobody says otherwise. Recent commits and the hot end of the indexes fit many
/// times over.
pub const STORE_CACHE_BYTES: usize = 64 * 1024 * 1024;

/// The same for the outbox, which is small and mostly written.
pub const OUTBOX_CACHE_BYTES: usize = 4 * 1024 * 1024;

/// The same for a server's accounts, which are read once.
pub const ACCOUNTS_CACHE_BYTES: usize = 1024 * 1024;

/// Bytes of writes that wait for the writer. Twice what one group of the largest commits makes: a slow disk is felt by those who send, not
/// by the memory.
pub const WRITER_QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Submits that wait for the writer: bounds what many tiny writes cost beside their bytes.
pub const WRITER_QUEUE_SUBMITS_MAX: usize = 16_384;

/// Bytes that the scrub reads while writes wait: about a quarter of a millisecond.
pub const SCRUB_STEP_BYTES: usize = 256 * 1024;

/// What the scrub reads at a time, with a pause behind it: 4 MiB a second, which no disk and nobody who works notices.
pub const SCRUB_BYTES: u64 = 1024 * 1024;
pub const SCRUB_PAUSE: Duration = Duration::from_millis(250);

/// From the end of one scrub to the next: rot takes weeks.
pub const SCRUB_EVERY: Duration = Duration::from_hours(6);

/// What is read of a file at a time.
pub const FILE_PIECE_BYTES: usize = 64 * 1024;

/// Rows of the log that are packed into one segment: enough to compress to a quarter, and quick to unpack where one of them is read.
pub const SEGMENT_BYTES: usize = 64 * 1024;

/// What a segment may unpack to: its last row may be one of the largest commits.
pub const SEGMENT_UNPACKED_BYTES_MAX: usize = 1024 * 1024;

/// Segments of one step, after which a write that has come is taken: some milliseconds.
pub const SEGMENTS_AT_A_TIME: usize = 4;
