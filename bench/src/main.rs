//! Measures the product beside naked peers in the same run: the machine is noisy, so what counts is the ratio.
//!
//! Each measurement stands in a file of its own and answers with rows. Servers run as processes of their own: this program starts itself
//! again for them (`serve`, `hub`), so that their memory is theirs alone.

#![allow(clippy::cast_precision_loss, reason = "figures are rounded for the report; no count comes near 2^52")]

mod clock;
mod commands;
mod disk;
mod fan_out;
mod hub;
mod hydrate;
mod idle;
mod latency;
mod line;
mod open_window;
mod peer;
mod report;
mod scale;
mod search;
mod serve;
mod size;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use report::{Row, show};
use size::Size;

/// Measures `RecordPlayer`.
#[derive(Debug, Parser)]
struct Arguments {
    /// Answer with JSON: one array of rows.
    #[arg(long)]
    json: bool,
    /// Only measurements whose name holds this text.
    #[arg(long)]
    only: Option<String>,
    /// How long each rate is measured, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Measure as little as there can be: whether the bench works, not how fast anything is.
    #[arg(long, conflicts_with = "seconds")]
    smallest: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What this program is when another run of it has started it.
#[derive(Clone, Debug, Subcommand)]
enum Role {
    /// The product's server, on a folder of its own.
    #[command(hide = true)]
    Serve,
    /// The naked hub: sockets and redb, nothing else.
    #[command(hide = true)]
    Hub,
    /// The desktop, on the folder of a device.
    #[command(hide = true)]
    Window { folder: PathBuf },
    /// A window of egui with one word.
    #[command(hide = true)]
    NakedWindow,
    /// The product's server, on a folder that is there.
    #[command(hide = true)]
    ScaleServe {
        folder: PathBuf,
        address: String,
        #[arg(long)]
        rested: bool,
    },
    /// A device on its folder, which says what it sees.
    #[command(hide = true)]
    ScaleDevice {
        folder: PathBuf,
        #[command(flatten)]
        plan: scale::Plan,
    },
    /// An index of so many cards, which is built and asked.
    #[command(hide = true)]
    SearchAt {
        folder: PathBuf,
        #[arg(long)]
        cards: u64,
        #[arg(long)]
        milliseconds: u64,
    },
}

type Outcome = Result<Vec<Row>, Box<dyn std::error::Error>>;

type Measure = fn(&Size) -> Outcome;

/// Everything that is measured, in the order of the report.
const MEASUREMENTS: &[(&str, Measure)] = &[
    ("disk", disk::measure),
    ("commands", commands::measure),
    ("latency", latency::measure),
    ("hydration", hydrate::measure),
    ("fan_out", fan_out::measure),
    ("idle_clients", idle::measure),
    ("window", window::measure),
    ("open_window", open_window::measure),
    ("scale", scale::measure),
    ("search", search::measure),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.role {
        Some(Role::Serve) => serve::run(),
        Some(Role::Hub) => hub::run(),
        Some(Role::Window { folder }) => open_window::run(folder),
        Some(Role::NakedWindow) => open_window::run_naked(),
        Some(Role::ScaleServe { folder, address, rested }) => scale::serve(folder, address, *rested),
        Some(Role::ScaleDevice { folder, plan }) => scale::device(folder, plan),
        Some(Role::SearchAt { folder, cards, milliseconds }) => {
            search::run(folder, *cards, Duration::from_millis(*milliseconds))
        }
        None => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    peer::allow_many_sockets();
    let size = if arguments.smallest { Size::smallest() } else { Size::full(Duration::from_secs(arguments.seconds)) };
    let mut rows = Vec::new();
    for (name, measure) in MEASUREMENTS {
        if arguments.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        eprintln!("measuring {name}");
        rows.extend(measure(&size).map_err(|error| format!("{name}: {error}"))?);
    }
    if rows.is_empty() {
        let names: Vec<_> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        return Err(format!("nothing is measured by that name; there are {}", names.join(", ")).into());
    }
    show(&rows, arguments.json);
    Ok(())
}
