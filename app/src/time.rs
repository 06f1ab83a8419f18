//! Moments, as people say them.

use recordplayer::time::Timestamp;

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

fn day(at: Timestamp) -> String {
    formatted(at, "%-d %b %Y")
}

fn formatted(at: Timestamp, how: &str) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else { return String::new() };
    at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime(how).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lately_is_told_in_minutes_and_hours() {
        let said = |passed: i64| ago(Timestamp(1_800_000_000_000 - passed), Timestamp(1_800_000_000_000));
        assert_eq!(said(-5), "just now");
        assert_eq!(said(59_999), "just now");
        assert_eq!(said(60_000), "1 min ago");
        assert_eq!(said(HOUR_MS * 23), "23 h ago");
        assert!(said(DAY_MS * 400).ends_with("2025"), "{}", said(DAY_MS * 400));
    }
}
