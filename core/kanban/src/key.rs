//! Keys of cards: `REC-12`, and `REC-~7f3a` until the authority has given the number.

use std::fmt;
use std::str::FromStr;

use recordplayer::context::Assigned;
use recordplayer::id::Id;

use crate::ids::CardId;

/// Hex digits of the card's id in a provisional key: enough to tell apart what one person makes while offline.
pub const PROVISIONAL_DIGITS: usize = 4;

/// What people read and type for a card. `prefix` is the project's.
pub fn card_key(prefix: &str, number: &Assigned<u64>, card: CardId) -> String {
    match number {
        Assigned::Final { value } => format!("{prefix}-{value}"),
        Assigned::Provisional {} => format!("{prefix}-~{}", &card.to_string()[..PROVISIONAL_DIGITS]),
    }
}

/// Whether a text can be a project's prefix: 2 to 5 letters A to Z.
pub fn is_prefix(text: &str) -> bool {
    (2..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A card as somebody names it. Letters may be of either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardRef {
    /// `REC-12`
    Key { prefix: String, number: u64 },
    /// `REC-~7f3a`; more digits than the key shows are fine.
    Provisional { prefix: String, digits: String },
    /// 32 hex digits.
    Id { card: CardId },
}

/// A text that names no card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a card: write its key (REC-12), its provisional key (REC-~7f3a) or its id of 32 hex digits")]
pub struct CardRefError(pub String);

impl FromStr for CardRef {
    type Err = CardRefError;

    fn from_str(text: &str) -> Result<Self, CardRefError> {
        let error = || CardRefError(text.chars().take(64).collect());
        if let Ok(id) = text.to_ascii_lowercase().parse::<Id>() {
            return Ok(Self::Id { card: CardId(id) });
        }
        let (prefix, rest) = text.split_once('-').ok_or_else(error)?;
        let prefix = prefix.to_ascii_uppercase();
        if !is_prefix(&prefix) {
            return Err(error());
        }
        let Some(digits) = rest.strip_prefix('~') else {
            let is_number = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
            let number = rest.parse().ok().filter(|_| is_number).ok_or_else(error)?;
            return Ok(Self::Key { prefix, number });
        };
        let is_hex =
            (PROVISIONAL_DIGITS..=32).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex { Ok(Self::Provisional { prefix, digits: digits.to_ascii_lowercase() }) } else { Err(error()) }
    }
}

impl fmt::Display for CardRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { prefix, number } => write!(f, "{prefix}-{number}"),
            Self::Provisional { prefix, digits } => write!(f, "{prefix}-~{digits}"),
            Self::Id { card } => card.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_is_called_leads_back_to_it() {
        let card = CardId(Id([0x7f; 16]));
        let final_key = card_key("REC", &Assigned::Final { value: 12 }, card);
        assert_eq!(final_key, "REC-12");
        assert_eq!(final_key.parse(), Ok(CardRef::Key { prefix: "REC".into(), number: 12 }));
        let provisional = card_key("REC", &Assigned::Provisional {}, card);
        assert_eq!(provisional, "REC-~7f7f");
        assert_eq!("rec-~7F7F".parse(), Ok(CardRef::Provisional { prefix: "REC".into(), digits: "7f7f".into() }));
        assert_eq!(card.to_string().parse(), Ok(CardRef::Id { card }));
    }

    #[test]
    fn what_is_no_key_is_told_so() {
        for text in [
            "",
            "REC",
            "REC-",
            "REC-x",
            "REC-+1",
            "R-1",
            "TOOLONG-1",
            "REC-~7f",
            "REC-~zzzz",
            "REC-99999999999999999999",
        ] {
            assert!(text.parse::<CardRef>().is_err(), "{text}");
        }
    }
}
