//! What stands on a card.

use std::fmt;
use std::str::FromStr;

use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChecklistId, ItemId, OptionId, PersonId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    pub id: ChecklistId,
    pub name: String,
    /// In the order of their adding.
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: ItemId,
    pub text: String,
    pub done: bool,
}

/// The value of a field, of the field's kind. Imports may bring values of another kind than the field's; they are kept as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    Text {
        text: String,
    },
    /// In decimal, as it was written: no float rounds it.
    Number {
        number: String,
    },
    Date {
        at: Timestamp,
    },
    Checked {
        checked: bool,
    },
    Choice {
        option: OptionId,
    },
    Person {
        person: PersonId,
    },
    Link {
        url: String,
    },
}

impl FieldValue {
    /// Whether the text can be a number: digits, perhaps with a sign, a point and an exponent.
    pub fn is_number(text: &str) -> bool {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+');
        text.len() <= 64 && digits.bytes().any(|byte| byte.is_ascii_digit()) && digits.bytes().all(is_part)
    }
}

/// A calendar day, written `2026-03-31`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(String);

/// A text that is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a day: write it as 2026-03-31")]
pub struct DayError(pub String);

impl Day {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day of a moment, in UTC.
    pub fn of(at: Timestamp) -> Option<Self> {
        // After "chrono-compatible low-level date algorithms" by Howard Hinnant: years begin in March, eras have 400 years.
        let days = at.0.div_euclid(86_400_000) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}").parse().ok()
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let error = || DayError(text.chars().take(32).collect());
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
        if !is_shaped {
            return Err(error());
        }
        let number = |part: &str| part.parse::<u32>().map_err(|_| error());
        let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?);
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if (1..=days).contains(&day) { Ok(Self(text.to_owned())) } else { Err(error()) }
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;
    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_days() {
        for day in ["2024-02-29", "2000-02-29", "2026-12-31", "0001-01-01"] {
            assert_eq!(day.parse::<Day>().unwrap().as_str(), day);
        }
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "26-04-01",
            "2026-4-01",
            "2026-04-0é",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_falls_on_its_day_in_utc() {
        for (at, day) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (951_782_400_000, "2000-02-29"), (1_560_311_999_999, "2019-06-12")]
        {
            assert_eq!(Day::of(Timestamp(at)), day.parse().ok());
        }
    }
}
