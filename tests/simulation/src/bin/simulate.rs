//! Plays many histories out, seed by seed: `cargo xtask simulate --seeds N [--seed FIRST]`.

use std::io::{IsTerminal, Write};
use std::num::NonZero;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use recordplayer_simulation::{Kind, Outcome};

/// A seventh more histories in the same time: they are short, and all that they hold is let go of at their end.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Drive simulated devices through faults, seed by seed
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run
    #[arg(long, required_unless_present_any = ["planted", "seconds"])]
    seeds: Option<u64>,
    /// Run as many as fit into so many seconds
    #[arg(long, conflicts_with = "seeds")]
    seconds: Option<u64>,
    /// Plant one bug after another, and see that each is found
    #[arg(long, conflicts_with_all = ["seeds", "seed", "seconds"])]
    planted: bool,
    /// The first seed; without it, and without a number of seeds, a fresh one
    #[arg(long)]
    seed: Option<u64>,
    /// Which histories
    #[arg(long, value_enum, default_value_t = Histories::Kanban)]
    kind: Histories,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Histories {
    /// The product's own domain
    Kanban,
    /// A domain of a few lines, compared with a model of it
    Shelf,
}

impl From<Histories> for Kind {
    fn from(histories: Histories) -> Self {
        match histories {
            Histories::Kanban => Self::Kanban,
            Histories::Shelf => Self::Shelf,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.planted {
        return find_planted();
    }
    let first = arguments.seed.unwrap_or_else(|| if arguments.seeds.is_some() { 0 } else { fresh_seed() });
    let Some(end) = first.checked_add(arguments.seeds.unwrap_or(u64::MAX - first)) else {
        eprintln!("there are no {} seeds behind {first}", arguments.seeds.unwrap_or_default());
        return ExitCode::from(2);
    };
    let began = now();
    let run = Run {
        kind: arguments.kind.into(),
        next: AtomicU64::new(first),
        end,
        until: arguments.seconds.map(|seconds| began + Duration::from_secs(seconds)),
        sum: Mutex::default(),
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run.work());
        }
    });
    let Sum { histories, outcome, failed, .. } = run.sum.into_inner().unwrap_or_default();
    let a_minute = u128::from(histories) * 60_000 / began.elapsed().as_millis().max(1);
    println!(
        "{histories} histories of {} from seed {first}, {} failed: {} records; of {} commands {} were refused on the device and {} by \
         the authority; {} times a disk failed, {} times one had rotted; {a_minute} histories a minute",
        run.kind.name(),
        failed.len(),
        outcome.records,
        outcome.taken + outcome.refused_here,
        outcome.refused_here,
        outcome.refused_there,
        outcome.disks_failed,
        outcome.rot_found
    );
    let reached = outcome.reached.each().map(|(what, times)| format!("{what} {times}")).join(", ");
    println!("what only large spaces do: {reached}");
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Histories that several threads play out.
struct Run {
    kind: Kind,
    next: AtomicU64,
    end: u64,
    until: Option<Instant>,
    sum: Mutex<Sum>,
}

#[derive(Default)]
struct Sum {
    histories: u64,
    outcome: Outcome,
    failed: Vec<u64>,
    told_at: Option<Instant>,
}

impl Run {
    fn work(&self) {
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.end || self.until.is_some_and(|until| now() >= until) {
                return;
            }
            let outcome = catch_unwind(|| self.kind.play_out(seed));
            let Ok(mut sum) = self.sum.lock() else { return };
            sum.histories += 1;
            if let Ok(outcome) = outcome {
                sum.outcome = sum.outcome + outcome;
            } else {
                let kind = self.kind.name();
                eprintln!("seed {seed} fails; again by: cargo xtask simulate --kind {kind} --seeds 1 --seed {seed}");
                sum.failed.push(seed);
            }
            sum.report();
        }
    }
}

/// For the report's rate and the end of a run alone: the histories live in a time of their own.
#[expect(clippy::disallowed_methods, reason = "the one clock function of this program")]
fn now() -> Instant {
    Instant::now()
}

/// Another one each time; the report names it.
fn fresh_seed() -> u64 {
    rand::random::<u64>() >> 16
}

