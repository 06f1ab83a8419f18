//! Days as people type them: "today", "fri", "in 3 days", "24 dec", "2026-12-24".

use jiff::civil::{Date, Weekday};
use recordplayer_kanban::card::Day;

use crate::time::days_later;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
/// Of a name, so many letters must be typed.
const LETTERS_MIN: usize = 3;

/// The days that are offered where nothing is typed.
pub fn offered(today: &Day) -> Vec<(&'static str, Day)> {
    let next_monday = next(today, Weekday::Monday);
    let offers = [
        ("Today", Some(today.clone())),
        ("Tomorrow", days_later(today, 1)),
        ("Next Monday", next_monday),
        ("In a week", days_later(today, 7)),
        ("In four weeks", days_later(today, 28)),
    ];
    offers.into_iter().filter_map(|(words, day)| Some((words, day?))).collect()
}

/// The day that was typed. A day without a year is the next one of that name.
pub fn typed(text: &str, today: &Day) -> Option<Day> {
    let text = text.trim().to_lowercase();
    if let Ok(day) = text.parse() {
        return Some(day);
    }
    let words: Vec<&str> = text.split([' ', '.', ',', '/']).filter(|word| !word.is_empty()).collect();
    let is_name = |typed: &str, name: &str| typed.chars().count() >= LETTERS_MIN && name.starts_with(typed);
    match words.as_slice() {
        [word] if is_name(word, "today") => Some(today.clone()),
        [word] if is_name(word, "tomorrow") => days_later(today, 1),
        [word] => {
            if let Some(weekday) = WEEKDAYS.iter().find(|(name, _)| is_name(word, name)) {
                return next(today, weekday.1);
            }
            let number = word.strip_prefix('+').unwrap_or(word);
            let days = match (number.strip_suffix('d'), number.strip_suffix('w')) {
                (Some(days), _) => days.parse().ok()?,
                (_, Some(weeks)) => weeks.parse::<i64>().ok()?.checked_mul(7)?,
                (None, None) => word.strip_prefix('+')?.parse().ok()?,
            };
            days_later(today, days)
        }
        ["next", word] => next(today, WEEKDAYS.iter().find(|(name, _)| is_name(word, name))?.1),
        ["in", number, unit] => {
            let number: i64 = number.parse().ok()?;
            let days = match *unit {
                "day" | "days" => number,
                "week" | "weeks" => number.checked_mul(7)?,
                _ => return None,
            };
            days_later(today, days)
        }
        [one, other, year @ ..] => {
            let month_of = |word: &str| MONTHS.iter().position(|name| is_name(word, name)).map(|at| at + 1);
            let (day, month) = match (month_of(one), month_of(other)) {
                (Some(month), None) => (other, month),
                (None, Some(month)) => (one, month),
                _ => return None,
            };
            let day: i8 = day.parse().ok()?;
            let month = i8::try_from(month).ok()?;
            match year {
                [] => coming(today, month, day),
                [year] => of(Date::new(year.parse().ok()?, month, day).ok()?),
                _ => None,
            }
        }
        [] => None,
    }
}

fn of(date: Date) -> Option<Day> {
    date.to_string().parse().ok()
}

fn date_of(day: &Day) -> Option<Date> {
    day.as_str().parse().ok()
}

/// The first such weekday behind today.
fn next(today: &Day, weekday: Weekday) -> Option<Day> {
    of(date_of(today)?.nth_weekday(1, weekday).ok()?)
}

/// The first such day of a month that is not before today; the 29th of February may be years away.
fn coming(today: &Day, month: i8, day: i8) -> Option<Day> {
    let today = date_of(today)?;
    let years = today.year()..=today.year().checked_add(8)?;
    years.filter_map(|year| Date::new(year, month, day).ok()).find(|date| *date >= today).and_then(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-31 is a Tuesday.
    fn read(text: &str) -> Option<String> {
        typed(text, &"2026-03-31".parse().unwrap()).map(|day| day.to_string())
    }

    #[test]
    fn days_are_read_as_people_type_them() {
        for (text, day) in [
            ("2026-12-24", "2026-12-24"),
            ("today", "2026-03-31"),
            (" Tom", "2026-04-01"),
            ("fri", "2026-04-03"),
            ("tuesday", "2026-04-07"),
            ("next mon", "2026-04-06"),
            ("+3", "2026-04-03"),
            ("+3d", "2026-04-03"),
            ("2w", "2026-04-14"),
            ("in 10 days", "2026-04-10"),
            ("in 1 week", "2026-04-07"),
            ("24 dec", "2026-12-24"),
            ("Dec 24", "2026-12-24"),
            ("31 mar", "2026-03-31"),
            ("30 mar", "2027-03-30"),
            ("29 feb", "2028-02-29"),
            ("1 may 2030", "2030-05-01"),
            ("24. december, 2019", "2019-12-24"),
        ] {
            assert_eq!(read(text).as_deref(), Some(day), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "to",
            "fr",
            "32 mar",
            "30 feb",
            "2026-02-30",
            "soon",
            "+",
            "d",
            "é",
            "+é",
            "dec",
            "mar apr",
            "in d days",
            "+99999999999999",
            "9999999999w",
            "24 dec 99999",
            "1 2 3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_usual_days_are_offered() {
        let offered = offered(&"2026-03-31".parse().unwrap());
        let days: Vec<&str> = offered.iter().map(|(_, day)| day.as_str()).collect();
        assert_eq!(days, ["2026-03-31", "2026-04-01", "2026-04-06", "2026-04-07", "2026-04-28"]);
    }
}
