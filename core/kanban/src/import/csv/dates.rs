//! Moments and days in the forms that tables have them.

use super::super::source::time::{day_millis, millis};

/// Which of two numbers is the month, where a date does not tell it itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayOrder {
    MonthFirst,
    DayFirst,
    /// Nothing in the file tells; it is read month first, and told.
    Unknown,
}

/// A moment, in milliseconds since 1970; a day without a time is its beginning in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub at_ms: i64,
    /// It could be another day just as well.
    pub is_ambiguous: bool,
}

/// The order that these dates have, as far as one of them tells: no month is a thirteenth.
pub(super) fn order_of<'a>(dates: impl Iterator<Item = &'a str>) -> DayOrder {
    let (mut month_first, mut day_first) = (false, false);
    for date in dates {
        let Some([first, second, _]) = date.split_whitespace().next().and_then(parts) else { continue };
        month_first |= first.len() <= 2 && number(second).is_some_and(|second| second > 12);
        day_first |= first.len() <= 2 && number(first).is_some_and(|first| first > 12);
    }
    match (month_first, day_first) {
        (true, false) => DayOrder::MonthFirst,
        (false, true) => DayOrder::DayFirst,
        (true, true) | (false, false) => DayOrder::Unknown,
    }
}

/// `None` for what is no date.
pub(super) fn read(text: &str, order: DayOrder) -> Option<Read> {
    if text.len() > 80 {
        return None;
    }
    if let Some(at_ms) = millis(text) {
        return Some(Read { at_ms, is_ambiguous: false });
    }
    let mut found = Found::default();
    // What is in brackets names the zone, which the offset before it tells.
    let text = text.split('(').next().unwrap_or_default();
    for token in text.split(|letter: char| letter.is_whitespace() || letter == ',').filter(|token| !token.is_empty()) {
        found.take(token, order)?;
    }
    found.read()
}

/// What the words of a date have told so far.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    is_ambiguous: bool,
    /// Of the day, in seconds.
    time: Option<i64>,
    afternoon: Option<bool>,
    offset_seconds: i64,
}

impl Found {
    fn take(&mut self, token: &str, order: DayOrder) -> Option<()> {
        let lower = token.to_ascii_lowercase();
        if let Some((date, time)) =
            token.split_once('T').filter(|(date, time)| parts(date).is_some() && time.contains(':'))
        {
            self.take(date, order)?;
            return self.take(time, order);
        }
        if is_weekday(&lower) || matches!(lower.as_str(), "utc" | "gmt" | "z" | "at") {
            return Some(());
        }
        if let Some(month) = month_of(&lower) {
            return once(&mut self.month, month);
        }
        if let Some(offset) =
            lower.strip_prefix("gmt").or_else(|| lower.strip_prefix("utc")).or(Some(&lower)).and_then(offset_of)
        {
            self.offset_seconds = offset;
            return Some(());
        }
        match lower.as_str() {
            "am" => return once(&mut self.afternoon, false),
            "pm" => return once(&mut self.afternoon, true),
            _ => {}
        }
        if lower.contains(':') {
            let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
                (Some(clock), _) => (clock, Some(false)),
                (_, Some(clock)) => (clock, Some(true)),
                (None, None) => (lower.trim_end_matches('z'), None),
            };
            self.afternoon = self.afternoon.or(half);
            return once(&mut self.time, clock_seconds(clock)?);
        }
        if let Some(parts) = parts(token) {
            return self.date(parts, token, order);
        }
        let day_or_year =
            number(token.trim_end_matches("st").trim_end_matches("nd").trim_end_matches("rd").trim_end_matches("th"))?;
        if token.len() == 4 { once(&mut self.year, day_or_year) } else { once(&mut self.day, day_or_year) }
    }

    fn date(&mut self, [first, second, third]: [&str; 3], token: &str, order: DayOrder) -> Option<()> {
        if first.len() == 4 {
            once(&mut self.year, number(first)?)?;
            once(&mut self.month, number(second)?)?;
            return once(&mut self.day, number(third)?);
        }
        let year = number(third).filter(|_| matches!(third.len(), 2 | 4))?;
        let century = match third.len() {
            4 => 0,
            _ if year >= 70 => 1_900,
            _ => 2_000,
        };
        once(&mut self.year, year + century)?;
        if let Some(month) = month_of(&second.to_ascii_lowercase()) {
            once(&mut self.month, month)?;
            return once(&mut self.day, number(first)?);
        }
        let (first, second) = (number(first)?, number(second)?);
        // With points the day stands first, in every country that writes them so.
        let is_day_first = match order {
            _ if first > 12 => true,
            _ if second > 12 => false,
            _ if token.contains('.') => true,
            DayOrder::DayFirst => true,
            DayOrder::MonthFirst | DayOrder::Unknown => false,
        };
        let is_told = first > 12 || second > 12 || first == second || token.contains('.');
        self.is_ambiguous = !is_told && order == DayOrder::Unknown;
        let (day, month) = if is_day_first { (first, second) } else { (second, first) };
        once(&mut self.day, day)?;
        once(&mut self.month, month)
    }

    fn read(self) -> Option<Read> {
        let day_ms = day_millis(self.year?, self.month?, self.day?)?;
        let seconds = match (self.time, self.afternoon) {
            (None, None) => 0,
            (None, Some(_)) => return None,
            (Some(time), None) => time,
            (Some(time), Some(afternoon)) => {
                let hour = time / 3_600;
                if !(1..=12).contains(&hour) {
                    return None;
                }
                time % 3_600 + (hour % 12 + if afternoon { 12 } else { 0 }) * 3_600
            }
        };
        Some(Read { at_ms: day_ms + (seconds - self.offset_seconds) * 1_000, is_ambiguous: self.is_ambiguous })
    }
}

