//! Which project, board, column or card somebody means.

use recordplayer::Models;
use recordplayer::id::Id;
use recordplayer_client::{Device, Space, SpaceInfo};
use recordplayer_kanban::column::followed;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, PersonId};
use recordplayer_kanban::key::CardRef;
use recordplayer_kanban::view::Found;
use recordplayer_kanban::{Board, Card, Column, Project, is_same_name};
use serde_json::{Value, json};

use super::answer::{DAMAGED, Failure, WRONG_USE};
use super::arguments::Options;
use crate::references::look_up;
use crate::said::Names;

/// The project that is worked on.
pub(crate) struct Place<'a> {
    pub device: &'a Device,
    pub info: SpaceInfo,
    pub space: Space,
    pub options: &'a Options,
    /// The board that `--board` names.
    pub board: Option<String>,
}

/// A board of the project.
#[derive(Clone, Debug)]
pub(crate) struct BoardPlace {
    pub id: BoardId,
    pub title: String,
}

/// Things of one kind among which nobody can choose for the person.
fn ambiguous(what: &str, code: &str, found: &[(Id, String)], help: &str) -> Failure {
    let names: Vec<String> = found.iter().map(|(id, name)| format!("  {name} ({id})")).collect();
    let message = format!("There are several {what}:\n{}", names.join("\n"));
    let details: Vec<Value> = found.iter().map(|(id, name)| json!({ "id": id.to_string(), "name": name })).collect();
    Failure::new(WRONG_USE, code, message, help).with_details(Value::Array(details))
}

/// Whether somebody who types `text` means the thing with that id and name.
fn is_meant(text: &str, id: Id, name: &str) -> bool {
    name == text || id.to_string() == text
}

impl<'a> Place<'a> {
    /// The project of `--project`, or the only one.
    pub fn find(device: &'a Device, options: &'a Options) -> Result<Self, Failure> {
        Self::called(device, options, (options.project.as_deref(), options.board.as_deref()))
    }

    fn called(
        device: &'a Device,
        options: &'a Options,
        (named, board): (Option<&str>, Option<&str>),
    ) -> Result<Self, Failure> {
        let spaces = device.spaces();
        let fits = |info: &SpaceInfo| named.is_none_or(|text| is_meant(text, info.space.0, &info.title));
        let mut found: Vec<SpaceInfo> = spaces.iter().filter(|info| fits(info)).cloned().collect();
        // What is personal is only meant where it is named, and no project is called so.
        if found.is_empty() && named.is_some() {
            found = device.personal_spaces().into_iter().filter(fits).collect();
        }
        let info = match (found.as_slice(), named) {
            ([info], _) => info.clone(),
            ([], Some(text)) => {
                let known: Vec<&str> = spaces.iter().map(|info| info.title.as_str()).collect();
                let failure = Failure::new(
                    WRONG_USE,
                    "unknown_project",
                    format!("There is no project {text:?} on this device"),
                    "See \"recordplayer projects\", or sync first",
                );
                return Err(failure.with_details(json!(known)));
            }
            ([], None) => {
                return Err(Failure::new(
                    WRONG_USE,
                    "no_project",
                    "There is no project on this device yet",
                    "Make one with \"recordplayer project new NAME\", or sync to get those that you are a member of",
                ));
            }
            (several, _) => {
                let found: Vec<_> = several.iter().map(|info| (info.space.0, info.title.clone())).collect();
                return Err(ambiguous("projects", "ambiguous_project", &found, "Name one with --project"));
            }
        };
        let space = device.space(info.space).ok_or_else(|| {
            let message = format!("The copy of the project {:?} on this device cannot be read", info.title);
            Failure::new(
                DAMAGED,
                "unreadable",
                message,
                "Sync: it is fetched anew, and what waits in the outbox is kept",
            )
        })?;
        Ok(Self { device, info, space, options, board: board.map(str::to_owned) })
    }

    /// Another project on this device.
    pub fn other(&self, named: &str) -> Result<Self, Failure> {
        Self::called(self.device, self.options, (Some(named), None))
    }

