//! Cards: shown, written, moved, described.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use humansize::{DECIMAL, format_size};
use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::id::{ActId, ActorId};
use recordplayer::limits::TEXT_BYTES_MAX;
use recordplayer::membership::Membership;
use recordplayer::replica::Wish;
use recordplayer_client::{SendError, Ticket};
use recordplayer_kanban::card::{CardCommand as Do, Relation, RelationKind, Stage};
use recordplayer_kanban::column::followed;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, PersonId};
use recordplayer_kanban::{Board, Card, Column};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, REFUSED, WRONG_USE, line, lines};
use super::arguments::{CardCommand, What};
use super::column::row_of;
use super::place::Place;
use super::{attachment, checklist, edit, file, send};
use crate::cards_out::card_json;
use crate::copying::copy_into;
use crate::references;

pub(crate) fn run(place: &Place<'_>, command: &CardCommand) -> Result<Answer, Failure> {
    match command {
        CardCommand::New { title, column, what } => new_card(place, title, column, what),
        CardCommand::Move { keys, to, into: Some(project), .. } => go_to(place, keys, project, to),
        CardCommand::Move { keys, to, before, row, into: None } => {
            let cards = cards(place, keys)?;
            let column = place.column(to, board_of(place, &cards))?;
            let before = before.as_ref().map(|key| place.card(key)).transpose()?;
            let row = row.as_ref().map(|row| row_of(place, column, row)).transpose()?;
            let name = line(&place.space.entity::<Column>(column).name);
            let move_to = Do::MoveTo { column, before, row, exempt: false };
            let answer = to_all(place, &cards, &[move_to], |key, _| format!("Moved {key} to {name}"))?;
            Ok(warned(place, column, answer))
        }
        CardCommand::Rename { key, title } => {
            let card = place.card(key)?;
            let ticket =
                keeping(place, "title", title, place.space.send::<Card>(card, &Do::Rename { title: title.clone() }))?;
            done(place, &[(card, ticket)], |key, _| format!("Renamed {key} to {}", line(title)))
        }
        CardCommand::Archive { keys } => each(place, keys, &Do::Archive {}, "Archived"),
        CardCommand::Restore { keys, to } => {
            let column = to.as_ref().map(|to| place.column(to, None)).transpose()?;
            let cards = cards(place, keys)?;
            if column.is_some() {
                are_archived(place, &cards)?;
            }
            let restore = Do::Restore { column, exempt: false };
            to_all(place, &cards, &[restore], |key, _| format!("Restored {key}"))
        }
        CardCommand::Take { keys } => each(place, keys, &Do::Take {}, "Took"),
        CardCommand::PutBack { keys } => each(place, keys, &Do::PutBack {}, "Put back"),
        CardCommand::Submit { keys } => {
            to_all(place, &cards(place, keys)?, &[Do::Submit {}], |key, card| submitted(place, key, card))
        }
        CardCommand::Done { keys, not: false } => each(place, keys, &Do::SetDone { done: true }, "Finished"),
        CardCommand::Done { keys, not: true } => {
            each(place, keys, &Do::SetDone { done: false }, "Marked as not finished:")
        }
        CardCommand::Approve { keys, reason, to, into: Some(project) } => {
            let other = place.other(project)?;
            let to = other.column(to.as_deref().unwrap_or_default(), None)?;
            has_room(&other, to, keys.len())
                .map_err(|failure| kept(place, &format!("approval {}", keys.join(" ")), reason, true, failure))?;
            let to = as_way_out(place, &other, &cards(place, keys)?, to);
            let title = line(&other.info.title);
            let approve =
                Do::Approve { to, reason: references::kept(&place.names(), reason), project: Some(other.info.space) };
            let say = |key: &str, _| format!("Approved {key}: it goes to the project {title}");
            keeping_reason(place, "approval", (keys, reason), &approve, say)
        }
        CardCommand::Approve { keys, reason, to, into: None } => {
            let to = goal(place, &cards(place, keys)?, to.as_deref())?;
            let name = line(&place.space.entity::<Column>(to).name);
            let approve = Do::Approve { to, reason: references::kept(&place.names(), reason), project: None };
            let say = |key: &str, _| format!("Approved {key}: it goes to {name}");
            keeping_reason(place, "approval", (keys, reason), &approve, say)
        }
        CardCommand::Reject { keys, reason } => {
            let reject = Do::Reject { reason: references::kept(&place.names(), reason) };
            keeping_reason(place, "rejection", (keys, reason), &reject, |key, _| format!("Rejected {key}"))
        }
        CardCommand::Set { keys, what } => {
            let commands = edit::commands(place, what)?;
            if commands.is_empty() {
                let help = "See \"recordplayer card set --help\"";
                return Err(Failure::new(WRONG_USE, "nothing_to_set", "Say what to set", help));
            }
            to_all(place, &cards(place, keys)?, &commands, |key, _| format!("Changed {key}"))
        }
        CardCommand::Checklist(command) => checklist::run(place, command),
        CardCommand::Relate { key, how, other } => {
            let relation = Relation { kind: (*how).into(), to: place.card(other)? };
            each(place, std::slice::from_ref(key), &Do::Relate { relation }, "Related")
        }
        CardCommand::Unrelate { key, how, other } => {
            let relation = Relation { kind: (*how).into(), to: place.card(other)? };
            each(place, std::slice::from_ref(key), &Do::Unrelate { relation }, "Unrelated")
        }
        CardCommand::Attach { key, file, name } => attachment::file(place, key, file, name.as_deref()),
        CardCommand::Link { key, url, name } => attachment::link(place, key, url, name.as_deref()),
        CardCommand::Detach { key, attachment } => attachment::detach(place, key, attachment),
        CardCommand::Save { key, attachment, to } => attachment::save(place, key, attachment, to),
        CardCommand::Copy { keys, to: Some(to), into: Some(project) } => copy_away(place, keys, project, to),
        CardCommand::Copy { keys, to, .. } => copy(place, keys, to.as_deref()),
        CardCommand::Row { key, row } => {
            let card = place.card(key)?;
            let column = place.space.entity::<Card>(card).column();
            let named = column.filter(|_| row != "none").map(|column| row_of(place, column, row)).transpose()?;
            let ticket = place.space.send::<Card>(card, &Do::SetRow { row: named });
            let ticket = ticket.map_err(|error| send::failure_at(place, error))?;
            done(place, &[(card, ticket)], |key, _| format!("Moved {key} to another row"))
        }
        CardCommand::Describe { key, text_file } => describe(place, key, text_file),
    }
}

