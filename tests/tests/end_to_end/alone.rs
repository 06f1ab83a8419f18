//! Work without any server, and then with one.

use recordplayer_tests::stage::Stage;
use serde_json::json;

/// Ann begins alone, publishes with the server gone at first, and Bo joins: equal hashes on all three, nothing doubled.
#[test]
fn a_project_begun_without_a_server_is_published_and_joined() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    let made = ann.tell(&["project", "new", "Alone", "--key", "ALO", "--account", "this computer"]);
    for title in ["One", "Two", "Three"] {
        ann.tell(&["card", "new", title, "--column", "Ready"]);
    }
    assert_eq!(ann.tell(&["outbox"])["waiting"], json!([]));
    let address = server.kill();
    ann.tell(&["card", "move", "ALO-2", "--to", "In progress"]);
    assert_eq!(
        ann.try_to(&["member", "add", "bo", "--role", "worker"]).expect_code(1)["error"]["code"],
        "local_project"
    );

    let _server = stage.serve(&address);
    assert_eq!(ann.try_to(&["project", "publish", "Nothing"]).expect_code(2)["error"]["code"], "unknown_project");
    let published = ann.tell(&["project", "publish", "Alone"]);
    assert_eq!(published["id"], made["id"]);
    ann.tell(&["project", "publish", "Alone"]);
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    bo.tell(&["card", "rename", "ALO-3", "Three, by Bo"]);
    assert_eq!((bo.sync(), ann.sync()), (0, 0));

    let project = made["id"].as_str().unwrap();
    let hashes =
        [ann.tell(&["hash"]), bo.tell(&["hash"]), Stage::server(&["hash", &stage.server_folder(), project]).json];
    assert!(
        hashes.iter().all(|hash| hash["state"] == hashes[0]["state"] && hash["record"] == hashes[0]["record"]),
        "{hashes:?}"
    );
    let board = bo.tell(&["board"]);
    let cards: Vec<_> =
        board["columns"].as_array().unwrap().iter().flat_map(|column| column["cards"].as_array().unwrap()).collect();
    assert_eq!(cards.len(), 3, "nothing is doubled");
    // Who worked alone is the person of the server now, in the history too.
    let history = bo.lines(&["history"]);
    assert!(history.iter().all(|entry| entry["actor"] == "ann" || entry["actor"] == "bo"), "{history:?}");
}

/// A word is taken out of the history: it shows nowhere any more, also not in the past, on no device and in no file of theirs.
#[test]
fn what_a_manager_redacts_is_gone_on_every_device_and_at_the_server() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Shared", "--key", "SHA"]);
    ann.sync();
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    ann.tell(&["card", "new", "A card", "--column", "Ready"]);
    ann.sync();
    ann.tell(&["card", "rename", "SHA-1", "A telephone number"]);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let said = |entry: &&serde_json::Value| entry["what"].as_str().is_some_and(|what| what.contains("telephone"));
    let number = ann.lines(&["history"]).iter().find(said).unwrap()["record"].to_string();
    assert_eq!(ann.try_to(&["redact", "99999"]).expect_code(2)["error"]["code"], "no_record");
    assert_eq!(bo.try_to(&["redact", &number, "--yes"]).expect_code(1)["error"]["code"], "not_a_manager");
    assert_eq!(ann.tell(&["redact", &number])["redacted"], json!(false), "only shown");
    assert!(ann.lines(&["history"]).iter().any(|entry| said(&entry)));
    assert_eq!(ann.tell(&["redact", &number, "--yes"])["redacted"], json!(true));
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    for person in [&ann, &bo] {
        assert!(!person.lines(&["history"]).iter().any(|entry| said(&entry)));
        assert_eq!(person.tell(&["card", "SHA-1"])["title"], "A card");
        assert_eq!(person.try_to(&["redact", &number, "--yes"]).expect_code(2)["error"]["code"], "no_record");
    }
    let project = ann.tell(&["projects"])["projects"][0]["id"].as_str().unwrap().to_owned();
    let hashes =
        [ann.tell(&["hash"]), bo.tell(&["hash"]), Stage::server(&["hash", &stage.server_folder(), &project]).json];
    assert!(hashes.iter().all(|hash| hash["state"] == hashes[0]["state"]), "{hashes:?}");
}

