//! Files that are no boards, or boards no more: a clear error, never a panic.

use std::fmt::Write as _;

use serde_json::json;

use super::super::super::source::{EXPORT_BYTES_MAX, LIST_ENTRIES_MAX};
use super::super::{TrelloError, read};
use super::board_with;

const WHOLE: &str = r#"{"id":"B","name":"n","lists":[{"id":"L","pos":1e3}],
    "cards":[{"id":"C","idList":"L","name":"ねこ 🐈","pos":0.5,"cover":{"color":null}}],"actions":[{"id":"a","type":"x"}]}"#;

#[test]
fn an_empty_file_is_refused_as_such() {
    for file in ["", "  \n\t ", "\u{feff}"] {
        assert_eq!(read(file.as_bytes()), Err(TrelloError::Empty));
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let error = read(b"{\"id\": \"B\",\n  oops }").expect_err("this is not JSON");
    assert_eq!(error, TrelloError::NotJson { problem: "key must be a string".to_owned(), line: 2, column: 3 });
    assert_eq!(
        error.to_string(),
        "the file is not JSON: key must be a string at line 2, column 3; use \"Export as JSON\" in the board's menu",
    );
    for file in ["<html></html>", "id,name\n1,x", "{} {}", "[1,]", "{\"id\":\"\u{1}\"", "nul", "PK\u{3}\u{4}"] {
        let error = read(file.as_bytes()).expect_err(file);
        let fits = matches!(error, TrelloError::NotJson { .. } | TrelloError::Truncated { .. });
        assert!(fits, "{file}: {error:?}");
    }
}

#[test]
fn json_of_another_kind_is_refused_with_what_it_lacks() {
    for (file, found) in
        [("[]", "a list"), (r#""x""#, "a text"), ("true", "a boolean"), ("null", "nothing"), ("-1.5e3", "a number")]
    {
        assert_eq!(read(file.as_bytes()), Err(TrelloError::NotAnObject { found }));
    }
    for key in ["id", "name", "lists", "cards"] {
        assert_eq!(board_with(json!([]), json!({ key: null })), Err(TrelloError::MissingKey { key }));
    }
    assert_eq!(board_with(json!([]), json!({ "id": "" })), Err(TrelloError::MissingKey { key: "id" }));
    let text = TrelloError::MissingKey { key: "lists" }.to_string();
    assert!(text.contains("has no \"lists\"") && text.contains("Export as JSON"), "{text}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = WHOLE.as_bytes();
    read(whole).expect("the whole file is a board");
    for length in 1..whole.len() {
        let error = read(&whole[..length]).expect_err("a part of the file is no board");
        assert!(matches!(error, TrelloError::Truncated { .. }), "cut after {length} bytes: {error:?}");
    }
}

#[test]
fn a_file_with_any_byte_changed_is_read_or_refused() {
    let whole = WHOLE.as_bytes();
    for place in 0..whole.len() {
        for byte in [0, b'"', b'{', b']', b'\\', b'9', b'-', 0xc3, 0xff] {
            let mut file = whole.to_vec();
            file[place] = byte;
            if let Err(error) = read(&file) {
                assert!(error.to_string().contains("the file "), "{error:?}");
            }
        }
    }
}

#[test]
fn a_key_of_the_wrong_kind_is_refused_with_its_place() {
    let refused = |cards, more| match board_with(cards, more) {
        Err(TrelloError::WrongShape { problem, line: 1, column: 1.. }) => problem,
        other => panic!("expected a wrong shape, got {other:?}"),
    };
    assert_eq!(refused(json!(5), json!({})), "invalid type: integer `5`, expected a list");
    assert_eq!(refused(json!([{ "name": "no id" }]), json!({})), "missing field `id`");
    assert_eq!(refused(json!([{ "id": "" }]), json!({})), "an id is empty");
    assert_eq!(refused(json!([{ "id": "C", "name": {} }]), json!({})), "invalid type: map, expected a text");
    assert_eq!(
        refused(json!([{ "id": "C", "pos": [] }]), json!({})),
        "invalid type: sequence, expected a text, number or boolean"
    );
    assert_eq!(refused(json!([]), json!({ "name": 7 })), "invalid type: integer `7`, expected a text");
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    assert_eq!(read(b"{\"id\":\"\xe4\"}"), Err(TrelloError::NotUtf8 { line: 1, byte: 7 }));
    assert_eq!(read(b"\xff\xfe{\0"), Err(TrelloError::NotUtf8 { line: 1, byte: 0 }));
    assert_eq!(read(b"{\n \"\xe3\x81"), Err(TrelloError::Truncated { line: 2, column: 2 }));
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    let bytes = EXPORT_BYTES_MAX + 1;
    assert_eq!(read(&vec![b' '; bytes]), Err(TrelloError::TooLarge { bytes }));
}

#[test]
fn a_list_beyond_the_limit_is_refused() {
    let mut file = r#"{"id":"B","name":"n","lists":[],"cards":[{"id":"C","idMembers":["#.to_owned();
    for number in 0..=LIST_ENTRIES_MAX {
        write!(file, "\"{number:x}\",").expect("a string grows");
    }
    file.push_str("\"\"]}]}");
    match read(file.as_bytes()) {
        Err(TrelloError::WrongShape { problem, .. }) => assert_eq!(problem, "a list has more than 200000 entries"),
        other => panic!("expected a refusal, got {:?}", other.map(|board| board.cards.len())),
    }
}

#[test]
fn depth_and_huge_numbers_do_no_harm() {
    let deep = "[".repeat(1_000_000);
    assert!(matches!(read(deep.as_bytes()), Err(TrelloError::Truncated { .. } | TrelloError::NotJson { .. })));
    for key in ["lists", "prefs", "unknown", "id", "actions", "labelNames", "desc"] {
        for bracket in ["[", "{\"a\":"] {
            let file = format!("{{\"{key}\":{}", bracket.repeat(100_000));
            read(file.as_bytes()).expect_err("a file that only opens brackets is no board");
        }
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let file = format!(r#"{{"id":"B","name":"n","lists":[],"cards":[],"limits":{nested}}}"#);
    read(file.as_bytes()).expect("what is skipped may be deep");

    for number in ["1e308", "-1e308", "99999999999999999999999999", "-0.0", "5e-324", "\"1e999\"", "\"nan\"", "true"] {
        let file = format!(
            r#"{{"id":"B","name":"n","lists":[],"cards":[{{"id":"C","pos":{number},"dueReminder":{number},
            "badges":{{"comments":{number},"votes":{number}}}}}]}}"#
        );
        let board = read(file.as_bytes()).expect(number);
        assert_eq!(board.cards.len(), 1);
    }
    let file = r#"{"id":"B","name":"n","lists":[],"cards":[{"id":"C","pos":1e999}]}"#;
    assert!(matches!(read(file.as_bytes()), Err(TrelloError::NotJson { .. })));
}
