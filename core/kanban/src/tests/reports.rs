//! Reports, worked out by hand.

mod calendar;
mod recount;

use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::entity::Entity;
use recordplayer::id::{CommandId, SpaceId};
use recordplayer::testing::FOUNDER;
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};

use super::*;
use crate::card::{CardCommand as C, Day, Effort, JourneyEnd, NotLetIn, Relation, RelationKind, Whereabouts};
use crate::column::WayOut;
use crate::comment::{Comment, CommentCommand, CommentKind};
use crate::ids::{CommentId, PersonId};
use crate::project::Weekday;
use crate::report::{
    Breakdown, CycleTime, DayNumber, Durations, Flow, People, Period, PeriodError, Scene, Source, Standing, States,
    Sum, Velocity,
};

const DONE: ColumnId = ColumnId(Id([0xc3; 16]));
const OTHER_BOARD: BoardId = BoardId(Id([0xb1; 16]));
const OTHER_DONE: ColumnId = ColumnId(Id([0xc4; 16]));
const ELSEWHERE: SpaceId = SpaceId(Id([0xee; 16]));
const HOUR_MS: i64 = 60 * 60 * 1_000;

impl Source for Given {
    fn entity<E: Entity>(&self, id: Id) -> Arc<E> {
        self.model(id)
    }

    fn view<V: View>(&self, key: Key) -> Arc<V> {
        self.view(key)
    }
}

/// A board with "To do", "Doing" and "Done" in the year 2030, and another one with "Done" alone.
fn boards() -> Given {
    let other = ColumnCommand::Add { board: OTHER_BOARD, name: "Done".into(), kind: ColumnKind::Done, before: None };
    let anywhere = ColumnCommand::SetWorkflow { to: Some([TODO, DONE, OTHER_DONE].into()) };
    board()
        .at(moment("2030-01-01T00:00"))
        .sent::<Column>(DONE, add_column("Done", ColumnKind::Done))
        .sent::<Board>(OTHER_BOARD, BoardCommand::Add { title: "Amplifier".into() })
        .sent::<Column>(OTHER_DONE, other)
        .sent::<Column>(DOING, anywhere)
}

fn day(text: &str) -> DayNumber {
    DayNumber::from(&text.parse::<Day>().unwrap())
}

/// A moment in UTC.
fn moment(text: &str) -> Timestamp {
    let (date, time) = text.split_once('T').unwrap();
    let (hour, minute) = time.split_once(':').unwrap();
    let minutes: i64 = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
    Timestamp(day(date).since(day("1970-01-01")) * 24 * HOUR_MS + minutes * 60_000)
}

/// What comes now is said to have happened then.
fn on(given: Given, when: &str) -> Given {
    given.claiming(Claims { happened_at: Some(moment(when)), actor: Some(FOUNDER), ..Claims::default() })
}

fn created(given: Given, number: u8, column: ColumnId, when: &str) -> Given {
    on(given, when).sent::<Card>(card(number), create(column, &format!("Card {number}")))
}

fn moved(given: Given, number: u8, column: ColumnId, when: &str) -> Given {
    on(given, when).sent::<Card>(card(number), move_to(column, None))
}

fn archived(given: Given, number: u8, when: &str) -> Given {
    on(given, when).sent::<Card>(card(number), C::Archive {})
}

fn estimated(given: Given, number: u8, estimate: &str) -> Given {
    given.sent::<Card>(card(number), C::SetEstimate { estimate: Some(estimate.parse().unwrap()) })
}

fn utc(_: Timestamp) -> i64 {
    0
}

/// Berlin in the spring of 2026: the clocks go from two to three o'clock on 29 March.
fn berlin(at: Timestamp) -> i64 {
    if at < moment("2026-03-29T01:00") { HOUR_MS } else { 2 * HOUR_MS }
}

fn period(from: &str, to: &str) -> Period {
    Period::new(&from.parse().unwrap(), &to.parse().unwrap()).unwrap()
}

/// March 2026, on all boards, in UTC.
fn march(given: &Given) -> Scene<'_, Given> {
    Scene::new(given, SPACE, period("2026-03-01", "2026-03-31"), None, &utc)
}

