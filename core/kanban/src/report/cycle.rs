//! How long cards take.

use std::collections::BTreeMap;

use recordplayer::time::Timestamp;
use serde::Serialize;

use super::scene::{ColumnName, Period, Scene, Source};
use super::table::{csv, word};
use crate::column::ColumnKind;
use crate::ids::ColumnId;
use crate::view::Sheet;

/// How long the cards took that were finished in the period: those that are in a done column, archived there or not, and came into one last on
/// one of its days. A card that left the done columns again is not finished, until it comes back.
///
/// Overall, the time from a card's first entry into an active column to its last entry into a done one; by column, the time that it was there
/// and open, all its stays together, whatever it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CycleTime {
    pub period: Period,
    pub overall: Durations,
    /// Finished, but never in an active column: no time is known of them.
    pub never_active: u64,
    /// Those columns in which finished cards were and where something is done or waits: backlog, ready and active ones.
    pub columns: Vec<TimeInColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeInColumn {
    #[serde(flatten)]
    pub column: ColumnName,
    #[serde(flatten)]
    pub times: Durations,
}

/// Times in milliseconds. A percentile is by the nearest rank: the least of them that so many in a hundred do not exceed, always a time that
/// some card took. The mean is rounded down. All are 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Durations {
    pub count: u64,
    pub mean_ms: i64,
    pub p50_ms: i64,
    pub p85_ms: i64,
    pub p95_ms: i64,
}

impl Durations {
    pub fn of(mut times_ms: Vec<i64>) -> Self {
        times_ms.sort_unstable();
        let count = times_ms.len();
        let percentile = |percent: usize| {
            let rank = (count * percent).div_ceil(100);
            rank.checked_sub(1).map_or(0, |at| times_ms[at])
        };
        let sum: i128 = times_ms.iter().copied().map(i128::from).sum();
        let mean_ms = i64::try_from(sum / (count as i128).max(1)).unwrap_or(i64::MAX);
        let (p50_ms, p85_ms, p95_ms) = (percentile(50), percentile(85), percentile(95));
        Self { count: count as u64, mean_ms, p50_ms, p85_ms, p95_ms }
    }
}

/// When a card was finished, if it is, and when it became active first.
pub(super) struct Finish {
    pub at: Timestamp,
    pub active: Option<Timestamp>,
}

impl Finish {
    pub fn of<S: Source>(sheet: &Sheet, scene: &Scene<'_, S>) -> Option<Self> {
        if scene.kind(sheet.column) != ColumnKind::Done {
            return None;
        }
        let in_columns = |kind| sheet.stays.iter().filter(move |(column, _)| scene.kind(**column) == kind);
        let at = in_columns(ColumnKind::Done).map(|(_, stay)| stay.last).max()?;
        Some(Self { at, active: in_columns(ColumnKind::Active).map(|(_, stay)| stay.first).min() })
    }
}

impl CycleTime {
    pub fn of<S: Source>(scene: &Scene<'_, S>) -> Self {
        let (mut overall, mut never_active) = (Vec::new(), 0);
        let mut in_columns: BTreeMap<ColumnId, Vec<i64>> = BTreeMap::new();
        for (_, sheet) in scene.sheets().iter().filter(|(_, sheet)| scene.is_asked(sheet.column)) {
            let Some(finish) = Finish::of(sheet, scene) else { continue };
            if !scene.period.contains(scene.days.of(finish.at)) {
                continue;
            }
            match finish.active {
                Some(active) => overall.push((finish.at.0 - active.0).max(0)),
                None => never_active += 1,
            }
            for (column, stay) in &sheet.stays {
                if !scene.kind(*column).is_end() && scene.is_asked(*column) {
                    in_columns.entry(*column).or_default().push(stay.open_ms);
                }
            }
        }
        let names = scene.in_order(in_columns.keys().copied().collect());
        let columns = names.into_iter().map(|column| {
            let times = Durations::of(in_columns.remove(&column.id).unwrap_or_default());
            TimeInColumn { column, times }
        });
        Self { period: scene.period, columns: columns.collect(), overall: Durations::of(overall), never_active }
    }

    /// A line for the whole, with no column, and one for each column.
    pub fn to_csv(&self) -> String {
        let row = |[board, column, kind]: [String; 3], times: &Durations| {
            let numbers = [times.mean_ms, times.p50_ms, times.p85_ms, times.p95_ms].map(|number| number.to_string());
            [board, column, kind, times.count.to_string()].into_iter().chain(numbers).collect::<Vec<_>>()
        };
        let columns = self.columns.iter().map(|of| {
            let ColumnName { board, column, kind, .. } = &of.column;
            row([board.clone(), column.clone(), word(kind)], &of.times)
        });
        let overall = row(Default::default(), &self.overall);
        let headings = ["board", "column", "kind", "cards", "mean_ms", "p50_ms", "p85_ms", "p95_ms"];
        csv(&headings, [overall].into_iter().chain(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_of_the_nearest_rank() {
        // Of five, the ranks are 2.5, 4.25 and 4.75, each rounded up.
        let five = Durations::of(vec![50, 15, 35, 20, 40]);
        assert_eq!(five, Durations { count: 5, mean_ms: 32, p50_ms: 35, p85_ms: 50, p95_ms: 50 });
        let twenty = Durations::of((1..=20).collect());
        assert_eq!(twenty, Durations { count: 20, mean_ms: 10, p50_ms: 10, p85_ms: 17, p95_ms: 19 });
        assert_eq!(Durations::of(vec![7]), Durations { count: 1, mean_ms: 7, p50_ms: 7, p85_ms: 7, p95_ms: 7 });
        assert_eq!(Durations::of(Vec::new()), Durations::default());
    }
}
