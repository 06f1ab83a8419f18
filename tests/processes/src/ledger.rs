//! What programs have said, and whether it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// How much was said of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is saved here, and will be decided.
    Saved,
    /// The server has taken it.
    Accepted,
    /// The server has refused it, and it stands in the outbox.
    Refused,
    /// It was refused here: it is nowhere.
    RefusedHere,
    /// Nothing: it was killed before it answered, or said that it does not know.
    Nothing,
}

/// A command, and what its author was told.
#[derive(Clone, Debug)]
pub struct Promise {
    pub who: String,
    pub what: String,
    pub word: Word,
    /// Their ids, where the program told them.
    pub commands: Vec<String>,
    /// The title of the card that it writes, which no other card has.
    pub title: Option<String>,
}

/// All promises of a history.
#[derive(Debug, Default)]
pub struct Ledger(Vec<Promise>);

/// What the outbox of one device holds at the end.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    pub refused: BTreeSet<String>,
    /// What was typed and is kept there.
    pub texts: Vec<String>,
    pub waiting: usize,
}

/// The log as a device has written it out.
#[derive(Debug, Default)]
pub struct Log {
    accepted: BTreeSet<String>,
    refused: BTreeSet<String>,
    /// Titles of written cards, in the order of the log.
    titles: Vec<String>,
    pub records: u64,
}

impl Log {
    /// Reads it, and checks what holds for every log: records without a gap, each command once, each device's commands in order.
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut log = Self::default();
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        for line in text.lines() {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            // What the file is, and that it is whole.
            if record.get("export").is_some() || record.get("end").is_some() {
                continue;
            }
            log.records += 1;
            assert_eq!(record["record"].as_u64(), Some(log.records), "the log has a gap: {record}");
            let Some(commit) = record["commit"].as_object() else { continue };
            let command = text_of(&record["command"]);
            if record["kind"] == "response" {
                assert!(log.refused.insert(command.clone()), "{command} was refused twice");
            } else {
                assert!(log.accepted.insert(command.clone()), "{command} was accepted twice");
                if record["name"] == "card.create" {
                    log.titles.push(text_of(&record["payload"]["title"]));
                }
            }
            // What a policy does has no number of a device's.
            if let Some(number) = commit["number"].as_u64() {
                let last = numbers.entry(text_of(&commit["replica"])).or_default();
                assert_eq!(number, *last + 1, "the commands of a device are out of order at {record}");
                *last = number;
            }
        }
        let both = log.accepted.intersection(&log.refused).count();
        assert_eq!(both, 0, "commands were accepted and refused");
        log
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Ledger {
    pub fn note(&mut self, promise: Promise) {
        self.0.push(promise);
    }

    /// How many commands were promised to be kept.
    pub fn promised(&self) -> u64 {
        self.0.iter().filter(|promise| !matches!(promise.word, Word::Nothing | Word::RefusedHere)).count() as u64
    }

    /// Whether everything holds that was said.
    pub fn check(&self, log: &Log, outboxes: &BTreeMap<String, Outbox>) {
        let once: BTreeSet<&String> = log.titles.iter().collect();
        assert_eq!(once.len(), log.titles.len(), "a card is there twice: {:?}", log.titles);
        for promise in &self.0 {
            let outbox = &outboxes[&promise.who];
            for command in &promise.commands {
                let (accepted, refused) = (log.accepted.contains(command), log.refused.contains(command));
                let is_kept = refused && outbox.refused.contains(command);
                let holds = match promise.word {
                    Word::Saved => accepted || is_kept,
                    Word::Accepted => accepted,
                    Word::Refused => is_kept,
                    Word::RefusedHere => !accepted && !refused,
                    Word::Nothing => true,
                };
                assert!(holds, "{promise:?} does not hold: accepted {accepted}, refused {refused}; {outbox:?}");
            }
            let Some(title) = &promise.title else { continue };
            let is_there = once.contains(title);
            let holds = match promise.word {
                Word::Saved => is_there || outbox.texts.contains(title),
                Word::Accepted => is_there,
                Word::Refused => !is_there && outbox.texts.contains(title),
                Word::RefusedHere => !is_there,
                Word::Nothing => true,
            };
            assert!(
                holds,
                "{promise:?} does not hold: its card is {}; {outbox:?}",
                if is_there { "there" } else { "not there" }
            );
        }
        self.check_order(log);
    }

    /// Whoever writes one card after the other finds them in this order.
    fn check_order(&self, log: &Log) {
        let mut by_author: BTreeMap<&str, Vec<&Promise>> = BTreeMap::new();
        for promise in &self.0 {
            by_author.entry(&promise.who).or_default().push(promise);
        }
        for (who, promises) in by_author {
            let written: Vec<&String> = promises.iter().filter_map(|promise| promise.title.as_ref()).collect();
            let positions = written.iter().filter_map(|title| log.titles.iter().position(|there| there == *title));
            let positions: Vec<usize> = positions.collect();
            assert!(positions.is_sorted(), "{who} has written {written:?}, and the log has {:?}", log.titles);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Log {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.join("\n")).unwrap();
        Log::read(file.path())
    }

    fn record(record: u64, number: u64, kind: &str, title: &str) -> String {
        format!(
            r#"{{"record":{record},"kind":"{kind}","name":"card.create","command":"c{number}","payload":{{"title":"{title}"}},"commit":{{"replica":"r","number":{number}}}}}"#
        )
    }

    fn check(word: Word, kind: &str, is_in_outbox: bool) -> bool {
        let log = log(&[&record(1, 1, kind, "ann 1")]);
        let mut ledger = Ledger::default();
        ledger.note(Promise {
            who: "ann".to_owned(),
            what: "card new".to_owned(),
            word,
            commands: vec!["c1".to_owned()],
            title: None,
        });
        let refused = is_in_outbox.then(|| "c1".to_owned()).into_iter().collect();
        let outboxes = BTreeMap::from([("ann".to_owned(), Outbox { refused, ..Outbox::default() })]);
        std::panic::catch_unwind(|| ledger.check(&log, &outboxes)).is_ok()
    }

    #[test]
    fn what_was_said_must_hold() {
        assert!(check(Word::Saved, "command", false) && check(Word::Saved, "response", true));
        assert!(!check(Word::Saved, "response", false), "refused, and its author has it no more");
        assert!(!check(Word::Accepted, "response", true));
        assert!(!check(Word::Refused, "command", true));
        assert!(!check(Word::RefusedHere, "command", false));
        assert!(check(Word::Nothing, "response", false));
    }

    #[test]
    #[should_panic(expected = "a card is there twice")]
    fn a_card_that_is_there_twice_is_found() {
        let log = log(&[&record(1, 1, "command", "ann 1"), &record(2, 2, "command", "ann 1")]);
        Ledger::default().check(&log, &BTreeMap::new());
    }

    #[test]
    #[should_panic(expected = "out of order")]
    fn a_command_that_overtakes_is_found() {
        log(&[&record(1, 2, "command", "ann 2"), &record(2, 1, "command", "ann 1")]);
    }

    #[test]
    #[should_panic(expected = "has a gap")]
    fn a_gap_is_found() {
        log(&[&record(2, 1, "command", "ann 1")]);
    }
}