fn of_board(given: &Given, board: BoardId) -> Scene<'_, Given> {
    Scene::new(given, SPACE, period("2026-03-01", "2026-03-31"), Some(board), &utc)
}

fn hours(count: u64, [mean, p50, p85, p95]: [i64; 4]) -> Durations {
    let [mean_ms, p50_ms, p85_ms, p95_ms] = [mean, p50, p85, p95].map(|hours| hours * HOUR_MS);
    Durations { count, mean_ms, p50_ms, p85_ms, p95_ms }
}

fn times_in(report: &CycleTime, column: ColumnId) -> Option<Durations> {
    report.columns.iter().find(|of| of.column.id == column).map(|of| of.times)
}

/// Card 1 takes a day; card 2 is done after one, comes back, and is done for good 78 hours after it was begun; card 3 is never active; card 4 is
/// not done; card 5 takes twelve hours and is archived.
fn month() -> Given {
    let mut given = boards();
    for number in 1..=5 {
        given = created(given, number, TODO, "2026-03-02T09:00");
    }
    given = moved(given, 5, DOING, "2026-03-02T09:00");
    given = moved(given, 1, DOING, "2026-03-02T10:00");
    given = moved(given, 5, DONE, "2026-03-02T21:00");
    given = moved(given, 2, DOING, "2026-03-03T09:00");
    given = moved(given, 1, DONE, "2026-03-03T10:00");
    given = moved(given, 2, DONE, "2026-03-04T09:00");
    given = moved(given, 3, DONE, "2026-03-04T09:00");
    given = moved(given, 4, DOING, "2026-03-05T09:00");
    given = moved(given, 2, DOING, "2026-03-05T09:00");
    given = moved(given, 2, DONE, "2026-03-06T15:00");
    archived(given, 5, "2026-03-09T09:00")
}

#[test]
fn cycle_time_runs_from_the_first_active_column_to_the_last_done_one() {
    let given = month();
    let report = CycleTime::of(&march(&given));
    assert_eq!(report.overall, hours(3, [38, 24, 78, 78]));
    assert_eq!(report.never_active, 1);
    // The stays of card 2 are added up: 24 and 30 hours.
    assert_eq!(times_in(&report, DOING), Some(hours(3, [30, 24, 54, 54])));
    // 1, 24, 48 and 0 hours.
    let to_do = Durations { mean_ms: 73 * HOUR_MS / 4, ..hours(4, [0, 1, 48, 48]) };
    assert_eq!(times_in(&report, TODO), Some(to_do));
    assert_eq!(times_in(&report, DONE), None, "who is done waits for nothing");
    let lines = report.to_csv();
    assert!(lines.starts_with("board,column,kind,cards,mean_ms,p50_ms,p85_ms,p95_ms\r\n,,,3,136800000,86400000,"));
    assert!(lines.contains("\r\nTurntable,Doing,active,3,108000000,86400000,194400000,194400000\r\n"), "{lines}");
}

#[test]
fn a_card_that_is_opened_again_is_not_finished_until_it_is_done_again() {
    let finished = |given: &Given| CycleTime::of(&march(given)).overall.count;
    let given = moved(
        moved(created(boards(), 1, TODO, "2026-03-02T09:00"), 1, DOING, "2026-03-02T10:00"),
        1,
        DONE,
        "2026-03-03T10:00",
    );
    assert_eq!(finished(&given), 1);
    let given = moved(given, 1, DOING, "2026-03-04T10:00");
    assert_eq!(finished(&given), 0);
    // It is finished on the day on which it was done last.
    let given = moved(given, 1, DONE, "2026-04-01T10:00");
    assert_eq!(finished(&given), 0);
    let april = Scene::new(&given, SPACE, period("2026-04-01", "2026-04-01"), None, &utc);
    assert_eq!(CycleTime::of(&april).overall, hours(1, [30 * 24; 4]));
}

