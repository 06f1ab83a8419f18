//! The changes of a text, as they are decided or confirmed: from the table of changes, and what no checkpoint has saved yet.

use super::SpaceState;
use crate::storage::{ReadError, SpaceReader, TextKey, TextRow};
use crate::text::{BaseError, TextChange, TextDocument, TextPart, changes_of};

/// All of a text, in the order of the log.
pub(crate) struct TextRows(pub Vec<TextRow>);

impl TextRows {
    pub fn open(&self) -> Result<TextDocument, ReadError> {
        TextDocument::open(self.0.iter().map(TextRow::part)).map_err(damaged)
    }

    /// The changes one by one; those that a base has left out, because no reader takes them, are not among them.
    pub fn changes(&self) -> Result<Vec<TextChange>, ReadError> {
        changes_of(self.0.iter().map(TextRow::part)).map_err(damaged)
    }

    /// The text with some of its changes left aside.
    pub fn open_where(&self, keeps: impl Fn(&TextChange) -> bool) -> Result<TextDocument, ReadError> {
        let changes = self.changes()?;
        let kept = changes.iter().filter(|change| keeps(change));
        TextDocument::open(kept.map(|change| TextPart::Change(change.bytes()))).map_err(damaged)
    }
}

fn damaged(error: BaseError) -> ReadError {
    ReadError::Damaged(error.to_string())
}

impl SpaceState {
    /// The rows of a text. What a checkpoint on its way holds may be in the table already: the index of a change tells. Where the state was
    /// played from nothing, all of the text is in memory, and the table may hold what was redacted.
    pub fn text_rows(&self, reader: &dyn SpaceReader, key: &TextKey) -> Result<TextRows, ReadError> {
        let is_saved = self.layers.hydrator().source().is_some();
        let mut rows = if is_saved { reader.text(key)? } else { Vec::new() };
        let mut next = rows.last().map_or(0, |last| last.index + 1);
        for (_, index, change) in self.saving.texts.iter().chain(&self.unsaved.texts).filter(|(of, ..)| of == key) {
            if *index >= next {
                next = index + 1;
                rows.push(TextRow { index: *index, is_base: false, bytes: change.bytes().into() });
            }
        }
        Ok(TextRows(rows))
    }
}
