//! The scrub: reading the whole file bit by bit in the background, to find rot before somebody needs what has rotted.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use recordplayer::storage::ReadError;

use crate::blocks::BlockFile;
use crate::limits::{SCRUB_BYTES, SCRUB_EVERY, SCRUB_PAUSE};

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
            tracing::error!(blocks = damaged_blocks.len(), "the file has rotted");
        }
        Ok(Scrubbed { damaged_blocks, is_finished: next.is_none() })
    }
}

type Bell = (Mutex<bool>, Condvar);

/// Waits so long, or until the bell is rung.
fn is_rung((is_rung, bell): &Bell, wait: Duration) -> bool {
    let guard = is_rung.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = bell.wait_timeout_while(guard, wait, |is_rung| !*is_rung);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

/// A scrub that goes on in a thread of its own, through the file again and again, until this is dropped.
#[derive(Debug)]
pub struct BackgroundScrub {
    stop: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Scrub {
    /// Scrubs slowly and for ever; `found` hears of each step that found rot.
    pub fn in_background(mut self, mut found: impl FnMut(&Scrubbed) + Send + 'static) -> BackgroundScrub {
        let stop: Arc<Bell> = Arc::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("scrub".to_owned()).spawn(move || {
            let mut pause = SCRUB_PAUSE;
            while !is_rung(&stopped, pause) {
                pause = match self.step(SCRUB_BYTES) {
                    Ok(scrubbed) => {
                        if !scrubbed.damaged_blocks.is_empty() {
                            found(&scrubbed);
                        }
                        if scrubbed.is_finished { SCRUB_EVERY } else { SCRUB_PAUSE }
                    }
                    Err(error) => {
                        tracing::error!(%error, "the file cannot be read through; check the disk");
                        SCRUB_EVERY
                    }
                };
            }
        });
        BackgroundScrub { stop, thread: Some(thread.expect("the system can start a thread")) }
    }
}

impl Drop for BackgroundScrub {
    fn drop(&mut self) {
        let (is_stopped, bell) = &*self.stop;
        *is_stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the scrub ended by a panic");
        }
    }
}