#[test]
fn what_a_column_is_for_is_taken_as_it_is_now() {
    let given = month().sent::<Column>(DOING, ColumnCommand::SetKind { kind: ColumnKind::Ready });
    let report = CycleTime::of(&march(&given));
    assert_eq!((report.overall.count, report.never_active), (0, 4));
    let given = given.sent::<Column>(TODO, ColumnCommand::SetKind { kind: ColumnKind::Active });
    // From their making: 25, 102, 48 and 12 hours.
    assert_eq!(
        CycleTime::of(&march(&given)).overall,
        Durations { mean_ms: 187 * HOUR_MS / 4, ..hours(4, [0, 25, 102, 102]) }
    );
}

#[test]
fn a_board_has_a_report_of_its_own() {
    let mut given = created(month(), 6, TODO, "2026-03-10T00:00");
    given = moved(given, 6, DOING, "2026-03-10T01:00");
    given = moved(given, 6, OTHER_DONE, "2026-03-10T03:00");
    assert_eq!(CycleTime::of(&march(&given)).overall.count, 4);
    assert_eq!(CycleTime::of(&of_board(&given, BOARD)).overall.count, 3);
    let other = CycleTime::of(&of_board(&given, OTHER_BOARD));
    assert_eq!((other.overall, other.columns.len()), (hours(1, [2; 4]), 0));
    let flow = Flow::of(&of_board(&given, OTHER_BOARD));
    assert_eq!(flow.columns.iter().map(|column| column.id).collect::<Vec<_>>(), [OTHER_DONE]);
    let weeks = Velocity::of(&of_board(&given, OTHER_BOARD)).weeks;
    assert_eq!(weeks.iter().map(|week| week.cards).collect::<Vec<_>>(), [0, 0, 1, 0, 0, 0]);
}

#[test]
fn what_an_import_says_counts_when_it_is_said_to_have_happened() {
    let at = |number: u8| -> Option<i64> {
        let mut given = created(boards(), 1, TODO, "2019-06-03T08:00");
        given = match number {
            // In the order in which it happened; before the card's last step; after it was recorded; before 1970.
            0 => moved(given, 1, DONE, "2019-06-04T08:00"),
            1 => moved(given, 1, DONE, "2019-06-01T08:00"),
            2 => moved(given, 1, DONE, "2099-01-01T00:00"),
            _ => moved(created(given, 2, TODO, "1903-01-01T00:00"), 1, DONE, "2019-06-05T08:00"),
        };
        let stay = given.model::<Card>(card(1)).way.stays[&DONE];
        Some(stay.last.0)
    };
    assert_eq!(at(0), Some(moment("2019-06-04T08:00").0));
    assert_eq!(at(1), Some(moment("2019-06-03T08:00").0));
    assert_eq!(at(2), Some(moment("2030-01-01T00:00").0));
    assert_eq!(at(3), Some(moment("2019-06-05T08:00").0));
    let given = created(boards(), 1, TODO, "1903-01-01T00:00");
    let begin = Scene::new(&given, SPACE, period("1969-12-31", "1970-01-01"), None, &utc);
    assert_eq!(Flow::of(&begin).days.iter().map(|day| day.cards.clone()).collect::<Vec<_>>(), [[0], [1]]);
}

#[test]
fn cumulative_flow_is_what_each_column_holds_at_the_end_of_each_day() {
    let mut given = created(month(), 6, TODO, "2026-02-10T09:00");
    given = archived(given, 6, "2026-03-05T09:00");
    let scene = Scene::new(&given, SPACE, period("2026-03-01", "2026-03-07"), None, &utc);
    let flow = Flow::of(&scene);
    assert_eq!(flow.columns.iter().map(|column| column.id).collect::<Vec<_>>(), [TODO, DOING, DONE]);
    let days: Vec<Vec<u64>> = flow.days.iter().map(|day| day.cards.clone()).collect();
    let expected = [
        // What was there before.
        [1, 0, 0],
        [4, 1, 1],
        [3, 1, 2],
        [2, 0, 4],
        // Card 6 is archived in "To do", and nowhere then; cards 4 and 2 are in "Doing".
        [0, 2, 3],
        [0, 1, 4],
        [0, 1, 4],
    ];
    assert_eq!(days, expected);
    let lines = flow.to_csv();
    assert!(
        lines.starts_with("day,Turntable / To do,Turntable / Doing,Turntable / Done\r\n2026-03-01,1,0,0\r\n"),
        "{lines}"
    );
    // What is archived in a done column stays there.
    let later = Scene::new(&given, SPACE, period("2026-03-31", "2026-03-31"), None, &utc);
    assert_eq!(Flow::of(&later).days[0].cards, [1, 4]);
}

