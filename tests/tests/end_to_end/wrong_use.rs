//! Whatever somebody says to the programs, they answer clearly, with the right exit code, and change nothing.

use recordplayer_tests::stage::{Answer, Stage, cards};
use serde_json::Value;

/// A failure says what, why and what to do, for programs and people.
#[track_caller]
fn fails(answer: Answer, exit: i32, code: &str) -> Value {
    let json = answer.expect_code(exit);
    let error = &json["error"];
    assert_eq!(error["code"], code, "{json}");
    assert!(!error["message"].as_str().unwrap().is_empty(), "{json}");
    assert!(error["help"].is_string() && error.get("details").is_some(), "{json}");
    json
}

#[test]
fn wrong_words_are_told_what_would_be_right() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    fails(ann.try_to(&["board"]), 2, "no_project");
    ann.tell(&["project", "new", "One", "--key", "ONE"]);
    ann.tell(&["project", "new", "Two", "--key", "TWO"]);
    let several = fails(ann.try_to(&["board"]), 2, "ambiguous_project");
    assert_eq!(several["error"]["details"].as_array().unwrap().len(), 2);
    let one = |words: &[&str]| ann.try_to(&[words, &["--project", "One"]].concat());
    fails(ann.try_to(&["board", "--project", "Three"]), 2, "unknown_project");
    fails(one(&["board", "Nowhere"]), 2, "unknown_board");
    fails(one(&["card", "ONE-99"]), 2, "unknown_card");
    fails(one(&["card", "what is this"]), 2, "bad_key");
    fails(one(&["card", "new", "x", "--column", "Nowhere"]), 2, "unknown_column");
    fails(one(&["column", "limit", "Backlog", "many"]), 2, "bad_limit");
    ann.tell(&["board", "new", "Other", "--project", "One"]);
    fails(one(&["column", "move", "One/Backlog", "--before", "Other/Done"]), 2, "another_board");
    fails(one(&["column", "new", "Late", "--before", "Other/Done", "--board", "One"]), 2, "another_board");
    ann.tell(&["board", "archive", "Other", "--project", "One"]);
    let made = ann.tell(&["card", "new", "x", "--column", "One/Backlog", "--project", "One"]);
    let key = made["key"].as_str().unwrap();
    fails(one(&["card", "restore", key, "--to", "One/Done"]), 2, "not_archived");
    fails(one(&["card", "link", key, "javascript:alert(1)"]), 2, "bad_link");
    fails(one(&["board", "--at", "yesterday"]), 2, "bad_time");
    fails(one(&["board", "--at", "99999"]), 2, "no_such_record");
    fails(one(&["outbox", "retry", "nothing"]), 2, "not_in_outbox");
    fails(ann.try_to(&["project", "new", "Three", "--key", "toolong"]), 2, "bad_key");
    fails(ann.try_to(&["no-such-command"]), 2, "wrong_use");
    fails(ann.try_to(&["watch", "--view", "nothing", "x"]), 2, "unknown_view");
    let token = ann.file("token", "rp_wrong");
    fails(ann.try_to(&["login", &server.url, "--token-file", &token]), 4, "no_access");
    fails(ann.try_to(&["login", "not a url", "--token-file", &token]), 2, "bad_address");
    fails(ann.try_to(&["login", "http://127.0.0.1:9", "--token-file", &token]), 3, "unreachable");
    fails(ann.try_to(&["login", &server.url, "--token-file", "/no/such/file"]), 2, "unreadable_file");
    fails(one(&["member", "add", "nobody", "--role", "worker"]), 1, "unknown_user");
}

