//! Reports for people, for programs, and for spreadsheets.

use std::path::Path;

use jiff::tz::TimeZone;
use recordplayer::replica::Replica;
use recordplayer::time::Timestamp;
use recordplayer_client::now;
use recordplayer_kanban::card::{Card, Day, Effort};
use recordplayer_kanban::column::ColumnKind;
use recordplayer_kanban::ids::PersonId;
use recordplayer_kanban::report::{
    Breakdown, ColumnName, CycleTime, DayNumber, Durations, Flow, People, Period, Scene, Standing, States, Velocity,
};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::arguments::{ReportArguments, ReportKind};
use super::place::Place;
use super::{file, send};
use crate::time::{ahead_ms, day_in, days_later, zone_named};

/// Of days that nobody has named: twelve weeks.
const DAYS_BY_DEFAULT: i64 = 7 * 12;

/// A report in the three forms in which it can be had.
struct Told {
    json: Value,
    csv: String,
    text: String,
}

pub(crate) fn run(place: &Place<'_>, arguments: &ReportArguments) -> Result<Answer, Failure> {
    let calendar = place.project().calendar.clone();
    let known = zone_named(&calendar.time_zone);
    let zone = known.clone().unwrap_or(TimeZone::UTC);
    let today = day_in(&zone, now()).expect("a clock of today shows a day");
    let period = period(arguments, &today)?;
    let board = place.board.as_ref().map(|_| place.board(None)).transpose()?.map(|board| board.id);
    is_fitting(arguments, board.is_some())?;
    let ahead_ms = |at: Timestamp| ahead_ms(&zone, at);
    let told = place
        .space
        .inspect(|replica| {
            let scene = Scene::new(replica, place.space.id(), period, board, &ahead_ms);
            told(arguments.kind, &scene, &today)
        })
        .map_err(send::failure)?;
    let told = match told {
        Report::Told(told) => told,
        // Names of people are looked up where nothing is held.
        Report::People(people) => told_of_people(place, people),
    };
    let mut answer = match arguments.csv.as_deref() {
        None => Answer::new(told.json, told.text),
        Some(path) if path == Path::new("-") => Answer::new(json!({ "csv": told.csv }), told.csv),
        Some(path) => {
            file::write_whole(path, told.csv.as_bytes())?;
            let json = json!({ "file": path.display().to_string(), "bytes": told.csv.len() });
            Answer::new(json, format!("Wrote the report to {}", path.display()))
        }
    };
    if known.is_none() {
        let zone = line(&calendar.time_zone);
        answer.notes.push(format!("This computer does not know the time zone {zone}: days are those of UTC"));
    }
    Ok(answer)
}

/// Whether the report can be asked so.
fn is_fitting(arguments: &ReportArguments, has_board: bool) -> Result<(), Failure> {
    let has_days = arguments.from.is_some() || arguments.to.is_some();
    let (message, help) = match arguments.kind {
        ReportKind::People if has_board => ("What people do is told of the whole project", "Leave --board away"),
        ReportKind::States | ReportKind::Breakdown if has_days => {
            ("This report tells how it is now, not how it was on other days", "Leave --from and --to away")
        }
        ReportKind::CycleTime
        | ReportKind::Velocity
        | ReportKind::Flow
        | ReportKind::Breakdown
        | ReportKind::States
        | ReportKind::People => return Ok(()),
    };
    Err(Failure::new(WRONG_USE, "wrong_use", message, help))
}

fn period(arguments: &ReportArguments, today: &Day) -> Result<Period, Failure> {
    let to = arguments.to.clone().unwrap_or_else(|| today.clone());
    let before = || days_later(&to, 1 - DAYS_BY_DEFAULT).unwrap_or_else(|| to.clone());
    let from = arguments.from.clone().unwrap_or_else(before);
    Period::new(&from, &to).map_err(|error| Failure::new(WRONG_USE, "bad_period", error, ""))
}

enum Report {
    Told(Told),
    People(People),
}

fn told(kind: ReportKind, scene: &Scene<'_, Replica>, today: &Day) -> Report {
    Report::Told(match kind {
        ReportKind::CycleTime => {
            let report = CycleTime::of(scene);
            Told { json: json!(report), csv: report.to_csv(), text: cycle_time_text(&report) }
        }
        ReportKind::Velocity => {
            let report = Velocity::of(scene);
            Told { json: json!(report), csv: report.to_csv(), text: velocity_text(&report) }
        }
        ReportKind::Flow => {
            let report = Flow::of(scene);
            Told { json: json!(report), csv: report.to_csv(), text: flow_text(&report) }
        }
        ReportKind::Breakdown => {
            let report = Breakdown::of(scene);
            Told { json: json!(report), csv: report.to_csv(), text: breakdown_text(&report) }
        }
        ReportKind::States => {
            let report = States::of(scene, DayNumber::from(today));
            Told { json: json!(report), csv: report.to_csv(), text: states_text(&report) }
        }
        ReportKind::People => return Report::People(People::of(scene)),
    })
}

fn told_of_people(place: &Place<'_>, people: People) -> Told {
    let name_of = |person: PersonId| place.name_of(person).unwrap_or_else(|| person.to_string());
    let people = people.named(&name_of);
    Told { json: json!(people), csv: people.to_csv(), text: people_text(&people) }
}

fn column_text(column: &ColumnName) -> String {
    format!("{} / {}", line(&column.board), line(&column.column))
}

