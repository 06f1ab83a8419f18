//! Effects start once (rule 16): from durable records only, never from what is replayed, imported, published or adopted.
//!
//! ```text
//!   decided ─► what it causes is computed, with the entities as they are then ─► durable ─► given to the driver, which carries it out,
//!                                                                                           notes how far it came, and says so
//!   at the start, and where the driver is far behind ─► read from the log again, under the same keys
//! ```

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Space, SpaceOutput};
use crate::commit::Commit;
use crate::id::Id;
use crate::policy::{Effect, EffectsDone};
use crate::record::{Position, Seen};
use crate::storage::ReadError;

/// How far effects are given out.
#[derive(Debug)]
pub(super) struct Giving {
    /// Whether anybody carries them out.
    pub is_wanted: bool,
    pub upto: EffectsDone,
    /// Where what is given out ends, and how much it is, piece by piece.
    open: VecDeque<(EffectsDone, usize)>,
    /// Whether something behind `upto` waits in the log.
    is_behind: bool,
}

impl Giving {
    pub fn new(done: Option<EffectsDone>) -> Self {
        Self { is_wanted: done.is_some(), upto: done.unwrap_or_default(), open: VecDeque::new(), is_behind: false }
    }

    fn is_full(&self, given_max: usize) -> bool {
        self.open.iter().map(|(_, count)| count).sum::<usize>() >= given_max
    }
}

impl Space {
    fn has_effects(&self) -> bool {
        self.giving.is_wanted && !self.domain.effects().is_empty()
    }

    /// What a commit causes outside of the log, with the entities as they are now.
    pub(super) fn effects_of(&self, commit: &Commit) -> Vec<Effect> {
        if !self.has_effects() || commit.header.claims.happened_at.is_some() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for record in commit.events() {
            // Counted for each record: of its neighbours some may be redacted when it is read again.
            let place = (record.number.0 - commit.header.first.0).to_be_bytes();
            let mut count = 0_u64;
            for kind in self.domain.effects() {
                // A cause that panics has none.
                let models = self.state.base_models();
                let caused = catch_unwind(AssertUnwindSafe(|| (kind.cause)(record, &models))).unwrap_or_default();
                for content in caused {
                    let key = Id::derived("effect", &[commit.header.command.bytes(), &place, &count.to_be_bytes()]);
                    count += 1;
                    let (space, record) = (self.id(), record.number);
                    effects.push(Effect { key, kind: kind.name.clone(), space, record, content });
                }
            }
        }
        effects
    }

    /// Gives out what follows from a commit, unless the driver is far behind.
    pub(super) fn give_effects(&mut self, commit: &Commit, effects: Vec<Effect>) {
        self.giving.is_behind |= !effects.is_empty() && self.giving.is_full(self.thresholds().effects_given_max);
        if effects.is_empty() || self.giving.is_behind {
            return;
        }
        let done = EffectsDone { epoch: commit.header.epoch, upto: commit.head().position };
        self.giving.upto = done;
        self.giving.open.push_back((done, effects.len()));
        self.outputs.push_back(SpaceOutput::Effects { effects, done });
    }

    /// What is durable up to and with this commit came in from elsewhere, and brings nothing about. The log says so as well, for who reads it
    /// before this is noted; the note spares them that.
    pub(super) fn pass_over_effects(&mut self, last: &Commit) {
        if self.has_effects() && !self.giving.is_behind {
            let done = EffectsDone { epoch: last.header.epoch, upto: last.head().position };
            self.giving.upto = done;
            self.giving.open.push_back((done, 0));
            self.outputs.push_back(SpaceOutput::Effects { effects: Vec::new(), done });
        }
    }

    /// The driver has carried out, and noted, what was given out up to here.
    pub(super) fn effects_done(&mut self, done: EffectsDone) {
        self.giving.open.retain(|(given, _)| *given > done);
        if self.giving.is_behind && self.giving.open.is_empty() {
            self.give_effects_again();
        }
    }

    /// Gives out what is durable and was not given out yet: at the start, where it was not known what the log holds, and where the driver was far
    /// behind.
    pub(super) fn give_effects_again(&mut self) {
        if self.has_effects()
            && let Err(error) = self.give_from_log()
        {
            self.fail(error);
        }
    }

    fn give_from_log(&mut self) -> Result<(), ReadError> {
        self.giving.is_behind = false;
        let mut at = self.first_undone(self.giving.upto)?;
        while at < self.durable.position {
            let stored = self.reader.commits(at, self.durable.position, self.thresholds().read_bytes)?;
            let Some(last) = stored.last() else { break };
            at = last.head.position;
            for stored in stored {
                let commit = stored.open()?;
                let effects = if stored.is_adopted { Vec::new() } else { self.effects_of(&commit) };
                self.give_effects(&commit, effects);
                if self.giving.is_behind {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The place behind which nothing is carried out yet. Where a later epoch has begun before the noted place, what that has there is new.
    fn first_undone(&self, done: EffectsDone) -> Result<Position, ReadError> {
        let place = self.place_of(Seen { epoch: done.epoch, position: done.upto })?;
        Ok(place.min(self.durable.position))
    }
}
