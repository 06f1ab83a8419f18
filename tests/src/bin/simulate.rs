//! Plays many histories out, seed by seed: `cargo xtask simulate --seeds N [--seed FIRST]`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use recordplayer_tests::history::{Outcome, play_out};

/// Drive simulated devices through faults, seed by seed
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 0, required_unless_present = "planted")]
    seeds: u64,
    /// Plant one bug after another, and see that each is found
    #[arg(long, conflicts_with_all = ["seeds", "seed"])]
    planted: bool,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.planted {
        return find_planted();
    }
    let Some(end) = arguments.seed.checked_add(arguments.seeds) else {
        eprintln!("there are no {} seeds behind {}", arguments.seeds, arguments.seed);
        return ExitCode::from(2);
    };
    let started = now();
    let mut sum = Outcome::default();
    let mut failed = Vec::new();
    for seed in arguments.seed..end {
        if let Ok(outcome) = std::panic::catch_unwind(|| play_out(seed)) {
            sum = sum + outcome;
        } else {
            eprintln!("seed {seed} fails; again by: cargo xtask simulate --seeds 1 --seed {seed}");
            failed.push(seed);
        }
        report(seed - arguments.seed + 1, arguments.seeds);
    }
    let histories = arguments.seeds;
    let a_minute = u128::from(histories) * 60_000 / started.elapsed().as_millis().max(1);
    println!(
        "{histories} histories, {} failed: {} records; of {} commands {} were refused on the device and {} by the authority; \
         {a_minute} histories a minute",
        failed.len(),
        sum.records,
        sum.taken + sum.refused_here,
        sum.refused_here,
        sum.refused_there
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// For the report's rate alone: the histories live in a time of their own.
#[expect(clippy::disallowed_methods, reason = "the one clock function of this program")]
fn now() -> Instant {
    Instant::now()
}

/// How far it has come, where somebody watches.
fn report(done: u64, of: u64) {
    let mut error = std::io::stderr();
    if error.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        let _ = write!(error, "\r{done} of {of}{end}");
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
    for bug in Bug::ALL {
        plant(Some(bug));
        let began = now();
        let seeds = (0..).take_while(|_| began.elapsed() < FOUND_WITHIN);
        let found =
            seeds.map(|seed| (seed, std::panic::catch_unwind(|| play_out(seed)))).find_map(|(seed, outcome)| {
                let why = outcome.err()?;
                let why =
                    why.downcast_ref::<String>().cloned().or_else(|| Some((*why.downcast_ref::<&str>()?).to_owned()));
                Some((seed, why.unwrap_or_default()))
            });
        plant(None);
        let seconds = began.elapsed().as_secs_f64();
        if let Some((seed, why)) = found {
            let why: String = why.chars().take(120).collect();
            println!("{bug:?}: found after {seconds:.1} s, in seed {seed}: {why}");
        } else {
            println!("{bug:?}: NOT FOUND in {seconds:.0} s");
            missed += 1;
        }
    }
    println!("{} bugs planted, {missed} not found", Bug::ALL.len());
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(feature = "planted"))]
fn find_planted() -> ExitCode {
    let seconds = FOUND_WITHIN.as_secs();
    eprintln!("bugs can be planted only in a build for it, where each has {seconds} s: cargo xtask simulate --planted");
    ExitCode::from(2)
}