/// What stands on it is set with it, as one act.
fn new_card(place: &Place<'_>, title: &str, column: &str, what: &What) -> Result<Answer, Failure> {
    let column = place.column(column, None)?;
    let mut commands = edit::commands(place, what)?;
    // A type that requires values is given as the card is made.
    let typed = match commands.first() {
        Some(Do::SetType { typed }) => typed.clone(),
        _ => None,
    };
    commands.retain(|command| !matches!(command, Do::SetType { .. }));
    let card = CardId(place.space.fresh_id());
    let act = place.space.fresh_act();
    let create = Do::Create { column, title: title.to_owned(), before: None, exempt: false, typed };
    let made = keeping(place, "title", title, place.space.submit(wish(place, act, card, &create)?))?;
    let mut tickets = vec![made.clone()];
    for command in &commands {
        match place.space.submit(wish(place, act, card, command)?) {
            Ok(ticket) => tickets.push(ticket),
            Err(error) => {
                let failure = send::failure_at(place, error);
                send::settle(place, &tickets)?;
                let key = place.key_of(card);
                let help = format!("{key} is written, but for this. Set it with \"recordplayer card set {key}\"");
                return Err(Failure { help, ..failure });
            }
        }
    }
    send::settle(place, &tickets)?;
    let answer = done(place, &[(card, made)], |key, _| format!("Wrote {key} {}", line(title)))?;
    Ok(warned(place, column, answer))
}

