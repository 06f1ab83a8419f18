//! CBOR as JSON, from which the same CBOR is made again.
//!
//! | CBOR | JSON |
//! | --- | --- |
//! | null, booleans, texts, arrays | the same |
//! | integers of 64 bits | numbers |
//! | other integers | `{"$integer": "18446744073709551616"}` |
//! | bytes | `{"$bytes": BASE64}` |
//! | maps | objects, in the same order; `"$key JSON"` for a key that is no text, `"$$…"` for one that begins with `$` |
//! | a whole payload that is no such CBOR | `{"$cbor": BASE64}` |
//! | a payload that was taken out | `{"$erased": true}` |

use std::fmt;

use ciborium::Value as Cbor;
use data_encoding::BASE64;
use recordplayer::record::Payload;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const BYTES: &str = "$bytes";
const INTEGER: &str = "$integer";
const CBOR: &str = "$cbor";
const ERASED: &str = "$erased";
const KEY: &str = "$key ";

/// A payload as it stands in JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlainPayload(pub Payload);

impl Serialize for PlainPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = match &self.0 {
            Payload::Plain(bytes) => bytes,
            Payload::Erased => return entry(serializer, ERASED, &true),
        };
        match ciborium::from_reader::<Cbor, _>(&bytes[..]) {
            Ok(value) if encoded(&value) == bytes[..] => Plain(&value).serialize(serializer),
            // A log holds no such payload; if it does, its bytes are not lost.
            Ok(_) | Err(_) => entry(serializer, CBOR, &BASE64.encode(bytes)),
        }
    }
}

impl<'de> Deserialize<'de> for PlainPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match deserializer.deserialize_any(Reader)? {
            Read::Value(value) => encoded(&value),
            Read::Cbor(bytes) => bytes,
            Read::Erased => return Ok(Self(Payload::Erased)),
        };
        Ok(Self(Payload::Plain(bytes.into())))
    }
}

fn encoded(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a vector takes all bytes");
    bytes
}

fn entry<S: Serializer>(serializer: S, key: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

struct Plain<'a>(&'a Cbor);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cbor::Null => serializer.serialize_unit(),
            Cbor::Bool(is) => serializer.serialize_bool(*is),
            Cbor::Text(text) => serializer.serialize_str(text),
            Cbor::Bytes(bytes) => entry(serializer, BYTES, &BASE64.encode(bytes)),
            Cbor::Integer(number) => {
                let number = i128::from(*number);
                match (i64::try_from(number), u64::try_from(number)) {
                    (Ok(number), _) => serializer.serialize_i64(number),
                    (Err(_), Ok(number)) => serializer.serialize_u64(number),
                    (Err(_), Err(_)) => entry(serializer, INTEGER, &number.to_string()),
                }
            }
            Cbor::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Cbor::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&named(key).map_err(S::Error::custom)?, &Plain(value))?;
                }
                map.end()
            }
            _ => Err(S::Error::custom("a payload holds no floats and no tags")),
        }
    }
}

fn named(key: &Cbor) -> serde_json::Result<String> {
    Ok(match key {
        Cbor::Text(name) if name.starts_with('$') => format!("${name}"),
        Cbor::Text(name) => name.clone(),
        other => format!("{KEY}{}", serde_json::to_string(&Plain(other))?),
    })
}

fn key(name: String) -> Result<Cbor, String> {
    if let Some(json) = name.strip_prefix(KEY) {
        let Value(key) = serde_json::from_str(json).map_err(|error| error.to_string())?;
        return Ok(key);
    }
    match name.strip_prefix('$') {
        Some(rest) if rest.starts_with('$') => Ok(Cbor::Text(rest.to_owned())),
        Some(_) => Err(format!("nobody knows what {name:?} is")),
        None => Ok(Cbor::Text(name)),
    }
}

/// What stands somewhere within a payload.
struct Value(Cbor);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Reader)? {
            Read::Value(value) => Ok(Self(value)),
            Read::Cbor(_) | Read::Erased => Err(D::Error::custom("only a whole payload can be so")),
        }
    }
}

