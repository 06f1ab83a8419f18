//! After the store was restored from a backup (rule 15): nothing is decided until what was durable had time to come back.
//!
//! ```text
//!   the backup ●─ ─ ─ ─ lost ─ ─ ─ ─►
//!              │  in recovery: devices bring what was lost, sealed and as it was ([`tail`](super::tail))
//!              ●═══════════════● opened: by the admin, or when the time is over
//!                              ╞══► a new epoch, which decides again; whoever still holds more goes back
//! ```

use super::Space;
use crate::commit::Head;
use crate::id::{ActorId, Id, ReplicaId};
use crate::membership::{MembershipCommand, MembershipEvent};
use crate::storage::ReadError;
use crate::time::Timestamp;

/// Epochs that begin with a restore are numbered by the seconds since 2020-01-01.
const NUMBERED_FROM_MS: i64 = 1_577_836_800_000;

/// One restore of an authority's store from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    pub id: Id,
    /// The epoch that the spaces go on in. Those that have it, or a later one, are open.
    pub epoch: u32,
    /// When a space that nobody has opened opens by itself.
    pub until: Timestamp,
}

impl Recovery {
    /// A recovery that begins now. `last_epoch` is the greatest of those that are known.
    ///
    /// Whoever restores one backup twice must not give one number to two epochs, and no copy of the log knows the other one: so the number
    /// comes from a clock, and is only greater where a log is ahead of that.
    pub fn begin(id: Id, now: Timestamp, lasts_ms: i64, last_epoch: u32) -> Self {
        let since = u32::try_from((now.0 - NUMBERED_FROM_MS) / 1_000).unwrap_or_default();
        Self { id, epoch: since.max(last_epoch.saturating_add(1)), until: now.plus_ms(lasts_ms) }
    }
}

impl Space {
    /// Whether the store was restored, and this space has not gone on since; also where the store does not know it at all.
    pub fn is_in_recovery(&self) -> bool {
        self.recovery.is_some_and(|recovery| self.state.epoch < recovery.epoch)
    }

    /// Whether commands are decided. A space that is not known may be founded anew.
    pub(super) fn may_decide(&self) -> bool {
        !self.is_in_recovery() || self.state.head == Head::START
    }

    /// A space that is founded during a recovery begins in the epoch of that.
    pub(super) fn epoch_to_decide_in(&self) -> u32 {
        let begins = self.recovery.filter(|_| self.state.head == Head::START);
        begins.map_or(self.state.epoch, |recovery| recovery.epoch.max(self.state.epoch))
    }

    pub(super) fn recovers_until(&self) -> Option<Timestamp> {
        self.recovery.filter(|_| !self.may_decide()).map(|recovery| recovery.until)
    }

    pub(super) fn end_recovery_if_due(&mut self, now: Timestamp) {
        if let Some(recovery) = self.recovery
            && self.recovers_until().is_some_and(|until| until <= now)
        {
            self.reopen(now, recovery);
        }
    }

    /// Opens a space whose store was restored: what has not come back by now goes on only as its authors send it again.
    pub(super) fn reopen(&mut self, now: Timestamp, recovery: Recovery) {
        let Recovery { id, epoch, .. } = recovery;
        let replica = ReplicaId::derived("recovery", &[id.bytes()]);
        let is_open = self.state.replicas.last_number(replica) > 0 || self.state.epoch >= epoch;
        if self.state.head == Head::START || is_open {
            return;
        }
        let command = MembershipCommand::Reopen { recovery: id };
        let event = MembershipEvent::Reopened { recovery: id };
        // Nobody does it but the server itself.
        if let Err(why) = self.begin_epoch(now, (epoch, "recovery", id), ActorId::default(), (&command, &event)) {
            self.fail(ReadError::Damaged(why));
        }
    }
}
