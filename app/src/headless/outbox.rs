//! What waits and what was refused, in words.

use recordplayer::id::CommandId;
use recordplayer::replica::OutboxEntry;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, REFUSED, WRONG_USE, line, time};
use super::arguments::OutboxCommand;
use super::place::Place;
use super::send;
use crate::said::{card_of, nothing_waits, typed, what};

pub(crate) fn run(place: &Place<'_>, command: Option<&OutboxCommand>) -> Result<Answer, Failure> {
    match command {
        None => Ok(show(place)),
        Some(OutboxCommand::Retry { id }) => {
            let waits = |entry: &OutboxEntry| entry.command.to_string() == *id && entry.refused.is_none();
            if place.space.outbox().iter().any(waits) {
                let help = "It is sent by itself, as soon as the server can be reached";
                return Err(Failure::new(REFUSED, "not_refused", "It was not refused, it waits", help));
            }
            let ticket = place.space.retry(command_id(place, id)?).map_err(|error| send::failure_at(place, error))?;
            send::settle(place, std::slice::from_ref(&ticket))?;
            Ok(Answer::new(json!({ "retried": id, "command": ticket.command().to_string() }), "It is sent again"))
        }
        Some(OutboxCommand::Discard { id }) => {
            let gone = place.space.discard(command_id(place, id)?).map_err(|error| send::failure_at(place, error))?;
            let gone: Vec<(String, String)> =
                gone.iter().map(|entry| (entry.command.to_string(), what(&place.names(), entry))).collect();
            let text: Vec<String> = gone.iter().map(|(_, what)| format!("Discarded: {}", line(what))).collect();
            let (first, with) = gone.split_first().expect("what was discarded is among it");
            let with: Vec<Value> = with.iter().map(|(id, what)| json!({ "id": id, "what": what })).collect();
            Ok(Answer::new(json!({ "discarded": id, "what": first.1, "with": with }), text.join("\n")))
        }
    }
}

fn command_id(place: &Place<'_>, text: &str) -> Result<CommandId, Failure> {
    let found = place.space.outbox().into_iter().find(|entry| entry.command.to_string() == text);
    found.map(|entry| entry.command).ok_or_else(|| {
        Failure::new(
            WRONG_USE,
            "not_in_outbox",
            format!("There is no command {text:?} in the outbox"),
            "See \"recordplayer outbox\"",
        )
    })
}

fn show(place: &Place<'_>) -> Answer {
    let (mut waiting, mut refused, mut text) = (Vec::new(), Vec::new(), Vec::new());
    for entry in place.space.outbox() {
        let json = entry_json(place, &entry);
        let what = line(json["what"].as_str().unwrap_or_default());
        let state = json["state"].as_str().unwrap_or_default().to_owned();
        let under = if entry.refused_with().is_some() { "└ " } else { "" };
        text.push(format!("{state:8}  {}  {under}{what}", time(entry.made_at)));
        if let Some(reason) = &entry.refused {
            text.push(format!("          {}  ({})", line(&place.named(&reason.message)), entry.command));
            refused.push(json);
        } else {
            waiting.push(json);
        }
    }
    if text.is_empty() {
        text.push(nothing_waits(&place.space).to_owned());
    }
    Answer::new(json!({ "waiting": waiting, "refused": refused }), text.join("\n"))
}

fn entry_json(place: &Place<'_>, entry: &OutboxEntry) -> Value {
    let state = match (&entry.refused, entry.number) {
        (Some(_), _) => "refused",
        (None, Some(_)) => "sending",
        (None, None) => "waiting",
    };
    let reason =
        entry.refused.as_ref().map(|refused| json!({ "code": refused.code, "message": place.named(&refused.message) }));
    json!({
        "id": entry.command.to_string(), "number": entry.number, "what": what(&place.names(), entry),
        "card": card_of(&place.names(), entry).map(|card| place.key_of(card)), "made_at": time(entry.made_at), "state": state,
        "reason": reason, "text": typed(entry), "refused_with": entry.refused_with().map(|cause| cause.to_string()),
    })
}