#[test]
fn what_decide_refuses_here_is_not_queued_and_typed_text_is_kept() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    ann.tell(&["project", "new", "One", "--key", "ONE"]);
    ann.tell(&["column", "limit", "Ready", "1"]);
    let card = ann.tell(&["card", "new", "First", "--column", "Ready"])["id"].as_str().unwrap().to_owned();
    let before = ann.tell(&["outbox"]);
    let full = fails(ann.try_to(&["card", "new", "Words that were typed", "--column", "Ready"]), 1, "column_full");
    let kept = full["error"]["details"]["kept_in"].as_str().unwrap();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "Words that were typed");
    assert_eq!(ann.tell(&["outbox"]), before);
    ann.tell(&["card", "archive", &card]);
    let long = ann.file("long.md", &"x".repeat(2 * 1024 * 1024));
    fails(ann.try_to(&["card", "describe", &card, "--text-file", &long]), 5, "file_too_large");
}

#[test]
fn a_damaged_or_foreign_folder_is_refused_and_left_alone() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    ann.tell(&["project", "new", "One", "--key", "ONE"]);
    for (file, garbage) in [("outbox.redb", "garbage"), ("device.json", "{")] {
        let path = stage.path("ann").join(file);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, garbage).unwrap();
        fails(ann.try_to(&["projects"]), 5, "unreadable_folder");
        assert_eq!(std::fs::read(&path).unwrap(), garbage.as_bytes(), "{file} is as it was");
        std::fs::write(&path, whole).unwrap();
    }
    ann.tell(&["projects"]);
}

/// The refusal said that nothing was changed, and an empty outbox lay beside the foreign file.
#[test]
fn nothing_is_added_to_a_folder_of_something_else() {
    let stage = Stage::new();
    let bo = stage.newcomer("bo");
    std::fs::create_dir(stage.path("bo")).unwrap();
    std::fs::write(stage.path("bo/store.redb"), "somebody's notes").unwrap();
    fails(bo.try_to(&["projects"]), 5, "unreadable_folder");
    let files: Vec<_> = std::fs::read_dir(stage.path("bo")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["store.redb"]);
    assert_eq!(std::fs::read_to_string(stage.path("bo/store.redb")).unwrap(), "somebody's notes");
}

#[test]
fn a_second_command_is_done_by_the_process_that_has_the_folder() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    ann.tell(&["project", "new", "One", "--key", "ONE"]);
    let address = server.kill();
    // It waits for a server that is not there, and has the folder open all the time.
    let syncing = ann.start(&["sync", "--timeout", "60"]);
    for number in 0..5 {
        ann.tell(&["card", "new", &format!("Card {number}"), "--column", "Backlog"]);
    }
    let file = ann.file("text.md", "from elsewhere");
    let key = ann.key_of("Card 3");
    ann.tell(&["card", "describe", &key, "--text-file", &file]);
    assert_eq!(ann.description_of(&key), "from elsewhere");
    drop(stage.serve(&address));
    drop(syncing);
}

/// The first start of every server went through its commands one by one, as after a crash.
#[test]
fn a_new_folder_is_left_in_order() {
    let stage = Stage::new();
    assert!(stage.path("server/store.redb").is_file());
    assert!(!stage.path("server/deciding.json").exists(), "it says that a server has crashed");
}

#[test]
fn the_admins_commands_answer_as_clearly() {
    let stage = Stage::new();
    let folder = stage.server_folder();
    fails(Stage::server(&["init", &folder]), 1, "exists");
    fails(Stage::server(&["hash", "/no/such/folder", "x"]), 2, "wrong_use");
    fails(Stage::server(&["device", "token", &folder, "nobody"]), 1, "unknown_user");
    fails(Stage::server(&["user", "add", &folder, " "]), 1, "bad_name");
    Stage::server(&["user", "add", &folder, "ann"]).expect_code(0);
    let server = stage.serve("127.0.0.1:0");
    // The same while it serves.
    fails(Stage::server(&["user", "add", &folder, "ann"]), 1, "exists");
    fails(Stage::server(&["hash", &folder, "Nothing"]), 2, "unknown_project");
    fails(Stage::server(&["serve", &folder, "--listen", "127.0.0.1:0"]), 2, "in_use");
    drop(server);
}

