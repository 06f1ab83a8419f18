//! The CBOR forms of the values that stand in frames.

use std::sync::Arc;

use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{self, Encode, Encoder, Write};

use super::ViewItem;
use crate::commit::Head;
use crate::hash::{Hash, StateHash};
use crate::id::{ActId, ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::limits::FRAME_COMMITS_MAX;
use crate::name::Name;
use crate::record::{Position, StreamId};
use crate::time::Timestamp;
use crate::view::{Key, ViewKey};

fn fixed<const N: usize>(d: &mut Decoder<'_>) -> Result<[u8; N], Error> {
    let at = d.position();
    d.bytes()?.try_into().map_err(|_| Error::message(format!("expected {N} bytes")).at(at))
}

macro_rules! as_fixed_bytes {
    ($($type:ty: $to:expr, $from:expr;)*) => {$(
        impl<C> Encode<C> for $type {
            fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                let bytes: fn(&$type) -> _ = $to;
                e.bytes(&bytes(self))?.ok()
            }
        }
        impl<'b, C> Decode<'b, C> for $type {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
                Ok($from(fixed(d)?))
            }
        }
    )*};
}

as_fixed_bytes! {
    Id: |id| id.0, Id;
    SpaceId: |id| id.0.0, |bytes| SpaceId(Id(bytes));
    ReplicaId: |id| id.0.0, |bytes| ReplicaId(Id(bytes));
    ActorId: |id| id.0.0, |bytes| ActorId(Id(bytes));
    CommandId: |id| id.0.0, |bytes| CommandId(Id(bytes));
    ActId: |id| id.0.0, |bytes| ActId(Id(bytes));
    Hash: |hash| hash.0, Hash;
    StateHash: |hash| hash.bytes(), |bytes| StateHash::from_bytes(&bytes);
}

impl<C> Encode<C> for Name {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.str(self)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Name {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let at = d.position();
        Self::new(d.str()?).map_err(|error| Error::message(error.to_string()).at(at))
    }
}

impl<C> Encode<C> for Key {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.str(self.as_str())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Key {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        Ok(Self::text(d.str()?))
    }
}

impl<C> Encode<C> for Position {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.u64(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Position {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let at = d.position();
        let number = d.u64()?;
        if number > u64::MAX / 2 { Err(Error::message("a position beyond all logs").at(at)) } else { Ok(Self(number)) }
    }
}

impl<C> Encode<C> for Timestamp {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.i64(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Timestamp {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        d.i64().map(Self)
    }
}

macro_rules! as_pair {
    ($($type:ident { $first:ident, $second:ident })*) => {$(
        impl<C> Encode<C> for $type {
            fn encode<W: Write>(&self, e: &mut Encoder<W>, cx: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.array(2)?.encode_with(&self.$first, cx)?.encode_with(&self.$second, cx)?.ok()
            }
        }
        impl<'b, C> Decode<'b, C> for $type {
            fn decode(d: &mut Decoder<'b>, cx: &mut C) -> Result<Self, Error> {
                let at = d.position();
                if d.array()? != Some(2) {
                    return Err(Error::message("expected a pair").at(at));
                }
                Ok(Self { $first: d.decode_with(cx)?, $second: d.decode_with(cx)? })
            }
        }
    )*};
}

as_pair! {
    Head { position, hash }
    StreamId { kind, id }
    ViewKey { name, key }
}

/// Byte strings that are shared, not copied.
pub(super) mod shared_bytes {
    use super::{Arc, Decoder, Encoder, Error, Write, encode};

    pub fn encode<C, W: Write>(
        bytes: &Arc<[u8]>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(bytes)?.ok()
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Arc<[u8]>, Error> {
        d.bytes().map(Arc::from)
    }
}

/// Arrays of byte strings that are shared, not copied.
pub(super) mod shared_bytes_list {
    use super::{Arc, Decoder, Encoder, Error, FRAME_COMMITS_MAX, Write, encode};

    pub fn encode<C, W: Write>(
        list: &Vec<Arc<[u8]>>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(list.len() as u64)?;
        for bytes in list {
            e.bytes(bytes)?;
        }
        Ok(())
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<Arc<[u8]>>, Error> {
        let at = d.position();
        let count = d.array()?.ok_or_else(|| Error::message("expected an array of definite length").at(at))?;
        if count > FRAME_COMMITS_MAX {
            return Err(Error::message(format!("{count} commits in one frame; at most {FRAME_COMMITS_MAX}")).at(at));
        }
        (0..count).map(|_| d.bytes().map(Arc::from)).collect()
    }
}

impl ViewItem {
    /// About how many bytes it has in a frame, and not less.
    pub(crate) fn size(&self) -> usize {
        let content = match self {
            Self::Enter { model, .. } => model.as_ref().map_or(0, Vec::len),
            Self::Record { payload, .. } => payload.as_ref().map_or(0, Vec::len),
            Self::Leave { .. } => 0,
        };
        content + 256
    }
}
