//! What stands in front of the blocks: magic, version and kind, and how the file was left. [`crate::blocks`] has the places.

use crate::error::FileKind;

/// The format of the file and of everything in it.
pub(crate) const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"RecPlay\x1a";
const REDB_MAGIC: &[u8] = b"redb";
pub(crate) const IDENTITY_BYTES: usize = 24;
pub(crate) const STATE_BYTES: usize = 32;

/// What stands at the beginning of a file that is not ours to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    Foreign(String),
    NewerFormat(u32),
    Damaged(String),
}

/// What the header says about how the file was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub is_clean: bool,
    pub first_block: u64,
    pub blocks: u64,
}

pub(crate) fn sum(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*blake3::hash(bytes).as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

fn kind_bytes(kind: FileKind) -> [u8; 4] {
    match kind {
        FileKind::Store => *b"LOG\0",
        FileKind::Outbox => *b"OUTB",
        FileKind::Accounts => *b"ACCT",
    }
}

pub(crate) fn encode_identity(kind: FileKind) -> Vec<u8> {
    let mut identity = Vec::with_capacity(IDENTITY_BYTES);
    identity.extend(MAGIC);
    identity.extend(FORMAT_VERSION.to_le_bytes());
    identity.extend(kind_bytes(kind));
    identity.extend(sum(&identity).to_le_bytes());
    identity
}

pub(crate) fn check_identity(found: &[u8], kind: FileKind) -> Result<(), HeaderError> {
    if found.is_empty() {
        return Err(HeaderError::Damaged("it is empty".to_owned()));
    }
    if found.starts_with(REDB_MAGIC) {
        return Err(HeaderError::Foreign("it is a redb database of another program".to_owned()));
    }
    if !found.starts_with(&MAGIC) {
        return Err(HeaderError::Foreign("it begins with other bytes".to_owned()));
    }
    let Some((identity, digest)) = found.split_at_checked(IDENTITY_BYTES - 8).filter(|(_, digest)| digest.len() == 8)
    else {
        return Err(HeaderError::Damaged(format!("it ends after {} bytes", found.len())));
    };
    if digest != sum(identity).to_le_bytes() {
        return Err(HeaderError::Damaged("its header is not what was written".to_owned()));
    }
    let version = u32::from_le_bytes(identity[8..12].try_into().expect("four bytes"));
    if version > FORMAT_VERSION {
        return Err(HeaderError::NewerFormat(version));
    }
    if identity[12..16] != kind_bytes(kind) {
        return Err(HeaderError::Foreign("it is a RecordPlayer file of another kind".to_owned()));
    }
    Ok(())
}

impl State {
    pub fn encode(self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        bytes[..8].copy_from_slice(&u64::from(self.is_clean).to_le_bytes());
        bytes[8..16].copy_from_slice(&self.first_block.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.blocks.to_le_bytes());
        let digest = sum(&bytes[..24]);
        bytes[24..].copy_from_slice(&digest.to_le_bytes());
        bytes
    }

    /// A state that cannot be read counts as unclean, which costs a check and loses nothing.
    pub fn decode(bytes: &[u8; STATE_BYTES]) -> Option<Self> {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let is_intact = number(24) == sum(&bytes[..24]) && number(0) <= 1;
        is_intact.then(|| Self { is_clean: number(0) == 1, first_block: number(8), blocks: number(16) })
    }
}
