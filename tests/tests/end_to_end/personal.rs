//! What concerns a person, across projects and devices, by the shipped programs.

use recordplayer_tests::stage::{Person, Server, Stage};
use serde_json::{Value, json};

/// Mia has two projects, in which Wim works; he has a laptop and a phone.
fn team() -> (Stage, Server, [Person; 3]) {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let (mia, laptop) = (stage.person("mia", &server), stage.person("wim", &server));
    let phone = stage.another_device("wim", "phone", &server);
    for (title, key) in [("Turntable", "TT"), ("Amplifier", "AMP")] {
        mia.tell(&["project", "new", title, "--key", key]);
        mia.tell(&["member", "add", "wim", "--role", "worker", "--project", title]);
        mia.tell(&["card", "new", "Motor", "--column", "Ready", "--project", title]);
    }
    let people = [mia, laptop, phone];
    all_sync(&people);
    (stage, server, people)
}

fn all_sync(people: &[Person]) {
    for person in people.iter().chain(people) {
        assert_eq!(person.sync(), 0, "{}", person.name);
    }
}

fn entries(person: &Person, further: &[&str]) -> Vec<Value> {
    let all = [&["inbox"], further].concat();
    person.tell(&all)["entries"].as_array().unwrap().clone()
}

fn said(entries: &[Value]) -> Vec<(&str, &str)> {
    // Two projects are recorded by two clocks: between them the order is nobody's.
    let mut said: Vec<_> =
        entries.iter().map(|entry| (entry["key"].as_str().unwrap(), entry["kind"].as_str().unwrap())).collect();
    said.sort_by_key(|(key, _)| *key);
    said
}

#[test]
fn an_inbox_is_one_over_all_projects_and_devices() {
    let (_stage, _server, people) = team();
    let [mia, laptop, phone] = &people;
    mia.tell(&["card", "set", "TT-1", "--assign", "wim", "--project", "Turntable"]);
    mia.tell(&["comment", "AMP-1", "@wim look at this", "--project", "Amplifier"]);
    mia.tell(&["comment", "TT-1", "It hums", "--project", "Turntable"]);
    all_sync(&people);
    let there = entries(laptop, &[]);
    assert_eq!(said(&there), [("AMP-1", "mentioned"), ("TT-1", "commented"), ("TT-1", "assigned")]);
    let of_kind = |kind: &str| there.iter().find(|entry| entry["kind"] == kind).unwrap();
    let (mentioned, commented) = (of_kind("mentioned"), of_kind("commented"));
    assert_eq!(mentioned["comment"], "@wim look at this");
    assert_eq!((&mentioned["by"], &mentioned["title"]), (&json!("mia"), &json!("Motor")));
    // He reads one offline, and puts another off on the phone.
    laptop.tell(&["inbox", "read", mentioned["id"].as_str().unwrap()]);
    phone.tell(&["inbox", "snooze", commented["id"].as_str().unwrap(), "--until", "+3d"]);
    all_sync(&people);
    for device in [laptop, phone] {
        assert_eq!(said(&entries(device, &[])), [("TT-1", "assigned")], "{}", device.name);
        assert_eq!(entries(device, &["--all"]).len(), 3);
    }
    phone.tell(&["inbox", "read", "--everything"]);
    phone.tell(&["inbox", "wake", commented["id"].as_str().unwrap()]);
    all_sync(&people);
    assert_eq!(said(&entries(laptop, &[])), [("TT-1", "commented")]);
    assert!(entries(mia, &["--all"]).is_empty(), "what she did is no news for her, and his marks are not hers");
    let unknown = laptop.try_to(&["inbox", "read", "ffff"]);
    assert_eq!((unknown.code, &unknown.json["error"]["code"]), (2, &json!("unknown_entry")));
    let day = laptop.try_to(&["inbox", "snooze", commented["id"].as_str().unwrap(), "--until", "soon"]);
    assert_eq!((day.code, &day.json["error"]["code"]), (2, &json!("bad_day")));
}