/// Into a column of another project, which decides about each when this one has let it go.
fn go_to(place: &Place<'_>, keys: &[String], project: &str, to: &str) -> Result<Answer, Failure> {
    let cards = cards(place, keys)?;
    let other = place.other(project)?;
    let column = other.column(to, None)?;
    has_room(&other, column, cards.len())?;
    let column = as_way_out(place, &other, &cards, column);
    let goes = Do::GoTo { project: other.info.space, column };
    let before: BTreeMap<CardId, String> = cards.iter().map(|card| (*card, place.key_of(*card))).collect();
    let title = line(&other.info.title);
    let left: Vec<String> = cards.iter().flat_map(|card| left_behind(place, &other, *card)).collect();
    let mut answer =
        to_all(place, &cards, &[goes], |_, card| format!("Sent {} to the project {title}", before[&card]))?;
    if let ([Value::Object(fields)], false) = (answer.json.as_mut_slice(), left.is_empty()) {
        fields.insert("left".to_owned(), json!(left));
    }
    answer.text.extend(left.iter().map(|what| format!("\nLeft behind: {what}")));
    Ok(answer)
}

/// What another project has no like of, as far as this device knows: a type of cards comes along to nowhere, and nobody is assigned who is not there.
fn left_behind(place: &Place<'_>, other: &Place<'_>, card: CardId) -> Vec<String> {
    let (key, title) = (place.key_of(card), line(&other.info.title));
    let (here, there) = (place.project(), other.project());
    let card = place.space.entity::<Card>(card);
    let card_type = card.card_type.and_then(|id| Some((id, here.types.get(&id)?)));
    let typed = card_type.filter(|(id, of)| there.type_like(Some(*id), Some(&of.name)).is_none());
    let typed = typed.map(|(_, of)| format!("{key}: its type {}, which {title} does not have", line(&of.name)));
    let members = other.space.entity::<Membership>(other.space.id().0);
    let is_there =
        |person: &PersonId| members.role_of(ActorId(person.0)).is_some() || there.placeholders.contains_key(person);
    let people = card.members.iter().filter(|person| !is_there(person)).filter_map(|person| place.name_of(*person));
    let people = people.map(|name| format!("{key}: {}, who is no member of {title}", line(&name)));
    typed.into_iter().chain(people).collect()
}

/// The column by which the workflow of these cards knows it: that of its ways out, in the other project removed meanwhile, whose cards it has.
fn as_way_out(place: &Place<'_>, other: &Place<'_>, cards: &[CardId], column: ColumnId) -> ColumnId {
    let standing = cards.iter().filter_map(|card| place.space.entity::<Card>(*card).column());
    let ways = standing.flat_map(|column| place.space.entity::<Column>(column).ways_out.clone());
    let ways: BTreeSet<ColumnId> = ways.filter(|way| way.project == other.info.space).map(|way| way.column).collect();
    let is_it = |way: &ColumnId| other.column_now(*way) == Some(column);
    if ways.contains(&column) { column } else { ways.into_iter().find(is_it).unwrap_or(column) }
}

/// Whether another project takes so many cards, as far as this device knows. It decides itself, and then says less: not everybody whom it tells
/// why may look at it, as whoever asks here does.
fn has_room(other: &Place<'_>, column: ColumnId, cards: usize) -> Result<(), Failure> {
    let (now, found) = followed(column, |column| other.space.entity::<Column>(column));
    found.has_room(now, cards).map_err(|full| {
        let help = format!("That is in the project {}, as far as this device knows", line(&other.info.title));
        Failure::new(REFUSED, "column_full", other.named(&full.to_string()), &help)
    })
}

/// All of them are looked up before the first one is touched.
fn cards(place: &Place<'_>, keys: &[String]) -> Result<Vec<CardId>, Failure> {
    keys.iter().map(|key| place.card(key)).collect()
}

/// The board that they are on, where it is one.
fn board_of(place: &Place<'_>, cards: &[CardId]) -> Option<BoardId> {
    let mut boards = cards.iter().map(|card| place.board_of(&place.space.entity::<Card>(*card)));
    let first = boards.next()?;
    first.filter(|_| boards.all(|board| board == first))
}

/// Where approved cards go: as named, or to the only column that the workflow leads all of them to.
fn goal(place: &Place<'_>, cards: &[CardId], named: Option<&str>) -> Result<ColumnId, Failure> {
    if let Some(named) = named {
        return place.column(named, board_of(place, cards));
    }
    let goals: BTreeSet<Vec<ColumnId>> = cards.iter().map(|card| goals_of(place, *card)).collect();
    if let [only] = goals.iter().collect::<Vec<_>>().as_slice()
        && let [only] = only.as_slice()
    {
        return Ok(*only);
    }
    let all: BTreeSet<ColumnId> = goals.into_iter().flatten().collect();
    let called: Vec<String> = all.into_iter().map(|column| place.column_name(column)).collect();
    let message = "The workflow leads to several columns, or to none";
    Err(Failure::new(WRONG_USE, "several_goals", message, "Name one of them with --to").with_details(json!(called)))
}

