//! The entry: bytes in, a board out.

use recordplayer::id::Id;
use serde::de::IgnoredAny;

use super::super::source::loose::list;
use super::super::source::{EXPORT_BYTES_MAX, SourceBoard};
use super::assemble::assemble;
use super::error::TrelloError;
use super::left_out::is_comment;
use super::wire::{WireAction, WireBoard};

/// Reads a board as Trello exports it as JSON.
///
/// Reads no file and no clock, never panics, and either takes the whole file or refuses it whole. What a reference is missing is
/// made up for by placeholders, and what is not taken stands in [`SourceBoard::not_imported`]; only a file that is no Trello
/// board, or damaged, is an error.
pub fn read(bytes: &[u8]) -> Result<SourceBoard, TrelloError> {
    board(bytes, Vec::new(), export_of(&[bytes]))
}

/// As [`read`], with a second file: a list of actions, of which the comments are taken that the board's own file has no more. A comment
/// that stands in both is one comment.
pub fn read_with_comments(bytes: &[u8], comments: &[u8]) -> Result<SourceBoard, CommentsError> {
    let text = checked_text(comments).map_err(CommentsError::Comments)?;
    let actions = match text.trim_start().bytes().next() {
        None => Err(TrelloError::Empty),
        Some(b'[') => serde_json::from_str::<Actions>(text).map_err(|error| TrelloError::from_json(&error)),
        Some(_) => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Err(TrelloError::NotActions {}),
            Err(error) => Err(TrelloError::from_json(&error)),
        },
    };
    let mut actions = actions.map_err(CommentsError::Comments)?.0;
    actions.retain(is_comment);
    board(bytes, actions, export_of(&[bytes, comments])).map_err(CommentsError::Board)
}

/// A list of actions.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Actions(#[serde(deserialize_with = "list")] Vec<WireAction>);

/// Which of the two files is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommentsError {
    #[error(transparent)]
    Board(TrelloError),
    #[error(transparent)]
    Comments(TrelloError),
}

fn export_of(files: &[&[u8]]) -> Id {
    Id::derived("trello export", files)
}

fn board(bytes: &[u8], comments: Vec<WireAction>, export: Id) -> Result<SourceBoard, TrelloError> {
    let text = checked_text(bytes)?;
    match text.trim_start().bytes().next() {
        None => Err(TrelloError::Empty),
        Some(b'{') => {
            let mut wire: WireBoard = serde_json::from_str(text).map_err(|error| TrelloError::from_json(&error))?;
            wire.actions.extend(comments);
            assemble(wire, export)
        }
        Some(first) => {
            let _: IgnoredAny = serde_json::from_str(text).map_err(|error| TrelloError::from_json(&error))?;
            Err(TrelloError::NotAnObject { found: what_begins_with(first) })
        }
    }
}

/// The file's text, if it is one of a size that is read. It is looked at whole: the JSON reader does not look into texts that it skips.
fn checked_text(bytes: &[u8]) -> Result<&str, TrelloError> {
    if bytes.len() > EXPORT_BYTES_MAX {
        return Err(TrelloError::TooLarge { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// A file that ends within a character is truncated; only its last line and column can be told.
fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> TrelloError {
    let before = &bytes[..error.valid_up_to()];
    let line = before.split(|byte| *byte == b'\n').count();
    if error.error_len().is_some() {
        return TrelloError::NotUtf8 { line, byte: error.valid_up_to() };
    }
    let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
    TrelloError::Truncated { line, column }
}

/// What a JSON text that is no object is, by its first character.
fn what_begins_with(first: u8) -> &'static str {
    match first {
        b'[' => "a list",
        b'"' => "a text",
        b't' | b'f' => "a boolean",
        b'n' => "nothing",
        _ => "a number",
    }
}
