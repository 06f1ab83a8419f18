//! Why a file of another product could not be read.

use super::limits::EXPORT_BYTES_MAX;

/// Why a reader refused a file. The text says what is wrong, where, and what to do; nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file is empty; {advice}")]
    Empty { advice: &'static str },
    #[error(
        "the file has {bytes} bytes and at most {EXPORT_BYTES_MAX} are read; export it in parts and import one after the other"
    )]
    TooLarge { bytes: usize },
    #[error("the file is not text in UTF-8 (line {line}, byte {byte}); {advice}")]
    NotUtf8 { line: usize, byte: usize, advice: &'static str },
    #[error("the file is not JSON: {problem} at line {line}, column {column}; {advice}")]
    NotJson { problem: String, line: usize, column: usize, advice: &'static str },
    #[error("the file ends in the middle (line {line}, column {column}); copy or export it again")]
    Truncated { line: usize, column: usize },
    #[error("{problem} at line {line}, column {column}; {advice}")]
    WrongShape { problem: String, line: usize, column: usize, advice: &'static str },
    #[error("{problem} (line {line}); {advice}")]
    WrongLine { problem: String, line: u64, advice: String },
}

impl ReadError {
    /// The error of ours that `error` of the JSON reader means.
    pub(in crate::import) fn from_json(error: &serde_json::Error, advice: &'static str) -> Self {
        use serde_json::error::Category;

        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Eof => Self::Truncated { line, column },
            Category::Syntax | Category::Io => Self::NotJson { problem: problem(error), line, column, advice },
            Category::Data => Self::WrongShape { problem: problem(error), line, column, advice },
        }
    }
}

/// The JSON reader's words without the place, which it writes at their end and we write ourselves, and without the names of our own types.
pub(in crate::import) fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let Some((before, behind)) = text.split_once("struct Wire") else { return text.to_owned() };
    let end = behind.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(behind.len());
    let (name, rest) = behind.split_at(end);
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    format!("{before}an object ({words}){rest}")
}

/// The file's text without a byte order mark, if it is one of a size that is read.
pub(in crate::import) fn checked_text<'a>(bytes: &'a [u8], advice: &'static str) -> Result<&'a str, ReadError> {
    if bytes.len() > EXPORT_BYTES_MAX {
        return Err(ReadError::TooLarge { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to();
        let line = bytes[..byte].split(|byte| *byte == b'\n').count();
        ReadError::NotUtf8 { line, byte, advice }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() { Err(ReadError::Empty { advice }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_to_know_the_names_of_our_types() {
        #[derive(Debug, serde::Deserialize)]
        struct WireCheckItem {}
        let error = serde_json::from_str::<WireCheckItem>("7").unwrap_err();
        assert_eq!(problem(&error), "invalid type: integer `7`, expected an object (check item)");
        let error = serde_json::from_str::<bool>("7").unwrap_err();
        assert_eq!(problem(&error), "invalid type: integer `7`, expected a boolean");
    }
}
