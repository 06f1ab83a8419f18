//! A board of Trello as commands.

use recordplayer::codec::{decode, encode};
use recordplayer::id::ActId;
use recordplayer::view::Key;
use serde_json::{Value, json};

use super::*;
use crate::import::plan::{Plan, PlannedAct, Present, plan};
use crate::import::trello::{TrelloBoard, read};
use crate::view::{ActivityView, BoardView, CardView, KeysView};

fn source(title: &str, list: &str, closed: bool) -> TrelloBoard {
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

fn planned(given: &Given, source: &TrelloBoard, act: u8) -> Plan {
    let models = given.models();
    let present = Present { space: SPACE, models: &models, description_of: &|_| String::new() };
    plan(source, &present, ActId(Id([act; 16]))).expect("a plan can be made")
}

fn imported(given: Given, plan: &Plan) -> Given {
    plan.commands.iter().fold(given, |given, planned| match &planned.what {
        PlannedAct::Send { intent } => given.claimed_at(planned.happened_at).sent_intent(intent),
        PlannedAct::Describe { .. } => given,
    })
}

#[test]
fn an_import_brings_everything_and_a_second_one_nothing() {
    let source = source("Build it", "L1", false);
    let first = planned(&project(), &source, 1);
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
        let again = planned(&given, &source, 2);
        let sends = again.commands.iter().filter(|planned| matches!(planned.what, PlannedAct::Send { .. }));
        assert_eq!(sends.count(), 0, "{name}");
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
    is_read_back(&*given.view::<KeysView>(Key::whole_space()));
}
