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
