//! Whatever happens: the views say what somebody finds who counts the records one by one.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::record::Record;

use super::*;
use crate::card::{CardEvent, Journey};
use crate::report::{FlowDay, PersonWeek, Week};

const ALL: [ColumnId; 4] = [TODO, DOING, DONE, OTHER_DONE];

/// Where a card was from a moment on, and whether archived.
type Stood = (i64, Option<(ColumnId, bool)>);

/// When a card was finished, the time it took since it was active first, and the time in each column.
type Finished = (i64, Option<i64>, BTreeMap<ColumnId, i64>);

/// What the records say, without any view: where each card was when, and what people did.
#[derive(Default)]
struct Recount {
    cards: BTreeMap<CardId, Vec<Stood>>,
    /// When each card came into this project last: what was before is of no account for its times.
    arrived: BTreeMap<CardId, usize>,
    estimates: BTreeMap<CardId, u64>,
    deeds: Vec<(i64, PersonId, CardEvent)>,
}

impl Recount {
    fn of(records: &[Record]) -> Self {
        let mut all = Self::default();
        for record in records {
            let Some(event) = record.event::<Card>() else { continue };
            all.count(record, event);
        }
        all
    }

    fn count(&mut self, record: &Record, event: &CardEvent) {
        let id = CardId(record.stream.id);
        let origin = record.origin;
        let claimed = origin.claims.happened_at.unwrap_or(origin.time).0.min(origin.time.0).max(0);
        let stood = self.cards.entry(id).or_default();
        let (last_at, last) = stood.last().copied().unwrap_or((0, None));
        // Where it was before it set out.
        let home = stood.iter().rev().find_map(|(_, place)| *place);
        let place = match event {
            CardEvent::Created { column, .. } => Some((*column, false)),
            CardEvent::Arrived { column, .. } => {
                self.arrived.insert(id, stood.len());
                Some((*column, false))
            }
            CardEvent::Moved { column, .. } => Some((*column, last.is_some_and(|(_, archived)| archived))),
            CardEvent::Archived {} => last.map(|(column, _)| (column, true)),
            CardEvent::Restored {} => last.map(|(column, _)| (column, false)),
            CardEvent::Leaving { .. } | CardEvent::Gone { .. } => None,
            CardEvent::Stayed { column, .. } => Some((*column, home.is_some_and(|(_, archived)| archived))),
            _ => last,
        };
        if place != last {
            stood.push((claimed.max(last_at), place));
        }
        if let CardEvent::EstimateSet { estimate: Some(estimate) } = event {
            self.estimates.insert(id, u64::from(estimate.hundredths));
        }
        let is_known = origin.claims.actor.is_some() || origin.claims.happened_at.is_none();
        let by = origin.claims.actor.unwrap_or(origin.actor);
        if is_known && by != ActorId::default() {
            self.deeds.push((claimed, PersonId::from(by), event.clone()));
        }
    }

    fn flow(&self, scene: &Scene<'_, Given>, kinds: &BTreeMap<ColumnId, ColumnKind>) -> Vec<BTreeMap<ColumnId, u64>> {
        let mut days = Vec::new();
        for day in scene.period.days() {
            let mut held: BTreeMap<ColumnId, u64> = BTreeMap::new();
            for stood in self.cards.values() {
                let at_end = stood.iter().rfind(|(at, _)| scene.days.of(Timestamp(*at)) <= day);
                if let Some((_, Some((column, archived)))) = at_end
                    && (!archived || kinds[column].is_end())
                {
                    *held.entry(*column).or_default() += 1;
                }
            }
            days.push(held);
        }
        days
    }

    /// When each card was finished that is, and the times it took, overall and in columns.
    fn finished(&self, kinds: &BTreeMap<ColumnId, ColumnKind>) -> BTreeMap<CardId, Finished> {
        let mut all = BTreeMap::new();
        for (card, stood) in &self.cards {
            let Some((_, Some((now, _)))) = stood.last() else { continue };
            if kinds[now] != ColumnKind::Done {
                continue;
            }
            let stood = &stood[self.arrived.get(card).copied().unwrap_or_default()..];
            // Entries are where the column is another one than that of its last place.
            let mut entries: Vec<(i64, ColumnId)> = Vec::new();
            for (at, place) in stood {
                if let Some((column, _)) = place
                    && entries.last().is_none_or(|(_, last)| last != column)
                {
                    entries.push((*at, *column));
                }
            }
            let of_kind = |kind| entries.iter().filter(move |(_, column)| kinds[column] == kind).map(|(at, _)| *at);
            let done = of_kind(ColumnKind::Done).max().unwrap();
            let cycle = of_kind(ColumnKind::Active).min().map(|active| done - active);
            let mut open: BTreeMap<ColumnId, i64> = entries.iter().map(|(_, column)| (*column, 0)).collect();
            for pair in stood.windows(2) {
                if let (from, Some((column, false))) = pair[0] {
                    *open.get_mut(&column).unwrap() += pair[1].0 - from;
                }
            }
            open.retain(|column, _| !kinds[column].is_end());
            all.insert(*card, (done, cycle, open));
        }
        all
    }
}

