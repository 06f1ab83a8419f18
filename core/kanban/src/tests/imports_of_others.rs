//! Issues of GitHub and Jira, and tables, as commands: what comes in, that it comes in once, and what a later export changes.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::claims::Claims;
use recordplayer::id::{ActId, Id};
use recordplayer::record::{Record, StreamId};

use super::imports::{imported, planned, planned_after, sends};
use super::*;
use crate::card::{Day, Effort, FieldValue, Priority, RelationKind};
use crate::import::csv::{Mapping, read as read_csv};
use crate::import::github::read as read_github;
use crate::import::jira::read as read_jira;
use crate::import::plan::{Plan, PlannedAct, imported_id};
use crate::import::source::{Counts, SourceBoard};
use crate::undo::{UndoAct, undo};
use crate::view::BoardView;

/// A real input, or nothing where the inputs are absent.
fn input(name: &str) -> Option<Vec<u8>> {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("RECORDPLAYER_INPUTS").map_or_else(|| workspace.join("../shared/inputs"), Into::into);
    let bytes = std::fs::read(folder.join(name)).ok();
    if bytes.is_none() {
        println!("inputs absent: {name} not imported");
    }
    bytes
}

/// Imports into a project, and once more, which must change nothing.
fn comes_in_once(source: &SourceBoard) -> (Given, Plan) {
    let plan = planned(&project(), source, 1);
    let given = imported(project(), &plan);
    let view = given.view::<BoardView>(plan.board);
    assert_eq!(view.cards.size() as u64, plan.summary.counts.cards);
    let archived = view.cards.values().filter(|card| card.archived).count() as u64;
    assert_eq!(archived, plan.summary.counts.cards_archived);
    let again = planned_after(&given, source, 2, &[&plan]);
    let sends = sends(&again);
    assert!(sends.is_empty(), "{:?}", &sends[..sends.len().min(6)]);
    assert_eq!(again.summary.added, 0);
    (given, plan)
}

/// How many cards stand in each column, in the columns' order.
fn columns(given: &Given, plan: &Plan) -> Vec<(String, ColumnKind, usize)> {
    let view = given.view::<BoardView>(plan.board);
    let cards = |column| view.cards.values().filter(|card| card.column == column).count();
    let column = |id: &ColumnId| {
        let column = given.model::<Column>(*id);
        (column.name.clone(), column.kind, cards(*id))
    };
    view.order.iter().map(column).collect()
}

/// A card by its title.
fn titled(given: &Given, plan: &Plan, title: &str) -> std::sync::Arc<Card> {
    let view = given.view::<BoardView>(plan.board);
    let found = view.cards.iter().find(|(_, card)| card.title == title).map(|(id, _)| *id);
    given.model::<Card>(found.unwrap_or_else(|| panic!("{title:?} came in")))
}

fn told(plan: &Plan, what: &str) -> u64 {
    plan.summary.not_imported.iter().filter(|line| line.what == what).map(|line| line.count).sum()
}

fn described(plan: &Plan) -> BTreeMap<CardId, String> {
    let texts = plan.commands.iter().filter_map(|planned| match &planned.what {
        PlannedAct::Describe { card, text } => Some((*card, text.clone())),
        PlannedAct::Send { .. } => None,
    });
    texts.collect()
}

#[test]
fn a_real_project_of_jira_gives_its_counts() {
    let Some(bytes) = input("jira-tidev-DAEMON.jsonl") else { return };
    let source = read_jira(&bytes, None).expect("issues of Jira are read");
    let (given, plan) = comes_in_once(&source);
    let counts = plan.summary.counts;
    assert_eq!((counts.cards, counts.comments, counts.attachments, counts.members), (317, 475, 92, 31));
    assert_eq!((counts.labels, counts.label_links, counts.components, counts.component_links), (4, 28, 44, 384));
    assert_eq!((counts.relations, counts.relations_dangling, counts.parents, counts.types), (90, 51, 63, 5));
    assert_eq!(told(&plan, "empty comments"), 9);
    let shown: Vec<(String, usize)> =
        columns(&given, &plan).into_iter().map(|(name, _, count)| (name, count)).collect();
    let shown: Vec<(&str, usize)> = shown.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(shown, [("Open", 29), ("Reopened", 1), ("Resolved", 273), ("Closed", 14)]);
    let project = given.model::<Project>(SPACE.0);
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    let view = given.view::<BoardView>(plan.board);
    for card in view.cards.keys() {
        let card_type = given.model::<Card>(*card).card_type.expect("each issue has a type");
        *types.entry(&project.types[&card_type].name).or_default() += 1;
    }
    let expected = [("Bug", 127), ("Epic", 7), ("Improvement", 90), ("New Feature", 65), ("Story", 28)];
    assert_eq!(types, expected.into());
    let times: Vec<i64> =
        plan.commands.iter().filter_map(|planned| planned.claims.happened_at).map(|at| at.0).collect();
    let day = |at: &i64| at.div_euclid(86_400_000);
    assert_eq!(times.iter().min().map(day), Some(16_834), "2016-02-03, when the first issue was made");
    assert!(times.is_sorted(), "a moment is reached by going through the records in order");
}

