//! `cargo xtask mutants`: changes of the core's sources, one at a time, each of which some test must notice.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cargo::{self, Workspace};
use crate::consent;
use crate::failure::Failure;

const INSTALL: &str = "cargo install cargo-mutants --locked";

/// Of the mutants that can be built, so many must be caught, in per cent.
const CAUGHT_MIN: u64 = 85;

/// What decides, plays, merges, rebases, keeps the log and checks access, by the package that holds it; and the tests that are asked.
const PARTS: &[Part] = &[
    Part {
        package: "recordplayer",
        files: &[
            "core/recordplayer/src/decide.rs",
            "core/recordplayer/src/context.rs",
            "core/recordplayer/src/membership.rs",
            "core/recordplayer/src/commit/encoding.rs",
            "core/recordplayer/src/commit/redaction.rs",
            "core/recordplayer/src/replica/confirm.rs",
            "core/recordplayer/src/replica/go_back.rs",
            "core/recordplayer/src/replica/join.rs",
            "core/recordplayer/src/replica/rebase.rs",
            "core/recordplayer/src/replica/requires.rs",
            "core/recordplayer/src/replica/say_again.rs",
            "core/recordplayer/src/replica/tail.rs",
            "core/recordplayer/src/replica/texts.rs",
            "core/recordplayer/src/space/again.rs",
            "core/recordplayer/src/space/epoch.rs",
            "core/recordplayer/src/space/follow.rs",
            "core/recordplayer/src/space/over.rs",
            "core/recordplayer/src/space/recovery.rs",
            "core/recordplayer/src/space/submit.rs",
            "core/recordplayer/src/space/tail.rs",
            "core/recordplayer/src/state/checkpoint.rs",
            "core/recordplayer/src/state/play.rs",
            "core/recordplayer/src/state/replicas.rs",
            "core/recordplayer/src/state/texts.rs",
            "core/recordplayer/src/storage/memory/space.rs",
            "core/recordplayer/src/text/base.rs",
            "core/recordplayer/src/text/change.rs",
            "core/recordplayer/src/text/diff.rs",
            "core/recordplayer/src/text/document.rs",
            "core/recordplayer/src/text/splice.rs",
        ],
        tests: &["all"],
        skipped: &[
            "text_editing::what_is_too_large_for_one_change_becomes_several",
            "texts::a_text_that_is_too_long_is_refused_here_and_nothing_is_queued",
            "texts::an_edit_of_a_restored_device_is_said_again_behind_a_compacted_text",
        ],
    },
    Part {
        package: "recordplayer-kanban",
        files: &[
            "core/kanban/src/board.rs",
            "core/kanban/src/card/decide.rs",
            "core/kanban/src/card/event.rs",
            "core/kanban/src/column.rs",
            "core/kanban/src/comment.rs",
            "core/kanban/src/project.rs",
            "core/kanban/src/rank.rs",
        ],
        tests: &[],
        skipped: &[],
    },
    Part {
        package: "recordplayer-store",
        files: &["core/store/src/log.rs", "core/store/src/store/apply.rs", "core/store/src/segments.rs"],
        tests: &["conformance", "crash", "rot", "writer"],
        skipped: &[],
    },
];

struct Part {
    package: &'static str,
    files: &'static [&'static str],
    tests: &'static [&'static str],
    /// They take long and are about something else.
    skipped: &'static [&'static str],
}

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only the K-th of N parts of the mutants, from 0
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// Only the mutants in this file
    #[arg(long)]
    file: Option<String>,
    /// Install what the system lacks without asking
    #[arg(long)]
    yes: bool,
}

/// What became of the mutants.
#[derive(Debug, Default)]
struct Tally {
    caught: u64,
    /// Of these, a test did not end in its time: it has noticed, too.
    timeout: u64,
    missed: u64,
    unviable: u64,
}

pub fn mutants(arguments: &Arguments) -> Result<(), Failure> {
    ensure_cargo_mutants(arguments.yes)?;
    let workspace = Workspace::read()?;
    let mut sum = Tally::default();
    for part in PARTS {
        let is_meant = |file: &&&str| arguments.file.as_ref().is_none_or(|only| only == **file);
        let files: Vec<&str> = part.files.iter().filter(is_meant).copied().collect();
        if files.is_empty() {
            continue;
        }
        let output = workspace.target.join("mutants").join(part.package);
        fs::create_dir_all(&output)
            .map_err(|error| Failure::failed(format!("cannot make the folder {}: {error}", output.display())))?;
        let mut command = cargo::cargo(&["mutants", "--package", part.package, "--profile", "mutants"]);
        command.arg("--output").arg(&output);
        for file in files {
            command.args(["--file", file]);
        }
        if let Some(shard) = &arguments.shard {
            command.args(["--shard", shard]);
        }
        command.args(["--", "--lib"]);
        for test in part.tests {
            command.args(["--test", test]);
        }
        command.arg("--");
        for test in part.skipped {
            command.args(["--skip", test]);
        }
        // It ends with a failure where one was missed, too: what became of them stands in its file.
        command.status().map_err(|error| Failure::failed(format!("cannot start cargo mutants: {error}")))?;
        let outcomes = output.join("mutants.out/outcomes.json");
        let text = fs::read_to_string(&outcomes)
            .map_err(|error| Failure::failed(format!("cannot read {}: {error}", outcomes.display())))?;
        sum.add(&text)?;
        println!("what was missed: {}", output.join("mutants.out/missed.txt").display());
    }
    sum.judge()
}

impl Tally {
    fn add(&mut self, outcomes: &str) -> Result<(), Failure> {
        let outcomes: Value = serde_json::from_str(outcomes)
            .map_err(|error| Failure::failed(format!("what cargo mutants has written cannot be read: {error}")))?;
        let number = |name: &str| outcomes[name].as_u64().unwrap_or_default();
        self.caught += number("caught") + number("timeout");
        self.timeout += number("timeout");
        self.missed += number("missed");
        self.unviable += number("unviable");
        Ok(())
    }

    fn judge(&self) -> Result<(), Failure> {
        let viable = self.caught + self.missed;
        if viable == 0 {
            return Err(Failure::failed("there was no mutant that could be built"));
        }
        let percent = self.caught * 100 / viable;
        println!(
            "{viable} mutants, {} caught ({percent} %; {} by a test that did not end), {} missed; {} could not be built",
            self.caught, self.timeout, self.missed, self.unviable
        );
        if percent >= CAUGHT_MIN {
            Ok(())
        } else {
            Err(Failure::failed(format!("{percent} % were caught; it should be {CAUGHT_MIN} %")))
        }
    }
}

fn ensure_cargo_mutants(yes: bool) -> Result<(), Failure> {
    let is_there = |command: &mut Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if is_there(&mut cargo::cargo(&["mutants", "--version"])) {
        return Ok(());
    }
    println!("cargo-mutants is not installed");
    consent::ask(INSTALL, yes)?;
    println!("{INSTALL}");
    cargo::run(&INSTALL.split(' ').skip(1).collect::<Vec<_>>())
}
