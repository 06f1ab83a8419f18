//! The machines of the core in a world from a seed: two devices, offline and back, with everything that goes wrong on the way.

use crate::todo::{Item, ItemCommand, ItemEvent, ItemRefusal, ListView, OPEN_MAX, add, command, domain, id};
use rand::RngExt;
use recordplayer::codec::encode;
use recordplayer::decide::Intent;
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::record::{Position, StreamId};
use recordplayer::refusal::CoreRefusal;
use recordplayer::replica::SubmitError;
use recordplayer::storage::memory::Failure;
use recordplayer::testing::{DeviceId, Faults, Restore, World};

fn rename(item: u8, title: &str) -> Intent {
    command(item, &ItemCommand::Rename { title: title.to_owned() })
}

#[test]
fn two_devices_edit_offline_and_converge() {
    let mut world = World::seeded(7, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, 100, "milk")).unwrap();
    world.run_until_quiet();
    world.cut_off(bo);
    world.send(ann, rename(1, "oat milk")).unwrap();
    world.send(bo, rename(1, "soy milk")).unwrap();
    world.send(bo, add(2, 100, "bread")).unwrap();
    assert_eq!(world.replica(bo).entity::<Item>(id(1)).title, "soy milk", "shown at once");
    world.run_for_ms(5_000);
    assert_eq!(world.replica(ann).entity::<Item>(id(1)).title, "oat milk");
    world.heal();
    world.run_until_quiet();
    for device in [ann, bo] {
        let view = world.replica(device).view::<ListView>(id(100));
        assert_eq!(view.titles.get(&id(1)).map(String::as_str), Some("soy milk"), "the later decision holds");
        assert_eq!(view.titles.get(&id(2)).map(String::as_str), Some("bread"));
    }
}

/// A device that had just subscribed took its old knowledge for the present and called itself in step: a person was shown "synced" while a
/// night's work of others was missing.
#[test]
fn a_device_is_in_step_only_once_the_authority_has_said_where_the_log_ends() {
    let mut world = World::seeded(9, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.cut_off(bo);
    world.send(ann, add(1, 100, "milk")).unwrap();
    world.run_for_ms(5_000);
    world.heal();
    let status = world.replica(bo).status();
    assert!(status.is_online && !status.is_current && !world.replica(bo).is_settled(), "{status:?}");
    world.run_until_quiet();
    assert!(world.replica(bo).status().is_current);
}

/// Two people gave one thing a name while neither knew of the other, and the first one only wondered where their name had gone.
#[test]
fn two_people_who_set_one_value_unseen_are_both_told() {
    let mut world = World::seeded(10, &domain());
    let [ann, bo, cy] = world.devices(["ann", "bo", "cy"]);
    world.send(ann, add(1, 100, "milk")).unwrap();
    world.run_until_quiet();
    world.cut_off(bo);
    world.send(ann, rename(1, "oat milk")).unwrap();
    world.send(ann, command(2, &ItemCommand::Add { list: id(100), title: "bread".to_owned() })).unwrap();
    world.run_for_ms(2_000);
    world.send(bo, rename(1, "soy milk")).unwrap();
    world.heal();
    world.run_until_quiet();
    let [of_ann, of_bo] = [ann, bo].map(|device| world.met(device).to_vec());
    assert_eq!(of_ann.len(), 1);
    assert_eq!(of_ann, of_bo, "both are told the same");
    assert_eq!(world.met(cy), [], "it concerns nobody else");
    let meeting = &of_ann[0];
    assert_eq!((meeting.actor, meeting.over_actor), (world.replica(bo).actor(), world.replica(ann).actor()));
    assert!(meeting.over < meeting.record);
    // Who has seen what they change meets nobody, and neither does who changes their own.
    world.send(ann, rename(1, "goat milk")).unwrap();
    world.send(ann, rename(1, "sheep milk")).unwrap();
    world.run_until_quiet();
    assert_eq!(world.met(ann).len(), 1);
}

/// What was set over another value is named by its own record, whatever else the same command did.
#[test]
fn a_meeting_names_the_records_that_met() {
    let mut world = World::seeded(11, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, 100, "milk")).unwrap();
    world.run_until_quiet();
    world.cut_off(bo);
    world.send(ann, command(1, &ItemCommand::MoveTo { list: id(101) })).unwrap();
    world.run_for_ms(2_000);
    world.send(bo, command(1, &ItemCommand::MoveTo { list: id(102) })).unwrap();
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.met(ann), world.met(bo));
    let [meeting] = world.met(bo) else { panic!("{:?}", world.met(bo)) };
    let log = world.log();
    let moved = |number: Position| {
        let record = log.iter().flat_map(|commit| &commit.records).find(|record| record.number == number).unwrap();
        (record.stream.clone(), record.event::<Item>().cloned())
    };
    let item = StreamId::of::<Item>(id(1));
    assert_eq!(meeting.stream, item);
    assert_eq!(moved(meeting.over), (item.clone(), Some(ItemEvent::MovedTo { list: id(101) })));
    assert_eq!(moved(meeting.record), (item, Some(ItemEvent::MovedTo { list: id(102) })));
}

