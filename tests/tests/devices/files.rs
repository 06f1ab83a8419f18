//! Files on a device: what stays, and what goes.

use recordplayer::hash::Hash;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer_client::{Device, Space};
use recordplayer_kanban::Card;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::{AttachmentId, CardId};

use crate::town::{PATIENCE, Town, card, two_in_step, wait_until, write_card};

const PLAN: &[u8] = b"two transformers";

/// Attaches the plan to a card; where the original lies, nobody needs to know any more.
fn attach(town: &Town, space: &Space, card: CardId) {
    let path = town.device_folder("original");
    std::fs::write(&path, PLAN).unwrap();
    let added = space.add_file(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    let attachment = AttachmentId(space.fresh_id());
    let attach = CardCommand::AttachFile { attachment, name: "plan".to_owned(), file: added.file };
    space.send::<Card>(card, &attach).unwrap().wait_saved(PATIENCE).unwrap();
}

/// Ann and Bo are in step, with a card.
fn with_card(town: &Town) -> ([(Device, Space); 2], CardId) {
    let [(ann, mine), (bo, his)] = two_in_step(town);
    write_card(&mine, "Motor");
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    ([(ann, mine), (bo, his)], card("Motor"))
}

#[test]
fn what_nothing_speaks_of_goes_and_what_waits_or_was_refused_stays() {
    let town = Town::new();
    let ([(ann, mine), (bo, his)], card) = with_card(&town);
    let hash = Hash::of(PLAN);
    // Somebody has chosen a file and thought better of it: it is gone with the next session.
    let path = town.device_folder("original");
    std::fs::write(&path, PLAN).unwrap();
    let chosen = mine.add_file(&path).unwrap();
    ann.wait_in_step(PATIENCE).unwrap();
    assert!(mine.file_here(&hash).is_some(), "it may be about to be spoken of");
    drop(chosen);
    let id = mine.id();
    ann.close();
    drop((ann, mine));
    let ann = town.open("ann");
    ann.wait_in_step(PATIENCE).unwrap();
    wait_until(&ann, || ann.space(id).unwrap().file_here(&hash).is_none());

    // Bo attaches it, and Ann makes him a viewer meanwhile: refused, and with him, however often he starts.
    let person = his.actor();
    bo.close();
    drop((bo, his));
    let bo = town.open("bo");
    attach(&town, &bo.space(id).unwrap(), card);
    let viewer = MembershipCommand::ChangeRole { person, role: "viewer".to_owned() };
    ann.space(id).unwrap().send::<Membership>(id.0, &viewer).unwrap();
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    bo.close();
    drop(bo);
    let bo = town.open("bo");
    bo.wait_in_step(PATIENCE).unwrap();
    let his = bo.space(id).unwrap();
    let [refused] = his.outbox().try_into().unwrap();
    assert!(refused.refused.is_some() && his.file_here(&hash).is_some());
    his.discard(refused.command).unwrap();
    bo.close();
    drop((bo, his));
    let bo = town.open("bo");
    bo.wait_in_step(PATIENCE).unwrap();
    wait_until(&bo, || bo.space(id).unwrap().file_here(&hash).is_none());
}

/// It was on this device alone, and would have gone with the project.
#[test]
fn who_is_removed_keeps_the_files_that_were_not_sent() {
    let town = Town::new();
    let ([(ann, mine), (bo, his)], card) = with_card(&town);
    let (id, person) = (his.id(), his.actor());
    bo.close();
    drop((bo, his));
    let bo = town.open("bo");
    attach(&town, &bo.space(id).unwrap(), card);
    mine.send::<Membership>(id.0, &MembershipCommand::RemoveMember { person }).unwrap();
    ann.wait_in_step(PATIENCE).unwrap();
    bo.connect();
    wait_until(&bo, || bo.space(id).is_none());
    let kept = town.device_folder("bo").join("exports").join(Hash::of(PLAN).to_string());
    assert_eq!(std::fs::read(kept).unwrap(), PLAN);
    assert!(!town.device_folder("bo").join("files").join(id.to_string()).exists());
}
