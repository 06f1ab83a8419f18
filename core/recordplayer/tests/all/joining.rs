//! Joining a space by its state, and its history behind that, with thresholds so small that a few records make a large space.

use std::sync::Arc;

use crate::machines::{Anew, Authority, Device, FIRST, PERSON, SPACE, entry};
use crate::todo::{Item, ItemRefusal, OPEN_MAX, add, application, id};
use recordplayer::commit::Head;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::id::CommandId;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::refusal::Refused;
use recordplayer::replica::{ReplicaOutput, Wish};
use recordplayer::storage::Write;
use recordplayer::testing::{Restore, Transition, World};
use recordplayer::thresholds::Thresholds;

const LIST: u8 = 100;

fn small() -> Arc<Domain> {
    let thresholds = Thresholds {
        snapshot_from_records: 4,
        snapshot_chunk_bytes: 100,
        read_bytes: 1,
        in_flight_commands_max: 2,
        verdicts_max: 4,
        ..Thresholds::default()
    };
    application().with_thresholds(thresholds).shared()
}

/// One with six items.
fn large() -> Authority {
    let mut authority = Authority::founded(small());
    for item in 1..7 {
        let number = u64::from(item) + 1;
        let entry = entry(number, CommandId(id(item)), add(item, LIST, "an item"));
        assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
        authority.said.clear();
    }
    authority
}

/// What the device asks for.
fn asks(device: &mut Device) -> ClientFrame {
    assert_eq!(device.sent.len(), 1, "{:?}", device.sent);
    device.sent.remove(0)
}

/// All that the machine has to do, with the saves left undone.
fn undone(device: &mut Device) -> Vec<ReplicaOutput> {
    std::iter::from_fn(|| device.replica.poll_output()).collect()
}

fn ping(head: Head) -> ServerFrame {
    ServerFrame::Ping { nonce: 0, heads: vec![(SPACE, head)] }
}

/// The device up to where it waits for the last chunk of the snapshot, and that chunk; with how many it took.
fn before_the_last_chunk(authority: &mut Authority, pings: bool) -> (Device, ServerFrame, u32) {
    let mut device = Device::new(small());
    let (last, chunks) = fetch_up_to_the_last_chunk(&mut device, authority, pings);
    (device, last, chunks)
}

fn fetch_up_to_the_last_chunk(device: &mut Device, authority: &mut Authority, pings: bool) -> (ServerFrame, u32) {
    device.replica.handle_connected();
    device.work();
    let mut chunks = 0;
    loop {
        authority.hear(asks(device));
        let frame = authority.said.remove(0);
        if matches!(frame, ServerFrame::SnapshotChunk { cursor: None, .. }) {
            return (frame, chunks);
        }
        chunks += u32::from(matches!(frame, ServerFrame::SnapshotChunk { .. }));
        device.take(frame);
        if pings {
            device.take(ping(authority.head()));
        }
    }
}

/// With each ping a device that was joining subscribed anew: it was offered the state anew, and on a slow line began again and again, for ever.
#[test]
fn a_ping_does_not_begin_a_snapshot_anew() {
    let (_, _, without) = before_the_last_chunk(&mut large(), false);
    let (_, _, with) = before_the_last_chunk(&mut large(), true);
    assert!(with > 6, "it comes in many chunks: {with}");
    assert_eq!(with, without);
}

/// A chunk that is lost is asked for again: by the second ping behind which nothing has come.
#[test]
fn a_lost_chunk_is_asked_for_again() {
    let mut authority = large();
    let (mut device, _, _) = before_the_last_chunk(&mut authority, true);
    device.take(ping(authority.head()));
    device.talk(&mut authority, |_| true);
    device.take(ping(authority.head()));
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.confirmed(), authority.head());
}

/// A device took rows that came twice for others of the same key, and a sum that did not fit for damage on the way.
#[test]
fn a_chunk_that_comes_twice_is_taken_once() {
    let mut authority = large();
    let mut device = Device::new(small());
    device.replica.handle_connected();
    device.work();
    loop {
        authority.hear(asks(&mut device));
        let frame = authority.said.remove(0);
        device.take(frame.clone());
        if matches!(frame, ServerFrame::SnapshotChunk { cursor: None, .. }) {
            break;
        }
        if matches!(frame, ServerFrame::SnapshotChunk { .. }) {
            device.take(frame);
        }
    }
    assert_eq!(device.replica.confirmed(), authority.head(), "it has joined at the first try");
}

