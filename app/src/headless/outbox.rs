//! What waits and what was refused, in words.

use recordplayer::id::CommandId;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::replica::OutboxEntry;
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::ColumnCommand;
use recordplayer_kanban::comment::CommentCommand;
use recordplayer_kanban::ids::{CardId, PersonId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Board, Card, Column, Comment, Project};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, WRONG_USE, line, time};
use super::arguments::OutboxCommand;
use super::place::Place;
use super::send;

pub(crate) fn run(place: &Place<'_>, command: Option<&OutboxCommand>) -> Result<Answer, Failure> {
    match command {
        None => Ok(show(place)),
        Some(OutboxCommand::Retry { id }) => {
            let ticket = place.space.retry(command_id(place, id)?).map_err(send::failure)?;
            send::settle(place, std::slice::from_ref(&ticket))?;
            Ok(Answer::new(json!({ "retried": id, "command": ticket.command().to_string() }), "It is sent again"))
        }
        Some(OutboxCommand::Discard { id }) => {
            let gone = place.space.discard(command_id(place, id)?).map_err(send::failure)?;
            let gone: Vec<(String, String)> =
                gone.iter().map(|entry| (entry.command.to_string(), what(place, entry))).collect();
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
        text.push("Outbox empty. Everything you did is on the server.".to_owned());
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
        "id": entry.command.to_string(), "number": entry.number, "what": what(place, entry),
        "card": card_of(place, entry).map(|card| place.key_of(card)), "made_at": time(entry.made_at), "state": state,
        "reason": reason, "text": typed(entry), "refused_with": entry.refused_with().map(|cause| cause.to_string()),
    })
}

fn card_of(place: &Place<'_>, entry: &OutboxEntry) -> Option<CardId> {
    let intent = entry.intent();
    if intent.typed::<Card>().is_some() {
        return Some(CardId(entry.stream.id));
    }
    match intent.typed::<Comment>()? {
        CommentCommand::Write { card, .. } => Some(card),
        CommentCommand::Edit { .. } | CommentCommand::Delete {} => place.space.entity::<Comment>(entry.stream.id).card,
    }
}

/// What the person typed, to be copied.
fn typed(entry: &OutboxEntry) -> Option<String> {
    if let Some(text) = &entry.text {
        return Some(text.after.clone());
    }
    let intent = entry.intent();
    if let Some(CardCommand::Create { title, .. } | CardCommand::Rename { title }) = intent.typed::<Card>() {
        return Some(title);
    }
    match intent.typed::<Comment>()? {
        CommentCommand::Write { text, .. } | CommentCommand::Edit { text } => Some(text),
        CommentCommand::Delete {} => None,
    }
}

/// What a command does, as its author would say it: "Move TT-44 to In progress".
fn what(place: &Place<'_>, entry: &OutboxEntry) -> String {
    let intent = entry.intent();
    let id = entry.stream.id;
    if let Some(command) = intent.typed::<Card>() {
        return card(place, CardId(id), command);
    }
    if let Some(command) = intent.typed::<Comment>() {
        return comment(place, entry, &command);
    }
    if let Some(command) = intent.typed::<Column>() {
        return column(&place.space.entity::<Column>(id).name, command);
    }
    if let Some(command) = intent.typed::<Board>() {
        let name = place.space.entity::<Board>(id).title().to_owned();
        return match command {
            BoardCommand::Add { title } => format!("Add the board {title}"),
            BoardCommand::Rename { title } => format!("Rename the board {name} to {title}"),
            BoardCommand::Archive {} => format!("Archive the board {name}"),
            BoardCommand::Restore {} => format!("Restore the board {name}"),
        };
    }
    if let Some(command) = intent.typed::<Project>() {
        return project(command);
    }
    match intent.typed::<Membership>() {
        Some(command) => member(place, command),
        None => format!("Do {}, which this version does not know", entry.name),
    }
}

