//! Long text that merges.

use serde::{Deserialize, Serialize};

/// One raw change of a merged text, as it travels in commands and events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextChange(#[serde(with = "serde_bytes")] Vec<u8>);

impl TextChange {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
