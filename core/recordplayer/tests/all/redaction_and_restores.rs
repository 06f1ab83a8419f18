//! Redaction, and an authority that is restored from an older copy: the backup holds what was taken out since, and the numbers may mean others.

use std::sync::Arc;

use crate::machines::{Authority, Device, FIRST, MINE, SPACE};
use crate::note;
use crate::redaction::{LIST, SECRET, records_with, redact, rename, title};
use crate::todo::{add, application, domain};
use recordplayer::commit::{Commit, Head, SealKey};
use recordplayer::decide::Intent;
use recordplayer::hash::Hash;
use recordplayer::membership::{Membership, MembershipCommand, MembershipRefusal};
use recordplayer::protocol::{AnswerCode, ClientFrame, Knowledge, SealedCommit, ServerFrame};
use recordplayer::record::{Payload, Position, Record};
use recordplayer::replica::{CommandState, ReplicaOutput};
use recordplayer::storage::StoredCommit;
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

/// Says to the authority that somebody holds the end that it has lost.
fn offer(authority: &mut Authority, lost: &[StoredCommit]) {
    let end = lost.last().unwrap().open().unwrap();
    let wanted = ServerFrame::WantTail { space: SPACE, after: Some(authority.head()) };
    assert_eq!(authority.offer_tail_of(end.header.epoch, end.head(), end.seal.unwrap()), wanted);
}

/// An authority that lost its end; and what a device has of that: words whose payloads are gone, something else, and what took them out.
fn lost_end(key: &SealKey) -> (Authority, Device, Vec<StoredCommit>) {
    lost_end_without(key, "item.added")
}

/// As [`lost_end`], where that event was taken out.
fn lost_end_without(key: &SealKey, event: &str) -> (Authority, Device, Vec<StoredCommit>) {
    let mut authority = Authority::founded(domain()).copied(domain(), Some(*key));
    let restored = authority.copied(domain(), Some(*key));
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    assert_eq!(authority.submit(MINE, None, 1, 20, add(1, LIST, SECRET)), AnswerCode::Accepted);
    assert_eq!(authority.submit(MINE, None, 2, 21, add(2, LIST, "stays")), AnswerCode::Accepted);
    device.take(authority.everything());
    let words = named(authority.log().iter().rev().nth(1).unwrap(), event);
    let redact = MembershipCommand::Redact { records: vec![words], reopened: None };
    let redact = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
    assert_eq!(authority.submit(FIRST, None, 2, 22, redact), AnswerCode::Accepted);
    let end = restored.head().position;
    (restored, device, authority.reader().commits(end, authority.head().position, usize::MAX).unwrap())
}

fn named(commit: &Commit, event: &str) -> Position {
    commit.records.iter().find(|record| &*record.name == event).expect("it happened").number
}

fn is_there(record: &Record) -> bool {
    record.payload != Payload::Erased
}

fn alone(redaction: &StoredCommit) -> SealedCommit {
    SealedCommit { previous: redaction.previous, commit: Arc::clone(&redaction.bytes) }
}

/// Words came back to an authority without their payloads, and the time was over before what took them out came. Who had been away held them still,
/// and nothing ever said to take them out there. (Simulation, shelf, seed 7667890646976.) The same where nobody had told the authority of its
/// restore, and it decided the next command.
#[test]
fn what_comes_back_without_its_payload_is_taken_out_everywhere() {
    for reopens in [true, false] {
        let (mut authority, mut device, lost) = lost_end(&SealKey::new([5; 32]));
        let [words, other, redaction] = lost.as_slice() else { panic!("{lost:?}") };
        let tail = vec![Arc::clone(&words.bytes), Arc::clone(&other.bytes)];
        offer(&mut authority, &lost);
        let wants_more = ServerFrame::WantTail { space: SPACE, after: Some(other.head) };
        assert_eq!(authority.bring_tail_with(authority.head(), tail, vec![alone(redaction)]), wants_more);
        let nothing = Knowledge { epoch: 0, head: Head::START };
        let ServerFrame::Commits { state, .. } = authority.told_of(nothing) else { panic!("it tells its log") };
        assert_eq!(state, None, "what took them out may still come, and who joins waits for it");
        let is_whole = |device: &Device| device.log().iter().flat_map(|commit| &commit.records).all(is_there);
        assert!(is_whole(&device));
        if reopens {
            authority.reopen();
        } else {
            // What is decided behind a redaction is sent again.
            assert_eq!(authority.submit(FIRST, None, 2, 30, add(3, LIST, "behind it")), AnswerCode::RetryAfter);
            assert_eq!(authority.submit(FIRST, None, 2, 30, add(3, LIST, "behind it")), AnswerCode::Accepted);
        }
        device.take(authority.everything());
        assert!(!is_whole(&device));
        assert_eq!(device.replica.confirmed(), authority.head());
        let ServerFrame::Commits { state, .. } = authority.told_of(nothing) else { panic!("it tells its log") };
        assert!(state.is_some());
    }
}

