//! Boards of others come in as they are, and what is no board changes nothing.

use std::path::Path;

use recordplayer_tests::inputs;
use recordplayer_tests::stage::{Person, Stage, cards};
use serde_json::{Value, json};

/// A board of our own.
fn sample() -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    workspace.join("assets/sample/turntable.json").display().to_string()
}

/// What the files' own description says that a right import gives.
fn expected(name: &str) -> Value {
    match name {
        "trello-clipkit-ja.json" => json!({
            "cards": 67, "cards_archived": 1, "columns": 5, "columns_archived": 1, "labels": 0, "label_links": 49, "members": 3,
            "member_links": 10, "checklists": 0, "checklist_items": 0, "checklist_done": 0, "comments": 4, "attachments": 0,
            "due_dates": 0, "descriptions": 19, "fields": 0, "field_values": 0,
        }),
        "trello-gocd-testdrive.json" => json!({
            "cards": 122, "cards_archived": 78, "columns": 18, "columns_archived": 12, "labels": 8, "label_links": 51,
            "members": 11, "member_links": 121, "checklists": 14, "checklist_items": 62, "checklist_done": 42, "comments": 93,
            "attachments": 59, "due_dates": 25, "descriptions": 51, "fields": 0, "field_values": 0,
        }),
        "trello-wekan-project100.json" => json!({
            "cards": 3, "cards_archived": 0, "columns": 3, "columns_archived": 0, "labels": 6, "label_links": 0, "members": 1,
            "member_links": 3, "checklists": 0, "checklist_items": 0, "checklist_done": 0, "comments": 0, "attachments": 0,
            "due_dates": 0, "descriptions": 0, "fields": 5, "field_values": 8,
        }),
        other => panic!("nothing is expected of {other}"),
    }
}

#[test]
fn boards_of_others_give_their_counts_and_a_second_import_adds_nothing() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    for name in ["trello-clipkit-ja.json", "trello-gocd-testdrive.json", "trello-wekan-project100.json"] {
        let Some(path) = inputs(name) else { continue };
        let file = path.to_str().unwrap();
        let import = |dry: bool| {
            let mut words = vec!["import", "trello", file, "--project", name];
            words.extend(dry.then_some("--dry-run"));
            words
        };
        let dry = ann.tell(&import(true));
        let first = ann.tell(&import(false));
        let counts = expected(name);
        for (count, number) in counts.as_object().unwrap() {
            assert_eq!(&first[count], number, "{name}: {count}");
            assert_eq!(&dry[count], number, "{name}: {count}, in the dry run");
        }
        assert_eq!((&dry["added"], &first["updated"], &first["unchanged"]), (&first["added"], &json!(0), &json!(0)));
        // Again, before and behind the server's decision, and on another device: nothing new.
        for sync in [false, true] {
            if sync {
                assert_eq!(ann.sync(), 0);
            }
            let again = ann.tell(&import(false));
            assert_eq!((&again["added"], &again["updated"]), (&json!(0), &json!(0)), "{name}");
            assert_eq!(again["unchanged"], first["added"], "{name}");
        }
        ann.tell(&["member", "add", "bo", "--role", "manager", "--project", name]);
        assert_eq!(ann.sync(), 0);
        assert_eq!(bo.sync(), 0);
        let elsewhere = bo.tell(&import(false));
        assert_eq!((&elsewhere["added"], &elsewhere["updated"]), (&json!(0), &json!(0)), "{name}, on another device");
        assert_eq!(bo.tell(&["hash", "--project", name])["state"], ann.tell(&["hash", "--project", name])["state"]);
    }
}

/// A column's name, and how many open and archived cards it held.
type ColumnThen<'a> = (&'a str, usize, usize);