#[test]
fn a_real_export_of_linear_gives_its_counts() {
    let Some(bytes) = input("linear-export.csv") else { return };
    let source = read_csv(&bytes, "linear-export", &[]).expect("a table is read");
    let (given, plan) = comes_in_once(&source);
    let counts = plan.summary.counts;
    let links = (counts.labels, counts.label_links, counts.member_links, counts.due_dates, counts.parents);
    assert_eq!((counts.cards, counts.cards_archived, links), (10, 1, (5, 5, 3, 2, 2)));
    let shown = columns(&given, &plan);
    let shown: Vec<(&str, ColumnKind, usize)> =
        shown.iter().map(|(name, kind, count)| (name.as_str(), *kind, *count)).collect();
    let expected = [
        ("Triage", ColumnKind::Backlog, 1),
        ("Backlog", ColumnKind::Backlog, 1),
        ("Todo", ColumnKind::Ready, 4),
        ("In Progress", ColumnKind::Active, 1),
        ("Done", ColumnKind::Done, 1),
        ("Canceled", ColumnKind::Cancelled, 2),
    ];
    assert_eq!(shown, expected);
    let first = titled(&given, &plan, "First Claw");
    assert_eq!((first.estimate, first.priority), (Some(Effort { hundredths: 500 }), Some(Priority::High)));
    let whole = first.whole().expect("it is a part");
    assert_eq!(given.model::<Card>(whole).title, "Day One");
    let third = titled(&given, &plan, "Beta Claw");
    assert_eq!(third.due.as_ref().map(Day::as_str), Some("2023-02-28"));
    let fields = &given.model::<Project>(SPACE.0).fields;
    let options = |name: &str| fields.values().find(|field| field.name == name).map(|field| field.options.len());
    assert_eq!((options("Cycle"), options("Project")), (Some(2), Some(1)));
}

#[test]
fn a_real_table_of_wekan_gives_its_counts() {
    let Some(bytes) = input("wekan-board-import.csv") else { return };
    let source = read_csv(&bytes, "wekan-board-import", &[]).expect("a table is read");
    let (given, plan) = comes_in_once(&source);
    let counts = plan.summary.counts;
    assert_eq!((counts.cards, counts.columns, counts.labels, counts.members, counts.due_dates), (25, 4, 8, 4, 17));
    let names: Vec<String> = columns(&given, &plan).into_iter().map(|(name, _, _)| name).collect();
    assert_eq!(names, ["Stage 1", "Stage 2", "Stage 3", "Stage 4"]);
    let first = titled(&given, &plan, "Test card 1");
    assert_eq!(first.due.as_ref().map(Day::as_str), Some("2020-05-06"), "the month stands first");
    let labels = &given.model::<Project>(SPACE.0).labels;
    let worn: Vec<_> =
        first.labels.iter().map(|label| (labels[label].name.as_str(), labels[label].colour.as_str())).collect();
    assert_eq!(worn, [("Marketing", "blue")]);
}

#[test]
fn a_real_table_in_french_gives_its_counts() {
    let Some(bytes) = input("issues-fr.csv") else { return };
    let source = read_csv(&bytes, "issues-fr", &[]).expect("a table is read");
    let (given, plan) = comes_in_once(&source);
    assert_eq!((plan.summary.counts.cards, plan.summary.counts.labels), (5, 4));
    let project = given.model::<Project>(SPACE.0);
    let mut labels: Vec<&str> = project.labels.values().map(|label| label.name.as_str()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["label1", "label2", "label3", "lebel2"]);
    let texts: Vec<String> = described(&plan).into_values().collect();
    for text in ["I’m a description", "There is bug, can you help"] {
        assert!(texts.iter().any(|other| other == text), "{text}: {texts:?}");
    }
}

