//! The commands that start one of the workspace's own tools, optimised and with its arguments passed on.

use crate::cargo;
use crate::failure::Failure;
use crate::packages;

#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// How many seeds to run
    #[arg(long, required_unless_present = "planted", default_value_t = 0)]
    seeds: u64,
    /// Plant one bug after another, and see that each is found
    #[arg(long, conflicts_with_all = ["seeds", "seed"])]
    planted: bool,
    /// The first seed
    #[arg(long)]
    seed: Option<u64>,
}

pub fn simulate(arguments: &Simulate) -> Result<(), Failure> {
    let mut call = vec!["run", "--release", "--package", "recordplayer-tests", "--bin", "simulate"];
    if arguments.planted {
        call.extend(["--features", "planted", "--", "--planted"]);
        return cargo::run(&call);
    }
    call.extend(["--", "--seeds"]);
    let seeds = arguments.seeds.to_string();
    call.push(&seeds);
    let seed = arguments.seed.map(|seed| seed.to_string());
    if let Some(seed) = &seed {
        call.extend(["--seed", seed]);
    }
    cargo::run(&call)
}

#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
    /// Only measurements whose name holds this text
    #[arg(long)]
    only: Option<String>,
    /// How long each rate is measured, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

pub fn bench(arguments: &Bench) -> Result<(), Failure> {
    packages::ensure(arguments.yes, &[packages::BY_WINDOW, packages::BY_SCREEN])?;
    let mut call = vec!["run", "--release", "--package", "recordplayer-bench", "--"];
    if arguments.json {
        call.push("--json");
    }
    if let Some(only) = &arguments.only {
        call.extend(["--only", only]);
    }
    let seconds = arguments.seconds.to_string();
    call.extend(["--seconds", &seconds]);
    cargo::run(&call)
}