/// A digest stands for its payload in every seal: whoever brings the log could take out of it what they liked.
#[test]
fn payloads_that_nobody_took_out_do_not_come_back_without_them() {
    let (key, other_key) = (SealKey::new([5; 32]), SealKey::new([6; 32]));
    let (mut authority, _, lost) = lost_end(&key);
    let [words, other, redaction] = lost.as_slice() else { panic!("{lost:?}") };
    offer(&mut authority, &lost);
    let end = authority.head();
    let tail = || vec![Arc::clone(&words.bytes), Arc::clone(&other.bytes)];
    let unsealed: Arc<[u8]> = [&redaction.bytes[..redaction.bytes.len() - 34], &[0xf6]].concat().into();
    let foreign = Commit::open(Arc::clone(&unsealed), &redaction.previous).unwrap().sealed(&other_key);
    let refused = ServerFrame::WantTail { space: SPACE, after: None };
    for (redactions, why) in [
        (Vec::new(), "nothing took them out"),
        (vec![alone(other)], "that took out nothing"),
        (vec![SealedCommit { commit: unsealed, ..alone(redaction) }], "without a seal"),
        (vec![SealedCommit { commit: foreign.bytes, ..alone(redaction) }], "under another server's seal"),
        (vec![SealedCommit { previous: Hash([1; 32]), ..alone(redaction) }], "which follows something else"),
        (vec![SealedCommit { commit: vec![0x83; 40].into(), ..alone(redaction) }], "what is no commit"),
    ] {
        assert_eq!(authority.bring_tail_with(end, tail(), redactions), refused, "{why}");
        assert_eq!(authority.head(), end, "{why}");
    }
    let whole = lost.iter().map(|stored| Arc::clone(&stored.bytes)).collect();
    let nothing_more = ServerFrame::WantTail { space: SPACE, after: Some(redaction.head) };
    assert_eq!(authority.bring_tail(end, whole), nothing_more, "what took them out is a part of it");
}

/// Of each record that lacks its payload something says so: whoever brings a commit of which one was taken out could take out another one with it.
#[test]
fn what_took_out_one_record_of_a_commit_explains_no_other_one() {
    let (mut authority, _, lost) = lost_end_without(&SealKey::new([5; 32]), "item.added");
    let [words, other, redaction] = lost.as_slice() else { panic!("{lost:?}") };
    let commit = words.open().unwrap();
    let opened = named(&commit, "list.opened");
    let less = commit.redacted(&[opened].into(), &words.previous).unwrap().expect("that one was there");
    offer(&mut authority, &lost);
    let end = authority.head();
    let tail = |words: &Arc<[u8]>| vec![Arc::clone(words), Arc::clone(&other.bytes)];
    let refused = ServerFrame::WantTail { space: SPACE, after: None };
    assert_eq!(authority.bring_tail_with(end, tail(&less.bytes), vec![alone(redaction)]), refused);
    let wants_more = ServerFrame::WantTail { space: SPACE, after: Some(other.head) };
    assert_eq!(authority.bring_tail_with(end, tail(&words.bytes), vec![alone(redaction)]), wants_more);
}

/// The command's payload goes with that of each of its events, for it may say the same.
#[test]
fn what_took_out_an_event_explains_that_its_command_is_gone_too() {
    let (mut authority, _, lost) = lost_end_without(&SealKey::new([5; 32]), "list.opened");
    let [words, other, redaction] = lost.as_slice() else { panic!("{lost:?}") };
    assert!(!words.open().unwrap().records.iter().any(is_there));
    offer(&mut authority, &lost);
    let tail = vec![Arc::clone(&words.bytes), Arc::clone(&other.bytes)];
    let wants_more = ServerFrame::WantTail { space: SPACE, after: Some(other.head) };
    assert_eq!(authority.bring_tail_with(authority.head(), tail, vec![alone(redaction)]), wants_more);
}

/// Where two restores lie between, a number of the history means another record.
#[test]
fn what_took_something_out_of_an_earlier_history_explains_nothing() {
    let key = SealKey::new([5; 32]);
    let mut authority = Authority::founded(domain()).copied(domain(), Some(key));
    authority.reopen();
    let before = authority.copied(domain(), Some(key));
    assert_eq!(authority.submit(MINE, None, 1, 20, add(1, LIST, "innocent")), AnswerCode::Accepted);
    let stored = authority.reader().commits(before.head().position, authority.head().position, usize::MAX).unwrap();
    let innocent = stored[0].open().unwrap();
    let without = innocent.redacted(&[innocent.records[1].number].into(), &stored[0].previous).unwrap().unwrap();
    let mut authority = before;
    offer(&mut authority, &stored);
    // It names the very record, and is this authority's.
    let numbers = innocent.records[1].number.0..=innocent.records[1].number.0 + 9;
    let redact = MembershipCommand::Redact { records: numbers.map(Position).collect(), reopened: None };
    let mut other = Authority::founded(domain()).copied(domain(), Some(key));
    for item in 0..9 {
        assert_eq!(
            other.submit(MINE, None, 1 + u64::from(item), 40 + item, add(item, LIST, "other")),
            AnswerCode::Accepted
        );
    }
    let redact = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
    assert_eq!(other.submit(FIRST, None, 2, 60, redact), AnswerCode::Accepted);
    let all = other.reader().commits(Position::START, other.head().position, usize::MAX).unwrap();
    let redaction = all.last().unwrap();
    assert!(redaction.open().unwrap().redacts().any(|record| record == innocent.records[1].number));
    let refused = ServerFrame::WantTail { space: SPACE, after: None };
    let end = authority.head();
    assert_eq!(authority.bring_tail_with(end, vec![without.bytes], vec![alone(redaction)]), refused);
}