/// Where the workflow leads from the column of a card: of those that were removed, to their heirs.
fn goals_of(place: &Place<'_>, card: CardId) -> Vec<ColumnId> {
    let card = place.space.entity::<Card>(card);
    let Some(column) = card.column() else { return Vec::new() };
    let on_board = || place.board_of(&card).map(|board| place.space.entity::<Board>(board).columns.clone());
    let to = match &place.space.entity::<Column>(column).leads_to {
        Some(to) => to.iter().copied().collect(),
        None => on_board().unwrap_or_default(),
    };
    let open: BTreeSet<ColumnId> = to.into_iter().filter_map(|to| place.column_now(to)).collect();
    open.into_iter().filter(|to| *to != column).collect()
}

/// What became of a card by being submitted.
fn submitted(place: &Place<'_>, key: &str, id: CardId) -> String {
    let card = place.space.entity::<Card>(id);
    let column = card.column().map(|column| place.space.entity::<Column>(column)).unwrap_or_default();
    let waits_for = column.auto_move.and_then(|to| place.column_now(to));
    let waits = |to: &ColumnId| place.space.entity::<Column>(*to).waiting.contains(&id);
    match waits_for.filter(waits) {
        Some(to) => {
            let to = line(&place.column_name(to));
            format!("Submitted {key}: it is finished, and goes on to {to} as soon as there is room")
        }
        None if card.stage == Stage::ToReview && column.rights.is_reviewed() => {
            format!("Submitted {key}: it is to be reviewed")
        }
        None => format!("Submitted {key}: it is in {}", line(&column.name)),
    }
}

/// The same to several cards, as one act.
fn each(place: &Place<'_>, keys: &[String], command: &Do, what: &str) -> Result<Answer, Failure> {
    to_all(place, &cards(place, keys)?, std::slice::from_ref(command), |key, _| format!("{what} {key}"))
}

/// Who says where they shall come back to means cards that are away.
fn are_archived(place: &Place<'_>, cards: &[CardId]) -> Result<(), Failure> {
    let open = cards.iter().filter(|card| !place.space.entity::<Card>(**card).archived);
    let open: Vec<String> = open.map(|card| place.key_of(*card)).collect();
    let message = match open.as_slice() {
        [] => return Ok(()),
        [one] => format!("{one} is not archived"),
        several => format!("{} are not archived", several.join(", ")),
    };
    Err(Failure::new(WRONG_USE, "not_archived", message, "To bring a card into another column, move it"))
}

/// A decision about several cards, whose reason is kept where it is refused.
fn keeping_reason(
    place: &Place<'_>,
    what: &str,
    (keys, reason): (&[String], &str),
    command: &Do,
    say: impl Fn(&str, CardId) -> String,
) -> Result<Answer, Failure> {
    let cards = cards(place, keys)?;
    to_all(place, &cards, std::slice::from_ref(command), say).map_err(|failure| {
        let is_refused = failure.exit == REFUSED && !failure.details.is_object();
        kept(place, &format!("{what} {}", keys.join(" ")), reason, is_refused, failure)
    })
}

/// The same commands to several cards, as one act. What one card refuses, the others take.
fn to_all(
    place: &Place<'_>,
    cards: &[CardId],
    commands: &[Do],
    say: impl Fn(&str, CardId) -> String,
) -> Result<Answer, Failure> {
    let act = place.space.fresh_act();
    let (mut sent, mut refused) = (Vec::new(), Vec::new());
    for card in cards {
        for command in commands {
            match place.space.submit(wish(place, act, *card, command)?) {
                Ok(ticket) => sent.push((*card, ticket)),
                Err(error) => refused.push((*card, send::failure_at(place, error))),
            }
        }
    }
    match refused.pop() {
        None => done(place, &sent, say),
        Some((_, only)) if sent.is_empty() && refused.is_empty() => Err(only),
        Some((card, last)) => {
            send::settle(place, &sent.iter().map(|(_, ticket)| ticket.clone()).collect::<Vec<_>>())?;
            refused.push((card, last.clone()));
            let why = |(card, failure): &(CardId, Failure)| format!("{}: {}", place.key_of(*card), failure.message);
            let message = refused.iter().map(why).collect::<Vec<_>>().join("\n");
            let help = format!("{} of {} changes were made", sent.len(), sent.len() + refused.len());
            let details = refused.iter().map(|(card, failure)| {
                json!({ "key": place.key_of(*card), "code": failure.code, "message": failure.message })
            });
            Err(Failure::new(last.exit, &last.code, message, &help).with_details(details.collect()))
        }
    }
}

