//! A whole project goes out as JSON Lines, and comes in as a new one: elsewhere, or beside the one that it was.

use std::fs;
use std::path::Path;

use recordplayer_tests::stage::{Person, Stage};
use serde_json::{Value, json};

fn lines(path: &str) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the records say, but for the project that they are of.
fn records(path: &str) -> Vec<Value> {
    let lines = lines(path);
    let project = lines[0]["export"]["space"].as_str().unwrap().to_owned();
    let mut records: Vec<Value> = lines.into_iter().filter(|line| line["record"].is_u64()).collect();
    for record in &mut records {
        let stream = record["stream"].as_str().unwrap().replace(&project, "HERE");
        record["stream"] = json!(stream);
        if let Some(commit) = record.get_mut("commit") {
            (commit["space"], commit["epoch"]) = (json!("HERE"), json!(1));
        }
    }
    records
}

/// Work of two people on a project, with what an export could lose: a file, comments, a text in the making, an archived card, a refused command,
/// what was redacted, and what somebody else did.
fn worked_on(stage: &Stage, ann: &Person, bo: &Person) -> Value {
    let made = ann.tell(&["project", "new", "Turntable", "--key", "TT"]);
    assert_eq!(ann.sync(), 0);
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    ann.tell(&["label", "new", "loud", "--colour", "red"]);
    for title in ["Power supply", "Tonearm", "Drop me"] {
        ann.tell(&["card", "new", title, "--column", "Ready"]);
    }
    ann.sync();
    assert_eq!(bo.sync(), 0);
    ann.tell(&["card", "set", "TT-1", "--add-label", "loud", "--due", "2026-12-24"]);
    ann.describe("TT-1", "Two transformers.\n");
    ann.tell(&["card", "set", "TT-2", "--assign", "bo"]);
    bo.describe("TT-2", "日本の arm.\n");
    bo.tell(&["comment", "TT-1", "It hums, @ann"]);
    bo.tell(&["card", "move", "TT-2", "--to", "In progress"]);
    let plan = stage.path("plan.bin");
    fs::write(&plan, (0..500_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    ann.tell(&["card", "attach", "TT-1", plan.to_str().unwrap()]);
    let empty = ann.file("empty.txt", "");
    ann.tell(&["card", "attach", "TT-2", &empty]);
    ann.tell(&["card", "rename", "TT-3", "The password is Schwertfisch"]);
    ann.tell(&["card", "archive", "TT-3"]);
    for person in [ann, bo, ann] {
        assert_eq!(person.sync(), 0);
    }
    let renamed =
        ann.lines(&["history", "TT-3"]).into_iter().find(|entry| entry["what"].to_string().contains("Schwertfisch"));
    let record = renamed.unwrap()["record"].to_string();
    ann.tell(&["redact", &record, "--yes"]);
    for person in [ann, bo, ann] {
        assert_eq!(person.sync(), 0);
    }
    made
}

/// The board and the cards, without what only tells who looks.
fn shown(person: &Person, project: &str, cards: &[&str]) -> Vec<Value> {
    let tell = |command: &[&str]| person.tell(&[command, &["--project", project]].concat());
    let mut shown = vec![tell(&["board"])["columns"].clone()];
    shown.extend(cards.iter().map(|card| {
        let mut card = tell(&["card", card]);
        // Which record is the last one of it.
        if let Some(card) = card.as_object_mut() {
            card.remove("record");
        }
        card
    }));
    shown
}

#[test]
fn a_project_goes_to_another_server_with_its_history_its_people_and_its_files() {
    let (home, abroad) = (Stage::new(), Stage::new());
    let (server, other) = (home.serve("127.0.0.1:0"), abroad.serve("127.0.0.1:0"));
    let (ann, bo, cy) = (home.person("ann", &server), home.person("bo", &server), abroad.person("cy", &other));
    worked_on(&home, &ann, &bo);
    let file = home.path("turntable.jsonl");
    let file = file.to_str().unwrap();
    // Whoever has not got a file fetches it for that.
    let written = bo.tell(&["export", file]);
    assert_eq!((&written["files"], &written["missing"]), (&json!(2), &json!([])), "{written}");
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("Power supply") && !text.contains("Schwertfisch"), "what was redacted is in no export");

    let tried = cy.tell(&["import", "records", file, "--dry-run"]);
    assert_eq!((&tried["records"], &tried["files"], &tried["dry_run"]), (&written["records"], &json!(2), &json!(true)));
    assert_eq!(cy.tell(&["projects"])["projects"], json!([]), "only tried");
    let came = cy.tell(&["import", "records", file]);
    assert_eq!(
        (&came["project"], &came["key"], &came["records"]),
        (&json!("Turntable"), &json!("TT"), &written["records"])
    );
    assert_eq!(cy.sync(), 0);
    let listed = cy.tell(&["projects"]);
    assert_eq!(listed["projects"][0]["server"], cy.tell(&["projects"])["projects"][0]["server"]);
    assert_ne!(listed["projects"][0]["server"], "this computer", "{listed}");

    // The same cards by the same keys, with who did what by their names.
    let cards = ["TT-1", "TT-2", "TT-3"];
    assert_eq!(shown(&cy, "Turntable", &cards), shown(&ann, "Turntable", &cards));
    let names: Vec<String> =
        cy.lines(&["history"]).iter().map(|entry| entry["actor"].as_str().unwrap().to_owned()).collect();
    assert!(names.iter().any(|name| name == "ann") && names.iter().any(|name| name == "bo"), "{names:?}");
    let saved = abroad.path("saved.bin");
    cy.tell(&["card", "save", "TT-1", "plan.bin", "--to", saved.to_str().unwrap()]);
    assert_eq!(fs::read(saved).unwrap(), fs::read(home.path("plan.bin")).unwrap());

    // The server there has the files: a second device fetches them.
    let second = abroad.another_device("cy", "second", &other);
    assert_eq!(second.sync(), 0);
    let fetched = abroad.path("fetched.bin");
    second.tell(&["card", "save", "TT-1", "plan.bin", "--to", fetched.to_str().unwrap()]);
    assert_eq!(fs::read(fetched).unwrap().len(), 2_000_000);
    assert_eq!(second.tell(&["hash"])["state"], cy.tell(&["hash"])["state"]);

    // Exported again, it tells the same, and then what has happened since.
    let again = abroad.path("again.jsonl");
    let again = again.to_str().unwrap();
    second.tell(&["export", again]);
    let (before, after) = (records(file), records(again));
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after[before.len() + 1]["name"], "space.continued");

    // Somebody here is who did something there: what was theirs is theirs.
    assert_eq!(cy.tell(&["work"])["tasks"], json!([]));
    let names = cy.tell(&["member", "list"])["placeholders"].as_array().unwrap().clone();
    assert!(names.iter().any(|known| known["name"] == "bo" && known["claimed_by"].is_null()), "{names:?}");
    cy.tell(&["member", "claim", "bo"]);
    assert_eq!(cy.tell(&["work"])["tasks"][0]["key"], "TT-2");
    assert_eq!(cy.try_to(&["member", "claim", "nobody"]).expect_code(2)["error"]["code"], "unknown_person");

    // Who was a member there is nobody here until they are let in, and work goes on.
    assert_eq!(cy.tell(&["member", "list"])["members"].as_array().map(Vec::len), Some(1));
    cy.tell(&["card", "new", "Feet", "--column", "Ready"]);
    assert_eq!(cy.sync(), 0);
    assert_eq!(cy.tell(&["card", "TT-4"])["title"], "Feet");
}

