//! Many histories, side by side.

use std::collections::VecDeque;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

use crate::accident::Mix;
use crate::history::{self, KILLS, Outcome};
use crate::{disks, faults};

/// The kinds of histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Kills,
    Lines,
    Disks,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Kills, Self::Lines, Self::Disks];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kills => "kills",
            Self::Lines => "lines",
            Self::Disks => "disks",
        }
    }

    fn play_out(self, seed: u64) -> Outcome {
        match self {
            Self::Kills => history::play_out(Mix::Kills, seed),
            Self::Lines => history::play_out(Mix::Lines, seed),
            Self::Disks => disks::play_out(seed),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub sum: Outcome,
    pub histories: u64,
    /// Those that have begun.
    begun: u64,
    pub failed: Vec<(Kind, u64)>,
}

impl Run {
    /// Whether enough histories have begun.
    pub fn has_begun(&self, histories: u64) -> bool {
        self.begun >= histories
    }

    /// Whether so many kills have come, or will by the histories that have begun; nobody waits for those of a run that has failed.
    pub fn will_have_killed(&self, kills: u64) -> bool {
        let under_way = self.begun - self.histories;
        self.sum.kills + under_way * KILLS >= kills || !self.failed.is_empty()
    }

    /// # Panics
    ///
    /// When a history has failed, with what plays it again.
    pub fn expect_good(&self) {
        let again: Vec<String> = self.failed.iter().map(|(kind, seed)| again(*kind, *seed)).collect();
        assert!(again.is_empty(), "histories fail; again by:\n{}", again.join("\n"));
    }
}

/// The one command that plays a history again.
pub fn again(kind: Kind, seed: u64) -> String {
    format!("cargo xtask processes --{} 1 --seed {seed}", kind.name())
}

/// Plays histories, twice as many at a time as the machine has processors, for they wait for the disk most of the time: those first that are named, then one seed after the other until it is enough.
pub fn run(named: &[(Kind, u64)], kind: Kind, seed: u64, is_enough: impl Fn(&Run) -> bool + Sync) -> Run {
    let queue = Mutex::new((named.iter().copied().collect::<VecDeque<_>>(), seed));
    let run = Mutex::new(Run::default());
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = run.lock().unwrap_or_else(PoisonError::into_inner);
        let next = queue.0.pop_front().or_else(|| {
            if is_enough(&run) {
                return None;
            }
            queue.1 += 1;
            Some((kind, queue.1 - 1))
        });
        run.begun += u64::from(next.is_some());
        next
    };
    let work = || {
        while let Some((kind, seed)) = next() {
            let outcome = if kind == Kind::Disks && !faults::has_strace() {
                faults::say_absent("strace", 1);
                Ok(Outcome::default())
            } else {
                catch_unwind(|| kind.play_out(seed))
            };
            let mut run = run.lock().unwrap_or_else(PoisonError::into_inner);
            run.histories += 1;
            if let Ok(outcome) = outcome {
                run.sum += outcome;
            } else {
                eprintln!("seed {seed} fails; again by: {}", again(kind, seed));
                run.failed.push((kind, seed));
            }
        }
    };
    let threads = 2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    run.into_inner().unwrap_or_else(PoisonError::into_inner)
}