/// Eleven o'clock at night in Berlin is ten in UTC, and the first hour of a day is the last of the one before.
#[test]
fn a_day_begins_where_the_project_is() {
    let mut given = created(boards(), 1, DOING, "2026-03-20T00:00");
    given = created(given, 2, DOING, "2026-03-20T00:00");
    // 29 March has 23 hours: from 28 March 23:00 to 29 March 22:00 in UTC.
    given = moved(given, 1, DONE, "2026-03-28T23:00");
    given = moved(given, 2, DONE, "2026-03-29T22:00");
    let done = |zone: &dyn Fn(Timestamp) -> i64| {
        let flow = Flow::of(&Scene::new(&given, SPACE, period("2026-03-28", "2026-03-30"), None, zone));
        flow.days.iter().map(|day| flow.of_kind(day, ColumnKind::Done)).collect::<Vec<_>>()
    };
    assert_eq!(done(&utc), [1, 2, 2]);
    assert_eq!(done(&berlin), [0, 1, 2]);
    // A quarter before six ahead, as in Kathmandu.
    assert_eq!(done(&|_| 5 * HOUR_MS + 45 * 60_000), [0, 1, 2]);
    // Both are a day, whatever the clocks do: it is the time that passed.
    let scene = Scene::new(&given, SPACE, period("2026-03-28", "2026-03-30"), None, &berlin);
    assert_eq!(CycleTime::of(&scene).overall.count, 2);
}

#[test]
fn velocity_is_by_the_weeks_of_the_project() {
    let mut given = boards();
    // Saturday evening, Sunday night in Berlin, Sunday, and Monday.
    for (number, when) in
        [(1, "2026-03-28T20:00"), (2, "2026-03-28T23:30"), (3, "2026-03-29T12:00"), (4, "2026-03-29T22:30")]
    {
        given = moved(created(given, number, DOING, "2026-03-20T00:00"), number, DONE, when);
    }
    given = estimated(estimated(given, 1, "3"), 2, "0.25");
    given = estimated(given, 4, "1.5");
    let weeks = |given: &Given, zone: &dyn Fn(Timestamp) -> i64| {
        let report = Velocity::of(&Scene::new(given, SPACE, period("2026-03-22", "2026-03-31"), None, zone));
        let week =
            |of: &crate::report::Week| (of.week.to_string(), of.cards, of.estimate_hundredths, of.without_estimate);
        report.weeks.iter().map(week).collect::<Vec<_>>()
    };
    let row = |week: &str, cards, estimate, without| (week.to_owned(), cards, estimate, without);
    let monday = [row("2026-03-16", 0, 0, 0), row("2026-03-23", 3, 325, 1), row("2026-03-30", 1, 150, 0)];
    assert_eq!(weeks(&given, &berlin), monday);
    let all_in_one = [row("2026-03-16", 0, 0, 0), row("2026-03-23", 4, 475, 1), row("2026-03-30", 0, 0, 0)];
    assert_eq!(weeks(&given, &utc), all_in_one);
    let sundays = ProjectCommand::SetCalendar { time_zone: "Europe/Berlin".into(), week_starts: Weekday::Sunday };
    let given = given.sent::<Project>(SPACE.0, sundays);
    assert_eq!(weeks(&given, &berlin), [row("2026-03-22", 1, 300, 0), row("2026-03-29", 3, 175, 1)]);
}

