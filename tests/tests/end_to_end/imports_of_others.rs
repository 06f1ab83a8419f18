//! Issues of GitHub and Jira, and tables, come in as boards do: once, whole or not at all, and are taken back.

use recordplayer_tests::inputs;
use recordplayer_tests::stage::{Stage, cards};
use serde_json::{Value, json};

/// What the files' own description says that a right import gives.
fn expected(name: &str) -> (&'static str, Value) {
    match name {
        "jira-tidev-DAEMON.jsonl" => (
            "jira",
            json!({
                "cards": 317, "columns": 4, "comments": 475, "labels": 4, "label_links": 28, "components": 44, "relations": 90,
                "relations_dangling": 51, "attachments": 92, "members": 31, "types": 5,
            }),
        ),
        "linear-export.csv" => (
            "csv",
            json!({
                "cards": 10, "cards_archived": 1, "columns": 6, "labels": 5, "member_links": 3, "due_dates": 2, "parents": 2,
            }),
        ),
        "wekan-board-import.csv" => {
            ("csv", json!({ "cards": 25, "columns": 4, "labels": 8, "members": 4, "due_dates": 17 }))
        }
        "issues-fr.csv" => ("csv", json!({ "cards": 5, "labels": 4 })),
        other => panic!("nothing is expected of {other}"),
    }
}

#[test]
fn files_of_others_give_their_counts_once_and_go_as_a_whole() {
    let stage = Stage::new();
    let server = stage.serve("127.0.0.1:0");
    let ann = stage.person("ann", &server);
    for name in ["jira-tidev-DAEMON.jsonl", "linear-export.csv", "wekan-board-import.csv", "issues-fr.csv"] {
        let Some(path) = inputs(name) else { continue };
        let (product, counts) = expected(name);
        let import = ["import", product, path.to_str().unwrap(), "--project", name];
        let dry = ann.tell(&[&import[..], &["--dry-run"]].concat());
        let first = ann.tell(&import);
        for (count, number) in counts.as_object().unwrap() {
            assert_eq!(&first[count], number, "{name}: {count}");
            assert_eq!(&dry[count], number, "{name}: {count}, in the dry run");
        }
        assert_eq!((&dry["added"], &first["updated"]), (&first["added"], &json!(0)), "{name}");
        assert_eq!(dry["not_imported"], first["not_imported"], "{name}");
        assert_eq!(ann.sync(), 0);
        let settled = ann.tell(&["hash", "--project", name])["state"].clone();
        let again = ann.tell(&import);
        assert_eq!((&again["added"], &again["updated"]), (&json!(0), &json!(0)), "{name}");
        assert_eq!(ann.sync(), 0);
        assert_eq!(ann.tell(&["hash", "--project", name])["state"], settled, "{name}");
        let taken = ann.tell(&["import", "undo", first["act"].as_str().unwrap(), "--project", name]);
        assert_eq!(taken["left"], json!([]), "{name}");
    }
}

#[test]
fn issues_of_github_come_in_with_their_comments() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    let issues = ann.file(
        "issues.json",
        r#"[{"number":1,"title":"Spin","body":"*fast*","state":"closed","user":{"login":"bo"},"labels":[{"name":"bug","color":"d73a4a"}],"comments":1,
        "created_at":"2026-01-01T10:00:00Z","closed_at":"2026-01-02T10:00:00Z","html_url":"https://github.com/our/turntable/issues/1"},
        {"number":2,"title":"A change","pull_request":{"url":"x"},"state":"open"}]"#,
    );
    let comments = ann.file(
        "comments.json",
        r#"[{"id":7,"body":"Why?","user":{"login":"cy"},"created_at":"2026-01-01T11:00:00Z",
        "html_url":"https://github.com/our/turntable/issues/1#issuecomment-7","issue_url":"https://api.github.com/repos/our/turntable/issues/1"}]"#,
    );
    let imported = ann.tell(&["import", "github", &issues, "--comments", &comments]);
    assert_eq!(imported["project"], "our/turntable", "a new project is called as the repository");
    assert_eq!((&imported["cards"], &imported["columns"], &imported["comments"]), (&json!(1), &json!(2), &json!(1)));
    assert_eq!(imported["not_imported"][0]["what"], "pull requests");
    let again = ann.tell(&["import", "github", &issues, "--comments", &comments]);
    assert_eq!((&again["added"], &again["updated"]), (&json!(0), &json!(0)));
    let taken = ann.tell(&["import", "undo", imported["act"].as_str().unwrap()]);
    assert_eq!(taken["left"], json!([]));
    assert!(cards(&ann.tell(&["board", "our/turntable"])).iter().all(|card| card["archived"] == true));
}

