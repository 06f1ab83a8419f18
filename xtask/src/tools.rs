//! The commands that start one of the workspace's own tools, optimised and with its arguments passed on.

use crate::cargo;
use crate::failure::Failure;
use crate::packages;

#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// How many seeds to run
    #[arg(long, required_unless_present_any = ["planted", "seconds"])]
    seeds: Option<u64>,
    /// Run as many as fit into so many seconds
    #[arg(long, conflicts_with = "seeds")]
    seconds: Option<u64>,
    /// Plant one bug after another, and see that each is found
    #[arg(long, conflicts_with_all = ["seeds", "seed", "seconds"])]
    planted: bool,
    /// The first seed
    #[arg(long)]
    seed: Option<u64>,
    /// Which histories: kanban or shelf
    #[arg(long)]
    kind: Option<String>,
}

pub fn simulate(arguments: &Simulate) -> Result<(), Failure> {
    let mut call = vec!["run", "--release", "--package", "recordplayer-simulation", "--bin", "simulate"];
    if arguments.planted {
        call.extend(["--features", "planted", "--", "--planted"]);
        return cargo::run(&call);
    }
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let named = [
        ("--seeds", number(arguments.seeds)),
        ("--seconds", number(arguments.seconds)),
        ("--seed", number(arguments.seed)),
        ("--kind", arguments.kind.clone()),
    ];
    call.push("--");
    for (name, value) in &named {
        call.extend(value.iter().flat_map(|value| [*name, value.as_str()]));
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