#[test]
fn a_card_that_goes_to_another_project_is_in_no_report_until_it_is_back() {
    let ways = ColumnCommand::SetWaysOut { to: [WayOut { project: ELSEWHERE, column: TODO }].into() };
    let mut given = month().sent::<Column>(DONE, ways);
    given = on(given, "2026-03-10T09:00").sent::<Card>(card(1), C::GoTo { project: ELSEWHERE, column: TODO });
    let Whereabouts::Leaving { journey, .. } = given.model::<Card>(card(1)).whereabouts else { panic!("it stays") };
    let ends = |end| C::EndJourney { journey, end };
    let held = |given: &Given| Flow::of(&march(given)).days.last().unwrap().cards.clone();
    assert_eq!((CycleTime::of(&march(&given)).overall.count, held(&given)), (2, vec![0, 1, 3]));
    let back = |given: Given| on(given.errand_with(ELSEWHERE), "2026-03-11T09:00");
    let given = back(given).sent::<Card>(card(1), ends(JourneyEnd::TurnedAway { why: NotLetIn::ColumnFull {} }));
    // It was done all the time.
    assert_eq!((CycleTime::of(&march(&given)).overall, held(&given)), (hours(3, [38, 24, 78, 78]), vec![0, 1, 4]));
}

/// Card 9 comes from another project on 2 January 2030.
fn arrived(given: Given, column: ColumnId) -> Given {
    let arrival = C::Arrive {
        journey: crate::card::Journey { id: CommandId(Id([0x77; 16])), number: 1 },
        by: PersonId::from(FOUNDER),
        column,
        former: [].into(),
        card: Box::default(),
        outfit: Box::default(),
        was_here: false,
    };
    given.errand_with(ELSEWHERE).at(moment("2030-01-02T00:00")).sent::<Card>(card(9), arrival)
}

/// A project that was restored from a backup shows a card that had gone, until it comes back.
#[test]
fn a_card_that_comes_while_it_is_shown_still_begins_anew_in_its_place() {
    let given = boards().at(moment("2030-01-01T00:00")).sent::<Card>(card(9), create(DOING, "Here"));
    let given = arrived(given, DOING).without_errand().at(moment("2030-01-03T00:00"));
    let given = given.sent::<Card>(card(9), move_to(DONE, None));
    let scene = Scene::new(&given, SPACE, period("2030-01-01", "2030-01-03"), None, &utc);
    assert_eq!(CycleTime::of(&scene).overall, hours(1, [24; 4]));
    let flow = Flow::of(&scene);
    assert_eq!(flow.days.iter().map(|day| day.cards.clone()).collect::<Vec<_>>(), [[1, 0], [1, 0], [0, 1]]);
}

#[test]
fn a_card_that_comes_from_another_project_begins_there() {
    let given = arrived(boards(), DONE);
    let scene = Scene::new(&given, SPACE, period("2030-01-01", "2030-01-02"), None, &utc);
    let report = CycleTime::of(&scene);
    assert_eq!((report.overall.count, report.never_active), (0, 1));
    assert_eq!(Flow::of(&scene).days.iter().map(|day| day.cards.clone()).collect::<Vec<_>>(), [[0], [1]]);
}

#[test]
fn a_breakdown_counts_the_cards_that_have_no_parts() {
    let part = |whole| C::Relate { relation: Relation { kind: RelationKind::PartOf, to: card(whole) } };
    // Card 1 has the parts 2, 3 and 4; card 3 has the parts 5, 6 and 7.
    let mut given = cards(8).sent::<Column>(DONE, add_column("Done", ColumnKind::Done));
    for (number, whole) in [(7, 3), (2, 1), (3, 1), (4, 1), (5, 3), (6, 3)] {
        given = given.sent::<Card>(card(number), part(whole));
    }
    for (number, estimate) in [(1, "100"), (3, "50"), (2, "1"), (4, "2"), (5, "0.5"), (6, "4")] {
        given = estimated(given, number, estimate);
    }
    given = given
        .sent::<Card>(card(2), move_to(DONE, None))
        .sent::<Card>(card(6), C::SetRemaining { remaining: Some(Effort { hundredths: 125 }) })
        // What is archived without being done is dropped.
        .sent::<Card>(card(5), C::Archive {});
    let report = Breakdown::of(&march(&given));
    let tree: Vec<_> = report.cards.iter().map(|part| (part.key.as_str(), part.depth)).collect();
    assert_eq!(
        tree,
        [("REC-1", 0), ("REC-2", 1), ("REC-3", 1), ("REC-5", 2), ("REC-6", 2), ("REC-7", 2), ("REC-4", 1)]
    );
    let sum = |cards, finished, estimate_hundredths, finished_hundredths, left_hundredths| Sum {
        cards,
        finished,
        estimate_hundredths,
        finished_hundredths,
        left_hundredths,
    };
    assert_eq!(report.cards[0].sum, sum(4, 1, 700, 100, 325));
    assert_eq!(report.cards[2].sum, sum(2, 0, 400, 0, 125));
    assert_eq!(report.cards[3].standing, Standing::Dropped);
    let lines = report.to_csv();
    assert!(
        lines
            .contains("\r\nREC-1,Card 1,0,open,10000,4,1,700,100,325\r\nREC-2,Card 2,1,finished,100,1,1,100,100,0\r\n")
    );
    assert!(Breakdown::of(&of_board(&given, OTHER_BOARD)).cards.is_empty());
}