#[test]
fn beside_the_one_that_it_was_it_has_a_name_and_a_key_of_its_own() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    worked_on(&stage, &ann, &bo);
    bo.tell(&["comment", "TT-1", "Still hums, @ann"]);
    assert_eq!((bo.sync(), ann.sync()), (0, 0));
    let heard = ann.tell(&["inbox"])["entries"].as_array().unwrap().len();
    assert!(heard > 0);
    let file = stage.path("turntable.jsonl");
    let file = file.to_str().unwrap();
    ann.tell(&["export", file]);
    let came = ann.tell(&["import", "records", file]);
    assert_eq!((&came["project"], &came["key"]), (&json!("Turntable (2)"), &json!("TTA")));
    for person in [&ann, &bo] {
        assert_eq!(person.sync(), 0);
    }
    assert_eq!(bo.tell(&["projects"])["projects"].as_array().unwrap().len(), 1, "nobody else is let in");
    let of = |project: &str, key: &str| ann.tell(&["card", key, "--project", project]);
    assert_eq!(of("Turntable (2)", "TTA-1")["title"], "Power supply");
    assert_eq!(of("Turntable (2)", "TT-1")["key"], "TTA-1", "as people have written it down");
    // The two are two: what is done in one does not show in the other.
    ann.tell(&["card", "rename", "TTA-1", "Mains", "--project", "Turntable (2)"]);
    assert_eq!((of("Turntable", "TT-1")["title"].as_str(), ann.sync()), (Some("Power supply"), 0));
    assert_eq!(ann.tell(&["inbox"])["entries"].as_array().unwrap().len(), heard, "nothing is told twice");

    let named = ann.tell(&["import", "records", file, "--project", "Third", "--key", "thi"]);
    assert_eq!((&named["project"], &named["key"]), (&json!("Third"), &json!("THI")));
    // A key that somebody else has taken: all that was said of it is told, and nothing is lost.
    bo.tell(&["project", "new", "Bo's", "--key", "BOS"]);
    assert_eq!(bo.sync(), 0);
    let taken = ann.try_to(&["import", "records", file, "--project", "Fourth", "--key", "BOS"]);
    let error = taken.expect_code(1);
    assert!(error["error"]["message"].as_str().unwrap().contains("BOS"), "{error}");
    ann.tell(&["project", "key", "FOU", "--project", "Fourth"]);
    ann.tell(&["project", "publish", "Fourth"]);
    assert_eq!((of("Fourth", "TT-1")["key"].as_str(), ann.sync()), (Some("FOU-1"), 0));
}