const API: &str = r#"[
{"number":2,"title":"Second","body":"*b*","state":"closed","state_reason":"not_planned","user":{"login":"ann"},"labels":[{"name":"bug","color":"d73a4a"}],
"assignees":[{"login":"bo"}],"milestone":{"title":"v1"},"comments":1,"created_at":"2026-01-02T10:00:00Z","closed_at":"2026-01-03T10:00:00Z","closed_by":{"login":"bo"},
"html_url":"https://github.com/our/turntable/issues/2","url":"https://api.github.com/repos/our/turntable/issues/2","repository_url":"https://api.github.com/repos/our/turntable"},
{"number":3,"title":"A change","state":"open","pull_request":{"url":"x"},"html_url":"https://github.com/our/turntable/pull/3"},
{"number":1,"title":"First","body":null,"state":"open","user":{"login":"ann"},"labels":["bug","idea"],"assignees":[],"milestone":null,"comments":0,
"created_at":"2026-01-01T10:00:00Z","closed_at":null,"html_url":"https://github.com/our/turntable/issues/1"}]"#;

const GH: &str = r#"[{"number":2,"title":"Second","state":"CLOSED","stateReason":"NOT_PLANNED","author":{"login":"ann","name":"Ann"},"url":"https://github.com/our/turntable/issues/2",
"createdAt":"2026-01-02T10:00:00Z","closedAt":"2026-01-03T10:00:00Z","labels":[{"id":"L","name":"bug","color":"d73a4a","description":""}],
"comments":[{"id":"IC_1","author":{"login":"bo"},"body":"Why?","createdAt":"2026-01-02T11:00:00Z","url":"https://github.com/our/turntable/issues/2#issuecomment-77"}]}]"#;

#[test]
fn issues_of_github_come_in_with_when_and_by_whom() {
    let source = read_github(API.as_bytes(), "issues").expect("a list of issues is read");
    let (given, plan) = comes_in_once(&source);
    assert_eq!(source.name, "our/turntable");
    let counts = plan.summary.counts;
    assert_eq!(
        (counts.cards, counts.columns, counts.labels, counts.label_links, counts.members, counts.member_links),
        (2, 3, 2, 3, 2, 1)
    );
    assert_eq!((told(&plan, "pull requests"), told(&plan, "comments")), (1, 1));
    assert_eq!(
        columns(&given, &plan),
        [
            ("Open".to_owned(), ColumnKind::Ready, 1),
            ("Closed".to_owned(), ColumnKind::Done, 0),
            ("Not planned".to_owned(), ColumnKind::Cancelled, 1)
        ]
    );
    let moved = plan
        .commands
        .iter()
        .find(|planned| matches!(&planned.what, PlannedAct::Send { intent } if &*intent.name == "card.move_to"));
    let claims = moved.expect("it was closed").claims;
    let bo = source.members.iter().find(|member| member.username == "bo").expect("he closed it");
    assert_eq!(claims.happened_at.map(|at| at.0), Some(1_767_434_400_000));
    assert_eq!(claims.actor, Some(ActorId(imported_id(SPACE, "github", "member", &bo.id))));
    let second = titled(&given, &plan, "Second");
    let project = given.model::<Project>(SPACE.0);
    let colours: Vec<&str> = second.labels.iter().map(|label| project.labels[label].colour.as_str()).collect();
    assert_eq!((colours, second.attachments.len(), second.fields.len()), (vec!["red"], 1, 2));
}

/// The same issue as the other program writes it: it is the same card, and brings the comment.
#[test]
fn both_forms_of_github_lead_to_the_same_cards() {
    let first = planned(&project(), &read_github(API.as_bytes(), "a").expect("it is read"), 1);
    let given = imported(project(), &first);
    let second = read_github(GH.as_bytes(), "b").expect("it is read");
    let plan = planned_after(&given, &second, 2, &[&first]);
    let given = imported(given, &plan);
    assert_eq!((plan.board, plan.summary.added), (first.board, 1), "one comment");
    assert_eq!(given.view::<BoardView>(plan.board).cards.size(), 2);
}