/// Two projects whose names begin alike: the key that nobody chose gives way, and one that somebody chose can be chosen anew.
#[test]
fn a_key_that_is_taken_is_no_dead_end() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Recording"]);
    bo.tell(&["project", "new", "Records"]);
    bo.tell(&["card", "new", "First", "--column", "Ready", "--project", "Records"]);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let key = bo.key_of("First");
    assert!(key.ends_with("-1") && !key.starts_with("REC-"), "{key}");

    bo.tell(&["project", "new", "Chosen", "--key", "REC"]);
    bo.tell(&["card", "new", "Second", "--column", "Ready", "--project", "Chosen"]);
    assert_eq!(bo.sync(), 1);
    let outbox = bo.tell(&["outbox", "--project", "Chosen"]);
    let refused = outbox["refused"].as_array().unwrap();
    assert_eq!(refused[0]["reason"]["code"], "key_taken");
    bo.tell(&["project", "key", "CHO", "--project", "Chosen"]);
    assert_eq!(bo.sync(), 0);
    let board = bo.tell(&["board", "--project", "Chosen"]);
    assert_eq!(cards(&board)[0]["key"], "CHO-1", "what was refused with the key came with the new one");
}

/// What was written into a card that could not be made is one row with it, and goes or comes with it.
#[test]
fn what_is_done_to_a_refused_card_stays_with_it() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "One", "--key", "ONE"]);
    ann.tell(&["column", "limit", "In progress", "1"]);
    ann.sync();
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    assert_eq!((ann.sync(), bo.sync()), (0, 0));
    let address = server.kill();
    ann.tell(&["card", "new", "Ann was first", "--column", "In progress"]);
    for title in ["Bo's", "Never mind"] {
        bo.tell(&["card", "new", title, "--column", if title == "Bo's" { "In progress" } else { "Ready" }]);
        let key = bo.key_of(title);
        bo.describe(&key, "Words");
        bo.tell(&["comment", &key, "A comment"]);
        bo.tell(&["card", "rename", &key, &format!("{title} renamed")]);
    }
    // Before it is sent, it goes with all that was done to it.
    let waiting = bo.tell(&["outbox"])["waiting"].as_array().unwrap().clone();
    let made = waiting.iter().find(|entry| entry["what"].as_str().unwrap().contains("Write “Never mind”")).unwrap();
    bo.tell(&["outbox", "discard", made["id"].as_str().unwrap()]);
    assert_eq!(bo.tell(&["outbox"])["waiting"].as_array().unwrap().len(), waiting.len() - 4);

    let _server = stage.serve(&address);
    assert_eq!((ann.sync(), bo.sync()), (0, 1));
    let refused = bo.tell(&["outbox"])["refused"].as_array().unwrap().clone();
    assert_eq!(refused.len(), 4, "{refused:#?}");
    for entry in &refused[1..] {
        assert_eq!(entry["reason"]["code"], "required_refused", "{entry}");
    }
    ann.tell(&["column", "limit", "In progress", "5"]);
    ann.sync();
    bo.sync();
    bo.tell(&["outbox", "retry", refused[0]["id"].as_str().unwrap()]);
    assert_eq!(bo.sync(), 0);
    let key = bo.key_of("Bo's renamed");
    let card = bo.tell(&["card", &key]);
    assert_eq!((&card["description"], card["comments"].as_array().unwrap().len()), (&"Words".into(), 1));
}

/// Each of them makes the files of the folder; one is first, and the others give it their commands.
#[test]
fn commands_that_come_at_once_to_a_folder_that_is_not_there_yet_are_all_carried_out() {
    let stage = Stage::new();
    for round in 0..6 {
        let ann = stage.newcomer(&format!("ann{round}"));
        std::thread::scope(|scope| {
            for title in ["One", "Two", "Three"] {
                let ann = &ann;
                scope.spawn(move || ann.tell(&["project", "new", title]));
            }
        });
        let projects = ann.tell(&["projects"]);
        let mut names: Vec<&str> =
            projects["projects"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["One", "Three", "Two"], "{projects}");
    }
}