fn wish(place: &Place<'_>, act: ActId, card: CardId, command: &Do) -> Result<Wish, Failure> {
    let intent = Intent::of::<Card>(card, command).map_err(|error| send::failure(error.into()))?;
    Ok(Wish { claims: Claims::of_act(act), ..Wish::new(place.space.fresh_command(), intent) })
}

/// Cards that begin as others are, their descriptions included, as one act.
fn copy(place: &Place<'_>, keys: &[String], to: Option<&str>) -> Result<Answer, Failure> {
    let originals = cards(place, keys)?;
    let to = to.map(|to| place.column(to, board_of(place, &originals))).transpose()?;
    let act = place.space.fresh_act();
    let (mut copies, mut written) = (Vec::new(), Vec::new());
    for of in originals {
        let column = to.or_else(|| place.space.entity::<Card>(of).column()).unwrap_or_default();
        let text = place.space.text::<Card>(of, Card::DESCRIPTION).map_err(|error| send::failure_at(place, error))?;
        let card = CardId(place.space.fresh_id());
        let wish = wish(place, act, card, &Do::Copy { of, column, before: None })?;
        let ticket = place.space.submit(wish).map_err(|error| send::failure_at(place, error))?;
        let make = |change| Do::Describe { change };
        let edits = place.space.edit_text::<Card>(card, Claims::of_act(act), &text, make);
        written.extend(edits.map_err(|error| send::failure_at(place, error))?);
        copies.push((of, card, ticket));
    }
    send::settle(place, &written)?;
    let originals: BTreeMap<CardId, CardId> = copies.iter().map(|(of, card, _)| (*card, *of)).collect();
    let sent: Vec<(CardId, Ticket)> = copies.into_iter().map(|(_, card, ticket)| (card, ticket)).collect();
    done(place, &sent, |copy, card| format!("Copied {} to {copy}", place.key_of(originals[&card])))
}

/// Copies in another project, each with links between the two.
fn copy_away(place: &Place<'_>, keys: &[String], project: &str, to: &str) -> Result<Answer, Failure> {
    let originals = cards(place, keys)?;
    let other = place.other(project)?;
    if other.info.space == place.info.space {
        return copy(place, keys, Some(to));
    }
    let column = other.column(to, None)?;
    let title = line(&other.info.title);
    let (mut all, mut text) = (Vec::new(), Vec::new());
    for of in originals {
        let copied =
            copy_into((place.names(), of), (other.names(), column)).map_err(|error| send::failure_at(&other, error))?;
        send::settle(&other, &copied.there)?;
        send::settle(place, copied.here.as_slice())?;
        let key_there = other.key_of(copied.card);
        all.push(json!({
            "key": key_there, "id": copied.card.to_string(), "project": other.info.space.to_string(),
            "commands": send::ids(&copied.there), "left": copied.left,
        }));
        text.push(format!("Copied {} to {key_there} in the project {title}", place.key_of(of)));
        text.extend(copied.left.iter().map(|left| format!("Left behind: {}", line(left))));
    }
    let json = if all.len() == 1 { all.remove(0) } else { json!({ "cards": all }) };
    Ok(Answer::new(json, text.join("\n")))
}

fn done(place: &Place<'_>, sent: &[(CardId, Ticket)], say: impl Fn(&str, CardId) -> String) -> Result<Answer, Failure> {
    let tickets: Vec<Ticket> = sent.iter().map(|(_, ticket)| ticket.clone()).collect();
    send::settle(place, &tickets)?;
    let one = |(card, ticket): &(CardId, Ticket)| json!({ "key": place.key_of(*card), "id": card.to_string(), "command": ticket.command().to_string() });
    let text: Vec<String> = sent.iter().map(|(card, _)| say(&place.key_of(*card), *card)).collect();
    let json = match sent {
        [only] => one(only),
        several => json!({ "cards": several.iter().map(one).collect::<Vec<_>>() }),
    };
    Ok(Answer::new(json, text.join("\n")))
}

