//! One history: rounds of work and accidents, then everything healed and checked.

use std::ops::AddAssign;

use crate::accident::{Mix, Round};
use crate::chance::Chance;
use crate::town::Town;

/// The kills of one history: enough that they meet what earlier ones have left, and few enough that a seed that fails is soon played again.
pub const KILLS: u64 = 10;
/// Programs may be done before they are killed, so a history takes a few rounds more than it has kills.
const ROUNDS_MAX: u64 = 6 * KILLS;
/// The rounds of a history over a bad line.
const ROUNDS_OF_LINES: u64 = 5;

/// What histories came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub kills: u64,
    /// Commands of which a program has said that they are saved or decided.
    pub promised: u64,
    /// Commands and servers that have met a disk that failed.
    pub disk_failures: u64,
    pub records: u64,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.promised += other.promised;
        self.disk_failures += other.disk_failures;
        self.records += other.records;
    }
}

/// Plays a history out.
///
/// # Panics
///
/// When something does not hold that was promised.
pub fn play_out(mix: Mix, seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut town = Town::new(&mut chance);
    let rounds = match mix {
        Mix::Kills => ROUNDS_MAX,
        Mix::Lines => ROUNDS_OF_LINES,
    };
    for _ in 0..rounds {
        if mix == Mix::Kills && town.kills() >= KILLS {
            break;
        }
        let round = Round::drawn(mix, &mut chance);
        town.play(&round);
    }
    town.heal();
    let records = town.check();
    Outcome { kills: town.kills(), promised: town.ledger.promised(), disk_failures: 0, records }
}