/// The hash of a commit does not cover its seal: whoever brings it could leave that out, or put another one there.
#[test]
fn what_comes_back_can_be_proved_again() {
    let key = SealKey::new([5; 32]);
    let (mut authority, _, lost) = lost_end(&key);
    let [words, other, redaction] = lost.as_slice() else { panic!("{lost:?}") };
    let unsealed: Arc<[u8]> = [&redaction.bytes[..redaction.bytes.len() - 34], &[0xf6]].concat().into();
    let opened = Commit::open(Arc::clone(&unsealed), &redaction.previous).unwrap();
    let forged = opened.sealed(&SealKey::new([6; 32]));
    let tail = |redaction: Arc<[u8]>| vec![Arc::clone(&words.bytes), Arc::clone(&other.bytes), redaction];
    offer(&mut authority, &lost);
    let end = authority.head();
    // Behind it lies one more, which is sealed.
    let mut further = authority.copied(domain(), Some(key));
    offer(&mut further, &lost);
    further.bring_tail(end, tail(Arc::clone(&redaction.bytes)));
    assert_eq!(further.submit(MINE, None, 3, 70, add(7, LIST, "more")), AnswerCode::Accepted);
    let more = further.reader().commits(redaction.head.position, further.head().position, usize::MAX).unwrap();
    let with_more = |redaction| [tail(redaction), vec![Arc::clone(&more[0].bytes)]].concat();
    let refused = ServerFrame::WantTail { space: SPACE, after: None };
    assert_eq!(authority.bring_tail(end, with_more(forged.bytes)), refused, "a seal that is not its own");
    let taken = ServerFrame::WantTail { space: SPACE, after: Some(more[0].head) };
    assert_eq!(authority.bring_tail(end, with_more(unsealed)), taken);
    let stored = authority.reader().commit_with(redaction.head.position).unwrap().unwrap();
    assert_eq!(stored.bytes, redaction.bytes, "what takes payloads out has its seal again");
}

/// Nor does an honest device bring them, which has not come to what took them out itself.
#[test]
fn a_device_that_does_not_know_what_took_payloads_out_does_not_bring_what_lacks_them() {
    let (mut authority, _, lost) = lost_end(&SealKey::new([5; 32]));
    let [words, other, redaction] = lost.as_slice() else { panic!("{lost:?}") };
    let end = authority.head();
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    let (space, epoch, after, upto, head) = (SPACE, 1, end, other.head, redaction.head);
    let commits = vec![Arc::clone(&words.bytes), Arc::clone(&other.bytes)];
    device.take(ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill: false, state: None });
    assert_eq!(device.replica.confirmed(), other.head);
    device.sent.clear();
    device.replica.handle_connected();
    let (mut said, mut has_parted) = (Vec::new(), false);
    while !has_parted {
        while let Some(output) = device.replica.poll_output() {
            has_parted |= matches!(output, ReplicaOutput::Parted { .. });
            let ReplicaOutput::Send(frame) = output else { continue };
            said.push(frame.clone());
            authority.hear(frame);
        }
        device.replica.handle_frames(Timestamp(0), std::mem::take(&mut authority.said));
    }
    assert!(said.iter().any(|frame| matches!(frame, ClientFrame::OfferTail { .. })), "{said:?}");
    assert!(!said.iter().any(|frame| matches!(frame, ClientFrame::BringTail { .. })), "{said:?}");
}

/// What took payloads out goes beside each part of the tail that lacks them, so that all of it comes back as it was.
#[test]
fn a_tail_comes_back_whole_though_what_took_payloads_out_lies_far_behind() {
    let thresholds = Thresholds { frame_commits_bytes_max: 1, read_bytes: 1, ..Thresholds::default() };
    let mut world = World::seeded(8, &application().with_thresholds(thresholds).shared());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.send(ann, rename(1, SECRET)).unwrap();
    world.send(bo, add(2, LIST, "other")).unwrap();
    world.run_until_quiet();
    let records = records_with(&world, SECRET);
    redact(&mut world, ann, records).unwrap();
    world.run_until_quiet();
    let lost = world.log();
    world.put_back_authority(&*backup);
    world.run_until_quiet();
    let log = world.log();
    let heads = |log: &[Commit]| log.iter().map(Commit::head).collect::<Vec<_>>();
    assert_eq!(heads(&log[..lost.len()]), heads(&lost), "{}", world.how_to_replay());
    assert_eq!(world.where_is(SECRET), Vec::<String>::new());
}
