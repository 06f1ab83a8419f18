//! What screens show after playing.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::context::Assigned;
use recordplayer::membership::{Membership, MembershipEvent};
use recordplayer::testing::{FOUNDER, SPACE};
use recordplayer::time::Timestamp;
use recordplayer::view::Key;
use serde_json::json;

use super::*;
use crate::card::Day;
use crate::comment::{Comment, CommentCommand, CommentKind};
use crate::ids::{AttachmentId, ChecklistId, CommentId, ItemId};
use crate::limits::ACTIVITY_ENTRIES_MAX;
use crate::role::Role;
use crate::view::{ActivityView, BoardView, CardView, Found, Looking, Turn};

/// Nobody in particular looks.
fn nobody() -> Looking<'static> {
    Looking { name_of: &|_| None, column_of: &|_| None, way_of: &|_| None, me: None }
}

fn titles(view: &BoardView) -> Vec<(String, Vec<String>)> {
    let columns = view.columns().into_iter();
    columns
        .map(|column| (column.row.name.clone(), column.cards.iter().map(|(_, card)| card.title.clone()).collect()))
        .collect()
}

#[test]
fn a_board_shows_its_columns_and_cards_in_order() {
    let given =
        cards(3).sent::<Card>(card(3), move_to(TODO, Some(card(1)))).sent::<Card>(card(2), move_to(DOING, None));
    let view = given.view::<BoardView>(BOARD);
    let expected =
        [("To do".to_owned(), vec!["Card 3".to_owned(), "Card 1".into()]), ("Doing".into(), vec!["Card 2".into()])];
    assert_eq!(titles(&view), expected);
    assert_eq!((view.title.as_str(), view.prefix.as_str()), ("Turntable", "REC"));
    let json = view.columns_json(nobody());
    let expected = json!({
        "key": "REC-2", "id": card(2).to_string(), "title": "Card 2", "archived": false, "labels": [], "members": [],
    });
    assert_eq!(json[1]["cards"][0], expected);
    assert_eq!(
        (&json[1]["name"], &json[1]["kind"], &json[1]["limit"]),
        (&json!("Doing"), &json!("active"), &json!(null))
    );
}

#[test]
fn a_card_that_goes_to_another_board_leaves_the_first() {
    let (other, there) = (BoardId(Id([0xb1; 16])), ColumnId(Id([0xc9; 16])));
    let add = ColumnCommand::Add { board: other, name: "There".into(), kind: ColumnKind::Done, before: None };
    let given = cards(2)
        .sent::<Board>(other, BoardCommand::Add { title: "Amplifier".into() })
        .sent::<Column>(there, add)
        .sent::<Column>(TODO, ColumnCommand::SetWorkflow { to: Some([there].into()) })
        .sent::<Card>(card(1), move_to(there, None));
    assert_eq!(given.view::<BoardView>(BOARD).cards.size(), 1);
    assert_eq!(titles(&given.view::<BoardView>(other)), [("There".to_owned(), vec!["Card 1".to_owned()])]);
}

