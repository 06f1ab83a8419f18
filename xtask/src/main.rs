//! The commands of the README, run as `cargo xtask COMMAND`.
//!
//! `run` shows the product, `test` is everything that continuous integration checks, and the others start one of the
//! workspace's own tools with the right profile. Each command lives in a file of its own; what they share is
//! [`cargo`] (the workspace and its programs), [`packages`] (what the system must bring, which [`consent`] asks about) and [`failure`].

mod bundle;
mod cargo;
mod consent;
mod demo;
mod failure;
mod fuzz;
mod mutants;
mod packages;
mod run;
mod screen;
mod stage;
mod steps;
mod tally;
mod test;
mod tools;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The commands of RecordPlayer's workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build both programs and show them
    Run(run::Arguments),
    /// Check everything that continuous integration checks
    Test(test::Arguments),
    /// Drive many simulated devices through faults, seed by seed
    Simulate(tools::Simulate),
    /// Drive the real programs through kills, bad lines and disks that fail
    Processes(tools::Processes),
    /// Measure the product beside naked peers
    Bench(tools::Bench),
    /// Look for bytes that break something, with libFuzzer
    Fuzz(fuzz::Arguments),
    /// Change the core's sources, one place at a time, and see that a test notices
    Mutants(mutants::Arguments),
    /// Build the installers
    Bundle(bundle::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Simulate(arguments) => tools::simulate(&arguments),
        Command::Processes(arguments) => tools::processes(&arguments),
        Command::Bench(arguments) => tools::bench(&arguments),
        Command::Fuzz(arguments) => fuzz::fuzz(&arguments),
        Command::Mutants(arguments) => mutants::mutants(&arguments),
        Command::Bundle(arguments) => bundle::bundle(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                eprintln!("{text}");
            }
            failure.exit_code()
        }
    }
}
