//! How much is finished.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cycle::Finish;
use super::days::DayNumber;
use super::scene::{Period, Scene, Source};
use super::table::csv;

/// The cards that were finished in each week of the period, as [`CycleTime`](super::CycleTime) takes it; of its first and last week only the
/// days that are in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Velocity {
    pub period: Period,
    pub weeks: Vec<Week>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Week {
    /// The day with which it begins.
    pub week: DayNumber,
    pub cards: u64,
    /// The sum of their estimates as they are now, in hundredths.
    pub estimate_hundredths: u64,
    /// Those of them that nobody has estimated.
    pub without_estimate: u64,
}

impl Velocity {
    pub fn of<S: Source>(scene: &Scene<'_, S>) -> Self {
        let week = |week| Week { week, cards: 0, estimate_hundredths: 0, without_estimate: 0 };
        let mut weeks: BTreeMap<DayNumber, Week> = BTreeMap::new();
        for day in scene.period.days() {
            let first = scene.days.week_of(day);
            weeks.entry(first).or_insert_with(|| week(first));
        }
        for (_, sheet) in scene.sheets().iter().filter(|(_, sheet)| scene.is_asked(sheet.column)) {
            let Some(finish) = Finish::of(sheet, scene) else { continue };
            let day = scene.days.of(finish.at);
            let week = weeks.get_mut(&scene.days.week_of(day)).filter(|_| scene.period.contains(day));
            let Some(week) = week else { continue };
            week.cards += 1;
            match sheet.estimate {
                Some(estimate) => week.estimate_hundredths += u64::from(estimate.hundredths),
                None => week.without_estimate += 1,
            }
        }
        Self { period: scene.period, weeks: weeks.into_values().collect() }
    }

    pub fn to_csv(&self) -> String {
        let rows = self.weeks.iter().map(|of| {
            let numbers = [of.cards, of.estimate_hundredths, of.without_estimate].map(|number| number.to_string());
            [of.week.to_string()].into_iter().chain(numbers).collect()
        });
        csv(&["week", "cards", "estimate_hundredths", "without_estimate"], rows)
    }
}
