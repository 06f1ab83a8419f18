//! `cargo xtask run`: builds both programs and shows them.

use crate::cargo::{self, BUILD_PROGRAMS, Workspace};
use crate::demo;
use crate::failure::Failure;
use crate::packages;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Without a window: two devices work through their commands, and the run prints what each of them holds
    #[arg(long)]
    headless: bool,
    /// Two windows of two people beside each other
    #[arg(long, conflicts_with = "headless")]
    two: bool,
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if !arguments.headless {
        let what = if arguments.two { "the windows come" } else { "the window comes" };
        return Err(Failure::wrong_use(format!(
            "{what} with a later version; see it work with cargo xtask run --headless"
        )));
    }
    packages::ensure(arguments.yes)?;
    cargo::run(BUILD_PROGRAMS)?;
    demo::play(&Workspace::read()?.programs)
}