enum Read {
    Value(Cbor),
    Cbor(Vec<u8>),
    Erased,
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::Value(Cbor::Null))
    }

    fn visit_bool<E>(self, is: bool) -> Result<Read, E> {
        Ok(Read::Value(Cbor::Bool(is)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Read, E> {
        Ok(Read::Value(Cbor::Integer(number.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Read, E> {
        Ok(Read::Value(Cbor::Integer(number.into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Read, E> {
        Ok(Read::Value(Cbor::Text(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Read, E> {
        Ok(Read::Value(Cbor::Text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
        let mut array = Vec::new();
        while let Some(Value(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Read::Value(Cbor::Array(array)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let mut map = Vec::new();
        while let Some((name, Value(value))) = entries.next_entry::<String, Value>()? {
            let read = match (name.as_str(), value) {
                (BYTES, Cbor::Text(text)) => Read::Value(Cbor::Bytes(bytes(&text)?)),
                (INTEGER, Cbor::Text(text)) => Read::Value(Cbor::Integer(integer(&text)?)),
                (CBOR, Cbor::Text(text)) => Read::Cbor(bytes(&text)?),
                (ERASED, Cbor::Bool(true)) => Read::Erased,
                (_, value) => {
                    map.push((key(name).map_err(A::Error::custom)?, value));
                    continue;
                }
            };
            if !map.is_empty() || entries.next_key::<String>()?.is_some() {
                return Err(A::Error::custom(format!("{name:?} stands alone")));
            }
            return Ok(read);
        }
        Ok(Read::Value(Cbor::Map(map)))
    }
}

fn bytes<E: serde::de::Error>(text: &str) -> Result<Vec<u8>, E> {
    BASE64.decode(text.as_bytes()).map_err(E::custom)
}

fn integer<E: serde::de::Error>(text: &str) -> Result<ciborium::value::Integer, E> {
    let number: i128 = text.parse().map_err(E::custom)?;
    number.try_into().map_err(|_| E::custom("a number of more than 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: &Cbor) -> String {
        let payload = PlainPayload(Payload::Plain(encoded(value).into()));
        let json = serde_json::to_string(&payload).unwrap();
        assert_eq!(serde_json::from_str::<PlainPayload>(&json).unwrap(), payload, "{json}");
        json
    }

    #[test]
    fn what_is_written_as_json_is_read_as_the_same_bytes() {
        let text = |text: &str| Cbor::Text(text.into());
        let least = Cbor::Integer((-18_446_744_073_709_551_616_i128).try_into().unwrap());
        let map = Cbor::Map(vec![
            (text("z"), Cbor::Bytes(vec![0, 255])),
            (text("big"), Cbor::Integer(u64::MAX.into())),
            (text("small"), Cbor::Integer((-5).into())),
            (text("least"), least),
            (text("$bytes"), text("a name that begins so")),
            (text("none"), Cbor::Null),
            (Cbor::Bytes(vec![7; 16]), Cbor::Array(vec![Cbor::Bool(true), text("日本\u{0}")])),
        ]);
        let json = there_and_back(&map);
        assert!(json.starts_with(r#"{"z":{"$bytes":"AP8="},"big":18446744073709551615,"small":-5,"#), "{json}");
        assert!(json.contains(r#""$$bytes":"#) && json.contains(r#""$key {\"$bytes\":"#), "{json}");
        there_and_back(&Cbor::Map(Vec::new()));
    }

    #[test]
    fn what_is_gone_and_what_is_no_cbor_come_back_as_they_were() {
        for payload in
            [Payload::Erased, Payload::Plain([0xff, 0x00].into()), Payload::Plain([0xa1, 0x18, 0x01, 0x00].into())]
        {
            let json = serde_json::to_string(&PlainPayload(payload.clone())).unwrap();
            assert_eq!(serde_json::from_str::<PlainPayload>(&json).unwrap().0, payload, "{json}");
        }
    }

    #[test]
    fn what_no_payload_can_be_is_refused() {
        for json in [
            "1.5",
            r#"{"a": 1.0}"#,
            r#"{"a": {"$erased": true}}"#,
            r#"{"$bytes": "AA==", "more": 1}"#,
            r#"{"more": 1, "$bytes": "AA=="}"#,
            r#"{"$bytes": "?"}"#,
            r#"{"$integer": "99999999999999999999999"}"#,
            r#"{"$other": 1}"#,
        ] {
            assert!(serde_json::from_str::<PlainPayload>(json).is_err(), "{json}");
        }
    }
}
