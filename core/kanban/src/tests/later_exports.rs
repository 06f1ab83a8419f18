//! Later exports of the products that tell little of what was before: what was taken away there, and when.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::id::ActId;
use recordplayer::time::Timestamp;

use super::imports::{imported, planned, planned_after, sends};
use super::*;
use crate::card::{CardCommand as C, Day, Effort, Priority};
use crate::import::csv::{list_of, read as read_csv};
use crate::import::github::read as read_github;
use crate::import::plan::{Plan, PlannedAct, Present, plan};
use crate::import::source::SourceBoard;
use crate::view::BoardView;

fn titled(given: &Given, plan: &Plan, title: &str) -> (CardId, std::sync::Arc<Card>) {
    let view = given.view::<BoardView>(plan.board);
    let found = view.cards.iter().find(|(_, card)| card.title == title).map(|(id, _)| *id);
    let found = found.unwrap_or_else(|| panic!("{title:?} came in"));
    (found, given.model::<Card>(found))
}

fn told(plan: &Plan, what: &str) -> u64 {
    plan.summary.not_imported.iter().filter(|line| line.what == what).map(|line| line.count).sum()
}

fn table(text: &str) -> SourceBoard {
    read_csv(text.as_bytes(), "plans", &[]).expect("a table is read")
}

const ISSUE: &str = r#"[{"number":2,"title":"Second","state":"closed","state_reason":"not_planned","created_at":"2026-01-02T10:00:00Z",
"closed_at":"2026-01-03T10:00:00Z","updated_at":"2026-01-03T10:00:00Z","html_url":"https://github.com/our/turntable/issues/2","labels":["bug"]}]"#;

#[test]
fn an_issue_that_was_opened_again_is_so_since_it_was_changed_last() {
    let first = planned(&project(), &read_github(ISSUE.as_bytes(), "a").expect("it is read"), 1);
    let given = imported(project(), &first);
    assert_eq!(titled(&given, &first, "Second").1.fields.len(), 1, "closed as not planned");
    let later = ISSUE.replace("\"closed\"", "\"open\"").replace("\"not_planned\"", "\"reopened\"");
    let later = later
        .replace("\"closed_at\":\"2026-01-03T10:00:00Z\",\"updated_at\":\"2026-01-03", "\"updated_at\":\"2026-02-09");
    let plan = planned_after(&given, &read_github(later.as_bytes(), "b").expect("it is read"), 2, &[&first]);
    let moved = plan
        .commands
        .iter()
        .find(|planned| matches!(&planned.what, PlannedAct::Send { intent } if &*intent.name == "card.move_to"));
    let at = moved.and_then(|planned| planned.claims.happened_at).map(|at| at.0);
    assert_eq!(at, Some(1_770_631_200_000), "2026-02-09T10:00:00Z");
    let given = imported(given, &plan);
    assert!(titled(&given, &plan, "Second").1.fields.is_empty(), "it is closed as nothing any more");
}

const TABLE: &str = "Key,Title,Status,Labels,Estimate,Priority,Parent,Room\n\
    A1,Spin,To do,motor,3,high,A2,12\n\
    A2,Play,To do,red,1,low,,9\n\
    A3,Stop,To do,blue,2,low,A2,7\n";

/// What the file tells of other cards, and of this one no more.
#[test]
fn what_a_later_table_has_empty_is_emptied() {
    let first = planned(&project(), &table(TABLE), 1);
    let given = imported(project(), &first);
    let (_, spin) = titled(&given, &first, "Spin");
    assert!(spin.whole().is_some() && spin.fields.len() == 1 && spin.labels.len() == 1);
    let later = table(&TABLE.replace("Spin,To do,motor,3,high,A2,12", "Spin,To do,,,,,"));
    let plan = planned_after(&given, &later, 2, &[&first]);
    let given = imported(given, &plan);
    let (_, spin) = titled(&given, &plan, "Spin");
    assert_eq!((spin.estimate, spin.priority, spin.whole()), (None, None, None));
    assert!(spin.fields.is_empty() && spin.labels.is_empty(), "{spin:?}");
    assert!(sends(&planned_after(&given, &later, 3, &[&first, &plan])).is_empty());

    // A file that says nothing of estimates at all takes none away.
    let less = table("Key,Title,Status\nA1,Spin,To do\nA2,Play,To do\nA3,Stop,To do\n");
    let plan = planned_after(&given, &less, 4, &[&first, &plan]);
    assert!(sends(&plan).is_empty(), "{:?}", sends(&plan));
    assert_eq!(titled(&given, &plan, "Play").1.estimate, Some(Effort { hundredths: 100 }));
}

