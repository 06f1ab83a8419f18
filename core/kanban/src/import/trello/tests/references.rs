//! References that lead nowhere: nothing is dropped, everything has a place, and it is told.

use serde_json::json;

use super::super::super::source::{Origin, SourceFieldKind, SourceId, SourceValue, counts};
use super::{given, told};

#[test]
fn a_card_of_an_absent_list_stands_in_a_placeholder_column() {
    let cards = json!([
        { "id": "1", "idList": "gone-b" }, { "id": "2", "idList": "gone-a" }, { "id": "3", "idList": "gone-a" },
        { "id": "4" }, { "id": "5", "idList": "L" },
    ]);
    let board = given(cards, json!({}));
    let lists: Vec<_> = board.lists.iter().map(|list| (list.id.as_str(), list.name.as_str())).collect();
    assert_eq!(
        lists,
        [("L", "To do"), ("gone-a", "Unknown list"), ("gone-b", "Unknown list 2"), ("no-list", "Unknown list 3")],
    );
    assert!(board.lists[1..].iter().all(|list| list.origin == Origin::Placeholder && !list.closed));
    assert_eq!(board.cards.len(), 5);
    assert_eq!(told(&board, "lists of cards"), 4);
    assert_eq!(counts(&board).columns, 1, "a placeholder is no column of the source");
}

#[test]
fn an_absent_list_has_its_latest_name_from_the_history() {
    let update = |id: &str, key: &str, name: &str| json!({ "id": id, "type": "updateCard", "data": { key: { "id": "gone", "name": name } } });
    let actions =
        json!([update("2", "listAfter", "Later"), update("1", "list", "Earlier"), { "id": "0", "data": null }]);
    let board = given(json!([{ "id": "1", "idList": "gone" }]), json!({ "actions": actions }));
    assert_eq!((board.lists[1].name.as_str(), board.lists[1].origin), ("Later", Origin::Mentioned));
}

#[test]
fn labels_that_stand_only_on_cards_are_links_without_labels_of_the_board() {
    let label = json!({ "id": "G", "name": "feature", "color": "green" });
    let cards = json!([
        { "id": "1", "idList": "L", "idLabels": ["G"], "labels": [label.clone()] },
        { "id": "2", "idList": "L", "labels": [label] },
        { "id": "3", "idList": "L", "idLabels": ["G", "X", "G"] },
    ]);
    let board = given(cards, json!({ "labelNames": { "green": "feature", "blue": "chores", "red": "" } }));
    assert_eq!((counts(&board).labels, counts(&board).label_links), (0, 4));
    let labels: Vec<_> = board.labels.iter().map(|l| (l.id.as_str(), l.name.as_str(), l.origin)).collect();
    assert_eq!(labels, [("G", "feature", Origin::Mentioned), ("X", "Unknown label", Origin::Placeholder)]);
    assert_eq!(told(&board, "labels of cards"), 1);
    assert_eq!(told(&board, "names of label colours"), 1);
}

#[test]
fn labels_without_ids_are_told_apart_by_their_looks() {
    let cards = json!([
        { "id": "1", "idList": "L", "labels": [{ "name": "bug", "color": "red" }, { "name": "", "color": "sky" }] },
        { "id": "2", "idList": "L", "labels": [{ "name": "", "color": "sky" }] },
    ]);
    let board = given(cards, json!({ "labels": [{ "id": "R", "name": "bug", "color": "red" }] }));
    let links: Vec<Vec<_>> =
        board.cards.iter().map(|card| card.label_ids.iter().map(SourceId::as_str).collect()).collect();
    assert_eq!(links, [vec!["R", "sky/"], vec!["sky/"]]);
    assert_eq!(board.labels.len(), 2);
}

#[test]
fn members_and_authors_that_the_board_does_not_list_come_in_too() {
    let cards = json!([{ "id": "C", "idList": "L", "idMembers": ["left", "nobody", "left"] }]);
    let actions = json!([
        { "id": "3", "type": "commentCard", "idMemberCreator": "guest", "data": { "card": { "id": "C" }, "text": "hello" },
          "memberCreator": { "id": "guest", "fullName": "A Guest", "username": "guest" } },
        { "id": "2", "type": "addMemberToCard", "memberCreator": null, "data": {},
          "member": { "id": "left", "fullName": "Long Gone", "username": "gone" } },
        { "id": "1", "type": "commentCard", "memberCreator": { "id": "deleted" }, "data": { "card": { "id": "C" } } },
        { "id": "0", "type": "createCard", "memberCreator": { "id": "elsewhere", "fullName": "Unneeded" } },
    ]);
    let board = given(cards, json!({ "actions": actions }));
    let members: Vec<_> = board.members.iter().map(|m| (m.id.as_str(), m.full_name.as_str(), m.origin)).collect();
    assert_eq!(
        members,
        [
            ("deleted", "Unknown member", Origin::Placeholder),
            ("guest", "A Guest", Origin::Mentioned),
            ("left", "Long Gone", Origin::Mentioned),
            ("nobody", "Unknown member", Origin::Placeholder),
        ],
    );
    assert_eq!((told(&board, "names of members"), told(&board, "memberships of former members")), (2, 2));
    assert_eq!((counts(&board).members, counts(&board).member_links), (0, 2));
}