/// A card whose creation is taken out goes with the room that it took; one that was moved since stays, without its title, and can be given
/// another. A comment that is taken out is not counted any more.
#[test]
fn what_was_built_on_something_redacted_can_be_worked_with() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Music", "--key", "MUS"]);
    ann.tell(&["column", "limit", "Ready", "1"]);
    ann.tell(&["card", "new", "Call 555-0199", "--column", "Ready"]);
    ann.tell(&["card", "new", "Ask 555-0199", "--column", "Backlog"]);
    ann.tell(&["card", "move", "MUS-2", "--to", "In progress"]);
    ann.tell(&["card", "new", "Needles", "--column", "Backlog"]);
    ann.tell(&["comment", "MUS-3", "They have 555-0199"]);
    let record_of = |what: &str| {
        let said = |entry: &&serde_json::Value| entry["what"].as_str().is_some_and(|said| said.contains(what));
        ann.lines(&["history"]).iter().find(said).unwrap()["record"].to_string()
    };
    let [call, ask, comment] = ["created “Call", "created “Ask", "commented"].map(record_of);
    let behind = (call.parse::<u64>().unwrap() + 1).to_string();
    assert_eq!(
        ann.try_to(&["redact", &behind]).expect_code(2)["error"]["code"],
        "no_record",
        "that the column counts it"
    );
    ann.tell(&["redact", &call, &ask, &comment, "--yes"]);

    ann.tell(&["card", "new", "There is room again", "--column", "Ready"]);
    let board = ann.tell(&["board"]);
    let column = |name: &str| {
        let columns = board["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap()["cards"].as_array().unwrap().clone()
    };
    assert_eq!(column("Ready").len(), 1);
    let key = column("In progress")[0]["key"].as_str().unwrap().to_owned();
    assert_eq!(ann.tell(&["card", &key])["title"], "");
    ann.tell(&["card", "rename", &key, "Ask them"]);
    ann.tell(&["card", "archive", &key]);
    assert_eq!(ann.tell(&["card", "MUS-3"])["comments"], json!([]));
    assert!(!ann.lines(&["history"]).iter().any(|entry| entry.to_string().contains("555-0199")));
}

#[test]
fn an_undo_that_takes_nothing_back_says_why() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Alone", "--key", "ALO"]);
    ann.tell(&["column", "remove", "In progress"]);
    let taken = ann.tell(&["undo"]);
    assert_eq!((&taken["changes"], taken["left"].as_array().unwrap().len()), (&json!(0), 1), "{taken}");
    assert!(taken["left"][0].as_str().unwrap().contains("add it again"), "{taken}");

    // What was done before stays, for nobody has meant it; it is named.
    ann.tell(&["project", "key", "LON"]);
    ann.tell(&["card", "new", "Zero", "--column", "Ready"]);
    ann.tell(&["card", "rename", "LON-1", "Nought"]);
    ann.tell(&["column", "remove", "Backlog"]);
    let taken = ann.tell(&["undo"]);
    assert_eq!((&taken["changes"], &taken["before"]["what"]), (&json!(0), &json!("LON-1: renamed it to “Nought”")));
    ann.tell(&["undo", taken["before"]["id"].as_str().unwrap()]);
    assert_eq!(ann.tell(&["card", "LON-1"])["title"], "Zero");
    let taken = ann.tell(&["undo"]);
    assert_eq!(taken["before"]["what"], "LON-1: created “Zero” in “Ready”", "{taken}");
    let made = ann.tell(&["card", "new", "One", "--column", "Ready"]);
    let command = made["command"].as_str().unwrap();
    assert_eq!(ann.tell(&["undo", command])["changes"], 1);
    let again = ann.tell(&["undo", command]);
    assert!(again["changes"] == 0 && again["left"][0].as_str().unwrap().contains("already"), "{again}");
}

/// Each new board has the same columns, and what is archived may be called as what is in use.
#[test]
fn columns_and_boards_of_one_name_are_told_apart() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Alone", "--key", "ALO"]);
    ann.tell(&["board", "new", "Two"]);
    ann.tell(&["column", "workflow", "Alone/Ready", "Two/Backlog"]);
    ann.tell(&["card", "new", "One", "--column", "Alone/Ready"]);
    ann.tell(&["card", "move", "ALO-1", "--to", "Two/Backlog"]);
    assert_eq!(ann.tell(&["card", "ALO-1"])["board"], "Two");
    // What went on on each of them: a card that goes from one to the other is told by both.
    let told = |board: &str| -> Vec<String> {
        let lines = ann.lines(&["history", "--board", board]);
        lines.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    let (here, there) = (told("Alone"), told("Two"));
    assert!(
        here.contains(&"card.created".to_owned()) && !there.contains(&"card.created".to_owned()),
        "{here:?} {there:?}"
    );
    assert!(here.contains(&"card.moved".to_owned()) && there.contains(&"card.moved".to_owned()), "{here:?} {there:?}");
    let itself = ann.try_to(&["column", "workflow", "Two/Backlog", "Two/Backlog"]);
    assert_eq!(itself.code, 1, "{}", itself.json);

    ann.tell(&["board", "archive", "Alone"]);
    ann.tell(&["board", "new", "Alone"]);
    ann.tell(&["card", "new", "Two", "--column", "Ready", "--board", "Alone"]);
    ann.tell(&["board", "rename", "Alone", "Other"]);
    ann.tell(&["board", "restore", "Alone"]);
    ann.tell(&["column", "archive", "Two/Ready"]);
    ann.tell(&["column", "new", "Ready", "--board", "Two"]);
    ann.tell(&["column", "rename", "Two/Ready", "Ready now"]);
    ann.tell(&["column", "restore", "Two/Ready"]);
    ann.tell(&["column", "limit", "Two/Ready", "1", "--warn"]);
    let first = ann.tell(&["card", "new", "Three", "--column", "Two/Ready"]);
    let second = ann.tell(&["card", "new", "Four", "--column", "Two/Ready"]);
    assert_eq!((&first["over_limit"], &second["over_limit"]), (&json!(null), &json!({ "cards": 2, "limit": 1 })));
    assert_eq!(ann.tell(&["card", "ALO-3"])["column"], "Ready");
}

