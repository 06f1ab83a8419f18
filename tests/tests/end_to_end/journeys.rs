//! Cards that go to another project, by the shipped programs.

use recordplayer_tests::stage::{Person, Server, Stage, cards};
use serde_json::{Value, json};

/// Mia has "Turntable" and "Amplifier" on the server; Wim works on both. From "Ready" of the one, cards go to "Backlog" of the other.
fn team() -> (Stage, Server, [Person; 2]) {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let people = ["mia", "wim"].map(|name| stage.person(name, &server));
    let [mia, wim] = &people;
    for (title, key) in [("Turntable", "TT"), ("Amplifier", "AMP")] {
        mia.tell(&["project", "new", title, "--key", key]);
        mia.tell(&["member", "add", "wim", "--role", "worker", "--project", title]);
    }
    mia.tell(&["column", "ways-out", "Ready", "--into", "Amplifier", "Backlog", "--project", "Turntable"]);
    mia.tell(&["card", "new", "Power supply", "--column", "Ready", "--project", "Turntable"]);
    all_sync(&[mia, wim]);
    (stage, server, people)
}

fn all_sync(people: &[&Person]) {
    for person in people.iter().chain(people) {
        assert_eq!(person.sync(), 0, "{}", person.name);
    }
}

fn in_turntable<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [command, &["--project", "Turntable"]].concat()
}

fn titles(person: &Person, project: &str) -> Vec<Value> {
    cards(&person.tell(&["board", "--project", project])).into_iter().map(|card| card["title"].clone()).collect()
}

/// Until both projects have heard of each other: the answer of the one is a record of the other.
fn arrived(person: &Person, key: &str) -> Value {
    for _ in 0..100 {
        assert_eq!(person.sync(), 0);
        let card = person.tell(&["card", key, "--project", "Turntable"]);
        if card["elsewhere"]["arrived"] != false {
            return card;
        }
    }
    panic!("{key} does not arrive");
}

