//! A board as it is or as it was, and the history that led there.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use recordplayer::entity::Entity;
use recordplayer::membership::Membership;
use recordplayer::playback::{PlaybackError, Step};
use recordplayer::record::Position;
use recordplayer::time::Timestamp;
use recordplayer_kanban::board::BoardCommand as Do;
use recordplayer_kanban::column::WayOut;
use recordplayer_kanban::ids::{BoardId, CardId};
use recordplayer_kanban::view::{BoardView, Looking, happened};
use recordplayer_kanban::{Board, Card, Column, Comment, Role};
use serde_json::{Value, json};

use super::answer::{Answer, DAMAGED, Failure, NOT_IN_TIME, WRONG_USE, line, time};
use super::arguments::BoardCommand;
use super::place::{BoardPlace, Place};
use super::send;
use crate::founding::add_board;
use crate::said::SOMEBODY;

pub(crate) fn run(place: &Place<'_>, command: &BoardCommand) -> Result<Answer, Failure> {
    let (id, command, done) = match command {
        BoardCommand::New { title } => {
            let (board, tickets) = add_board(&place.space, title).map_err(|error| send::failure_at(place, error))?;
            send::settle(place, &tickets)?;
            let json = json!({ "board": title, "id": board.to_string(), "commands": send::ids(&tickets) });
            return Ok(Answer::new(json, format!("Added the board {}", line(title))));
        }
        BoardCommand::Rename { board, title } => {
            let done = format!("Renamed the board to {}", line(title));
            (place.board(Some(board))?.id, Do::Rename { title: title.clone() }, done)
        }
        BoardCommand::Archive { board } => {
            (place.board(Some(board))?.id, Do::Archive {}, format!("Archived the board {}", line(board)))
        }
        BoardCommand::Restore { board } => {
            (place.archived_board(board)?.id, Do::Restore {}, format!("Restored the board {}", line(board)))
        }
        BoardCommand::Split { board, title, columns } => {
            let id = place.board(Some(board))?.id;
            let columns = columns.iter().map(|column| place.column(column, Some(id)));
            let columns = columns.collect::<Result<BTreeSet<_>, _>>()?;
            let into = BoardId(place.space.fresh_id());
            let done = format!("Split {}: {} is a board of its own", line(board), line(title));
            (id, Do::Split { columns, into, title: title.clone() }, done)
        }
        BoardCommand::Merge { board, into } => {
            let done = format!("Merged {} into {}", line(board), line(into));
            (place.board(Some(board))?.id, Do::Merge { into: place.board(Some(into))?.id }, done)
        }
    };
    let ticket = send::one::<Board>(place, id, &command)?;
    Ok(Answer::new(json!({ "id": id.to_string(), "command": ticket.command().to_string() }), done))
}

pub(crate) fn show(place: &Place<'_>, name: Option<&str>, at: Option<&str>) -> Result<Answer, Failure> {
    let board = place.board(name)?;
    match at {
        None => {
            let view = place.space.view::<BoardView>(board.id);
            let record = place.space.hash().record;
            let at = time_of(place, record)?;
            Ok(answer(place, &board, &view, record, at))
        }
        Some(at) => {
            let mut playback = place.space.playback().map_err(send::failure)?;
            let position = match at.parse::<u64>() {
                Ok(number) => Position(number),
                Err(_) => playback.position_at(moment(at)?).map_err(not_playable)?,
            };
            let (view, record) = {
                let moment = playback.at(position).map_err(not_playable)?;
                (moment.view::<BoardView>(board.id), moment.head().position)
            };
            let at = time_of(place, record)?;
            Ok(answer(place, &board, &view, record, at))
        }
    }
}

/// A record that came just now is on its way to the disk, from which the past is read: how often it is looked for, ten seconds in all.
const LOOKS: u32 = 200;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The effective time of the commit that ends at a record.
fn time_of(place: &Place<'_>, record: Position) -> Result<Option<Timestamp>, Failure> {
    let mut playback = place.space.playback().map_err(send::failure)?;
    let after = Position(record.0.saturating_sub(1));
    let mut looks = 1;
    loop {
        let mut at = None;
        let found = playback.walk(after, record, |step| {
            at = Some(step.record.origin.effective_time());
            ControlFlow::Continue(())
        });
        match found {
            Ok(()) => return Ok(at),
            // A device that joined lately has the present without all of the past.
            Err(PlaybackError::NotHere { .. }) => return Ok(None),
            Err(PlaybackError::NotYet { .. }) if looks < LOOKS => {
                looks += 1;
                std::thread::park_timeout(LOOK_AGAIN);
            }
            Err(error) => return Err(not_playable(error)),
        }
    }
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed.map(|at| Timestamp(at.as_millisecond())).map_err(|_| {
        Failure::new(
            WRONG_USE,
            "bad_time",
            format!("{text:?} is neither a record's number nor a time"),
            "Write a number, or a time such as 2026-11-24T09:00:00Z",
        )
    })
}

pub(crate) fn not_playable(error: PlaybackError) -> Failure {
    match &error {
        PlaybackError::NotYet { .. } => {
            Failure::new(WRONG_USE, "no_such_record", error, "See \"recordplayer history\"")
        }
        PlaybackError::NotHere { .. } => Failure::new(NOT_IN_TIME, "history_missing", error, "Sync until it is here"),
        PlaybackError::Read(_) => Failure::new(DAMAGED, "unreadable", error, "Sync: a damaged copy is fetched anew"),
    }
}

