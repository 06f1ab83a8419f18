//! The seal: what proves that an authority held a commit as durable, when it has lost that since (rule 15).
//!
//! An append is all or nothing, so a seal on one of its commits speaks for everything up to there. The last commit of each append has one, and
//! so has every other one that ends a frame: whoever holds what a frame brought can prove it, and what lies between two seals fits a frame.

use std::fmt;
use std::sync::Arc;

use minicbor::{Decode, Encode};

use super::{Commit, Head};
use crate::hash::Hash;
use crate::id::SpaceId;

/// What a seal adds to a commit: 34 bytes in the place of the one that says that there is none.
pub(crate) const SEAL_BYTES: usize = 33;

/// The authority's word that this place of a space's log was durable in this epoch: blake3 of hash, space, position and epoch, keyed with a secret of the
/// authority. With the space and the position in it, it proves nothing of another project, nor of how far a log goes.
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

    fn keyed(&self, space: SpaceId, epoch: u32, place: &Head) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&place.hash.0).update(space.bytes());
        hasher.update(&place.position.0.to_be_bytes()).update(&epoch.to_be_bytes());
        hasher.finalize()
    }

    pub fn seal(&self, space: SpaceId, epoch: u32, place: &Head) -> Seal {
        Seal(Hash(*self.keyed(space, epoch, place).as_bytes()))
    }

    /// Whether the seal is this authority's, for this place of the space's log in this epoch. Takes the same time whatever the seal is.
    pub fn is_seal_of(&self, space: SpaceId, epoch: u32, place: &Head, seal: &Seal) -> bool {
        self.keyed(space, epoch, place) == blake3::Hash::from_bytes(seal.0.0)
    }

    /// Whether the commit has a seal, and that is this authority's.
    pub fn has_sealed(&self, commit: &Commit) -> bool {
        let header = &commit.header;
        commit.seal.is_some_and(|seal| self.is_seal_of(header.space, header.epoch, &commit.head(), &seal))
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
        let seal = key.seal(self.header.space, self.header.epoch, &self.head());
        let unsealed = self.bytes.strip_suffix(&[super::encoding::NULL]).expect("a commit is sealed once");
        let mut bytes = Vec::with_capacity(self.bytes.len() + SEAL_BYTES);
        bytes.extend_from_slice(unsealed);
        minicbor::Encoder::new(&mut bytes).bytes(&seal.0.0).expect("a vector takes all bytes");
        Self { seal: Some(seal), bytes: Arc::from(bytes), ..self.clone() }
    }
}