#[test]
fn a_card_goes_with_all_that_stands_on_it_and_its_old_key_leads_to_it() {
    let (_stage, _server, [mia, wim]) = team();
    // Wim works on it on the train, and sends it on.
    let file = wim.file("description.md", "Two transformers.\n");
    wim.tell(&in_turntable(&["card", "describe", "TT-1", "--text-file", &file]));
    let said = ["It hums", "Less now", "Still", "A little", "No more"];
    for text in said {
        wim.tell(&in_turntable(&["comment", "TT-1", text]));
    }
    wim.tell(&in_turntable(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier"]));
    assert!(titles(&wim, "Turntable").is_empty(), "it has left, as far as he sees");
    let gone = arrived(&wim, "TT-1");
    assert_eq!(gone["elsewhere"]["key"], "AMP-1", "{gone}");
    assert_eq!(gone["description"], "Two transformers.\n", "what was here stays readable");
    all_sync(&[&mia, &wim]);
    for person in [&mia, &wim] {
        assert_eq!(titles(person, "Amplifier"), [json!("Power supply")], "{}", person.name);
        // The old key leads to it.
        for key in ["AMP-1", "TT-1"] {
            let card = person.tell(&["card", key, "--project", "Amplifier"]);
            assert_eq!((&card["key"], &card["column"]), (&json!("AMP-1"), &json!("Backlog")));
            assert_eq!(card["description"], "Two transformers.\n");
            let comments = card["comments"].as_array().unwrap().iter();
            assert_eq!(comments.map(|comment| comment["text"].clone()).collect::<Vec<_>>(), said, "in their order");
            assert_eq!(card["former_keys"], json!(["TT-1"]));
        }
        let history = person.lines(&["history", "AMP-1", "--project", "Amplifier"]);
        let what = |entry: &Value| (entry["actor"].clone(), entry["what"].clone());
        let brought = (json!("wim"), json!("brought it from the project Turntable"));
        assert_eq!(history.iter().map(what).collect::<Vec<_>>(), [brought]);
    }
}

#[test]
fn what_may_not_come_is_back_and_says_why() {
    let (_stage, _server, [mia, wim]) = team();
    let code = |answer: &Value| answer["error"]["code"].clone();
    let no_way = wim.try_to(&["card", "move", "TT-1", "--to", "Done", "--into", "Amplifier", "--project", "Turntable"]);
    assert_eq!(code(&no_way.expect_code(1)), "no_way_out");
    // The other project has no room, and he has not heard of that.
    mia.tell(&["card", "new", "Housing", "--column", "Backlog", "--project", "Amplifier"]);
    mia.tell(&["column", "limit", "Backlog", "1", "--project", "Amplifier"]);
    all_sync(&[&mia]);
    wim.tell(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier", "--project", "Turntable"]);
    let back = arrived(&wim, "TT-1");
    assert_eq!(back["elsewhere"], Value::Null, "{back}");
    assert_eq!(titles(&wim, "Turntable"), [json!("Power supply")]);
    let history = wim.lines(&["history", "TT-1", "--project", "Turntable"]);
    let last = history.last().unwrap();
    assert_eq!(last["actor"], "wim");
    // What is there is nothing for those who may not look.
    let why = "took it back, for it could not go: That column is full. Wait until there is room, or choose another one";
    assert_eq!(last["what"], why);
}

/// Whoever edited it meanwhile keeps what they wrote, and is told where it is.
#[test]
fn what_is_written_on_a_card_that_has_left_stays_with_its_author() {
    let (_stage, _server, [mia, wim]) = team();
    wim.tell(&["card", "rename", "TT-1", "Mains supply", "--project", "Turntable"]);
    mia.tell(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier", "--project", "Turntable"]);
    arrived(&mia, "TT-1");
    assert_ne!(wim.sync(), 0, "something was refused");
    let outbox = wim.tell(&["outbox", "--project", "Turntable"]).to_string();
    assert!(outbox.contains("in_another_project") && outbox.contains("Mains supply"), "{outbox}");
}

/// A server that dies in between goes on with it when it starts again, whoever asks.
#[test]
fn a_server_that_dies_meanwhile_goes_on_with_it() {
    let (stage, server, [mia, wim]) = team();
    mia.tell(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier", "--project", "Turntable", "--wait"]);
    let address = server.kill();
    let _server = stage.serve(&address);
    assert_eq!(arrived(&mia, "TT-1")["elsewhere"]["key"], "AMP-1");
    all_sync(&[&mia, &wim]);
    assert_eq!(titles(&wim, "Amplifier"), [json!("Power supply")]);
}

/// Projects without a server go the same way; and one of them may be given to a server afterwards, or both.
#[test]
fn on_a_computer_alone_cards_go_as_well() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    for (title, key) in [("Turntable", "TT"), ("Amplifier", "AMP")] {
        ann.tell(&["project", "new", title, "--key", key, "--account", "this computer"]);
    }
    ann.tell(&["column", "ways-out", "Ready", "--into", "Amplifier", "Backlog", "--project", "Turntable"]);
    ann.tell(&["card", "new", "Power supply", "--column", "Ready", "--project", "Turntable"]);
    ann.tell(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier", "--project", "Turntable"]);
    let is_there = || {
        assert_eq!(titles(&ann, "Amplifier"), [json!("Power supply")]);
        assert!(titles(&ann, "Turntable").is_empty());
        let card = ann.tell(&["card", "TT-1", "--project", "Turntable"]);
        assert_eq!(card["elsewhere"]["key"], "AMP-1", "{card}");
    };
    is_there();
    for project in ["Amplifier", "Turntable"] {
        ann.tell(&["project", "publish", project]);
        all_sync(&[&ann]);
        is_there();
    }
}

/// Who approves a card for another project says why, and the reason goes along.
#[test]
fn an_approved_card_goes_on_in_another_project() {
    let (_stage, _server, [mia, wim]) = team();
    mia.tell(&in_turntable(&["column", "workers", "Ready", "worker"]));
    mia.tell(&in_turntable(&["column", "reviewers", "Ready", "manager"]));
    all_sync(&[&mia, &wim]);
    wim.tell(&in_turntable(&["card", "take", "TT-1"]));
    wim.tell(&in_turntable(&["card", "submit", "TT-1"]));
    all_sync(&[&mia, &wim]);
    let approve = ["card", "approve", "TT-1", "--reason", "Runs", "--to", "Backlog", "--into", "Amplifier"];
    mia.tell(&in_turntable(&approve));
    let gone = arrived(&mia, "TT-1");
    assert_eq!(gone["elsewhere"]["key"], "AMP-1", "{gone}");
    let there = mia.tell(&["card", "AMP-1", "--project", "Amplifier"]);
    assert_eq!((&there["column"], &there["comments"][0]["text"]), (&json!("Backlog"), &json!("Runs")), "{there}");
}

/// They went in the order of what nobody sees.
#[test]
fn several_cards_arrive_in_the_order_in_which_they_were_sent() {
    let (_stage, _server, [mia, wim]) = team();
    let titles: Vec<String> = (2..9).map(|number| format!("Part {number}")).collect();
    for title in &titles {
        mia.tell(&in_turntable(&["card", "new", title, "--column", "Ready"]));
    }
    let keys: Vec<String> = (2..9).map(|number| format!("TT-{number}")).collect();
    all_sync(&[&mia, &wim]);
    let all: Vec<&str> = keys.iter().map(String::as_str).collect();
    mia.tell(&in_turntable(&[&["card", "move"], &all[..], &["--to", "Backlog", "--into", "Amplifier"]].concat()));
    for key in &keys {
        arrived(&mia, key);
    }
    let board = mia.tell(&["board", "--project", "Amplifier"]);
    let there = cards(&board);
    let there: Vec<(String, String)> = there
        .iter()
        .map(|card| (card["title"].as_str().unwrap().to_owned(), card["key"].as_str().unwrap().to_owned()))
        .collect();
    let expected: Vec<(String, String)> =
        titles.iter().zip(1..).map(|(title, number)| (title.clone(), format!("AMP-{number}"))).collect();
    assert_eq!(there, expected);
}

/// Whoever sends a card may look at the other project, and is told there who has filled the column.
#[test]
fn a_column_of_another_project_without_room_is_named_with_its_limit() {
    let (_stage, _server, [mia, wim]) = team();
    mia.tell(&["column", "limit", "Backlog", "1", "--project", "Amplifier"]);
    mia.tell(&["card", "new", "Chassis", "--column", "Backlog", "--project", "Amplifier"]);
    all_sync(&[&mia, &wim]);
    let send = in_turntable(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier"]);
    let full = wim.try_to(&send).expect_code(1);
    assert_eq!(full["error"]["code"], "column_full");
    let message = full["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("its limit is 1 and it holds 1") && message.contains("AMP-1, brought by mia"),
        "{message}"
    );
    assert_eq!(titles(&wim, "Turntable"), [json!("Power supply")]);
}

/// What leads into a column leads into the one that has its cards.
#[test]
fn the_way_into_a_removed_column_leads_to_its_heir() {
    let (_stage, _server, [mia, wim]) = team();
    mia.tell(&["column", "remove", "Backlog", "--into", "Ready", "--project", "Amplifier"]);
    all_sync(&[&mia, &wim]);
    let board = wim.tell(&in_turntable(&["board"]));
    let way = board["columns"].as_array().unwrap().iter().find(|column| column["name"] == "Ready").unwrap();
    assert_eq!((&way["ways_out"][0]["project"], &way["ways_out"][0]["column"]), (&json!("Amplifier"), &json!("Ready")));
    wim.tell(&in_turntable(&["card", "move", "TT-1", "--to", "Ready", "--into", "Amplifier"]));
    arrived(&wim, "TT-1");
    assert_eq!(titles(&wim, "Amplifier"), [json!("Power supply")]);
}

/// A text holds the card itself: whatever it is called by then, it is read so.
#[test]
fn a_text_that_names_a_card_shows_the_key_that_it_has_now() {
    let (stage, server, [mia, wim]) = team();
    wim.tell(&in_turntable(&["card", "new", "Rectifier", "--column", "Ready"]));
    let provisional = {
        let made = wim.tell(&in_turntable(&["card", "new", "Fuse", "--column", "Ready"]));
        made["key"].as_str().unwrap().to_owned()
    };
    assert!(provisional.starts_with("TT-~"), "{provisional}");
    let text = |key: &str| format!("Needs {key}, not `{key}`\n");
    let file = wim.file("words.md", &text(&provisional));
    wim.tell(&in_turntable(&["card", "describe", "TT-1", "--text-file", &file]));
    wim.tell(&in_turntable(&["comment", "TT-1", &format!("Wait for {provisional}")]));
    wim.tell(&in_turntable(&["card", "set", "TT-1", "--block", &format!("no {provisional}")]));
    wim.tell(&in_turntable(&["card", "checklist", "new", "TT-1", "Steps", "--item", &format!("after {provisional}")]));
    all_sync(&[&mia, &wim]);
    let read = |person: &Person| {
        let card = person.tell(&in_turntable(&["card", "TT-1"]));
        let words = [&card["description"], &card["comments"][0]["text"], &card["blocked"]];
        words.map(|words| words.as_str().unwrap().to_owned())
    };
    let now =
        |key: &str| [format!("Needs {key}, not `{provisional}`\n"), format!("Wait for {key}"), format!("no {key}")];
    assert_eq!(read(&mia), now("TT-3"));
    mia.tell(&in_turntable(&["card", "checklist", "tick", "TT-1", "after TT-3"]));
    assert_eq!(mia.tell(&in_turntable(&["card", "TT-1"]))["checklists"][0]["items"][0]["text"], "after TT-3");
    // What is read says the same, and changes nothing.
    let file = mia.file("read.md", &read(&mia)[0]);
    let same = mia.tell(&in_turntable(&["card", "describe", "TT-1", "--text-file", &file]));
    assert_eq!(same["commands"], json!([]));

    mia.tell(&["project", "key", "TTX", "--project", "Turntable"]);
    assert_eq!(read(&mia), now("TTX-3"));
    mia.tell(&in_turntable(&["card", "move", "TTX-3", "--to", "Backlog", "--into", "Amplifier"]));
    arrived(&mia, "TTX-3");
    assert_eq!(read(&mia), now("AMP-1"));
    // Whoever has no other project reads the key of this one, which leads there.
    let cy = stage.person("cy", &server);
    mia.tell(&in_turntable(&["member", "add", "cy", "--role", "viewer"]));
    all_sync(&[&mia, &cy]);
    assert_eq!(read(&cy), now("TTX-3"));
}

/// It was gone without a word.
#[test]
fn what_a_card_cannot_take_along_is_told() {
    let (_stage, _server, [mia, wim]) = team();
    mia.tell(&in_turntable(&["type", "new", "Bug"]));
    mia.tell(&["member", "remove", "wim", "--project", "Amplifier"]);
    mia.tell(&in_turntable(&["card", "set", "TT-1", "--type", "Bug", "--assign", "wim"]));
    all_sync(&[&mia, &wim]);
    let sent = mia.tell(&in_turntable(&["card", "move", "TT-1", "--to", "Backlog", "--into", "Amplifier"]));
    let left = ["TT-1: its type Bug, which Amplifier does not have", "TT-1: wim, who is no member of Amplifier"];
    assert_eq!(sent["left"], json!(left), "{sent}");
}