/// The board as it was after 66, 132 and 198 of its 264 actions, and at its end, as the files' own description says.
#[test]
fn a_board_with_its_whole_history_is_what_it_was_at_every_moment() {
    let Some(path) = inputs("trello-clipkit-ja.json") else { return };
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    let imported = ann.tell(&["import", "trello", path.to_str().unwrap()]);
    let left_out = |lines: &Value| -> u64 {
        let of_history =
            lines.as_array().unwrap().iter().filter(|line| line["what"].as_str().unwrap().starts_with("history"));
        of_history.map(|line| line["count"].as_u64().unwrap()).sum()
    };
    assert_eq!(imported["history_records"].as_u64().unwrap() + left_out(&imported["not_imported"]), 264);
    assert_eq!(ann.sync(), 0);
    let moments: [(Option<&str>, &[ColumnThen]); 4] = [
        (Some("2015-01-13T10:04:39.197Z"), &[("やりたいこと", 15, 1), ("やること", 4, 0), ("作業中", 2, 0)]),
        (
            Some("2015-01-26T18:37:22.451Z"),
            &[("やりたいこと", 19, 1), ("やること", 3, 0), ("クローズ", 10, 0), ("作業中", 1, 0)],
        ),
        (
            Some("2015-02-14T07:43:35.490Z"),
            &[("やりたいこと", 27, 1), ("やること", 5, 0), ("クローズ", 18, 0), ("作業中", 2, 0)],
        ),
        (None, &[("やりたいこと", 24, 1), ("やること", 8, 0), ("クローズ", 27, 0), ("作業中", 7, 0)]),
    ];
    for (at, expected) in moments {
        let board = match at {
            Some(at) => ann.tell(&["board", "--at", at]),
            None => ann.tell(&["board"]),
        };
        let mut found = Vec::new();
        for column in board["columns"].as_array().unwrap() {
            let cards = column["cards"].as_array().unwrap();
            let archived = cards.iter().filter(|card| card["archived"] == true).count();
            if !cards.is_empty() {
                found.push((column["name"].as_str().unwrap(), cards.len() - archived, archived));
            }
        }
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{at:?}");
    }
    // Who did it then, and when, as the file claims: the file names nobody who is called as the person who imports it.
    let history = ann.lines(&["history"]);
    let moved = history.iter().filter(|entry| entry["name"] == "card.moved");
    assert_eq!(moved.clone().count(), 71);
    for entry in moved {
        assert!(entry["happened_at"].as_str().unwrap().starts_with("2015-"), "{entry}");
        assert_ne!(entry["actor"], "ann", "{entry}");
    }
}

#[test]
fn comments_that_the_export_has_no_more_come_from_a_second_file() {
    let (Some(board), Some(comments)) =
        (inputs("trello-gocd-testdrive.json"), inputs("trello-gocd-testdrive-comments.json"))
    else {
        return;
    };
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    let (board, comments) = (board.to_str().unwrap(), comments.to_str().unwrap());
    assert_eq!(ann.tell(&["import", "trello", board])["comments"], 93);
    let both = ann.tell(&["import", "trello", board, "--comments", comments]);
    assert_eq!((&both["comments"], &both["added"], &both["updated"]), (&json!(133), &json!(40), &json!(0)));
    let again = ann.tell(&["import", "trello", board, "--comments", comments]);
    assert_eq!((&again["added"], &again["updated"]), (&json!(0), &json!(0)));
    let swapped = ann.try_to(&["import", "trello", comments, "--comments", board]).expect_code(5);
    assert!(swapped["error"]["message"].as_str().unwrap().contains(board), "{swapped}");
}

/// Cut at whatever moment and done again, it is one import, and goes as one.
#[test]
fn an_import_that_was_cut_and_done_again_is_taken_back_as_a_whole() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Kept", "--key", "KEP"]);
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("assets/sample/turntable.json");
    let import = ["import", "trello", board.to_str().unwrap()];
    let count = || ann.lines(&["history"]).len();
    let before = count();
    while count() < before + 10 {
        // Where the other command was quicker at the folder, it has none: once more.
        let mut importing = ann.start(&import);
        while count() < before + 10 && !importing.has_ended() {}
        importing.kill();
    }
    let act = ann.tell(&import)["act"].clone();
    assert_eq!(ann.tell(&import)["act"], act, "the same file is the same import");
    let taken = ann.tell(&["import", "undo", act.as_str().unwrap()]);
    assert_eq!(taken["left"], json!([]));
    let left = cards(&ann.tell(&["board", "Turntable firmware"]));
    assert!(!left.is_empty() && left.iter().all(|card| card["archived"] == true), "{left:?}");
}

/// All of it goes but what somebody has worked on since, at the server as well; and it can come again.
#[test]
fn an_import_is_taken_back_as_a_whole() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Kept", "--key", "KEP"]);
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("assets/sample/turntable.json");
    let import = ["import", "trello", board.to_str().unwrap()];
    let imported = ann.tell(&import);
    let act = imported["act"].as_str().unwrap();
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let cards_of = |board: &Value| -> Vec<Value> {
        let columns = board["columns"].as_array().unwrap().iter();
        columns.flat_map(|column| column["cards"].as_array().unwrap().clone()).collect()
    };
    let cards = cards_of(&bo.tell(&["board", "Turntable firmware"]));
    let open: Vec<_> = cards.iter().filter(|card| card["archived"] == false).collect();
    let kept = open[0]["key"].as_str().unwrap();
    bo.tell(&["comment", kept, "I am at it"]);
    bo.tell(&["card", "rename", kept, "Mine now"]);
    assert_eq!((bo.sync(), ann.sync()), (0, 0));

    let taken = ann.tell(&["import", "undo", act]);
    let left = taken["left"].as_array().unwrap();
    let names_it = |why: &Value| {
        let why = why.as_str().unwrap();
        why.starts_with(&format!("{kept}: ")) && why.contains("Mine now")
    };
    assert!(left.iter().any(names_it), "{left:?}");
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let cards = cards_of(&bo.tell(&["board", "Turntable firmware"]));
    let open: Vec<_> = cards.iter().filter(|card| card["archived"] == false).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(ann.tell(&["hash"])["state"], bo.tell(&["hash"])["state"]);
    let again = ann.try_to(&["import", "undo", act]);
    assert_eq!(again.code, 0, "what is left is told once more: {}", again.json);
    assert_eq!(again.json["changes"], 0);
    assert_eq!(
        ann.try_to(&["import", "undo", "00000000000000000000000000000000"]).expect_code(2)["error"]["code"],
        "no_such_import"
    );

    ann.tell(&import);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let cards = cards_of(&bo.tell(&["board", "Turntable firmware"]));
    let archived = cards.iter().filter(|card| card["archived"] == true).count() as u64;
    assert_eq!(archived, imported["cards_archived"].as_u64().unwrap());
}

