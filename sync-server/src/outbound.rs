//! What waits to be written to one socket: bounded in bytes, and never waited for by those who put something in.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recordplayer::id::SpaceId;
use recordplayer::protocol::{Goodbye, ServerFrame};
use tokio::sync::Notify;

use crate::limits::{OUTBOUND_BYTES_MAX, OUTBOUND_FRAMES_MAX, OUTBOUND_HARD_BYTES_MAX};

/// The queue of one session.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Arc<[u8]>>,
    bytes: usize,
    /// Spaces that go on with this session once everything is written.
    pulls: BTreeSet<SpaceId>,
    is_ended: bool,
}

/// What waited together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub frames: VecDeque<Arc<[u8]>>,
    pub pulls: BTreeSet<SpaceId>,
    /// Nothing follows.
    pub is_last: bool,
}

impl Outbound {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a frame that may be dropped, if there is room; if not, the space is pulled once there is.
    pub fn offer(&self, space: SpaceId, frame: &Arc<[u8]>) -> bool {
        let mut state = self.lock();
        if state.is_ended {
            return true;
        }
        let has_room = state.bytes + frame.len() <= OUTBOUND_BYTES_MAX && state.frames.len() < OUTBOUND_FRAMES_MAX;
        if has_room {
            state.push(Arc::clone(frame));
        } else {
            state.pulls.insert(space);
        }
        drop(state);
        self.changed.notify_one();
        has_room
    }

    /// Takes a frame that must arrive. `pull` names the space that sends its next chunk once this one is written.
    pub fn push(&self, frame: &ServerFrame, pull: Option<SpaceId>) {
        let bytes: Arc<[u8]> = frame.encode().into();
        let is_too_much = {
            let mut state = self.lock();
            if state.is_ended {
                return;
            }
            state.pulls.extend(pull);
            state.push(bytes);
            state.bytes > OUTBOUND_HARD_BYTES_MAX || state.frames.len() > 2 * OUTBOUND_FRAMES_MAX
        };
        self.changed.notify_one();
        if is_too_much {
            self.end(Some(&*goodbye(
                Goodbye::TooMuch,
                "answers wait that the client does not read",
                "connect again, and read before asking for more",
            )));
        }
    }

    /// The last frame of the session, if there is one to be said; what is put in later is dropped.
    pub fn end(&self, last: Option<&ServerFrame>) {
        let mut state = self.lock();
        if !state.is_ended {
            state.is_ended = true;
            state.pulls.clear();
            if let Some(last) = last {
                state.push(last.encode().into());
            }
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Everything that waits, as soon as there is something.
    pub async fn next(&self) -> Batch {
        loop {
            {
                let mut state = self.lock();
                if !state.frames.is_empty() || !state.pulls.is_empty() || state.is_ended {
                    state.bytes = 0;
                    return Batch {
                        frames: std::mem::take(&mut state.frames),
                        pulls: std::mem::take(&mut state.pulls),
                        is_last: state.is_ended,
                    };
                }
            }
            self.changed.notified().await;
        }
    }
}

impl State {
    fn push(&mut self, frame: Arc<[u8]>) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }
}

/// What is said last; in a box, for it travels as an error.
pub(crate) fn goodbye(code: Goodbye, message: &str, help: &str) -> Box<ServerFrame> {
    Box::new(ServerFrame::Goodbye { code, message: message.to_owned(), help: help.to_owned() })
}
