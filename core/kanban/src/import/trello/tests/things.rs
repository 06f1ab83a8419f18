//! What comes in, and in which order.

use serde_json::json;

use super::super::super::source::{Counts, Origin, SourceFieldKind, SourceId, SourceValue, counts, guess_kind};
use super::super::read;
use super::{given, told};

fn ids<'a>(ids: impl IntoIterator<Item = &'a SourceId>) -> Vec<&'a str> {
    ids.into_iter().map(SourceId::as_str).collect()
}

#[test]
fn a_board_with_nothing_else_is_a_board() {
    let board = read(br#"{"id":"B","name":"","lists":[],"cards":[]}"#).expect("these four keys are enough");
    assert_eq!(board.id.as_str(), "B");
    assert_eq!(counts(&board), Counts::default());
    assert_eq!(board.not_imported, []);
}

#[test]
fn everything_may_be_null() {
    let card = json!({
        "id": "C", "name": null, "desc": null, "closed": null, "idList": "L", "pos": null, "due": null, "dueComplete": null,
        "idLabels": null, "labels": null, "idMembers": null, "attachments": null, "idChecklists": null, "checklists": null,
        "customFieldItems": null, "actions": null, "badges": null, "cover": null, "stickers": null, "start": null,
    });
    let more = json!({
        "labels": null, "members": null, "checklists": null, "customFields": null, "actions": null, "labelNames": null,
        "prefs": null, "memberships": null,
    });
    let board = given(json!([card]), more);
    assert_eq!(counts(&board), Counts { columns: 1, cards: 1, ..Counts::default() });
    assert_eq!(board.not_imported, []);
}

#[test]
fn a_card_comes_with_all_that_hangs_on_it() {
    let card = json!({
        "id": "C", "name": "Water the plants", "desc": "All *three*", "closed": true, "idList": "L", "pos": 1.5,
        "due": "2024-02-29T10:00:00.000Z", "dueComplete": true, "idLabels": ["G"], "idMembers": ["M"],
        "attachments": [
            { "id": "a2", "name": "second", "url": "https://example.org/2", "pos": 2 },
            { "id": "a1", "name": "first", "url": "https://example.org/1", "pos": 1 },
        ],
        "customFieldItems": [
            { "idCustomField": "F1", "value": { "text": "blue" } },
            { "idCustomField": "F2", "value": { "number": "100.32" } },
            { "idCustomField": "F3", "value": { "date": "1970-01-01T00:00:01Z" } },
            { "idCustomField": "F4", "value": { "checked": "true" } },
            { "idCustomField": "F5", "idValue": "O2", "value": null },
            { "idCustomField": "F6", "value": { "text": "4" } },
            { "idCustomField": "F7", "value": null, "idValue": null },
        ],
    });
    let field = |id: &str, kind: &str, pos: u32| json!({ "id": id, "name": id, "type": kind, "pos": pos });
    let mut choice = field("F5", "list", 5);
    choice["options"] = json!([
        { "_id": "O2", "value": { "text": "Down" }, "color": "none", "pos": 2 },
        { "id": "O1", "value": { "text": "Up" }, "color": "red", "pos": 1 },
        { "value": { "text": "nobody can choose me" } },
    ]);
    let more = json!({
        "labels": [{ "id": "G", "name": "garden", "color": "green" }, { "id": "N", "name": "plain", "color": null }],
        "members": [{ "id": "M", "fullName": "Gardener One", "username": "gardener1" }],
        "checklists": [{ "id": "K", "name": "Where", "idCard": "C", "pos": 1, "checkItems": [
            { "id": "i2", "name": "kitchen", "state": "incomplete", "pos": 2 },
            { "id": "i1", "name": "hall", "state": "complete", "pos": 1 },
        ] }],
        "customFields": [
            field("F7", "text", 7), field("F6", "rating", 6), choice, field("F4", "checkbox", 4), field("F3", "date", 3),
            field("F2", "number", 2), field("F1", "text", 1),
        ],
        "actions": [{
            "id": "k1", "type": "commentCard", "date": "1970-01-01T00:00:02.003Z", "idMemberCreator": "M",
            "data": { "card": { "id": "C" }, "text": "Done for today" },
        }],
    });
    let board = given(json!([card]), more);

    let card = &board.cards[0];
    assert_eq!((card.name.as_str(), card.desc.as_str()), ("Water the plants", "All *three*"));
    assert!(card.closed && card.due_complete);
    assert_eq!(card.due_at_ms, Some(1_709_200_800_000));
    assert_eq!(ids(&card.label_ids), ["G"]);
    assert_eq!(ids(&card.member_ids), ["M"]);
    let attachments: Vec<_> = card.attachments.iter().map(|a| (a.name.as_str(), a.url.as_str())).collect();
    assert_eq!(attachments, [("first", "https://example.org/1"), ("second", "https://example.org/2")]);
    let items: Vec<_> = card.checklists[0].items.iter().map(|item| (item.name.as_str(), item.done)).collect();
    assert_eq!((card.checklists[0].name.as_str(), items), ("Where", vec![("hall", true), ("kitchen", false)]));
    let comment = &card.comments[0];
    assert_eq!((comment.at_ms, comment.text.as_str()), (Some(2_003), "Done for today"));
    assert_eq!(comment.author.as_ref().map(SourceId::as_str), Some("M"));
    let values: Vec<_> = card.field_values.iter().map(|value| &value.value).collect();
    let text = |text: &str| SourceValue::Text(text.to_owned());
    assert_eq!(
        values,
        [
            &text("blue"),
            &SourceValue::Number("100.32".to_owned()),
            &SourceValue::Date(1_000),
            &SourceValue::Checked(true),
            &SourceValue::Option(SourceId("O2".to_owned())),
            &text("4"),
        ],
    );
    let options: Vec<_> = board.fields[4].options.iter().map(|o| (o.name.as_str(), o.colour.as_deref())).collect();
    assert_eq!(options, [("Up", Some("red")), ("Down", None)]);
    assert_eq!(board.fields[5].kind, SourceFieldKind::Other("rating".to_owned()));
    assert_eq!(board.labels[1].colour, None);
    assert_eq!(told(&board, "options of custom fields"), 1);
    assert_eq!(
        counts(&board),
        Counts {
            columns: 1,
            columns_archived: 0,
            cards: 1,
            cards_archived: 1,
            labels: 2,
            label_links: 1,
            members: 1,
            member_links: 1,
            checklists: 1,
            checklist_items: 2,
            checklist_done: 1,
            comments: 1,
            attachments: 2,
            due_dates: 1,
            descriptions: 1,
            fields: 7,
            field_values: 6,
            ..Counts::default()
        },
    );
}

#[test]
fn lists_and_cards_stand_by_position_and_then_by_id() {
    let card = |id: &str, list: &str, pos: f64| json!({ "id": id, "idList": list, "pos": pos });
    let cards = json!([
        card("e", "last", 1.0), card("c", "first", 32_767.5), card("b", "first", 32_767.5), card("d", "first", 32_767.75),
        card("a", "first", -3.0), { "id": "z", "idList": "first" }, { "id": "y", "idList": "first", "pos": "70000" },
    ]);
    let lists = json!([
        { "id": "last", "name": "Done", "pos": 9.5 }, { "id": "first", "name": "Doing", "pos": 2, "closed": true },
    ]);
    let board = given(cards, json!({ "lists": lists }));
    assert_eq!(ids(board.lists.iter().map(|list| &list.id)), ["first", "last"]);
    assert_eq!(ids(board.cards.iter().map(|card| &card.id)), ["a", "b", "c", "d", "y", "z", "e"]);
    assert_eq!((counts(&board).columns, counts(&board).columns_archived), (2, 1));
    assert_eq!(guess_kind(&board.lists[1].name), super::super::super::source::ColumnKindGuess::Done);
}

#[test]
fn comments_stand_by_time_each_once_wherever_they_are() {
    let comment = |id: &str, kind: &str, second: u32| {
        json!({
            "id": id, "type": kind, "date": format!("1970-01-01T00:00:{second:02}Z"), "idMemberCreator": "M",
            "data": { "card": { "id": "C" }, "text": id, "idOriginalCommenter": if kind == "copyCommentCard" { "O" } else { "" } },
        })
    };
    let cards = json!([{ "id": "C", "idList": "L", "actions": [
        comment("both", "commentCard", 3),
        { "id": "of-card", "type": "commentCard", "date": "1970-01-01T00:00:04Z", "data": { "text": "of-card" } },
    ] }]);
    let members = json!([{ "id": "M", "fullName": "One" }, { "id": "O", "fullName": "Two" }]);
    let actions = json!([
        comment("both", "commentCard", 3),
        comment("copied", "copyCommentCard", 2),
        comment("first", "commentCard", 1),
    ]);
    let board = given(cards, json!({ "members": members, "actions": actions }));
    let comments: Vec<_> =
        board.cards[0].comments.iter().map(|c| (c.id.as_str(), c.author.as_ref().map(SourceId::as_str))).collect();
    assert_eq!(comments, [("first", Some("M")), ("copied", Some("O")), ("both", Some("M")), ("of-card", None)]);
}

#[test]
fn a_comment_without_a_date_has_the_second_of_its_id() {
    let action = |id: &str| json!({ "id": id, "type": "commentCard", "data": { "card": { "id": "C" }, "text": "x" } });
    let actions = json!([action("54deeb2a24d13bfe50b116f6"), action("short")]);
    let board = given(json!([{ "id": "C", "idList": "L" }]), json!({ "actions": actions }));
    let times: Vec<_> = board.cards[0].comments.iter().map(|comment| comment.at_ms).collect();
    assert_eq!(times, [None, Some(1_423_895_338_000)]);
}

#[test]
fn checklists_are_found_at_the_board_and_on_the_card() {
    let checklist = |id: &str, pos: u32| json!({ "id": id, "name": id, "pos": pos });
    let mut named_by_board = checklist("by-board", 3);
    named_by_board["idCard"] = json!("C");
    let card = json!({
        "id": "C", "idList": "L", "idChecklists": ["by-card"], "checklists": [checklist("by-board", 3), checklist("own", 1)],
    });
    let board = given(json!([card]), json!({ "checklists": [named_by_board, checklist("by-card", 2)] }));
    assert_eq!(ids(board.cards[0].checklists.iter().map(|checklist| &checklist.id)), ["own", "by-card", "by-board"]);
    assert_eq!(board.not_imported, []);
}

#[test]
fn text_cut_within_a_surrogate_pair_is_still_read() {
    let file = br#"{"id":"B","name":"cut \ud83d","lists":[],"cards":[]}"#;
    let board = read(file).expect("half a pair costs one character");
    assert!(board.name.starts_with("cut \u{fffd}"), "{:?}", board.name);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let file = "\u{feff}  {\"id\":\"B\",\"name\":\"n\",\"lists\":[],\"cards\":[]}";
    assert_eq!(read(file.as_bytes()).map(|board| board.name), Ok("n".to_owned()));
}

#[test]
fn counts_and_boards_can_be_written_as_json() {
    let board = given(json!([{ "id": "C", "idList": "gone" }]), json!({}));
    let written = serde_json::to_value(&board).expect("a board is data");
    assert_eq!(written["lists"][1]["origin"], "placeholder");
    assert_eq!(written["cards"][0]["list_id"], "gone");
    assert_eq!(serde_json::to_value(counts(&board)).expect("counts are data")["cards"], 1);
    assert_eq!(board.lists[0].origin, Origin::Listed);
}
