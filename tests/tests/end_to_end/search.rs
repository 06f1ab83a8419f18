//! Cards are found in all projects of a device, offline.

use recordplayer_tests::stage::{Person, Stage};
use serde_json::{Value, json};

fn found(person: &Person, query: &str) -> Vec<Value> {
    let answer = person.tell(&["search", query]);
    answer["cards"].as_array().unwrap().iter().map(|card| card["key"].clone()).collect()
}

#[test]
fn cards_are_found_as_soon_as_they_are_written_in_whatever_project() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    for (title, key) in [("Turntable", "TT"), ("Amplifier", "AMP")] {
        ann.tell(&["project", "new", title, "--key", key]);
        ann.tell(&["card", "new", "Quiet motor", "--column", "Ready", "--project", title]);
    }
    ann.tell(&["comment", "TT-1", "It hums", "--project", "Turntable"]);
    assert_eq!(found(&ann, "hums"), [json!("TT-1")], "by what was said");
    assert_eq!(found(&ann, "motor -hums"), [json!("AMP-1")]);
    assert_eq!(found(&ann, "-hums"), [json!("AMP-1")], "a minus in front is no option");
    assert_eq!(found(&ann, "project:Amplifier mot"), [json!("AMP-1")], "while it is still typed");
    ann.tell(&["card", "rename", "AMP-1", "静かなモーター", "--project", "Amplifier"]);
    assert_eq!(found(&ann, "モータ"), [json!("AMP-1")]);
    assert!(found(&ann, "label:loud").is_empty());
    ann.tell(&["searches", "save", "Firmware", "project:Turntable"]);
    let kept = |further: &[&str]| {
        let all = [&["search", "--saved", "Firmware"], further].concat();
        ann.tell(&all)["cards"].as_array().unwrap().iter().map(|card| card["key"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((kept(&[]), kept(&["hums"])), (vec![json!("TT-1")], vec![json!("TT-1")]));
    assert!(kept(&["モータ"]).is_empty(), "within what it finds");
    assert_eq!(ann.try_to(&["search", "--saved", "Nothing"]).expect_code(2)["error"]["code"], "unknown_search");
    assert_eq!(ann.try_to(&["search"]).code, 2);
    let wrong = ann.try_to(&["search", "due:soon"]);
    assert_eq!((wrong.code, wrong.json["error"]["message"].is_string()), (2, true), "{}", wrong.json);
}

/// It was kept, and said each time that it was not understood.
#[test]
fn a_search_that_is_not_understood_is_not_kept() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    assert_eq!(ann.try_to(&["searches", "save", "Odd", "colour:red"]).expect_code(2)["error"]["code"], "bad_query");
    assert_eq!(ann.tell(&["searches", "list"])["searches"], json!([]));
}
