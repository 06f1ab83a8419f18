use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use recordplayer_client::{Decided, OpenError};
use recordplayer_kanban::column::{ColumnCommand, ColumnRefusal};
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Card, Column, card::CardRefusal};

use crate::town::{BOARD, DOING, PATIENCE, Town, card, hash_of, project, titles, two_in_step, wait_until, write_card};

#[test]
fn two_devices_share_a_project_and_hold_the_same() {
    let town = Town::new();
    let [(ann, mine), (bo, his)] = two_in_step(&town);
    let ticket = write_card(&mine, "Start the motor");
    assert_eq!(ticket.wait_decided(PATIENCE), Decided::Accepted);
    wait_until(&bo, || titles(&his) == ["Start the motor"]);
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    assert_eq!(hash_of(&mine), hash_of(&his));
    assert_eq!(hash_of(&mine), town.hash(mine.id()));
    assert_eq!(bo.spaces()[0].title, "Turntable");
    assert_eq!(bo.name_of(mine.actor()).as_deref(), Some("ann"));
}

#[test]
fn what_is_done_without_a_server_is_shown_at_once_saved_and_sent_later() {
    let town = Town::new();
    let ann = town.device("ann");
    town.stop();
    let space = project(&ann, &town.url());
    write_card(&space, "Offline").wait_saved(PATIENCE).unwrap();
    assert_eq!(titles(&space), ["Offline"]);
    assert_eq!(space.status().waiting, 5);
    let (id, folder) = (space.id(), town.device_folder("ann"));
    // The process ends and starts again before it ever saw the server.
    ann.close();
    drop((ann, space));
    assert!(folder.join("outbox.redb").is_file());
    let ann = town.open("ann");
    let space = ann.space(id).unwrap();
    assert_eq!(titles(&space), ["Offline"]);
    town.start();
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(space.status().waiting, 0);
    assert_eq!(hash_of(&space), town.hash(id));
}

#[test]
fn the_last_place_in_a_column_goes_to_one_and_the_other_is_told() {
    let town = Town::new();
    let [(ann, mine), (bo, his)] = two_in_step(&town);
    mine.send::<Column>(DOING, &ColumnCommand::SetLimit { limit: Some(1), warns: false }).unwrap();
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    town.stop();
    let (first, second) = (write_card(&mine, "Mine"), write_card(&his, "His"));
    town.start();
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    let verdicts = [first.wait_decided(PATIENCE), second.wait_decided(PATIENCE)];
    let refused: Vec<_> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Decided::Refused(refused) => Some(refused.clone()),
            Decided::Accepted | Decided::NotYet => None,
        })
        .collect();
    let [refused] = refused.as_slice() else { panic!("one of the two is refused: {verdicts:?}") };
    assert!(
        matches!(refused.typed::<CardRefusal>(), Some(CardRefusal::ColumnFull { .. })),
        "the reason is typed: {refused:?}"
    );
    assert!(refused.message.contains("limit"), "and a sentence: {refused}");
    let in_outboxes = mine.outbox().len() + his.outbox().len();
    assert_eq!(in_outboxes, 1, "the refused command stands in its author's outbox");
    assert_eq!((titles(&mine).len(), titles(&his).len()), (1, 1));
}

#[test]
fn a_refusal_that_is_known_here_queues_nothing() {
    let town = Town::new();
    let ann = town.device("ann");
    let space = project(&ann, &town.url());
    let before = space.outbox().len();
    let error = space.send::<Column>(DOING, &ColumnCommand::Rename { name: String::new() }).unwrap_err();
    let recordplayer_client::SendError::Refused(refused) = error else { panic!("{error}") };
    assert!(refused.typed::<ColumnRefusal>().is_some());
    assert_eq!(space.outbox().len(), before);
}

#[test]
fn a_live_view_is_current_and_its_changes_are_announced() {
    let town = Town::new();
    let ann = town.device("ann");
    let space = project(&ann, &town.url());
    let live = space.live::<BoardView>(BOARD);
    assert_eq!(live.get().title, "Firmware");
    let rings = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&rings);
    ann.on_change(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let before = live.get();
    let card = space.live_entity::<Card>(card("New"));
    write_card(&space, "New");
    assert_eq!(card.get().title, "New");
    assert_eq!((before.cards.size(), live.get().cards.size()), (0, 1), "what was taken stays as it was");
    assert!(rings.load(Ordering::SeqCst) > 0);
}

#[test]
fn one_process_works_with_a_folder() {
    let town = Town::new();
    let ann = town.device("ann");
    let domain = recordplayer_kanban::domain().shared();
    let again = recordplayer_client::Device::open(domain, &town.device_folder("ann"));
    assert!(matches!(again, Err(OpenError::InUse)), "{again:?}");
    ann.close();
    town.open("ann");
}
