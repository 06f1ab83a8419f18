//! A view that is always there and always current.

use std::sync::{Arc, Mutex, PoisonError};

use recordplayer::replica::Replica;
use recordplayer::view::{Key, View};

/// A view of a space, kept current while somebody holds this.
///
/// Reading it takes no more than the copy of a pointer: it never waits for the machine, the disk or the network.
#[derive(Clone, Debug)]
pub struct Live<V> {
    slot: Arc<LiveSlot<V>>,
}

impl<V: View> Live<V> {
    /// The view with everything that waits.
    pub fn get(&self) -> Arc<V> {
        Arc::clone(&self.slot.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the machine renews.
pub(crate) trait Slot: Send + Sync {
    fn renew(&self, replica: &Replica);
}

#[derive(Debug)]
struct LiveSlot<V> {
    key: Key,
    shown: Mutex<Arc<V>>,
}

impl<V: View> Slot for LiveSlot<V> {
    fn renew(&self, replica: &Replica) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = replica.view::<V>(self.key.clone());
    }
}

/// A live view, and its slot to be followed.
pub(crate) fn live<V: View>(key: Key) -> (Live<V>, Arc<dyn Slot>) {
    let slot = Arc::new(LiveSlot { key, shown: Mutex::new(Arc::new(V::default())) });
    (Live { slot: Arc::clone(&slot) }, slot)
}
