//! Readers for single values of JSON that take what products have been seen to write: `null` for "none" everywhere, ticks and
//! numbers as texts. None of them keeps more than it returns, and none recurses.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::SourceId;
use super::limits::LIST_ENTRIES_MAX;

/// A text; empty for `null`.
///
/// Read as bytes, because then `serde_json` passes on half a surrogate pair: Trello cuts long texts by UTF-16 unit. Such a half
/// becomes U+FFFD instead of costing the whole import.
pub(in crate::import) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text;
    impl<'de> Visitor<'de> for Text {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
        fn visit_none<E: Error>(self) -> Result<String, E> {
            Ok(String::new())
        }
        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
            deserializer.deserialize_bytes(self)
        }
    }
    deserializer.deserialize_option(Text)
}

/// A text that may also be written as a number or a boolean; `None` for `null` and for the empty text.
pub(in crate::import) fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Scalar;
    impl Visitor<'_> for Scalar {
        type Value = Option<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text, number or boolean")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
        }
        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Scalar)
}

/// `true`, or the text `true`; everything else is no.
pub(in crate::import) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(scalar(deserializer)?.as_deref() == Some("true"))
}

/// A text where the key is there, be it `null`.
pub(in crate::import) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A flag where the key is there.
pub(in crate::import) fn given_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    flag(deserializer).map(Some)
}

/// An id that must be there.
pub(in crate::import) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SourceId, D::Error> {
    id_or_none(deserializer)?.ok_or_else(|| D::Error::custom("an id is empty"))
}

/// An id, or `None` for `null` and the empty text.
pub(in crate::import) fn id_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SourceId>, D::Error> {
    Ok(Some(text(deserializer)?).filter(|text| !text.is_empty()).map(SourceId))
}

/// A list of things; empty for `null`.
pub(in crate::import) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(entry) = entries.next_element()? {
                if list.len() == LIST_ENTRIES_MAX {
                    return Err(A::Error::custom(format!("a list has more than {LIST_ENTRIES_MAX} entries")));
                }
                list.push(entry);
            }
            Ok(list)
        }
    }
    deserializer.deserialize_any(List(PhantomData))
}

/// Like [`list`], with `None` only where the key is absent or `null`.
pub(in crate::import) fn list_or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    struct Given<T>(Vec<T>);
    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            list(deserializer).map(Self)
        }
    }
    Ok(Option::<Given<T>>::deserialize(deserializer)?.map(|list| list.0))
}

impl<'de> Deserialize<'de> for SourceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        id(deserializer)
    }
}

/// Where a thing stands among its like. Only for sorting; what has no position stands last.
#[derive(Clone, Copy, Debug)]
pub(in crate::import) struct Position(f64);

impl Position {
    /// The order of two things with these positions and ids.
    pub(in crate::import) fn order(a: (Self, &SourceId), b: (Self, &SourceId)) -> std::cmp::Ordering {
        a.0.0.total_cmp(&b.0.0).then_with(|| a.1.cmp(b.1))
    }
}

impl Default for Position {
    fn default() -> Self {
        Self(f64::INFINITY)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = scalar(deserializer)?.and_then(|text| text.parse::<f64>().ok());
        Ok(number.filter(|number| number.is_finite()).map_or_else(Self::default, Self))
    }
}

/// How much of something that is not imported stands in the file: 0 for nothing (`null`, `false`, an empty text, list or object,
/// a number below 0, which Trello writes for "none"), the length of a list, and 1 for all else. Its content is skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::import) struct Present(pub(in crate::import) u64);

impl Present {
    /// Whether there is any, as 0 or 1.
    pub(in crate::import) fn once(self) -> u64 {
        self.0.min(1)
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Present;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Present, E> {
                Ok(Present(u64::from(!text.is_empty())))
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Present, E> {
                Ok(Present(u64::from(value)))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Present, E> {
                Ok(Present(u64::from(value >= 0)))
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Present, E> {
                Ok(Present(1))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Present, E> {
                Ok(Present(u64::from(value >= 0.0)))
            }
            fn visit_unit<E: Error>(self) -> Result<Present, E> {
                Ok(Present(0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Present, A::Error> {
                let mut count = 0;
                while entries.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Present(count))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Present, A::Error> {
                let mut any = 0;
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    any = 1;
                }
                Ok(Present(any))
            }
        }
        deserializer.deserialize_any(Look)
    }
}

/// A number of things; 0 for whatever is not a whole number.
pub(in crate::import) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(scalar(deserializer)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}
