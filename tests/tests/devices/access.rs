use recordplayer::membership::{Membership, MembershipCommand};

use crate::town::{PATIENCE, Town, two_in_step, wait_until, write_card};

#[test]
fn who_is_removed_keeps_what_was_not_sent_and_nothing_else() {
    let town = Town::new();
    let [(ann, mine), (bo, his)] = two_in_step(&town);
    write_card(&mine, "Secret of the project");
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    let (id, person) = (his.id(), his.actor());
    bo.close();
    drop((bo, his));
    let bo = town.open("bo");
    write_card(&bo.space(id).unwrap(), "Typed offline").wait_saved(PATIENCE).unwrap();
    mine.send::<Membership>(id.0, &MembershipCommand::RemoveMember { person }).unwrap();
    ann.wait_in_step(PATIENCE).unwrap();
    bo.connect();
    wait_until(&bo, || bo.space(id).is_none());
    bo.wait_in_step(PATIENCE).unwrap();
    let notices = bo.notices();
    assert!(notices.iter().any(|notice| notice.contains("not a member") && notice.contains("lies in")), "{notices:?}");
    let exports: Vec<_> = std::fs::read_dir(town.device_folder("bo").join("exports")).unwrap().collect();
    let [Ok(export)] = exports.as_slice() else { panic!("one export: {exports:?}") };
    let text = std::fs::read_to_string(export.path()).unwrap();
    assert!(text.contains("Typed offline"), "{text}");
    assert!(!text.contains("Secret of the project"));
    bo.forget_notices();
    bo.close();
    drop(bo);
    let bo = town.open("bo");
    assert!(bo.spaces().is_empty() && bo.notices().is_empty());
}

/// Rule 13 while everybody is connected: the commit that removes somebody is the last that they get.
#[test]
fn who_is_removed_while_connected_gets_nothing_that_comes_after() {
    let town = Town::new();
    let [(ann, mine), (bo, his)] = two_in_step(&town);
    let (id, person) = (his.id(), his.actor());
    mine.send::<Membership>(id.0, &MembershipCommand::RemoveMember { person }).unwrap();
    write_card(&mine, "Not for Bo");
    ann.wait_in_step(PATIENCE).unwrap();
    wait_until(&bo, || bo.space(id).is_none());
    bo.wait_in_step(PATIENCE).unwrap();
    assert!(bo.notices().iter().any(|notice| notice.contains("not a member")), "{:?}", bo.notices());
    bo.close();
    for file in ["store.redb", "outbox.redb"] {
        let bytes = std::fs::read(town.device_folder("bo").join(file)).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"Not for Bo"), "{file}");
    }
}