fn card(place: &Place<'_>, id: CardId, command: CardCommand) -> String {
    use CardCommand as C;
    let key = place.key_of(id);
    let column = |column| {
        let column = place.space.entity::<Column>(column);
        if column.exists() { column.name.clone() } else { "a column that is not there".to_owned() }
    };
    let person = |person: PersonId| {
        let placeholder = place.project().placeholders.get(&person).map(|placeholder| placeholder.name.clone());
        place.name_of(person).or(placeholder).unwrap_or_else(|| "somebody".to_owned())
    };
    let label = |label| {
        place.project().labels.get(&label).map_or_else(|| "a label".to_owned(), |label| label.shown().to_owned())
    };
    match command {
        C::Create { column: to, title, .. } => format!("Write “{title}” in {}", column(to)),
        C::Rename { title } => format!("Rename {key} to “{title}”"),
        C::Describe { .. } => format!("Describe {key}"),
        C::MoveTo { column: to, .. } => format!("Move {key} to {}", column(to)),
        C::Archive {} => format!("Archive {key}"),
        C::Restore { .. } => format!("Restore {key}"),
        C::AddLabel { label: of } => format!("Label {key} with {}", label(of)),
        C::RemoveLabel { label: of } => format!("Take the label {} off {key}", label(of)),
        C::Assign { person: of } => format!("Assign {key} to {}", person(of)),
        C::Unassign { person: of } => format!("Take {} off {key}", person(of)),
        C::SetDue { due: Some(due) } => format!("Set {key} due on {due}"),
        C::SetDue { due: None } => format!("Remove the due date of {key}"),
        C::SetDone { done: true } => format!("Mark {key} as finished"),
        C::SetDone { done: false } => format!("Mark {key} as not finished"),
        C::SetChecklist { name, .. } => format!("Set the checklist {name} of {key}"),
        C::RemoveChecklist { .. } => format!("Remove a checklist of {key}"),
        C::SetItem { text, .. } => format!("Write “{text}” in a checklist of {key}"),
        C::TickItem { done: true, .. } => format!("Tick an item of {key}"),
        C::TickItem { done: false, .. } => format!("Untick an item of {key}"),
        C::RemoveItem { .. } => format!("Remove an item of {key}"),
        C::AttachLink { name, url, .. } => format!("Attach {} to {key}", if name.is_empty() { url } else { name }),
        C::RemoveAttachment { .. } => format!("Remove a link of {key}"),
        C::SetField { value: Some(_), .. } => format!("Set a field of {key}"),
        C::SetField { value: None, .. } => format!("Empty a field of {key}"),
    }
}

fn comment(place: &Place<'_>, entry: &OutboxEntry, command: &CommentCommand) -> String {
    let key = card_of(place, entry).map_or_else(|| "a card".to_owned(), |card| place.key_of(card));
    match command {
        CommentCommand::Write { .. } => format!("Comment on {key}"),
        CommentCommand::Edit { .. } => format!("Edit a comment on {key}"),
        CommentCommand::Delete {} => format!("Delete a comment on {key}"),
    }
}

fn column(name: &str, command: ColumnCommand) -> String {
    use ColumnCommand as C;
    match command {
        C::Add { name, .. } => format!("Add the column {name}"),
        C::Rename { name: to } => format!("Rename the column {name} to {to}"),
        C::SetKind { .. } => format!("Change what the column {name} is for"),
        C::SetLimit { limit: Some(limit) } => format!("Limit the column {name} to {limit}"),
        C::SetLimit { limit: None } => format!("Take the limit off the column {name}"),
        C::Archive {} => format!("Archive the column {name}"),
        C::Restore {} => format!("Restore the column {name}"),
        C::Move { .. } => format!("Move the column {name}"),
    }
}

fn project(command: ProjectCommand) -> String {
    use ProjectCommand as C;
    match command {
        C::SetUp { key } => format!("Give the project the key {key}"),
        C::SetLabel { name, .. } => format!("Set the label {name}"),
        C::RemoveLabel { .. } => "Remove a label from the project".to_owned(),
        C::SetPlaceholder { name, .. } => format!("Add the placeholder {name}"),
        C::ClaimPlaceholder { .. } => "Say that a placeholder is me".to_owned(),
        C::SetField { name, .. } => format!("Define the field {name}"),
    }
}

fn member(place: &Place<'_>, command: MembershipCommand) -> String {
    use MembershipCommand as C;
    let name = |person| place.device.name_of(person).unwrap_or_else(|| "somebody".to_owned());
    match command {
        C::Found { title } => format!("Make the project {title}"),
        C::Rename { title } => format!("Rename the project to {title}"),
        C::AddMember { person, role } => format!("Add {} as {role}", name(person)),
        C::ChangeRole { person, role } => format!("Make {} a {role}", name(person)),
        C::RemoveMember { person } => format!("Remove {} from the project", name(person)),
    }
}
