//! The one writer of a device: the main store first, the outbox second, everything that waits as one group.
//!
//! ```text
//! copies ── Save{main, outbox} ─► queue ─► one transaction of the main store ─► one of the outbox ─► each copy: saved
//! ```
//! The order is rule 2's: what the log holds may be ahead of the outbox after a crash, never behind, and both are reconciled at each open.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use recordplayer::id::SpaceId;
use recordplayer::replica::SaveToken;
use recordplayer::storage::{OutboxStore, OutboxWrite, Store, Write, Written};
use tokio::sync::Notify;

use crate::copy::SpaceCopy;
use crate::limits::{SAVE_GROUP_BYTES_MAX, SAVES_BYTES_MAX};

/// What a task costs in memory beside its writes.
const OVERHEAD_BYTES: usize = 128;

/// Writes of one copy that belong together.
pub(crate) struct Save {
    pub copy: Arc<SpaceCopy>,
    pub token: SaveToken,
    pub main: Vec<Write>,
    pub outbox: Vec<OutboxWrite>,
}

/// What the writer is asked.
enum Task {
    Save(Save),
    /// Drops what the main store holds of a space, and its outbox too where the person is done with it; then calls back.
    Forget {
        space: SpaceId,
        with_outbox: bool,
        done: Box<dyn FnOnce() + Send>,
    },
    /// One write that is of no copy; then says so, or nothing where the disk failed.
    Put {
        write: Write,
        done: std::sync::mpsc::Sender<()>,
    },
}

/// The queue of the writer.
#[derive(Default)]
pub(crate) struct Saver {
    state: Mutex<State>,
    arrived: Condvar,
    /// Rung whenever a group is written.
    pub written: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(usize, Task)>,
    bytes: usize,
    is_writing: bool,
    is_stopped: bool,
    /// Why nothing is written any more.
    broken: Option<String>,
}

impl std::fmt::Debug for Saver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Saver({} bytes wait)", self.lock().bytes)
    }
}

impl Saver {
    /// Starts the thread that owns both files from now on.
    pub fn start(self: &Arc<Self>, store: Box<dyn Store>, outbox: Box<dyn OutboxStore>) -> JoinHandle<()> {
        let saver = Arc::clone(self);
        let thread = std::thread::Builder::new().name("device writer".to_owned());
        thread.spawn(move || saver.run(store, outbox)).expect("the system can start a thread")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues writes; never waits.
    pub fn save(&self, save: Save) {
        let bytes = bytes_of(&save);
        self.push(bytes, Task::Save(save));
    }

    pub fn forget(&self, space: SpaceId, with_outbox: bool, done: impl FnOnce() + Send + 'static) {
        self.push(OVERHEAD_BYTES, Task::Forget { space, with_outbox, done: Box::new(done) });
    }

    /// Waits until it is written; false where it is not. Not for the threads that others wait for.
    pub fn put(&self, write: Write) -> bool {
        let (done, written) = std::sync::mpsc::channel();
        self.push(OVERHEAD_BYTES + write.bytes(), Task::Put { write, done });
        written.recv().is_ok()
    }

    fn push(&self, bytes: usize, task: Task) {
        let mut state = self.lock();
        // Somebody waits for this one, and the thread may have ended.
        if state.is_stopped && matches!(task, Task::Put { .. }) {
            return;
        }
        state.bytes += bytes;
        state.waiting.push_back((bytes, task));
        drop(state);
        self.arrived.notify_all();
    }

    /// Why nothing is written any more, once the disk has failed.
    pub fn failure(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// Whether so much waits for the disk that no more should be read from the network.
    pub fn is_full(&self) -> bool {
        self.lock().bytes > SAVES_BYTES_MAX
    }

    pub fn is_idle(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && !state.is_writing
    }

    /// Writes what waits, then ends the thread.
    pub fn stop(&self) {
        self.lock().is_stopped = true;
        self.arrived.notify_all();
    }

    /// Some of what waits, in order; `None` once the writer is stopped and nothing waits. Until then `tidy` is called as long as it has something
    /// to do.
    fn next_group(&self, mut tidy: impl FnMut() -> bool) -> Option<Vec<Task>> {
        let mut may_tidy = true;
        let mut state = self.lock();
        state.is_writing = false;
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
        state.is_writing = true;
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some((next, _)) = state.waiting.front() {
            if bytes > 0 && bytes + next > SAVE_GROUP_BYTES_MAX {
                break;
            }
            let (next, task) = state.waiting.pop_front().expect("just seen");
            bytes += next;
            // What is no save is a border: what was queued before it is written before it, and nothing behind it in the same group.
            let is_border = matches!(task, Task::Forget { .. } | Task::Put { .. });
            group.push(task);
            if is_border {
                break;
            }
        }
        state.bytes -= bytes;
        Some(group)
    }

    fn run(&self, mut store: Box<dyn Store>, mut outbox: Box<dyn OutboxStore>) {
        while let Some(group) = self.next_group(|| store.tidy()) {
            let mut saved: Vec<(Arc<SpaceCopy>, SaveToken, usize)> = Vec::with_capacity(group.len());
            let (mut main, mut out) = (Vec::new(), Vec::new());
            let mut callbacks = Vec::new();
            for task in group {
                match task {
                    Task::Save(save) => {
                        saved.push((save.copy, save.token, save.main.len()));
                        main.extend(save.main);
                        out.extend(save.outbox);
                    }
                    Task::Forget { space, with_outbox, done } => {
                        main.push(Write::Forget { space });
                        out.extend(with_outbox.then_some(OutboxWrite::Forget { space }));
                        callbacks.push(done);
                    }
                    Task::Put { write, done } => {
                        main.push(write);
                        callbacks.push(Box::new(move || {
                            // Who does not wait any more need not know.
                            let _ = done.send(());
                        }));
                    }
                }
            }
            let written = self.write(store.as_mut(), outbox.as_mut(), main, out);
            let Some(mut written) = written else { continue };
            for (copy, token, count) in saved {
                let rest = written.split_off(count);
                let own = std::mem::replace(&mut written, rest);
                copy.saved(token, &own);
            }
            for done in callbacks {
                done();
            }
            self.written.notify_waiters();
        }
    }

    /// The main store, then the outbox. After a write whose outcome nobody knows, nothing more is written: whoever waits for the disk waits
    /// for a new start, which reads what is there.
    fn write(
        &self,
        store: &mut dyn Store,
        outbox: &mut dyn OutboxStore,
        main: Vec<Write>,
        out: Vec<OutboxWrite>,
    ) -> Option<Vec<Written>> {
        if self.lock().broken.is_some() {
            return None;
        }
        let written = if main.is_empty() { Vec::new() } else { store.write(main) };
        let failed = written.iter().find_map(|written| match written {
            Written::Unknown(why) => Some(why.clone()),
            Written::Durable(_) | Written::Fenced(_) => None,
        });
        let failed = failed
            .or_else(|| if out.is_empty() { None } else { outbox.write(out).err().map(|error| error.to_string()) });
        if let Some(why) = failed {
            tracing::error!(why, "the disk failed; nothing more is saved until the program starts again");
            self.lock().broken = Some(why);
            self.written.notify_waiters();
            return None;
        }
        Some(written)
    }
}

fn bytes_of(save: &Save) -> usize {
    let main: usize = save.main.iter().map(Write::bytes).sum();
    let outbox: usize = save.outbox.iter().map(OutboxWrite::bytes).sum();
    OVERHEAD_BYTES + main + outbox
}
