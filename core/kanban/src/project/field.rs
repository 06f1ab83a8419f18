//! The fields that a project defines for its cards, and the types of cards that have them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Label;
use crate::card::FieldValue;
use crate::ids::{FieldId, OptionId};
use crate::limits::VALUE_BYTES_MAX;

/// A field of this project's cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDefinition {
    pub name: String,
    pub kind: FieldKind,
    /// What can be chosen in a field of the kind `Choice`.
    #[serde(default)]
    pub options: BTreeMap<OptionId, Label>,
    #[serde(default)]
    pub limits: FieldLimits,
}

/// What a field may hold; by default whatever there is room for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldLimits {
    /// Of a number, in decimal.
    #[serde(default)]
    pub least: Option<String>,
    /// Of a number, in decimal.
    #[serde(default)]
    pub most: Option<String>,
    /// Of a text or the address of a link.
    #[serde(default)]
    pub bytes_max: Option<u32>,
}

/// What the cards of a type have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardType {
    pub name: String,
    pub fields: BTreeMap<FieldId, FieldUse>,
}

/// How a type uses a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldUse {
    /// Its cards always have a value for it.
    #[serde(default)]
    pub required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Number,
    Date,
    Checkbox,
    Choice,
    Person,
    Link,
}

/// A value that a field does not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BadValue {
    #[error("The field {field:?} takes {takes}. Write one")]
    WrongKind { field: String, takes: String },
    #[error("This is not a number. Write it in digits, such as 12.5")]
    NotANumber {},
    #[error("The value of {field:?} may not be less than {least}")]
    TooSmall { field: String, least: String },
    #[error("The value of {field:?} may not be more than {most}")]
    TooGreat { field: String, most: String },
    #[error("The value of {field:?} has {bytes} bytes and may have {max}. Shorten it")]
    TooLong { field: String, bytes: u64, max: u64 },
    #[error("The field {field:?} has no such choice any more. Choose another one")]
    NoSuchChoice { field: String },
}

impl FieldKind {
    fn takes(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Checkbox => "yes or no",
            Self::Choice => "one of its choices",
            Self::Person => "a person",
            Self::Link => "the address of a link",
        }
    }
}

impl FieldLimits {
    /// Whether the limits are numbers in the right order.
    pub fn are_sound(&self) -> bool {
        let read = |limit: &Option<String>| limit.as_deref().map(decimal);
        match (read(&self.least), read(&self.most)) {
            (Some(None), _) | (_, Some(None)) => false,
            (Some(Some(least)), Some(Some(most))) => least <= most,
            (Some(Some(_)) | None, None) | (None, Some(Some(_))) => true,
        }
    }
}

impl FieldDefinition {
    /// Whether the field takes the value. What an import brings is as it was elsewhere: only its size counts.
    pub fn takes(&self, value: &FieldValue, is_imported: bool) -> Result<(), BadValue> {
        let field = || self.name.clone();
        let max = self.limits.bytes_max.filter(|_| !is_imported).map_or(VALUE_BYTES_MAX, |max| max as usize);
        match value {
            FieldValue::Text { text } | FieldValue::Link { url: text } if text.len() > max.min(VALUE_BYTES_MAX) => {
                return Err(BadValue::TooLong { field: field(), bytes: text.len() as u64, max: max as u64 });
            }
            FieldValue::Number { number } if !FieldValue::is_number(number) => return Err(BadValue::NotANumber {}),
            _ if is_imported => return Ok(()),
            _ => {}
        }
        match (value, self.kind) {
            (FieldValue::Text { .. }, FieldKind::Text)
            | (FieldValue::Link { .. }, FieldKind::Link)
            | (FieldValue::Date { .. }, FieldKind::Date)
            | (FieldValue::Person { .. }, FieldKind::Person)
            | (FieldValue::Checked { .. }, FieldKind::Checkbox) => Ok(()),
            (FieldValue::Number { number }, FieldKind::Number) => self.is_within(number),
            (FieldValue::Choice { option }, FieldKind::Choice) if self.options.contains_key(option) => Ok(()),
            (FieldValue::Choice { .. }, FieldKind::Choice) => Err(BadValue::NoSuchChoice { field: field() }),
            _ => Err(BadValue::WrongKind { field: field(), takes: self.kind.takes().to_owned() }),
        }
    }

    fn is_within(&self, number: &str) -> Result<(), BadValue> {
        let (least, most) = (self.limits.least.as_deref(), self.limits.most.as_deref());
        if least.is_none() && most.is_none() {
            return Ok(());
        }
        // What is too long to be compared is no number within limits.
        let Some(number) = decimal(number) else { return Err(BadValue::NotANumber {}) };
        let field = || self.name.clone();
        match (least, most) {
            (Some(least), _) if decimal(least).is_some_and(|limit| number < limit) => {
                Err(BadValue::TooSmall { field: field(), least: least.to_owned() })
            }
            (_, Some(most)) if decimal(most).is_some_and(|limit| number > limit) => {
                Err(BadValue::TooGreat { field: field(), most: most.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}
