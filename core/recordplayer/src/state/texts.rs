//! The changes of a text, as they are decided or confirmed: from the table of changes, and what no checkpoint has saved yet.

use std::sync::Arc;

use super::SpaceState;
use crate::storage::{ReadError, SpaceReader, TextKey};
use crate::text::TextDocument;

/// All of a text, in the order of the log.
pub(crate) struct TextRows {
    pub base: Option<Arc<[u8]>>,
    pub changes: Vec<Arc<[u8]>>,
}

impl TextRows {
    pub fn open(&self) -> Result<TextDocument, ReadError> {
        TextDocument::open(self.base.as_deref(), self.changes.iter().map(|change| &**change))
            .map_err(|error| ReadError::Damaged(error.to_string()))
    }
}

impl SpaceState {
    /// The rows of a text. What a checkpoint on its way holds may be in the table already: the index of a change tells.
    pub fn text_rows(&self, reader: &dyn SpaceReader, key: &TextKey) -> Result<TextRows, ReadError> {
        let mut rows = TextRows { base: None, changes: Vec::new() };
        let mut next = 0;
        for row in reader.text(key)? {
            next = row.index + 1;
            if row.is_base {
                rows.base = Some(row.bytes);
            } else {
                rows.changes.push(row.bytes);
            }
        }
        for (_, index, change) in self.saving.texts.iter().chain(&self.unsaved.texts).filter(|(of, ..)| of == key) {
            if *index >= next {
                next = index + 1;
                rows.changes.push(change.bytes().into());
            }
        }
        Ok(rows)
    }
}
