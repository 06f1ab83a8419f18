//! The scrub: reading the whole file bit by bit in the background, to find rot before somebody needs what has rotted.

use std::sync::Arc;

use recordplayer::storage::ReadError;

use crate::blocks::BlockFile;

/// One walk through a store's file. It may go on in any thread, while the store is read and written.
#[derive(Debug)]
pub struct Scrub {
    pub(crate) blocks: Arc<BlockFile>,
    pub(crate) next: u64,
}

/// What a step of the scrub found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrubbed {
    /// Blocks of 4 KiB that are not what was written, by their numbers.
    pub damaged_blocks: Vec<u64>,
    /// Whether the whole file has been read; the next step begins again.
    pub is_finished: bool,
}

impl Scrub {
    /// Verifies about so many bytes more. Writes wait while a quarter of a megabyte is read, not for the whole step.
    pub fn step(&mut self, bytes: u64) -> Result<Scrubbed, ReadError> {
        let scrubbed = self.blocks.scrub(self.next, bytes).map_err(|error| ReadError::Io(error.to_string()))?;
        let (damaged_blocks, next) = scrubbed;
        self.next = next.unwrap_or(0);
        if !damaged_blocks.is_empty() {
            tracing::error!(blocks = damaged_blocks.len(), "the file has rotted; restore a backup");
        }
        Ok(Scrubbed { damaged_blocks, is_finished: next.is_none() })
    }
}