#[test]
fn what_is_no_board_is_refused_with_its_place_and_changes_nothing() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    ann.tell(&["project", "new", "Kept", "--key", "KEP"]);
    let before = ann.tell(&["outbox"]);
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("assets/sample/turntable.json");
    let whole = std::fs::read_to_string(&board).unwrap();
    let garbage = ann.file("garbage.json", "\u{0}\u{1}not json at all");
    let foreign = ann.file("foreign.json", "{\"format\":\"something else\",\"items\":[1,2,3]}");
    let empty = ann.file("empty.json", "");
    let list = ann.file("list.json", "[1,2]");
    let truncated = ann.file("truncated.json", &whole[..whole.len() / 2]);
    for file in [&garbage, &foreign, &empty, &list, &truncated] {
        let failure = ann.try_to(&["import", "trello", file]).expect_code(5);
        let message = failure["error"]["message"].as_str().unwrap();
        assert!(message.contains(file.as_str()), "the file is named: {message}");
        assert!(!failure["error"]["help"].as_str().unwrap().is_empty());
    }
    assert_eq!(ann.try_to(&["import", "trello", "/no/such/file"]).expect_code(2)["error"]["code"], "unreadable_file");
    assert_eq!(ann.tell(&["outbox"]), before);
    assert_eq!(ann.tell(&["projects"])["projects"].as_array().unwrap().len(), 1);
}

/// A device that was logged in a moment ago made a second project of the same name.
#[test]
fn a_new_device_imports_into_the_project_that_its_person_is_in() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Team", "--key", "TEAM"]);
    ann.sync();
    ann.tell(&["member", "add", "bo", "--role", "manager"]);
    ann.sync();
    let file = sample();
    bo.tell(&["import", "trello", &file, "--project", "Team"]);
    assert_eq!((bo.sync(), ann.sync()), (0, 0));
    assert_eq!(ann.hash(), bo.hash());
}

/// Their cards got every text twice, and lost ticks and labels.
#[test]
fn two_people_who_import_the_same_while_offline_meet() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Team", "--key", "TEAM"]);
    ann.sync();
    ann.tell(&["member", "add", "bo", "--role", "manager"]);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let address = server.kill();
    let file = sample();
    let first = ann.tell(&["import", "trello", &file, "--project", "Team"]);
    let cards_of = |person: &Person| {
        let board = person.tell(&["board", "Turntable firmware"]);
        let shown = |card: &Value| {
            let mut card = person.tell(&["card", card["id"].as_str().unwrap()]);
            // Given by the server.
            card["key"] = Value::Null;
            card
        };
        cards(&board).iter().map(shown).collect::<Vec<_>>()
    };
    let alone = cards_of(&ann);
    let second = bo.tell(&["import", "trello", &file, "--project", "Team"]);
    assert_eq!(first["added"], second["added"]);
    let _server = stage.serve(&address);
    assert_eq!((ann.sync(), bo.sync(), ann.sync()), (0, 0, 0));
    assert_eq!(ann.hash(), bo.hash());
    for (one, two) in alone.iter().zip(cards_of(&bo)) {
        assert_eq!(*one, two);
    }
    assert_eq!(cards_of(&ann).len(), alone.len());
    for person in [&ann, &bo] {
        assert_eq!(person.tell(&["outbox"])["refused"], json!([]));
    }
    let again = bo.tell(&["import", "trello", &file, "--project", "Team"]);
    assert_eq!((&again["added"], &again["updated"]), (&json!(0), &json!(0)));
}

/// It answered as if all had come in, and half of it had.
#[test]
fn who_may_not_import_all_of_it_imports_nothing() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Team", "--key", "TEAM"]);
    ann.sync();
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    ann.tell(&["member", "add", "cy", "--role", "viewer"]);
    ann.sync();
    let file = sample();
    for person in [&bo, &cy] {
        person.sync();
        let before = person.hash();
        for more in [&[][..], &["--dry-run"]] {
            let import = [&["import", "trello", &file, "--project", "Team"], more].concat();
            let refused = person.try_to(&import).expect_code(1);
            assert!(refused["error"]["message"].as_str().unwrap().contains("manager"), "{refused}");
        }
        assert_eq!(person.tell(&["outbox"]), json!({ "waiting": [], "refused": [], "causes": [] }));
        assert_eq!(person.sync(), 0);
        assert_eq!(person.hash(), before);
    }
}
