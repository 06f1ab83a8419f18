//! Programs that run for long: work goes on without a pause, nothing grows, and in the end everything holds.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, getpid};

use crate::chance::Chance;
use crate::clock::{let_pass, now};
use crate::process::Around;
use crate::town::Town;

const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Memory is flat where the median of the last third of the samples is at most so much above that of the first third: caches fill up to their
/// bounds for a while, and allocators keep some of what was freed.
const GROWTH_PERCENT_MAX: u64 = 20;
const GROWTH_KIB_MAX: u64 = 8 * 1_024;

/// What one program held, in KiB: the medians of the three thirds of the time.
#[derive(Clone, Debug)]
pub struct Memory {
    pub what: &'static str,
    pub thirds: [u64; 3],
}

impl Memory {
    fn of(what: &'static str, samples: &[u64]) -> Self {
        let third = samples.len() / 3;
        let median = |part: &[u64]| {
            let mut part = part.to_vec();
            part.sort_unstable();
            part.get(part.len() / 2).copied().unwrap_or_default()
        };
        let thirds = [&samples[..third], &samples[third..2 * third], &samples[2 * third..]];
        Self { what, thirds: thirds.map(median) }
    }

    pub fn is_flat(&self) -> bool {
        let [first, _, last] = self.thirds;
        last <= first + first * GROWTH_PERCENT_MAX / 100 + GROWTH_KIB_MAX
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, last] = self.thirds;
        let verdict = if self.is_flat() { "flat" } else { "GROWS" };
        write!(f, "{}: {first}, {second}, {last} KiB in the thirds of the time: {verdict}", self.what)
    }
}

/// What a soak came to.
#[derive(Clone, Debug)]
pub struct Soaked {
    pub records: u64,
    pub memory: Vec<Memory>,
}

/// Works for so long: one device of this process without a pause, one person command by command, while a client watches the board.
///
/// # Panics
///
/// When something does not hold that was promised.
pub fn soak(time: Duration, seed: u64) -> Soaked {
    let mut chance = Chance::new(seed);
    let mut town = Town::new(&mut chance);
    let [ann, bo] = &town.people;
    let watch = bo.start(&Around::Nothing, &["watch"]);
    let server = town.server.running().expect("it serves").pid();
    let (watched, mut samples) = (watch.pid(), [Vec::new(), Vec::new(), Vec::new()]);
    let is_over = &AtomicBool::new(false);
    let mut shown = 0;
    std::thread::scope(|scope| {
        let (here, cards) = (&town.here, &ann.cards);
        scope.spawn(move || {
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let card = cards[number % cards.len()].parse().expect("a card's id");
                here.rename(card, &format!("cy's title {number}"));
            }
        });
        scope.spawn(move || {
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                ann.tell(&["card", "rename", &cards[number % cards.len()], &format!("ann's title {number}"), "--wait"]);
            }
        });
        let end = now() + time;
        while now() < end {
            let_pass(SAMPLE_EVERY);
            shown += watch.lines_so_far();
            for (pid, of) in [server, watched, getpid()].into_iter().zip(&mut samples) {
                of.extend(resident_kib(pid));
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(shown > 0, "the client that watches was shown nothing");
    watch.kill();
    town.heal();
    let records = town.check();
    let names = ["server", "client that watches", "device, with what drives it"];
    let memory = names.into_iter().zip(&samples).map(|(what, samples)| Memory::of(what, samples)).collect();
    Soaked { records, memory }
}

/// What a process holds in memory; nothing where it has ended.
fn resident_kib(pid: Pid) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_grows_is_told_from_memory_that_does_not() {
        let flat = (0..300).map(|second| 100_000 + second % 7 * 1_000).collect::<Vec<u64>>();
        assert!(Memory::of("server", &flat).is_flat());
        let leaks = (0..300).map(|second| 100_000 + second * 300).collect::<Vec<u64>>();
        assert!(!Memory::of("server", &leaks).is_flat());
    }

    #[test]
    fn this_process_holds_some_memory() {
        assert!(resident_kib(getpid()).is_some_and(|kib| kib > 100));
    }
}
