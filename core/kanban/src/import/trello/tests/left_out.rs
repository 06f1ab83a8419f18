//! The list of what is not taken: a line for each thing that is there, and none for what is not.

use serde_json::{Value, json};

use super::super::super::source::NotImported;
use super::{given, told};

/// The lines of a board with one card, without their reasons.
fn lines(card: Value, more: Value) -> Vec<(String, u64)> {
    let mut whole = json!({ "id": "C", "idList": "L" });
    let (Value::Object(keys), Value::Object(card)) = (&mut whole, card) else { panic!("objects are given") };
    keys.extend(card);
    let board = given(json!([whole]), more);
    assert!(board.not_imported.iter().all(|line| line.count > 0 && !line.why.is_empty()));
    board.not_imported.into_iter().map(|NotImported { what, count, .. }| (what, count)).collect()
}

#[test]
fn each_thing_of_a_card_that_is_not_taken_has_its_line() {
    for (card, what, count) in [
        (json!({ "stickers": [{}, {}] }), "stickers", 2),
        (json!({ "idMembersVoted": ["a"] }), "votes", 1),
        (json!({ "badges": { "votes": 3 } }), "votes", 3),
        (json!({ "subscribed": true }), "subscriptions", 1),
        (json!({ "pluginData": [{}] }), "data of power-ups", 1),
        (json!({ "start": "2024-01-01T00:00:00Z" }), "start dates", 1),
        (json!({ "dueReminder": 1440 }), "due reminders", 1),
        (json!({ "cover": { "color": "pink", "size": "normal" } }), "covers", 1),
        (json!({ "idAttachmentCover": "a" }), "covers", 1),
        (json!({ "coordinates": { "latitude": 1.5, "longitude": 2 } }), "locations", 1),
        (json!({ "coordinates": "1.5,2", "address": "Here 1", "locationName": "Here" }), "locations", 1),
        (json!({ "isTemplate": true }), "template and special cards", 1),
        (json!({ "cardRole": "separator" }), "template and special cards", 1),
        (json!({ "attachments": [{ "id": "a", "isUpload": true }, { "id": "b" }] }), "files of attachments", 1),
        (json!({ "due": "tomorrow" }), "due dates", 1),
        (
            json!({ "checklists": [{ "id": "K", "checkItems": [{ "id": "i", "due": "x" }] }] }),
            "due dates of checklist items",
            1,
        ),
        (
            json!({ "checklists": [{ "id": "K", "checkItems": [{ "id": "i", "idMember": "m" }] }] }),
            "members of checklist items",
            1,
        ),
        (json!({ "badges": { "comments": 5 } }), "comments", 5),
    ] {
        assert_eq!(lines(card.clone(), json!({})), [(what.to_owned(), count)], "{card}");
    }
}

#[test]
fn each_thing_of_a_board_that_is_not_taken_has_its_line() {
    for (more, what, count) in [
        (json!({ "desc": "Our plan" }), "descriptions of the board", 1),
        (json!({ "closed": true }), "closed boards", 1),
        (json!({ "prefs": { "voting": "disabled" } }), "board preferences", 1),
        (json!({ "memberships": [{}, {}] }), "roles of members", 2),
        (json!({ "powerUps": ["calendar"] }), "power-ups", 1),
        (json!({ "pluginData": [{}] }), "data of power-ups", 1),
        (json!({ "subscribed": true }), "subscriptions", 1),
        (json!({ "idTags": ["t"] }), "collections", 1),
        (json!({ "lists": [{ "id": "L", "softLimit": 3 }] }), "limits of lists", 1),
        (json!({ "lists": [{ "id": "L", "subscribed": true }] }), "subscriptions", 1),
        (json!({ "members": [{ "id": "m", "avatarHash": "h", "avatarUrl": "u" }] }), "pictures of members", 1),
        (json!({ "members": [{ "id": "m", "bio": "I paint" }] }), "self-descriptions of members", 1),
        (
            json!({ "checklists": [{ "id": "K", "idCard": "C", "checkItems": [{ "id": "i", "idMember": "m" }] }] }),
            "members of checklist items",
            1,
        ),
    ] {
        assert_eq!(lines(json!({}), more.clone()), [(what.to_owned(), count)], "{more}");
    }
}

#[test]
fn what_says_none_has_no_line() {
    let card = json!({
        "stickers": [], "idMembersVoted": [], "badges": { "votes": 0, "comments": 0 }, "subscribed": false, "pluginData": [],
        "start": null, "dueReminder": -1, "cover": { "color": null, "idAttachment": null, "size": "normal" },
        "idAttachmentCover": "", "coordinates": null, "address": "", "locationName": null, "isTemplate": false,
        "cardRole": null, "attachments": [{ "id": "a", "isUpload": false }], "due": null,
    });
    let more = json!({
        "desc": "", "closed": false, "prefs": {}, "memberships": [], "powerUps": [], "pluginData": [], "subscribed": false,
        "idTags": [], "labelNames": { "green": "" }, "limits": { "cards": {} }, "shortLink": "x", "url": "https://example.org",
    });
    assert_eq!(lines(card, more), []);
}

#[test]
fn every_action_is_a_comment_or_a_line_of_the_history() {
    let comment = json!({
        "id": "1", "type": "commentCard", "data": { "card": { "id": "C" }, "text": "" }, "reactions": [{}, {}],
    });
    let odd = json!({ "id": "5", "type": "no type of Trello's" });
    let actions = json!([
        comment, { "id": "2", "type": "updateCard" }, { "id": "3", "type": "createCard" }, { "id": "4", "type": "updateCard" },
        odd, { "id": "6" }, { "id": "7", "type": "x".repeat(41) },
    ]);
    let board =
        given(json!([{ "id": "C", "idList": "L", "badges": { "comments": 3 } }]), json!({ "actions": actions }));
    assert_eq!(told(&board, "history: updateCard"), 2);
    assert_eq!(told(&board, "history: createCard"), 1);
    assert_eq!(told(&board, "history: unknown"), 3);
    assert_eq!(told(&board, "reactions"), 2);
    assert_eq!(told(&board, "comments"), 2, "the card counts three, and one is in the file");
}

#[test]
fn a_time_that_cannot_be_read_is_told() {
    let made = |id: &str| json!({ "id": id, "type": "createCard", "date": "yesterday", "data": { "card": { "id": "C" }, "list": { "id": "L" } } });
    let more = json!({ "actions": [made("54b0f1f0a1b2c3d4e5f60718"), made("no id of theirs")] });
    let expected = [("history: createCard".to_owned(), 1), ("times of actions".to_owned(), 1)];
    assert_eq!(lines(json!({}), more), expected);
}