#[test]
fn a_card_that_is_due_is_told_once_for_each_day() {
    let (_stage, _server, people) = team();
    let [_, laptop, phone] = &people;
    laptop.tell(&["card", "set", "TT-1", "--assign", "wim", "--due", "2001-02-03", "--project", "Turntable"]);
    let there = entries(laptop, &[]);
    assert_eq!(said(&there), [("TT-1", "due")]);
    laptop.tell(&["inbox", "read", there[0]["id"].as_str().unwrap()]);
    assert!(entries(laptop, &[]).is_empty());
    all_sync(&people);
    assert!(entries(phone, &[]).is_empty());
    // Another day is another entry; a finished card is due no more.
    phone.tell(&["card", "set", "TT-1", "--due", "2001-02-04", "--project", "Turntable"]);
    assert_eq!(said(&entries(phone, &[])), [("TT-1", "due")]);
    phone.tell(&["card", "done", "TT-1", "--project", "Turntable"]);
    assert!(entries(phone, &[]).is_empty());
}

/// Each device says it once for each day, whatever another one has said; what is read needs no saying.
#[test]
fn a_card_that_becomes_due_is_reminded_of_once_on_each_device() {
    let (_stage, _server, people) = team();
    let [_, laptop, phone] = &people;
    let due = |person: &Person, day: &str| {
        person.tell(&["card", "set", "TT-1", "--assign", "wim", "--due", day, "--project", "Turntable"]);
        all_sync(&people);
    };
    let reminded = |person: &Person| {
        let reminders = person.tell(&["remind"])["reminders"].as_array().unwrap().clone();
        reminders.iter().map(|one| one["due"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(reminded(laptop).is_empty());
    due(laptop, "2001-02-03");
    assert_eq!((reminded(laptop), reminded(laptop)), (vec!["2001-02-03".to_owned()], vec![]));
    assert_eq!((reminded(phone), reminded(phone)), (vec!["2001-02-03".to_owned()], vec![]));
    due(phone, "2001-02-04");
    assert_eq!(reminded(laptop), ["2001-02-04"]);
    // Put back to the day before, it was said already.
    due(phone, "2001-02-03");
    assert!(reminded(laptop).is_empty());
    phone.tell(&["inbox", "read", "--everything"]);
    due(laptop, "2001-02-04");
    laptop.tell(&["inbox", "read", "--everything"]);
    all_sync(&people);
    assert!(reminded(phone).is_empty(), "it is read");
    due(laptop, "2999-01-01");
    assert!(reminded(laptop).is_empty(), "not due yet");
}

#[test]
fn work_is_what_is_assigned_and_what_may_be_taken_or_reviewed() {
    let (_stage, _server, people) = team();
    let [mia, laptop, _] = &people;
    mia.tell(&["column", "workers", "In progress", "worker", "--project", "Turntable"]);
    mia.tell(&["column", "reviewers", "In progress", "manager", "--project", "Turntable"]);
    mia.tell(&["card", "move", "TT-1", "--to", "In progress", "--project", "Turntable"]);
    mia.tell(&["card", "set", "AMP-1", "--assign", "wim", "--project", "Amplifier"]);
    all_sync(&people);
    let tasks = |person: &Person| {
        let tasks = person.tell(&["work"])["tasks"].as_array().unwrap().clone();
        let mut said: Vec<(String, String)> = tasks
            .iter()
            .map(|task| (task["key"].as_str().unwrap().to_owned(), task["asks"].as_str().unwrap().to_owned()))
            .collect();
        said.sort();
        said
    };
    let owned =
        |said: &[(&str, &str)]| said.iter().map(|(key, asks)| (key.to_string(), asks.to_string())).collect::<Vec<_>>();
    assert_eq!(tasks(laptop), owned(&[("AMP-1", "do"), ("TT-1", "take")]));
    laptop.tell(&["card", "take", "TT-1", "--project", "Turntable"]);
    assert_eq!(tasks(laptop), owned(&[("AMP-1", "do"), ("TT-1", "work")]));
    laptop.tell(&["card", "submit", "TT-1", "--project", "Turntable"]);
    all_sync(&people);
    assert_eq!(tasks(laptop), owned(&[("AMP-1", "do"), ("TT-1", "wait")]));
    assert_eq!(tasks(mia), owned(&[("TT-1", "review")]));
    mia.tell(&["card", "reject", "TT-1", "--reason", "It hums still", "--project", "Turntable"]);
    mia.tell(&["card", "archive", "AMP-1", "--project", "Amplifier"]);
    all_sync(&people);
    assert_eq!(tasks(laptop), owned(&[("TT-1", "take")]));
    assert_eq!(said(&entries(laptop, &[])), [("AMP-1", "assigned"), ("TT-1", "rejected")]);
}

#[test]
fn what_others_did_while_somebody_was_away_is_told_until_they_have_seen_it() {
    let (_stage, _server, people) = team();
    let [mia, laptop, phone] = &people;
    laptop.tell(&["away", "--seen"]);
    all_sync(&people);
    let away = |person: &Person, further: &[&str]| {
        let all = [&["away"], further].concat();
        person.tell(&all)["entries"].as_array().unwrap().iter().map(|one| one["what"].clone()).collect::<Vec<_>>()
    };
    for device in [laptop, phone] {
        assert!(away(device, &[]).is_empty(), "what one device has seen, both have");
    }
    mia.tell(&["card", "rename", "TT-1", "Quiet motor", "--project", "Turntable"]);
    laptop.tell(&["card", "set", "TT-1", "--due", "2030-01-01", "--project", "Turntable"]);
    all_sync(&people);
    assert_eq!(away(phone, &["--seen"]), [json!("renamed it to “Quiet motor”")], "and not what he did himself");
    all_sync(&people);
    assert!(away(laptop, &[]).is_empty());
    // What an import tells has happened long ago, whoever did it: it is one thing.
    mia.tell(&["away", "--seen"]);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/sample/turntable.json");
    mia.tell(&["import", "trello", sample, "--project", "Turntable"]);
    all_sync(&people);
    assert!(away(mia, &[]).is_empty(), "she knows");
    let told = laptop.tell(&["away"])["entries"].clone();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told[0]["actor"], "mia");
    assert!(told[0]["what"].as_str().unwrap().starts_with("imported into the board “"), "{told}");
}

#[test]
fn what_a_person_likes_and_looks_for_follows_them() {
    let (stage, _server, people) = team();
    let [mia, laptop, phone] = &people;
    laptop.tell(&["setting", "density", "compact"]);
    phone.tell(&["searches", "save", "Bugs", "label:bug"]);
    laptop.tell(&["searches", "save", "Blocked", "is:blocked"]);
    all_sync(&people);
    for device in [laptop, phone] {
        assert_eq!(device.tell(&["setting", "density"])["value"], "compact");
        assert_eq!(device.tell(&["searches", "list"])["searches"].as_array().unwrap().len(), 2);
    }
    assert_eq!(mia.tell(&["setting"])["settings"], json!({}));
    phone.tell(&["searches", "remove", "Bugs"]);
    phone.tell(&["setting", "density", "--clear"]);
    all_sync(&people);
    assert_eq!(laptop.tell(&["searches", "list"])["searches"], json!([{ "name": "Blocked", "query": "is:blocked" }]));
    assert_eq!(laptop.tell(&["setting", "density"])["value"], Value::Null);
    // Where there is no server, it is on this computer.
    let alone = stage.newcomer("ann");
    alone.tell(&["setting", "density", "cosy"]);
    assert_eq!(alone.tell(&["setting"])["settings"], json!({ "density": "cosy" }));
    assert_eq!(alone.tell(&["projects"])["projects"], json!([]), "it is no project");
}

/// A name can be kept once; what else was kept and set meanwhile has nothing to do with it, and what was refused can be found.
#[test]
fn what_two_devices_keep_under_one_name_drags_nothing_else_along() {
    let (_stage, _server, people) = team();
    let [_, laptop, phone] = &people;
    laptop.tell(&["searches", "save", "Mine", "is:blocked"]);
    phone.tell(&["searches", "save", "Mine", "label:bug"]);
    phone.tell(&["searches", "save", "Open", "is:open"]);
    phone.tell(&["setting", "theme", "light"]);
    assert_eq!((laptop.sync(), phone.sync()), (0, 1), "one of them is refused");
    assert_eq!(laptop.sync(), 0);
    for device in [laptop, phone] {
        let kept = device.tell(&["searches", "list"])["searches"].as_array().unwrap().clone();
        let names: Vec<&str> = kept.iter().map(|kept| kept["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"Open"), "{}: {names:?}", device.name);
        assert_eq!(device.tell(&["setting", "theme"])["value"], "light", "{}", device.name);
    }
    let refused = phone.tell(&["outbox"])["refused"].as_array().unwrap().clone();
    assert_eq!((refused.len(), &refused[0]["what"]), (1, &json!("Keep the search Mine: label:bug")), "{refused:?}");
    phone.tell(&["outbox", "discard", refused[0]["id"].as_str().unwrap()]);
    assert_eq!(phone.sync(), 0);
}

/// Who sits at one computer takes back what they did there, and not what they did elsewhere meanwhile.
#[test]
fn an_undo_takes_back_what_was_done_on_this_device() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let desk = stage.person("ann", &server);
    let laptop = stage.another_device("ann", "laptop", &server);
    desk.tell(&["project", "new", "Shared", "--key", "SHA"]);
    desk.tell(&["card", "new", "At the desk", "--column", "Ready"]);
    assert_eq!((desk.sync(), laptop.sync()), (0, 0));
    laptop.tell(&["card", "new", "On the way", "--column", "Ready"]);
    assert_eq!((laptop.sync(), desk.sync()), (0, 0));
    assert_eq!(desk.tell(&["undo"])["changes"], 1);
    assert_eq!((desk.sync(), laptop.sync()), (0, 0));
    assert_eq!(laptop.tell(&["card", "SHA-1"])["archived"], true);
    assert_eq!(laptop.tell(&["card", "SHA-2"])["archived"], false);
    assert_eq!(laptop.try_to(&["redo"]).expect_code(2)["error"]["code"], "nothing_to_redo");
    assert_eq!(laptop.tell(&["undo"])["changes"], 1);
    assert_eq!(laptop.tell(&["card", "SHA-2"])["archived"], true);
    assert_eq!(desk.tell(&["redo"])["changes"], 1);
    assert_eq!(desk.tell(&["card", "SHA-1"])["archived"], false);
}

/// Who gets an account goes on as they were: their searches, how they like things, and what they have read.
#[test]
fn what_was_personal_before_an_account_goes_along() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Alone", "--key", "ALO"]);
    ann.tell(&["card", "new", "Late", "--column", "Ready", "--assign", "me", "--due", "2020-01-01"]);
    ann.tell(&["searches", "save", "Bugs", "label:bug"]);
    ann.tell(&["searches", "save", "Mine", "assignee:me"]);
    ann.tell(&["setting", "density", "compact"]);
    let due = entries(&ann, &[]);
    assert_eq!(said(&due), [("ALO-1", "due")]);
    ann.tell(&["inbox", "read", due[0]["id"].as_str().unwrap()]);
    assert!(entries(&ann, &[]).is_empty());

    stage.let_in(&ann, &server);
    // On another device she has kept a search of the same name, and set something else.
    let other = stage.another_device("ann", "other", &server);
    other.tell(&["searches", "save", "Mine", "assignee:me is:open"]);
    assert_eq!(other.sync(), 0);
    assert_eq!(ann.sync(), 0);
    ann.tell(&["project", "publish", "Alone"]);
    assert_eq!((ann.sync(), other.sync()), (0, 0));
    for device in [&ann, &other] {
        let mut kept: Vec<Value> = device.tell(&["searches", "list"])["searches"].as_array().unwrap().clone();
        kept.sort_by_key(|search| search["name"].to_string());
        let expected = [("Bugs", "label:bug"), ("Mine", "assignee:me is:open")];
        let expected: Vec<Value> =
            expected.iter().map(|(name, query)| json!({ "name": name, "query": query })).collect();
        assert_eq!(kept, expected, "{}", device.name);
        assert_eq!(device.tell(&["setting", "density"])["value"], "compact", "{}", device.name);
        assert!(entries(device, &[]).is_empty(), "{}", device.name);
    }
}
