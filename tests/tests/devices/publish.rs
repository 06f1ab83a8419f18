//! A project that was begun without a server is given to one, for good.

use std::time::Duration;

use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer_client::{Decided, Device, HERE, PublishError, Space};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;

use crate::town::{PATIENCE, Town, add_member, card, furnish, hash_of, titles, wait_until, write_card};

/// Ann has worked alone, and then got an account at the town's server.
fn begun_alone(town: &Town) -> (Device, Space) {
    let ann = town.open("ann");
    let space = furnish(ann.found_here("Turntable").unwrap().0);
    for title in ["One", "Two"] {
        assert_eq!(write_card(&space, title).wait_decided(PATIENCE), Decided::Accepted);
    }
    ann.login(&town.url(), &town.token("ann"), PATIENCE).unwrap();
    (ann, space)
}

/// Ann, a second device, and the server hold the same, and both can go on.
fn all_hold_the_same(town: &Town, ann: &Device, space: &Space, expected: &[&str]) {
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(space.url(), town.url());
    assert_eq!(titles(space), expected);
    let bo = town.device("bo");
    add_member(space, ann, "bo");
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    let his = bo.space(space.id()).expect("a second device joins it");
    his.send::<Card>(card("Two"), &CardCommand::Rename { title: "Two, by Bo".to_owned() }).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    write_card(space, "Zero");
    ann.wait_in_step(PATIENCE).unwrap();
    let server = town.hash(space.id());
    assert_eq!(hash_of(space), server);
    wait_until(&bo, || hash_of(&his) == server);
    assert_eq!(titles(&his).len(), expected.len() + 1);
    assert!(titles(space).contains(&"Two, by Bo".to_owned()));
    assert_eq!(space.outbox().len(), 0, "nothing waits, nothing was refused");
}

#[test]
fn who_is_not_let_in_is_told_at_once() {
    let town = Town::new();
    let ann = town.open("ann");
    let space = furnish(ann.found_here("Turntable").unwrap().0);
    let token = town.token("ann");
    ann.login(&town.url(), &token, PATIENCE).unwrap();
    town.control(|control| {
        let device = control.accounts().device(&token).unwrap();
        control.accounts().revoke(&device).unwrap();
    });
    ann.close();
    drop((ann, space));
    let ann = town.open("ann");
    let space = ann.space(ann.spaces()[0].space).unwrap();
    let error = ann.publish(space.id(), &town.url(), PATIENCE).unwrap_err();
    assert!(matches!(error, PublishError::NoAccess(_)), "{error}");
    assert_eq!(space.url(), HERE, "nothing has happened");
}

#[test]
fn a_project_begun_alone_is_published_and_joined() {
    let town = Town::new();
    let (ann, space) = begun_alone(&town);
    assert_eq!(space.url(), HERE);
    ann.publish(space.id(), &town.url(), PATIENCE).unwrap();
    ann.publish(space.id(), &town.url(), PATIENCE).expect("once more, and nothing happens");
    all_hold_the_same(&town, &ann, &space, &["One", "Two"]);
    ann.close();
    drop((ann, space));
    let ann = town.open("ann");
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(ann.spaces().len(), 1);
    assert_eq!(ann.spaces()[0].role, "manager");
}

#[test]
fn where_the_server_cannot_be_reached_nothing_has_happened_and_it_can_be_done_again() {
    let town = Town::new();
    let (ann, space) = begun_alone(&town);
    // No server: what is under way waits, and the person is told.
    town.stop();
    let error = ann.publish(space.id(), &town.url(), Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, PublishError::NotInTime), "{error}");
    assert_eq!(space.url(), HERE, "nothing has happened");
    assert_eq!(write_card(&space, "Meanwhile").wait_decided(PATIENCE), Decided::Accepted);
    town.start();

    // What was begun before goes on under the same publication, also where its answer was lost: `core/recordplayer/tests/all/publish.rs`.
    ann.publish(space.id(), &town.url(), PATIENCE).unwrap();
    all_hold_the_same(&town, &ann, &space, &["Meanwhile", "One", "Two"]);
}

/// Cut off after it was handed over: nothing more is decided here, what is written waits, and the next start goes on by itself.
#[test]
fn what_was_cut_off_goes_on_at_the_next_start_with_what_was_written_meanwhile() {
    let town = Town::new();
    let (ann, space) = begun_alone(&town);
    town.stop();
    let id = space.id();
    // As far as it comes without the server; then what comes next, which a publication does once the server has said yes.
    ann.publish(id, &town.url(), Duration::from_millis(100)).unwrap_err();
    let book = std::fs::read(town.device_folder("ann").join("device.json")).unwrap();
    let book: serde_json::Value = serde_json::from_slice(&book).unwrap();
    let publication = book["publishing"][id.to_string()]["publication"].as_str().unwrap().parse().unwrap();
    let hand_over = MembershipCommand::HandOver { publication, server: town.url() };
    assert_eq!(space.send::<Membership>(id.0, &hand_over).unwrap().wait_decided(PATIENCE), Decided::Accepted);
    write_card(&space, "Written between").wait_saved(PATIENCE).unwrap();
    assert_eq!(space.outbox().len(), 1, "nobody decides it now");
    ann.close();
    drop((ann, space));

    let ann = town.open("ann");
    let space = ann.space(id).unwrap();
    assert_eq!(titles(&space), ["One", "Two", "Written between"]);
    town.start();
    // It is in step only once that is done: it was called so while the project was between the two.
    ann.wait_in_step(PATIENCE).unwrap();
    let info = &ann.spaces()[0];
    assert_eq!((info.url.as_str(), info.role.as_str()), (town.url().as_str(), "manager"));
    all_hold_the_same(&town, &ann, &space, &["One", "Two", "Written between"]);
}

#[test]
fn a_key_that_is_taken_at_the_server_is_told_before_anything_happens() {
    let town = Town::new();
    let bo = town.device("bo");
    let taken = furnish(bo.found(&town.url(), "Another").unwrap().0);
    bo.wait_in_step(PATIENCE).unwrap();
    let (ann, space) = begun_alone(&town);
    let error = ann.publish(space.id(), &town.url(), PATIENCE).unwrap_err();
    assert!(matches!(&error, PublishError::Refused(why) if why.contains("TT")), "{error}");
    assert_eq!(space.url(), HERE);
    assert_eq!(write_card(&space, "Still here").wait_decided(PATIENCE), Decided::Accepted);
    drop(taken);
}

/// What goes on by itself after a cut, and a person who asks again: each took the answers that were meant for the other, and waited for ever.
#[test]
fn who_asks_again_while_it_goes_on_by_itself_is_answered_too() {
    let town = Town::new();
    let (ann, space) = begun_alone(&town);
    let id = space.id();
    town.stop();
    ann.publish(id, &town.url(), Duration::from_millis(100)).unwrap_err();
    ann.close();
    drop((ann, space));
    town.start();
    let ann = town.open("ann");
    let asking: Vec<_> = (0..3)
        .map(|_| {
            let (ann, url) = (ann.clone(), town.url());
            std::thread::spawn(move || ann.publish(id, &url, PATIENCE))
        })
        .collect();
    for asked in asking {
        asked.join().unwrap().unwrap();
    }
    let space = ann.space(id).unwrap();
    assert_eq!(space.url(), town.url());
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(hash_of(&space), town.hash(id));
}
