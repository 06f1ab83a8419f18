//! The commands that start one of the workspace's own tools, optimised and with its arguments passed on.

use crate::cargo::{self, BUILD_PROGRAMS, Workspace};
use crate::failure::Failure;
use crate::packages;

#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// How many seeds to run
    #[arg(long, required_unless_present_any = ["planted", "exhaustive", "seconds"])]
    seeds: Option<u64>,
    /// Run as many as fit into so many seconds
    #[arg(long, conflicts_with = "seeds")]
    seconds: Option<u64>,
    /// Plant one bug after another, and see that each is found
    #[arg(long, conflicts_with_all = ["seeds", "seed", "seconds"])]
    planted: bool,
    /// Instead of drawing from seeds, go through all that can happen in small cases, in every order
    #[arg(long, conflicts_with_all = ["seeds", "seed", "seconds", "planted", "kind"])]
    exhaustive: bool,
    /// The first seed
    #[arg(long)]
    seed: Option<u64>,
    /// Which histories: kanban or shelf
    #[arg(long)]
    kind: Option<String>,
}

/// All interleavings of small cases; the test itself goes through some of them in each run.
const EXHAUSTIVE: &[&str] = &[
    "test",
    "--release",
    "--package",
    "recordplayer",
    "--test",
    "all",
    "--",
    "exhaustive::",
    "--ignored",
    "--nocapture",
    "--test-threads",
    "1",
];

pub fn simulate(arguments: &Simulate) -> Result<(), Failure> {
    if arguments.exhaustive {
        return cargo::run(EXHAUSTIVE);
    }
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
pub struct Processes {
    /// Kill so many processes
    #[arg(long)]
    kills: Option<u64>,
    /// Play so many histories over bad lines
    #[arg(long)]
    lines: Option<u64>,
    /// Play so many histories of disks that fail
    #[arg(long)]
    disks: Option<u64>,
    /// Let them work for so many minutes, and look at their memory
    #[arg(long)]
    soak: Option<u64>,
    /// The first seed; a fresh one by default
    #[arg(long)]
    seed: Option<u64>,
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

/// As the tests build them, so that a seed that failed there is played again at once.
pub fn processes(arguments: &Processes) -> Result<(), Failure> {
    packages::ensure(arguments.yes, &[packages::BY_WINDOW, packages::BY_PROCESSES])?;
    cargo::run(BUILD_PROGRAMS)?;
    let programs = Workspace::read()?.programs;
    let mut command = cargo::cargo(&["run", "--package", "recordplayer-processes", "--"]);
    let Processes { kills, lines, disks, soak, seed, yes: _ } = arguments;
    let numbers = [("--kills", kills), ("--lines", lines), ("--disks", disks), ("--soak", soak), ("--seed", seed)];
    for (name, number) in numbers {
        if let Some(number) = number {
            command.arg(name).arg(number.to_string());
        }
    }
    let status = command.env("RECORDPLAYER_BIN", programs).status();
    let is_good = status.map_err(|error| Failure::failed(format!("cannot start cargo: {error}")))?.success();
    if is_good { Ok(()) } else { Err(Failure::failed("not everything holds; the seeds stand above")) }
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
