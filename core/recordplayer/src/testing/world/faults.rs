//! What goes wrong on the way, and how often.

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

/// Accidents of a line, each in percent of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The frame never arrives.
    pub lost: u32,
    /// The frame arrives twice.
    pub doubled: u32,
    /// The frame is overtaken by later ones.
    pub overtaken: u32,
    /// The connection breaks with this frame.
    pub broken: u32,
    /// The session's queue is full: this frame and those behind it are not handed over, and it is told that it lags.
    pub lagging: u32,
    /// The longest time on the way, in milliseconds.
    pub delay_ms_max: i64,
}

impl Faults {
    /// A good line: nothing is lost, some milliseconds of delay.
    pub const fn none() -> Self {
        Self { lost: 0, doubled: 0, overtaken: 0, broken: 0, lagging: 0, delay_ms_max: 20 }
    }

    /// A bad line: a bit of everything.
    pub const fn bad() -> Self {
        Self { lost: 5, doubled: 5, overtaken: 10, broken: 2, lagging: 5, delay_ms_max: 400 }
    }

    /// Some line, mostly a bad one. Each accident has a share of its own, and may have none: then what only comes of the others shows.
    pub fn drawn(rng: &mut impl Rng) -> Self {
        let mut upto = |most: u32| if rng.random_ratio(1, 4) { 0 } else { rng.random_range(0..=most) };
        let (lost, doubled, overtaken) = (upto(12), upto(12), upto(25));
        let (broken, lagging) = (upto(5), upto(12));
        let delay_ms_max = *[20, 100, 400, 400, 1_500].choose(rng).expect("there are some");
        Self { lost, doubled, overtaken, broken, lagging, delay_ms_max }
    }
}