/// A ping came while the snapshot was on its way to the disk: the device subscribed as one that has nothing, and saved what it was then told behind
/// a state that held it already.
#[test]
fn while_a_snapshot_is_saved_nothing_is_asked_for_and_nothing_taken() {
    let mut authority = large();
    let (mut device, last, _) = before_the_last_chunk(&mut authority, false);
    device.replica.handle_frames(recordplayer::time::Timestamp(0), [last]);
    let saves = undone(&mut device);
    assert!(matches!(saves[..], [ReplicaOutput::Save { .. }]), "{saves:?}");
    let offer = authority.subscribe(PERSON);
    assert!(matches!(offer, ServerFrame::SnapshotOffer { .. }));
    for frame in [ping(authority.head()), offer, authority.everything()] {
        device.replica.handle_frames(recordplayer::time::Timestamp(0), [frame]);
        let outputs = undone(&mut device);
        assert!(outputs.is_empty(), "{outputs:?}");
    }
}

/// The last chunk comes, and the disk fails when the state is to be saved.
fn fails_to_save(mut device: Device, last: ServerFrame) -> Device {
    device.holds_saves_back = true;
    device.take(last);
    let device = device.started_again(small());
    assert_eq!(device.replica.confirmed(), Head::START, "the state is not there");
    assert_eq!(device.replica.outbox().count(), 1, "what waits is");
    device
}

/// What was redacted while a device joined is in the state that it has fetched. That cannot be saved; or it was saved, is of no use without the
/// history, and the one that is fetched in its place cannot be saved.
#[test]
fn a_join_that_cannot_be_saved_while_something_is_redacted_is_begun_again_without_that() {
    const SECRET: &str = "a word that must go";
    for is_saved_before in [false, true] {
        let mut authority = large();
        let submit = |authority: &mut Authority, number: u64, intent: Intent| {
            let entry = entry(number, CommandId(id(number as u8)), intent);
            assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
        };
        submit(&mut authority, 8, add(8, LIST, SECRET));
        authority.said.clear();
        let records = authority.log().last().unwrap().events().map(|event| event.number).collect();
        let redact = MembershipCommand::Redact { records, reopened: None };
        let redact = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
        let mut device = Device::new(small());
        device.submit(50, add(50, LIST, "waits")).unwrap();
        let (last, _) = fetch_up_to_the_last_chunk(&mut device, &mut authority, false);
        let mut device = if is_saved_before {
            device.take(last);
            device.talk(&mut authority, |frame| matches!(frame, ClientFrame::Subscribe { .. }));
            assert!(device.holds(SECRET) && !device.replica.has_history());
            submit(&mut authority, 9, redact);
            device.talk_of(&mut authority);
            assert_eq!(device.anew, Some(Anew::Redacted));
            let mut device = device.emptied(small());
            let (last, _) = fetch_up_to_the_last_chunk(&mut device, &mut authority, false);
            fails_to_save(device, last)
        } else {
            submit(&mut authority, 9, redact);
            fails_to_save(device, last)
        };
        authority.said.clear();
        device.replica.handle_connected();
        device.talk(&mut authority, |_| true);
        assert!(!device.holds(SECRET));
        assert_eq!(device.replica.state_hash(), authority.state_hash());
        assert_eq!(device.replica.outbox().count(), 0);
        assert_eq!(device.replica.entity::<Item>(id(50)).title, "waits");
    }
}

/// Records came before the snapshot that was asked for: it was offered, and the authority held it for as long as the session lived.
#[test]
fn an_offer_that_comes_late_is_declined() {
    let mut authority = large();
    let offer = authority.subscribe(PERSON);
    let mut device = Device::new(small());
    device.replica.handle_connected();
    device.work();
    device.take(authority.everything());
    device.sent.clear();
    device.take(offer);
    let asked = asks(&mut device);
    assert!(
        matches!(asked, ClientFrame::Subscribe { knowledge, .. } if knowledge.head == authority.head()),
        "{asked:?}"
    );
}

