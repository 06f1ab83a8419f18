//! What a replica holds and waits for, as histories look at it: nothing of that leaves the machine.

use super::Replica;
use crate::time::Timestamp;

impl Replica {
    /// As with a space: what is held though nothing is under way.
    pub(crate) fn leftovers(&self) -> Vec<&'static str> {
        let mut held = Vec::new();
        let mut note = |is_held: bool, what| held.extend(is_held.then_some(what));
        note(!self.saves.is_empty(), "saves");
        note(!self.outputs.is_empty(), "outputs");
        note(self.lifted.is_some(), "a lifted layer");
        note(self.snapshot.is_some(), "a snapshot");
        held
    }

    /// As with a space: what is more than its limit.
    pub(crate) fn beyond_bounds(&self) -> Vec<&'static str> {
        let thresholds = self.domain.thresholds();
        let mut beyond = Vec::new();
        let mut note = |is_beyond: bool, what| beyond.extend(is_beyond.then_some(what));
        let sent = self.outbox.iter().filter(|pending| pending.is_waiting() && pending.is_sent).count();
        note(sent > thresholds.in_flight_commands_max, "commands in flight");
        note(
            self.snapshot.as_ref().is_some_and(|held| held.bytes() > thresholds.snapshot_bytes_max),
            "bytes of a snapshot",
        );
        beyond
    }

    /// How much longer it waits, where the authority asked it to.
    pub(crate) fn pauses_for_ms(&self, now: Timestamp) -> Option<i64> {
        self.pause.filter(|pause| !pause.is_over(now)).map(|pause| pause.until.0 - now.0)
    }

    /// Whether it is about to drop its log: what waits is not shown on top of that any more.
    pub(crate) fn is_going_back(&self) -> bool {
        self.saves.values().any(|saving| saving.goes_back.is_some())
    }
}
