//! Where the cards stand.

use std::collections::BTreeMap;

use serde::Serialize;

use super::days::DayNumber;
use super::scene::{ColumnName, Scene, Source, Standing};
use super::table::{csv, word};
use crate::card::Stage;
use crate::ids::ColumnId;

/// How many cards are in each column now, and how they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct States {
    pub today: DayNumber,
    /// Those in which there are cards, archived ones too.
    pub columns: Vec<ColumnState>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnState {
    #[serde(flatten)]
    pub column: ColumnName,
    /// Those that are not archived; the following, but for the last, are of them.
    pub cards: u64,
    pub to_do: u64,
    pub doing: u64,
    pub to_review: u64,
    /// With the tick "finished".
    pub ticked: u64,
    pub blocked: u64,
    /// Those in backlog, ready and active columns whose due day is before today.
    pub overdue: u64,
    /// The sum of their estimates, in hundredths.
    pub estimate_hundredths: u64,
    pub archived: u64,
}

impl States {
    /// `today` is the day of the project's calendar.
    pub fn of<S: Source>(scene: &Scene<'_, S>, today: DayNumber) -> Self {
        let sheets = scene.sheets();
        let mut columns: BTreeMap<ColumnId, ColumnState> = BTreeMap::new();
        let asked = sheets.iter().map(|(_, sheet)| sheet.column).filter(|column| scene.is_asked(*column));
        for column in scene.in_order(asked.collect()) {
            let nothing = ColumnState {
                column: column.clone(),
                cards: 0,
                to_do: 0,
                doing: 0,
                to_review: 0,
                ticked: 0,
                blocked: 0,
                overdue: 0,
                estimate_hundredths: 0,
                archived: 0,
            };
            columns.insert(column.id, nothing);
        }
        for (_, sheet) in &sheets {
            let Some(state) = columns.get_mut(&sheet.column) else { continue };
            if sheet.archived {
                state.archived += 1;
                continue;
            }
            state.cards += 1;
            match sheet.stage {
                Stage::ToDo => state.to_do += 1,
                Stage::Doing => state.doing += 1,
                Stage::ToReview => state.to_review += 1,
            }
            let is_open = scene.standing(sheet) == Standing::Open;
            let is_past = sheet.due.as_ref().is_some_and(|due| DayNumber::from(due) < today);
            state.ticked += u64::from(sheet.ticked);
            state.blocked += u64::from(sheet.blocked);
            state.overdue += u64::from(is_open && is_past);
            state.estimate_hundredths += sheet.estimate.map_or(0, |estimate| u64::from(estimate.hundredths));
        }
        let in_order = scene.in_order(columns.keys().copied().collect());
        Self { today, columns: in_order.iter().filter_map(|column| columns.remove(&column.id)).collect() }
    }

    pub fn to_csv(&self) -> String {
        let rows = self.columns.iter().map(|of| {
            let ColumnName { board, column, kind, .. } = &of.column;
            let work = [of.cards, of.to_do, of.doing, of.to_review, of.ticked, of.blocked, of.overdue];
            let numbers = work.into_iter().chain([of.estimate_hundredths, of.archived]);
            let names = [board.clone(), column.clone(), word(kind)];
            names.into_iter().chain(numbers.map(|number| number.to_string())).collect()
        });
        let headings = [
            "board",
            "column",
            "kind",
            "cards",
            "to_do",
            "doing",
            "to_review",
            "ticked",
            "blocked",
            "overdue",
            "estimate_hundredths",
            "archived",
        ];
        csv(&headings, rows)
    }
}
