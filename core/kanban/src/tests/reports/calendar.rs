//! The calendar of a project.

use recordplayer::decide::Intent;
use recordplayer::refusal::Refused;

use super::*;
use crate::GuardRefusal;
use crate::project::{Calendar, ProjectEvent, ProjectRefusal};
use crate::template::template;
use crate::undo::{UndoAct, undo};

fn set(time_zone: &str, week_starts: Weekday) -> ProjectCommand {
    ProjectCommand::SetCalendar { time_zone: time_zone.into(), week_starts }
}

#[test]
fn a_manager_says_by_which_days_and_weeks_reports_go() {
    let iso = Calendar { time_zone: "UTC".into(), week_starts: Weekday::Monday };
    assert_eq!(project().model::<Project>(SPACE.0).calendar, iso);
    let event = ProjectEvent::CalendarSet { time_zone: "Asia/Tokyo".into(), week_starts: Weekday::Sunday };
    let command = set("Asia/Tokyo", Weekday::Sunday);
    let given = project().when::<Project>(SPACE.0, command.clone()).then([event]);
    given.and_when::<Project>(SPACE.0, command.clone()).then_nothing();
    let refusal = ProjectRefusal::BadTimeZone { zone: "Tokyo +9".into() };
    project().when::<Project>(SPACE.0, set("Tokyo +9", Weekday::Sunday)).refused(refusal);
    let refused = Refused::of(&GuardRefusal::ManagersShapeProjects {}).unwrap();
    project().by(ANN).role("worker").when::<Project>(SPACE.0, command).refused_with(&refused);
}

#[test]
fn a_project_that_begins_like_another_has_its_calendar() {
    let new = SpaceId(Id([0x9e; 16]));
    let calendars = |given: &Given| -> Vec<ProjectCommand> {
        let intents = template(SPACE, new, &given.models()).unwrap();
        let commands = intents.iter().filter_map(Intent::typed::<Project>);
        commands.filter(|command| matches!(command, ProjectCommand::SetCalendar { .. })).collect()
    };
    let command = set("Asia/Tokyo", Weekday::Sunday);
    assert_eq!(calendars(&project()), []);
    assert_eq!(calendars(&project().sent::<Project>(SPACE.0, command.clone())), [command]);
}

#[test]
fn a_calendar_that_was_set_is_taken_back() {
    let first = set("Asia/Tokyo", Weekday::Sunday);
    let given = project().sent::<Project>(SPACE.0, first.clone());
    let last = given.next_command();
    let given = given.sent::<Project>(SPACE.0, set("Europe/Berlin", Weekday::Monday));
    let stream = recordplayer::record::StreamId::of::<Project>(SPACE.0);
    let records: Vec<_> = given.records().iter().filter(|record| record.stream == stream).cloned().collect();
    let plan = undo(&[(stream, records)], &given.models(), &|record| record.origin.command == last).unwrap();
    let commands = plan.steps.iter().map(|step| match &step.what {
        UndoAct::Send { intent } => intent.typed::<Project>(),
        UndoAct::Describe { .. } => None,
    });
    assert_eq!(commands.collect::<Vec<_>>(), [Some(first)]);
}
