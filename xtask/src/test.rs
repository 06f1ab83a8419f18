//! `cargo xtask test`: everything that continuous integration checks, step by step.
//!
//! The tests run under plain `cargo test`: it is there wherever Rust is, runs the tests of documentation as well, and
//! shares one process between the tests of a program, which on two cores is faster than a process for each.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{self, Workspace};
use crate::failure::Failure;
use crate::packages;
use crate::steps::Steps;
use crate::tally::Tally;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
    /// Fail where a check cannot run here, for want of the inputs or of what the system lets its tests do
    #[arg(long)]
    whole: bool,
}

pub fn test(arguments: &Arguments) -> Result<(), Failure> {
    let inputs = Inputs::find()?;
    packages::ensure(
        arguments.yes,
        &[packages::BY_WINDOW, packages::BY_SCREEN, packages::BY_TESTS, packages::BY_PROCESSES],
    )?;

    let mut steps = Steps::begin();
    let mut tally = Tally::default();
    let outcome = all_steps(&mut steps, &mut tally, &inputs);

    steps.print_times();
    if let Err(failure) = &outcome {
        println!("{failure}");
    }
    for (what, checks) in &tally.absent {
        println!("{what} absent: {checks} checks not run");
    }
    println!("{} passed, {} failed, {} not run", tally.passed, tally.failed, tally.not_run());
    if arguments.whole && tally.not_run() > 0 {
        println!("all of them must run here; what they lack stands above");
        return Err(Failure::told());
    }
    outcome.map_err(|_| Failure::told())
}

fn all_steps(steps: &mut Steps, tally: &mut Tally, inputs: &Inputs) -> Result<(), Failure> {
    steps.step("formatting", "cargo fmt --all --check", || cargo::run(&["fmt", "--all", "--check"]))?;

    if found(Command::new("typos").arg("--version")) {
        steps.step("spelling", "typos", || run(Command::new("typos").current_dir(cargo::workspace_root())))?;
    } else {
        steps.leave_out("spelling", "typos is not installed");
    }

    let lints = "cargo clippy --workspace --all-targets -- -D warnings";
    steps.step("lints", lints, || cargo::run(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;

    steps.step("documentation", "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace", || {
        run(cargo::cargo(&["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;

    if found(&mut cargo::cargo(&["deny", "--version"])) {
        let check = ["deny", "check", "bans", "licenses", "sources"];
        steps.step("dependencies", "cargo deny check bans licenses sources", || cargo::run(&check))?;
    } else {
        let why = "cargo-deny is not installed; the tests of the architecture check licences and duplicates";
        steps.leave_out("dependencies", why);
    }

    // All at once: built alone, the programs would take other features of the crates of others than the tests, and those would be built twice.
    let programs = ["build", "--workspace", "--all-targets"];
    steps.step("programs", &format!("cargo {}", programs.join(" ")), || cargo::run(&programs))?;
    let workspace = Workspace::read()?;

    let tests = ["test", "--workspace", "--all-targets", "--no-fail-fast"];
    steps.step("tests", &repeat(&workspace.programs, &tests), || {
        count(inputs.test(&workspace.programs, &tests), tally)
    })?;

    let doc_tests = ["test", "--workspace", "--doc", "--no-fail-fast"];
    steps.step("doc tests", &repeat(&workspace.programs, &doc_tests), || {
        count(inputs.test(&workspace.programs, &doc_tests), tally)
    })?;

    // Optimised, they are some four times as many in the same time.
    let build = ["build", "--release", "--package", "recordplayer-simulation"];
    steps.step("programs of the simulation", &format!("cargo {}", build.join(" ")), || cargo::run(&build))?;
    let program = workspace.target.join("release").join(format!("simulate{}", std::env::consts::EXE_SUFFIX));
    for (kind, seconds) in [("shelf", "120"), ("kanban", "180")] {
        let play = ["--kind", kind, "--seconds", seconds];
        steps.step("simulation", &format!("cargo xtask simulate {}", play.join(" ")), || {
            run(Command::new(&program).args(play).current_dir(cargo::workspace_root()))
        })?;
    }

    if workspace.examples.is_empty() {
        steps.leave_out("examples", "the workspace has none yet");
    }
    for (package, example) in &workspace.examples {
        // As it was built with everything: `cargo run` would build it anew, with its package's features alone.
        let program = workspace.programs.join("examples").join(format!("{example}{}", std::env::consts::EXE_SUFFIX));
        let repeat = format!("cargo run --package {package} --example {example}");
        steps.step("example", &repeat, || run(Command::new(&program).current_dir(cargo::workspace_root())))?;
    }
    Ok(())
}

/// The folder of real inputs that some checks read.
#[derive(Debug)]
struct Inputs {
    folder: Option<PathBuf>,
}

impl Inputs {
    /// `RECORDPLAYER_INPUTS`, which must be a folder where it is set, else `../shared/inputs` where that is one.
    fn find() -> Result<Inputs, Failure> {
        let Some(named) = std::env::var_os("RECORDPLAYER_INPUTS") else {
            let beside = cargo::workspace_root().join("../shared/inputs");
            return Ok(Inputs { folder: beside.is_dir().then_some(beside) });
        };
        let folder = cargo::workspace_root().join(named);
        if !folder.is_dir() {
            let text = format!("RECORDPLAYER_INPUTS is not a folder: {}", folder.display());
            return Err(Failure::wrong_use(text));
        }
        Ok(Inputs { folder: Some(folder) })
    }

    /// `cargo test` told where the programs and the inputs are, and in which time zone: pictures show times.
    fn test(&self, programs: &Path, arguments: &[&str]) -> Command {
        let mut command = cargo::cargo(arguments);
        command.env("RECORDPLAYER_BIN", programs).env("TZ", "UTC");
        if let Some(folder) = &self.folder {
            command.env("RECORDPLAYER_INPUTS", folder);
        }
        command
    }
}

/// The same as a person types it. The inputs are found again by the tests themselves.
fn repeat(programs: &Path, arguments: &[&str]) -> String {
    let programs = programs.strip_prefix(cargo::workspace_root()).unwrap_or(programs);
    format!("TZ=UTC RECORDPLAYER_BIN={} cargo {}", programs.display(), arguments.join(" "))
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::failed(format!("failed ({status})"))) }
}

/// Runs tests, passing on each line of their output and counting by it.
fn count(mut command: Command, tally: &mut Tally) -> Result<(), Failure> {
    let cannot = |error| Failure::failed(format!("cannot run the tests: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(cannot)?;
    let Some(output) = child.stdout.take() else { unreachable!("the output was piped just above") };
    for line in BufReader::new(output).split(b'\n') {
        // A test may print any bytes; a line that is not UTF-8 is shown as well as it can be.
        let line = String::from_utf8_lossy(&line.map_err(cannot)?).into_owned();
        println!("{line}");
        tally.read(&line);
    }
    let status = child.wait().map_err(cannot)?;
    if status.success() { Ok(()) } else { Err(Failure::failed("failed")) }
}

/// Whether a program is there and answers.
fn found(probe: &mut Command) -> bool {
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