const JIRA: &str = r#"{"id":"1","key":"TT-1","fields":{"summary":"Spin","description":"h2. Why\r\n*fast*","status":{"id":"1","name":"Open","statusCategory":{"key":"new"}},"issuetype":{"name":"Bug"},
"project":{"key":"TT","name":"Turntable"},"priority":{"name":"Critical"},"labels":["motor"],"components":[{"id":"9","name":"core"}],"created":"2026-01-01T10:00:00.000+0000",
"reporter":{"key":"ann","displayName":"Ann"},"assignee":{"key":"bo","displayName":"Bo"},"duedate":"2026-02-01","customfield_10001":3,
"issuelinks":[{"id":"5","type":{"name":"Blocks","inward":"is blocked by","outward":"blocks"},"outwardIssue":{"key":"TT-2"}},
{"id":"6","type":{"name":"Relates","inward":"relates to","outward":"relates to"},"outwardIssue":{"key":"ELSE-1"}}],
"attachment":[{"id":"7","filename":"a b.png","created":"2026-01-01T10:00:00.000+0000"}],
"comment":{"total":2,"comments":[{"id":"8","author":{"key":"bo","displayName":"Bo"},"body":"{{ok}}","created":"2026-01-01T11:00:00.000+0000"},{"id":"10","created":"2026-01-01T11:00:00.000+0000"}]}}}
{"id":"2","key":"TT-2","self":"https://jira.example.org/rest/api/2/issue/2","fields":{"summary":"Play","status":{"id":"5","name":"Resolved","statusCategory":{"key":"done"}},
"created":"2026-01-02T10:00:00.000+0000","resolutiondate":"2026-01-05T10:00:00.000+0000","resolution":{"name":"Fixed"},"parent":{"key":"TT-1"},
"issuelinks":[{"id":"5","type":{"name":"Blocks","inward":"is blocked by","outward":"blocks"},"inwardIssue":{"key":"TT-1"}}]},
"changelog":{"histories":[{"id":"20","author":{"key":"bo"},"created":"2026-01-03T10:00:00.000+0000","items":[{"field":"status","fromString":"Open","toString":"In Progress"}]},
{"id":"21","author":{"key":"bo"},"created":"2026-01-05T10:00:00.000+0000","items":[{"field":"status","fromString":"In Progress","toString":"Resolved"}]}]}}"#;

#[test]
fn issues_of_jira_come_in_with_what_hangs_on_them() {
    let source = read_jira(JIRA.as_bytes(), None).expect("issues are read");
    let (given, plan) = comes_in_once(&source);
    let counts = plan.summary.counts;
    let of_links = (counts.relations, counts.relations_dangling, counts.parents, counts.attachments);
    assert_eq!((counts.cards, counts.columns, counts.comments, of_links), (2, 3, 2, (2, 1, 1, 2)));
    let first = titled(&given, &plan, "Spin");
    let kinds: Vec<RelationKind> = first.relations.iter().map(|relation| relation.kind).collect();
    assert_eq!(kinds, [RelationKind::Blocks, RelationKind::HasPart]);
    assert_eq!((first.priority, first.due.as_ref().map(Day::as_str)), (Some(Priority::Urgent), Some("2026-02-01")));
    let urls: Vec<String> = source.cards[0].attachments.iter().map(|link| link.url.clone()).collect();
    assert_eq!(
        urls,
        ["https://jira.example.org/secure/attachment/7/a%20b.png", "https://jira.example.org/browse/ELSE-1"]
    );
    assert_eq!(described(&plan).into_values().collect::<Vec<_>>(), ["## Why\n**fast**"]);
    assert_eq!((told(&plan, "links"), told(&plan, "custom fields"), told(&plan, "empty comments")), (1, 1, 1));
    let moves = plan
        .commands
        .iter()
        .filter(|planned| matches!(&planned.what, PlannedAct::Send { intent } if &*intent.name == "card.move_to"));
    let moves: Vec<i64> = moves.filter_map(|planned| planned.claims.happened_at).map(|at| at.0).collect();
    assert_eq!(moves, [1_767_434_400_000, 1_767_607_200_000], "as the changelog tells");
}