#[test]
fn what_a_person_has_written_is_not_emptied() {
    let first = planned(&project(), &table(&TABLE.replace("motor,3,high,A2,12", ",,,,")), 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let (spin, _) = titled(&given, &first, "Spin");
    let (whole, _) = titled(&given, &first, "Play");
    let part = crate::card::Relation { kind: crate::card::RelationKind::PartOf, to: whole };
    let given = given.sent::<Card>(spin, C::SetPriority { priority: Some(Priority::Urgent) });
    let given = given.sent::<Card>(spin, C::SetEstimate { estimate: Some(Effort { hundredths: 700 }) });
    let given = given.sent::<Card>(spin, C::Relate { relation: part });
    let later = table(&TABLE.replace("motor,3,high,A2,12", ",,,,").replace("Stop", "Halt"));
    let plan = planned_after(&given, &later, 2, &[&first]);
    let given = imported(given, &plan);
    let card = given.model::<Card>(spin);
    assert_eq!((card.estimate, card.priority), (Some(Effort { hundredths: 700 }), Some(Priority::Urgent)));
    assert_eq!(card.whole(), Some(whole));
}

/// Nothing tells whether it stood elsewhere before.
#[test]
fn a_time_of_finishing_that_nothing_can_tell_is_said_to_be_lost() {
    let text = "Key,Title,Status,Completed at\nA1,Spin,Done,2026-01-03\nA2,Play,Done,\n";
    assert_eq!(told(&planned(&project(), &table(text), 1), "times of finishing"), 1);
    let with_open = text.replace("A2,Play,Done", "A2,Play,To do");
    assert_eq!(told(&planned(&project(), &table(&with_open), 1), "times of finishing"), 0);
}

/// A table of ours, as the command `export --as csv` writes it.
#[test]
fn a_table_of_ours_comes_in_as_what_it_was() {
    let labels = list_of(["loud, very", "red"]);
    let text = format!(
        "Key,Title,Board,Column,Labels,Members,Done,Part of,Checklists,Links,Number of comments,Remaining,Blocked,Reporter\n\
         TT-1,Motor,Deck,Ready,\"{}\",\"ann, bo\",yes,TT-2,\"Parts\n[x] Belt\nof rubber\n[ ] Oil\n\nLater\",\"https://example.org/plan\nplan.pdf\",2,1.5,No belt,Bo\n\
         TT-2,Drive,Deck,Ready,,,,,,,0,,,\n",
        labels.replace('"', "\"\"")
    );
    let source = table(&text);
    let plan = planned(&project(), &source, 1);
    let given = imported(project(), &plan);
    let (_, motor) = titled(&given, &plan, "Motor");
    let (drive, _) = titled(&given, &plan, "Drive");
    assert!(motor.done && motor.whole() == Some(drive) && motor.members.len() == 2);
    let project = given.model::<Project>(SPACE.0);
    let mut names: Vec<&str> = motor.labels.iter().map(|label| project.labels[label].name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["loud, very", "red"]);
    let lists: Vec<(&str, Vec<(&str, bool)>)> = motor
        .checklists
        .iter()
        .map(|list| (list.name.as_str(), list.items.iter().map(|item| (item.text.as_str(), item.done)).collect()))
        .collect();
    assert_eq!(lists, [("Parts", vec![("Belt\nof rubber", true), ("Oil", false)]), ("Later", vec![])]);
    assert_eq!((motor.attachments.len(), project.fields.len()), (1, 1));
    assert_eq!((motor.blocked.as_deref(), motor.remaining), (Some("No belt"), Some(Effort { hundredths: 150 })));
    assert!(project.fields.values().all(|field| field.name == "Reporter"), "what is no column of ours is a field");
    assert_eq!((told(&plan, "attachments"), told(&plan, "column \"Number of comments\"")), (1, 2));
    let again = planned_after(&given, &source, 2, &[&plan]);
    assert!(sends(&again).is_empty(), "{:?}", sends(&again));
}

/// Trello's cards are due at a moment, which is of another day elsewhere; other products write days.
#[test]
fn a_card_of_trello_is_due_on_the_day_that_it_is_where_the_project_is() {
    let board = |due: &str| {
        let text = format!(
            r#"{{"id":"B","name":"Board","lists":[{{"id":"L","name":"To do","pos":1}}],"cards":[{{"id":"C","name":"Spin","idList":"L","pos":1,"due":"{due}"}}]}}"#
        );
        crate::import::trello::read(text.as_bytes()).expect("a board is read")
    };
    let given = project();
    let models = given.models();
    let day_later = |at: Timestamp| Day::of(Timestamp(at.0 + 2 * 3_600_000));
    let present = Present {
        day_of: &day_later,
        space: SPACE,
        models: &models,
        description_of: &|_| String::new(),
        known_among: &|_| BTreeSet::new(),
        records_of: &|_| Vec::new(),
    };
    let due = |source: &SourceBoard| {
        let plan = plan(source, &present, ActId(Id([1; 16]))).expect("a plan can be made");
        titled(&imported(project(), &plan), &plan, "Spin").1.due.clone().map(|day| day.to_string())
    };
    assert_eq!(due(&board("2026-03-31T23:00:00.000Z")).as_deref(), Some("2026-04-01"));
    assert_eq!(due(&table("Title,Due\nSpin,2026-03-31\n")).as_deref(), Some("2026-03-31"));
}

/// Also where no other card of the file has any of it: the file says so all the same.
#[test]
fn what_nobody_has_any_more_is_taken_off() {
    let head = "ID,Title,Status,Assignee,Labels,Points,Room\n";
    let first = planned(&project(), &table(&format!("{head}1,A,Todo,max,bug,3,12\n")), 1);
    let given = imported(project(), &first);
    let second = planned_after(&given, &table(&format!("{head}1,A,Todo,ned,,,\n")), 2, &[&first]);
    let given = imported(given, &second);
    let (_, card) = titled(&given, &second, "A");
    assert_eq!((card.members.len(), card.labels.len(), card.fields.len(), card.estimate), (1, 0, 0, None));
    let third = planned_after(&given, &table(&format!("{head}1,A,Todo,,,,\n")), 3, &[&first, &second]);
    assert!(titled(&imported(given, &third), &third, "A").1.members.is_empty());

    let later = ISSUE.replace("\"labels\":[\"bug\"]", "\"labels\":[],\"milestone\":null");
    let issue = ISSUE.replace("\"labels\":[\"bug\"]", "\"labels\":[\"bug\"],\"milestone\":{\"title\":\"v1\"}");
    let first = planned(&project(), &read_github(issue.as_bytes(), "a").expect("it is read"), 1);
    let given = imported(project(), &first);
    let plan = planned_after(&given, &read_github(later.as_bytes(), "b").expect("it is read"), 2, &[&first]);
    let given = imported(given, &plan);
    let card = titled(&given, &plan, "Second").1;
    assert_eq!((card.labels.len(), card.fields.len()), (0, 1), "but for why it was closed");
}

const THREE: &str = "ID,Title,Status\n1,A,Todo\n2,B,Doing\n3,C,Done\n";

fn column_called(given: &Given, plan: &Plan, name: &str) -> ColumnId {
    let board = given.model::<Board>(plan.board);
    let is_it = |column: &ColumnId| given.model::<Column>(*column).name == name;
    board.columns.iter().copied().find(is_it).unwrap_or_else(|| panic!("there is a column {name}"))
}

/// What goes into a column that was removed goes to whoever has its cards; and each import did it again.
#[test]
fn a_column_that_was_removed_here_is_not_made_again() {
    let first = planned(&project(), &table(THREE), 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let (doing, done) = (column_called(&given, &first, "Doing"), column_called(&given, &first, "Done"));
    let given = given.sent::<Column>(doing, ColumnCommand::Remove { into: Some(done) });
    assert!(sends(&planned_after(&given, &table(THREE), 2, &[&first])).is_empty());
    let later = table(&THREE.replace("1,A,Todo", "1,A,Doing"));
    let plan = planned_after(&given, &later, 3, &[&first]);
    assert!(plan.summary.column_kinds.is_empty());
    let given = imported(given, &plan);
    assert_eq!(titled(&given, &plan, "A").1.column(), Some(done));
    assert!(sends(&planned_after(&given, &later, 4, &[&first, &plan])).is_empty());

    // Without an heir it is made once more.
    let first = planned(&project(), &table("ID,Title,Status\n1,A,Todo\n2,B,Doing\n"), 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let doing = column_called(&given, &first, "Doing");
    let (card, to) = (titled(&given, &first, "B").0, move_to_column(&given, &first, "Todo"));
    let given = given.sent::<Card>(card, to);
    let given = given.sent::<Column>(doing, ColumnCommand::Remove { into: None });
    let later = table("ID,Title,Status\n1,A,Doing\n2,B,Todo\n");
    let plan = planned_after(&given, &later, 2, &[&first]);
    let given = imported(given, &plan);
    assert_eq!(titled(&given, &plan, "A").1.column(), Some(column_called(&given, &plan, "Doing")));
    assert!(sends(&planned_after(&given, &later, 3, &[&first, &plan])).is_empty());
}

fn move_to_column(given: &Given, plan: &Plan, name: &str) -> C {
    C::MoveTo { column: column_called(given, plan, name), before: None, row: None, exempt: false }
}

/// It stood in another column here, whatever the file holds of that by now.
#[test]
fn a_card_was_finished_when_the_product_says_so() {
    let head = "ID,Title,Status,Completed at,Updated\n";
    let first = planned(&project(), &table(&format!("{head}1,A,In Progress,,\n")), 1);
    let given = imported(project(), &first);
    let later = table(&format!("{head}1,A,Done,2023-02-01,2023-03-20\n"));
    let plan = planned_after(&given, &later, 2, &[&first]);
    let is_move = |planned: &&crate::import::plan::PlannedCommand| matches!(&planned.what, PlannedAct::Send { intent } if &*intent.name == "card.move_to");
    let at = plan.commands.iter().find(is_move).and_then(|planned| planned.claims.happened_at);
    assert_eq!(at.and_then(Day::of).map(|day| day.to_string()).as_deref(), Some("2023-02-01"));
}

#[test]
fn cards_that_come_in_out_of_sight_are_told() {
    let first = planned(&project(), &table(THREE), 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let doing = column_called(&given, &first, "Doing");
    let given = given.sent::<Column>(doing, ColumnCommand::Archive {});
    let later = table(&THREE.replace("1,A,Todo", "1,A,Doing"));
    assert_eq!(told(&planned_after(&given, &later, 2, &[&first]), "places on the board"), 2);
}

/// What somebody has taken away here is not put on cards again, and each import tried to.
#[test]
fn a_label_that_was_removed_here_stays_away() {
    let first = planned(&project(), &table(TABLE), 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let label = *titled(&given, &first, "Spin").1.labels.iter().next().expect("it has one");
    let given = given.sent::<Project>(SPACE.0, ProjectCommand::RemoveLabel { label });
    let again = planned_after(&given, &table(TABLE), 2, &[&first]);
    assert!(sends(&again).is_empty(), "{:?}", sends(&again));
    assert_eq!((again.summary.added, told(&again, "values")), (0, 1));
}
