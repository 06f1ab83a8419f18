//! The limits of a text that only this module knows; the others stand in [`crate::limits`].
//!
//! All of them are part of the format: what a limit refuses, playing and reading skip too, so that a log that nobody decided (a published
//! one) costs no more than any other. A limit may therefore grow only together with a new version of the domain.

/// Text actors that ever wrote one text: one for each device, and one more after each refused change. Bounds the saved model.
pub const TEXT_WRITERS_MAX: usize = 4_096;

/// The bytes of all changes of one text. A change of a few keystrokes has about 130 bytes, so this is half a million of them; it bounds
/// what a base holds once it is decompressed.
pub const TEXT_HISTORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A base, decompressed: every change in it takes less room than it took alone, so only the head comes on top.
pub const TEXT_BASE_BYTES_MAX: u64 = TEXT_HISTORY_BYTES_MAX + 64;

/// The memory that decompressing a base may take for its window, as a power of two: what the compressor uses at the level we chose.
pub const TEXT_BASE_WINDOW_LOG_MAX: u32 = 23;
