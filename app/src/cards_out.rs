//! The cards of a project for other programs: a table for a spreadsheet, a text for each card, the due days for a calendar.
//!
//! Each is made from the JSON of the command `card`, so all of them say the same.

mod calendar;
mod markdown;
mod table;

use std::io;
use std::path::Path;

use recordplayer_client::SendError;
use recordplayer_kanban::ids::{BoardId, CardId};
use recordplayer_kanban::view::{BoardView, CardNames, CardView};
use recordplayer_kanban::{Board, Card, Column};
use serde_json::{Value, json};

use crate::references;
use crate::said::Names;
use crate::time::exact;
use crate::whole::Whole;

/// How cards are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Comma-separated values: a row for each card.
    Table,
    /// A folder with a Markdown file for each card.
    Texts,
    /// An iCalendar file (RFC 5545): a day for each open card that is due.
    Calendar,
}

/// Why the cards were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotWritten {
    #[error(transparent)]
    Read(#[from] SendError),
    #[error("The file cannot be written: {0}")]
    Disk(#[from] io::Error),
}

/// Writes the cards of a project, or of one board of it, and answers with how many were written. Whoever finds the file finds all of it.
pub(crate) fn write(names: &Names<'_>, board: Option<BoardId>, form: Form, path: &Path) -> Result<u64, NotWritten> {
    let mut count = 0;
    let cards = cards(names, board).into_iter().map(|card| card_json(names, card));
    match form {
        Form::Table => {
            let mut file = Whole::create(path)?;
            count += table::write(&names.project(), cards, &mut file)?;
            file.finish()?;
        }
        Form::Calendar => {
            let mut file = Whole::create(path)?;
            let title = names.title_of(names.space.id());
            count += calendar::write(&title, names.space.id(), cards, &mut file)?;
            file.finish()?;
        }
        Form::Texts => {
            std::fs::create_dir(path)?;
            for card in cards {
                let card = card?;
                let mut file = Whole::create(&path.join(markdown::file_name(&card)))?;
                markdown::write(&card, &mut file)?;
                file.finish()?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// The cards of all boards, or of one, as they stand there: from left to right, from top to bottom, archived ones among them.
fn cards(names: &Names<'_>, board: Option<BoardId>) -> Vec<CardId> {
    let boards = board.map_or_else(|| names.project().boards.clone(), |board| vec![board]);
    let of_board = |board: &BoardId| {
        let view = names.space.view::<BoardView>(*board);
        view.columns().into_iter().flat_map(|column| column.cards.into_iter().map(|(card, _)| card)).collect::<Vec<_>>()
    };
    boards.iter().flat_map(of_board).collect()
}

/// A card as the command `card` answers with it.
pub(crate) fn card_json(names: &Names<'_>, id: CardId) -> Result<Value, SendError> {
    let space = names.space;
    let view = space.view::<CardView>(id);
    let description = space.text::<Card>(id, Card::DESCRIPTION)?;
    let column = view.card.column().map(|column| space.entity::<Column>(column)).unwrap_or_default();
    let board = column.board.map(|board| space.entity::<Board>(board)).unwrap_or_default();
    let project = names.project();
    let json = view.json(
        id,
        &CardNames {
            project: &project,
            column: &column,
            board: &board,
            name_of: &|person| names.name_of(person),
            time_of: &exact,
            key_of: &|card| names.key_of(card),
            description: &description,
        },
    );
    Ok(with_key_elsewhere(names, id, as_read(names, json)))
}

/// With what the cards are called by now to which its texts refer.
fn as_read(names: &Names<'_>, mut card: Value) -> Value {
    let read = |text: &mut Value| {
        if let Some(words) = text.as_str().map(|words| references::read(names, words)) {
            *text = json!(words);
        }
    };
    read(&mut card["description"]);
    read(&mut card["blocked"]);
    for comment in card["comments"].as_array_mut().into_iter().flatten() {
        read(&mut comment["text"]);
    }
    for list in card["checklists"].as_array_mut().into_iter().flatten() {
        for item in list["items"].as_array_mut().into_iter().flatten() {
            read(&mut item["text"]);
        }
    }
    for attachment in card["attachments"].as_array_mut().into_iter().flatten() {
        read(&mut attachment["name"]);
    }
    for (_, value) in card["fields"].as_object_mut().into_iter().flatten() {
        read(value);
    }
    card
}

/// What it is called in the project where it is, for whoever has that one.
fn with_key_elsewhere(names: &Names<'_>, id: CardId, mut card: Value) -> Value {
    let project = card["elsewhere"]["project"].as_str().and_then(|project| project.parse().ok());
    let other = project.and_then(|project| names.device.space(project));
    if let Some(other) = other.filter(|other| other.entity::<Card>(id).is_here()) {
        card["elsewhere"]["key"] = json!(Names::patient(names.device, &other).key_of(id));
    }
    card
}

/// A text of a card, and the items of a list of its.
fn text<'a>(card: &'a Value, name: &str) -> &'a str {
    card[name].as_str().unwrap_or_default()
}

fn list<'a>(card: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    card[name].as_array().into_iter().flatten()
}

fn texts(card: &Value, name: &str) -> Vec<String> {
    list(card, name).filter_map(Value::as_str).map(str::to_owned).collect()
}