fn cycle_time_text(report: &CycleTime) -> String {
    let row = |name: String, times: &Durations| {
        let ms = [times.p50_ms, times.p85_ms, times.p95_ms, times.mean_ms].map(duration_text);
        [name, times.count.to_string()].into_iter().chain(ms).collect::<Vec<_>>()
    };
    let mut rows = vec![["", "cards", "half in", "85 % in", "95 % in", "mean"].map(str::to_owned).to_vec()];
    rows.push(row("First active to done".to_owned(), &report.overall));
    rows.extend(report.columns.iter().map(|of| row(column_text(&of.column), &of.times)));
    let others = match report.never_active {
        0 => String::new(),
        others => format!("\n{others} more were never in an active column"),
    };
    format!("Finished {}\n{}{others}", period_text(&report.period), aligned(&rows))
}

fn velocity_text(report: &Velocity) -> String {
    let mut rows = vec![["week of", "cards", "estimate", "not estimated"].map(str::to_owned).to_vec()];
    rows.extend(report.weeks.iter().map(|of| {
        let estimate = effort_text(of.estimate_hundredths);
        vec![of.week.to_string(), of.cards.to_string(), estimate, of.without_estimate.to_string()]
    }));
    format!("Finished {}\n{}", period_text(&report.period), aligned(&rows))
}

/// A line for each day on which something changed, and for the last one.
fn flow_text(report: &Flow) -> String {
    let kinds = [ColumnKind::Backlog, ColumnKind::Ready, ColumnKind::Active, ColumnKind::Done, ColumnKind::Cancelled];
    let mut rows = vec![["day", "backlog", "ready", "active", "done", "cancelled"].map(str::to_owned).to_vec()];
    for (at, of) in report.days.iter().enumerate() {
        let is_last = at + 1 == report.days.len();
        if is_last || at == 0 || report.days[at - 1].cards != of.cards {
            let cards = kinds.map(|kind| report.of_kind(of, kind).to_string());
            rows.push([of.day.to_string()].into_iter().chain(cards).collect());
        }
    }
    format!("Cards at the end of each day that changed something, {}\n{}", period_text(&report.period), aligned(&rows))
}

fn breakdown_text(report: &Breakdown) -> String {
    if report.cards.is_empty() {
        return "No card has parts".to_owned();
    }
    let mut rows = vec![["", "done", "of", "estimate done", "of", "left"].map(str::to_owned).to_vec()];
    rows.extend(report.cards.iter().map(|part| {
        // Deeper ones are where these are: a line has its end.
        let depth = usize::try_from(part.depth).unwrap_or(usize::MAX).min(20);
        let dropped = if part.standing == Standing::Dropped { "  (dropped)" } else { "" };
        let title = line(Card::shown_title(&part.title));
        let name = format!("{}{}  {title}{dropped}", "  ".repeat(depth), part.key);
        let efforts = [part.sum.finished_hundredths, part.sum.estimate_hundredths, part.sum.left_hundredths];
        let cards = [part.sum.finished, part.sum.cards].map(|count| count.to_string());
        [name].into_iter().chain(cards).chain(efforts.map(effort_text)).collect()
    }));
    aligned(&rows)
}

fn states_text(report: &States) -> String {
    let headings = ["", "cards", "to do", "doing", "to review", "ticked", "blocked", "overdue", "estimate", "archived"];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    rows.extend(report.columns.iter().map(|of| {
        let work = [of.cards, of.to_do, of.doing, of.to_review, of.ticked, of.blocked, of.overdue];
        let numbers = work.map(|count| count.to_string()).into_iter();
        let name = [column_text(&of.column)].into_iter();
        name.chain(numbers).chain([effort_text(of.estimate_hundredths), of.archived.to_string()]).collect()
    }));
    aligned(&rows)
}

fn people_text(report: &People) -> String {
    let headings = ["week of", "", "created", "moved", "finished", "taken", "submitted", "reviewed", "commented"];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    rows.extend(report.weeks.iter().map(|of| {
        let numbers = [of.created, of.moved, of.finished, of.taken, of.submitted, of.reviewed, of.commented];
        [of.week.to_string(), line(&of.name)].into_iter().chain(numbers.map(|count| count.to_string())).collect()
    }));
    format!("What people did {}\n{}", period_text(&report.period), aligned(&rows))
}

fn period_text(period: &Period) -> String {
    format!("from {} to {}", period.from, period.to)
}

/// Hundredths as people write them.
fn effort_text(hundredths: u64) -> String {
    u32::try_from(hundredths)
        .map_or_else(|_| (hundredths / 100).to_string(), |hundredths| Effort { hundredths }.to_string())
}

/// A time in the two largest units that it has.
fn duration_text(ms: i64) -> String {
    let minutes = ms / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        (_, _) => format!("{days} d {hours} h"),
    }
}

/// Rows in columns as wide as they must be: the first from the left, numbers from the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let width_of = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let is_number =
        |at: usize| rows.iter().skip(1).all(|row| row[at].starts_with(|first: char| first.is_ascii_digit()));
    let columns = rows.first().map_or(0, Vec::len);
    let shape: Vec<(usize, bool)> =
        (0..columns).map(|at| (width_of(at).unwrap_or_default(), at > 0 && is_number(at))).collect();
    let line_of = |row: &Vec<String>| {
        let cells = row.iter().zip(&shape);
        let cells = cells.map(|(cell, (width, right))| {
            let width = *width;
            if *right { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line_of).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_largest_units() {
        for (ms, text) in [
            (0, "0 min"),
            (59_999, "0 min"),
            (3_600_000, "1 h 0 min"),
            (90_000_000, "1 d 1 h"),
            (864_000_000, "10 d 0 h"),
        ] {
            assert_eq!(duration_text(ms), text);
        }
    }

    #[test]
    fn numbers_stand_below_each_other() {
        let rows = [["", "cards"], ["Board / Done", "7"], ["A", "12"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), "              cards\nBoard / Done      7\nA                12");
    }
}