    /// Looks at the project's entities as they are now.
    pub fn read<T>(&self, read: impl FnOnce(&Models<'_>) -> T) -> Result<T, Failure> {
        self.space.read(read).map_err(super::send::failure)
    }

    pub fn project(&self) -> std::sync::Arc<Project> {
        self.names().project()
    }

    pub fn name_of(&self, person: PersonId) -> Option<String> {
        self.names().name_of(person)
    }

    /// The boards of the project, archived ones last.
    pub fn boards(&self) -> Result<Vec<(BoardPlace, bool)>, Failure> {
        let project = self.project();
        self.read(|models| {
            let place = |id: &BoardId| {
                let board = models.get::<Board>(*id);
                (BoardPlace { id: *id, title: board.title().to_owned() }, board.archived)
            };
            let mut boards: Vec<_> = project.boards.iter().map(place).collect();
            boards.sort_by_key(|(_, archived)| *archived);
            boards
        })
    }

    /// The board of the command's own argument, of `--board`, or the only one.
    pub fn board(&self, named: Option<&str>) -> Result<BoardPlace, Failure> {
        let boards = self.boards()?;
        let text = named.or(self.board.as_deref());
        let fits = |(board, archived): &&(BoardPlace, bool)| match text {
            Some(text) => is_meant(text, board.id.0, &board.title),
            None => !archived,
        };
        let mut found: Vec<&BoardPlace> = boards.iter().filter(fits).map(|(board, _)| board).collect();
        if let Some(text) = text.filter(|_| found.is_empty()) {
            let alike = |(board, archived): &&(BoardPlace, bool)| !archived && is_same_name(&board.title, text);
            found.extend(boards.iter().filter(alike).map(|(board, _)| board));
        }
        match (found.as_slice(), text) {
            ([board], _) => Ok((*board).clone()),
            ([], Some(text)) => {
                let known: Vec<&str> = boards.iter().map(|(board, _)| board.title.as_str()).collect();
                Err(Failure::new(
                    WRONG_USE,
                    "unknown_board",
                    format!("There is no board {text:?} in this project"),
                    "Name one that is there, by its name or id",
                )
                .with_details(json!(known)))
            }
            ([], None) => Err(Failure::new(
                WRONG_USE,
                "no_board",
                "This project has no board yet",
                "Import one, or make a new project",
            )),
            (several, _) => {
                // Of those that are called so, the one that is in use is meant.
                let in_use: Vec<_> = boards.iter().filter(fits).filter(|(_, archived)| !archived).collect();
                if let [(board, _)] = in_use.as_slice() {
                    return Ok(board.clone());
                }
                let found: Vec<_> = several.iter().map(|board| (board.id.0, board.title.clone())).collect();
                Err(ambiguous("boards", "ambiguous_board", &found, "Name one with --board"))
            }
        }
    }

    /// A board that is to be used again: of those that are called so, the archived one.
    pub fn archived_board(&self, text: &str) -> Result<BoardPlace, Failure> {
        let boards = self.boards()?;
        let is_it = |(board, archived): &&(BoardPlace, bool)| *archived && is_meant(text, board.id.0, &board.title);
        let found: Vec<&(BoardPlace, bool)> = boards.iter().filter(is_it).collect();
        if let [(board, _)] = found.as_slice() { Ok(board.clone()) } else { self.board(Some(text)) }
    }

    /// A column by name or id: on the board of `--board`, else on the preferred one, else wherever there is just one. `BOARD/COLUMN` names one
    /// anywhere.
    pub fn column(&self, text: &str, preferred: Option<BoardId>) -> Result<ColumnId, Failure> {
        self.column_of(text, preferred, false)
    }

    /// A column that is to be used again: of those that are called so, the archived one.
    pub fn archived_column(&self, text: &str) -> Result<ColumnId, Failure> {
        self.column_of(text, None, true)
    }

    fn column_of(&self, text: &str, preferred: Option<BoardId>, archived: bool) -> Result<ColumnId, Failure> {
        let boards: Vec<BoardPlace> = match &self.board {
            Some(board) if !text.contains('/') => vec![self.board(Some(board))?],
            _ => self.boards()?.into_iter().filter(|(_, archived)| !archived).map(|(board, _)| board).collect(),
        };
        let placed = text.split_once('/').map(|(board, column)| (board.trim(), column.trim()));
        let (all, found) = self.read(|models| {
            let mut all: Vec<(ColumnId, BoardId, String)> = Vec::new();
            for board in &boards {
                for column in &models.get::<Board>(board.id).columns {
                    all.push((*column, board.id, format!("{} / {}", board.title, models.get::<Column>(*column).name)));
                }
            }
            let title =
                |board: BoardId| boards.iter().find(|known| known.id == board).map(|known| known.title.as_str());
            let is_it = |(column, board, _): &&(ColumnId, BoardId, String)| {
                let name = models.get::<Column>(*column).name.clone();
                let is_placed = |(of, called)| title(*board) == Some(of) && called == name;
                is_meant(text, column.0, &name) || placed.is_some_and(is_placed)
            };
            // What is written otherwise is meant where nothing is written so.
            let is_alike = |(column, board, _): &&(ColumnId, BoardId, String)| {
                let name = models.get::<Column>(*column).name.clone();
                let is_of = |of: &str| title(*board).is_some_and(|title| is_same_name(title, of));
                let is_placed = |(of, called): (&str, &str)| is_of(of) && is_same_name(called, &name);
                is_same_name(text, &name) || placed.is_some_and(is_placed)
            };
            let mut found: Vec<_> = all.iter().filter(is_it).cloned().collect();
            if found.is_empty() {
                found.extend(all.iter().filter(is_alike).cloned());
            }
            (all, found)
        })?;
        let on_preferred: Vec<_> = found.iter().filter(|(_, board, _)| Some(*board) == preferred).cloned().collect();
        let open = |columns: &[(ColumnId, BoardId, String)]| {
            let is_open = |column: ColumnId| self.space.entity::<Column>(column).archived == archived;
            columns.iter().filter(|(column, ..)| is_open(*column)).cloned().collect::<Vec<_>>()
        };
        // Two columns of one name are told apart by where they are, then by what is archived.
        let is_one = if archived { [open(&on_preferred), open(&found)].concat() } else { Vec::new() };
        let narrowed = [is_one, on_preferred.clone(), open(&on_preferred), found.clone(), open(&found)];
        if let Some([(column, ..)]) = narrowed.iter().map(Vec::as_slice).find(|columns| columns.len() == 1) {
            return Ok(*column);
        }
        let named = |columns: &[(ColumnId, BoardId, String)]| {
            columns.iter().map(|(id, _, name)| (id.0, name.clone())).collect::<Vec<_>>()
        };
        if found.is_empty() {
            let known: Vec<String> = all.iter().map(|(_, _, name)| name.clone()).collect();
            return Err(Failure::new(
                WRONG_USE,
                "unknown_column",
                format!("There is no column {text:?}"),
                "Name one that is there, by its name or id",
            )
            .with_details(json!(known)));
        }
        Err(ambiguous(
            "columns of that name",
            "ambiguous_column",
            &named(&found),
            "Name it as BOARD/COLUMN, the board with --board, or the column by its id",
        ))
    }

    /// The column that is meant by one that may have been removed: its heir. None where there is none, or it is archived.
    pub fn column_now(&self, column: ColumnId) -> Option<ColumnId> {
        let (now, column) = followed(column, |column| self.space.entity::<Column>(column));
        (column.exists() && !column.archived).then_some(now)
    }

    /// What a column is called here, with its board where the project has several.
    pub fn column_name(&self, column: ColumnId) -> String {
        let column = self.space.entity::<Column>(column);
        let board = column.board.filter(|_| self.project().boards.len() > 1);
        let board = board.map(|board| self.space.entity::<Board>(board).title().to_owned());
        board.map_or_else(|| column.name.clone(), |board| format!("{board}/{}", column.name))
    }

    /// The board that a card is on.
    pub fn board_of(&self, card: &Card) -> Option<BoardId> {
        self.space.entity::<Column>(card.column()?).board
    }

    /// A card by its key, provisional key or id.
    pub fn card(&self, text: &str) -> Result<CardId, Failure> {
        let card: CardRef = text
            .parse()
            .map_err(|error: recordplayer_kanban::key::CardRefError| Failure::new(WRONG_USE, "bad_key", error, ""))?;
        let (card, found) = look_up(&self.space, card);
        match found {
            Found::One(card) => Ok(card),
            Found::Nothing => Err(Failure::new(
                WRONG_USE,
                "unknown_card",
                format!("There is no card {card} in this project"),
                "Look at the board, or sync first",
            )),
            Found::Several(cards) => {
                let named: Vec<_> =
                    cards.iter().map(|card| (card.0, self.space.entity::<Card>(*card).title.clone())).collect();
                Err(ambiguous("cards whose ids begin so", "ambiguous_card", &named, "Use more digits, or the whole id"))
            }
        }
    }

    /// A sentence of a refusal or of the history with names and keys in place of the ids that a record holds.
    pub fn named(&self, sentence: &str) -> String {
        self.names().named(sentence)
    }

    /// What people call a card.
    pub fn key_of(&self, card: CardId) -> String {
        self.names().key_of(card)
    }

    pub fn names(&self) -> Names<'_> {
        Names::patient(self.device, &self.space)
    }
}
