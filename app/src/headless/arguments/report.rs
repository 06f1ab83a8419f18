//! What can be asked of reports.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use recordplayer_kanban::card::Day;

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[arg(value_enum)]
    pub kind: ReportKind,
    /// The first day, such as 2026-03-31; by default twelve weeks before the last one.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// The last day; by default today, by the project's calendar.
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// Write it as CSV to this file, in the place of one that is there; `-` is the terminal.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportKind {
    /// How long the cards took that were finished, from their first active column on and in each column
    CycleTime,
    /// How many cards were finished in each week, and their estimates
    Velocity,
    /// How many cards each column held at the end of each day
    Flow,
    /// What is done of cards that have parts
    Breakdown,
    /// Where the cards stand now
    States,
    /// What each person did in each week
    People,
}
