//! Days and weeks of a project.

use std::fmt;

use recordplayer::time::Timestamp;
use serde::{Serialize, Serializer};

use crate::card::Day;
use crate::project::Weekday;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A calendar day, by how many days it comes after 1970-01-01; written as `2026-03-31`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayNumber(i64);

impl DayNumber {
    /// 0001-01-01 and 9999-12-31.
    const ENDS: (i64, i64) = (-719_162, 2_932_896);

    /// The day of a moment by a clock that shows UTC.
    fn of_utc(at: Timestamp) -> Self {
        Self(at.0.div_euclid(DAY_MS).clamp(Self::ENDS.0, Self::ENDS.1))
    }

    /// So many days later; the last day that can be written, where that is beyond it.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::ENDS.0, Self::ENDS.1))
    }

    /// How many days it comes after another one.
    pub fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    /// With what the day begins, in UTC.
    pub(super) fn start_in_utc(self) -> Timestamp {
        Timestamp(self.0 * DAY_MS)
    }
}

impl From<&Day> for DayNumber {
    fn from(day: &Day) -> Self {
        // After the same algorithms as [`Day::of`]: years begin in March, eras have 400 years.
        let number = |part: &str| part.parse::<i64>().unwrap_or_default();
        let text = day.as_str();
        let (year, month, day) = (number(&text[..4]), number(&text[5..7]), number(&text[8..]));
        let year = year - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }
}

impl fmt::Display for DayNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Day::of(self.start_in_utc()).map_or(Ok(()), |day| day.fmt(f))
    }
}

impl fmt::Debug for DayNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DayNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which day and week a moment falls in.
#[derive(Clone, Copy)]
pub struct Days<'a> {
    /// How many milliseconds a clock of the project is ahead of UTC at a moment.
    pub ahead_ms: &'a dyn Fn(Timestamp) -> i64,
    pub week_starts: Weekday,
}

impl Days<'_> {
    pub fn of(&self, at: Timestamp) -> DayNumber {
        DayNumber::of_utc(at.plus_ms((self.ahead_ms)(at)))
    }

    /// The first day of the week that a day is in; weeks are called by it.
    pub fn week_of(&self, day: DayNumber) -> DayNumber {
        // 1970-01-01 was a Thursday.
        let after_monday = (day.0 + 3).rem_euclid(7);
        day.plus(-(after_monday - self.week_starts.after_monday()).rem_euclid(7))
    }
}

impl fmt::Debug for Days<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Days").field("week_starts", &self.week_starts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> DayNumber {
        DayNumber::from(&text.parse::<Day>().unwrap())
    }

    #[test]
    fn a_day_is_written_as_it_is_read() {
        for text in ["0001-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2026-11-30", "9999-12-31"] {
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!(day("2000-03-01").since(day("2000-02-28")), 2);
        assert_eq!((day("0001-01-01").0, day("9999-12-31").0), DayNumber::ENDS);
        assert_eq!(day("9999-12-31").plus(1), day("9999-12-31"));
    }

    #[test]
    fn a_week_begins_where_the_project_says() {
        let week_of = |week_starts, text| Days { ahead_ms: &|_| 0, week_starts }.week_of(day(text)).to_string();
        // 2026-11-30 is a Monday.
        assert_eq!(week_of(Weekday::Monday, "2026-11-30"), "2026-11-30");
        assert_eq!(week_of(Weekday::Monday, "2026-12-06"), "2026-11-30");
        assert_eq!(week_of(Weekday::Sunday, "2026-11-30"), "2026-11-29");
        assert_eq!(week_of(Weekday::Sunday, "2026-11-28"), "2026-11-22");
        assert_eq!(week_of(Weekday::Saturday, "1969-12-31"), "1969-12-27");
    }
}
