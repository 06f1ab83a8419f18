//! Who writes in a text: one replica, in one of its generations.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::TextChange;
use super::format::Change;
use crate::id::{Id, ReplicaId};

/// The author of a text's changes, as automerge orders and counts them.
///
/// It belongs to one replica, so that the authority can tell a foreign one by the bytes alone. When a change is refused, the replica goes on
/// with the next generation: the refused sequence numbers were never played and must not be given to other changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextActor {
    pub replica: ReplicaId,
    pub generation: u32,
}

impl TextActor {
    /// Who made the genesis change of every text: no replica.
    pub(super) const GENESIS: Self = Self { replica: ReplicaId(Id([0; 16])), generation: 0 };

    /// The replica's id, then the generation in big-endian order.
    pub fn bytes(&self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..16].copy_from_slice(self.replica.bytes());
        bytes[16..].copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }

    /// The actor with these bytes, if they are as many as an actor has.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 20] = bytes.try_into().ok()?;
        let (replica, generation) = (bytes[..16].try_into().ok()?, bytes[16..].try_into().ok()?);
        Some(Self { replica: ReplicaId(Id(replica)), generation: u32::from_be_bytes(generation) })
    }
}

impl TextChange {
    /// Who wrote the change, and its number among theirs; nothing where the bytes are no change.
    pub(crate) fn author(&self) -> Option<(TextActor, u64)> {
        Change::read(self.bytes()).ok().map(|change| (change.actor, change.seq))
    }
}

impl fmt::Display for TextActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.bytes()))
    }
}

impl Serialize for TextActor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.bytes())
        }
    }
}

impl<'de> Deserialize<'de> for TextActor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ActorVisitor;
        impl de::Visitor<'_> for ActorVisitor {
            type Value = TextActor;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text actor of 20 bytes or 40 hex digits")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<TextActor, E> {
                TextActor::from_bytes(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextActor, E> {
                let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(E::custom)?;
                self.visit_bytes(&bytes)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(ActorVisitor)
        } else {
            deserializer.deserialize_bytes(ActorVisitor)
        }
    }
}