#[test]
fn what_is_no_export_is_refused_with_file_and_line_and_changes_nothing() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Kept", "--key", "KEP"]);
    let before = ann.tell(&["outbox"]);
    let garbage = ann.file("garbage", "\u{0}\u{1}nothing at all");
    let cut = ann.file("cut", "[{\"number\":1,\"title\":\"a\"},{\"number\":2,");
    let ragged = ann.file("ragged", "Title,Status\nOne,Open\nTwo\n");
    let untitled = ann.file("untitled", "Thing,Where\nOne,Here\n");
    for (product, file) in [
        ("github", &garbage),
        ("jira", &garbage),
        ("csv", &garbage),
        ("github", &cut),
        ("jira", &cut),
        ("csv", &ragged),
        ("csv", &untitled),
    ] {
        let failure = ann.try_to(&["import", product, file]).expect_code(5);
        let message = failure["error"]["message"].as_str().unwrap();
        assert!(message.contains(file.as_str()) && message.contains("line "), "{product}: {message}");
    }
    assert_eq!(ann.try_to(&["import", "csv", &untitled, "--map", "Colour=Thing"]).code, 2);
    assert_eq!(ann.tell(&["outbox"]), before);
    assert_eq!(ann.tell(&["import", "csv", &untitled, "--map", "Title=Thing", "--map", "Column=Where"])["cards"], 1);
}

/// Who has said that a name of an import is theirs is called by either, and is given cards, and freed of them, as one person.
#[test]
fn who_has_claimed_a_name_is_one_person() {
    let stage = Stage::new();
    let ann = stage.newcomer("ann");
    ann.tell(&["project", "new", "Alone", "--key", "ALO"]);
    let table = ann.file("table.csv", "Title,Assignee\nOne,zed\nTwo,\n");
    ann.tell(&["import", "csv", &table]);
    ann.tell(&["member", "claim", "zed"]);
    ann.tell(&["card", "set", "ALO-2", "--assign", "zed"]);
    assert_eq!(ann.tell(&["card", "ALO-2"])["members"].as_array().unwrap().len(), 1);
    for key in ["ALO-1", "ALO-2"] {
        ann.tell(&["card", "set", key, "--unassign", "me"]);
        assert_eq!(ann.tell(&["card", key])["members"], json!([]), "{key}");
    }
    ann.tell(&["member", "disclaim", "zed"]);
    ann.tell(&["card", "set", "ALO-2", "--assign", "zed"]);
    assert_eq!(ann.tell(&["card", "ALO-2"])["members"], json!(["zed"]));
    // What is deleted with an import comes with it again.
    let issues = r#"[{"number":1,"title":"Hums","state":"open","comments":[{"body":"At 50 Hz","author":{"login":"zed"},"createdAt":"2026-01-02T10:00:00Z","id":"C1"}]}]"#;
    let file = ann.file("issues.json", issues);
    let first = ann.tell(&["import", "github", &file]);
    ann.tell(&["import", "undo", first["act"].as_str().unwrap()]);
    ann.tell(&["import", "github", &file]);
    assert_eq!(ann.tell(&["card", "ALO-3"])["comments"][0]["text"], "At 50 Hz");
}
