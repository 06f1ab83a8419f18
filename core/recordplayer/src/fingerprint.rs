//! What a machine is at the moment, as a hash: two machines with equal fingerprints go on alike, whatever they are given.
//!
//! For searches that meet the same state on many ways (`testing/exhaustive`). Each machine takes itself apart there, so that a field that is
//! added is not forgotten.

use std::fmt::Debug;

use crate::commit::Head;
use crate::hash::Hash;

/// A fingerprint that is being taken.
#[derive(Default)]
pub(crate) struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// One part, told from the one behind it by its length.
    pub fn bytes(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    pub fn head(&mut self, head: Head) {
        self.bytes(&head.position.0.to_be_bytes());
        self.bytes(&head.hash.0);
    }

    /// A value that shows all that it is.
    pub fn shown(&mut self, value: &impl Debug) {
        self.bytes(format!("{value:?}").as_bytes());
    }

    pub fn finish(self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}
