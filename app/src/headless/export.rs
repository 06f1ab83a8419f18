//! A project for other programs: as JSON Lines of its records, which are everything, readable, and enough to make the same log of it again; or its
//! cards alone.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use ciborium::Value as Cbor;
use data_encoding::BASE64;
use recordplayer::commit::Header;
use recordplayer::playback::Step;
use recordplayer::record::{Payload, Position};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure, time};
use super::arguments::ExportForm;
use super::board::not_playable;
use super::file::unwritable;
use super::place::Place;
use super::send;
use crate::cards_out::{self, Form, NotWritten};
use crate::whole::Whole;

pub(crate) fn run(place: &Place<'_>, path: &Path, form: Option<ExportForm>) -> Result<Answer, Failure> {
    let ends = |end: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
    let named = if ends("csv") {
        ExportForm::Csv
    } else if ends("ics") {
        ExportForm::Ics
    } else {
        ExportForm::Records
    };
    let form = match form.unwrap_or(named) {
        ExportForm::Records => return records(place, path),
        ExportForm::Csv => Form::Table,
        ExportForm::Markdown => Form::Texts,
        ExportForm::Ics => Form::Calendar,
    };
    let board = place.board.as_ref().map(|board| place.board(Some(board))).transpose()?;
    let written = cards_out::write(&place.names(), board.map(|board| board.id), form, path);
    let count = written.map_err(|error| match error {
        NotWritten::Read(error) => send::failure_at(place, error),
        NotWritten::Disk(error) => unwritable(&error, path),
    })?;
    let json = json!({ "file": path.display().to_string(), "cards": count, "project": place.info.title });
    let cards = if count == 1 { "1 card".to_owned() } else { format!("{count} cards") };
    Ok(Answer::new(json, format!("Wrote {cards} to {}", path.display())))
}

fn records(place: &Place<'_>, path: &Path) -> Result<Answer, Failure> {
    let mut playback = place.space.playback().map_err(send::failure)?;
    let last = playback.end().map_err(not_playable)?;
    let mut out = Whole::create(path).map_err(|error| unwritable(&error, path))?;
    let mut failed = None;
    let mut count = 0_u64;
    let walked = playback.walk(Position::START, last, |step| {
        count += 1;
        match writeln!(out, "{}", record_json(&step)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    walked.map_err(not_playable)?;
    failed.map_or(Ok(()), Err).and_then(|()| out.finish()).map_err(|error| unwritable(&error, path))?;
    let json = json!({ "file": path.display().to_string(), "records": count, "project": place.info.title });
    Ok(Answer::new(json, format!("Wrote {count} records to {}", path.display())))
}

/// One record. The first one of a commit also tells what the commit has beside its records.
fn record_json(step: &Step<'_>) -> Value {
    let record = step.record;
    let mut json = json!({
        "record": record.number.0,
        "kind": record.kind,
        "stream": record.stream.to_string(),
        "name": &*record.name,
        "id": record.id(step.index).to_string(),
        "command": record.origin.command.to_string(),
        "actor": record.origin.actor.to_string(),
        "time": time(record.origin.time),
        "happened_at": record.origin.claims.happened_at.map(time),
        "payload": payload_json(&record.payload),
    });
    if step.index == 0
        && let Value::Object(fields) = &mut json
    {
        fields.insert("commit".to_owned(), header_json(step.header));
    }
    json
}

fn header_json(header: &Header) -> Value {
    json!({
        "space": header.space.to_string(),
        "epoch": header.epoch,
        "replica": header.replica.to_string(),
        "number": header.number,
        "answered_up_to": header.answered_up_to,
        "act": header.claims.act.map(|act| act.to_string()),
        "parent": header.parent.map(|parent| parent.to_string()),
        "requires": header.requires.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "domain_version": header.domain_version,
        "time_ms": header.time.0,
        "claimed_actor": header.claims.actor.map(|actor| actor.to_string()),
        "undoes": header.claims.undoes.map(|command| command.to_string()),
        "happened_at_ms": header.claims.happened_at.map(|at| at.0),
    })
}

pub(crate) fn payload_json(payload: &Payload) -> Value {
    match payload {
        Payload::Plain(bytes) => match ciborium::from_reader::<Cbor, _>(&bytes[..]) {
            Ok(value) => plain(value),
            // A log holds no such payload; if it does, its bytes are not lost.
            Err(_) => json!({ "$cbor": BASE64.encode(bytes) }),
        },
        Payload::Erased => json!({ "$erased": true }),
    }
}

/// CBOR as JSON, from which the same CBOR can be made: bytes stand as `{"$bytes": BASE64}`.
fn plain(value: Cbor) -> Value {
    match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(is) => Value::Bool(is),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bytes(bytes) => json!({ "$bytes": BASE64.encode(&bytes) }),
        Cbor::Integer(number) => {
            let number = i128::from(number);
            i64::try_from(number)
                .map(Value::from)
                .or_else(|_| u64::try_from(number).map(Value::from))
                .unwrap_or_else(|_| json!({ "$integer": number.to_string() }))
        }
        Cbor::Array(items) => items.into_iter().map(plain).collect(),
        Cbor::Map(entries) => {
            let mut fields = Map::new();
            for (key, value) in entries {
                match key {
                    Cbor::Text(name) => drop(fields.insert(name, plain(value))),
                    other => drop(fields.insert(format!("$key {}", plain(other)), plain(value))),
                }
            }
            Value::Object(fields)
        }
        // No payload holds floats or tags.
        other => json!({ "$other": format!("{other:?}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_large_numbers_are_not_lost_in_json() {
        let map = vec![
            (Cbor::Text("id".into()), Cbor::Bytes(vec![0, 255])),
            (Cbor::Text("big".into()), Cbor::Integer(u64::MAX.into())),
            (Cbor::Text("small".into()), Cbor::Integer((-5).into())),
        ];
        assert_eq!(plain(Cbor::Map(map)), json!({ "id": { "$bytes": "AP8=" }, "big": u64::MAX, "small": -5 }));
    }
}