/// A limit that only warns is told where it is passed.
fn warned(place: &Place<'_>, column: ColumnId, mut answer: Answer) -> Answer {
    let column = place.space.entity::<Column>(column);
    let count = column.count() as u64;
    if let Some(limit) = column.limit.map(u64::from).filter(|limit| column.limit_warns && count > *limit) {
        answer.text = format!("{}\n{} holds {count} cards, and its limit is {limit}", answer.text, line(&column.name));
        if let [Value::Object(fields)] = answer.json.as_mut_slice() {
            fields.insert("over_limit".to_owned(), json!({ "cards": count, "limit": limit }));
        }
    }
    answer
}

/// A text that is refused here is kept in a file: nothing that a person typed is lost.
pub(super) fn keeping(
    place: &Place<'_>,
    what: &str,
    text: &str,
    outcome: Result<Ticket, SendError>,
) -> Result<Ticket, Failure> {
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
    let now = place.space.text::<Card>(card, Card::DESCRIPTION).map_err(|error| send::failure_at(place, error))?;
    let names = place.names();
    // What only reads another key by now says the same.
    let words = if references::read(&names, &now) == text { now } else { references::kept(&names, &text) };
    let make = |change| Do::Describe { change };
    let tickets = place.space.edit_text::<Card>(card, Claims::default(), &words, make).map_err(|error| {
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

pub(crate) fn show(place: &Place<'_>, key: &str) -> Result<Answer, Failure> {
    let id = place.card(key)?;
    let json = card_json(&place.names(), id).map_err(|error| send::failure_at(place, error))?;
    let text = card_text(place, &json);
    Ok(Answer::new(json, text))
}

/// A card for people, from its JSON: both say the same.
fn card_text(place: &Place<'_>, card: &Value) -> String {
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
    for (name, value) in [
        ("Type", text(&card["type"])),
        ("Labels", list(&card["labels"])),
        ("Members", list(&card["members"])),
        ("Priority", text(&card["priority"])),
        ("Due", text(&card["due"])),
        ("Estimate", text(&card["estimate"])),
        ("Remaining", text(&card["remaining"])),
        ("Blocked", text(&card["blocked"])),
        ("Before", list(&card["former_keys"])),
    ] {
        if !value.is_empty() {
            out.push(format!("{name}: {value}"));
        }
    }
    if let Some(project) = card["elsewhere"]["project"].as_str().and_then(|project| project.parse().ok()) {
        let title = line(&place.names().title_of(project));
        out.push(match (card["elsewhere"]["arrived"] == true, text(&card["elsewhere"]["key"])) {
            (false, _) => format!("It is on its way to the project {title}"),
            (true, key) if key.is_empty() => format!("It is in the project {title} now"),
            (true, key) => format!("It is in the project {title} now: {key}"),
        });
    }
    for (name, value) in card["fields"].as_object().into_iter().flatten() {
        out.push(format!("{}: {}", line(name), value.as_str().map_or_else(|| value.to_string(), line)));
    }
    for relation in card["relations"].as_array().into_iter().flatten() {
        let kind = serde_json::from_value::<RelationKind>(relation["kind"].clone());
        let words = kind.map_or("belongs to", RelationKind::words);
        out.push(format!("It {words} {}", text(&relation["card"])));
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
        let name = text(&attachment["name"]);
        out.push(match attachment["bytes"].as_u64() {
            Some(bytes) => format!("File: {name}  {}", format_size(bytes, DECIMAL)),
            None => format!("Link: {name}  {}", text(&attachment["url"])),
        });
    }
    for comment in card["comments"].as_array().into_iter().flatten() {
        let said = comment["text"].as_str().map(lines).unwrap_or_default();
        let kind = match comment["kind"].as_str() {
            Some("journal") => " (journal)",
            Some("review") => " (review)",
            _ => "",
        };
        out.push(format!("\n{}, {}{kind}:\n{said}", text(&comment["author"]), text(&comment["at"])));
    }
    out.join("\n")
}
