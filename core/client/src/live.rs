//! A view, or an entity, that is always there and always current.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use recordplayer::replica::Replica;

/// A view or an entity of a space, kept current while somebody holds this.
///
/// Reading it takes no more than the copy of a pointer: it never waits for the machine, the disk or the network.
#[derive(Clone, Debug)]
pub struct Live<V> {
    slot: Arc<LiveSlot<V>>,
}

impl<V> Live<V> {
    /// It as it is now, with everything that waits.
    pub fn get(&self) -> Arc<V> {
        Arc::clone(&self.slot.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the machine renews.
pub(crate) trait Slot: Send + Sync {
    fn renew(&self, replica: &Replica);
}

type Read<V> = Box<dyn Fn(&Replica) -> Arc<V> + Send + Sync>;

struct LiveSlot<V> {
    read: Read<V>,
    shown: Mutex<Arc<V>>,
}

impl<V: Send + Sync> Slot for LiveSlot<V> {
    fn renew(&self, replica: &Replica) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = (self.read)(replica);
    }
}

impl<V: fmt::Debug> fmt::Debug for LiveSlot<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LiveSlot").field(&self.shown).finish()
    }
}

/// Something live, and its slot to be followed.
pub(crate) fn live<V: Default + Send + Sync + 'static>(
    read: impl Fn(&Replica) -> Arc<V> + Send + Sync + 'static,
) -> (Live<V>, Arc<dyn Slot>) {
    let slot = Arc::new(LiveSlot { read: Box::new(read), shown: Mutex::default() });
    (Live { slot: Arc::clone(&slot) }, slot)
}
