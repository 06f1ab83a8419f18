//! Fresh ids, from the system's randomness.

use recordplayer::id::Id;

/// 128 bits that nobody has had before.
pub(crate) fn fresh_id() -> Id {
    Id(random())
}

/// A number below `bound`, for jitter.
pub(crate) fn below(bound: u64) -> u64 {
    u64::from_be_bytes(random()) % bound.max(1)
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
