//! Why a file could not be read as a Trello board.

use super::super::source::EXPORT_BYTES_MAX;
use super::super::source::error::problem;

/// Why [`read`](super::read) refused a file. The text says what is wrong and what to do; nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrelloError {
    #[error("the file is empty; export the board from Trello again")]
    Empty,
    #[error(
        "the file has {bytes} bytes and at most {EXPORT_BYTES_MAX} are read; \
         delete archived cards of the board in Trello that you do not need, and export it again"
    )]
    TooLarge { bytes: usize },
    #[error(
        "the file is not text in UTF-8 (line {line}, byte {byte}); import the file as Trello gave it, not saved anew by an editor"
    )]
    NotUtf8 { line: usize, byte: usize },
    #[error(
        "the file is not JSON: {problem} at line {line}, column {column}; use \"Export as JSON\" in the board's menu"
    )]
    NotJson { problem: String, line: usize, column: usize },
    #[error("the file ends in the middle (line {line}, column {column}); copy or export it again")]
    Truncated { line: usize, column: usize },
    #[error("the file is JSON but not a Trello board: it holds {found}; use \"Export as JSON\" in the board's menu")]
    NotAnObject { found: &'static str },
    #[error("the file is JSON but not a Trello board: it has no \"{key}\"; use \"Export as JSON\" in the board's menu")]
    MissingKey { key: &'static str },
    #[error(
        "the file is JSON but not a list of actions; save the answer of Trello's \
         /1/boards/BOARD/actions?filter=commentCard&limit=1000"
    )]
    NotActions {},
    #[error(
        "the file is not a board as Trello writes it: {problem} at line {line}, column {column}; \
         export the board again; if that does not help, report this line"
    )]
    WrongShape { problem: String, line: usize, column: usize },
}

impl TrelloError {
    /// The error of ours that `error` of the JSON reader means.
    pub(super) fn from_json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;

        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Eof => Self::Truncated { line, column },
            Category::Syntax | Category::Io => Self::NotJson { problem: problem(error), line, column },
            Category::Data => Self::WrongShape { problem: problem(error), line, column },
        }
    }
}