#[test]
fn what_is_not_whole_is_refused_with_its_line_and_leaves_nothing() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    worked_on(&stage, &ann, &bo);
    let whole = stage.path("whole.jsonl");
    ann.tell(&["export", whole.to_str().unwrap()]);
    let text = fs::read_to_string(&whole).unwrap();
    let all: Vec<&str> = text.lines().collect();
    let cy = stage.newcomer("cy");
    let without = |line: usize| [&all[..line], &all[line + 1..]].concat().join("\n");
    let replaced = |line: usize, by: &str| [&all[..line], &[by], &all[line + 1..]].concat().join("\n");
    let last_piece = all.len() - 2;
    let made =
        all.iter().position(|line| line.contains(r#""kind":"event""#) && line.contains(r#""card.created""#)).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut record: Value = serde_json::from_str(all[made]).unwrap();
        change(&mut record);
        replaced(made, &record.to_string())
    };
    let cases = [
        ("payload", changed(&|record| record["payload"] = json!({ "title": 5 })), "is nothing that this version knows"),
        ("event", changed(&|record| record["name"] = json!("card.foo")), "card.foo"),
        ("stream", changed(&|record| record["stream"] = json!(format!("nonsense/{}", "0".repeat(32)))), "nothing that"),
        ("cbor", changed(&|record| record["payload"] = json!({ "$cbor": "/w==" })), "line "),
        ("cut", all[..all.len() - 1].join("\n"), "not whole"),
        ("empty", String::new(), "no export"),
        ("board", r#"{"name": "a board of somebody else's", "lists": []}"#.to_owned(), "no export"),
        ("gap", without(5), "is missing"),
        ("headless", without(1), "its commit is not told"),
        ("garbage", replaced(7, "{\"record\": 7, \"kind\": "), "line 8"),
        ("strange", replaced(7, r#"{"what": 1}"#), "line 8"),
        ("newer", replaced(0, &all[0].replace("\"format\":1", "\"format\":99")), "upgrade"),
        ("piece", without(last_piece), "files are there"),
        ("more", format!("{text}{}\n", all[1]), "follows the end"),
        ("twice", format!("{}\n{text}", all[..3].join("\n")), "line 4"),
        ("long", replaced(3, &"x".repeat(9 * 1024 * 1024)), "bytes"),
    ];
    for (name, content, why) in cases {
        let path = stage.path(name);
        fs::write(&path, content).unwrap();
        for dry in [&["--dry-run"][..], &[]] {
            let told = cy.try_to(&[&["import", "records", path.to_str().unwrap()], dry].concat());
            let error = told.expect_code(5);
            let message = error["error"]["message"].as_str().unwrap();
            assert!(message.contains(why) && message.contains(name), "{name}: {message}");
        }
    }
    // A file whose content is not what its hash says.
    let piece =
        |line: &&str| serde_json::from_str::<Value>(line).ok().filter(|line| line["at"] == 0 && line["bytes"] != "");
    let at = all.iter().position(|line| piece(line).is_some()).unwrap();
    let mut spoilt = piece(&all[at]).unwrap();
    let bytes = spoilt["bytes"].as_str().unwrap();
    spoilt["bytes"] = json!(format!("{}{}", if bytes.starts_with('B') { "C" } else { "B" }, &bytes[1..]));
    let path = stage.path("spoilt");
    fs::write(&path, replaced(at, &spoilt.to_string())).unwrap();
    for dry in [&["--dry-run"][..], &[]] {
        let told = cy.try_to(&[&["import", "records", path.to_str().unwrap()], dry].concat()).expect_code(5);
        assert!(told["error"]["message"].as_str().unwrap().contains("another one"), "{told}");
    }
    assert_eq!(cy.tell(&["projects"])["projects"], json!([]), "nothing of it stays");
    let files = Path::new(cy.device()).join("files");
    let left = fs::read_dir(files).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "no file of it stays");
    // And the whole one comes in, on this computer.
    let came = cy.tell(&["import", "records", whole.to_str().unwrap()]);
    assert_eq!(came["project"], "Turntable");
    assert_eq!(cy.tell(&["projects"])["projects"][0]["server"], "this computer");
    assert_eq!(cy.tell(&["card", "TT-2"])["description"], "日本の arm.\n");
}

/// A project was begun with it all the same, and its key was refused, or was the same as that of the other.
#[test]
fn a_key_that_another_project_here_has_begins_nothing() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Turntable", "--key", "TT"]);
    let export = ann.file("turntable.jsonl", "");
    ann.tell(&["export", &export]);
    for (begin, code) in [
        (&["import", "records", &export, "--key", "TT"][..], "key_taken"),
        (&["project", "new", "Another", "--key", "tt"], "key_taken"),
    ] {
        assert_eq!(ann.try_to(begin).expect_code(1)["error"]["code"], code, "{begin:?}");
        assert_eq!(ann.tell(&["projects"])["projects"].as_array().unwrap().len(), 1, "{begin:?}");
    }
    assert_eq!(ann.tell(&["import", "records", &export])["key"], "TTA");
    assert_eq!(ann.tell(&["import", "records", &export])["key"], "TTB");
}

#[test]
fn an_export_says_what_is_not_decided_yet() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    ann.tell(&["project", "new", "Turntable", "--key", "TT"]);
    assert_eq!(ann.sync(), 0);
    server.kill();
    ann.tell(&["card", "new", "On the train", "--column", "Ready"]);
    let export = ann.file("turntable.jsonl", "");
    assert_eq!(ann.tell(&["export", &export])["waiting"], 1);
}
