//! A project as JSON Lines of its records: everything, readable, and enough to make the same log of it again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use ciborium::Value as Cbor;
use data_encoding::BASE64;
use recordplayer::commit::Header;
use recordplayer::playback::Step;
use recordplayer::record::{Payload, Position};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure, WRONG_USE, time};
use super::board::not_playable;
use super::place::Place;
use super::send;

pub(crate) fn run(place: &Place<'_>, path: &Path) -> Result<Answer, Failure> {
    let mut playback = place.space.playback().map_err(send::failure)?;
    let last = playback.end().map_err(not_playable)?;
    let unwritable = |error: std::io::Error| {
        let message = format!("The file cannot be written: {error}: {}", path.display());
        Failure::new(WRONG_USE, "unwritable_file", message, "Check the folder and its free space")
    };
    // Whoever finds the file finds all of it.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let mut out = BufWriter::new(File::create(&unfinished).map_err(unwritable)?);
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
    let written = match failed {
        Some(error) => Err(error),
        None => out.flush().and_then(|()| out.get_ref().sync_all()),
    };
    let outcome = walked
        .map_err(not_playable)
        .and_then(|()| written.and_then(|()| std::fs::rename(&unfinished, path)).map_err(unwritable));
    if let Err(failure) = outcome {
        let _ = std::fs::remove_file(&unfinished);
        return Err(failure);
    }
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
