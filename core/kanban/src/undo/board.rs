//! Boards.

use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;

use super::{Scene, Undoable};
use crate::board::{Board, BoardCommand, BoardEvent};
use crate::column::{Column, ColumnCommand};

impl Undoable for Board {
    fn slot(event: &BoardEvent) -> Option<String> {
        match event {
            BoardEvent::Added { .. } => Some("made".to_owned()),
            BoardEvent::Renamed { .. } => Some("title".to_owned()),
            BoardEvent::Archived {} | BoardEvent::Restored {} => Some("archived".to_owned()),
            BoardEvent::Split { .. } | BoardEvent::Merged { .. } => Some("columns".to_owned()),
            BoardEvent::ColumnPlaced { column, .. } => Some(format!("place {column}")),
            BoardEvent::ColumnRemoved { .. } | BoardEvent::Imported {} => None,
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

    fn restore_elsewhere(before: &Self, event: &BoardEvent) -> Result<Vec<Intent>, CodecError> {
        let BoardEvent::ColumnPlaced { column, .. } = event else { return Ok(Vec::new()) };
        let Some(at) = before.columns.iter().position(|other| other == column) else { return Ok(Vec::new()) };
        let back = ColumnCommand::Move { before: before.columns.get(at + 1).copied() };
        Ok(vec![Intent::of::<Column>(*column, &back)?])
    }

    fn restore(before: &Self, event: &BoardEvent, scene: &Scene<'_>) -> Result<Vec<BoardCommand>, &'static str> {
        match event {
            BoardEvent::Added { .. } => {
                let board = scene.models.get::<Board>(scene.id);
                match () {
                    () if board.columns.iter().any(|column| scene.holds_more(*column)) => {
                        Err("it holds cards that stay")
                    }
                    // They had stood on another board, or somebody has added them since.
                    () if board.columns.iter().any(|column| scene.stays(*column)) => {
                        Err("it has columns that stay; merge it into another board")
                    }
                    () => Ok(vec![BoardCommand::Archive {}]),
                }
            }
            BoardEvent::Renamed { .. } => Ok(vec![BoardCommand::Rename { title: before.title().to_owned() }]),
            BoardEvent::Archived {} | BoardEvent::Restored {} if before.archived => Ok(vec![BoardCommand::Archive {}]),
            BoardEvent::Archived {} | BoardEvent::Restored {} => Ok(vec![BoardCommand::Restore {}]),
            BoardEvent::Split { .. } => Err("what was split off stays so; merge the boards"),
            BoardEvent::Merged { .. } => Err("what was merged stays so; split the board"),
            BoardEvent::ColumnPlaced { .. } | BoardEvent::ColumnRemoved { .. } | BoardEvent::Imported {} => {
                Ok(Vec::new())
            }
        }
    }
}
