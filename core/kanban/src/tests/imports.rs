//! A board of Trello as commands.

use std::collections::BTreeSet;

use recordplayer::codec::{decode, encode};
use recordplayer::id::{ActId, ActorId, CommandId, SpaceId};
use recordplayer::limits::TEXT_BYTES_MAX;
use recordplayer::membership::{Membership, MembershipEvent};
use recordplayer::testing::FOUNDER;
use recordplayer::view::Key;
use serde_json::{Value, json};

use super::*;
use crate::card::Day;
use crate::import::plan::{Plan, PlannedAct, PlannedCommand, Present, import_act, imported_id, plan};
use crate::import::source::SourceBoard;
use crate::import::trello::read;
use crate::limits::{COMMENT_BYTES_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX};
use crate::view::{ActivityView, BoardView, CardView};

fn source(title: &str, list: &str, closed: bool) -> SourceBoard {
    let card: Value = json!({
        "id": "C1", "name": title, "desc": "", "closed": closed, "idList": list, "pos": 1, "idLabels": ["G"], "idMembers": ["M"],
        "due": "2026-03-31T12:00:00.000Z", "attachments": [{ "id": "A", "name": "Plan", "url": "https://example.org/plan" }],
    });
    let board = json!({
        "id": "B", "name": "Board",
        "lists": [
            { "id": "L1", "name": "To do", "closed": false, "pos": 1 },
            { "id": "L2", "name": "To do", "closed": false, "pos": 2 },
            { "id": "L3", "name": "Old", "closed": true, "pos": 3 },
        ],
        "labels": [{ "id": "G", "name": "", "color": "green" }],
        "members": [{ "id": "M", "fullName": "Some Body", "username": "somebody" }],
        "checklists": [{ "id": "K", "idCard": "C1", "name": "Steps", "checkItems": [{ "id": "I", "name": "Go", "state": "complete", "pos": 1 }] }],
        "actions": [{
            "id": "X", "type": "commentCard", "date": "2026-01-01T00:00:00.000Z", "idMemberCreator": "M",
            "data": { "text": "Why?", "card": { "id": "C1" } },
        }],
        "cards": [card, { "id": "C2", "name": "In the archive", "closed": false, "idList": "L3", "pos": 2 }],
    });
    read(board.to_string().as_bytes()).expect("the fixture is a board")
}

/// The plan for a project that no import has come into before, or the log of which holds the commands of these plans.
pub(super) fn planned_after(given: &Given, source: &SourceBoard, act: u8, before: &[&Plan]) -> Plan {
    let models = given.models();
    let known: BTreeSet<CommandId> =
        before.iter().flat_map(|plan| &plan.commands).map(|planned| planned.command).collect();
    let present = Present {
        day_of: &Day::of,
        space: SPACE,
        models: &models,
        description_of: &|_| String::new(),
        known_among: &|asked| asked & &known,
        records_of: &|stream| given.records().iter().filter(|record| record.stream == *stream).cloned().collect(),
    };
    plan(source, &present, ActId(Id([act; 16]))).expect("a plan can be made")
}

pub(super) fn planned(given: &Given, source: &SourceBoard, act: u8) -> Plan {
    planned_after(given, source, act, &[])
}

pub(super) fn imported(given: Given, plan: &Plan) -> Given {
    plan.commands.iter().fold(given, |given, planned| match &planned.what {
        PlannedAct::Send { intent } => given.claiming(planned.claims).sent_intent(intent),
        PlannedAct::Describe { .. } => given,
    })
}

/// What a plan changes, but for texts, which are not played here, and for saying that it is an import.
pub(super) fn sends(plan: &Plan) -> Vec<&PlannedCommand> {
    let is_change = |planned: &&PlannedCommand| match &planned.what {
        PlannedAct::Send { intent } => &*intent.name != "board.import",
        PlannedAct::Describe { .. } => false,
    };
    plan.commands.iter().filter(is_change).collect()
}

#[test]
fn an_import_brings_everything_and_a_second_one_nothing() {
    let source = source("Build it", "L1", false);
    let first = planned(&project(), &source, 1);
    let guesses = first.summary.guesses().unwrap();
    assert!(
        guesses.contains("To do (") && !guesses.contains("Old"),
        "what is in use, and what it is taken for: {guesses}"
    );
    assert_eq!((first.summary.updated, first.summary.unchanged), (0, 0));
    let given = imported(project(), &first);
    let view = given.view::<BoardView>(first.board);
    let columns: Vec<_> = view.columns().iter().map(|column| (column.row.name.clone(), column.cards.len())).collect();
    assert_eq!(columns, [("To do".to_owned(), 1), ("To do (2)".into(), 0), ("Old".into(), 1)]);
    let second = planned(&given, &source, 2);
    assert_eq!(second.commands.len(), 0);
    assert_eq!((second.summary.added, second.summary.updated), (0, 0));
    assert_eq!(second.summary.unchanged, first.summary.added);
}

