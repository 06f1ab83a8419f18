//! Where cards are: order, limits, archive.

use recordplayer::testing::FOUNDER;

use super::*;
use crate::card::{CardEvent, CardRefusal};
use crate::column::{ColumnEvent, ColumnFull, Entry};

fn limited(limit: u32) -> Given {
    cards(3).sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(limit), warns: false })
}

fn full(limit: u64, count: u64, last: u8) -> CardRefusal {
    let last = Some(Entry { card: card(last), by: FOUNDER });
    CardRefusal::ColumnFull { full: ColumnFull { column: DOING, name: "Doing".into(), limit, count, last } }
}

#[test]
fn cards_stand_in_the_order_of_their_making() {
    assert_eq!(order(&cards(5), TODO), [1, 2, 3, 4, 5]);
}

#[test]
fn a_card_moves_in_front_of_another() {
    let given = cards(4).sent::<Card>(card(4), move_to(TODO, Some(card(2))));
    assert_eq!(order(&given, TODO), [1, 4, 2, 3]);
    let given = given.sent::<Card>(card(1), move_to(TODO, None));
    assert_eq!(order(&given, TODO), [4, 2, 3, 1]);
    let given = given.sent::<Card>(card(3), move_to(DOING, None)).sent::<Card>(card(2), move_to(DOING, Some(card(3))));
    assert_eq!((order(&given, TODO), order(&given, DOING)), (vec![4, 1], vec![2, 3]));
}

#[test]
fn a_card_that_has_left_is_no_longer_a_place_and_the_card_goes_to_the_end() {
    let given = cards(3).sent::<Card>(card(2), move_to(DOING, None));
    let given = given.sent::<Card>(card(1), move_to(TODO, Some(card(2))));
    assert_eq!(order(&given, TODO), [3, 1]);
}

#[test]
fn a_card_in_front_of_itself_stays() {
    cards(2).when::<Card>(card(1), move_to(TODO, Some(card(1)))).then_nothing();
}

#[test]
fn moving_into_a_full_column_is_refused_and_names_the_limit_and_who_filled_it() {
    let given = limited(1).sent::<Card>(card(1), move_to(DOING, None));
    let refusal = full(1, 1, 1);
    assert!(refusal.to_string().contains("\"Doing\" is full: its limit is 1 and it holds 1"), "{refusal}");
    given.when::<Card>(card(2), move_to(DOING, None)).refused(refusal);
}

/// It named a card that stood in another column by then.
#[test]
fn a_full_column_names_no_card_that_has_left_it() {
    let given = limited(2).sent::<Card>(card(1), move_to(DOING, None)).sent::<Card>(card(2), move_to(DOING, None));
    let given = given.sent::<Card>(card(2), move_to(TODO, None));
    let given = given.sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(1), warns: false });
    let full = ColumnFull { column: DOING, name: "Doing".into(), limit: 1, count: 1, last: None };
    given.when::<Card>(card(3), move_to(DOING, None)).refused(CardRefusal::ColumnFull { full });
}

#[test]
fn creating_in_a_full_column_is_refused() {
    limited(0)
        .sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(1), warns: false })
        .sent::<Card>(card(1), move_to(DOING, None))
        .when::<Card>(card(9), create(DOING, "One too many"))
        .refused(full(1, 1, 1));
}

#[test]
fn restoring_into_a_full_column_is_refused() {
    limited(1)
        .sent::<Card>(card(1), move_to(DOING, None))
        .sent::<Card>(card(1), CardCommand::Archive {})
        .sent::<Card>(card(2), move_to(DOING, None))
        .when::<Card>(card(1), CardCommand::Restore { column: None, exempt: false })
        .refused(full(1, 1, 2));
}

#[test]
fn a_full_column_lets_its_cards_be_reordered_archived_and_its_limit_be_lowered() {
    let given = limited(2).sent::<Card>(card(1), move_to(DOING, None)).sent::<Card>(card(2), move_to(DOING, None));
    let given = given
        .sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(1), warns: false })
        .sent::<Card>(card(2), move_to(DOING, Some(card(1))));
    assert_eq!(order(&given, DOING), [2, 1]);
    let given = given.sent::<Card>(card(2), CardCommand::Archive {});
    assert_eq!(order(&given, DOING), [1]);
}

#[test]
fn a_card_that_leaves_makes_room() {
    limited(1)
        .sent::<Card>(card(1), move_to(DOING, None))
        .sent::<Card>(card(1), move_to(TODO, None))
        .sent::<Card>(card(2), move_to(DOING, None));
}

#[test]
fn an_import_moves_past_the_limit_and_says_so() {
    let given = limited(1).sent::<Card>(card(1), move_to(DOING, None));
    let command = CardCommand::MoveTo { column: DOING, before: None, row: None, exempt: true };
    let rank = given.model::<Column>(DOING).rank_for(None, card(2));
    given
        .when::<Card>(card(2), command)
        .then([CardEvent::Moved { column: DOING, rank: rank.clone(), row: None, exempt: true }])
        .then_emits::<Column>(DOING, [ColumnEvent::CardEntered { card: card(2), rank }]);
}

#[test]
fn only_a_manager_may_go_past_a_limit() {
    let command = CardCommand::MoveTo { column: DOING, before: None, row: None, exempt: true };
    let refusal = CardRefusal::MayNotExempt { role: "manager".into() };
    cards(1).by(ANN).role("worker").when::<Card>(card(1), command).refused(refusal);
}

#[test]
fn an_archived_card_cannot_be_moved_until_it_is_restored() {
    let given = cards(2).sent::<Card>(card(1), CardCommand::Archive {});
    assert_eq!(order(&given, TODO), [2]);
    let given = given.sent::<Card>(card(1), CardCommand::Restore { column: None, exempt: false });
    assert_eq!(order(&given, TODO), [1, 2]);
    given
        .sent::<Card>(card(1), CardCommand::Archive {})
        .when::<Card>(card(1), move_to(DOING, None))
        .refused(CardRefusal::CardArchived {});
}

#[test]
fn an_archived_or_unknown_column_takes_no_cards() {
    let given = cards(1).sent::<Column>(DOING, ColumnCommand::Archive {});
    let refusal = CardRefusal::ColumnArchived { column: DOING, name: "Doing".into() };
    given.when::<Card>(card(1), move_to(DOING, None)).refused(refusal);
    let nowhere = ColumnId(Id([0xee; 16]));
    let refusal = CardRefusal::NoSuchColumn { column: nowhere };
    cards(1).when::<Card>(card(1), move_to(nowhere, None)).refused(refusal);
}
