//! What waits and what was refused, in words.

use recordplayer::id::CommandId;
use recordplayer::replica::OutboxEntry;
use recordplayer_client::{Device, SpaceInfo};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, REFUSED, WRONG_USE, line, time};
use super::arguments::{Options, OutboxCommand};
use super::place::Place;
use super::send;
use crate::alike::alike;
use crate::said::{card_of, nothing_waits, typed, what};

/// Of the project that is named, else of all of them and of what is the person's alone.
pub(crate) fn run(device: &Device, options: &Options, command: Option<&OutboxCommand>) -> Result<Answer, Failure> {
    let places = places(device, options)?;
    let Some(command) = command else { return Ok(show_all(&places)) };
    let (OutboxCommand::Retry { id, .. } | OutboxCommand::Discard { id, .. }) = command;
    let holds = |place: &&Place<'_>| place.space.outbox().iter().any(|entry| entry.command.to_string() == *id);
    let place = places.iter().find(holds).ok_or_else(|| not_in_outbox(id))?;
    change(place, command)
}

fn places<'a>(device: &'a Device, options: &'a Options) -> Result<Vec<Place<'a>>, Failure> {
    let all = device.spaces().into_iter().chain(device.personal_spaces());
    let place = |info: SpaceInfo| {
        let space = device.space(info.space)?;
        Some(Place { device, info, space, options, board: None })
    };
    let all: Vec<Place<'_>> = all.filter_map(place).collect();
    if options.project.is_some() || all.is_empty() { Ok(vec![Place::find(device, options)?]) } else { Ok(all) }
}

fn change(place: &Place<'_>, command: &OutboxCommand) -> Result<Answer, Failure> {
    match command {
        OutboxCommand::Retry { id, alike: false } => {
            let waits = |entry: &OutboxEntry| entry.command.to_string() == *id && entry.refused.is_none();
            if place.space.outbox().iter().any(waits) {
                let help = "It is sent by itself, as soon as the server can be reached";
                return Err(Failure::new(REFUSED, "not_refused", "It was not refused, it waits", help));
            }
            let ticket = place.space.retry(command_id(place, id)?).map_err(|error| send::failure_at(place, error))?;
            send::settle(place, std::slice::from_ref(&ticket))?;
            Ok(Answer::new(json!({ "retried": id, "command": ticket.command().to_string() }), "It is sent again"))
        }
        OutboxCommand::Retry { id, alike: true } => {
            let commands = alike_to(place, id)?;
            let tried = commands.iter().map(|command| place.space.retry(*command));
            // What is refused here once more stays; the others go.
            let (tickets, errors): (Vec<_>, Vec<_>) = tried.partition(Result::is_ok);
            let tickets: Vec<_> = tickets.into_iter().filter_map(Result::ok).collect();
            send::settle(place, &tickets)?;
            if let Some(error) = errors.into_iter().find_map(Result::err) {
                let failure = send::failure_at(place, error);
                let help = format!("{} of {} are sent again", tickets.len(), commands.len());
                return Err(Failure { help, ..failure });
            }
            let ids: Vec<String> = commands.iter().map(ToString::to_string).collect();
            let json = json!({ "retried": ids, "commands": send::ids(&tickets) });
            Ok(Answer::new(json, format!("{} are sent again", commands.len())))
        }
        OutboxCommand::Discard { id, alike } => {
            let commands = if *alike { alike_to(place, id)? } else { vec![command_id(place, id)?] };
            let mut gone = Vec::new();
            for command in &commands {
                gone.extend(place.space.discard(*command).map_err(|error| send::failure_at(place, error))?);
            }
            let gone: Vec<(CommandId, String)> =
                gone.iter().map(|entry| (entry.command, what(&place.names(), entry))).collect();
            let text: Vec<String> = gone.iter().map(|(_, what)| format!("Discarded: {}", line(what))).collect();
            let json = |(id, what): &(CommandId, String)| json!({ "id": id.to_string(), "what": what });
            let with: Vec<Value> = gone.iter().filter(|(gone, _)| gone.to_string() != *id).map(json).collect();
            let first = gone.iter().find(|(gone, _)| gone.to_string() == *id).map(|(_, what)| what);
            Ok(Answer::new(json!({ "discarded": id, "what": first, "with": with }), text.join("\n")))
        }
    }
}

fn command_id(place: &Place<'_>, text: &str) -> Result<CommandId, Failure> {
    let found = place.space.outbox().into_iter().find(|entry| entry.command.to_string() == text);
    found.map(|entry| entry.command).ok_or_else(|| not_in_outbox(text))
}

fn not_in_outbox(text: &str) -> Failure {
    let message = format!("There is no command {text:?} in the outbox");
    Failure::new(WRONG_USE, "not_in_outbox", message, "See \"recordplayer outbox\"")
}

/// The command, and those that were refused for the same reason.
fn alike_to(place: &Place<'_>, text: &str) -> Result<Vec<CommandId>, Failure> {
    let command = command_id(place, text)?;
    let outbox = place.space.outbox();
    let group = alike(&outbox).into_iter().find(|group| group.commands().any(|other| other == command));
    Ok(group.map_or_else(|| vec![command], |group| group.commands().collect()))
}

/// What is shown of outboxes.
#[derive(Default)]
struct Shown {
    waiting: Vec<Value>,
    refused: Vec<Value>,
    causes: Vec<Value>,
    text: Vec<String>,
}

fn show_all(places: &[Place<'_>]) -> Answer {
    let mut shown = Shown::default();
    for place in places.iter().filter(|place| !place.space.outbox().is_empty()) {
        if places.len() > 1 {
            shown.text.push(format!("{}:", line(&place.info.title)));
        }
        show(place, &mut shown);
    }
    let Shown { waiting, refused, causes, mut text } = shown;
    if text.is_empty() {
        text.push(places.first().map(|place| nothing_waits(&place.space)).unwrap_or_default().to_owned());
    }
    Answer::new(json!({ "waiting": waiting, "refused": refused, "causes": causes }), text.join("\n"))
}

fn show(place: &Place<'_>, shown: &mut Shown) {
    let Shown { waiting, refused, causes, text } = shown;
    let outbox = place.space.outbox();
    for group in alike(&outbox) {
        for entry in group.entries.iter().chain(&group.under) {
            let json = entry_json(place, entry);
            let what = line(json["what"].as_str().unwrap_or_default());
            let state = json["state"].as_str().unwrap_or_default().to_owned();
            let under = if entry.refused_with().is_some() { "└ " } else { "" };
            text.push(format!("{state:8}  {}  {under}{what}", time(entry.made_at)));
            match &entry.refused {
                // The reason is said once for all of them.
                Some(_) if group.is_several() && entry.refused_with().is_none() => {
                    text.push(format!("          ({})", entry.command));
                    refused.push(json);
                }
                Some(reason) => {
                    text.push(format!("          {}  ({})", line(&place.named(&reason.message)), entry.command));
                    refused.push(json);
                }
                None => waiting.push(json),
            }
        }
        let Some(reason) = group.entries[0].refused.as_ref() else { continue };
        let message = place.named(&reason.message);
        if group.is_several() {
            let command = group.entries[0].command;
            text.push(format!("          {}  (all: \"outbox retry {command} --alike\")", line(&message)));
        }
        let commands: Vec<String> = group.commands().map(|command| command.to_string()).collect();
        causes.push(json!({ "code": reason.code, "message": message, "commands": commands }));
    }
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
        "project": place.info.title, "reason": reason, "text": typed(&place.names(), entry), "refused_with": entry.refused_with().map(|cause| cause.to_string()),
    })
}