#[test]
fn values_of_unknown_fields_and_options_are_kept() {
    let items = json!([
        { "idCustomField": "u1", "value": { "checked": "false" } },
        { "idCustomField": "u2", "idValue": "o" },
        { "idCustomField": "u3", "value": { "date": "soon" } },
        { "idCustomField": "u4", "value": { "number": 7 } },
        { "idCustomField": "u5", "value": { "date": "1970-01-01T00:00:00Z" } },
        { "idCustomField": "known", "idValue": "o" },
        { "idCustomField": "u1", "value": { "checked": true } },
    ]);
    let cards = json!([{ "id": "C", "idList": "L", "customFieldItems": items }]);
    let board = given(cards, json!({ "customFields": [{ "id": "known", "name": "Size", "type": "list" }] }));
    let fields: Vec<_> = board.fields.iter().map(|field| (field.name.as_str(), &field.kind)).collect();
    assert_eq!(
        fields,
        [
            ("Size", &SourceFieldKind::List),
            ("Unknown field", &SourceFieldKind::Checkbox),
            ("Unknown field 2", &SourceFieldKind::List),
            ("Unknown field 3", &SourceFieldKind::Text),
            ("Unknown field 4", &SourceFieldKind::Number),
            ("Unknown field 5", &SourceFieldKind::Date),
        ],
    );
    let values: Vec<_> = board.cards[0].field_values.iter().map(|value| &value.value).collect();
    let option = SourceValue::Option(SourceId("o".to_owned()));
    assert_eq!(
        values,
        [
            &option,
            &SourceValue::Checked(true),
            &option,
            &SourceValue::Text("soon".to_owned()),
            &SourceValue::Number("7".to_owned()),
            &SourceValue::Date(0),
        ],
    );
    assert_eq!(board.fields[0].options[0].origin, Origin::Placeholder);
    assert_eq!(told(&board, "definitions of custom fields"), 5);
    assert_eq!(told(&board, "options of custom fields"), 2);
    assert_eq!(told(&board, "dates of custom fields"), 1);
    assert_eq!(told(&board, "field values"), 1);
    assert_eq!(counts(&board).fields, 1);
}

#[test]
fn what_belongs_to_an_absent_card_is_told() {
    let actions = json!([
        { "id": "1", "type": "commentCard", "data": { "card": { "id": "elsewhere" }, "text": "lost" } },
        { "id": "2", "type": "commentCard", "data": null },
    ]);
    let checklists = json!([{ "id": "K", "name": "lost", "idCard": "elsewhere" }]);
    let board = given(json!([]), json!({ "actions": actions, "checklists": checklists }));
    assert_eq!((told(&board, "comments"), told(&board, "checklists")), (2, 1));
}

#[test]
fn of_two_things_with_one_id_the_first_comes_in() {
    let twice = |key: &str| json!([{ "id": "1", key: "first" }, { "id": "1", key: "second" }]);
    let card = |name: &str| json!({ "id": "C", "idList": "1", "name": name, "attachments": twice("name") });
    let more = json!({
        "lists": twice("name"), "labels": twice("name"), "members": twice("fullName"), "customFields": twice("name"),
        "checklists": [{ "id": "K", "idCard": "C", "checkItems": twice("name") }, { "id": "K", "idCard": "C" }],
    });
    let board = given(json!([card("first"), card("second")]), more);
    let names = [
        &board.lists[0].name,
        &board.cards[0].name,
        &board.labels[0].name,
        &board.members[0].full_name,
        &board.fields[0].name,
        &board.cards[0].attachments[0].name,
        &board.cards[0].checklists[0].items[0].name,
    ];
    assert!(names.iter().all(|name| *name == "first"), "{names:?}");
    for what in ["lists", "cards", "labels", "members", "custom fields", "attachments", "checklists", "checklist items"]
    {
        assert_eq!(told(&board, what), 1, "{what}");
    }
}
