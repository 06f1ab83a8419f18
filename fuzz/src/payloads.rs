//! Payloads: what a record may hold. The reader of the framework is held against one that knows nothing of it.

use ciborium::Value;
use recordplayer::codec::{check_payload, decode, encode};
use recordplayer::limits::{PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX};

pub fn run(bytes: &[u8]) {
    let taken = check_payload(bytes);
    let expected = payload_of(bytes);
    assert_eq!(taken.is_ok(), expected.is_some(), "{taken:?}, but the other reader says {expected:?}");
    if let (Ok(()), Some(expected)) = (taken, expected) {
        assert_eq!(decode::<Value>(bytes), Ok(expected), "it is read as what it says");
    }
}

/// The map that the bytes are, where they are its one written form and hold nothing that a payload may not.
fn payload_of(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value: Value = ciborium::from_reader(&mut rest).ok()?;
    let is_whole = rest.is_empty() && bytes.len() <= PAYLOAD_BYTES_MAX;
    let is_written_so = encode(&value).is_ok_and(|written| written == bytes);
    (is_whole && is_written_so && value.is_map() && is_plain(&value, PAYLOAD_DEPTH_MAX)).then_some(value)
}

fn is_plain(value: &Value, depth: usize) -> bool {
    match value {
        Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) | Value::Null => true,
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_plain(item, depth - 1)),
        Value::Map(pairs) => {
            let is_key = |key: &Value| !key.is_array() && !key.is_map() && is_plain(key, 0);
            let is_repeated = |at: usize| pairs[..at].iter().any(|(key, _)| *key == pairs[at].0);
            let fits = |(at, (key, value)): (usize, &(Value, Value))| {
                is_key(key) && !is_repeated(at) && is_plain(value, depth - 1)
            };
            depth > 0 && pairs.iter().enumerate().all(fits)
        }
        _ => false,
    }
}