#[test]
fn a_later_export_of_issues_changes_what_differs() {
    let first = planned(&project(), &read_jira(JIRA.as_bytes(), None).expect("it is read"), 1);
    let given = imported(project(), &first);
    let later = JIRA.replace("\"Spin\"", "\"Spin well\"").replace(
        "\"id\":\"1\",\"name\":\"Open\",\"statusCategory\":{\"key\":\"new\"}",
        "\"id\":\"6\",\"name\":\"Closed\",\"statusCategory\":{\"key\":\"done\"}",
    );
    let later = later.replace("\"duedate\"", "\"resolutiondate\":\"2026-02-02T10:00:00.000+0000\",\"duedate\"");
    let source = read_jira(later.as_bytes(), None).expect("it is read");
    let plan = planned_after(&given, &source, 2, &[&first]);
    let given = imported(given, &plan);
    assert_eq!((plan.summary.added, plan.summary.updated), (1, 1), "a column, and a card");
    let card = titled(&given, &plan, "Spin well");
    assert_eq!(given.model::<Column>(card.column().expect("it is somewhere")).name, "Closed");
    let third = planned_after(&given, &source, 3, &[&first, &plan]);
    assert!(sends(&third).is_empty());
}

const TABLE: &str = "\u{feff}Nom;Statut;Étiquettes;Assignée;Échéance;Points;Priorité;Clé;Parent;Salle\n\
    Tourner;À faire;moteur, idée;Ann;31.12.2026;3,5;haute;A1;;12\n\
    \"Jouer\nfort\";Terminé;;Bo;01.02.2026;;;A2;A1;\n\
    Sans clé;À faire;;;;;;;A9;\n";

#[test]
fn a_table_comes_in_by_the_names_of_its_columns() {
    let source = read_csv(TABLE.as_bytes(), "tableau", &[]).expect("a table is read");
    let (given, plan) = comes_in_once(&source);
    let counts = plan.summary.counts;
    assert_eq!(
        (counts.cards, counts.columns, counts.labels, counts.members, counts.due_dates, counts.parents),
        (3, 2, 2, 2, 2, 1)
    );
    let card = titled(&given, &plan, "Tourner");
    assert_eq!((card.estimate, card.priority), (Some(Effort { hundredths: 350 }), Some(Priority::High)));
    assert_eq!(card.fields.values().collect::<Vec<_>>(), [&FieldValue::Text { text: "12".into() }]);
    assert_eq!(told(&plan, "parents"), 1);
    // The row without a key is known by its title: a later table moves it.
    let later = TABLE.replace("Sans clé;À faire", "Sans clé;Terminé");
    let plan = planned_after(&given, &read_csv(later.as_bytes(), "tableau", &[]).expect("it is read"), 2, &[&plan]);
    assert_eq!((plan.summary.added, plan.summary.updated), (0, 1));
    // Another table is another board, whatever its keys are.
    let other = planned_after(&given, &read_csv(TABLE.as_bytes(), "autre", &[]).expect("it is read"), 3, &[]);
    assert_eq!(other.summary.counts.cards, 3);
    assert!(other.board != plan.board && other.summary.updated == 0);
}

#[test]
fn columns_of_any_name_can_be_mapped() {
    let table = "Thing,Where,When\nSpin,Shelf,05/06/2026\n";
    let refused = read_csv(table.as_bytes(), "t", &[]).expect_err("nothing is a title").to_string();
    assert!(refused.contains("line 1") && refused.contains("--map") && refused.contains("\"Thing\""), "{refused}");
    let maps: Vec<Mapping> =
        ["Title=Thing", "column = where", "Due=When"].map(|map| map.parse().expect("it is a mapping")).into();
    let (given, plan) = comes_in_once(&read_csv(table.as_bytes(), "t", &maps).expect("it is read"));
    assert_eq!(columns(&given, &plan), [("Shelf".to_owned(), ColumnKind::Backlog, 1)]);
    assert_eq!(told(&plan, "certainty of dates"), 1);
    assert_eq!(titled(&given, &plan, "Spin").due.as_ref().map(Day::as_str), Some("2026-05-06"));
    let missing: Mapping = "Title=Nowhere".parse().expect("it is a mapping");
    assert!(read_csv(table.as_bytes(), "t", &[missing]).is_err());
    for text in ["", "Title", "Title=", "Colour=Thing"] {
        assert!(text.parse::<Mapping>().is_err(), "{text}");
    }
}

