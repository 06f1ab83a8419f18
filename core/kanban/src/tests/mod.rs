//! The product's rules: what was, one command, what comes of it.

mod boards;
mod cards;
mod columns;
mod details;
mod files;
mod imports;
mod imports_of_others;
mod journeys;
mod later_exports;
mod personal;
mod places;
mod reports;
mod roles;
mod shape;
mod thin;
mod typed;
mod undone;
mod views;
mod waiting;
mod work;

use recordplayer::id::{ActorId, Id};
use recordplayer::testing::{Given, SPACE, given};

use crate::board::BoardCommand;
use crate::card::CardCommand;
use crate::column::{ColumnCommand, ColumnKind};
use crate::ids::{BoardId, CardId, ColumnId};
use crate::key::CardRef;
use crate::project::ProjectCommand;
use crate::view::{Found, KeysView};
use crate::{Board, Card, Column, Project, domain};

const BOARD: BoardId = BoardId(Id([0xb0; 16]));
const TODO: ColumnId = ColumnId(Id([0xc1; 16]));
const DOING: ColumnId = ColumnId(Id([0xc2; 16]));
const ANN: ActorId = ActorId(Id([0xa1; 16]));

fn card(number: u8) -> CardId {
    CardId(Id([number; 16]))
}

/// A project with the key REC and nothing else.
fn project() -> Given {
    given(domain()).sent::<Project>(SPACE.0, ProjectCommand::SetUp { key: "REC".into() })
}

fn add_column(name: &str, kind: ColumnKind) -> ColumnCommand {
    ColumnCommand::Add { board: BOARD, name: name.into(), kind, before: None }
}

/// A board with "To do" and "Doing".
fn board() -> Given {
    project()
        .sent::<Board>(BOARD, BoardCommand::Add { title: "Turntable".into() })
        .sent::<Column>(TODO, add_column("To do", ColumnKind::Ready))
        .sent::<Column>(DOING, add_column("Doing", ColumnKind::Active))
}

fn create(column: ColumnId, title: &str) -> CardCommand {
    CardCommand::Create { column, title: title.into(), before: None, exempt: false, typed: None }
}

fn move_to(column: ColumnId, before: Option<CardId>) -> CardCommand {
    CardCommand::MoveTo { column, before, row: None, exempt: false }
}

/// The board with cards 1 to `count` in "To do", in this order.
fn cards(count: u8) -> Given {
    (1..=count).fold(board(), |given, number| given.sent::<Card>(card(number), create(TODO, &format!("Card {number}"))))
}

/// What a text leads to that names a card.
fn found(given: &Given, text: &str) -> Found {
    let named = text.parse::<CardRef>().unwrap();
    given.view::<KeysView>(KeysView::key_of("REC", &named)).find("REC", &named)
}

fn order(given: &Given, column: ColumnId) -> Vec<u8> {
    given.model::<Column>(column).places.iter().map(|place| place.card.0.0[0]).collect()
}