/// A date that tells a part of itself twice is none.
fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

/// The three parts of `5/6/2020`, `5.6.2020`, `05/Feb/20`, `2020-05-06`.
fn parts(token: &str) -> Option<[&str; 3]> {
    let sign = ['/', '.', '-'].into_iter().find(|sign| token.matches(*sign).count() == 2)?;
    let mut parts = token.split(sign);
    let parts = [parts.next()?, parts.next()?, parts.next()?];
    parts.iter().all(|part| (1..=4).contains(&part.len())).then_some(parts)
}

fn number(text: &str) -> Option<i64> {
    let is_short = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_short.then(|| text.parse().ok()).flatten()
}

fn is_weekday(word: &str) -> bool {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().any(|day| word.starts_with(day))
        && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn month_of(word: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.trim_end_matches('.');
    let is_word = word.len() <= 9 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    (1..).zip(MONTHS).find(|(_, month)| is_word && word.starts_with(month)).map(|(number, _)| number)
}

/// `10:00`, `10:00:30`, `10:00:30.5`
fn clock_seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let (hours, minutes) = (number(parts.next()?)?, number(parts.next()?)?);
    let seconds = parts.next().map_or(Some(0), |seconds| number(seconds.split('.').next()?))?;
    (hours <= 23 && minutes <= 59 && seconds <= 59 && parts.next().is_none())
        .then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// `+0100`, `-05:30`
fn offset_of(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    let whole = number(&digits).filter(|_| digits.len() == 4)?;
    (whole / 100 <= 23 && whole % 100 <= 59).then_some(sign * (whole / 100 * 3_600 + whole % 100 * 60))
}

#[cfg(test)]
mod tests {
    use super::{DayOrder, Read, order_of, read};

    fn at(text: &str, order: DayOrder) -> Option<(i64, bool)> {
        read(text, order).map(|Read { at_ms, is_ambiguous }| (at_ms, is_ambiguous))
    }

    #[test]
    fn one_day_is_one_day_in_each_form() {
        let day = 1_580_860_800_000; // 2020-02-05
        for text in [
            "2020-02-05",
            "2020/02/05",
            "2/5/2020",
            "02/05/2020",
            "5.2.2020",
            "05.02.20",
            "05/Feb/20",
            "5 Feb 2020",
            "February 5, 2020",
        ] {
            assert_eq!(at(text, DayOrder::MonthFirst), Some((day, false)), "{text}");
        }
        assert_eq!(at("5/2/2020", DayOrder::DayFirst), Some((day, false)));
        assert_eq!(at("02/05/2020", DayOrder::Unknown), Some((day, true)));
    }

    #[test]
    fn moments_are_read_with_their_zones() {
        let moment = 1_609_495_200_000; // 2021-01-01T10:00:00Z
        for text in [
            "Fri Jan 01 2021 10:00:00 GMT+0000 (UTC)",
            "Fri Jan 01 2021 11:00:00 GMT+0100 (Central European Standard Time)",
            "2021-01-01T10:00:00Z",
            "2021-01-01 10:00",
            "2021-01-01T10:00:00",
            "01/Jan/21 10:00 AM",
            "2021-01-01 10:00:00 UTC",
            "1/1/2021 10:00am",
            "2021-01-01T10:00:00.000+0000",
        ] {
            assert_eq!(at(text, DayOrder::Unknown), Some((moment, false)), "{text}");
        }
        assert_eq!(at("01/Jan/21 10:00 PM", DayOrder::Unknown), Some((moment + 12 * 3_600_000, false)));
        assert_eq!(at("1/1/2021 12:00 am", DayOrder::Unknown), Some((moment - 10 * 3_600_000, false)));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "13/13/2020",
            "2020-02-30",
            "1/2",
            "1/2/3/4",
            "12",
            "2020",
            "Monday",
            "10:00",
            "5 Feb",
            "5/Fub/20",
            "日本",
            "1.2",
            "1 2 3 4 5",
        ] {
            assert_eq!(at(text, DayOrder::Unknown), None, "{text}");
        }
    }

    #[test]
    fn one_date_tells_the_order_of_all() {
        assert_eq!(order_of(["05/06/2020", "03/20/2020"].into_iter()), DayOrder::MonthFirst);
        assert_eq!(order_of(["05/06/2020", "20/03/2020"].into_iter()), DayOrder::DayFirst);
        assert_eq!(order_of(["05/06/2020", "2020-03-20"].into_iter()), DayOrder::Unknown);
    }
}
