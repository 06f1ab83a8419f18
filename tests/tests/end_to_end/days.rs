//! The days of a manager, a worker and a reviewer, each through the commands that scripts rely on, now and then without a line.

use recordplayer_tests::stage::{Person, Server, Stage, cards};
use serde_json::{Value, json};

/// "Turntable" of Mia, who manages it; Wim is a worker and Rea a reviewer. "In progress" is reviewed.
fn team() -> (Stage, Server, [Person; 3]) {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let people = ["mia", "wim", "rea"].map(|name| stage.person(name, &server));
    let [mia, wim, rea] = &people;
    mia.tell(&["project", "new", "Turntable", "--key", "TT"]);
    for (user, role) in [("wim", "worker"), ("rea", "reviewer")] {
        mia.tell(&["member", "add", user, "--role", role]);
    }
    mia.tell(&["column", "workers", "In progress", "worker"]);
    mia.tell(&["column", "reviewers", "In progress", "reviewer"]);
    mia.tell(&["column", "workflow", "In progress", "Done", "Ready"]);
    for title in ["Bearing", "Motor"] {
        mia.tell(&["card", "new", title, "--column", "In progress"]);
    }
    all_sync(&[mia, wim, rea]);
    (stage, server, people)
}

/// Until everybody has heard what the others did.
fn all_sync(people: &[&Person]) {
    for person in people.iter().chain(people) {
        assert_eq!(person.sync(), 0, "{}", person.name);
    }
}

fn card(person: &Person, title: &str) -> Value {
    let board = person.tell(&["board"]);
    let found = cards(&board).into_iter().find(|card| card["title"] == title);
    found.unwrap_or_else(|| panic!("no card {title:?} on {board}"))
}

fn column_of(person: &Person, title: &str) -> Value {
    person.tell(&["card", &person.key_of(title)])["column"].clone()
}