#[test]
fn a_card_shows_its_comments_and_forgets_deleted_ones() {
    let comment = CommentId(Id([0xcd; 16]));
    let write = CommentCommand::Write {
        card: card(1),
        text: "Why?".into(),
        author: None,
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let given = cards(1).sent::<Comment>(comment, write);
    let view = given.view::<CardView>(card(1));
    assert_eq!((view.card.title.as_str(), view.comments().len()), ("Card 1", 1));
    let given = given.sent::<Comment>(comment, CommentCommand::Delete {});
    assert_eq!(given.view::<CardView>(card(1)).comments().len(), 0);
}

/// Two comments that were written without a line came to the server in one moment, and stood in the order of their ids.
#[test]
fn comments_of_one_moment_stand_in_the_order_in_which_they_were_written() {
    let write = |text: &str| CommentCommand::Write {
        card: card(1),
        text: text.into(),
        author: None,
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let (first, second) = (CommentId(Id([9; 16])), CommentId(Id([1; 16])));
    let given = cards(1).sent::<Comment>(first, write("First")).sent::<Comment>(second, write("Second"));
    let edit = CommentCommand::Edit { text: "First, edited".into(), mentions: BTreeSet::new() };
    let view = given.sent::<Comment>(first, edit).view::<CardView>(card(1));
    let texts: Vec<&str> = view.comments().into_iter().map(|(_, comment)| comment.text.as_str()).collect();
    assert_eq!(texts, ["First, edited", "Second"]);
}

#[test]
fn a_card_of_the_board_tells_what_is_on_it_wherever_it_goes() {
    let (other, there) = (BoardId(Id([0xb1; 16])), ColumnId(Id([0xc9; 16])));
    let (list, link) = (ChecklistId(Id([0xc1; 16])), AttachmentId(Id([0xa1; 16])));
    let item = |at: u8, done| CardCommand::SetItem {
        checklist: list,
        item: ItemId(Id([at; 16])),
        text: "Step".into(),
        done,
        before: None,
    };
    let (words, more) = (CommentId(Id([0xcd; 16])), CommentId(Id([0xce; 16])));
    let write = || CommentCommand::Write {
        card: card(1),
        text: "Why?".into(),
        author: None,
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let due: Day = "2026-12-24".parse().unwrap();
    let add = ColumnCommand::Add { board: other, name: "There".into(), kind: ColumnKind::Done, before: None };
    let given = cards(1)
        .sent::<Board>(other, BoardCommand::Add { title: "Amplifier".into() })
        .sent::<Column>(there, add)
        .sent::<Column>(TODO, ColumnCommand::SetWorkflow { to: Some([there].into()) })
        .sent::<Card>(card(1), CardCommand::SetDue { due: Some(due.clone()) })
        .sent::<Card>(card(1), CardCommand::SetChecklist { checklist: list, name: "Steps".into() })
        .sent::<Card>(card(1), item(1, true))
        .sent::<Card>(card(1), item(2, false))
        .sent::<Card>(card(1), CardCommand::AttachLink { attachment: link, name: String::new(), url: "a:b".into() })
        .sent::<Comment>(words, write())
        .sent::<Comment>(more, write())
        .sent::<Comment>(words, CommentCommand::Delete {})
        .sent::<Card>(card(1), move_to(there, None));
    let view = given.view::<BoardView>(other);
    let row = view.cards.get(&card(1)).unwrap();
    assert_eq!((row.due.as_ref(), row.items_done, row.items, row.links, row.comments), (Some(&due), 1, 2, 1, 1));
    assert_eq!(given.model::<Card>(card(1)).comments, 1);
}

#[test]
fn activity_does_not_say_that_an_import_did_what_it_brings() {
    let claims = |actor| Claims { happened_at: Some(Timestamp(5)), actor, ..Claims::default() };
    let given = cards(1)
        .sent::<Card>(card(1), CardCommand::Rename { title: "By me".into() })
        .claiming(claims(None))
        .sent::<Card>(card(1), CardCommand::Rename { title: "By somebody".into() })
        .claiming(claims(Some(ANN)))
        .sent::<Card>(card(1), CardCommand::Rename { title: "By Ann".into() });
    let view = given.view::<ActivityView>(card(1));
    let actors: Vec<_> = view.entries.iter().map(|entry| entry.actor).collect();
    assert_eq!(actors, [Some(FOUNDER), Some(FOUNDER), None, Some(ANN)]);
}

#[test]
fn activity_tells_in_words_what_happened_to_a_card_a_board_and_the_project() {
    let given = cards(2).sent::<Card>(card(1), move_to(DOING, None));
    let what = |key: Key| -> Vec<String> {
        given.view::<ActivityView>(key).entries.iter().map(|entry| entry.what.clone()).collect()
    };
    assert_eq!(what(card(1).into()), [format!("created “Card 1” in “{TODO}”"), format!("moved it to “{DOING}”")]);
    assert!(what(BOARD.into()).contains(&"added the column “Doing”".to_owned()));
    assert!(what(Key::whole_space()).contains(&"gave the project the key REC".to_owned()));
    let founder = format!("added {FOUNDER} as manager");
    let first = given.happened::<Membership>(
        SPACE.0,
        [MembershipEvent::MemberAdded { person: FOUNDER, role: "manager".to_owned() }],
    );
    let all = first.view::<ActivityView>(Key::whole_space());
    assert!(all.entries.iter().any(|entry| entry.what == founder), "{all:?}");
}

#[test]
fn what_goes_past_a_limit_is_told() {
    let given = cards(2).sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(1), warns: false });
    let past = |number: u8| CardCommand::MoveTo { column: DOING, before: None, row: None, exempt: number > 0 };
    let given = given.sent::<Card>(card(1), past(1)).sent::<Card>(card(2), past(2));
    let what = |number: u8| given.view::<ActivityView>(card(number)).entries.iter().last().unwrap().what.clone();
    assert_eq!(what(1), format!("moved it to “{DOING}”"));
    assert_eq!(what(2), format!("moved it to “{DOING}”, past its limit"));
}

#[test]
fn activity_keeps_the_latest_only() {
    let given = (0..ACTIVITY_ENTRIES_MAX + 5).fold(cards(1), |given, count| {
        given.sent::<Card>(card(1), CardCommand::Rename { title: format!("Title {count}") })
    });
    assert_eq!(given.view::<ActivityView>(card(1)).entries.len(), ACTIVITY_ENTRIES_MAX);
}

#[test]
fn a_card_is_found_by_its_key_by_the_beginning_of_its_id_and_by_its_id() {
    let given = cards(2);
    let find = |text: &str| found(&given, text);
    assert_eq!(find("REC-2"), Found::One(card(2)));
    assert_eq!(find("rec-~0202"), Found::One(card(2)));
    assert_eq!(find(&card(1).to_string()), Found::One(card(1)));
    assert_eq!((find("REC-3"), find("OTH-1"), find("REC-~ffff")), (Found::Nothing, Found::Nothing, Found::Nothing));
}

#[test]
fn a_card_made_offline_has_a_provisional_key() {
    let given = board().on_a_device().sent::<Card>(card(7), create(TODO, "Offline"));
    assert_eq!(given.view::<BoardView>(BOARD).cards.get(&card(7)).unwrap().number, Assigned::Provisional {});
    assert_eq!(given.view::<BoardView>(BOARD).columns_json(nobody())[0]["cards"][0]["key"], "REC-~0707");
}

/// Room was made for as many things as the bytes claimed to hold, and the program ended.
#[test]
fn a_view_that_claims_to_hold_more_than_there_can_be_is_none() {
    let mut bytes = recordplayer::codec::encode(&ActivityView::default()).unwrap();
    assert_eq!(bytes.pop(), Some(0x80), "an empty list is the last of it");
    // A list of so many.
    bytes.push(0x9b);
    bytes.extend((u64::MAX / 2).to_be_bytes());
    assert!(recordplayer::codec::decode::<ActivityView>(&bytes).is_err());
}

/// Ann is a worker, Cy a reviewer; "Doing" is reviewed. Card 1 waits there, card 2 is Ann's, card 3 is submitted by Ann.
#[test]
fn the_board_shows_everybody_what_is_theirs_to_do() {
    let cy = ActorId(Id([0xc3; 16]));
    let given = cards(4).by(ANN).role("worker").by(cy).role("reviewer").by(FOUNDER);
    let worker = Role::by_key("worker");
    let reviewer = Role::by_key("reviewer");
    let given = given
        .sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: [worker.clone()].into() })
        .sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: [reviewer.clone()].into() });
    let given = (1..=3).fold(given, |given, number| given.sent::<Card>(card(number), move_to(DOING, None)));
    let given = given.by(ANN).sent::<Card>(card(2), CardCommand::Take {}).sent::<Card>(card(3), CardCommand::Take {});
    let given = given.sent::<Card>(card(3), CardCommand::Submit {});
    let view = given.view::<BoardView>(BOARD);
    let turns = |person: ActorId, role: &Role| {
        (1..=4).map(|number| view.turn(card(number), person.into(), role)).collect::<Vec<_>>()
    };
    assert_eq!(turns(ANN, &worker), [Some(Turn::Take), Some(Turn::Work), None, None]);
    assert_eq!(turns(cy, &reviewer), [None, None, Some(Turn::Review), None]);
    assert_eq!(turns(ANN, &Role::by_key("viewer")), [None; 4]);
    let json = view.columns_json(Looking {
        name_of: &|_| Some("Ann".into()),
        column_of: &|_| None,
        way_of: &|_| None,
        me: Some((ANN.into(), &worker)),
    });
    assert_eq!((&json[1]["workers"], &json[1]["reviewers"]), (&json!(["worker"]), &json!(["reviewer"])));
    let told = |at: usize, key: &str| json[1]["cards"][at][key].clone();
    assert_eq!((told(0, "stage"), told(0, "turn"), told(0, "taken_by")), (json!("to_do"), json!("take"), json!(null)));
    assert_eq!((told(1, "stage"), told(1, "turn"), told(1, "taken_by")), (json!("doing"), json!("work"), json!("Ann")));
    assert_eq!((told(2, "stage"), told(2, "turn")), (json!("to_review"), json!(null)));
    assert_eq!((&json[0]["workers"], &json[0]["cards"][0]["stage"]), (&json!(null), &json!(null)));
}