#[test]
fn what_is_no_export_is_refused_with_its_line() {
    let refusals = [
        read_github(b"", "x").err(),
        read_github(b"{\"issues\":[]}", "x").err(),
        read_github(b" null ", "x").err(),
        read_github(b"[7]", "x").err(),
        read_github(b"[{\"title\":\"no number\"}]", "x").err(),
        read_github(&API.as_bytes()[..API.len() / 2], "x").err(),
        read_jira(b"", None).err(),
        read_jira(b"\x00\x01 not json", None).err(),
        read_jira(b"{\"key\":\"A-1\"}", None).err(),
        read_jira(&JIRA.as_bytes()[..JIRA.len() / 2], None).err(),
        read_csv(b"", "x", &[]).err(),
        read_csv(b"\x00\x01\x02", "x", &[]).err(),
        read_csv(b"Title,Status\nOne\n", "x", &[]).err(),
        read_csv(b"Title,Status\nOne,Two,Three\n", "x", &[]).err(),
        read_csv(b"Title,Status\nOne,\"Two\n", "x", &[]).err(),
        read_csv(b"Title,Status\nOne,\xff\n", "x", &[]).err(),
    ];
    for (number, refusal) in refusals.into_iter().enumerate() {
        let why = refusal.unwrap_or_else(|| panic!("{number} was read")).to_string();
        assert!(why.contains("line ") || why.contains("is empty"), "{number}: {why}");
        assert!(!why.contains("Wire"), "{number}: {why}");
    }
    let second = format!("{JIRA}\n{{\"nothing\":1}}\n");
    let why = read_jira(second.as_bytes(), None).expect_err("the last line is no issue").to_string();
    let line = JIRA.lines().count() + 1;
    assert!(why.contains(&format!("(line {line})")), "{why}");
}

/// Parts in a circle, a card of itself, keys that stand there twice.
#[test]
fn what_contradicts_itself_comes_in_as_far_as_it_can() {
    let table = "Key,Title,Parent\nA,One,B\nB,Two,C\nC,Three,A\nD,Four,D\nA,Again,\n";
    let source = read_csv(table.as_bytes(), "t", &[]).expect("it is read");
    let (given, plan) = comes_in_once(&source);
    assert_eq!((told(&plan, "relations"), told(&plan, "rows"), told(&plan, "parents")), (1, 1, 1));
    assert_eq!(
        titled(&given, &plan, "One").whole().map(|whole| given.model::<Card>(whole).title.clone()),
        Some("Two".into())
    );
    assert_ne!(Counts::default(), plan.summary.counts);
    assert_ne!(plan.board.0, Id::default());
}

/// A small file of each product, changed here and there, is refused or comes in once; a file is never half read.
#[test]
fn what_is_made_of_an_export_is_refused_or_comes_in_once() {
    type Reader = fn(&[u8]) -> Option<SourceBoard>;
    let readers: [(&str, Reader); 4] = [
        (API, |bytes| read_github(bytes, "x").ok()),
        (GH, |bytes| read_github(bytes, "x").ok()),
        (JIRA, |bytes| read_jira(bytes, Some("https://jira.example.org")).ok()),
        (TABLE, |bytes| read_csv(bytes, "x", &[]).ok()),
    ];
    for (fixture, read) in readers {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut taken = 0;
        for _ in 0..300 {
            let mut bytes = fixture.as_bytes().to_vec();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..bytes.len());
                let to = (at + rng.random_range(0..24)).min(bytes.len());
                match rng.random_range(0..4) {
                    0 => bytes[at] = rng.random_range(b' '..b'~'),
                    1 => drop(bytes.drain(at..to)),
                    2 => {
                        let part = bytes[at..to].to_vec();
                        bytes.splice(at..at, part);
                    }
                    _ => bytes[at] = *b"\",;:{}[]\n01".choose(&mut rng).expect("there are some"),
                }
            }
            if let Some(board) = read(&bytes) {
                taken += 1;
                comes_in_once(&board);
            }
        }
        assert!(taken > 20, "{taken} of the files were read: {fixture:.20}");
    }
}