/// Where it writes into a file, it says so often how far it has come.
const TELLS_EVERY: Duration = Duration::from_mins(1);

impl Sum {
    /// How far it has come: at once where somebody watches, and else now and then, so that a long run that is stopped was not for nothing.
    fn report(&mut self) {
        let mut error = std::io::stderr();
        if error.is_terminal() {
            let _ = write!(error, "\r{} ", self.histories);
            return;
        }
        let told_at = self.told_at.get_or_insert_with(now);
        if told_at.elapsed() >= TELLS_EVERY {
            *told_at = now();
            eprintln!("{} histories so far, {} failed", self.histories, self.failed.len());
        }
    }
}

/// A bug that is not found in so long is not found.
const FOUND_WITHIN: Duration = Duration::from_mins(1);

#[cfg(feature = "planted")]
fn find_planted() -> ExitCode {
    use recordplayer::planted::{Bug, plant};
    // What the histories have to say of each bug is told below.
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = 0;
    for bug in Bug::ALL.iter().copied() {
        plant(Some(bug));
        let began = now();
        let found = find(bug, began + FOUND_WITHIN);
        plant(None);
        let seconds = began.elapsed().as_secs_f64();
        let Some((seed, kind, why)) = found else {
            println!("{bug:?}: NOT FOUND in {seconds:.0} s");
            missed += 1;
            continue;
        };
        // A history that fails without the bug has found something else.
        if catch_unwind(|| kind.play_out(seed)).is_err() {
            println!("{bug:?}: NOT FOUND, for seed {seed} of {} fails without it, too", kind.name());
            missed += 1;
            continue;
        }
        let (kind, why) = (kind.name(), why.chars().take(120).collect::<String>());
        println!("{bug:?}: found after {seconds:.1} s, in seed {seed} of {kind}: {why}");
    }
    println!("{} bugs planted, {missed} not found", Bug::ALL.len());
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A history in which the bug shows, and what it says.
#[cfg(feature = "planted")]
fn find(bug: recordplayer::planted::Bug, until: Instant) -> Option<(u64, Kind, String)> {
    let (next, found) = (AtomicU64::new(0), Mutex::new(None));
    let is_found = || found.lock().map_or(true, |found: std::sync::MutexGuard<'_, Option<_>>| found.is_some());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while !is_found() && now() < until {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let kind = kind_for(bug, seed);
                    let Err(why) = catch_unwind(|| kind.play_out(seed)) else { continue };
                    let text = why.downcast_ref::<String>().cloned();
                    let text = text.or_else(|| Some((*why.downcast_ref::<&str>()?).to_owned()));
                    if let Ok(mut found) = found.lock() {
                        found.get_or_insert((seed, kind, text.unwrap_or_default()));
                    }
                }
            });
        }
    });
    found.into_inner().ok().flatten()
}

/// Where a bug can show: in shelves alone are versions, policies, effects and a model to compare with, in the product's domain alone texts and
/// disks. What can show in both is looked for in turn; where much must come together, in the quicker kind alone.
#[cfg(feature = "planted")]
fn kind_for(bug: recordplayer::planted::Bug, seed: u64) -> Kind {
    use recordplayer::planted::Bug;
    match bug {
        Bug::PlayTwice
        | Bug::HashMapInPlay
        | Bug::ClockInPlay
        | Bug::ReactAgain
        | Bug::ForgetEffects
        | Bug::ForgetRequired
        | Bug::RefuseUnknown
        | Bug::WriteUnread
        | Bug::DropUnknown
        | Bug::TellPastRemoval
        | Bug::PauseForever
        | Bug::ForgetClone
        | Bug::TrustOldAnswer => Kind::Shelf,
        Bug::SkipSync | Bug::RedactUnpacked | Bug::OverwriteText => Kind::Kanban,
        _ if seed.is_multiple_of(2) => Kind::Shelf,
        _ => Kind::Kanban,
    }
}

#[cfg(not(feature = "planted"))]
fn find_planted() -> ExitCode {
    let seconds = FOUND_WITHIN.as_secs();
    eprintln!("bugs can be planted only in a build for it, where each has {seconds} s: cargo xtask simulate --planted");
    ExitCode::from(2)
}
