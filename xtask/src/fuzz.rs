//! `cargo xtask fuzz`: bytes that nobody thought of, for each target of `recordplayer-fuzz`, made by libFuzzer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{Workspace, workspace_root};
use crate::consent;
use crate::failure::Failure;
use crate::packages;

const INSTALL: &str = "cargo install cargo-fuzz --locked";
/// The package of libFuzzer's programs, and what lies beside it.
const PROGRAMS: &str = "fuzz/libfuzzer";
/// A target that needs more of memory, or longer for one input, has been found to need it.
const MEMORY_MIB_MAX: u32 = 2_048;
const INPUT_SECONDS_MAX: u32 = 20;
/// What is larger says nothing that is new, and takes long.
const INPUT_BYTES_MAX: u32 = 16_384;

/// Inputs of the repository are small: all of them are replayed in each run of the tests.
const KEPT_BYTES_MAX: u32 = 512;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only this target
    #[arg(long)]
    target: Option<String>,
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Put what leads to new places into the corpus of the repository, as few inputs as do it
    #[arg(long)]
    keep: bool,
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

pub fn fuzz(arguments: &Arguments) -> Result<(), Failure> {
    packages::ensure(arguments.yes, &[packages::BY_FUZZING])?;
    ensure_nightly()?;
    ensure_cargo_fuzz(arguments.yes)?;
    let targets = targets(arguments.target.as_deref())?;
    let folders = Folders::of(&Workspace::read()?.target);
    let mut finds = Vec::new();
    folders.build(&targets)?;
    for target in &targets {
        println!("\n=== {target}: {} s", arguments.seconds);
        let is_well = folders.run(target, arguments.seconds)?;
        if is_well && arguments.keep {
            folders.keep(target)?;
        }
        if !is_well {
            finds.push(target.as_str());
        }
    }
    if finds.is_empty() {
        println!("\n{} targets, and nothing was found", targets.len());
        return Ok(());
    }
    for target in &finds {
        println!("\n{target}: what it stopped at lies in fuzz/artifacts/{target}; again, without nightly:");
        println!("  cargo run --package recordplayer-fuzz -- {target} fuzz/artifacts/{target}/*");
    }
    Err(Failure::failed(format!("found something: {}", finds.join(", "))))
}

/// A call of nightly's cargo, whichever one runs this program.
fn nightly(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).args(arguments).current_dir(workspace_root());
    command
}

fn ensure_nightly() -> Result<(), Failure> {
    if is_well(&mut nightly(&["--version"])) {
        return Ok(());
    }
    Err(Failure::wrong_use(
        "libFuzzer needs a nightly compiler, and there is none: rustup toolchain install nightly --profile minimal; \
         what the corpus holds is tried by any compiler: cargo test --package recordplayer-fuzz",
    ))
}

fn ensure_cargo_fuzz(yes: bool) -> Result<(), Failure> {
    if is_well(&mut nightly(&["fuzz", "--version"])) {
        return Ok(());
    }
    println!("cargo-fuzz is not installed");
    consent::ask(INSTALL, yes)?;
    println!("{INSTALL}");
    // With the compiler that is the newest here: the one of the workspace may be too old for it.
    let install = INSTALL.split(' ').skip(1).collect::<Vec<_>>();
    let status = nightly(&install).status();
    if status.is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err(Failure::failed(format!("failed: {INSTALL}")))
    }
}

/// The targets that there are, or the one that is meant.
fn targets(only: Option<&str>) -> Result<Vec<String>, Failure> {
    let output = nightly(&["fuzz", "list", "--fuzz-dir", PROGRAMS])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::failed(format!("cannot start cargo fuzz list: {error}")))?;
    let all: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    match only {
        Some(only) if !all.iter().any(|target| target == only) => {
            Err(Failure::wrong_use(format!("there is no target {only}; there are: {}", all.join(", "))))
        }
        Some(only) => Ok(vec![only.to_owned()]),
        None => Ok(all),
    }
}

/// Where inputs come from and go to.
#[derive(Debug)]
struct Folders {
    /// What libFuzzer's programs are built in.
    build: String,
    /// What led to new places in this and earlier runs, on this machine.
    working: PathBuf,
}

impl Folders {
    fn of(target: &Path) -> Self {
        Self { build: target.join("fuzz").display().to_string(), working: target.join("fuzz-corpus") }
    }

    /// Apart from running them, so that what cannot be built is not taken for a find.
    fn build(&self, targets: &[String]) -> Result<(), Failure> {
        for target in targets {
            if !started(&mut self.cargo_fuzz("build", target))? {
                return Err(Failure::failed(format!("cannot build the target {target}")));
            }
        }
        Ok(())
    }

    /// Whether the target held for so long.
    fn run(&self, target: &str, seconds: u32) -> Result<bool, Failure> {
        let (working, artifacts) = (self.working.join(target), workspace_root().join("fuzz/artifacts").join(target));
        for folder in [&working, &artifacts] {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::failed(format!("cannot make the folder {}: {error}", folder.display())))?;
        }
        let dictionary = workspace_root().join("fuzz/dictionaries").join(format!("{target}.dict"));
        let mut command = self.cargo_fuzz("run", target);
        command.arg(working).arg(format!("fuzz/corpus/{target}")).arg("--");
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        command.arg(format!("-max_total_time={seconds}")).arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
        command.arg(format!("-timeout={INPUT_SECONDS_MAX}")).arg(format!("-max_len={INPUT_BYTES_MAX}"));
        command.args(["-print_final_stats=1", "-verbosity=0"]);
        if dictionary.is_file() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        started(&mut command)
    }

    /// Takes over into the repository's corpus what reaches more there.
    fn keep(&self, target: &str) -> Result<(), Failure> {
        let mut command = self.cargo_fuzz("run", target);
        command.arg(format!("fuzz/corpus/{target}")).arg(self.working.join(target)).args(["--", "-set_cover_merge=1"]);
        command.arg(format!("-max_len={KEPT_BYTES_MAX}"));
        if started(&mut command)? {
            Ok(())
        } else {
            Err(Failure::failed(format!("cannot merge the corpus of {target}")))
        }
    }

    fn cargo_fuzz(&self, command: &str, target: &str) -> Command {
        // Optimised; the assertions are on by the profile of the package.
        nightly(&["fuzz", command, "--release", "--fuzz-dir", PROGRAMS, "--target-dir", &self.build, target])
    }
}

fn started(command: &mut Command) -> Result<bool, Failure> {
    let status = command.status().map_err(|error| Failure::failed(format!("cannot start cargo fuzz: {error}")))?;
    Ok(status.success())
}

/// Whether a program is there and answers.
fn is_well(probe: &mut Command) -> bool {
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
