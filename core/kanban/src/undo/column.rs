//! Columns.

use super::{Scene, Undoable};
use crate::column::{Column, ColumnCommand as C, ColumnEvent as E};

impl Undoable for Column {
    fn slot(event: &E) -> Option<String> {
        Some(match event {
            E::Added { .. } => "made".to_owned(),
            E::Renamed { .. } => "name".to_owned(),
            E::KindSet { .. } => "kind".to_owned(),
            E::LimitSet { .. } => "limit".to_owned(),
            E::WorkersSet { .. } => "workers".to_owned(),
            E::ReviewersSet { .. } => "reviewers".to_owned(),
            E::AutoMoveSet { .. } => "auto-move".to_owned(),
            E::WorkflowSet { .. } => "workflow".to_owned(),
            E::WaysOutSet { .. } => "ways out".to_owned(),
            E::RowSet { row, .. } | E::RowRemoved { row } => format!("row {row}"),
            E::Archived {} | E::Restored {} => "archived".to_owned(),
            E::Removed { .. } => "removed".to_owned(),
            E::CardEntered { .. }
            | E::CardReordered { .. }
            | E::CardLeft { .. }
            | E::CardWaits { .. }
            | E::CardWaitsNoMore { .. }
            | E::CardArchived { .. }
            | E::BoardSet { .. } => return None,
        })
    }

    fn is_making(event: &E) -> bool {
        matches!(event, E::Added { .. })
    }

    fn is_away(&self) -> bool {
        self.archived || self.removed.is_some()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn restore(before: &Self, event: &E, scene: &Scene<'_>) -> Result<Vec<C>, &'static str> {
        Ok(vec![match event {
            E::Added { .. } if scene.holds_more(scene.id.into()) => return Err("it holds cards that stay"),
            E::Added { .. } => C::Archive {},
            E::Renamed { .. } => C::Rename { name: before.name.clone() },
            E::KindSet { .. } => C::SetKind { kind: before.kind },
            E::LimitSet { .. } => C::SetLimit { limit: before.limit, warns: before.limit_warns },
            E::WorkersSet { .. } => C::SetWorkers { roles: before.rights.workers.clone() },
            E::ReviewersSet { .. } => C::SetReviewers { roles: before.rights.reviewers.clone() },
            E::AutoMoveSet { .. } => C::SetAutoMove { to: before.auto_move },
            E::WaysOutSet { .. } => C::SetWaysOut { to: before.ways_out.clone() },
            E::WorkflowSet { .. } => C::SetWorkflow { to: before.leads_to.clone() },
            E::RowSet { row, .. } | E::RowRemoved { row } => match before.rows.iter().find(|other| other.id == *row) {
                None => C::RemoveRow { row: *row },
                Some(known) => C::SetRow { row: *row, name: known.name.clone() },
            },
            E::Archived {} | E::Restored {} if before.archived => C::Archive {},
            E::Archived {} | E::Restored {} => C::Restore {},
            E::Removed { .. } => return Err("a column that was removed stays so; add it again, and move the cards"),
            E::CardEntered { .. }
            | E::CardReordered { .. }
            | E::CardLeft { .. }
            | E::CardWaits { .. }
            | E::CardWaitsNoMore { .. }
            | E::CardArchived { .. }
            | E::BoardSet { .. } => return Ok(Vec::new()),
        }])
    }
}
