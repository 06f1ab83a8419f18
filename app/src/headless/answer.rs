//! What a command answers: the same for people and for programs.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use crate::time::exact as time;

/// A command that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// One object, or one for each line.
    pub json: Vec<Value>,
    pub text: String,
    /// For those beside the answer: what the person must be told.
    pub notes: Vec<String>,
    /// 0, or why it is done and yet not all is well (`sync`).
    pub code: u8,
}

impl Answer {
    pub fn new(json: Value, text: impl Into<String>) -> Self {
        Self { json: vec![json], text: text.into(), notes: Vec::new(), code: 0 }
    }

    pub fn lines(json: Vec<Value>, text: String) -> Self {
        Self { json, text, notes: Vec::new(), code: 0 }
    }
}

/// Why a command was not done. `code` is for programs, the rest for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub exit: u8,
    pub code: String,
    pub message: String,
    pub help: String,
    pub details: Value,
}

pub(crate) const REFUSED: u8 = 1;
pub(crate) const WRONG_USE: u8 = 2;
pub(crate) const NOT_IN_TIME: u8 = 3;
pub(crate) const NO_ACCESS: u8 = 4;
pub(crate) const DAMAGED: u8 = 5;

impl Failure {
    pub fn new(exit: u8, code: &str, message: impl ToString, help: &str) -> Self {
        Self { exit, code: code.to_owned(), message: message.to_string(), help: help.to_owned(), details: Value::Null }
    }

    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    fn json(&self) -> Value {
        json!({
            "error": { "code": self.code, "message": self.message, "help": self.help, "details": self.details }
        })
    }
}

/// What the program prints, and its exit code: this travels through the door of a folder in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Printed {
    pub code: u8,
    pub stdout: String,
    pub stderr: String,
}

/// An answer or a failure as it is printed.
pub(crate) fn printed(outcome: &Result<Answer, Failure>, is_json: bool) -> Printed {
    match outcome {
        Ok(answer) => {
            let mut stdout = String::new();
            if is_json {
                for line in &answer.json {
                    let _ = writeln!(stdout, "{line}");
                }
            } else if !answer.text.is_empty() {
                stdout.push_str(answer.text.trim_end_matches('\n'));
                stdout.push('\n');
            }
            let stderr = answer.notes.iter().fold(String::new(), |all, note| all + note + "\n");
            Printed { code: answer.code, stdout, stderr }
        }
        Err(failure) if is_json => {
            Printed { code: failure.exit, stdout: format!("{}\n", failure.json()), stderr: String::new() }
        }
        Err(failure) => {
            let help = if failure.help.is_empty() { String::new() } else { format!("{}\n", failure.help) };
            Printed { code: failure.exit, stdout: String::new(), stderr: format!("{}\n{help}", failure.message) }
        }
    }
}

/// A person's text on one line of a terminal: what would move the cursor or colour the screen is shown, not done.
pub(crate) fn line(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\r' | '\t' => ' '.to_string(),
            other if other.is_control() || is_direction(other) => format!("\\u{{{:x}}}", other as u32),
            other => other.to_string(),
        })
        .collect()
}

/// A person's text of several lines.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Marks that turn the order of what follows on the line.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_take_over_the_terminal() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb c\\u{202e}d");
        assert_eq!(lines("one\ntwo\u{7}"), "one\ntwo\\u{7}");
    }

    #[test]
    fn a_failure_is_one_object_for_programs_and_two_lines_for_people() {
        let failure = Err(Failure::new(2, "unknown_board", "There is no such board", "Name another one"));
        let json = printed(&failure, true);
        assert_eq!(json.code, 2);
        assert_eq!(
            json.stdout,
            "{\"error\":{\"code\":\"unknown_board\",\"details\":null,\"help\":\"Name another one\",\"message\":\"There is no such board\"}}\n"
        );
        assert_eq!(printed(&failure, false).stderr, "There is no such board\nName another one\n");
    }
}
