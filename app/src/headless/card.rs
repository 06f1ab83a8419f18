//! Cards: shown, written, moved, described, commented on.

use std::path::Path;

use recordplayer::claims::Claims;
use recordplayer::limits::TEXT_BYTES_MAX;
use recordplayer_client::{SendError, Ticket};
use recordplayer_kanban::card::CardCommand as Do;
use recordplayer_kanban::comment::CommentCommand;
use recordplayer_kanban::ids::{CardId, ColumnId, CommentId};
use recordplayer_kanban::view::{CardNames, CardView};
use recordplayer_kanban::{Board, Card, Column, Comment};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, WRONG_USE, line, lines, time};
use super::arguments::CardCommand;
use super::column::row_of;
use super::place::Place;
use super::{file, send};

pub(crate) fn run(place: &Place<'_>, command: &CardCommand) -> Result<Answer, Failure> {
    match command {
        CardCommand::New { title, column } => {
            let column = place.column(column, None)?;
            let card = CardId(place.space.fresh_id());
            let create = Do::Create { column, title: title.clone(), before: None, exempt: false };
            let ticket = keeping(place, "title", title, place.space.send::<Card>(card, &create))?;
            done(place, &[(card, ticket)], |key| format!("Wrote {key} {}", line(title)))
        }
        CardCommand::Move { key, to, before, row } => {
            let card = place.card(key)?;
            let column = place.column(to, place.space.entity::<Card>(card).board())?;
            let before = before.as_ref().map(|key| place.card(key)).transpose()?;
            let row = row.as_ref().map(|row| row_of(place, column, row)).transpose()?;
            let ticket = place
                .space
                .send::<Card>(card, &Do::MoveTo { column, before, row, exempt: false })
                .map_err(|error| send::failure_at(place, error))?;
            let name = place.space.entity::<Column>(column).name.clone();
            done(place, &[(card, ticket)], |key| format!("Moved {key} to {}", line(&name)))
        }
        CardCommand::Rename { key, title } => {
            let card = place.card(key)?;
            let ticket =
                keeping(place, "title", title, place.space.send::<Card>(card, &Do::Rename { title: title.clone() }))?;
            done(place, &[(card, ticket)], |key| format!("Renamed {key} to {}", line(title)))
        }
        CardCommand::Archive { keys } => each(place, keys, &Do::Archive {}, "Archived"),
        CardCommand::Restore { keys, to } => {
            let column = to.as_ref().map(|to| place.column(to, None)).transpose()?;
            each(place, keys, &Do::Restore { column, exempt: false }, "Restored")
        }
        CardCommand::Take { keys } => each(place, keys, &Do::Take {}, "Took"),
        CardCommand::PutBack { keys } => each(place, keys, &Do::PutBack {}, "Put back"),
        CardCommand::Submit { keys } => each(place, keys, &Do::Submit {}, "Submitted"),
        CardCommand::Done { keys, not: false } => each(place, keys, &Do::SetDone { done: true }, "Finished"),
        CardCommand::Done { keys, not: true } => {
            each(place, keys, &Do::SetDone { done: false }, "Marked as not finished:")
        }
        CardCommand::Approve { key, reason, to } => {
            let card = place.card(key)?;
            let to = goal(place, card, to.as_deref())?;
            let approve = Do::Approve { to, reason: reason.clone() };
            let what = format!("approval {key}");
            let ticket = keeping(place, &what, reason, place.space.send::<Card>(card, &approve))?;
            let name = place.space.entity::<Column>(to).name.clone();
            done(place, &[(card, ticket)], |key| format!("Approved {key}: it goes to {}", line(&name)))
        }
        CardCommand::Reject { key, reason } => {
            let card = place.card(key)?;
            let reject = Do::Reject { reason: reason.clone() };
            let what = format!("rejection {key}");
            let ticket = keeping(place, &what, reason, place.space.send::<Card>(card, &reject))?;
            done(place, &[(card, ticket)], |key| format!("Rejected {key}"))
        }
        CardCommand::Row { key, row } => {
            let card = place.card(key)?;
            let column = place.space.entity::<Card>(card).column();
            let named = column.filter(|_| row != "none").map(|column| row_of(place, column, row)).transpose()?;
            let ticket = place.space.send::<Card>(card, &Do::SetRow { row: named });
            let ticket = ticket.map_err(|error| send::failure_at(place, error))?;
            done(place, &[(card, ticket)], |key| format!("Moved {key} to another row"))
        }
        CardCommand::Describe { key, text_file } => describe(place, key, text_file),
    }
}