/// History that was asked for twice came twice, and was saved behind itself.
#[test]
fn history_that_comes_again_while_it_is_saved_is_saved_once() {
    let mut authority = large();
    let (mut device, last, _) = before_the_last_chunk(&mut authority, false);
    device.take(last);
    device.talk(&mut authority, |frame| matches!(frame, ClientFrame::Subscribe { .. }));
    assert!(!device.replica.has_history());
    let ServerFrame::Commits { space, epoch, after, upto, commits, head, state, .. } = authority.everything() else {
        panic!("it tells its log")
    };
    let history = ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill: true, state };
    device.replica.handle_frames(recordplayer::time::Timestamp(0), [history.clone(), history]);
    let is_history = |output: &&ReplicaOutput| matches!(output, ReplicaOutput::Save { main, .. } if main.iter().any(|write| matches!(write, Write::Backfill { .. })));
    assert_eq!(undone(&mut device).iter().filter(is_history).count(), 1);
}

/// The authority was restored while a device fetched its history: what came led to another log than the state that the device had joined by, and its
/// store did not take it.
#[test]
fn history_of_another_log_is_not_taken() {
    let mut authority = large();
    let (mut device, last, _) = before_the_last_chunk(&mut authority, false);
    device.take(last);
    device.talk(&mut authority, |frame| matches!(frame, ClientFrame::Subscribe { .. }));
    let ServerFrame::Commits { space, epoch, after, upto, commits, head, state, .. } = authority.everything() else {
        panic!("it tells its log")
    };
    let history = |epoch| ServerFrame::Commits {
        space,
        epoch,
        after,
        upto,
        commits: commits.clone(),
        head,
        is_backfill: true,
        state,
    };
    device.replica.handle_frames(recordplayer::time::Timestamp(0), [history(epoch + 1)]);
    let outputs = undone(&mut device);
    assert!(outputs.is_empty(), "nothing of it is saved: {outputs:?}");
    device.sent.clear();
    device.take(ping(authority.head()));
    assert!(device.sent.iter().any(|frame| matches!(frame, ClientFrame::FetchCommits { .. })), "it is asked for again");
    device.take(history(epoch));
    assert!(device.replica.has_history());
}

/// A device learnt from snapshots what had become of its commands, and never told that it had: at last the authority held so many verdicts for it
/// that it decided nothing more, and the device's work waited for ever.
#[test]
fn verdicts_that_came_by_a_snapshot_are_heard() {
    let mut world = World::seeded(1, &small());
    let [ann, bo] = world.devices(["ann", "bo"]);
    for round in 0..5 {
        world.apply(Transition::CutOneWay { device: ann, is_upward: false });
        for item in [2 * round + 1, 2 * round + 2] {
            world.send(ann, add(item, LIST, "hers")).unwrap();
        }
        world.run_for_ms(500);
        world.lose_main_store(ann);
        world.heal();
        world.run_until_quiet();
    }
    assert_eq!(world.replica(bo).entity::<Item>(id(10)).title, "hers");
}

/// Behind a snapshot a device knew that a command of its was decided, but not how: the refusal lay in the history that was still to come. It
/// counted later verdicts as its last ones meanwhile, and numbered on; so the authority let go of the refusal, and accepted what required it.
#[test]
fn a_refusal_that_a_snapshot_only_tells_of_is_kept_for_what_requires_it() {
    for seed in 0..24 {
        let mut world = World::seeded(seed, &small());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.apply(Transition::CutOneWay { device: ann, is_upward: false });
        for item in 1..=OPEN_MAX as u8 {
            world.send(bo, add(item, LIST, "bo's")).unwrap();
        }
        world.run_for_ms(5_000);
        let refused = world.send(ann, add(50, LIST, "there is no room")).unwrap();
        world.run_for_ms(500);
        world.lose_main_store(ann);
        for item in 60..66 {
            world.send(ann, add(item, LIST + 1, "hers")).unwrap();
        }
        let wish = Wish { requires: vec![refused], ..Wish::new(CommandId(id(70)), add(70, LIST + 1, "builds on it")) };
        world.wish(ann, wish).unwrap();
        world.heal();
        world.run_until_quiet();
        let titles = [65, 70].map(|item| world.replica(bo).entity::<Item>(id(item)).title.clone());
        assert_eq!(titles, ["hers", ""], "{}", world.how_to_replay());
    }
}

