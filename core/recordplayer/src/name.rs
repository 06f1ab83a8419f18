//! Names: of kinds of entity, of records, of views. Short, ordered, cheap to clone.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits::NAME_BYTES_MAX;

/// A lower-case name of ASCII letters, digits, `_` and `.`, of 1 to [`NAME_BYTES_MAX`] bytes, such as `card` or `card.moved`.
#[derive(Clone)]
pub struct Name(Text);

/// The program's own names are not copied, for one is made at every look at an entity.
#[derive(Clone)]
enum Text {
    Own(&'static str),
    Read(Arc<str>),
}

/// What is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name: {0:?}; a name has 1 to {NAME_BYTES_MAX} bytes of a-z, 0-9, '_' and '.'")]
pub struct NameError(pub String);

impl Name {
    pub fn new(text: &str) -> Result<Self, NameError> {
        if Self::fits(text) {
            Ok(Self(Text::Read(text.into())))
        } else {
            Err(NameError(text.chars().take(NAME_BYTES_MAX).collect()))
        }
    }

    /// A name that the program itself wrote.
    pub fn of(text: &'static str) -> Self {
        assert!(Self::fits(text), "{}", NameError(text.to_owned()));
        Self(Text::Own(text))
    }

    fn fits(text: &str) -> bool {
        (1..=NAME_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.')
    }
}

/// `TwoWords` as `two_words`: how the variants of Rust enums are named in records.
pub fn snake_case(variant: &str) -> String {
    let mut name = String::with_capacity(variant.len() + 4);
    for (at, letter) in variant.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        match &self.0 {
            Text::Own(text) => text,
            Text::Read(text) => text,
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(de::Error::custom)
    }
}