/// What a project defines can be changed afterwards, and what stands on a card is set as the card is written.
#[test]
fn labels_fields_types_and_checklists_are_changed_by_commands() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Alone", "--key", "ALO"]);
    ann.tell(&["label", "new", "bug", "--colour", "red"]);
    ann.tell(&["label", "new", "idea"]);
    assert_eq!(ann.try_to(&["label", "new", "Bug"]).expect_code(1)["error"]["code"], "name_taken");
    assert_eq!(ann.try_to(&["label", "change", "bug"]).expect_code(2)["error"]["code"], "nothing_to_change");
    ann.tell(&["label", "change", "bug", "--name", "defect", "--colour", "none"]);
    let labels = ann.tell(&["label", "list"]);
    let named = |name: &str| labels["labels"].as_array().unwrap().iter().find(|label| label["name"] == name).cloned();
    assert_eq!(named("defect").unwrap()["colour"], "");
    assert!(named("bug").is_none());

    ann.tell(&["field", "new", "Size", "--kind", "choice", "--choice", "S", "--choice", "M"]);
    ann.tell(&["field", "new", "Weight", "--kind", "number", "--least", "1"]);
    ann.tell(&["type", "new", "Machine", "--required", "Weight"]);
    let missing = ann.try_to(&["card", "new", "Drill", "--column", "Ready", "--type", "Machine"]).expect_code(1);
    assert_eq!(missing["error"]["code"], "field_missing");
    let drill = ["card", "new", "Drill", "--column", "Ready", "--type", "Machine", "--field", "Weight=3"];
    ann.tell(&[&drill[..], &["--due", "2026-12-24", "--add-label", "defect", "--priority", "high"]].concat());
    let card = ann.tell(&["card", "ALO-1"]);
    assert_eq!((&card["type"], &card["fields"]["Weight"]), (&json!("Machine"), &json!("3")));
    assert_eq!(
        (&card["due"], &card["labels"], &card["priority"]),
        (&json!("2026-12-24"), &json!(["defect"]), &json!("high"))
    );
    ann.tell(&["type", "change", "Machine", "--name", "Tool", "--field", "Size", "--without", "Weight"]);
    ann.tell(&[
        "field",
        "change",
        "Size",
        "--rename-choice",
        "S=Small",
        "--remove-choice",
        "M",
        "--add-choice",
        "Large",
    ]);
    ann.tell(&["field", "change", "Weight", "--least", "none", "--most", "9"]);
    let fields = ann.tell(&["field", "list"]);
    let field =
        |name: &str| fields["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone();
    let mut choices: Vec<String> = serde_json::from_value(field("Size")["choices"].clone()).unwrap();
    choices.sort();
    assert_eq!(choices, ["Large", "Small"]);
    assert_eq!((&field("Weight")["limits"]["least"], &field("Weight")["limits"]["most"]), (&json!(null), &json!("9")));
    assert_eq!(ann.tell(&["type", "list"])["types"][0]["fields"], json!([{ "name": "Size", "required": false }]));
    ann.tell(&["card", "set", "ALO-1", "--field", "Size=Large"]);

    ann.tell(&["card", "checklist", "new", "ALO-1", "Parts", "--item", "Belt", "--item", "Oil"]);
    ann.tell(&["card", "checklist", "add", "ALO-1", "Screws"]);
    ann.tell(&["card", "checklist", "tick", "ALO-1", "Oil", "Screws"]);
    ann.tell(&["card", "checklist", "tick", "ALO-1", "Screws", "--not"]);
    ann.tell(&["card", "checklist", "edit", "ALO-1", "Belt", "Two belts"]);
    assert_eq!(
        ann.try_to(&["card", "checklist", "tick", "ALO-1", "Belt"]).expect_code(2)["error"]["code"],
        "unknown_item"
    );
    let items = |card: &serde_json::Value| {
        let lists = card["checklists"].as_array().unwrap().iter();
        let items = lists.flat_map(|list| list["items"].as_array().unwrap().clone());
        items.map(|item| format!("{} {}", item["text"].as_str().unwrap(), item["done"])).collect::<Vec<_>>()
    };
    assert_eq!(items(&ann.tell(&["card", "ALO-1"])), ["Two belts false", "Oil true", "Screws false"]);
    ann.tell(&["card", "checklist", "new", "ALO-1", "Later"]);
    assert_eq!(
        ann.try_to(&["card", "checklist", "add", "ALO-1", "Paint"]).expect_code(2)["error"]["code"],
        "several_checklists"
    );
    let nothings: [&[&str]; 3] =
        [&["new", "ALO-1", " "], &["rename", "ALO-1", "Later", ""], &["edit", "ALO-1", "Two belts", ""]];
    for nothing in nothings {
        let words = [&["card", "checklist"], nothing].concat();
        assert_eq!(ann.try_to(&words).expect_code(2)["error"]["code"], "nothing_written", "{words:?}");
    }
    ann.tell(&["card", "checklist", "rename", "ALO-1", "Later", "Some day"]);
    ann.tell(&["card", "checklist", "take-off", "ALO-1", "Oil", "--checklist", "Parts"]);
    ann.tell(&["card", "checklist", "remove", "ALO-1", "Parts"]);
    // It comes back with what stood in it.
    ann.tell(&["undo"]);
    assert_eq!(items(&ann.tell(&["card", "ALO-1"])), ["Two belts false", "Screws false"]);
}

