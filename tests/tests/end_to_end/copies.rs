//! A card that goes to another server: a copy of it, and each of the two says where the other is.

use recordplayer_tests::stage::{Person, Stage, cards};
use serde_json::{Value, json};

fn all_sync(people: &[&Person]) {
    for person in people.iter().chain(people) {
        assert_eq!(person.sync(), 0, "{}", person.name);
    }
}

fn tell_in(person: &Person, project: &str, command: &[&str]) -> Value {
    person.tell(&[command, &["--project", project]].concat())
}

#[test]
fn between_servers_a_card_is_copied_and_the_two_link_to_each_other() {
    let (home, abroad) = (Stage::new(), Stage::new());
    let (server, other) = (home.serve("127.0.0.1:0"), abroad.serve("127.0.0.1:0"));
    let (mia, ben) = (home.person("mia", &server), abroad.person("ben", &other));
    mia.tell(&["project", "new", "Turntable", "--key", "TT"]);
    ben.tell(&["project", "new", "Amplifier", "--key", "AMP"]);
    abroad.let_in(&mia, &other);
    ben.tell(&["member", "add", "mia", "--role", "worker"]);
    ben.tell(&["label", "new", "loud", "--colour", "red"]);
    all_sync(&[&mia, &ben]);
    for label in ["loud", "urgent"] {
        tell_in(&mia, "Turntable", &["label", "new", label, "--colour", "red"]);
    }
    tell_in(&mia, "Turntable", &["card", "new", "Power supply", "--column", "Ready"]);
    assert_eq!(mia.sync(), 0);
    tell_in(
        &mia,
        "Turntable",
        &["card", "set", "TT-1", "--add-label", "loud", "--add-label", "urgent", "--due", "2026-12-24"],
    );
    let text = mia.file("text.md", "Two transformers.\n");
    tell_in(&mia, "Turntable", &["card", "describe", "TT-1", "--text-file", &text]);
    let plan = mia.file("plan.txt", "100 W");
    tell_in(&mia, "Turntable", &["card", "attach", "TT-1", &plan]);
    tell_in(&mia, "Turntable", &["comment", "TT-1", "It hums"]);
    let copied = tell_in(&mia, "Turntable", &["card", "copy", "TT-1", "--into", "Amplifier", "--to", "Backlog"]);
    assert_eq!(copied["left"], json!(["The label \"urgent\": that project has none like it"]));
    all_sync(&[&mia, &ben]);
    let there = ben.tell(&["card", "AMP-1"]);
    for (name, value) in [
        ("title", json!("Power supply")),
        ("column", json!("Backlog")),
        ("labels", json!(["loud"])),
        ("due", json!("2026-12-24")),
        ("description", json!("Two transformers.\n")),
    ] {
        assert_eq!(there[name], value, "{name}: {there}");
    }
    let said = there["comments"][0]["text"].as_str().unwrap();
    assert!(said.starts_with("mia, 20") && said.ends_with("\n\nIt hums"), "{said}");
    let attached = |card: &Value| card["attachments"].as_array().unwrap().clone();
    let names = |card: &Value| attached(card).iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&there).len(), 2, "{there}");
    assert!(names(&there).contains(&json!("mia-plan.txt")) && names(&there).contains(&json!("TT-1 in Turntable")));
    let to = home.path("saved");
    ben.tell(&["card", "save", "AMP-1", "mia-plan.txt", "--to", to.to_str().unwrap()]);
    assert_eq!(std::fs::read(to).unwrap(), b"100 W", "the file has gone along");
    let here = tell_in(&mia, "Turntable", &["card", "TT-1"]);
    let link = attached(&here).into_iter().find(|one| one["url"].is_string()).unwrap();
    let end = format!("/{}", there["id"].as_str().unwrap());
    assert!(link["url"].as_str().unwrap().ends_with(&end) && link["name"].as_str().unwrap().ends_with(" in Amplifier"));
    assert_eq!(cards(&tell_in(&mia, "Turntable", &["board"])).len(), 1, "the card stays where it was");
    // One act there: undone as a whole.
    tell_in(&mia, "Amplifier", &["undo"]);
    all_sync(&[&mia, &ben]);
    assert_eq!(ben.tell(&["card", "AMP-1"])["archived"], true);
}
