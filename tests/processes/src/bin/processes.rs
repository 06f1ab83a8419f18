//! Histories of the real programs on demand: `cargo xtask processes [--kills N] [--lines N] [--disks N] [--soak MINUTES] [--seed FIRST]`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use recordplayer_processes::chance::fresh_seed;
use recordplayer_processes::clock::now;
use recordplayer_processes::runs::{Kind, run};
use recordplayer_processes::soak::{Memory, soak};

/// Drive the real programs through kills, bad lines and disks that fail
#[derive(Debug, Parser)]
#[command(name = "processes")]
struct Arguments {
    /// Kill so many processes
    #[arg(long, default_value_t = 0)]
    kills: u64,
    /// Play so many histories over bad lines
    #[arg(long, default_value_t = 0)]
    lines: u64,
    /// Play so many histories of disks that fail
    #[arg(long, default_value_t = 0)]
    disks: u64,
    /// Let them work for so many minutes, and look at their memory
    #[arg(long, default_value_t = 0)]
    soak: u64,
    /// The first seed; a fresh one by default
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(fresh_seed);
    let mut is_good = true;
    for (kind, wanted) in
        [(Kind::Kills, arguments.kills), (Kind::Lines, arguments.lines), (Kind::Disks, arguments.disks)]
    {
        if wanted == 0 {
            continue;
        }
        println!("{}, from seed {seed}", kind.name());
        let began = now();
        let run = run(&[], kind, seed, |run| match kind {
            Kind::Kills => run.will_have_killed(wanted),
            Kind::Lines | Kind::Disks => run.has_begun(wanted),
        });
        println!(
            "{} histories, {} failed: {} kills, {} disk failures, {} commands promised, {} records; {:.0} s",
            run.histories,
            run.failed.len(),
            run.sum.kills,
            run.sum.disk_failures,
            run.sum.promised,
            run.sum.records,
            began.elapsed().as_secs_f64()
        );
        is_good &= run.failed.is_empty();
    }
    if arguments.soak > 0 {
        let soaked = soak(Duration::from_mins(arguments.soak), seed);
        println!("soak of {} minutes: {} records", arguments.soak, soaked.records);
        for memory in &soaked.memory {
            println!("{memory}");
        }
        is_good &= soaked.memory.iter().all(Memory::is_flat);
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
