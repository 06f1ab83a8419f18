//! The one writer of a store: a thread that writes all that waits as one group, with one sync.
//!
//! ```text
//! actors ── submit ─► queue (bounded) ── everything that waits ─► one Store::write ─► the callbacks, in the order of submission
//! ```
//! A second writer thread would gain nothing, and 256 KiB take a disk only twice as long as 4 KiB: the longer the queue, the larger the group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use recordplayer::id::SpaceId;
use recordplayer::storage::{ReadError, Readers, SpaceReader, Store, Write, Written};

use crate::error::panic_text;
use crate::limits::{WRITER_QUEUE_BYTES_MAX, WRITER_QUEUE_SUBMITS_MAX};

type Callback = Box<dyn FnOnce(Vec<Written>) + Send>;

/// The owner of a writer thread. Dropping it writes what waits, and closes the store.
#[derive(Debug)]
pub struct Writer {
    handle: WriterHandle,
    /// Taken only by the end.
    thread: Option<JoinHandle<()>>,
}

/// Submits writes to a writer thread, and reads what it has made durable.
///
/// Writes of one submitter are written in the order of submission, and so are the callbacks called. An append may expect the head that the
/// append submitted before it leads to: both may be written in one group.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    queue: Arc<Queue>,
    readers: Arc<dyn Readers>,
}

/// Writes that were not taken: nothing of them is written, and the callback is not called.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct NotTaken {
    pub reason: Reason,
    pub batch: Vec<Write>,
}

/// Why writes were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("{submits} submits of {bytes} bytes wait for the disk; try again when some are written")]
    Busy { submits: usize, bytes: usize },
    #[error("the store is being closed")]
    Stopped,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: Vec<Submit>,
    bytes: usize,
    is_stopped: bool,
}

impl std::fmt::Debug for QueueState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} submits of {} bytes", self.waiting.len(), self.bytes)
    }
}

struct Submit {
    batch: Vec<Write>,
    callback: Callback,
}

impl Writer {
    /// Starts the thread that owns the store from now on.
    pub fn start(store: Box<dyn Store>) -> Self {
        let handle = WriterHandle { queue: Arc::default(), readers: store.readers() };
        let queue = Arc::clone(&handle.queue);
        let thread = std::thread::Builder::new().name("store writer".to_owned()).spawn(move || run(store, &queue));
        Self { handle, thread: Some(thread.expect("the system can start a thread")) }
    }

    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Writes what waits, calls the callbacks, closes the store. What is submitted from now on is not taken.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.handle.queue.lock().is_stopped = true;
        self.handle.queue.arrived.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended by a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl WriterHandle {
    /// Gives a batch to the writer, which calls back from its own thread once the batch's fate is known. Never waits.
    pub fn submit(
        &self,
        batch: Vec<Write>,
        callback: impl FnOnce(Vec<Written>) + Send + 'static,
    ) -> Result<(), NotTaken> {
        let bytes = batch.iter().map(Write::bytes).sum::<usize>();
        let mut state = self.queue.lock();
        let is_full = state.bytes.saturating_add(bytes) > WRITER_QUEUE_BYTES_MAX
            || state.waiting.len() >= WRITER_QUEUE_SUBMITS_MAX;
        let reason = if state.is_stopped {
            Some(Reason::Stopped)
        } else if is_full && !state.waiting.is_empty() {
            Some(Reason::Busy { submits: state.waiting.len(), bytes: state.bytes })
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(NotTaken { reason, batch });
        }
        state.bytes += bytes;
        state.waiting.push(Submit { batch, callback: Box::new(callback) });
        drop(state);
        self.queue.arrived.notify_one();
        Ok(())
    }

    pub fn reader(&self, space: SpaceId) -> Arc<dyn SpaceReader> {
        self.readers.reader(space)
    }

    pub fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.readers.spaces()
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that waits, as soon as there is something; `None` once the writer is stopped and nothing waits. Until then `tidy` is called
    /// as long as it has something to do.
    fn next_group(&self, mut tidy: impl FnMut() -> bool) -> Option<Vec<Submit>> {
        let mut may_tidy = true;
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.is_stopped {
                return None;
            }
            if may_tidy {
                drop(state);
                may_tidy = tidy();
                state = self.lock();
                continue;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.bytes = 0;
        Some(std::mem::take(&mut state.waiting))
    }
}

fn run(mut store: Box<dyn Store>, queue: &Queue) {
    let mut broken: Option<String> = None;
    while let Some(group) = queue.next_group(|| store.tidy()) {
        let mut counts_and_callbacks = Vec::with_capacity(group.len());
        let mut batch = Vec::new();
        for submit in group {
            counts_and_callbacks.push((submit.batch.len(), submit.callback));
            batch.extend(submit.batch);
        }
        let count = batch.len();
        let mut written = match &broken {
            Some(reason) => vec![Written::Unknown(reason.clone()); count],
            None => catch_unwind(AssertUnwindSafe(|| store.write(batch))).unwrap_or_else(|panic| {
                let reason = panic_text(&*panic);
                tracing::error!(reason, "the store panicked, nothing more is written");
                broken = Some(reason.clone());
                vec![Written::Unknown(reason); count]
            }),
        };
        assert_eq!(written.len(), count, "a store answers each write");
        for (count, callback) in counts_and_callbacks {
            let rest = written.split_off(count);
            let own = std::mem::replace(&mut written, rest);
            // One submitter's panic is not the others'.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| callback(own))) {
                tracing::error!(reason = panic_text(&*panic), "a callback of the writer panicked");
            }
        }
    }
}
