//! Moments as products write them.

/// The moment that an RFC 3339 text such as `2019-04-26T19:00:00.000Z` means, in milliseconds since 1970; finer fractions are
/// cut off. The offset may lack its colon, as Jira's does (`+0000`). `None` for everything else, days without a time included.
///
/// A parser of our own because that is all of the format that an export uses, and a calendar with time zones is not needed.
pub(in crate::import) fn millis(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 {
        return None;
    }
    let year = digits(bytes, 0..4)?;
    let month = digits(bytes, 5..7)?;
    let day = digits(bytes, 8..10)?;
    let hour = digits(bytes, 11..13)?;
    let minute = digits(bytes, 14..16)?;
    let second = digits(bytes, 17..19)?;
    let separated = bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && bytes[13] == b':'
        && bytes[16] == b':';
    // Second 60 is a leap second, and becomes the first of the next minute.
    if !separated || !(1..=days_of_month(year, month)?).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction_ms, zone) = fraction(&bytes[19..])?;
    let seconds =
        days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_seconds(zone)?;
    Some(seconds * 1_000 + fraction_ms)
}

fn digits(bytes: &[u8], range: std::ops::Range<usize>) -> Option<i64> {
    bytes
        .get(range)?
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// The milliseconds of a fraction `.123456`, if there is one, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(after_point) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let length = after_point.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let digit = |index: usize| if index < length { i64::from(after_point[index] - b'0') } else { 0 };
    Some((digit(0) * 100 + digit(1) * 10 + digit(2), &after_point[length..]))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] if matches!(rest, [_, _, b':', _, _] | [_, _, _, _]) => {
            let (hours, minutes) = (digits(rest, 0..2)?, digits(rest, rest.len() - 2..rest.len())?);
            let seconds = hours * 3_600 + minutes * 60;
            (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// The moment at which a day begins in UTC, `None` for a day that is none.
pub(in crate::import) fn day_millis(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_day = (0..=9_999).contains(&year) && (1..=days_of_month(year, month)?).contains(&day);
    is_day.then(|| days_since_1970(year, month, day) * 86_400_000)
}

fn days_of_month(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, years counted from March so that the leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn a_moment_is_read_to_the_millisecond() {
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("1969-12-31T23:59:59.999Z"), Some(-1));
        assert_eq!(millis("2019-04-26T19:00:00.000Z"), Some(1_556_305_200_000));
        assert_eq!(millis("2000-02-29T12:34:56.789Z"), Some(951_827_696_789));
        assert_eq!(millis("2024-12-31T23:59:60Z"), millis("2025-01-01T00:00:00Z"));
        assert_eq!(millis("0000-01-01T00:00:00Z"), Some(-62_167_219_200_000));
    }

    #[test]
    fn fractions_are_cut_and_offsets_are_taken_off() {
        assert_eq!(millis("1970-01-01T00:00:00.5Z"), Some(500));
        assert_eq!(millis("1970-01-01T00:00:00.1239999Z"), Some(123));
        assert_eq!(millis("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(millis("1970-01-01T02:00:00.000+0200"), Some(0));
        assert_eq!(millis("1969-12-31t18:30:00-05:30"), Some(0));
    }

    #[test]
    fn what_is_not_a_moment_is_none() {
        for text in [
            "",
            "2019-04-26",
            "2019-04-26T19:00:00",
            "2019-04-26T19:00:00.Z",
            "2019-04-26T19:00:00.000",
            "2019-02-29T19:00:00Z",
            "1900-02-29T19:00:00Z",
            "2019-13-01T19:00:00Z",
            "2019-04-31T19:00:00Z",
            "2019-04-00T19:00:00Z",
            "2019-04-26T24:00:00Z",
            "2019-04-26T19:60:00Z",
            "2019-04-26T19:00:61Z",
            "2019/04/26T19:00:00Z",
            "2019-04-26T19:00:00+2:00",
            "2019-04-26T19:00:00+24:00",
            "2019-04-26T19:00:00+00:00 ",
            "Fri Apr 26 2019 19:00",
            "二〇一九年四月二十六日",
            "+019-04-26T19:00:00Z",
        ] {
            assert_eq!(millis(text), None, "{text:?}");
        }
    }
}
