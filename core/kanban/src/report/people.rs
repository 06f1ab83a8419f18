//! Who did how much.

use std::collections::BTreeMap;

use recordplayer::id::ActorId;
use recordplayer::membership::Membership;
use recordplayer::view::Key;
use serde::Serialize;

use super::days::DayNumber;
use super::scene::{Period, Scene, Source};
use super::table::csv;
use crate::column::ColumnKind;
use crate::ids::PersonId;
use crate::view::{Deeds, DeedsView};

/// What each person did to cards in each week of the period, on all boards; of its first and last week only on the days that are in the
/// period. What somebody did under a name that they have claimed since is theirs, and what was taken back later was done all the same. What
/// an import tells of nobody in particular, and what projects do by themselves, is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct People {
    pub period: Period,
    /// By week, then by name; those who did nothing that counts are not there.
    pub weeks: Vec<PersonWeek>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonWeek {
    /// The day with which it begins.
    pub week: DayNumber,
    pub person: PersonId,
    /// Empty until somebody who knows names has given it.
    pub name: String,
    pub created: u64,
    /// Moves into another column.
    pub moved: u64,
    /// Those of them that went into a done column.
    pub finished: u64,
    pub taken: u64,
    pub submitted: u64,
    /// Approved or rejected.
    pub reviewed: u64,
    pub commented: u64,
}

impl PersonWeek {
    fn add<S: Source>(&mut self, deeds: &Deeds, scene: &Scene<'_, S>) {
        let moved = |is_counted: &dyn Fn(ColumnKind) -> bool| -> u64 {
            deeds.moved.iter().filter(|(column, _)| is_counted(scene.kind(**column))).map(|(_, count)| count).sum()
        };
        self.created += deeds.created;
        self.moved += moved(&|_| true);
        self.finished += moved(&|kind| kind == ColumnKind::Done);
        self.taken += deeds.taken;
        self.submitted += deeds.submitted;
        self.reviewed += deeds.reviewed;
        self.commented += deeds.commented;
    }
}

impl People {
    pub fn of<S: Source>(scene: &Scene<'_, S>) -> Self {
        let members = scene.source.entity::<Membership>(scene.space.0);
        let claimed = |person: PersonId| {
            let placeholder = scene.project.placeholders.get(&person).and_then(|placeholder| placeholder.claimed_by);
            let member = members.claimed_by(ActorId(person.0));
            placeholder.or(member).map_or(person, PersonId::from)
        };
        let mut weeks: BTreeMap<(DayNumber, PersonId), PersonWeek> = BTreeMap::new();
        let spans = scene.source.view::<DeedsView>(Key::whole_space()).spans;
        for span in spans.into_iter().flat_map(|spans| scene.spans_of_period(spans)) {
            for by in &scene.source.view::<DeedsView>(span.key()).people {
                let view = scene.source.view::<DeedsView>(DeedsView::key_of(span, *by));
                for (quarter, deeds) in &view.quarters {
                    let day = scene.days.of(quarter.start());
                    if scene.period.contains(day) {
                        let (week, person) = (scene.days.week_of(day), claimed(*by));
                        let nothing = || PersonWeek {
                            week,
                            person,
                            name: String::new(),
                            created: 0,
                            moved: 0,
                            finished: 0,
                            taken: 0,
                            submitted: 0,
                            reviewed: 0,
                            commented: 0,
                        };
                        weeks.entry((week, person)).or_insert_with(nothing).add(deeds, scene);
                    }
                }
            }
        }
        Self { period: scene.period, weeks: weeks.into_values().collect() }
    }

    /// With the names of people, which are not in the log; in the order of them within each week.
    pub fn named(mut self, name_of: &dyn Fn(PersonId) -> String) -> Self {
        for week in &mut self.weeks {
            week.name = name_of(week.person);
        }
        self.weeks
            .sort_by(|one, other| (one.week, &one.name, one.person).cmp(&(other.week, &other.name, other.person)));
        self
    }

    pub fn to_csv(&self) -> String {
        let rows = self.weeks.iter().map(|of| {
            let numbers = [of.created, of.moved, of.finished, of.taken, of.submitted, of.reviewed, of.commented];
            let numbers = numbers.map(|number| number.to_string());
            [of.week.to_string(), of.name.clone()].into_iter().chain(numbers).collect()
        });
        let headings =
            ["week", "person", "created", "moved", "finished", "taken", "submitted", "reviewed", "commented"];
        csv(&headings, rows)
    }
}
