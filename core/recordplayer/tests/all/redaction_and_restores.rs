//! Redaction, and an authority that is restored from an older copy: the backup holds what was taken out since, and the numbers may mean others.

use crate::note;
use crate::redaction::{LIST, SECRET, records_with, redact, rename, title};
use crate::todo::{add, application, domain};
use recordplayer::membership::MembershipRefusal;
use recordplayer::record::Payload;
use recordplayer::replica::CommandState;
use recordplayer::testing::{Restore, World};
use recordplayer::thresholds::Thresholds;

/// What was accepted and lost again by a restore waits once more, on the text of then; and some of that is redacted meanwhile.
#[test]
fn what_is_said_again_after_a_restore_is_not_said_on_what_was_redacted() {
    let mut world = World::seeded(12, &note::domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    note::write(&mut world, ann, "before ");
    note::write(&mut world, ann, SECRET);
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    note::write(&mut world, bo, " mine");
    world.run_until_quiet();
    world.cut_off(bo);
    note::write(&mut world, bo, ", too");
    world.run_for_ms(100);
    world.restore_authority(&*backup);
    world.run_for_ms(5_000);
    let records = records_with(&world, SECRET);
    redact(&mut world, ann, records).unwrap();
    world.run_for_ms(5_000);
    world.heal();
    world.run_until_quiet();
    world.run_for_ms(3_000);
    assert_eq!(world.where_is(SECRET), Vec::<String>::new());
    assert_eq!(note::text(&world, ann), "before  mine, too");
}

/// A backup cannot be recalled; but whoever restores one gets the redaction back with the rest.
#[test]
fn an_authority_that_is_restored_from_before_redacts_again() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.send(ann, add(1, LIST, "first")).unwrap();
        world.run_until_quiet();
        world.send(bo, rename(1, SECRET)).unwrap();
        world.run_until_quiet();
        let backup = world.backup_of_authority();
        let of_bo = world.backup(bo);
        let records = records_with(&world, SECRET);
        redact(&mut world, ann, records).unwrap();
        world.run_until_quiet();
        world.put_back_authority(&*backup);
        world.restore(bo, &of_bo, Restore::MainStore);
        world.run_until_quiet();
        world.run_for_ms(3_000);
        assert_eq!(world.where_is(SECRET), Vec::<String>::new(), "{}", world.how_to_replay());
        assert_eq!(title(&world, bo), "first");
    }
}

/// A device was catching up, with commits whose payloads were gone, and had not come to what took them out. The authority lost just that with a
/// restore: it held the words again, and the device never did.
#[test]
fn a_redaction_that_is_lost_half_way_is_lost_everywhere() {
    let thresholds = Thresholds { frame_commits_bytes_max: 1, read_bytes: 1, ..Thresholds::default() };
    let mut world = World::seeded(7, &application().with_thresholds(thresholds).shared());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.cut_off(bo);
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.send(ann, rename(1, SECRET)).unwrap();
    world.send(ann, rename(1, "after")).unwrap();
    world.run_for_ms(5_000);
    let (backup, of_ann) = (world.backup_of_authority(), world.backup(ann));
    let records = records_with(&world, SECRET);
    let secret = records[0];
    redact(&mut world, ann, records).unwrap();
    world.run_for_ms(5_000);
    world.heal();
    while world.replica(bo).confirmed().position < secret {
        world.run_for_ms(1);
    }
    world.cut_off(bo);
    world.cut_off(ann);
    world.restore(ann, &of_ann, Restore::Both);
    world.restore_authority(&*backup);
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.where_is(SECRET), ["the authority", "ann", "bo"], "{}", world.how_to_replay());
}

/// A person took a record out of the history, offline. Meanwhile the authority was restored from a backup, and the record's number is another
/// one's now: that one was taken out.
#[test]
fn a_redaction_is_not_carried_out_on_another_history() {
    let mut world = World::seeded(4, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    world.send(ann, rename(1, SECRET)).unwrap();
    world.run_until_quiet();
    world.cut_off(ann);
    let records = records_with(&world, SECRET);
    let redaction = redact(&mut world, ann, records).unwrap();
    world.restore_authority(&*backup);
    for item in 10..14 {
        world.send(bo, add(item, LIST, "innocent")).unwrap();
    }
    world.run_for_ms(5_000);
    world.heal();
    world.run_until_quiet();
    let CommandState::Refused(refused) = world.replica(ann).command_state(redaction) else { panic!("refused") };
    assert_eq!(refused.typed(), Some(MembershipRefusal::RestoredSince {}));
    assert!(world.log().iter().flat_map(|commit| &commit.records).all(|record| record.payload != Payload::Erased));
    // Whoever has seen the history as it is now can.
    let records = records_with(&world, SECRET);
    redact(&mut world, ann, records).unwrap();
    world.run_until_quiet();
    world.run_for_ms(3_000);
    assert_eq!(title(&world, bo), "first");
}