#[test]
fn a_later_export_changes_what_differs() {
    let first = planned(&project(), &source("Build it", "L1", true), 1);
    let given = imported(project(), &first);
    let later = source("Build it well", "L2", true);
    let plan = planned(&given, &later, 2);
    assert_eq!((plan.summary.added, plan.summary.updated), (0, 1));
    let given = imported(given, &plan);
    assert_eq!(planned(&given, &later, 3).commands.len(), 0);
    let view = given.view::<BoardView>(plan.board);
    let card = view.cards.values().find(|card| card.title == "Build it well").expect("the card was renamed");
    assert!(card.archived && view.columns.get(&card.column).is_some_and(|column| column.name == "To do (2)"));
}

#[test]
fn boards_of_others_come_in_whole_and_once() {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("RECORDPLAYER_INPUTS").map_or_else(|| workspace.join("../shared/inputs"), Into::into);
    for name in ["trello-clipkit-ja.json", "trello-gocd-testdrive.json", "trello-wekan-project100.json"] {
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            println!("inputs absent: {name} not imported");
            continue;
        };
        let source = read(&bytes).expect("an export of Trello is a board");
        let plan = planned(&project(), &source, 1);
        let given = imported(project(), &plan);
        let view = given.view::<BoardView>(plan.board);
        assert_eq!(view.cards.size() as u64, plan.summary.counts.cards);
        let archived = view.cards.values().filter(|card| card.archived).count() as u64;
        assert_eq!(archived, plan.summary.counts.cards_archived);
        let again = planned_after(&given, &source, 2, &[&plan]);
        let sends = sends(&again);
        assert_eq!(sends.len(), 0, "{name} {:?}", &sends[..sends.len().min(6)]);
    }
}

#[test]
fn what_is_saved_is_read_back_as_it_was() {
    fn is_read_back<T: recordplayer::entity::Data + PartialEq>(state: &T) {
        let bytes = encode(state).expect("it can be saved");
        assert_eq!(&decode::<T>(&bytes).expect("it can be read back"), state);
    }
    let plan = planned(&project(), &source("Build it", "L1", true), 1);
    let given = imported(project(), &plan);
    let board = given.view::<BoardView>(plan.board);
    let card = *board.cards.keys().next().expect("a card came in");
    let column = board.order[0];
    is_read_back(&*given.model::<Project>(SPACE.0));
    is_read_back(&*given.model::<Board>(plan.board));
    is_read_back(&*given.model::<Column>(column));
    is_read_back(&*given.model::<Card>(card));
    is_read_back(&*board);
    is_read_back(&*given.view::<CardView>(card));
    is_read_back(&*given.view::<ActivityView>(Key::whole_space()));
    is_read_back(&*given.view::<KeysView>(KeysView::key_of("REC", &CardRef::Id { card })));
}

/// A board with its whole life: made by one, worked on by another. Moments are minutes of one hour.
fn living_board(until: usize) -> SourceBoard {
    let at = |minute: usize| format!("2020-01-01T10:{minute:02}:00.000Z");
    let card = |more: Value| {
        let mut card = json!({ "id": "C1" });
        card.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        card
    };
    let all = [
        ("createBoard", "M", json!({})),
        ("createList", "M", json!({ "list": { "id": "L1", "name": "Ideas" } })),
        ("createList", "M", json!({ "list": { "id": "L2", "name": "Doing" } })),
        ("createCard", "M", json!({ "list": { "id": "L1" }, "card": card(json!({ "name": "First name" })) })),
        ("updateCard", "N", json!({ "card": card(json!({ "name": "Second name" })), "old": { "name": "First name" } })),
        (
            "updateCard",
            "N",
            json!({
                "card": card(json!({ "idList": "L2" })), "old": { "idList": "L1" }, "listBefore": { "id": "L1" }, "listAfter": { "id": "L2" },
            }),
        ),
        ("addMemberToCard", "N", json!({ "card": card(json!({})), "idMember": "N" })),
        ("updateCard", "M", json!({ "card": card(json!({ "closed": true })), "old": { "closed": false } })),
        ("updateList", "M", json!({ "list": { "id": "L1", "name": "Someday" }, "old": { "name": "Ideas" } })),
        ("updateCard", "M", json!({ "card": card(json!({ "pos": 1 })), "old": { "pos": 2 } })),
    ];
    let actions: Vec<Value> = all
        .iter()
        .enumerate()
        .take(until)
        .map(|(minute, (kind, author, data))| {
            let id = format!("A{minute}");
            json!({ "id": id, "type": kind, "date": at(minute), "idMemberCreator": author, "data": data })
        })
        .rev()
        .collect();
    let board = json!({
        "id": "B", "name": "Board",
        "lists": [
            { "id": "L1", "name": if until > 8 { "Someday" } else { "Ideas" }, "pos": 1 }, { "id": "L2", "name": "Doing", "pos": 2 },
        ],
        "members": [{ "id": "M", "fullName": "Mo", "username": "mo" }, { "id": "N", "fullName": "Ny", "username": "ny" }],
        "actions": actions,
        "cards": [{
            "id": "C1", "name": if until > 4 { "Second name" } else { "First name" }, "closed": until > 7,
            "idList": if until > 5 { "L2" } else { "L1" }, "pos": 1, "idMembers": if until > 6 { json!(["N"]) } else { json!([]) },
        }],
    });
    read(board.to_string().as_bytes()).expect("the fixture is a board")
}

