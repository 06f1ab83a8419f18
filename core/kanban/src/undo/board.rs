//! Boards and their columns.

use super::{Scene, Undoable};
use crate::board::{Board, BoardCommand, BoardEvent};
use crate::column::{Column, ColumnCommand, ColumnEvent};

impl Undoable for Board {
    fn slot(event: &BoardEvent) -> Option<String> {
        match event {
            BoardEvent::Added { .. } => Some("made".to_owned()),
            BoardEvent::Renamed { .. } => Some("title".to_owned()),
            BoardEvent::Archived {} | BoardEvent::Restored {} => Some("archived".to_owned()),
            BoardEvent::ColumnPlaced { .. } => None,
        }
    }

    fn is_making(event: &BoardEvent) -> bool {
        matches!(event, BoardEvent::Added { .. })
    }

    fn is_away(&self) -> bool {
        self.archived
    }

    fn name(&self) -> String {
        self.title().to_owned()
    }

    fn restore(before: &Self, event: &BoardEvent, scene: &Scene<'_>) -> Result<Vec<BoardCommand>, &'static str> {
        match event {
            BoardEvent::Added { .. } => {
                let board = scene.models.get::<Board>(scene.id);
                let is_used = board.columns.iter().any(|column| scene.holds_more(*column));
                if is_used { Err("it holds cards that stay") } else { Ok(vec![BoardCommand::Archive {}]) }
            }
            BoardEvent::Renamed { .. } => Ok(vec![BoardCommand::Rename { title: before.title().to_owned() }]),
            BoardEvent::Archived {} | BoardEvent::Restored {} if before.archived => Ok(vec![BoardCommand::Archive {}]),
            BoardEvent::Archived {} | BoardEvent::Restored {} => Ok(vec![BoardCommand::Restore {}]),
            BoardEvent::ColumnPlaced { .. } => Ok(Vec::new()),
        }
    }
}

impl Undoable for Column {
    fn slot(event: &ColumnEvent) -> Option<String> {
        match event {
            ColumnEvent::Added { .. } => Some("made".to_owned()),
            ColumnEvent::Renamed { .. } => Some("name".to_owned()),
            ColumnEvent::KindSet { .. } => Some("kind".to_owned()),
            ColumnEvent::LimitSet { .. } => Some("limit".to_owned()),
            ColumnEvent::Archived {} | ColumnEvent::Restored {} => Some("archived".to_owned()),
            ColumnEvent::CardEntered { .. } | ColumnEvent::CardReordered { .. } | ColumnEvent::CardLeft { .. } => None,
        }
    }

    fn is_making(event: &ColumnEvent) -> bool {
        matches!(event, ColumnEvent::Added { .. })
    }

    fn is_away(&self) -> bool {
        self.archived
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn restore(before: &Self, event: &ColumnEvent, scene: &Scene<'_>) -> Result<Vec<ColumnCommand>, &'static str> {
        Ok(vec![match event {
            ColumnEvent::Added { .. } if scene.holds_more(scene.id.into()) => return Err("it holds cards that stay"),
            ColumnEvent::Added { .. } => ColumnCommand::Archive {},
            ColumnEvent::Renamed { .. } => ColumnCommand::Rename { name: before.name.clone() },
            ColumnEvent::KindSet { .. } => ColumnCommand::SetKind { kind: before.kind },
            ColumnEvent::LimitSet { .. } => ColumnCommand::SetLimit { limit: before.limit },
            ColumnEvent::Archived {} | ColumnEvent::Restored {} if before.archived => ColumnCommand::Archive {},
            ColumnEvent::Archived {} | ColumnEvent::Restored {} => ColumnCommand::Restore {},
            ColumnEvent::CardEntered { .. } | ColumnEvent::CardReordered { .. } | ColumnEvent::CardLeft { .. } => {
                return Ok(Vec::new());
            }
        }])
    }
}