/// Where an approved card goes: as named, or to the only column that the workflow leads to.
fn goal(place: &Place<'_>, card: CardId, named: Option<&str>) -> Result<ColumnId, Failure> {
    let card = place.space.entity::<Card>(card);
    if let Some(named) = named {
        return place.column(named, card.board());
    }
    let from = card.column().map(|column| place.space.entity::<Column>(column)).unwrap_or_default();
    let columns = card.board().map(|board| place.space.entity::<Board>(board).columns.clone()).unwrap_or_default();
    let may: Vec<ColumnId> = match &from.leads_to {
        Some(to) => to.iter().copied().collect(),
        None => columns.into_iter().filter(|column| Some(*column) != card.column()).collect(),
    };
    let goals = || may.iter().map(|column| place.space.entity::<Column>(*column).name.clone()).collect::<Vec<_>>();
    match may.as_slice() {
        [only] => Ok(*only),
        _ => Err(Failure::new(
            WRONG_USE,
            "several_goals",
            format!("From {} the workflow leads to several columns", line(&from.name)),
            "Name one of them with --to",
        )
        .with_details(json!(goals()))),
    }
}

/// The same to several cards, as one act.
fn each(place: &Place<'_>, keys: &[String], command: &Do, what: &str) -> Result<Answer, Failure> {
    // All of them are looked up before the first one is touched.
    let cards = keys.iter().map(|key| place.card(key)).collect::<Result<Vec<_>, _>>()?;
    let act = place.space.fresh_act();
    let mut sent = Vec::new();
    for card in cards {
        let intent =
            recordplayer::decide::Intent::of::<Card>(card, command).map_err(|error| send::failure(error.into()))?;
        let wish = recordplayer::replica::Wish {
            claims: Claims::of_act(act),
            ..recordplayer::replica::Wish::new(place.space.fresh_command(), intent)
        };
        sent.push((card, place.space.submit(wish).map_err(|error| send::failure_at(place, error))?));
    }
    done(place, &sent, |key| format!("{what} {key}"))
}

fn done(place: &Place<'_>, sent: &[(CardId, Ticket)], say: impl Fn(&str) -> String) -> Result<Answer, Failure> {
    let tickets: Vec<Ticket> = sent.iter().map(|(_, ticket)| ticket.clone()).collect();
    send::settle(place, &tickets)?;
    let one = |(card, ticket): &(CardId, Ticket)| json!({ "key": place.key_of(*card), "id": card.to_string(), "command": ticket.command().to_string() });
    let text: Vec<String> = sent.iter().map(|(card, _)| say(&place.key_of(*card))).collect();
    let json = match sent {
        [only] => one(only),
        several => json!({ "cards": several.iter().map(one).collect::<Vec<_>>() }),
    };
    Ok(Answer::new(json, text.join("\n")))
}

/// A text that is refused here is kept in a file: nothing that a person typed is lost.
fn keeping(place: &Place<'_>, what: &str, text: &str, outcome: Result<Ticket, SendError>) -> Result<Ticket, Failure> {
    outcome.map_err(|error| {
        let is_refused = matches!(error, SendError::Refused(_));
        kept(place, what, text, is_refused, send::failure_at(place, error))
    })
}

fn kept(place: &Place<'_>, what: &str, text: &str, is_refused: bool, mut failure: Failure) -> Failure {
    if !is_refused || text.trim().is_empty() {
        return failure;
    }
    let folder = super::data_folder(place.options);
    match file::keep_text(&folder, what, text) {
        Ok(path) => {
            failure.help = format!("What you wrote is kept in {}", path.display());
            failure.details = json!({ "kept_in": path.display().to_string() });
        }
        Err(error) => failure.help = format!("What you wrote could not be kept: {error}"),
    }
    failure
}

