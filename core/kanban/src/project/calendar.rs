//! The calendar of a project: by it all its reports say which day and which week a moment falls in.

use serde::{Deserialize, Serialize};

/// Where a project's days begin and end, and its weeks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The name of a zone in the IANA database, such as `Europe/Berlin`. Its form is checked where it is set; what the zone is, only those know
    /// who have the database, and where they do not know the name, days are those of UTC.
    pub time_zone: String,
    pub week_starts: Weekday,
}

impl Default for Calendar {
    /// Days in UTC, weeks as ISO 8601 has them.
    fn default() -> Self {
        Self { time_zone: "UTC".to_owned(), week_starts: Weekday::Monday }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    pub fn name(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }

    /// How many days it comes after a Monday.
    pub fn after_monday(self) -> i64 {
        self as i64
    }
}

/// The longest name in the database has 32 bytes.
const ZONE_BYTES_MAX: usize = 64;

/// Whether a text has the form of a zone's name: `Area/Place`, of letters, digits, `_`, `-` and `+`, each part beginning with a letter.
pub(super) fn is_time_zone(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+');
    let is_part =
        |part: &str| part.starts_with(|first: char| first.is_ascii_alphabetic()) && part.bytes().all(is_letter);
    text.len() <= ZONE_BYTES_MAX && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named_by_area_and_place() {
        for zone in ["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia", "Etc/GMT+12", "America/Port-au-Prince"]
        {
            assert!(is_time_zone(zone), "{zone}");
        }
        let long = format!("A/{}", "a".repeat(ZONE_BYTES_MAX));
        for text in
            ["", "/", "Europe/", "/Berlin", "Europe//Berlin", "+02:00", "../etc/passwd", "Süd/Pol", "A B", &long]
        {
            assert!(!is_time_zone(text), "{text}");
        }
    }
}