fn claims_of(plan: &Plan, command: &str) -> (i64, ActorId) {
    let is_it =
        |planned: &&PlannedCommand| matches!(&planned.what, PlannedAct::Send { intent } if &*intent.name == command);
    let claims = plan.commands.iter().find(is_it).expect("the command is planned").claims;
    (claims.happened_at.expect("the source tells when").0, claims.actor.expect("the source tells who"))
}

#[test]
fn a_history_comes_in_with_the_times_and_people_of_then() {
    let source = living_board(10);
    let plan = planned(&project(), &source, 1);
    assert_eq!(plan.summary.history_records, 9);
    let left_out: Vec<_> = plan.summary.not_imported.iter().map(|line| (line.what.as_str(), line.count)).collect();
    assert_eq!(left_out, [("history: updateCard", 1)]);
    let person = |id: &str| ActorId(imported_id(SPACE, "trello", "member", &source.members[usize::from(id == "N")].id));
    let minute = |minute: i64| 1_577_872_800_000 + minute * 60_000;
    assert_eq!(claims_of(&plan, "card.create"), (minute(3), person("M")));
    assert_eq!(claims_of(&plan, "card.rename"), (minute(4), person("N")));
    assert_eq!(claims_of(&plan, "card.move_to"), (minute(5), person("N")));
    assert_eq!(claims_of(&plan, "card.archive"), (minute(7), person("M")));
    assert_eq!(claims_of(&plan, "column.rename"), (minute(8), person("M")));
    let times: Vec<_> = plan.commands.iter().filter_map(|planned| planned.claims.happened_at).collect();
    assert!(times.is_sorted(), "a moment is reached by going through the records in order");
}

/// Whatever had been imported before: the rest of the life follows, and nothing of it comes twice.
#[test]
fn a_later_export_brings_the_actions_since() {
    for before in 0..=10 {
        let first = planned(&project(), &living_board(before), 1);
        let given = imported(project(), &first);
        let second = planned_after(&given, &living_board(10), 2, &[&first]);
        let given = imported(given, &second);
        let ids: BTreeSet<_> = first.commands.iter().chain(&second.commands).map(|planned| planned.command).collect();
        assert_eq!(ids.len(), first.commands.len() + second.commands.len(), "no command comes twice");
        let renames = |plan: &Plan| {
            let sent = plan.commands.iter().filter_map(|planned| match &planned.what {
                PlannedAct::Send { intent } => Some(intent.name.to_string()),
                PlannedAct::Describe { .. } => None,
            });
            sent.filter(|name| name == "card.rename").count()
        };
        assert_eq!(renames(&first) + renames(&second), 1, "{before} actions had come in before");
        let third = planned_after(&given, &living_board(10), 3, &[&first, &second]);
        assert_eq!(third.commands.len(), 0, "{before}");
    }
}

/// An import was cut off in the middle and is done again, from wherever it stood.
#[test]
fn an_import_that_was_cut_off_goes_on() {
    let source = living_board(10);
    let whole = planned(&project(), &source, 1);
    let result = |given: &Given| {
        let view = given.view::<BoardView>(whole.board);
        (view.columns().iter().map(|column| column.row.name.clone()).collect::<Vec<_>>(), view.cards.clone())
    };
    let expected = result(&imported(project(), &whole));
    for cut in 0..whole.commands.len() {
        let part = Plan { commands: whole.commands[..cut].to_vec(), ..whole.clone() };
        let given = imported(project(), &part);
        let rest = planned_after(&given, &source, 2, &[&part]);
        let given = imported(given, &rest);
        let (columns, cards) = result(&given);
        assert_eq!(columns, expected.0, "cut before command {cut}");
        assert_eq!(
            cards.values().map(|card| (&card.title, card.archived)).collect::<Vec<_>>(),
            expected.1.values().map(|card| (&card.title, card.archived)).collect::<Vec<_>>()
        );
        assert_eq!(planned_after(&given, &source, 3, &[&part, &rest]).commands.len(), 0, "cut before command {cut}");
    }
}

