//! The road whole: two devices of two people, a server that is killed, work on both sides of the cut, and back.

use std::collections::BTreeSet;

use recordplayer_tests::stage::{Stage, cards};
use serde_json::Value;

const LIMITED: &str = "In progress";

#[test]
fn two_devices_work_through_a_killed_server_and_lose_nothing() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let [ann, bo] = ["ann", "bo"].map(|name| stage.person(name, &server));
    ann.tell(&["project", "new", "Turntable", "--key", "TT"]);
    ann.tell(&["column", "limit", LIMITED, "1"]);
    for title in ["Shared", "Wanted by ann", "Wanted by bo"] {
        ann.tell(&["card", "new", title, "--column", "Ready"]);
    }
    ann.describe(&ann.key_of("Shared"), "First line.\n\nLast line.");
    ann.tell(&["member", "add", "bo", "--role", "worker"]);
    assert_eq!(ann.sync(), 0);
    assert_eq!(bo.sync(), 0);
    let board = bo.tell(&["board"])["board"].as_str().unwrap().to_owned();
    let mut watch = bo.start(&["watch", "--view", "board", &board]);
    watch.read_until(|line| line["start"].is_object());

    let address = server.kill();
    let shared = ann.key_of("Shared");
    for (person, line) in [(&ann, "Ann's line.\n\n"), (&bo, "\n\nBo's line.")] {
        for number in 1..=10 {
            person.tell(&["card", "new", &format!("{} {number}", person.name), "--column", "Backlog"]);
        }
        let text = person.description_of(&shared);
        let text = if person.name == "ann" { format!("{line}{text}") } else { format!("{text}{line}") };
        person.describe(&shared, &text);
        let wanted = person.key_of(&format!("Wanted by {}", person.name));
        person.tell(&["card", "move", &wanted, "--to", LIMITED]);
        assert_eq!(person.tell(&["outbox"])["waiting"].as_array().unwrap().len(), 12);
    }

    // Both devices are killed in the middle of trying to reach the server, and started again.
    for person in [&ann, &bo] {
        let syncing = person.start(&["sync", "--timeout", "60"]);
        syncing.kill();
        assert_eq!(person.tell(&["outbox"])["waiting"].as_array().unwrap().len(), 12, "nothing is lost");
    }

    let server = stage.serve(&address);
    let mut codes = [ann.sync(), bo.sync()];
    codes.sort_unstable();
    assert_eq!(codes, [0, 1], "one of the two is told that something was refused");
    // Who was first hears now what came after.
    ann.sync();

    let at_server = Stage::server(&["hash", &stage.server_folder(), "Turntable"]).expect_code(0);
    let expected = (at_server["record"].clone(), at_server["state"].clone());
    assert_eq!((ann.hash(), bo.hash()), (expected.clone(), expected));

    let refused: Vec<(&str, Value)> = [&ann, &bo]
        .iter()
        .flat_map(|person| {
            let outbox = person.tell(&["outbox"]);
            assert_eq!(outbox["waiting"], Value::Array(vec![]));
            let refused = outbox["refused"].as_array().unwrap().clone();
            refused.into_iter().map(|entry| (person.name.as_str(), entry)).collect::<Vec<_>>()
        })
        .collect();
    let [(author, entry)] = refused.as_slice() else { panic!("exactly one refusal: {refused:#?}") };
    assert_eq!(entry["reason"]["code"], "column_full");
    assert!(entry["reason"]["message"].as_str().unwrap().contains("limit"), "{entry}");

    for person in [&ann, &bo] {
        let board = person.tell(&["board"]);
        let titles: BTreeSet<String> =
            cards(&board).iter().map(|card| card["title"].as_str().unwrap().to_owned()).collect();
        assert_eq!(titles.len(), 23);
        let column = board["columns"].as_array().unwrap().iter().find(|column| column["name"] == LIMITED).unwrap();
        let there = column["cards"].as_array().unwrap();
        assert_eq!(there.len(), 1);
        assert_ne!(there[0]["title"], Value::from(format!("Wanted by {author}")));
        let text = person.description_of(&shared);
        assert_eq!(text, "Ann's line.\n\nFirst line.\n\nLast line.\n\nBo's line.");
    }

    // The wall display, from before the kill to now: every record that touched the board, once and in order.
    let start = watch.seen[0]["record"].as_u64().unwrap();
    let last = at_server["record"].as_u64().unwrap();
    let happened: Vec<u64> = ann
        .lines(&["history"])
        .iter()
        .filter(|entry| !entry["card"].is_null())
        .map(|entry| entry["record"].as_u64().unwrap())
        .filter(|record| *record > start && *record <= last)
        .collect();
    assert!(happened.len() >= 22, "twenty cards, two texts, one move: {happened:?}");
    let end = *happened.last().unwrap();
    watch.read_until(|line| line["record"].as_u64() >= Some(end));
    let shown: Vec<u64> = watch.seen[1..].iter().map(|line| line["record"].as_u64().unwrap()).collect();
    assert!(shown.is_sorted_by(|a, b| a < b), "each record once, in order: {shown:?}");
    let missed: Vec<&u64> = happened.iter().filter(|record| !shown.contains(record)).collect();
    assert!(missed.is_empty(), "records that were not shown: {missed:?}");
    drop((watch, server));
}

/// A page of the main file could not be read, and the command line said that there was no such card: what cannot be read is not absent.
#[test]
fn whatever_cannot_be_read_is_not_called_absent() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    ann.tell(&["project", "new", "Shared", "--key", "SHA"]);
    for title in ["One", "Two", "Three"] {
        ann.tell(&["card", "new", title, "--column", "Ready"]);
    }
    assert_eq!(ann.sync(), 0);
    drop(server);
    let store = ann.device().join("store.redb");
    let whole = std::fs::read(&store).unwrap();
    let blocks = (whole.len() - 4_096) / 4_104;
    let is_written = |block: &usize| whole[4_096 + block * 4_104..][..4_104].iter().any(|byte| *byte != 0);
    let mut unreadable = 0;
    for block in (0..blocks).filter(is_written) {
        let mut damaged = whole.clone();
        damaged[4_096 + block * 4_104 + 1_000] ^= 0xff;
        std::fs::write(&store, &damaged).unwrap();
        let answer = ann.try_to(&["card", "SHA-2"]);
        match answer.code {
            0 => assert_eq!(answer.json["title"], "Two", "block {block}"),
            _ => unreadable += u64::from(answer.expect_code(5)["error"]["code"] == "unreadable"),
        }
    }
    assert!(unreadable > 0, "some of the blocks are needed for it");
}