/// Something that may be done now, by somebody, at some time.
fn act(given: Given, random: &mut ChaCha8Rng, number: u8) -> Given {
    let id = card(number);
    let now = given.model::<Card>(id);
    let column = *ALL.choose(random).unwrap();
    let recorded = moment("2026-03-01T00:00").plus_ms(i64::from(random.random_range(0..40_u32)) * 24 * HOUR_MS);
    let happened_at = match random.random_range(0..4) {
        0 => None,
        // Perhaps long ago, perhaps in time to come.
        1 => Some(Timestamp(random.random_range(-HOUR_MS..moment("2027-01-01T00:00").0))),
        _ => Some(Timestamp(random.random_range(moment("2026-02-20T00:00").0..moment("2026-04-10T00:00").0))),
    };
    let actor = [None, Some(ANN), Some(FOUNDER)][random.random_range(0..3)];
    let given = given.at(recorded).claiming(Claims { happened_at, actor, ..Claims::default() });
    let journey = |number| Journey { id: CommandId(Id([number; 16])), number: u64::from(number) };
    match (&now.whereabouts, now.exists()) {
        (_, false) => given.sent::<Card>(id, create(column, "Card")),
        (Whereabouts::Leaving { journey, .. }, _) => {
            let end = if random.random_bool(0.5) {
                JourneyEnd::Arrived { at: ELSEWHERE }
            } else {
                JourneyEnd::TurnedAway { why: NotLetIn::ColumnFull {} }
            };
            // Projects claim nothing.
            let errand = given.claiming(Claims::default()).errand_with(ELSEWHERE);
            errand.sent::<Card>(id, C::EndJourney { journey: *journey, end }).without_errand()
        }
        (Whereabouts::Gone { .. }, _) => {
            let arrival = C::Arrive {
                journey: journey(u8::try_from(now.journeys).unwrap() + 1),
                by: PersonId::from(FOUNDER),
                column,
                former: [].into(),
                card: Box::default(),
                outfit: Box::default(),
                was_here: false,
            };
            let errand = given.claiming(Claims::default()).errand_with(ELSEWHERE);
            errand.sent::<Card>(id, arrival).without_errand()
        }
        (Whereabouts::Here {}, _) if now.archived => {
            let column = random.random_bool(0.5).then_some(column);
            given.sent::<Card>(id, C::Restore { column, exempt: false })
        }
        (Whereabouts::Here {}, _) => match random.random_range(0..10) {
            0 => given.sent::<Card>(id, C::Archive {}),
            1 => given.sent::<Card>(id, C::GoTo { project: ELSEWHERE, column: TODO }),
            2 => estimated(given, number, "2.5"),
            3 => given.sent::<Card>(id, C::Rename { title: "Another".into() }),
            _ => given.sent::<Card>(id, move_to(column, None)),
        },
    }
}

fn story(seed: u64) -> Given {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut given = boards().at(moment("2026-02-01T00:00"));
    for column in ALL {
        let to: BTreeSet<ColumnId> = ALL.into_iter().filter(|other| *other != column).collect();
        given = given.sent::<Column>(column, ColumnCommand::SetWorkflow { to: Some(to) }).sent::<Column>(
            column,
            ColumnCommand::SetWaysOut { to: [WayOut { project: ELSEWHERE, column: TODO }].into() },
        );
    }
    for _ in 0..random.random_range(1..120) {
        let number = random.random_range(1..=6);
        given = act(given, &mut random, number);
    }
    // What a column is for is said last, and counts for all that was before.
    let kinds = [ColumnKind::Ready, ColumnKind::Active, ColumnKind::Done, ColumnKind::Cancelled];
    for column in ALL {
        let kind = *kinds.choose(&mut random).unwrap();
        given = given.sent::<Column>(column, ColumnCommand::SetKind { kind });
    }
    let week_starts = *Weekday::ALL.choose(&mut random).unwrap();
    given.sent::<Project>(SPACE.0, ProjectCommand::SetCalendar { time_zone: "Europe/Berlin".into(), week_starts })
}