#[test]
fn the_last_place_goes_to_one_and_the_other_keeps_the_command_with_the_reason() {
    let mut world = World::seeded(8, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    for item in 1..OPEN_MAX as u8 {
        world.send(ann, add(item, 100, "x")).unwrap();
    }
    world.run_until_quiet();
    world.cut_off(ann);
    world.cut_off(bo);
    world.send(ann, add(50, 100, "ann's")).unwrap();
    world.send(bo, add(60, 100, "bo's")).unwrap();
    world.heal();
    world.run_until_quiet();
    let refused: Vec<_> = [ann, bo]
        .iter()
        .flat_map(|device| world.replica(*device).outbox().cloned().collect::<Vec<_>>())
        .filter_map(|entry| Some((entry.typed_title()?, entry.refused?)))
        .collect();
    assert_eq!(refused.len(), 1, "exactly one is refused, and still there");
    assert_eq!(refused[0].1.typed::<ItemRefusal>(), Some(ItemRefusal::ListFull { max: OPEN_MAX as u64 }));
    assert!(["ann's", "bo's"].contains(&refused[0].0.as_str()), "nothing that was typed is lost");
}

trait TypedTitle {
    fn typed_title(&self) -> Option<String>;
}

impl TypedTitle for recordplayer::replica::OutboxEntry {
    fn typed_title(&self) -> Option<String> {
        match self.intent().typed::<Item>()? {
            ItemCommand::Add { title, .. } | ItemCommand::Rename { title } => Some(title),
            ItemCommand::MoveTo { .. } | ItemCommand::Finish {} | ItemCommand::Panic {} => None,
        }
    }
}

#[test]
fn what_decide_refuses_on_the_device_is_not_queued() {
    let mut world = World::seeded(9, &domain());
    let [ann] = world.devices(["ann"]);
    let refused = world.send(ann, rename(9, "nothing"));
    assert!(
        matches!(refused, Err(SubmitError::Refused(refused)) if refused.typed() == Some(ItemRefusal::NoSuchItem {}))
    );
    assert_eq!(world.replica(ann).outbox().count(), 0);
}

#[test]
fn a_panic_in_decide_refuses_that_one_command_and_nothing_else() {
    let mut world = World::seeded(10, &domain());
    let [ann] = world.devices(["ann"]);
    let refused = world.send(ann, command(1, &ItemCommand::Panic {}));
    let Err(SubmitError::Refused(refused)) = refused else { panic!("a panic is a refusal") };
    assert!(matches!(refused.typed(), Some(CoreRefusal::Quarantined { .. })));
    world.send(ann, add(1, 100, "goes on")).unwrap();
    world.run_until_quiet();
}

#[test]
fn a_command_that_was_not_on_disk_is_lost_with_the_crash_and_one_that_was_is_not() {
    let mut world = World::seeded(11, &domain());
    let [ann] = world.devices(["ann"]);
    world.cut_off(ann);
    world.send(ann, add(1, 100, "saved")).unwrap();
    world.run_for_ms(100);
    world.send(ann, add(2, 100, "not yet saved")).unwrap();
    world.crash(ann);
    world.heal();
    world.run_until_quiet();
    let titles = world.replica(ann).view::<ListView>(id(100)).titles.clone();
    assert_eq!(titles.into_values().collect::<Vec<_>>(), ["saved"]);
}

#[test]
fn an_append_whose_answer_is_lost_is_decided_once() {
    for failure in [Failure::UnknownApplied, Failure::UnknownLost, Failure::Fenced] {
        let mut world = World::seeded(12, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.fail_next_append(failure);
        world.send(ann, add(1, 100, "once")).unwrap();
        world.send(bo, add(2, 100, "too")).unwrap();
        world.run_until_quiet();
        assert_eq!(world.replica(bo).view::<ListView>(id(100)).records, 2, "{failure:?}");
    }
}

#[test]
fn a_cloned_device_takes_an_identity_of_its_own_and_nothing_is_doubled() {
    let mut world = World::seeded(13, &domain());
    let [ann, twin] = world.devices(["ann", "twin"]);
    world.send(ann, add(1, 100, "before")).unwrap();
    world.run_until_quiet();
    world.cut_off(ann);
    world.send(ann, add(2, 100, "waits on both")).unwrap();
    world.run_for_ms(100);
    let copy = world.backup(ann);
    world.restore(twin, &copy, Restore::Both);
    world.cut_off(twin);
    world.send(ann, add(3, 100, "ann's own")).unwrap();
    world.send(twin, add(4, 100, "the twin's own")).unwrap();
    world.heal();
    world.run_until_quiet();
    assert_ne!(world.replica(ann).replica(), world.replica(twin).replica());
    let view = world.replica(ann).view::<ListView>(id(100));
    assert_eq!((view.titles.len(), view.records), (4, 4), "each command once");
}

#[test]
fn a_refused_command_can_be_tried_again_or_discarded() {
    let mut world = World::seeded(14, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    for item in 1..OPEN_MAX as u8 {
        world.send(ann, add(item, 100, "x")).unwrap();
    }
    world.run_until_quiet();
    world.cut_off(bo);
    world.send(bo, add(60, 100, "bo's")).unwrap();
    world.send(ann, add(50, 100, "ann's")).unwrap();
    world.run_for_ms(3_000);
    world.heal();
    world.run_until_quiet();
    let refused = world.replica(bo).outbox().next().unwrap().command;
    world.send(ann, command(1, &ItemCommand::Finish {})).unwrap();
    world.run_until_quiet();
    let fresh = recordplayer::id::CommandId(id(77));
    world.with(bo, |replica, now| replica.retry(now, refused, fresh)).unwrap();
    world.run_until_quiet();
    assert_eq!(world.replica(bo).outbox().count(), 0);
    assert!(world.replica(ann).view::<ListView>(id(100)).titles.contains_key(&id(60)));
}

/// So many records that a new device is offered the state and not the history.
fn write_long_history(world: &mut World, ann: DeviceId) {
    world.send(ann, add(1, 100, "0")).unwrap();
    for edit in 0..1_500 {
        world.send(ann, rename(1, &edit.to_string())).unwrap();
        // What waits is decided again whenever something comes; a short outbox keeps the test short.
        if edit % 20 == 0 {
            world.run_for_ms(500);
        }
    }
    world.run_until_quiet();
}

#[test]
fn a_device_that_joins_late_gets_the_state_and_then_the_history() {
    let mut world = World::seeded(15, &domain());
    let [ann] = world.devices(["ann"]);
    write_long_history(&mut world, ann);
    let [bo] = world.devices(["bo"]);
    assert_eq!(world.replica(bo).entity::<Item>(id(1)).title, "1499");
    assert_eq!(world.replica(bo).view::<ListView>(id(100)), world.replica(ann).view::<ListView>(id(100)));
    world.run_for_ms(20_000);
    assert_eq!(world.complete_to(bo), world.replica(bo).confirmed(), "the older records came behind");
}

/// A device had got the state and went offline before the history had come. Online again it got news, saved a checkpoint behind them, and took
/// that for a sign that nothing was missing.
#[test]
fn the_history_comes_also_where_news_and_a_checkpoint_come_first() {
    let mut world = World::seeded(16, &domain());
    let [ann] = world.devices(["ann"]);
    write_long_history(&mut world, ann);
    let [bo] = world.devices(["bo"]);
    world.crash(bo);
    assert!(world.complete_to(bo).position < world.authority().0.position, "the history is not there yet");
    world.send(ann, rename(1, "news")).unwrap();
    world.run_for_ms(5_000);
    world.restart(bo);
    world.run_for_ms(60_000);
    assert_eq!(world.complete_to(bo), world.replica(bo).confirmed());
}

/// Everything at once, from many seeds: commands from three devices, bad lines, cuts, crashes of everybody.
#[test]
fn whatever_happens_devices_converge() {
    for seed in 0..150 {
        converge(seed);
    }
}

fn converge(seed: u64) {
    let mut world = World::seeded(seed, &domain());
    let devices = world.devices(["ann", "bo", "cy"]);
    world.suffer(Faults::bad());
    for _ in 0..60 {
        let device = devices[world.random().random_range(0..3)];
        let item = world.random().random_range(1..30);
        let list = world.random().random_range(100..103);
        let title = format!("{item} {}", world.random().random_range(0..1_000));
        match world.random().random_range(0..20) {
            0 => world.cut_off(device),
            1 => {
                world.crash(device);
                world.restart(device);
            }
            2 => {
                world.crash_authority();
                world.run_for_ms(300);
                world.start_authority();
            }
            3 => world.fail_next_append(Failure::UnknownApplied),
            4 => world.run_for_ms(2_500),
            5..12 => drop(world.send(device, add(item, list, &title))),
            12..16 => drop(world.send(device, rename(item, &title))),
            16..18 => drop(world.send(device, command(item, &ItemCommand::MoveTo { list: id(list) }))),
            _ => drop(world.send(device, command(item, &ItemCommand::Finish {}))),
        }
        let ms = world.random().random_range(0..400);
        world.run_for_ms(ms);
    }
    world.heal();
    world.run_until_quiet();
    let views: Vec<_> = devices
        .iter()
        .map(|device| {
            (100..103)
                .map(|list| encode(&*world.replica(*device).view::<ListView>(id(list))).unwrap())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(views.windows(2).all(|pair| pair[0] == pair[1]), "views differ; {}", world.how_to_replay());
}

/// The append that took a person out was written, and its answer was lost. The authority read its log again and sent all of it to everybody
/// who followed, to who was out as well.
#[test]
fn who_is_taken_out_by_an_append_without_an_answer_gets_no_byte_more() {
    let mut world = World::seeded(18, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    let person = world.replica(bo).actor();
    world.cut_off(ann);
    let remove = MembershipCommand::RemoveMember { person };
    world.send(ann, Intent::of::<Membership>(world.space().0, &remove).unwrap()).unwrap();
    world.send(ann, add(1, 100, "not for bo")).unwrap();
    world.run_for_ms(100);
    world.fail_next_append(Failure::UnknownApplied);
    world.heal();
    world.run_until_quiet();
    assert!(!world.is_running(bo), "the space has left bo's device");
}
