//! The entry: bytes in, a board out.

use serde::de::IgnoredAny;

use super::assemble::assemble;
use super::board::TrelloBoard;
use super::error::TrelloError;
use super::limits::EXPORT_BYTES_MAX;
use super::wire::WireBoard;

/// Reads a board as Trello exports it as JSON.
///
/// Reads no file and no clock, never panics, and either takes the whole file or refuses it whole. What a reference is missing is
/// made up for by placeholders, and what is not taken stands in [`TrelloBoard::not_imported`]; only a file that is no Trello
/// board, or damaged, is an error.
pub fn read(bytes: &[u8]) -> Result<TrelloBoard, TrelloError> {
    if bytes.len() > EXPORT_BYTES_MAX {
        return Err(TrelloError::TooLarge { bytes: bytes.len() });
    }
    // Checked for the whole file at once: the JSON reader does not look into texts that it skips.
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().bytes().next() {
        None => Err(TrelloError::Empty),
        Some(b'{') => {
            let wire: WireBoard = serde_json::from_str(text).map_err(|error| TrelloError::from_json(&error))?;
            assemble(wire)
        }
        Some(first) => {
            let _: IgnoredAny = serde_json::from_str(text).map_err(|error| TrelloError::from_json(&error))?;
            Err(TrelloError::NotAnObject { found: what_begins_with(first) })
        }
    }
}

/// A file that ends within a character is truncated; only its last line and column can be told.
fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> TrelloError {
    if error.error_len().is_some() {
        return TrelloError::NotUtf8 { byte: error.valid_up_to() };
    }
    let before = &bytes[..error.valid_up_to()];
    let line = before.split(|byte| *byte == b'\n').count();
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
