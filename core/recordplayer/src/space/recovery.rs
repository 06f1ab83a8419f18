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
use crate::membership::{Membership, MembershipCommand, MembershipEvent, REDACTED_RECORDS_MAX};
use crate::planted::{Bug, is_planted};
use crate::record::Position;
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
    /// Whoever restores one backup twice should not give one number to two epochs, and no copy of the log knows the other one: so the number
    /// comes from a clock, and is only greater where a log is ahead of that. Where the clock was wrong, the devices that had followed the other
    /// epoch prove that there was one, and the space goes on behind it.
    pub fn begin(id: Id, now: Timestamp, lasts_ms: i64, last_epoch: u32) -> Self {
        let since = u32::try_from((now.0 - NUMBERED_FROM_MS) / 1_000).unwrap_or_default();
        Self { id, epoch: since.max(last_epoch.saturating_add(1)), until: now.plus_ms(lasts_ms) }
    }
}

impl Space {
    /// Whether the store was restored, and this space has not gone on since; also where the store does not know it at all.
    pub fn is_in_recovery(&self) -> bool {
        self.recovery.is_some_and(|recovery| !self.has_gone_on_since(recovery))
    }

    /// Whether the space was opened after this restore, or founded since. The number of its epoch does not say so alone: what came back may be of a
    /// later one, where a clock was set back.
    fn has_gone_on_since(&self, recovery: Recovery) -> bool {
        self.state.replicas.last_number(opened_by(recovery.id)) > 0
            || (self.state.epoch == recovery.epoch && self.begins_in(recovery.epoch))
    }

    fn begins_in(&self, epoch: u32) -> bool {
        let first = self.undurable.front().filter(|first| first.commit.before() == Position::START);
        if let Some(first) = first {
            return first.commit.header.epoch == epoch;
        }
        if self.founded_in.get().is_none()
            && let Ok(Some(stored)) = self.reader.commit_with(Position(1))
            && let Ok(first) = stored.open()
        {
            self.founded_in.get_or_init(|| first.header.epoch);
        }
        self.founded_in.get() == Some(&epoch)
    }

    /// Somebody has proved that there was an epoch, perhaps of another history: one restore of a backup came before another one, and this one's clock
    /// was not ahead of that one's. The space goes on in a later epoch; true where it begins that one now.
    pub(super) fn goes_on_behind(&mut self, now: Timestamp, epoch: u32, follows: bool) -> bool {
        if self.is_in_recovery() {
            if let Some(recovery) = &mut self.recovery {
                recovery.epoch = recovery.epoch.max(epoch.saturating_add(1));
            }
            return false;
        }
        let opened = self.state.base_models().get::<Membership>(self.id().0).reopened();
        let Some(before) = opened.filter(|_| epoch >= self.state.epoch && !follows) else { return false };
        let id = Id::derived("recovery behind", &[before.bytes(), &epoch.to_be_bytes()]);
        self.reopen(now, Recovery { id, epoch: epoch.saturating_add(1), until: now });
        true
    }

    /// Whether commands are decided. A space that is not known may be founded anew.
    pub(super) fn may_decide(&self) -> bool {
        !self.is_in_recovery() || self.state.head == Head::START || is_planted(Bug::DecideInRecovery)
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
        if self.state.head == Head::START || self.has_gone_on_since(recovery) {
            return;
        }
        let id = recovery.id;
        let proved = self.recovery.filter(|own| own.id == id).map_or(0, |own| own.epoch);
        let epoch = recovery.epoch.max(proved).max(self.state.epoch.saturating_add(1));
        let command = MembershipCommand::Reopen { recovery: id };
        let event = MembershipEvent::Reopened { recovery: id };
        // Nobody does it but the server itself.
        if let Err(why) = self.say_itself(now, (epoch, "recovery", id), ActorId::default(), (&command, &event)) {
            return self.fail(ReadError::Damaged(why));
        }
        self.take_out_what_is_gone(now);
    }

    /// Words came back, and what took them out did not (see [`tail`](super::tail)): now it cannot come any more, so whoever still holds them
    /// is told to take them out by the server itself.
    pub(super) fn take_out_what_is_gone(&mut self, now: Timestamp) {
        let gone: Vec<Position> = self.state.unexplained.records().collect();
        for records in gone.chunks(REDACTED_RECORDS_MAX) {
            let id = Id::derived("taken out", &[&self.state.head.hash.0]);
            let reopened = self.state.base_models().get::<Membership>(self.id().0).reopened();
            let command = MembershipCommand::Redact { records: records.to_vec(), reopened };
            let event = MembershipEvent::Redacted { records: records.to_vec() };
            let epoch = self.state.epoch;
            if let Err(why) = self.say_itself(now, (epoch, "redaction", id), ActorId::default(), (&command, &event)) {
                return self.fail(ReadError::Damaged(why));
            }
        }
    }
}

/// Who says that a space goes on after this restore.
fn opened_by(recovery: Id) -> ReplicaId {
    ReplicaId::derived("recovery", &[recovery.bytes()])
}