#[test]
fn the_states_of_cards_are_told_by_column() {
    let due = |text: &str| C::SetDue { due: Some(text.parse().unwrap()) };
    let given = month()
        .sent::<Card>(card(4), C::SetDone { done: true })
        .sent::<Card>(card(4), due("2026-03-30"))
        // What is done is not overdue.
        .sent::<Card>(card(1), due("2026-03-30"));
    let given = estimated(created(given, 6, TODO, "2026-03-10T00:00"), 6, "2")
        .sent::<Card>(card(6), C::Block { reason: "No glue".into() })
        .sent::<Card>(card(6), due("2026-03-31"));
    let report = States::of(&march(&given), day("2026-03-31"));
    let told: Vec<_> = report
        .columns
        .iter()
        .map(|of| (of.column.id, of.cards, of.ticked, of.blocked, of.overdue, of.archived))
        .collect();
    assert_eq!(told, [(TODO, 1, 0, 1, 0, 0), (DOING, 1, 1, 0, 1, 0), (DONE, 3, 0, 0, 0, 1)]);
    assert_eq!(report.columns[0].estimate_hundredths, 200);
    let lines = report.to_csv();
    assert!(lines.ends_with("\r\nTurntable,Done,done,3,3,0,0,0,0,0,0,1\r\n"), "{lines}");
}

#[test]
fn activity_is_told_by_person_and_week() {
    let write = |given: Given, number: u8| {
        let words = CommentCommand::Write {
            card: card(1),
            text: "Well".into(),
            author: None,
            kind: CommentKind::Talk,
            mentions: [].into(),
        };
        given.sent::<Comment>(CommentId(Id([number; 16])), words)
    };
    let ann = |given: Given, when: &str| {
        given.claiming(Claims { happened_at: Some(moment(when)), actor: Some(ANN), ..Claims::default() })
    };
    let mut given = write(write(ann(month(), "2026-03-08T23:30"), 1), 2);
    given = write(ann(given, "2026-03-09T00:00"), 3);
    // Nobody knows who did this.
    let unknown = Claims { happened_at: Some(moment("2026-03-08T23:30")), ..Claims::default() };
    given = write(given.claiming(unknown), 4);
    let told = |given: &Given, zone: &dyn Fn(Timestamp) -> i64| {
        let report = People::of(&Scene::new(given, SPACE, period("2026-03-02", "2026-03-31"), None, zone));
        let report =
            report.named(&|person| if person == PersonId::from(ANN) { "Ann".into() } else { "Founder".into() });
        let row = |of: &crate::report::PersonWeek| {
            (of.week.to_string(), of.name.clone(), [of.created, of.moved, of.finished, of.commented])
        };
        report.weeks.iter().map(row).collect::<Vec<_>>()
    };
    let row = |week: &str, name: &str, counts| (week.to_owned(), name.to_owned(), counts);
    let founder = row("2026-03-02", "Founder", [5, 10, 5, 0]);
    let expected = [row("2026-03-02", "Ann", [0, 0, 0, 2]), founder.clone(), row("2026-03-09", "Ann", [0, 0, 0, 1])];
    assert_eq!(told(&given, &utc), expected);
    assert_eq!(told(&given, &berlin), [founder, row("2026-03-09", "Ann", [0, 0, 0, 3])]);
    let csv = People::of(&march(&given)).to_csv();
    assert!(csv.starts_with("week,person,created,moved,finished,taken,submitted,reviewed,commented\r\n"), "{csv}");
}

