//! Finished cards that wait for room go on when somebody makes some.

use recordplayer::decide::Intent;
use recordplayer::id::Id;
use recordplayer::testing::{DeviceId, World};

use super::*;
use crate::card::CardCommand as C;
use crate::column::{ColumnCommand as Do, ColumnEvent};

const CHECK: ColumnId = ColumnId(Id([0xc4; 16]));

/// Two finished cards in "To do", which shall go to "Doing"; there is one card already, and no room for more.
fn waiting() -> Given {
    cards(3)
        .sent::<Column>(TODO, Do::SetAutoMove { to: Some(DOING) })
        .sent::<Card>(card(3), move_to(DOING, None))
        .sent::<Column>(DOING, Do::SetLimit { limit: Some(1), warns: false })
        .sent::<Card>(card(2), C::SetDone { done: true })
        .sent::<Card>(card(1), C::SetDone { done: true })
}

fn go_on() -> C {
    C::GoOn { to: DOING }
}

fn waits(given: &Given) -> Vec<CardId> {
    given.model::<Column>(DOING).waiting.clone()
}

#[test]
fn who_finishes_a_card_that_has_no_room_puts_it_on_a_list_once() {
    let given = waiting();
    assert_eq!(waits(&given), [card(2), card(1)], "in the order of their finishing");
    let again =
        given.sent::<Card>(card(2), C::SetDone { done: false }).sent::<Card>(card(2), C::SetDone { done: true });
    assert_eq!(waits(&again), [card(2), card(1)]);
}

#[test]
fn a_card_goes_on_only_where_there_is_room_and_it_still_shall() {
    waiting().when::<Card>(card(2), go_on()).then_nothing();
    let roomy = || waiting().sent::<Column>(DOING, Do::SetLimit { limit: Some(2), warns: false });
    let gone = roomy().sent::<Card>(card(2), go_on());
    assert_eq!((gone.model::<Card>(card(2)).column(), waits(&gone)), (Some(DOING), vec![card(1)]));
    assert!(!gone.model::<Card>(card(2)).done, "there it is to be done anew");
    gone.when::<Card>(card(2), go_on()).then_nothing();
    // What is not finished any more, or stands elsewhere, is taken off the list.
    let undone = roomy().sent::<Card>(card(2), C::SetDone { done: false }).sent::<Card>(card(2), go_on());
    assert_eq!((undone.model::<Card>(card(2)).column(), waits(&undone)), (Some(TODO), vec![card(1)]));
    let archived = roomy().sent::<Card>(card(2), C::Archive {}).sent::<Card>(card(2), go_on());
    assert_eq!((archived.model::<Card>(card(2)).archived, waits(&archived)), (true, vec![card(1)]));
}

#[test]
fn a_card_that_comes_in_by_hand_waits_no_more() {
    let given = waiting()
        .sent::<Column>(DOING, Do::SetLimit { limit: None, warns: false })
        .sent::<Card>(card(1), move_to(DOING, None));
    assert_eq!(waits(&given), [card(2)]);
    let event = ColumnEvent::CardWaitsNoMore { card: card(9) };
    assert_eq!(given.happened::<Column>(DOING, [event]).model::<Column>(DOING).waiting, [card(2)]);
}

fn send(world: &mut World, by: DeviceId, intent: Result<Intent, recordplayer::codec::CodecError>) {
    world.send(by, intent.expect("a command has words")).expect("it is taken");
    world.run_until_quiet();
}

/// Three columns in a row, each with room for one card: whoever takes a card out of the last one lets all of them go on.
#[test]
fn who_makes_room_lets_all_behind_go_on_one_after_the_other() {
    let mut world = World::seeded(7, &domain().shared());
    let [ann, bo] = world.devices(["ann", "bo"]);
    let project = world.space().0;
    send(&mut world, ann, Intent::of::<Project>(project, &ProjectCommand::SetUp { key: "REC".into() }));
    send(&mut world, ann, Intent::of::<Board>(BOARD, &BoardCommand::Add { title: "Turntable".into() }));
    for (column, name) in [(TODO, "To do"), (DOING, "Doing"), (CHECK, "Check")] {
        send(&mut world, ann, Intent::of::<Column>(column, &add_column(name, ColumnKind::Active)));
    }
    for (column, to) in [(TODO, DOING), (DOING, CHECK)] {
        send(&mut world, ann, Intent::of::<Column>(column, &Do::SetAutoMove { to: Some(to) }));
    }
    for (number, column) in [(1, TODO), (2, TODO), (3, DOING), (4, CHECK)] {
        send(&mut world, ann, Intent::of::<Card>(card(number), &create(column, &format!("Card {number}"))));
    }
    for column in [DOING, CHECK] {
        send(&mut world, ann, Intent::of::<Column>(column, &Do::SetLimit { limit: Some(1), warns: false }));
    }
    for number in [3, 1, 2] {
        send(&mut world, ann, Intent::of::<Card>(card(number), &C::SetDone { done: true }));
    }
    let column_of = |world: &World, number| world.replica(ann).entity::<Card>(card(number)).column();
    assert_eq!([1, 2, 3].map(|number| column_of(&world, number)), [Some(TODO), Some(TODO), Some(DOING)], "all wait");

    send(&mut world, ann, Intent::of::<Card>(card(4), &C::Archive {}));
    let after = [1, 2, 3].map(|number| column_of(&world, number));
    assert_eq!(after, [Some(DOING), Some(TODO), Some(CHECK)], "{}", world.how_to_replay());
    // And who raises the limit lets in as many as there is room for.
    send(&mut world, ann, Intent::of::<Column>(DOING, &Do::SetLimit { limit: Some(5), warns: false }));
    assert_eq!(column_of(&world, 2), Some(DOING));
    assert!(world.replica(bo).entity::<Column>(DOING).waiting.is_empty());
}
