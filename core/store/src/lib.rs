//! The store on redb: log, models, views and texts in one file, the outbox in another.
//!
//! A record's way through this crate:
//! 1. [`Writer`] takes batches from whoever decides, and writes all that wait as one group with one sync.
//! 2. [`RedbStore`] fences each append by position, hash and epoch, and puts the commits into the log by global position.
//! 3. The index (from record numbers and streams to commits) grows in memory and is flushed to the file now and then.
//! 4. Readers see the new head as soon as it is durable, never before; what they read is verified by digests.
//!
//! `docs/storage.md` describes the files byte by byte.

mod accounts;
mod blocks;
mod encoding;
mod error;
mod file;
mod files;
#[cfg(test)]
mod golden;
mod header;
pub mod limits;
mod log;
mod outbox;
mod postings;
mod reread;
mod rows;
mod scrub;
mod segments;
#[cfg(unix)]
mod short_path;
mod snapshot;
mod space;
mod store;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use accounts::{AccountRow, RedbAccounts};
pub use error::{FileKind, OpenError, keep_quiet_about_caught_panics};
pub use files::{FileFolder, Held};
pub use outbox::RedbOutbox;
pub use reread::read_row;
pub use scrub::{BackgroundScrub, Scrub, Scrubbed};
#[cfg(unix)]
pub use short_path::with_short_path;
pub use store::RedbStore;
pub use writer::{NotTaken, Reason, Writer, WriterHandle};
