//! What happens outside of the log of a world, and how often.

use std::collections::BTreeMap;

use super::World;
use crate::id::Id;
use crate::policy::{Effect, EffectsDone};

/// What was carried out, and how far that is noted on the authority's disk.
#[derive(Debug, Default)]
pub(super) struct CarriedOut {
    times: BTreeMap<Id, (Effect, u32)>,
    done: EffectsDone,
}

impl CarriedOut {
    pub fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.times.entry(effect.key).or_insert((effect, 0)).1 += 1;
        }
    }

    pub fn note(&mut self, done: EffectsDone) {
        self.done = self.done.max(done);
    }

    pub fn done(&self) -> EffectsDone {
        self.done
    }
}

impl World {
    /// What was carried out outside of the log, each with how often.
    pub fn effects(&self) -> impl Iterator<Item = (&Effect, u32)> {
        self.effects.times.values().map(|(effect, times)| (effect, *times))
    }
}
