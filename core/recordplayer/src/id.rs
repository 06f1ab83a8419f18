//! The ids of 128 bits by which everything is named.
//!
//! In text an id is 32 lower-case hex digits; in CBOR it is a byte string of 16. A fresh id comes from the driver's randomness; everything
//! else is derived with [`Id::derived`], so that the same act on two devices, or run twice, gets the same id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// 128 bits that name one thing for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(pub [u8; 16]);

/// A text that is not 32 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 32 lower-case hex digits, found {0:?}")]
pub struct IdError(pub String);

impl Id {
    /// `H(domain, parts)`: blake3 over the domain and each part with its length in front, cut to 128 bits.
    pub fn derived(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("recordplayer 2026 derived id");
        for part in std::iter::once(domain.as_bytes()).chain(parts.iter().copied()) {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }

    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The hex digits, written into `room`: a text without an allocation, for keys are made at every event.
    pub(crate) fn hex<'a>(&self, room: &'a mut [u8; 32]) -> &'a str {
        data_encoding::HEXLOWER.encode_mut(&self.0, room);
        std::str::from_utf8(room).expect("hex digits are ASCII")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hex(&mut [0; 32]))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| IdError(text.to_owned()))?;
        bytes.try_into().map(Self).map_err(|_| IdError(text.to_owned()))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl de::Visitor<'_> for IdVisitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id of 16 bytes or 32 hex digits")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Id, E> {
                bytes.try_into().map(Id).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(E::custom)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(IdVisitor)
        } else {
            deserializer.deserialize_bytes(IdVisitor)
        }
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Id);

        impl $name {
            /// The id derived from a domain and parts, see [`Id::derived`].
            pub fn derived(domain: &str, parts: &[&[u8]]) -> Self {
                Self(Id::derived(domain, parts))
            }
            pub const fn bytes(&self) -> &[u8; 16] {
                self.0.bytes()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self)
            }
        }
        impl From<Id> for $name {
            fn from(id: Id) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A space: one project's shared world, with one log.
    SpaceId
    /// One device's copy of one space.
    ReplicaId
    /// Who acts: a person, as the records name them.
    ActorId
    /// One command, given at submit and kept for ever.
    CommandId
    /// What joins several commits to one act of a person: an import, a bulk edit.
    ActId
}

impl SpaceId {
    /// The space that is this person's alone; it has the person's id.
    pub const fn personal(person: ActorId) -> Self {
        Self(person.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lower_case_hex_in_text_and_sixteen_bytes_in_cbor() {
        let id = Id([0xab; 16]);
        assert_eq!(id.to_string(), "ab".repeat(16));
        assert_eq!("ab".repeat(16).parse(), Ok(id));
        assert!("AB".repeat(16).parse::<Id>().is_err());
        assert!("ab".parse::<Id>().is_err());
        let mut cbor = Vec::new();
        ciborium::into_writer(&id, &mut cbor).unwrap();
        assert_eq!((cbor[0], cbor.len()), (0x50, 17));
    }

    #[test]
    fn derived_ids_differ_where_the_parts_are_cut_differently() {
        assert_ne!(Id::derived("x", &[b"ab", b"c"]), Id::derived("x", &[b"a", b"bc"]));
        assert_ne!(Id::derived("x", &[]), Id::derived("y", &[]));
        assert_eq!(Id::derived("x", &[b"a"]), Id::derived("x", &[b"a"]));
    }
}