#[track_caller]
fn refused(person: &Person, arguments: &[&str], code: &str) -> String {
    let error = person.try_to(arguments).expect_code(1)["error"].clone();
    assert_eq!(error["code"], code, "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_worker_takes_works_offline_and_submits() {
    let (_stage, _server, [mia, wim, rea]) = team();
    let key = wim.key_of("Bearing");
    assert_eq!(card(&wim, "Bearing")["turn"], "take");
    // On the train: nothing of this reaches the server.
    wim.tell(&["card", "take", &key]);
    wim.describe(&key, "Ground and polished.");
    wim.tell(&["comment", &key, "It runs"]);
    assert_eq!(card(&wim, "Bearing")["turn"], "work");
    wim.tell(&["card", "submit", &key]);
    assert_eq!(card(&rea, "Bearing")["turn"], Value::Null);
    // Meanwhile the manager gives the card another name.
    mia.tell(&["card", "rename", &key, "Main bearing", "--wait"]);
    all_sync(&[&wim, &rea, &mia]);
    for person in [&mia, &wim, &rea] {
        let bearing = card(person, "Main bearing");
        assert_eq!((&bearing["stage"], &bearing["taken_by"]), (&json!("to_review"), &json!("wim")), "{}", person.name);
        assert_eq!(bearing["members"], json!(["wim"]));
    }
    assert_eq!(card(&rea, "Main bearing")["turn"], "review");
    // A worker does not approve, nor drags past the reviewer.
    refused(&wim, &["card", "approve", &key, "--reason", "Mine", "--to", "Done"], "not_a_reviewer");
    refused(&wim, &["card", "move", &key, "--to", "Done"], "not_a_reviewer");
}

#[test]
fn a_reviewer_rejects_with_a_reason_and_approves_what_is_mended() {
    let (_stage, _server, [mia, wim, rea]) = team();
    let key = wim.key_of("Motor");
    refused(&rea, &["card", "take", &key], "not_a_worker");
    refused(&rea, &["card", "reject", &key, "--reason", "Too early"], "not_submitted");
    wim.tell(&["card", "take", &key]);
    wim.tell(&["card", "submit", &key]);
    all_sync(&[&wim, &rea, &mia]);

    let several = rea.try_to(&["card", "approve", &key, "--reason", "Good"]).expect_code(2);
    assert_eq!(several["error"]["code"], "several_goals", "{several}");
    rea.tell(&["card", "reject", &key, "--reason", "It hums at 50 Hz"]);
    all_sync(&[&rea, &wim, &mia]);
    let motor = card(&wim, "Motor");
    assert_eq!((&motor["stage"], &motor["turn"]), (&json!("to_do"), &json!("take")));
    let said = wim.tell(&["card", &key])["comments"][0].clone();
    assert_eq!((&said["author"], &said["text"]), (&json!("rea"), &json!("It hums at 50 Hz")));

    wim.tell(&["card", "take", &key]);
    wim.tell(&["card", "submit", &key]);
    all_sync(&[&wim, &rea]);
    rea.tell(&["card", "approve", &key, "--reason", "Silent now", "--to", "Done"]);
    all_sync(&[&rea, &wim, &mia]);
    for person in [&mia, &wim, &rea] {
        assert_eq!(column_of(person, "Motor"), "Done");
        assert_eq!(person.tell(&["card", &key])["comments"].as_array().unwrap().len(), 2);
    }
    let told: Vec<String> =
        mia.lines(&["history", &key]).iter().map(|entry| entry["what"].as_str().unwrap().to_owned()).collect();
    for what in ["took it", "submitted it", "rejected it", "approved it", "moved it to “Done”"] {
        assert!(told.iter().any(|told| told == what), "{what}: {told:#?}");
    }
}

#[test]
fn a_manager_shapes_a_project_under_people_who_work_in_it() {
    let (_stage, _server, [mia, wim, rea]) = team();
    mia.tell(&["role", "new", "Tester"]);
    mia.tell(&["member", "role", "rea", "tester"]);
    mia.tell(&["column", "reviewers", "In progress", "Tester"]);
    mia.tell(&["column", "row", "new", "In progress", "Mechanics"]);
    mia.tell(&["column", "limit", "Ready", "1", "--warn"]);
    mia.tell(&["column", "auto-move", "Backlog", "Ready"]);
    all_sync(&[&mia, &wim, &rea]);
    let roles = mia.tell(&["role", "list"]);
    assert_eq!(roles["roles"], json!(["manager", "worker", "reviewer", "viewer", "Tester"]));
    let report = rea.tell(&["permissions"]);
    let reviews = json!({ "board": "Turntable", "column": "In progress", "role": "Tester", "permission": "review" });
    assert!(report["permissions"].as_array().unwrap().contains(&reviews), "{report:#}");
    let in_use = mia.try_to(&["role", "remove", "Tester"]).expect_code(1);
    assert_eq!(in_use["error"]["code"], "role_in_use", "{in_use}");
    refused(&wim, &["role", "new", "Boss"], "managers_shape_projects");
    refused(&mia, &["member", "role", "mia", "worker"], "last_manager");

    // Wim works offline in a column that the manager removes meanwhile.
    let key = wim.key_of("Bearing");
    wim.tell(&["card", "new", "Idea", "--column", "Backlog"]);
    wim.tell(&["card", "done", &wim.key_of("Idea")]);
    assert_eq!(column_of(&wim, "Idea"), "Ready", "a finished card goes on by itself");
    wim.tell(&["card", "new", "Belt", "--column", "Ready"]);
    wim.tell(&["card", "take", &key]);
    mia.tell(&["column", "remove", "Ready", "--into", "Backlog", "--wait"]);
    all_sync(&[&wim, &mia, &rea]);
    for person in [&mia, &wim, &rea] {
        assert_eq!(column_of(person, "Belt"), "Backlog", "what was meant for a removed column is in its heir");
        assert_eq!(column_of(person, "Bearing"), "In progress");
        let board = person.tell(&["board"]);
        let names: Vec<&Value> = board["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
        assert_eq!(names, ["Backlog", "In progress", "Done"]);
        assert_eq!(person.tell(&["outbox"])["refused"], json!([]));
    }
    assert_eq!(card(&mia, "Bearing")["row"], "Mechanics");
    // With a review of another role than before, rea still reviews.
    wim.tell(&["card", "submit", &key]);
    all_sync(&[&wim, &rea]);
    assert_eq!(card(&rea, "Bearing")["turn"], "review");
    mia.tell(&["member", "remove", "rea"]);
    all_sync(&[&mia]);
    assert_eq!(mia.tell(&["member", "list"])["members"].as_array().unwrap().len(), 2);
}

#[test]
fn cards_get_types_fields_relations_and_copies_by_the_commands() {
    let (_stage, _server, [mia, wim, _]) = team();
    mia.tell(&["label", "new", "noise", "--colour", "red"]);
    mia.tell(&["field", "new", "Speed", "--kind", "number", "--least", "0", "--most", "78.26"]);
    mia.tell(&["field", "new", "Size", "--kind", "choice", "--choice", "Small", "--choice", "Large"]);
    mia.tell(&["type", "new", "Bug", "--required", "Speed", "--field", "Size"]);
    all_sync(&[&mia, &wim]);
    let (bearing, motor) = (wim.key_of("Bearing"), wim.key_of("Motor"));
    // A type is not given without what it requires, and each card that refuses is named.
    let refused = wim.try_to(&["card", "set", &bearing, &motor, "--type", "Bug"]).expect_code(1);
    assert_eq!(refused["error"]["code"], "field_missing", "{refused}");
    assert_eq!(refused["error"]["details"].as_array().unwrap().len(), 2);
    let set = ["card", "set", &bearing, &motor, "--type", "Bug", "--field", "Speed=33.3", "--field", "Size=Large"];
    wim.tell(&[&set[..], &["--priority", "high", "--estimate", "2.5", "--add-label", "noise"]].concat());
    let too_fast = wim.try_to(&["card", "set", &motor, "--field", "Speed=100"]).expect_code(1);
    assert_eq!(too_fast["error"]["code"], "bad_value", "{too_fast}");
    wim.tell(&["card", "set", &motor, "--block", "Waits for a part", "--due", "2026-12-24"]);
    wim.tell(&["card", "relate", &motor, "part-of", &bearing]);
    wim.tell(&["comment", &motor, "@mia have a look"]);
    let said = wim.tell(&["comment", &motor, "Measured it", "--journal"])["id"].as_str().unwrap().to_owned();
    wim.tell(&["comment", "edit", &said, "Measured it twice"]);
    all_sync(&[&wim, &mia]);
    let card = mia.tell(&["card", &motor]);
    let expected = json!({ "Speed": "33.3", "Size": "Large" });
    assert_eq!((&card["type"], &card["fields"]), (&json!("Bug"), &expected));
    assert_eq!(
        (&card["priority"], &card["estimate"], &card["due"]),
        (&json!("high"), &json!("2.5"), &json!("2026-12-24"))
    );
    assert_eq!((&card["labels"], &card["blocked"]), (&json!(["noise"]), &json!("Waits for a part")));
    assert_eq!(card["relations"], json!([{ "kind": "part_of", "card": bearing }]));
    assert_eq!(mia.tell(&["card", &bearing])["relations"], json!([{ "kind": "has_part", "card": motor }]));
    let kinds: Vec<&Value> = card["comments"].as_array().unwrap().iter().map(|comment| &comment["kind"]).collect();
    assert_eq!(kinds, ["talk", "journal"]);
    assert_eq!(card["comments"][1]["text"], "Measured it twice");
    mia.describe(&motor, "Turns at a third.");
    let copy = mia.tell(&["card", "copy", &motor, "--to", "Backlog"])["key"].as_str().unwrap().to_owned();
    let copied = mia.tell(&["card", &copy]);
    assert_eq!((&copied["description"], &copied["fields"]), (&json!("Turns at a third."), &expected));
    assert_eq!((&copied["comments"], &copied["relations"], &copied["blocked"]), (&json!([]), &json!([]), &json!(null)));
    wim.tell(&["comment", "delete", &said]);
    let not_mine = mia.try_to(&["comment", "delete", card["comments"][0]["id"].as_str().unwrap()]).expect_code(1);
    assert_eq!(not_mine["error"]["code"], "not_the_author", "{not_mine}");
}

#[test]
fn boards_are_split_and_merged_under_people_who_work_on_them_and_projects_begin_alike() {
    let (_stage, _server, [mia, wim, rea]) = team();
    let key = wim.key_of("Bearing");
    mia.tell(&["card", "new", "Idea", "--column", "Backlog"]);
    all_sync(&[&mia, &wim, &rea]);
    // Wim works offline while the column that he works in goes to another board.
    wim.tell(&["card", "take", &key]);
    wim.tell(&["card", "submit", &key]);
    wim.tell(&["card", "new", "Late", "--column", "In progress"]);
    mia.tell(&["board", "split", "Turntable", "Workshop", "--column", "In progress", "--column", "Done"]);
    all_sync(&[&mia, &wim, &rea]);
    let names = |person: &Person, board: &str| {
        let shown = person.tell(&["board", board]);
        let columns = shown["columns"].as_array().unwrap().iter().map(|column| column["name"].clone());
        (columns.collect::<Vec<_>>(), cards(&shown).len())
    };
    for person in [&mia, &wim, &rea] {
        assert_eq!(names(person, "Turntable"), (vec![json!("Backlog"), json!("Ready")], 1), "{}", person.name);
        assert_eq!(names(person, "Workshop"), (vec![json!("In progress"), json!("Done")], 3), "{}", person.name);
        assert_eq!(person.tell(&["card", &key])["board"], "Workshop");
    }
    rea.tell(&["card", "approve", &key, "--reason", "Good", "--to", "Done"]);
    // And back again, while somebody writes a card on the board that goes.
    wim.tell(&["card", "new", "Later", "--column", "Done"]);
    all_sync(&[&rea]);
    mia.tell(&["board", "merge", "Workshop", "--into", "Turntable"]);
    all_sync(&[&mia, &wim, &rea]);
    for person in [&mia, &wim, &rea] {
        assert_eq!(names(person, "Turntable").1, 5, "{}", person.name);
        assert_eq!(person.tell(&["outbox"])["refused"], json!([]));
    }
    let hash = mia.hash();
    assert_eq!((wim.hash(), rea.hash()), (hash.clone(), hash));

    mia.tell(&["role", "new", "Tester"]);
    mia.tell(&["project", "new", "Amplifier", "--template", "Turntable", "--key", "AMP"]);
    assert_eq!(mia.sync(), 0);
    let in_new = ["--project", "Amplifier"];
    let board = mia.tell(&[&["board"][..], &in_new].concat());
    let names: Vec<&Value> = board["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["Backlog", "Ready", "In progress", "Done"]);
    let progress = &board["columns"][2];
    assert_eq!((&progress["workers"], &progress["reviewers"]), (&json!(["worker"]), &json!(["reviewer"])));
    assert_eq!(progress["leads_to"].as_array().unwrap().len(), 2);
    assert!(cards(&board).is_empty(), "no card comes along");
    let members = mia.tell(&[&["member", "list"][..], &in_new].concat());
    assert_eq!(members["members"].as_array().unwrap().len(), 1, "and no member");
    let roles = mia.tell(&[&["role", "list"][..], &in_new].concat());
    assert!(roles["roles"].as_array().unwrap().contains(&json!("Tester")));
}

#[test]
fn what_was_done_is_taken_back_and_done_again_act_by_act_but_for_what_others_changed_since() {
    let (_stage, _server, [mia, wim, _]) = team();
    let (bearing, motor) = (mia.key_of("Bearing"), mia.key_of("Motor"));
    let priorities = |person: &Person| [&bearing, &motor].map(|key| person.tell(&["card", key])["priority"].clone());
    mia.tell(&["card", "set", &bearing, &motor, "--priority", "high", "--estimate", "2"]);
    mia.tell(&["card", "rename", &bearing, "Main bearing"]);
    // One act for all that a bulk edit did.
    assert_eq!(mia.tell(&["undo"])["changes"], 1);
    assert_eq!(mia.tell(&["card", &bearing])["title"], "Bearing");
    assert_eq!(mia.tell(&["undo"])["changes"], 4);
    assert_eq!(priorities(&mia), [Value::Null, Value::Null]);
    assert_eq!(mia.tell(&["redo"])["changes"], 4);
    assert_eq!(priorities(&mia), [json!("high"), json!("high")]);
    assert_eq!(mia.tell(&["redo"])["changes"], 1);
    assert_eq!(mia.tell(&["card", &bearing])["title"], "Main bearing");
    let nothing = mia.try_to(&["redo"]).expect_code(2);
    assert_eq!(nothing["error"]["code"], "nothing_to_redo", "{nothing}");
    all_sync(&[&mia, &wim]);

    // Offline, each changes what the other one set.
    wim.tell(&["card", "set", &motor, "--priority", "low", "--wait"]);
    all_sync(&[&mia]);
    mia.tell(&["undo"]);
    let taken = mia.tell(&["undo"]);
    assert_eq!(taken["changes"], 3, "{taken}");
    let left = taken["left"].as_array().unwrap();
    assert!(left.len() == 1 && left[0].as_str().unwrap().contains(&motor), "{taken}");
    assert_eq!(priorities(&mia), [Value::Null, json!("low")]);
    // By name, whatever was done since.
    let named = wim.tell(&["card", "set", &bearing, "--block", "Waits"])["command"].as_str().unwrap().to_owned();
    wim.tell(&["card", "set", &bearing, "--due", "2026-12-24"]);
    wim.tell(&["undo", &named]);
    let card = wim.tell(&["card", &bearing]);
    assert_eq!((&card["blocked"], &card["due"]), (&Value::Null, &json!("2026-12-24")));
    all_sync(&[&mia, &wim]);
    assert_eq!(mia.hash(), wim.hash());
}

/// What one cause has refused is one thing to deal with.
#[test]
fn what_was_refused_for_one_reason_is_dealt_with_at_once() {
    let (_stage, _server, [mia, wim, _rea]) = team();
    let titles = ["Belt", "Platter", "Arm"];
    for title in titles {
        wim.tell(&["card", "new", title, "--column", "Ready"]);
    }
    mia.tell(&["card", "new", "Felt", "--column", "Backlog"]);
    all_sync(&[&wim, &mia]);
    let keys = titles.map(|title| wim.key_of(title));
    // While Wim is on the train, the manager lets nobody else into "Backlog".
    mia.tell(&["column", "limit", "Backlog", "1", "--wait"]);
    for key in &keys {
        wim.tell(&["card", "move", key, "--to", "Backlog"]);
    }
    wim.tell(&["comment", &keys[0], "On to the backlog"]);
    assert_eq!(wim.sync(), 1, "he is told");
    let outbox = wim.tell(&["outbox"]);
    let causes = outbox["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{outbox}");
    assert_eq!(causes[0]["code"], "column_full");
    let commands = causes[0]["commands"].as_array().unwrap();
    assert_eq!(commands.len(), 3);
    let first = commands[0].as_str().unwrap();
    mia.tell(&["column", "limit", "Backlog", "none", "--wait"]);
    assert_eq!(wim.sync(), 1, "they are still there");
    let retried = wim.tell(&["outbox", "retry", first, "--alike"]);
    assert_eq!(retried["commands"].as_array().unwrap().len(), 3, "{retried}");
    assert_eq!(wim.sync(), 0);
    for title in titles {
        assert_eq!(column_of(&wim, title), "Backlog");
    }
}