#[test]
fn a_placeholder_who_was_claimed_is_one_with_the_member() {
    let ghost = PersonId(Id([0x6e; 16]));
    let claims =
        Claims { happened_at: Some(moment("2026-03-03T09:00")), actor: Some(ActorId(ghost.0)), ..Claims::default() };
    let given = cards(1)
        .at(moment("2030-01-01T00:00"))
        .sent::<Project>(
            SPACE.0,
            ProjectCommand::SetPlaceholder { person: ghost, name: "Ghost".into(), username: String::new() },
        )
        .claiming(claims)
        .sent::<Card>(card(1), move_to(DOING, None))
        .claiming(Claims::default());
    let who = |given: &Given| People::of(&march(given)).weeks.iter().map(|of| of.person).collect::<Vec<_>>();
    assert_eq!(who(&given), [ghost]);
    let given = given.sent::<Project>(SPACE.0, ProjectCommand::ClaimPlaceholder { person: ghost });
    assert_eq!(who(&given), [PersonId::from(FOUNDER)]);
}

#[test]
fn a_period_ends_after_it_begins_and_within_ten_years() {
    let new = |from: &str, to: &str| Period::new(&from.parse().unwrap(), &to.parse().unwrap());
    assert!(new("2026-03-01", "2026-03-01").is_ok());
    let (from, to) = (day("2026-03-02"), day("2026-03-01"));
    assert_eq!(new("2026-03-02", "2026-03-01"), Err(PeriodError::EndsBefore { from, to }));
    assert_eq!(new("2016-01-01", "2026-03-01"), Err(PeriodError::TooLong { days: 3_713, max: 3_660 }));
}

/// A view would grow with the project, if it held all that one import brings at once.
#[test]
fn no_view_of_reports_grows_with_what_happens_at_once() {
    use crate::view::{DeedsView, FlowView, SheetsView, Span};
    let at = "2026-03-02T09:00";
    let mut given = boards();
    for number in 1..=200 {
        given = created(given, number, TODO, at);
    }
    let span = Span::of(moment(at));
    let flow = given.view::<FlowView>(span.key());
    assert_eq!(flow.quarters.iter().map(|(_, columns)| columns.len()).collect::<Vec<_>>(), [1]);
    let deeds = given.view::<DeedsView>(DeedsView::key_of(span, PersonId::from(FOUNDER)));
    assert_eq!(deeds.quarters.iter().map(|(_, deeds)| deeds.created).collect::<Vec<_>>(), [200]);
    let sheets = SheetsView::keys_up_to(200).map(|key| given.view::<SheetsView>(key).cards.size());
    assert_eq!(sheets.collect::<Vec<_>>(), [49, 50, 50, 50, 1, 0]);
}

/// An import that was taken back left its cards in the figures.
#[test]
fn a_card_whose_making_is_taken_back_counts_for_nothing() {
    let given = boards();
    let made = given.next_command();
    let given = moved(created(given, 1, TODO, "2026-03-02T09:00"), 1, DONE, "2026-03-03T09:00");
    let finished = |given: &Given| Velocity::of(&march(given)).weeks.iter().map(|week| week.cards).sum::<u64>();
    assert_eq!(finished(&given), 1);
    let undo = Claims { undoes: Some(made), ..Claims::default() };
    let given = given.claiming(undo).sent::<Card>(card(1), C::Archive {});
    assert_eq!(finished(&given), 0);
    let restore = C::Restore { column: None, exempt: false };
    let given = given.claiming(Claims::default()).sent::<Card>(card(1), restore);
    assert_eq!(finished(&given), 1);
    // Whoever puts away what is finished loses nothing of it.
    assert_eq!(finished(&given.sent::<Card>(card(1), C::Archive {})), 1);
}
