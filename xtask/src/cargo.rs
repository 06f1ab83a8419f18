//! The workspace as cargo sees it: where it lies, what it builds, and how its programs are made.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// What builds the two programs of the product, `recordplayer` and `recordplayer-server`.
pub const BUILD_PROGRAMS: &[&str] =
    &["build", "--package", "recordplayer-desktop", "--package", "recordplayer-server", "--bins"];

/// The folder that holds the workspace's `Cargo.toml`.
pub fn workspace_root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// A call of cargo from the workspace's root, by the same cargo that runs this program.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace_root());
    command
}

/// Runs cargo with its own output on the screen.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let shown = format!("cargo {}", arguments.join(" "));
    let status =
        cargo(arguments).status().map_err(|error| Failure::failed(format!("cannot start {shown}: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::failed(format!("failed: {shown}"))) }
}

/// The part of `cargo metadata` that the commands need.
#[derive(Debug)]
pub struct Workspace {
    /// Where cargo puts what it builds.
    pub target: PathBuf,
    /// And what it builds with the development profile.
    pub programs: PathBuf,
    /// Every example of the workspace, as (package, example), in the order of cargo.
    pub examples: Vec<(String, String)>,
}

impl Workspace {
    pub fn read() -> Result<Workspace, Failure> {
        let output = cargo(&["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::failed(format!("cannot start cargo metadata: {error}")))?;
        if !output.status.success() {
            return Err(Failure::failed("failed: cargo metadata --no-deps --format-version 1"));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::failed(format!("cannot read the answer of cargo metadata: {error}")))?;
        let target = Path::new(metadata["target_directory"].as_str().unwrap_or("target")).to_owned();
        Ok(Workspace { programs: target.join("debug"), target, examples: examples(&metadata) })
    }
}

fn examples(metadata: &Value) -> Vec<(String, String)> {
    let mut examples = Vec::new();
    for package in entries(&metadata["packages"]) {
        for target in entries(&package["targets"]) {
            let is_example = entries(&target["kind"]).iter().any(|kind| kind == "example");
            if let (true, Some(package), Some(example)) =
                (is_example, package["name"].as_str(), target["name"].as_str())
            {
                examples.push((package.to_owned(), example.to_owned()));
            }
        }
    }
    examples
}

fn entries(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
