//! Long texts on the disks of a server and of devices.

use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::name::Name;
use recordplayer::record::StreamId;
use recordplayer::saving::Saving;
use recordplayer::storage::{Store, TextKey, TextRow};
use recordplayer_client::{Device, Space};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_store::RedbStore;

use crate::town::{PATIENCE, QUICK, Town, add_member, card, project, wait_until, write_card};

const CARD: &str = "A long description";
const FIELD: &str = "description";

/// Edits the description so often, each time by another change.
fn edit(device: &Device, space: &Space, times: std::ops::Range<usize>) {
    for time in times {
        let text = space.text::<Card>(card(CARD), FIELD).unwrap();
        let text = format!("{text}{time} is the number of this line.\n");
        space
            .edit_text::<Card>(card(CARD), Claims::default(), &text, |change| CardCommand::Describe { change })
            .unwrap();
        device.wait_in_step(PATIENCE).unwrap();
    }
}

fn rows(store: &RedbStore, space: &Space) -> Vec<TextRow> {
    let key = TextKey { stream: StreamId::of::<Card>(card(CARD).into()), field: Name::of(FIELD) };
    store.reader(space.id()).text(&key).unwrap()
}

#[test]
fn a_text_of_many_changes_is_compacted_on_the_server_and_reads_the_same_everywhere() {
    let town = Town::new();
    let ann = town.device("ann");
    let mine = project(&ann, &town.url());
    town.token("bo");
    add_member(&mine, &ann, "bo");
    write_card(&mine, CARD);
    edit(&ann, &mine, 0..70);
    town.end();
    town.start();
    edit(&ann, &mine, 70..75);
    let text = mine.text::<Card>(card(CARD), FIELD).unwrap();
    assert_eq!(text.lines().count(), 75);

    // Who joins now gets the base with the snapshot.
    let bo = town.device("bo");
    bo.wait_in_step(PATIENCE).unwrap();
    let his = bo.space(mine.id()).unwrap();
    assert_eq!(his.text::<Card>(card(CARD), FIELD).unwrap(), text);
    edit(&bo, &his, 75..76);
    wait_until(&ann, || mine.text::<Card>(card(CARD), FIELD).unwrap().lines().count() == 76);

    town.end();
    let server = rows(&RedbStore::open(town.server_folder().join("store.redb")).unwrap(), &mine);
    assert!(server[0].is_base && server[0].index == 69, "{server:?}");
    assert_eq!(server.len(), 1 + 6);
}

#[test]
fn a_device_compacts_its_own_copy() {
    let town = Town::new();
    let folder = town.device_folder("ann");
    let saving = Saving { every_events: Some(10), ..Saving::default() };
    let domain = recordplayer_kanban::domain().saving(saving).shared();
    let open = || Device::open_with(Arc::clone(&domain), &folder, QUICK).unwrap();
    let ann = open();
    ann.login(&town.url(), &town.token("ann"), PATIENCE).unwrap();
    let mine = project(&ann, &town.url());
    write_card(&mine, CARD);
    edit(&ann, &mine, 0..1);
    let id = mine.id();
    drop(mine);
    ann.close();
    // It compacts in its own time, and a device that closes does not wait for what has not begun.
    for round in 0..10 {
        let ann = open();
        let mine = ann.space(id).unwrap();
        edit(&ann, &mine, round * 80 + 1..round * 80 + 81);
        ann.close();
        let rows = rows(&RedbStore::open(folder.join("store.redb")).unwrap(), &mine);
        if rows[0].is_base {
            assert!(rows.len() <= 20, "{rows:?}");
            let text = open().space(id).unwrap().text::<Card>(card(CARD), FIELD).unwrap();
            assert_eq!(text.lines().count(), round * 80 + 81);
            return;
        }
    }
    panic!("no text was compacted");
}