/// As one act: what one of them refuses, the others take, and one undo takes all of it back.
#[test]
fn several_cards_are_moved_copied_and_approved_at_once() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Alone", "--key", "ALO"]);
    for title in ["One", "Two", "Three"] {
        ann.tell(&["card", "new", title, "--column", "Ready"]);
    }
    let all = ["ALO-1", "ALO-2", "ALO-3"];
    let with = |before: &[&'static str], behind: &[&'static str]| [before, &all, behind].concat();
    ann.tell(&["column", "limit", "In progress", "2"]);
    let full = ann.try_to(&with(&["card", "move"], &["--to", "In progress"])).expect_code(1);
    assert_eq!((&full["error"]["code"], &full["error"]["details"][0]["key"]), (&json!("column_full"), &json!("ALO-3")));
    assert_eq!(ann.tell(&["card", "ALO-2"])["column"], "In progress");
    assert_eq!(ann.tell(&["undo"])["changes"], 2);
    assert_eq!(ann.tell(&["card", "ALO-2"])["column"], "Ready");
    let copies = ann.tell(&with(&["card", "copy"], &["--to", "Backlog"]));
    assert_eq!(copies["cards"].as_array().unwrap().len(), 3);
    assert_eq!(ann.tell(&["card", "ALO-6"])["title"], "Three");
    ann.tell(&["undo"]);

    ann.tell(&["column", "limit", "In progress", "none"]);
    ann.tell(&["column", "reviewers", "In progress", "manager"]);
    ann.tell(&["column", "new", "Old", "--kind", "done"]);
    ann.tell(&["column", "workflow", "In progress", "Old"]);
    // Who leads to a column that is removed leads to whoever has its cards.
    ann.tell(&["column", "remove", "Old", "--into", "Done"]);
    let board = ann.tell(&["board"]);
    let column = board["columns"].as_array().unwrap().iter().find(|column| column["name"] == "In progress").unwrap();
    assert_eq!(column["leads_to"], json!(["Done"]));
    ann.tell(&with(&["card", "move"], &["--to", "In progress"]));
    ann.tell(&with(&["card", "take"], &[]));
    ann.tell(&with(&["card", "submit"], &[]));
    ann.tell(&["card", "reject", "ALO-3", "--reason", "It hums"]);
    let refused = ann.try_to(&with(&["card", "approve"], &["--reason", "They run"])).expect_code(1);
    assert_eq!(refused["error"]["code"], "not_submitted");
    assert_eq!(ann.tell(&["card", "ALO-1"])["column"], "Done");
    assert_eq!(ann.tell(&["card", "ALO-3"])["column"], "In progress");
}

/// Each looked whether the key was free, and then took it.
#[test]
fn two_projects_that_are_begun_at_once_have_not_one_key() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    let codes = std::thread::scope(|scope| {
        let ann = &ann;
        let begin = |title| scope.spawn(move || ann.try_to(&["project", "new", title, "--key", "PX"]).code);
        let running = ["One", "Two", "Three"].map(begin);
        running.map(|one| one.join().unwrap())
    });
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(ann.tell(&["projects"])["projects"].as_array().unwrap().len(), 1);
}
