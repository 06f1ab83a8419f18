//! Taking the content of records out of the history, for good.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use recordplayer::membership::{Membership, MembershipCommand, REDACTED_RECORDS_MAX};
use recordplayer::record::{Payload, Position};
use recordplayer_kanban::redaction;
use recordplayer_kanban::view::happened;
use serde_json::json;

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::board::not_playable;
use super::place::Place;
use super::send;

/// Shows what would go; with `is_sure`, takes it out.
pub(crate) fn run(place: &Place<'_>, records: &[Position], is_sure: bool) -> Result<Answer, Failure> {
    let wanted: BTreeSet<Position> = records.iter().copied().collect();
    let found = find(place, &wanted)?;
    if let Some(missing) = wanted.iter().find(|record| !found.shown.contains_key(record)) {
        let message = format!("Record {missing} is no event of {} whose content can go", line(&place.info.title));
        return Err(Failure::new(WRONG_USE, "no_record", message, "See \"recordplayer history\" for the numbers"));
    }
    let json = |is_redacted: bool| {
        let records = found.shown.iter().map(|(record, what)| json!({ "record": record.0, "what": what }));
        json!({ "redacted": is_redacted, "records": records.collect::<Vec<_>>() })
    };
    let lines = found.shown.iter().map(|(record, what)| format!("{:>6}  {}", record.0, line(what))).collect::<Vec<_>>();
    if !is_sure {
        let text = format!(
            "{}\nNothing was changed. With --yes the content of these goes from every device and from the server, for good; what was built on \
             it reads as if it had never been. Backups and exports cannot be recalled",
            lines.join("\n")
        );
        return Ok(Answer::new(json(false), text));
    }
    let numbers: BTreeSet<Position> = wanted.into_iter().chain(found.with_them).collect();
    let numbers: Vec<Position> = numbers.into_iter().collect();
    let reopened = place.space.entity::<Membership>(place.space.id().0).reopened();
    let mut tickets = Vec::new();
    for records in numbers.chunks(REDACTED_RECORDS_MAX) {
        let command = MembershipCommand::Redact { records: records.to_vec(), reopened };
        tickets.push(place.space.send::<Membership>(place.space.id().0, &command).map_err(send::failure)?);
    }
    send::settle(place, &tickets)?;
    let text = format!("{}\nThe content of these is taken out of the history", lines.join("\n"));
    Ok(Answer::new(json(true), text))
}

/// Records that can be redacted and were not yet.
#[derive(Default)]
struct Found {
    /// What each of those that were asked for says.
    shown: BTreeMap<Position, String>,
    /// What stands in the same commits and goes with them.
    with_them: Vec<Position>,
}

fn find(place: &Place<'_>, wanted: &BTreeSet<Position>) -> Result<Found, Failure> {
    let mut playback = place.space.playback().map_err(send::failure)?;
    let last = playback.end().map_err(not_playable)?;
    let mut found = Found::default();
    // What goes of the commit that is just played, and what counts things there.
    let (mut gone, mut counting) = (BTreeSet::new(), Vec::new());
    playback
        .walk(Position::START, last, |step| {
            let record = step.record;
            if step.index == 0 {
                gone.clear();
                counting.clear();
            }
            let may_go = record.is_event() && record.payload != Payload::Erased && !record.is_of::<Membership>();
            if wanted.contains(&record.number) && may_go {
                // What the history does not show only keeps the books.
                if let Some(entry) = happened(record, step.models) {
                    found.shown.insert(record.number, place.named(&entry.what));
                    gone.extend(redaction::brings(record));
                }
            }
            counting.extend(redaction::counts(record).map(|thing| (thing, record.number)));
            if record.number == step.end {
                let go = counting.iter().filter(|(thing, _)| gone.contains(thing));
                found.with_them.extend(go.map(|(_, number)| *number));
            }
            ControlFlow::Continue(())
        })
        .map_err(not_playable)?;
    Ok(found)
}
