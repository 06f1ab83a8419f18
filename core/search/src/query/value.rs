//! Values that have an order: days, priorities, points, each alone or between bounds.

use recordplayer_kanban::card::Day;

/// From one value to another, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    pub from: Option<Edge<T>>,
    pub to: Option<Edge<T>>,
}

/// One end of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge<T> {
    pub value: T,
    /// Whether the value itself is within.
    pub is_within: bool,
}

/// A day as it is written: what is said from today is another one tomorrow, in a search that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayWritten {
    On(Day),
    /// So many days from today.
    FromToday(i64),
}

impl DayWritten {
    pub fn on(&self, today: &Day) -> Option<Day> {
        match self {
            Self::On(day) => Some(day.clone()),
            Self::FromToday(days) => days_later(today, *days),
        }
    }
}

fn days_later(day: &Day, days: i64) -> Option<Day> {
    let day: jiff::civil::Date = day.as_str().parse().ok()?;
    let later = day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    later.to_string().parse().ok()
}

impl<T: Ord> Bounds<T> {
    /// Whether a value lies between them.
    pub fn contain(&self, value: &T) -> bool {
        let is_behind =
            self.from.as_ref().is_none_or(|from| *value > from.value || from.is_within && *value == from.value);
        is_behind && self.to.as_ref().is_none_or(|to| *value < to.value || to.is_within && *value == to.value)
    }
}

impl<T> Bounds<T> {
    pub fn map<U>(&self, map: impl Fn(&T) -> Option<U>) -> Option<Bounds<U>> {
        let edge = |edge: &Option<Edge<T>>| match edge {
            Some(edge) => Some(Some(Edge { value: map(&edge.value)?, is_within: edge.is_within })),
            None => Some(None),
        };
        Some(Bounds { from: edge(&self.from)?, to: edge(&self.to)? })
    }
}

/// `3`, `<3`, `>=3` or `1..3`.
pub fn bounds<T: Clone>(text: &str, value: impl Fn(&str) -> Option<T>) -> Option<Bounds<T>> {
    let edge = |text: &str, is_within| value(text).map(|value| Some(Edge { value, is_within }));
    if let Some(rest) = text.strip_prefix("<=") {
        return Some(Bounds { from: None, to: edge(rest, true)? });
    }
    if let Some(rest) = text.strip_prefix(">=") {
        return Some(Bounds { from: edge(rest, true)?, to: None });
    }
    if let Some(rest) = text.strip_prefix('<') {
        return Some(Bounds { from: None, to: edge(rest, false)? });
    }
    if let Some(rest) = text.strip_prefix('>') {
        return Some(Bounds { from: edge(rest, false)?, to: None });
    }
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    Some(Bounds { from: edge(from, true)?, to: edge(to, true)? })
}

/// `2026-12-01`, `today`, `tomorrow`, `yesterday`, `7d`, `2w` or `-3d`.
pub fn day_written(text: &str) -> Option<DayWritten> {
    match text {
        "today" => return Some(DayWritten::FromToday(0)),
        "tomorrow" => return Some(DayWritten::FromToday(1)),
        "yesterday" => return Some(DayWritten::FromToday(-1)),
        _ => {}
    }
    if let Ok(day) = text.parse() {
        return Some(DayWritten::On(day));
    }
    let (count, days) =
        text.strip_suffix('d').map(|count| (count, 1)).or(text.strip_suffix('w').map(|count| (count, 7)))?;
    let (digits, sign) = count.strip_prefix('-').map_or((count, 1), |digits| (digits, -1));
    // A hundred years are enough, and no sum of days overflows.
    let is_count = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = digits.parse().ok().filter(|_| is_count)?;
    Some(DayWritten::FromToday(sign * days * count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_in_several_ways() {
        let today: Day = "2026-11-30".parse().unwrap();
        for (text, day) in [
            ("today", Some("2026-11-30")),
            ("tomorrow", Some("2026-12-01")),
            ("yesterday", Some("2026-11-29")),
            ("7d", Some("2026-12-07")),
            ("2w", Some("2026-12-14")),
            ("-3d", Some("2026-11-27")),
            ("2027-01-31", Some("2027-01-31")),
            ("2027-02-31", None),
            ("d", None),
            ("--1d", None),
            ("+1d", None),
            ("1000000d", None),
            ("99999w", Some("3943-06-07")),
            ("soon", None),
        ] {
            let found = day_written(text).and_then(|day| day.on(&today));
            assert_eq!(found.as_ref().map(Day::as_str), day, "{text}");
        }
    }

    #[test]
    fn bounds_are_as_they_are_written() {
        let number = |text: &str| text.parse::<u32>().ok();
        for (text, within) in [
            ("3", vec![3]),
            ("<3", vec![1, 2]),
            ("<=3", vec![1, 2, 3]),
            (">3", vec![4, 5]),
            (">=3", vec![3, 4, 5]),
            ("2..4", vec![2, 3, 4]),
            ("4..2", vec![]),
        ] {
            let bounds = bounds(text, number).unwrap();
            assert_eq!((1..=5).filter(|value| bounds.contain(value)).collect::<Vec<u32>>(), within, "{text}");
        }
        for text in ["", "<", "..", "3..", "<<3", "3...4"] {
            assert_eq!(bounds(text, number), None, "{text}");
        }
    }
}
