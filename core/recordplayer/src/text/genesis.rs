//! The first change of every text, the same for all, so that two devices that begin a text begin the same one.

use super::TextHash;

/// The change that makes the text object under the root's key `text`, by [`crate::text::TextActor::GENESIS`]. On disk for ever.
const GENESIS_HEX: &str = include_str!("genesis.hex");

pub(super) const GENESIS_HASH: TextHash = TextHash([
    0x60, 0x56, 0xfc, 0x18, 0x0b, 0x34, 0xd3, 0xa4, 0xf1, 0xc9, 0xe2, 0xfd, 0x80, 0x9a, 0xf9, 0xef, 0x1e, 0x14, 0x12,
    0xe3, 0x74, 0x07, 0x04, 0x55, 0x39, 0xfb, 0xdf, 0x9b, 0xb3, 0x33, 0xc9, 0x56,
]);

/// The root's key of the text object.
pub(super) const TEXT_KEY: &str = "text";

pub(super) fn genesis_bytes() -> Vec<u8> {
    data_encoding::HEXLOWER.decode(GENESIS_HEX.trim().as_bytes()).expect("the genesis change is checked in as hex")
}

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable};
    use automerge::{ActorId, Automerge, Change, ObjType, ROOT, ReadDoc};

    use super::*;
    use crate::text::TextActor;

    #[test]
    fn the_genesis_change_is_what_automerge_makes_and_its_hash_stays() {
        let mut document = Automerge::new().with_actor(ActorId::from(&TextActor::GENESIS.bytes()[..]));
        let mut transaction = document.transaction();
        transaction.put_object(ROOT, TEXT_KEY, ObjType::Text).unwrap();
        let (hash, _) = transaction.commit_with(CommitOptions::default());
        let made = document.get_change_by_hash(&hash.unwrap()).unwrap();
        let hex = data_encoding::HEXLOWER.encode(made.raw_bytes());
        assert_eq!(hex, GENESIS_HEX.trim(), "hash {}", made.hash());
        assert_eq!(Change::try_from(&genesis_bytes()[..]).unwrap().hash().0, GENESIS_HASH.0);
    }
}
