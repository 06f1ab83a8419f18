//! Views that are made anew on a device, from its own log. Where a part of the history is still being fetched, they go as far as it is here, and
//! show what was saved of them until all of it is.

use std::sync::Arc;

use super::{Replica, ReplicaOutput};
use crate::commit::Commit;
use crate::name::Name;
use crate::state::OpenError;
use crate::storage::ReadError;
use crate::time::Timestamp;
use crate::view::View;

impl Replica {
    /// Whether the views of this kind show what another version of them has saved, until they are made anew.
    pub fn shows_older<V: View>(&self) -> bool {
        self.state.layers.hydrator().is_older(&Name::of(V::NAME))
    }

    /// When the next piece is to be played. What is about to be replaced is not made anew before.
    pub(super) fn rebuild_due(&self) -> Option<Timestamp> {
        self.state.rebuild_due().filter(|_| !self.is_redacting() && !self.is_saving_snapshot())
    }

    pub(super) fn is_rebuild_due(&self, now: Timestamp) -> bool {
        self.rebuild_due().is_some() && self.state.is_rebuild_due(now)
    }

    /// The next piece; with the last one, what the views showed gives way.
    pub(super) fn rebuild_if_due(&mut self, now: Timestamp) {
        if !self.is_rebuild_due(now) {
            return;
        }
        if let Err(error) = self.rebuild_some(now) {
            let error = match error {
                OpenError::Read(error) => error,
                OpenError::Incomplete(_) => ReadError::Damaged(error.to_string()),
            };
            return self.outputs.push_back(ReplicaOutput::Damaged(error));
        }
        if self.state.rebuilt_to() != Some(self.state.head) {
            return;
        }
        self.set_down();
        let optimistic = self.state.layers.pop();
        let is_swapped = self.state.swap_views().is_some();
        self.state.layers.push_layer(optimistic);
        assert!(is_swapped, "what has come to the end of the log is swapped");
        // What waits was played on the views that are gone.
        self.rebase_all();
        self.outputs.push_back(ReplicaOutput::AllChanged);
    }

    fn rebuild_some(&mut self, now: Timestamp) -> Result<(), OpenError> {
        self.state.rebuild_some(now, self.reader.as_ref(), self.state.head.position)?;
        let Some(at) = self.state.rebuilt_to() else { return Ok(()) };
        let on_their_way: Vec<Arc<Commit>> = self.on_their_way(at.position).cloned().collect();
        for commit in on_their_way {
            self.state.rebuild_with(&commit)?;
        }
        Ok(())
    }
}
