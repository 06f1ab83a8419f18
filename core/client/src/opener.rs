//! Reads what screens begin to look at, in a thread of its own: it may lie on the disk, and no screen waits for that.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use recordplayer::id::SpaceId;
use recordplayer::view::ViewKey;

use crate::inner::Inner;
use crate::live::Slot;

struct Ask {
    space: SpaceId,
    key: ViewKey,
    slot: Arc<dyn Slot>,
}

/// Where to ask for it.
#[derive(Default)]
pub(crate) struct Opener {
    asks: Mutex<Option<Sender<Ask>>>,
    /// What was asked for and is not read yet.
    unread: Mutex<u64>,
    read: Condvar,
}

impl Opener {
    fn unread(&self) -> MutexGuard<'_, u64> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything is read that was asked for.
    pub fn wait(&self) {
        drop(self.read.wait_while(self.unread(), |unread| *unread > 0));
    }

    fn asks(&self) -> MutexGuard<'_, Option<Sender<Ask>>> {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread; it ends with [`Self::close`].
    pub fn start(inner: &Arc<Inner>) -> JoinHandle<()> {
        let (sender, asks) = channel::<Ask>();
        *inner.opener.asks() = Some(sender);
        let weak = Arc::downgrade(inner);
        let work = move || {
            for ask in asks {
                let Some(inner) = weak.upgrade() else { return };
                inner.follow(ask.space, &ask.key, &ask.slot);
                *inner.opener.unread() -= 1;
                inner.opener.read.notify_all();
                inner.bell.ring();
            }
        };
        let thread = std::thread::Builder::new().name("opener".to_owned());
        thread.spawn(work).expect("the system can start a thread")
    }

    /// Keeps the slot current from soon on.
    pub fn ask(&self, space: SpaceId, key: ViewKey, slot: Arc<dyn Slot>) {
        if let Some(asks) = &*self.asks() {
            *self.unread() += 1;
            // The thread ends with this sender only.
            let _ = asks.send(Ask { space, key, slot });
        }
    }

    pub fn close(&self) {
        self.asks().take();
    }
}
