//! What is drawn beside each payload, so that one that was taken out later cannot be guessed from its digest.

use crate::id::CommandId;

/// The salt of a payload of a commit, by its place there. `key` is a secret of the authority.
pub(crate) fn salt(key: &[u8; 32], command: CommandId, index: usize) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(command.bytes());
    hasher.update(&(index as u64).to_be_bytes());
    *hasher.finalize().as_bytes().first_chunk().expect("16 of 32 bytes")
}