/// The card was made in one list and lies in the archive of another, and the file does not tell how it came there: it is archived, opened to be
/// moved, and archived again. Both times had one id, so the second one was taken for the first, and the card stayed open. Found by fuzzing.
#[test]
fn a_card_that_is_archived_twice_is_archived_by_two_commands() {
    let board = json!({
        "id": "B", "name": "Board", "lists": [{ "id": "L1", "name": "To do" }, { "id": "L2", "name": "Done" }],
        "cards": [{ "id": "C1", "name": "Card", "closed": true, "idList": "L2" }],
        "actions": [{
            "id": "A1", "type": "createCard", "date": "2020-01-01T10:00:00.000Z",
            "data": { "card": { "id": "C1", "name": "Card" }, "list": { "id": "L1" } },
        }],
    });
    let source = read(board.to_string().as_bytes()).expect("the fixture is a board");
    let plan = planned(&project(), &source, 1);
    let ids: BTreeSet<CommandId> = plan.commands.iter().map(|planned| planned.command).collect();
    assert_eq!(ids.len(), plan.commands.len());
    let view = imported(project(), &plan).view::<BoardView>(plan.board);
    assert!(view.cards.values().all(|card| card.archived));
    assert_eq!(planned_after(&imported(project(), &plan), &source, 2, &[&plan]).commands.len(), 0);
}

#[test]
fn what_is_cut_off_is_told() {
    let long = |bytes: usize| "x".repeat(bytes + 1);
    let card = json!({
        "id": "C1", "name": long(TITLE_BYTES_MAX), "desc": long(TEXT_BYTES_MAX), "idList": "L1",
        "attachments": [{ "id": "A", "name": long(NAME_BYTES_MAX), "url": "https://example.org" }],
    });
    let board = json!({
        "id": "B", "name": "Board", "lists": [{ "id": "L1", "name": "To do" }], "cards": [card],
        "checklists": [{ "id": "K", "idCard": "C1", "name": "Steps", "checkItems": [{ "id": "I", "name": long(COMMENT_BYTES_MAX) }] }],
    });
    let source = read(board.to_string().as_bytes()).expect("the fixture is a board");
    let plan = planned(&cards(0), &source, 1);
    let told: Vec<(&str, u64)> =
        plan.summary.not_imported.iter().map(|line| (line.what.as_str(), line.count)).collect();
    let expected =
        [("ends of titles", 1), ("ends of descriptions", 1), ("ends of checklist items", 1), ("ends of names", 1)];
    assert_eq!(told, expected);
    let described = plan.commands.iter().find_map(|planned| match &planned.what {
        PlannedAct::Describe { text, .. } => Some(text.len()),
        PlannedAct::Send { .. } => None,
    });
    assert_eq!(described, Some(TEXT_BYTES_MAX));
}

#[test]
fn the_same_file_is_the_same_import() {
    let [one, again, other] =
        [("One", false), ("One", false), ("Two", true)].map(|(title, closed)| source(title, "L1", closed));
    assert_eq!(import_act(SPACE, &one), import_act(SPACE, &again));
    assert_ne!(import_act(SPACE, &one), import_act(SPACE, &other));
}

/// They are in the logs of those who have imported before there were other products.
#[test]
fn the_ids_of_what_came_from_trello_stay() {
    let source = source("Build it", "L1", false);
    let derived = Id::derived("import", &[SPACE.bytes(), b"trello", b"card", b"C1"]);
    assert_eq!(imported_id(SPACE, source.product, "card", &source.cards[0].id), derived);
    let first = planned(&project(), &living_board(10), 1);
    let action = CommandId::derived("import action", &[SPACE.bytes(), b"trello", b"A4", &0_u64.to_be_bytes()]);
    assert!(first.commands.iter().any(|planned| planned.command == action));
}

/// What an import has made in the project that was exported is known in the one that goes on from there.
#[test]
fn in_a_project_from_an_export_a_thing_is_named_by_the_first_project() {
    let first = SpaceId(Id([0xee; 16]));
    let continued = MembershipEvent::Continued { from: first, by: FOUNDER, role: "manager".into() };
    let given = project().happened::<Membership>(SPACE.0, [continued]);
    let source = source("Build it", "L1", false);
    let plan = planned(&given, &source, 1);
    assert_eq!(plan.board.0, imported_id(first, source.product, "board", &source.id));
    let again = planned_after(&imported(given, &plan), &source, 2, &[&plan]);
    assert_eq!((again.summary.added, again.summary.updated), (0, 0));
}
