//! Redaction, and an authority that is restored from an older copy: the backup holds what was taken out since, and the numbers may mean others.

use crate::machines::{Authority, Device, FIRST, MINE, SPACE};
use crate::note;
use crate::redaction::{LIST, SECRET, records_with, redact, rename, title};
use crate::todo::{add, application, domain};
use recordplayer::codec::decode;
use recordplayer::decide::Intent;
use recordplayer::membership::{Membership, MembershipCommand, MembershipRefusal};
use recordplayer::protocol::{AnswerCode, ServerFrame};
use recordplayer::record::{Payload, Record};
use recordplayer::replica::{CommandState, Identity, ReplicaOutput};
use recordplayer::storage::OutboxWrite;
use recordplayer::testing::{Restore, World};
use recordplayer::thresholds::Thresholds;
use recordplayer::time::Timestamp;

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

/// What a device notes of a redaction that is still to come is on its disk before the commits. What it says there of verdicts is what the log there
/// holds: a crash between the two left numbers as heard whose verdicts had never come.
#[test]
fn what_is_noted_before_the_commits_counts_no_verdict_of_them_as_heard() {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    device.submit(20, add(1, LIST, SECRET)).unwrap();
    assert_eq!(authority.submit(MINE, None, 1, 20, add(1, LIST, SECRET)), AnswerCode::Accepted);
    let records = authority.log().into_iter().flat_map(|commit| commit.records).filter(Record::is_event);
    let last = records.last().unwrap().number;
    let redact = MembershipCommand::Redact { records: vec![last], reopened: None };
    let redact = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
    assert_eq!(authority.submit(FIRST, None, 2, 21, redact), AnswerCode::Accepted);
    let ServerFrame::Commits { space, epoch, after, commits, head, .. } = authority.everything() else {
        panic!("it tells its log")
    };
    // All but the redaction itself.
    let upto = authority.log().iter().rev().nth(1).unwrap().head();
    let commits = commits[..commits.len() - 1].to_vec();
    let frame = ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill: false, state: None };
    device.replica.handle_frames(Timestamp(0), [frame]);
    let saves = std::iter::from_fn(|| device.replica.poll_output()).filter_map(|output| match output {
        ReplicaOutput::Save { main, outbox, .. } => Some((main.len(), outbox)),
        _ => None,
    });
    let saves: Vec<_> = saves.collect();
    let [(0, noted), (1, _)] = saves.as_slice() else { panic!("{saves:?}") };
    let [OutboxWrite::Identity { bytes, .. }] = noted.as_slice() else { panic!("{noted:?}") };
    let identity: Identity = decode(bytes).unwrap();
    assert_eq!((identity.awaits_redaction, identity.answered_up_to), (Some(1), 0));
}