/// A table that was imported again made the cards be as it was when it was written.
#[test]
fn what_somebody_has_changed_since_an_import_stays() {
    let source = read_csv(TABLE.as_bytes(), "tableau", &[]).expect("a table is read");
    let first = planned(&project(), &source, 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let card = |given: &Given, title: &str| titled(given, &first, title);
    let id = |title: &str| {
        let view = given.view::<BoardView>(first.board);
        let found = view.cards.iter().find(|(_, card)| card.title == title).map(|(id, _)| *id);
        found.expect("it came in")
    };
    let (turn, keyless) = (id("Tourner"), id("Sans clé"));
    let board = given.model::<Board>(first.board);
    let done = board.columns.iter().copied().find(|column| given.model::<Column>(*column).name == "Terminé").unwrap();
    let todo = board.columns.iter().copied().find(|column| *column != done).unwrap();
    let label = *card(&given, "Tourner").labels.iter().next().unwrap();
    let given = given
        .sent::<Card>(turn, CardCommand::MoveTo { column: done, before: None, row: None, exempt: false })
        .sent::<Card>(turn, CardCommand::SetDue { due: None })
        .sent::<Card>(turn, CardCommand::RemoveLabel { label })
        .sent::<Card>(turn, CardCommand::SetEstimate { estimate: None })
        .sent::<Card>(keyless, CardCommand::Archive {})
        .sent::<Column>(todo, ColumnCommand::Rename { name: "Bientôt".into() });
    let stands = |given: &Given| {
        let card = card(given, "Tourner");
        (card.column(), card.due.clone(), card.labels.len(), card.estimate, given.model::<Card>(keyless).archived)
    };
    let theirs = stands(&given);
    assert_eq!(theirs, (Some(done), None, 1, None, true));
    let again = planned_after(&given, &source, 2, &[&first]);
    assert!(sends(&again).is_empty(), "{:?}", sends(&again));
    let left = again.summary.not_imported.iter().find(|left| left.what == "values").expect("it is told");
    assert_eq!(left.count, 6, "a place, a day, a label, an estimate, an archived card, a name");

    // What nobody has changed here follows the source, and does so again and again.
    let later = |title: &str| {
        let text = TABLE.replace("Jouer\nfort", title);
        read_csv(text.as_bytes(), "tableau", &[]).expect("a table is read")
    };
    let second = planned_after(&given, &later("Jouer"), 2, &[&first]);
    let given = imported(given, &second);
    let third = planned_after(&given, &later("Jouer encore"), 3, &[&first, &second]);
    let given = imported(given, &third).claiming(Claims::default());
    card(&given, "Jouer encore");
    assert_eq!(stands(&given), theirs);
    assert_eq!(given.model::<Column>(todo).name, "Bientôt");
    assert_eq!(given.model::<Board>(first.board).imports.len(), 3);
}

/// It was put away card by card by taking it back, and that is nobody's wish of these cards.
#[test]
fn an_import_that_was_taken_back_comes_in_again() {
    let source = read_csv(TABLE.as_bytes(), "tableau", &[]).expect("a table is read");
    let first = planned(&project(), &source, 1);
    let given = imported(project(), &first).claiming(Claims::default());
    let streams: BTreeSet<StreamId> = given.records().iter().map(|record| record.stream.clone()).collect();
    let records = |stream: StreamId| {
        let of_stream = given.records().iter().filter(|record| record.stream == stream).cloned();
        (stream.clone(), of_stream.collect())
    };
    let streams: Vec<(StreamId, Vec<Record>)> = streams.into_iter().map(records).collect();
    let act = ActId(Id([1; 16]));
    let taken = undo(&streams, &given.models(), &|record| record.origin.claims.act == Some(act)).unwrap();
    let given = taken.steps.into_iter().fold(given, |given, step| match step.what {
        UndoAct::Send { intent } => {
            given.claiming(Claims { undoes: Some(step.undoes), ..Claims::default() }).sent_intent(&intent)
        }
        UndoAct::Describe { .. } => given,
    });
    let open = |given: &Given| {
        let view = given.view::<BoardView>(first.board);
        view.cards.values().filter(|card| !card.archived).count()
    };
    assert_eq!(open(&given), 0);
    let again = planned_after(&given, &source, 2, &[&first]);
    assert!(again.summary.not_imported.iter().all(|left| left.what != "values"));
    assert_eq!(open(&imported(given, &again)), 3);
}

#[test]
fn an_estimate_is_kept_to_the_hundredth_and_that_is_told() {
    let table = "Title,Estimate\nOne,0.125\nTwo,3.0\nThree,much\nFour,'=1\n";
    let source = read_csv(table.as_bytes(), "table", &[]).expect("a table is read");
    let (given, plan) = comes_in_once(&source);
    let estimate = |title: &str| titled(&given, &plan, title).estimate.map(|effort| effort.hundredths);
    assert_eq!([estimate("One"), estimate("Two"), estimate("Three")], [Some(12), Some(300), None]);
    assert_eq!((told(&plan, "parts of estimates"), told(&plan, "estimates")), (1, 2));
}