fn describe(place: &Place<'_>, key: &str, text_file: &Path) -> Result<Answer, Failure> {
    let card = place.card(key)?;
    let text = file::text(text_file, TEXT_BYTES_MAX as u64 + 1)?;
    let make = |change| Do::Describe { change };
    let tickets = place.space.edit_text::<Card>(card, Claims::default(), &text, make).map_err(|error| {
        let is_refused = matches!(error, SendError::Refused(_));
        kept(place, &format!("description {key}"), &text, is_refused, send::failure_at(place, error))
    })?;
    send::settle(place, &tickets)?;
    let key = place.key_of(card);
    let text = if tickets.is_empty() {
        format!("The description of {key} says that already")
    } else {
        format!("Described {key}")
    };
    Ok(Answer::new(json!({ "key": key, "id": card.to_string(), "commands": send::ids(&tickets) }), text))
}

pub(crate) fn comment(place: &Place<'_>, key: &str, text: &str) -> Result<Answer, Failure> {
    let card = place.card(key)?;
    let comment = CommentId(place.space.fresh_id());
    let write = CommentCommand::Write { card, text: text.to_owned(), author: None };
    let ticket = keeping(place, &format!("comment {key}"), text, place.space.send::<Comment>(comment, &write))?;
    send::settle(place, std::slice::from_ref(&ticket))?;
    let key = place.key_of(card);
    let json = json!({ "key": key, "id": comment.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, format!("Commented on {key}")))
}

pub(crate) fn show(place: &Place<'_>, key: &str) -> Result<Answer, Failure> {
    let id = place.card(key)?;
    let view = place.space.view::<CardView>(id);
    let description =
        place.space.text::<Card>(id, Card::DESCRIPTION).map_err(|error| send::failure_at(place, error))?;
    let card = &view.card;
    let column = card.column().map(|column| place.space.entity::<Column>(column)).unwrap_or_default();
    let board = card.board().map(|board| place.space.entity::<Board>(board)).unwrap_or_default();
    let project = place.project();
    let json = view.json(
        id,
        &CardNames {
            project: &project,
            column: &column,
            board: &board,
            name_of: &|person| place.name_of(person),
            time_of: &time,
            description: &description,
        },
    );
    let text = card_text(&json);
    Ok(Answer::new(json, text))
}

/// A card for people, from its JSON: both say the same.
fn card_text(card: &Value) -> String {
    let text = |value: &Value| line(value.as_str().unwrap_or_default());
    let list = |value: &Value| {
        let items = value.as_array().into_iter().flatten();
        items.map(|item| line(item.as_str().unwrap_or_default())).collect::<Vec<_>>().join(", ")
    };
    let archived = if card["archived"] == true { " (archived)" } else { "" };
    let mut out = vec![
        format!(
            "{}  {}{archived}",
            text(&card["key"]),
            line(Card::shown_title(card["title"].as_str().unwrap_or_default()))
        ),
        format!("{} / {}", text(&card["board"]), text(&card["column"])),
    ];
    for (name, value) in
        [("Labels", list(&card["labels"])), ("Members", list(&card["members"])), ("Due", text(&card["due"]))]
    {
        if !value.is_empty() {
            out.push(format!("{name}: {value}"));
        }
    }
    for (name, value) in card["fields"].as_object().into_iter().flatten() {
        out.push(format!("{}: {}", line(name), value.as_str().map_or_else(|| value.to_string(), line)));
    }
    let description = card["description"].as_str().unwrap_or_default();
    if !description.is_empty() {
        out.push(format!("\n{}", lines(description)));
    }
    for checklist in card["checklists"].as_array().into_iter().flatten() {
        out.push(format!("\n{}", text(&checklist["name"])));
        for item in checklist["items"].as_array().into_iter().flatten() {
            out.push(format!("  [{}] {}", if item["done"] == true { "x" } else { " " }, text(&item["text"])));
        }
    }
    for attachment in card["attachments"].as_array().into_iter().flatten() {
        out.push(format!("Link: {}  {}", text(&attachment["name"]), text(&attachment["url"])));
    }
    for comment in card["comments"].as_array().into_iter().flatten() {
        let said = comment["text"].as_str().map(lines).unwrap_or_default();
        out.push(format!("\n{}, {}:\n{said}", text(&comment["author"]), text(&comment["at"])));
    }
    out.join("\n")
}
