//! Somebody who works by the command line of `recordplayer`, each command a process of its own.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::accident::{Act, Mishap, Moment, Plan, Step};
use crate::clock::let_pass;
use crate::faults;
use crate::ledger::{Outbox, Promise, Word};
use crate::process::{Around, End, Process};

const PROGRAM: &str = "recordplayer";
pub const LIMITED: &str = "In progress";
/// A sync within a round does not wait for long; the one at the end does.
const ROUND_SYNC_S: &str = "2";
const LAST_SYNC_S: &str = "90";

/// Somebody with a device.
#[derive(Debug)]
pub struct Person {
    pub name: String,
    folder: PathBuf,
    log: PathBuf,
    /// How many titles were thought of.
    titles: u64,
    /// Cards that everybody knows.
    pub cards: Vec<String>,
    /// How often a program of theirs was killed.
    pub kills: u64,
    /// Whether their disk is meant to fail.
    pub disk_fails: bool,
    /// How often it has.
    pub disk_failures: u64,
}

impl Person {
    pub fn new(name: &str, folder: &Path, log: &Path) -> Self {
        let (folder, log) = (folder.to_owned(), log.to_owned());
        Self {
            name: name.to_owned(),
            folder,
            log,
            titles: 0,
            cards: Vec::new(),
            kills: 0,
            disk_fails: false,
            disk_failures: 0,
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    pub fn start(&self, around: &Around, words: &[&str]) -> Process {
        let folder = self.folder.to_str().expect("folders of histories have plain names");
        Process::start(PROGRAM, &[words, &["--json", "--data", folder]].concat(), around, &self.log)
    }

    /// Gives a command, whatever comes of it.
    pub fn try_to(&self, words: &[&str]) -> End {
        self.start(&Around::Nothing, words).wait()
    }

    /// Gives a command that is done.
    #[track_caller]
    pub fn tell(&self, words: &[&str]) -> Value {
        let end = self.try_to(words);
        assert_eq!(end.code, Some(0), "{}> {}: {:?}", self.name, end.what, end.lines);
        end.json()
    }

    /// A title that no other card has.
    pub fn next_title(&mut self) -> String {
        self.titles += 1;
        format!("{} {}", self.name, self.titles)
    }

    /// Does all of a plan; answers with what was said.
    pub fn work(&mut self, plan: &Plan) -> Vec<Promise> {
        let beside = plan.beside.map(|killed| {
            let process = self.start(&Around::Nothing, &["sync", "--timeout", ROUND_SYNC_S]);
            std::thread::spawn(move || match killed {
                Some(after) => {
                    let_pass(after);
                    process.kill()
                }
                None => process.wait(),
            })
        });
        let promises = plan.steps.iter().filter_map(|step| self.step(*step)).collect();
        if let Some(beside) = beside {
            let end = beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            self.kills += u64::from(end.was_killed);
            assert!(end.was_killed || matches!(end.code, Some(0 | 1 | 3)), "{}> {end:?}", self.name);
        }
        promises
    }

    fn step(&mut self, step: Step) -> Option<Promise> {
        let title = matches!(step.act, Act::Write).then(|| self.next_title());
        let text = format!("{} {}", self.name, step.card);
        let card = self.cards[step.card as usize % self.cards.len()].clone();
        let file = self.folder.with_extension("text");
        let file = file.to_str().expect("folders of histories have plain names");
        let mut words = match step.act {
            Act::Write => vec!["card", "new", title.as_deref().unwrap_or_default(), "--column", "Backlog"],
            Act::Rename => vec!["card", "rename", &card, &text],
            Act::MoveToLimited => vec!["card", "move", &card, "--to", LIMITED],
            Act::MoveBack => vec!["card", "move", &card, "--to", "Ready"],
            Act::Archive => vec!["card", "archive", &card],
            Act::Restore => vec!["card", "restore", &card],
            Act::Describe => {
                std::fs::write(file, &text).unwrap_or_else(|error| panic!("{file}: {error}"));
                vec!["card", "describe", &card, "--text-file", file]
            }
            Act::Comment => vec!["comment", &card, &text],
            Act::Sync => vec!["sync", "--timeout", ROUND_SYNC_S],
        };
        if step.waits && !matches!(step.act, Act::Sync) {
            words.push("--wait");
        }
        let around = match step.mishap {
            Mishap::Kill(Moment::AtCall(call, number)) => faults::kill_at(call, number),
            Mishap::Disk(error) => error.around(&self.folder),
            Mishap::Nothing | Mishap::Kill(_) | Mishap::Stop { .. } => Around::Nothing,
        };
        let mut process = self.start(&around, &words);
        let end = match step.mishap {
            Mishap::Kill(Moment::After(time)) => {
                let_pass(time);
                process.kill()
            }
            Mishap::Stop { after, lasts } => {
                let_pass(after);
                process.stop();
                let_pass(lasts);
                process.go_on();
                process.wait()
            }
            Mishap::Nothing | Mishap::Kill(_) | Mishap::Disk(_) => process.wait(),
        };
        self.kills += u64::from(end.was_killed);
        self.disk_failures += u64::from(end.code == Some(5));
        let promise = self.said(&end, title);
        (!matches!(step.act, Act::Sync)).then_some(promise)
    }

    /// What a command's answer promises.
    pub fn said(&self, end: &End, title: Option<String>) -> Promise {
        let json = end.json();
        let error = &json["error"];
        let word = match (end.code, error["code"].as_str()) {
            // Killed after it has said so is said.
            (Some(0) | None, None) if !json.is_null() && end.what.contains("--wait") => Word::Accepted,
            (None, None) if !json.is_null() => Word::Saved,
            (Some(0), None) | (Some(3), Some("not_decided")) => Word::Saved,
            (Some(1), Some(_)) if error["details"]["command"].is_string() => Word::Refused,
            (Some(1), _) => Word::RefusedHere,
            (Some(3) | None, _) => Word::Nothing,
            (Some(5), Some(_)) if self.disk_fails => Word::Nothing,
            _ => panic!("{}> {end:?}", self.name),
        };
        let one = [&json["command"], &error["details"]["command"]]
            .into_iter()
            .chain(json["commands"].as_array().into_iter().flatten());
        let several = json["cards"].as_array().into_iter().flatten().map(|card| &card["command"]);
        let commands = one.chain(several).filter_map(|command| command.as_str().map(str::to_owned)).collect();
        Promise { who: self.name.clone(), what: end.what.clone(), word, commands, title }
    }

    /// Syncs to the end.
    pub fn sync(&self) {
        let end = self.try_to(&["sync", "--timeout", LAST_SYNC_S]);
        assert!(matches!(end.code, Some(0 | 1)), "{}> {end:?}", self.name);
    }

    /// Where the state stands: record and hash.
    pub fn hash(&self) -> String {
        let hash = self.tell(&["hash"]);
        format!("{} {}", hash["record"], hash["state"].as_str().unwrap_or_default())
    }

    pub fn outbox(&self) -> Outbox {
        let outbox = self.tell(&["outbox"]);
        let refused = outbox["refused"].as_array().into_iter().flatten();
        Outbox {
            refused: refused.clone().filter_map(|entry| entry["id"].as_str().map(str::to_owned)).collect(),
            texts: refused.filter_map(|entry| entry["text"].as_str().map(str::to_owned)).collect(),
            waiting: outbox["waiting"].as_array().map_or(0, Vec::len),
        }
    }

    /// Writes the log out.
    pub fn export(&self) -> PathBuf {
        let file = self.folder.with_extension("jsonl");
        self.tell(&["export", file.to_str().expect("folders of histories have plain names")]);
        file
    }
}
