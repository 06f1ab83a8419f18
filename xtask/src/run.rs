//! `cargo xtask run`: builds both programs and shows them.

use crate::cargo::{self, BUILD_PROGRAMS, Workspace};
use crate::demo;
use crate::failure::Failure;
use crate::{packages, window};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Without a display: two devices work through their commands, the run prints what each of them holds, and leaves a picture of the window
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
    let by_screen: &[_] = if arguments.headless { packages::BY_SCREEN } else { &[] };
    packages::ensure(arguments.yes, &[packages::BY_WINDOW, by_screen])?;
    cargo::run(BUILD_PROGRAMS)?;
    let programs = Workspace::read()?.programs;
    if arguments.headless { demo::play(&programs) } else { window::show(&programs, arguments.two) }
}
