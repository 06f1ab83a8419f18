//! Plays many histories out, seed by seed: `cargo xtask simulate --seeds N [--seed FIRST]`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use recordplayer_tests::history::{Outcome, play_out};

/// Drive simulated devices through faults, seed by seed
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run
    #[arg(long)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
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