/// A device whose log is lost has nothing but commands that wait, as has one that founds a space: the first refusal was taken for one of the
/// founding, and all that waited was called refused, though it came into the log. Who threw it away saw it come back.
#[test]
fn a_device_whose_log_is_lost_founds_nothing() {
    let mut world = World::seeded(5, &application().shared());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.cut_off(ann);
    for item in 1..=OPEN_MAX as u8 {
        world.send(bo, add(item, LIST, "bo's")).unwrap();
    }
    let refused = world.send(ann, add(50, LIST, "there is no room")).unwrap();
    world.send(ann, add(51, LIST + 1, "hers")).unwrap();
    world.run_for_ms(5_000);
    world.lose_main_store(ann);
    world.heal();
    for _ in 0..5_000 {
        world.run_for_ms(1);
        let entries = world.replica(ann).outbox().filter(|entry| entry.refused.is_some());
        for entry in entries {
            let why = entry.refused.as_ref().and_then(Refused::typed);
            assert_eq!((entry.command, why), (refused, Some(ItemRefusal::ListFull { max: OPEN_MAX as u64 })));
        }
    }
    assert_eq!(world.replica(ann).outbox().map(|entry| entry.command).collect::<Vec<_>>(), [refused]);
    assert_eq!(world.replica(bo).entity::<Item>(id(51)).title, "hers");
}

/// The authority was restored while a device fetched its history. Of what was here of that already, the device brought back nothing: it looked
/// only behind the state that it had joined by.
#[test]
fn what_is_here_of_the_history_comes_back_where_the_authority_has_lost_it() {
    let mut world = World::seeded(2, &small());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    world.send(ann, add(50, LIST, "hers")).unwrap();
    world.run_until_quiet();
    let behind = world.complete_to(ann).position;
    for item in 1..=8 {
        world.send(bo, add(item, LIST, "bo's")).unwrap();
        world.run_until_quiet();
    }
    world.lose_main_store(ann);
    while world.complete_to(ann).position < behind {
        world.run_for_ms(1);
    }
    assert!(!world.replica(ann).has_history(), "it is not whole yet");
    world.restore_authority(&*backup);
    world.heal();
    world.run_until_quiet();
    for device in [ann, bo] {
        assert_eq!(world.replica(device).entity::<Item>(id(50)).title, "hers", "{}", world.how_to_replay());
    }
}

/// The authority was restored twice, and its clock had been set back in between: its second epoch came before the first one. A device that had
/// joined by a state of the first had no seal by which to prove it, kept what it had, and stood still for ever.
#[test]
fn who_has_joined_and_can_prove_nothing_follows_an_earlier_epoch() {
    const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;
    let mut world = World::seeded(4, &small());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(50, LIST, "before")).unwrap();
    world.run_until_quiet();
    let (backup, of_ann) = (world.backup_of_authority(), world.backup(ann));
    world.restore_authority(&*backup);
    world.run_until_quiet();
    for item in 1..=8 {
        world.send(ann, add(item, LIST, "lost")).unwrap();
        world.run_until_quiet();
    }
    world.lose_main_store(bo);
    while world.replica(bo).confirmed() == Head::START {
        world.run_for_ms(1);
    }
    world.cut_off(bo);
    world.cut_off(ann);
    world.restore(ann, &of_ann, Restore::Both);
    world.apply(Transition::SetClockOfAuthority { offset_ms: -YEAR_MS });
    world.restore_authority(&*backup);
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.replica(bo).confirmed(), world.replica(ann).confirmed());
    assert_eq!(world.replica(bo).entity::<Item>(id(1)).title, "");
}
