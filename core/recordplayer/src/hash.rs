//! Hashes: of commits (the chain), of payloads, and of a whole space's state.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A blake3 hash of 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(#[serde(with = "serde_bytes")] pub [u8; 32]);

impl Hash {
    /// The hash before the first commit of every log.
    pub const ZERO: Self = Self([0; 32]);

    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// A text that is no hash: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 64 lower-case hexadecimal digits")]
pub struct HashError;

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| HashError)?;
        bytes.try_into().map(Self).map_err(|_| HashError)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0[..8]))
    }
}

/// The hash of a space's state: the sum, modulo 2^64 in each of four lanes, of the hashes of its models.
///
/// A sum, so that one changed model costs one subtraction and one addition, whatever the size of the space. It tells honest copies that
/// have diverged; it is no proof against somebody who makes models up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateHash([u64; 4]);

impl StateHash {
    pub fn add(&mut self, hash: &Hash) {
        self.each_lane(hash, u64::wrapping_add);
    }

    pub fn subtract(&mut self, hash: &Hash) {
        self.each_lane(hash, u64::wrapping_sub);
    }

    fn each_lane(&mut self, hash: &Hash, join: fn(u64, u64) -> u64) {
        for (lane, bytes) in self.0.iter_mut().zip(hash.0.chunks_exact(8)) {
            *lane = join(*lane, u64::from_be_bytes(bytes.try_into().expect("chunks of eight")));
        }
    }

    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            to.copy_from_slice(&lane.to_be_bytes());
        }
        bytes
    }

    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut hash = Self::default();
        hash.add(&Hash(*bytes));
        hash
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.bytes()))
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
