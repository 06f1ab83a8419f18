//! The seal: what proves that an authority held a commit as durable, when it has lost that since (rule 15).
//!
//! An append is all or nothing, so a seal on one of its commits speaks for everything up to there. The last commit of each append has one, and
//! so has every other one that ends a frame: whoever holds what a frame brought can prove it, and what lies between two seals fits a frame.

use std::fmt;
use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::Commit;
use crate::hash::Hash;

/// What a seal adds to a commit: 34 bytes in the place of the one that says that there is none.
pub(crate) const SEAL_BYTES: usize = 33;

/// The authority's word that it held the commit with this hash in this epoch: blake3 of the two, keyed with a secret of the authority.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct Seal(#[n(0)] pub Hash);

/// The secret of an authority, kept apart from its logs: whoever has it can say what the authority had.
#[derive(Clone, Copy)]
pub struct SealKey([u8; 32]);

impl SealKey {
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    fn keyed(&self, epoch: u32, hash: &Hash) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&hash.0).update(&epoch.to_be_bytes());
        hasher.finalize()
    }

    pub fn seal(&self, epoch: u32, hash: &Hash) -> Seal {
        Seal(Hash(*self.keyed(epoch, hash).as_bytes()))
    }

    /// Whether the seal is this authority's, for the commit with this hash in this epoch. Takes the same time whatever the seal is.
    pub fn is_seal_of(&self, epoch: u32, hash: &Hash, seal: &Seal) -> bool {
        self.keyed(epoch, hash) == blake3::Hash::from_bytes(seal.0.0)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

impl Commit {
    /// The same commit with a seal; its hash, which does not cover the seal, stays.
    pub fn sealed(&self, key: &SealKey) -> Self {
        let seal = key.seal(self.header.epoch, &self.hash);
        let unsealed = self.bytes.strip_suffix(&[super::encoding::NULL]).expect("a commit is sealed once");
        let mut bytes = Vec::with_capacity(self.bytes.len() + SEAL_BYTES);
        bytes.extend_from_slice(unsealed);
        minicbor::Encoder::new(&mut bytes).bytes(&seal.0.0).expect("a vector takes all bytes");
        Self { seal: Some(seal), bytes: Arc::from(bytes), ..self.clone() }
    }
}
