//! `cargo xtask mutants`: changes of the core's sources, one at a time, each of which some test must notice.

mod parts;
mod results;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cargo::{self, Workspace};
use crate::consent;
use crate::failure::Failure;
use parts::{LEFT_OUT, PARTS, Part};
use results::Results;

const INSTALL: &str = "cargo install cargo-mutants --locked";

/// Of the mutants that can be built, so many must be caught, in per cent.
const CAUGHT_MIN: usize = 85;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only the K-th of N parts of the mutants, from 0
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// Only the mutants in this file
    #[arg(long)]
    file: Option<String>,
    /// Try those again that were missed in earlier runs
    #[arg(long)]
    missed: bool,
    /// Forget what earlier runs have found, as after a change of the sources or of many tests
    #[arg(long, conflicts_with = "missed")]
    anew: bool,
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

pub fn mutants(arguments: &Arguments) -> Result<(), Failure> {
    ensure_cargo_mutants(arguments.yes)?;
    let folder = Workspace::read()?.target.join("mutants");
    let (mut sum, mut all) = (Results::default(), 0);
    for part in PARTS {
        let files = part.files_meant(arguments.file.as_deref());
        if files.is_empty() {
            continue;
        }
        let run = Run { part, files, folder: folder.join(part.package) };
        let mutants = run.list(None)?;
        all += mutants.len();
        sum.add(run.go_on(&mutants, arguments)?.of(&mutants));
    }
    judge(&sum, all)
}

impl Part {
    /// The globs of its files, or the one file that is meant, where it lies in this package.
    fn files_meant<'a>(&self, only: Option<&'a str>) -> Vec<&'a str>
    where
        'static: 'a,
    {
        let Some(only) = only else { return self.files.to_vec() };
        let is_here = self.files.iter().any(|glob| match glob.split_once("**") {
            Some((above, _)) => only.starts_with(above),
            None => *glob == only,
        });
        if is_here { vec![only] } else { Vec::new() }
    }
}

/// The mutants of one package, and what is found of them.
struct Run<'a> {
    part: &'static Part,
    files: Vec<&'a str>,
    folder: PathBuf,
}

impl Run<'_> {
    /// Tries what was not tried yet, of a shard or of all. Answers with everything that is known by then.
    fn go_on(&self, mutants: &BTreeSet<String>, arguments: &Arguments) -> Result<Results, Failure> {
        let folder = &self.folder;
        if arguments.anew {
            results::forget(folder)?;
        }
        let known = Results::gather(folder)?;
        // A shard is one of all mutants, and stays the same while there are fewer and fewer to try.
        let meant = arguments.shard.as_ref().map(|shard| self.list(Some(shard))).transpose()?;
        let is_known =
            |name: &&String| known.all().any(|of| of == *name) && !(arguments.missed && known.missed.contains(*name));
        let is_meant = |name: &&String| meant.as_ref().is_none_or(|meant| meant.contains(*name));
        let to_try = mutants.iter().filter(|name| is_meant(name) && !is_known(name)).count();
        println!("{}: {} mutants, {to_try} to try", self.part.package, mutants.len());
        if to_try == 0 {
            return Ok(known);
        }
        results::pass_over(folder, mutants.iter().filter(|name| !is_meant(name) || is_known(name)))?;
        let mut command = self.command();
        command.args(["--iterate", "--profile", "mutants", "--test-tool", test_tool(), "--output"]).arg(folder);
        command.args(["--", "--lib"]);
        for test in self.part.tests {
            command.args(["--test", test]);
        }
        command.arg("--");
        for test in self.part.skipped {
            command.args(["--skip", test]);
        }
        // It ends with a failure where one was missed, too: what became of them stands in its files.
        command.status().map_err(|error| Failure::failed(format!("cannot start cargo mutants: {error}")))?;
        Results::gather(folder)
    }

    /// The names of all its mutants, or of a shard of them.
    fn list(&self, shard: Option<&str>) -> Result<BTreeSet<String>, Failure> {
        let mut command = self.command();
        command.args(["--list", "--colors", "never"]);
        if let Some(shard) = shard {
            // Every N-th one, so that a shard is a sample of all.
            command.args(["--sharding", "round-robin", "--shard", shard]);
        }
        let output = command.stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| Failure::failed(format!("cannot start cargo mutants: {error}")))?;
        if !output.status.success() {
            return Err(Failure::failed("failed: cargo mutants --list"));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    fn command(&self) -> Command {
        let mut command = cargo::cargo(&["mutants", "--package", self.part.package]);
        command.args(LEFT_OUT);
        for file in &self.files {
            command.args(["--file", file]);
        }
        command
    }
}

/// Says what became of them, and which were missed.
fn judge(sum: &Results, all: usize) -> Result<(), Failure> {
    let (viable, noticed) = (sum.viable(), sum.noticed());
    if viable == 0 {
        return Err(Failure::failed("there was no mutant that could be built"));
    }
    println!("\nmissed:");
    sum.missed.iter().for_each(|name| println!("  {name}"));
    let percent = noticed * 100 / viable;
    let (timeout, missed, unviable) = (sum.timeout.len(), sum.missed.len(), sum.unviable.len());
    println!(
        "{viable} mutants that can be built, {noticed} caught ({percent} %; {timeout} by a test that did not end), {missed} missed; \
         {unviable} cannot be built, {} were not tried yet",
        all - viable - unviable
    );
    if percent >= CAUGHT_MIN {
        Ok(())
    } else {
        Err(Failure::failed(format!("{percent} % were caught; it should be {CAUGHT_MIN} %")))
    }
}

/// With nextest a mutant is let go of at the first test that notices it; without it, once all tests have run.
fn test_tool() -> &'static str {
    if is_there("nextest") { "nextest" } else { "cargo" }
}

fn is_there(tool: &str) -> bool {
    let mut command = cargo::cargo(&[tool, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn ensure_cargo_mutants(yes: bool) -> Result<(), Failure> {
    if is_there("mutants") {
        return Ok(());
    }
    println!("cargo-mutants is not installed");
    consent::ask(INSTALL, yes)?;
    println!("{INSTALL}");
    cargo::run(&INSTALL.split(' ').skip(1).collect::<Vec<_>>())
}
