//! `cargo xtask bundle`: the installers, from `tauri.conf.json` with Tauri's bundler.

use crate::cargo::{self, Workspace};
use crate::failure::Failure;
use crate::packages;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

pub fn bundle(arguments: &Arguments) -> Result<(), Failure> {
    packages::ensure(arguments.yes, &[])?;
    cargo::run(&["build", "--release", "--package", "recordplayer-desktop", "--bin", "recordplayer"])?;
    let target = Workspace::read()?.target;
    let release = target.join("release").display().to_string();
    // Built apart from the workspace: what it needs is heavy, and nothing that is shipped needs it.
    let bundler = target.join("bundler").display().to_string();
    let call =
        ["run", "--manifest-path", "bundler/Cargo.toml", "--target-dir", &bundler, "--", "tauri.conf.json", &release];
    cargo::run(&call)
}