fn check(seed: u64) {
    let given = story(seed);
    let recount = Recount::of(given.records());
    let kinds: BTreeMap<ColumnId, ColumnKind> = ALL.map(|column| (column, given.model::<Column>(column).kind)).into();
    let zones: [&dyn Fn(Timestamp) -> i64; 3] = [&utc, &berlin, &|_| -(9 * HOUR_MS + HOUR_MS / 2)];
    let zone = zones[(seed % 3) as usize];
    let scene = Scene::new(&given, SPACE, period("2026-02-25", "2026-04-12"), None, zone);
    let flow = Flow::of(&scene);
    let shown = |day: &FlowDay| -> BTreeMap<ColumnId, u64> {
        let cards = flow.columns.iter().map(|column| column.id).zip(day.cards.iter().copied());
        cards.filter(|(_, cards)| *cards > 0).collect()
    };
    assert_eq!(flow.days.iter().map(shown).collect::<Vec<_>>(), recount.flow(&scene, &kinds), "flow, seed {seed}");

    let mut finished = recount.finished(&kinds);
    finished.retain(|_, (done, ..)| scene.period.contains(scene.days.of(Timestamp(*done))));
    let report = CycleTime::of(&scene);
    let overall = finished.values().filter_map(|(_, cycle, _)| *cycle).collect();
    assert_eq!(report.overall, Durations::of(overall), "cycle time, seed {seed}");
    for column in ALL {
        let times: Vec<i64> = finished.values().filter_map(|(.., open)| open.get(&column).copied()).collect();
        assert_eq!(times_in(&report, column).unwrap_or_default(), Durations::of(times), "{column}, seed {seed}");
    }

    let mut weeks: BTreeMap<DayNumber, Week> = BTreeMap::new();
    for week in scene.period.days().map(|day| scene.days.week_of(day)) {
        weeks.insert(week, Week { week, cards: 0, estimate_hundredths: 0, without_estimate: 0 });
    }
    for (card, (done, ..)) in &finished {
        let week = weeks.get_mut(&scene.days.week_of(scene.days.of(Timestamp(*done)))).unwrap();
        week.cards += 1;
        // A card that arrives brings no estimate along here.
        match given.model::<Card>(*card).estimate.and_then(|_| recount.estimates.get(card)) {
            Some(estimate) => week.estimate_hundredths += estimate,
            None => week.without_estimate += 1,
        }
    }
    assert_eq!(Velocity::of(&scene).weeks, weeks.into_values().collect::<Vec<_>>(), "velocity, seed {seed}");

    let mut people: BTreeMap<(DayNumber, PersonId), [u64; 3]> = BTreeMap::new();
    for (at, by, event) in &recount.deeds {
        let day = scene.days.of(Timestamp(*at));
        let counts = match event {
            CardEvent::Created { .. } => [1, 0, 0],
            CardEvent::Moved { column, .. } => [0, 1, u64::from(kinds[column] == ColumnKind::Done)],
            _ => continue,
        };
        if scene.period.contains(day) {
            let sum = people.entry((scene.days.week_of(day), *by)).or_default();
            *sum = std::array::from_fn(|at| sum[at] + counts[at]);
        }
    }
    let row = |of: &PersonWeek| ((of.week, of.person), [of.created, of.moved, of.finished]);
    let told: BTreeMap<_, _> = People::of(&scene).weeks.iter().map(row).collect();
    assert_eq!(told, people, "people, seed {seed}");
}

#[test]
fn reports_are_what_a_recount_of_the_records_finds() {
    for seed in 0..100 {
        check(seed);
    }
}

/// What the stories are made of, so that they are not all of one kind.
#[test]
fn stories_tell_of_all_that_can_happen_to_a_place() {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for seed in 0..30 {
        told.extend(story(seed).records().iter().map(|record| record.name.to_string()));
    }
    for name in ["created", "moved", "archived", "restored", "leaving", "gone", "stayed", "arrived"] {
        assert!(told.contains(&format!("card.{name}")), "no story has card.{name}");
    }
}
