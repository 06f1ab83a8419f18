//! One change of a text, as it travels.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One raw change of a merged text, as it travels in commands and events.
///
/// Any bytes can stand in it: [`crate::text::Text::check`] says whether they are a change of a text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextChange(#[serde(with = "serde_bytes")] Vec<u8>);

impl TextChange {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What it writes, in the order of writing, wherever that would stand: all that is left of it where the text that it was made in is gone.
    pub(crate) fn words(&self) -> String {
        let Ok(change) = automerge::Change::from_bytes(self.bytes().to_vec()) else { return String::new() };
        let written = change.decode().operations.into_iter().filter(|operation| operation.insert);
        written.filter_map(|operation| operation.primitive_value()?.as_str().map(str::to_owned)).collect()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TextChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextChange({} bytes)", self.0.len())
    }
}

/// The hash of a change: SHA-256, as automerge computes it. Other changes name it as their dependency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextHash(#[serde(with = "serde_bytes")] pub [u8; 32]);

impl fmt::Display for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for TextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0[..8]))
    }
}
