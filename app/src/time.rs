//! Moments, as people say them.

use jiff::tz::TimeZone;
use recordplayer::time::Timestamp;
use recordplayer_kanban::card::Day;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long ago something was; what was long ago by its day.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let passed = now.0 - at.0;
    match passed {
        ..MINUTE_MS => "just now".to_owned(),
        MINUTE_MS..HOUR_MS => format!("{} min ago", passed / MINUTE_MS),
        HOUR_MS..DAY_MS => format!("{} h ago", passed / HOUR_MS),
        _ => day(at),
    }
}

/// A moment of the past, as a person reads it.
pub fn moment(at: Timestamp) -> String {
    formatted(at, "%-d %b %Y %H:%M")
}

/// A moment for people and scripts: RFC 3339 in UTC, to the millisecond.
pub fn exact(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| format!("{at:.3}"))
}

/// The calendar day of a moment, where this computer is.
pub fn day_of(at: Timestamp) -> Option<Day> {
    formatted(at, "%Y-%m-%d").parse().ok()
}

/// The first moment of a day, where this computer is.
pub fn start_of(day: &Day) -> Option<Timestamp> {
    let date: jiff::civil::Date = day.as_str().parse().ok()?;
    let start = date.to_zoned_datetime(TimeZone::system()).ok()?;
    Some(Timestamp(start.timestamp().as_millisecond()))
}

/// The time zone of that name in the IANA database, if this computer knows it.
pub fn zone_named(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// The calendar day of a moment in a zone.
pub fn day_in(zone: &TimeZone, at: Timestamp) -> Option<Day> {
    let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
    zone.to_datetime(at).date().to_string().parse().ok()
}

/// How many milliseconds a clock in the zone is ahead of UTC at a moment.
pub fn ahead_ms(zone: &TimeZone, at: Timestamp) -> i64 {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return 0 };
    i64::from(zone.to_offset(at).seconds()) * 1_000
}

/// So many days later.
pub fn days_later(day: &Day, days: i64) -> Option<Day> {
    let day: jiff::civil::Date = day.as_str().parse().ok()?;
    let later = day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    later.to_string().parse().ok()
}

/// How a due day stands to today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    Past,
    Now,
    Later,
}

/// A due day in a word or two, and how near it is: today and tomorrow are near.
pub fn due(day: &Day, today: &Day) -> (String, Nearness) {
    let written = || {
        let Ok(date) = day.as_str().parse::<jiff::civil::Date>() else { return day.to_string() };
        let is_this_year = day.as_str().get(..4) == today.as_str().get(..4);
        date.strftime(if is_this_year { "%-d %b" } else { "%-d %b %Y" }).to_string()
    };
    if day < today {
        (format!("Overdue {}", written()), Nearness::Past)
    } else if day == today {
        ("Due today".to_owned(), Nearness::Now)
    } else if days_later(today, 1).as_ref() == Some(day) {
        ("Due tomorrow".to_owned(), Nearness::Now)
    } else {
        (format!("Due {}", written()), Nearness::Later)
    }
}

fn day(at: Timestamp) -> String {
    formatted(at, "%-d %b %Y")
}

fn formatted(at: Timestamp, how: &str) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return String::new() };
    at.to_zoned_datetime(TimeZone::system()).strftime(how).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_day_is_told_by_how_near_it_is() {
        let today: Day = "2026-12-30".parse().unwrap();
        let said = |day: &str| due(&day.parse().unwrap(), &today);
        assert_eq!(said("2026-12-30"), ("Due today".to_owned(), Nearness::Now));
        assert_eq!(said("2026-12-31"), ("Due tomorrow".to_owned(), Nearness::Now));
        assert_eq!(said("2027-01-01"), ("Due 1 Jan 2027".to_owned(), Nearness::Later));
        assert_eq!(said("2026-12-29"), ("Overdue 29 Dec".to_owned(), Nearness::Past));
        assert_eq!(said("2019-04-02"), ("Overdue 2 Apr 2019".to_owned(), Nearness::Past));
    }

    #[test]
    fn a_clock_of_a_zone_is_put_forward_and_back() {
        let berlin = zone_named("Europe/Berlin").unwrap();
        // 2026-03-29T01:00:00Z, when it goes from two to three o'clock, and 2026-10-25T01:00:00Z, when it goes back.
        for (change, before, after) in [(1_774_746_000_000, 1, 2), (1_792_890_000_000, 2, 1)] {
            assert_eq!(ahead_ms(&berlin, Timestamp(change - 1)), before * HOUR_MS);
            assert_eq!(ahead_ms(&berlin, Timestamp(change)), after * HOUR_MS);
        }
        assert_eq!(day_in(&berlin, Timestamp(1_774_738_800_000)).unwrap().as_str(), "2026-03-29");
        assert!(zone_named("Europe/Nowhere").is_none());
    }

    #[test]
    fn what_was_lately_is_told_in_minutes_and_hours() {
        let said = |passed: i64| ago(Timestamp(1_800_000_000_000 - passed), Timestamp(1_800_000_000_000));
        assert_eq!(said(-5), "just now");
        assert_eq!(said(59_999), "just now");
        assert_eq!(said(60_000), "1 min ago");
        assert_eq!(said(HOUR_MS * 23), "23 h ago");
        assert!(said(DAY_MS * 400).ends_with("2025"), "{}", said(DAY_MS * 400));
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(exact(Timestamp(1_421_143_479_197)), "2015-01-13T10:04:39.197Z");
    }
}
