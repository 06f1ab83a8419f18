//! Which bytes a payload may be: one definite-length map, walked once without recursion and without allocation for its values.

use minicbor::data::Type;
use minicbor::decode::Decoder;

use crate::limits::{PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX};

/// Why bytes are not a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("the payload has {bytes} bytes; at most {PAYLOAD_BYTES_MAX} are allowed")]
    TooLarge { bytes: usize },
    #[error("the payload is not a map of definite length")]
    NotAMap,
    #[error("the payload is nested deeper than {PAYLOAD_DEPTH_MAX}")]
    TooDeep,
    #[error("the payload holds a {what} at byte {at}")]
    Forbidden { what: &'static str, at: usize },
    #[error("the payload has the same key twice at byte {at}")]
    DuplicateKey { at: usize },
    #[error("the payload ends or breaks at byte {at}")]
    Broken { at: usize },
    #[error("{bytes} bytes follow the payload")]
    Trailing { bytes: usize },
}

/// One open array or map while walking.
struct Open<'b> {
    /// Items still to come; a map counts keys and values.
    left: u64,
    /// The encoded keys seen so far, for maps.
    keys: Option<Vec<&'b [u8]>>,
}

/// Checks that `bytes` are a payload: a definite-length map, shortest integers and lengths, no floats, no tags, no duplicate keys, at most
/// [`PAYLOAD_DEPTH_MAX`] deep, nothing behind it. Memory is bounded by the number of keys, so by the bytes given.
pub fn check_payload(bytes: &[u8]) -> Result<(), PayloadError> {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        return Err(PayloadError::TooLarge { bytes: bytes.len() });
    }
    if bytes.first().is_none_or(|first| !(0xa0..=0xbb).contains(first)) {
        return Err(PayloadError::NotAMap);
    }
    check_value(bytes)
}

/// The same rules for any value, of any size: what a saved model must keep so that equal states have equal bytes.
pub(crate) fn check_value(bytes: &[u8]) -> Result<(), PayloadError> {
    let mut decoder = Decoder::new(bytes);
    let mut open: Vec<Open<'_>> = Vec::new();
    loop {
        let at = decoder.position();
        let is_key = open.last().is_some_and(|o| o.keys.is_some() && o.left % 2 == 0);
        let container = item(&mut decoder, bytes)?;
        if let (true, Some(top)) = (is_key, open.last_mut()) {
            if container.is_some() {
                return Err(PayloadError::Forbidden { what: "key that is an array or a map", at });
            }
            top.keys.as_mut().expect("a key stands in a map").push(&bytes[at..decoder.position()]);
        }
        if let Some(top) = open.last_mut() {
            top.left -= 1;
        }
        if let Some(container) = container {
            if open.len() == PAYLOAD_DEPTH_MAX {
                return Err(PayloadError::TooDeep);
            }
            open.push(container);
        }
        while open.last().is_some_and(|o| o.left == 0) {
            let closed = open.pop().expect("just seen");
            if let Some(mut keys) = closed.keys {
                keys.sort_unstable();
                if keys.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(PayloadError::DuplicateKey { at });
                }
            }
        }
        if open.is_empty() {
            break;
        }
    }
    match bytes.len() - decoder.position() {
        0 => Ok(()),
        trailing => Err(PayloadError::Trailing { bytes: trailing }),
    }
}

/// Reads one item's head, and its content unless it is a container, which is returned to be walked.
fn item<'b>(decoder: &mut Decoder<'b>, bytes: &'b [u8]) -> Result<Option<Open<'b>>, PayloadError> {
    let at = decoder.position();
    let broken = |_| PayloadError::Broken { at };
    let forbidden = |what| Err(PayloadError::Forbidden { what, at });
    let kind = decoder.datatype().map_err(broken)?;
    if !has_shortest_head(bytes, at) {
        return forbidden("number longer than needed");
    }
    match kind {
        Type::Bool => decoder.bool().map(|_| None).map_err(broken),
        Type::Null => decoder.null().map(|()| None).map_err(broken),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64().map(|_| None).map_err(broken),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => decoder.int().map(|_| None).map_err(broken),
        Type::Bytes => decoder.bytes().map(|_| None).map_err(broken),
        Type::String => decoder.str().map(|_| None).map_err(broken),
        Type::Array => {
            let left = decoder.array().map_err(broken)?.ok_or(PayloadError::Broken { at })?;
            Ok(Some(Open { left, keys: None }))
        }
        Type::Map => {
            let pairs = decoder.map().map_err(broken)?.ok_or(PayloadError::Broken { at })?;
            let left = pairs.checked_mul(2).ok_or(PayloadError::Broken { at })?;
            Ok(Some(Open { left, keys: Some(Vec::new()) }))
        }
        Type::F16 | Type::F32 | Type::F64 => forbidden("float"),
        Type::ArrayIndef | Type::MapIndef | Type::BytesIndef | Type::StringIndef | Type::Break => {
            forbidden("value of indefinite length")
        }
        Type::Tag => forbidden("tag"),
        Type::Undefined | Type::Simple | Type::Unknown(_) => forbidden("value of an unknown kind"),
    }
}

/// Whether the head at `at` writes its number in the fewest bytes.
fn has_shortest_head(bytes: &[u8], at: usize) -> bool {
    let Some(head) = bytes.get(at) else { return true };
    if *head >= 0xe0 {
        return true;
    }
    let argument = |length: usize| {
        bytes.get(at + 1..at + 1 + length).map(|b| b.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)))
    };
    match head & 0x1f {
        24 => argument(1).is_none_or(|n| n >= 24),
        25 => argument(2).is_none_or(|n| n > 0xff),
        26 => argument(4).is_none_or(|n| n > 0xffff),
        27 => argument(8).is_none_or(|n| n > 0xffff_ffff),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_plain_map_is_a_payload() {
        // {"a": [1, -1, null, true, h'00'], "b": {}}
        assert_eq!(check_payload(&hex("a261618501 20f6f5 4100 6162a0".replace(' ', "").as_str())), Ok(()));
        assert_eq!(check_payload(&hex("a0")), Ok(()));
    }

    #[test]
    fn what_would_make_equal_states_differ_is_refused() {
        for (bytes, what) in [
            ("", "empty"),
            ("80", "array"),
            ("bf6161 01ff", "indefinite map"),
            ("a16161f93c00", "float"),
            ("a161611801", "long integer"),
            ("a2616101616102", "duplicate key"),
            ("a16161c100", "tag"),
            ("a16161", "cut off"),
            ("a000", "trailing"),
            ("a1800 1", "key that is an array"),
            ("bbffffffffffffffff", "false length"),
        ] {
            assert!(check_payload(&hex(&bytes.replace(' ', ""))).is_err(), "{what} was taken");
        }
    }

    #[test]
    fn depth_is_limited_without_recursion() {
        let deep = |depth: usize| {
            let mut bytes = Vec::new();
            for _ in 1..depth {
                bytes.extend_from_slice(&[0xa1, 0x00]);
            }
            bytes.push(0xa0);
            bytes
        };
        assert_eq!(check_payload(&deep(PAYLOAD_DEPTH_MAX)), Ok(()));
        assert_eq!(check_payload(&deep(PAYLOAD_DEPTH_MAX + 1)), Err(PayloadError::TooDeep));
        assert_eq!(check_payload(&deep(100_000)), Err(PayloadError::TooDeep));
    }
}
