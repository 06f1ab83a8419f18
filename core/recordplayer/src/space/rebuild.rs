//! Views that are made anew while the space is open, and who is told when they are.

use super::{Rebuilding, Space};
use crate::storage::ReadError;
use crate::time::Timestamp;

impl Space {
    /// How far the views are that are made anew, if some are. Meanwhile they show what another version of them has saved.
    pub fn rebuilding(&self) -> Option<Rebuilding> {
        self.state.rebuilding()
    }

    /// The next piece; with the last one, what they showed gives way, for everybody who looks.
    pub(super) fn rebuild_if_due(&mut self, now: Timestamp) {
        if !self.state.is_rebuild_due(now) {
            return;
        }
        if let Err(error) = self.state.rebuild_some(now, self.reader.as_ref(), self.durable.position) {
            return self.fail(error);
        }
        let played: Result<(), ReadError> =
            self.undurable.iter().try_for_each(|decided| self.state.rebuild_with(&decided.commit));
        if let Err(error) = played {
            return self.fail(error);
        }
        if let Some(views) = self.state.swap_views() {
            self.restart_views(&views);
            // They waited for what everybody has from now on.
            self.wants_checkpoint |= self.joining.values().any(|joining| joining.source.is_none());
        }
    }
}
