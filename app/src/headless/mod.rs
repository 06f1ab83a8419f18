//! The headless face of the program: every command of the board, for people at a terminal and for scripts.
//!
//! The way of a command:
//!
//! 1. `arguments` says which forms there are; what is wrong with them ends here, with exit code 2.
//! 2. `run` opens the device's folder, or hands the command through the door to the process that has it open (rule 18).
//! 3. `place` finds the project, board, column or card that is meant; then the command's own module does it.
//! 4. `answer` prints one JSON object or the same for people. Exit codes: 0 done, 1 refused, 2 wrong use, 3 not in time, 4 no access, 5
//!    damaged or unreadable.

mod answer;
mod arguments;
mod attachment;
mod board;
mod card;
mod checklist;
mod column;
mod comment;
mod definitions;
mod edit;
mod export;
mod exports;
mod file;
mod import;
mod member;
mod outbox;
mod personal;
mod place;
mod project;
mod records;
mod redact;
mod report;
mod run;
mod search;
mod send;
mod sync;
mod undo;
mod watch;

use std::path::PathBuf;

use arguments::Options;
use etcetera::BaseStrategy;
pub(crate) use exports::Export;
pub use run::main;

/// The folder that a command works with.
fn data_folder(options: &Options) -> PathBuf {
    let default = || {
        etcetera::base_strategy::choose_native_strategy()
            .map_or_else(|_| PathBuf::from(".recordplayer"), |places| places.data_dir().join("recordplayer"))
    };
    options.data.clone().unwrap_or_else(default)
}
