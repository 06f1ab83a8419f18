//! How many cards stood where, day by day.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::view::Key;
use serde::Serialize;

use super::days::DayNumber;
use super::scene::{ColumnName, Period, Scene, Source};
use super::table::csv;
use crate::column::ColumnKind;
use crate::ids::ColumnId;
use crate::view::{FlowView, Traffic};

/// Cumulative flow: how many cards each column held at the end of each day.
///
/// Archived cards count in done and cancelled columns, which they have come to the end in, and nowhere else. A card that went to another
/// project is in none from then on; one that came from there is in none before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flow {
    pub period: Period,
    /// Those in which there was a card on some day of the period.
    pub columns: Vec<ColumnName>,
    pub days: Vec<FlowDay>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowDay {
    pub day: DayNumber,
    /// In the order of the columns.
    pub cards: Vec<u64>,
}

/// The running sum of one column.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    open: i64,
    kept: i64,
}

impl Level {
    fn add(&mut self, traffic: &Traffic) {
        self.open += traffic.open();
        self.kept += traffic.kept();
    }

    fn shown(self, kind: ColumnKind) -> u64 {
        let cards = if kind.is_end() { self.open + self.kept } else { self.open };
        cards.max(0).cast_unsigned()
    }
}

impl Flow {
    pub fn of<S: Source>(scene: &Scene<'_, S>) -> Self {
        let Period { from, to } = scene.period;
        // What came before the first day is there when it begins.
        let mut traffic: BTreeMap<DayNumber, BTreeMap<ColumnId, Level>> = BTreeMap::new();
        let spans = scene.source.view::<FlowView>(Key::whole_space()).spans;
        for span in spans.into_iter().flat_map(|spans| spans.between(spans.first, scene.last_span())) {
            for (quarter, columns) in &scene.source.view::<FlowView>(span.key()).quarters {
                let day = scene.days.of(quarter.start()).max(from);
                let of_day = traffic.entry(day).or_default();
                for (column, counted) in columns {
                    of_day.entry(*column).or_default().add(counted);
                }
            }
        }
        let mut levels: BTreeMap<ColumnId, Level> = BTreeMap::new();
        let mut days: Vec<(DayNumber, BTreeMap<ColumnId, u64>)> = Vec::new();
        for day in scene.period.days() {
            for (column, change) in traffic.remove(&day).unwrap_or_default() {
                let level = levels.entry(column).or_default();
                level.open += change.open;
                level.kept += change.kept;
            }
            let asked = levels.iter().filter(|(column, _)| scene.is_asked(**column));
            let shown = asked.map(|(column, level)| (*column, level.shown(scene.kind(*column))));
            days.push((day, shown.filter(|(_, cards)| *cards > 0).collect()));
        }
        let held: BTreeSet<ColumnId> = days.iter().flat_map(|(_, cards)| cards.keys().copied()).collect();
        let columns = scene.in_order(held);
        let days = days.into_iter().map(|(day, cards)| {
            let cards = columns.iter().map(|column| cards.get(&column.id).copied().unwrap_or_default());
            FlowDay { day, cards: cards.collect() }
        });
        let days = days.collect();
        Self { period: Period { from, to }, columns, days }
    }

    /// How many cards were in all columns of a kind at the end of a day.
    pub fn of_kind(&self, day: &FlowDay, kind: ColumnKind) -> u64 {
        self.columns.iter().zip(&day.cards).filter(|(column, _)| column.kind == kind).map(|(_, cards)| cards).sum()
    }

    /// A line for each day, with a column for each column of the boards.
    pub fn to_csv(&self) -> String {
        let names = self.columns.iter().map(|column| format!("{} / {}", column.board, column.column));
        let headings: Vec<String> = ["day".to_owned()].into_iter().chain(names).collect();
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        let rows = self.days.iter().map(|of| {
            let cards = of.cards.iter().map(ToString::to_string);
            [of.day.to_string()].into_iter().chain(cards).collect()
        });
        csv(&headings, rows)
    }
}