fn answer(
    place: &Place<'_>,
    board: &BoardPlace,
    view: &Arc<BoardView>,
    record: Position,
    at: Option<Timestamp>,
) -> Answer {
    let (members, me) = (place.space.entity::<Membership>(place.space.id().0), place.space.actor());
    let role = Role::of(me, &members);
    let me = role.as_ref().map(|role| (me.into(), role));
    let column_of = |column| place.column_now(column).map(|column| place.column_name(column));
    let way_of = |way: &WayOut| {
        let other = place.other(&way.project.to_string());
        let Ok(other) = other else { return Some((way.project.to_string(), way.column.to_string())) };
        let column = other.column_now(way.column)?;
        Some((other.info.title.clone(), other.column_name(column)))
    };
    let name_of = |person| place.name_of(person);
    let columns = view.columns_json(Looking { name_of: &name_of, column_of: &column_of, way_of: &way_of, me });
    let text = board_text(&board.title, &columns);
    let json = json!({
        "project": place.info.title, "board": board.title, "record": record.0, "at": at.map(time), "columns": columns,
    });
    Answer::new(json, text)
}

/// A board for people, from its JSON.
fn board_text(title: &str, columns: &Value) -> String {
    let mut out = vec![line(title)];
    for column in columns.as_array().into_iter().flatten().filter(|column| column["archived"] == false) {
        let cards: Vec<&Value> =
            column["cards"].as_array().into_iter().flatten().filter(|card| card["archived"] == false).collect();
        let limit = column["limit"].as_u64().map(|limit| format!("/{limit}")).unwrap_or_default();
        out.push(format!("\n{}  {}{limit}", line(column["name"].as_str().unwrap_or_default()), cards.len()));
        let key_of = |card: &Value| card["key"].as_str().unwrap_or_default().to_owned();
        let width = cards.iter().map(|card| key_of(card).len()).max().unwrap_or_default();
        for card in cards {
            let title = line(Card::shown_title(card["title"].as_str().unwrap_or_default()));
            out.push(format!("  {:width$}  {title}{}", key_of(card), work_text(card)));
        }
    }
    out.join("\n")
}

/// How far the work on a card is, and whether it is the turn of whoever looks.
fn work_text(card: &Value) -> String {
    let text = |key: &str| card[key].as_str();
    let row = text("row").map(line);
    let stage = match (text("stage"), text("taken_by")) {
        (Some("doing"), Some(by)) => Some(format!("doing, {}", line(by))),
        (Some("to_review"), Some(by)) => Some(format!("to review, {}", line(by))),
        (Some("doing"), None) => Some("doing".to_owned()),
        (Some("to_review"), None) => Some("to review".to_owned()),
        _ => (card["done"] == true).then(|| "done".to_owned()),
    };
    let turn = match text("turn") {
        Some("take") => Some("yours to take".to_owned()),
        Some("work") => Some("yours to do".to_owned()),
        Some("review") => Some("yours to review".to_owned()),
        _ => None,
    };
    let said: Vec<String> = [row, stage, turn].into_iter().flatten().collect();
    if said.is_empty() { String::new() } else { format!("  ({})", said.join("; ")) }
}

/// Whether a record is of the board, of something on it, or of a card that has just left it.
fn is_on(step: &Step<'_>, board: BoardId) -> bool {
    let (stream, models) = (&step.record.stream, step.models);
    let of_card = |card: CardId| {
        let card = models.get::<Card>(card);
        let before = card.lately.before_last(step.record.origin.command);
        card.board(models) == Some(board)
            || before.is_some_and(|came| models.get::<Column>(came.column).board == Some(board))
    };
    match &*stream.kind {
        Board::KIND => stream.id == board.0,
        Column::KIND => models.get::<Column>(stream.id).board == Some(board),
        Card::KIND => of_card(CardId(stream.id)),
        Comment::KIND => models.get::<Comment>(stream.id).card.is_some_and(of_card),
        _ => false,
    }
}

/// What happened, a line for each thing that a person did.
pub(crate) fn history(place: &Place<'_>, key: Option<&str>) -> Result<Answer, Failure> {
    let card = key.map(|key| place.card(key)).transpose()?;
    let board = place.board.as_ref().filter(|_| key.is_none()).map(|board| place.board(Some(board))).transpose()?;
    let board = board.map(|board| board.id);
    let mut playback = place.space.playback().map_err(send::failure)?;
    let last = playback.end().map_err(not_playable)?;
    let mut entries = Vec::new();
    playback
        .walk(Position::START, last, |step| {
            if let Some(entry) = happened(step.record, step.models)
                && (card.is_none() || entry.card == card)
                && board.is_none_or(|board| is_on(&step, board))
            {
                entries.push(entry);
            }
            ControlFlow::Continue(())
        })
        .map_err(not_playable)?;
    let mut json = Vec::with_capacity(entries.len());
    let mut text = Vec::with_capacity(entries.len());
    for entry in entries {
        let key = entry.card.map(|card| place.key_of(card));
        let actor = entry.actor.map(|actor| place.name_of(actor.into()).unwrap_or_else(|| actor.to_string()));
        let what = place.named(&entry.what);
        let shown_at = time(entry.happened_at.unwrap_or(entry.at));
        let about = key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
        text.push(format!(
            "{:>6}  {shown_at}  {about}{} {}",
            entry.record.0,
            line(actor.as_deref().unwrap_or(SOMEBODY)),
            line(&what)
        ));
        json.push(json!({
            "record": entry.record.0, "name": &*entry.name, "card": key, "actor": actor, "at": time(entry.at),
            "happened_at": entry.happened_at.map(time), "what": what,
        }));
    }
    Ok(Answer::lines(json, text.join("\n")))
}
