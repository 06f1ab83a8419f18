//! Everything that is drawn.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a history draws from: the same seed, the same history.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// One of its own, so that what one draws does not depend on how fast another one draws.
    pub fn branch(&mut self) -> Self {
        Self::new(self.0.random())
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    pub fn one_in(&mut self, several: u64) -> bool {
        self.below(several) == 0
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Up to so many milliseconds, to the microsecond.
    pub fn up_to_ms(&mut self, ms: u64) -> Duration {
        Duration::from_micros(self.below(ms * 1_000 + 1))
    }
}

/// A seed that nobody has tried; short enough to be typed.
pub fn fresh_seed() -> u64 {
    u64::from(getrandom::u32().expect("the system has randomness"))
}
