//! The days on which open cards are due, as iCalendar (RFC 5545): an event of the whole day for each, which keeps nobody busy.

use std::io::Write;

use icalendar::{Calendar, Component, Event, Property};
use recordplayer::id::SpaceId;
use recordplayer_client::{SendError, now};
use serde_json::Value;

use super::{NotWritten, text, texts};

/// Seen from a calendar that has read the file before, the same card is the same event.
pub(super) fn write(
    title: &str,
    space: SpaceId,
    cards: impl Iterator<Item = Result<Value, SendError>>,
    out: &mut impl Write,
) -> Result<u64, NotWritten> {
    let mut calendar = Calendar::empty();
    for (name, value) in [("VERSION", "2.0"), ("PRODID", "-//RecordPlayer//Kanban//EN"), ("CALSCALE", "GREGORIAN")] {
        calendar.append_property(Property::new(name, value));
    }
    calendar.name(title);
    let stamp = jiff::Timestamp::from_millisecond(now().0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut count = 0;
    for card in cards {
        let card = card?;
        // As everywhere, what lies where nothing is to do any more is not open, whether or not it has the tick.
        let lies_at_end = matches!(card["column_kind"].as_str(), Some("done" | "cancelled"));
        let is_there = card["archived"] != true && card["elsewhere"].is_null();
        let is_open = is_there && card["done"] != true && !lies_at_end;
        let Some(due) = card["due"].as_str().filter(|_| is_open) else { continue };
        calendar.push(event(&card, due, space, &stamp));
        count += 1;
    }
    out.write_all(calendar.to_string().as_bytes())?;
    Ok(count)
}

fn event(card: &Value, due: &str, space: SpaceId, stamp: &str) -> Event {
    let mut day = Property::new("DTSTART", due.replace('-', ""));
    day.add_parameter("VALUE", "DATE");
    let labels = texts(card, "labels").join(", ");
    let about = [text(card, "board"), text(card, "column"), &labels];
    let about: Vec<&str> = about.into_iter().filter(|text| !text.is_empty()).collect();
    let mut event = Event::new();
    event
        .uid(&format!("{}@{space}", text(card, "id")))
        .append_property(Property::new("DTSTAMP", stamp))
        .append_property(day)
        .append_property(Property::new("TRANSP", "TRANSPARENT"))
        .summary(&format!("{} {}", text(card, "key"), text(card, "title")))
        .description(&about.join(" / "));
    event.done()
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;
    use serde_json::json;

    use super::*;

    #[test]
    fn open_cards_that_are_due_are_days_of_a_calendar() {
        let card = |id: &str, due: Option<&str>, done: bool, archived: bool| {
            json!({
                "id": id, "key": "TT-1", "title": "Motor; belt, and\nmore", "board": "Deck", "column": "Ready", "labels": ["loud"],
                "due": due, "done": done, "archived": archived, "elsewhere": null,
            })
        };
        let mut finished = card("ee", Some("2026-12-27"), false, false);
        finished["column_kind"] = json!("done");
        let cards = vec![
            finished,
            card("aa", Some("2026-12-24"), false, false),
            card("bb", None, false, false),
            card("cc", Some("2026-12-25"), true, false),
            card("dd", Some("2026-12-26"), false, true),
        ];
        let mut out = Vec::new();
        let space = SpaceId(Id([7; 16]));
        assert_eq!(write("Turntable", space, cards.into_iter().map(Ok), &mut out).unwrap(), 1);
        let text = String::from_utf8(out).unwrap();
        for line in [
            "BEGIN:VCALENDAR\r\n",
            "BEGIN:VEVENT\r\n",
            "DTSTART;VALUE=DATE:20261224\r\n",
            "TRANSP:TRANSPARENT\r\n",
            "SUMMARY:TT-1 Motor\\; belt\\, and\\nmore\r\n",
            "END:VCALENDAR\r\n",
        ] {
            assert!(text.contains(line), "{line:?} in {text}");
        }
        assert!(text.replace("\r\n ", "").contains(&format!("UID:aa@{space}\r\n")), "{text}");
        assert!(text.lines().all(|line| line.len() <= 75), "long lines are folded: {text}");
        assert_eq!(text.matches("PRODID").count(), 1);
    }
}
