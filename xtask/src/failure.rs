//! How a command ends when it does not succeed.

use std::fmt;
use std::process::ExitCode;

/// Why a command stopped, in words that say what to do, and the exit code that belongs to it.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// Something was tried and did not succeed: exit code 1.
    pub fn failed(text: impl Into<String>) -> Failure {
        Failure { code: 1, text: text.into() }
    }

    /// The command cannot be carried out as it was given, or on this machine as it is: exit code 2.
    pub fn wrong_use(text: impl Into<String>) -> Failure {
        Failure { code: 2, text: text.into() }
    }

    /// Something did not succeed, and the person has read about it already: exit code 1.
    pub fn told() -> Failure {
        Failure { code: 1, text: String::new() }
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
