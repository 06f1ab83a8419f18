//! Files of a device that are older than they should be, alone or together, and copies of them on other machines (rule 2): whatever comes back,
//! each command is decided once, and what waited is not lost.

use std::collections::BTreeSet;

use crate::redaction::redact;
use crate::todo::{Item, ItemCommand, ListView, OPEN_MAX, add, command, domain, id};
use recordplayer::decide::Intent;
use recordplayer::id::{CommandId, ReplicaId};
use recordplayer::record::Position;
use recordplayer::testing::{DeviceId, Restore, World};

const LIST: u8 = 100;

fn rename(item: u8, title: &str) -> Intent {
    command(item, &ItemCommand::Rename { title: title.to_owned() })
}

fn seen(world: &World, device: DeviceId) -> (usize, u64) {
    let view = world.replica(device).view::<ListView>(id(LIST));
    (view.titles.len(), view.records)
}

/// The records of what came of a command.
fn events_of(world: &World, command: CommandId) -> Vec<Position> {
    let commit = world.log().into_iter().find(|commit| commit.header.command == command).expect("it was accepted");
    commit.events().map(|record| record.number).collect()
}

/// Everything that was sent is there once, on every device, and nobody has anything left to do.
fn assert_each_once(world: &World, devices: &[DeviceId], items: usize) {
    for device in devices {
        assert_eq!(seen(world, *device), (items, items as u64), "{device:?}; {}", world.how_to_replay());
        assert_eq!(world.replica(*device).outbox().count(), 0, "{device:?}");
    }
}

fn identities(world: &World, devices: &[DeviceId]) -> Vec<ReplicaId> {
    let mut all: Vec<_> = devices.iter().map(|device| world.replica(*device).replica()).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn two_machines_restored_from_one_backup_and_the_one_it_was_made_of_go_on_as_three() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, second, third] = world.devices(["ann", "second", "third"]);
        world.send(ann, add(1, LIST, "before")).unwrap();
        world.run_until_quiet();
        world.cut_off(ann);
        world.send(ann, add(2, LIST, "waits in the backup")).unwrap();
        world.run_for_ms(100);
        let backup = world.backup(ann);
        world.heal();
        world.send(ann, add(3, LIST, "after the backup")).unwrap();
        world.run_until_quiet();
        for (device, item) in [(second, 4), (third, 5)] {
            world.cut_off(device);
            world.restore(device, &backup, Restore::Both);
            world.send(device, add(item, LIST, "its own")).unwrap();
        }
        world.send(ann, add(6, LIST, "goes on")).unwrap();
        world.heal();
        world.run_until_quiet();
        assert_each_once(&world, &[ann, second, third], 6);
        assert_eq!(identities(&world, &[ann, second, third]).len(), 3, "each is its own");
    }
}

/// A refusal that the person has not dealt with stands in the backup, with its number: neither may the device that came back take the identity that
/// it took the first time, nor may that number be taken for one of the new identity.
#[test]
fn a_device_that_came_back_twice_from_one_backup_is_another_one_each_time() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        // Who comes first owns the space, and may redact.
        let [bo, ann] = world.devices(["bo", "ann"]);
        let secret = world.send(bo, add(9, LIST + 2, "secret")).unwrap();
        world.cut_off(ann);
        world.send(ann, add(1, LIST, "one too many")).unwrap();
        for item in 10..10 + OPEN_MAX as u8 {
            world.send(bo, add(item, LIST, "bo's")).unwrap();
        }
        world.run_for_ms(5_000);
        world.heal();
        world.run_until_quiet();
        let files = world.backup(ann);
        let mut seen = BTreeSet::from([world.replica(ann).replica()]);
        for item in [30, 40] {
            world.send(ann, add(item, LIST + 1, "not in the backup")).unwrap();
            world.run_until_quiet();
            world.cut_off(ann);
            if item == 40 {
                let records = events_of(&world, secret);
                redact(&mut world, bo, records).unwrap();
            }
            world.restore(ann, &files, Restore::Both);
            world.send(ann, add(item + 1, LIST + 1, "its own")).unwrap();
            world.heal();
            world.run_until_quiet();
            assert!(seen.insert(world.replica(ann).replica()), "it was that before; {}", world.how_to_replay());
        }
        world.send(ann, add(50, LIST + 1, "goes on")).unwrap();
        world.run_until_quiet();
        assert!(seen.contains(&world.replica(ann).replica()), "nothing has come back since; {}", world.how_to_replay());
        for device in [ann, bo] {
            assert_eq!(
                world.replica(device).view::<ListView>(id(LIST + 1)).titles.len(),
                5,
                "{}",
                world.how_to_replay()
            );
        }
        assert_eq!(world.replica(ann).outbox().filter(|entry| entry.refused.is_some()).count(), 1);
    }
}

/// Both say again what the authority has lost, and keep it with its refusal: were their new identities the same too, the numbers of the one would be
/// those of the other, and what only one of them holds would never be sent.
#[test]
fn copies_that_go_back_with_a_restored_authority_do_not_become_the_same_device() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, second, bo] = world.devices(["ann", "second", "bo"]);
        for item in 1..OPEN_MAX as u8 {
            world.send(bo, add(item, LIST, "bo's")).unwrap();
        }
        world.run_until_quiet();
        let old = world.backup_of_authority();
        world.send(ann, add(50, LIST, "lost")).unwrap();
        world.run_until_quiet();
        world.cut_off(ann);
        world.cut_off(second);
        let files = world.backup(ann);
        world.restore(second, &files, Restore::Both);
        world.send(second, add(51, LIST + 1, "its own")).unwrap();
        world.run_for_ms(100);
        world.restore_authority(&*old);
        world.run_for_ms(5_000);
        world.send(bo, add(52, LIST, "instead")).unwrap();
        world.run_for_ms(5_000);
        world.heal_one(ann);
        world.run_for_ms(5_000);
        world.heal();
        world.run_until_quiet();
        for device in [ann, second] {
            assert_eq!(
                world.replica(device).view::<ListView>(id(LIST + 1)).titles.len(),
                1,
                "{}",
                world.how_to_replay()
            );
            assert_eq!(world.replica(device).outbox().filter(|entry| entry.refused.is_some()).count(), 1);
        }
        assert_eq!(identities(&world, &[ann, second]).len(), 2, "each is its own; {}", world.how_to_replay());
    }
}

/// The main store was put back and the outbox was not: the outbox owns who this is and how far its numbers have come.
#[test]
fn an_older_main_store_catches_up_under_a_newer_outbox() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.send(ann, add(1, LIST, "before")).unwrap();
        world.run_until_quiet();
        let backup = world.backup(ann);
        world.send(ann, add(2, LIST, "after the backup")).unwrap();
        world.send(bo, add(3, LIST, "bo's")).unwrap();
        world.run_until_quiet();
        world.cut_off(ann);
        world.send(ann, add(4, LIST, "waits")).unwrap();
        world.run_for_ms(100);
        let who = world.replica(ann).replica();
        world.restore(ann, &backup, Restore::MainStore);
        assert_eq!(seen(&world, ann), (2, 2), "what waits stands on what there is");
        world.heal();
        world.run_until_quiet();
        assert_each_once(&world, &[ann, bo], 4);
        assert_eq!(world.replica(ann).replica(), who, "its numbers were never in doubt");
    }
}

/// The outbox was put back and the main store was not: the log holds numbers that the outbox never gave.
#[test]
fn an_older_outbox_under_a_newer_main_store_is_another_device_from_then_on() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.cut_off(ann);
        world.send(ann, add(1, LIST, "waits in the backup")).unwrap();
        world.run_for_ms(100);
        let backup = world.backup(ann);
        world.heal();
        world.send(ann, add(2, LIST, "after the backup")).unwrap();
        world.run_until_quiet();
        let who = world.replica(ann).replica();
        world.cut_off(ann);
        world.restore(ann, &backup, Restore::Outbox);
        world.send(ann, add(3, LIST, "goes on")).unwrap();
        world.heal();
        world.run_until_quiet();
        assert_each_once(&world, &[ann, bo], 3);
        assert_ne!(world.replica(ann).replica(), who);
    }
}

/// What waited in the copy had long been decided, and was overtaken since. As it left the outbox, together with news of something else, no
/// screen was told, and went on to show it.
#[test]
fn what_leaves_an_outbox_that_came_back_leaves_the_screen() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.send(ann, add(1, LIST, "item")).unwrap();
        world.run_until_quiet();
        world.cut_off(ann);
        world.send(ann, rename(1, "overtaken")).unwrap();
        world.run_for_ms(100);
        let backup = world.backup(ann);
        world.heal();
        world.run_until_quiet();
        world.send(ann, rename(1, "as it is")).unwrap();
        world.run_until_quiet();
        world.cut_off(ann);
        world.send(bo, add(2, LIST, "news")).unwrap();
        world.restore(ann, &backup, Restore::Outbox);
        world.heal();
        world.run_until_quiet();
        assert_eq!(world.replica(ann).entity::<Item>(id(1)).title, "as it is");
        world.check_invariants();
    }
}

#[test]
fn a_crash_between_the_main_store_and_the_outbox_is_reconciled_at_the_next_start() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.send(ann, add(1, LIST, "before")).unwrap();
        world.run_until_quiet();
        let who = world.replica(ann).replica();
        world.send(ann, add(2, LIST, "decided")).unwrap();
        world.send(ann, add(3, LIST, "too")).unwrap();
        world.crash_within_next_save(ann);
        for _ in 0..100 {
            if !world.is_running(ann) {
                break;
            }
            world.run_for_ms(100);
        }
        assert!(!world.is_running(ann), "it stopped with the log written and the outbox not");
        world.restart(ann);
        let waits = world.replica(ann).outbox().count();
        assert!(waits < 2, "what the log holds has left the outbox: {waits}");
        world.send(ann, add(4, LIST, "goes on")).unwrap();
        world.run_until_quiet();
        assert_each_once(&world, &[ann, bo], 4);
        assert_eq!(world.replica(ann).replica(), who);
    }
}

/// The main store is lost and the space is joined anew by a snapshot: what was decided before it never comes as news.
#[test]
fn a_new_main_store_under_a_kept_outbox_learns_what_was_decided_from_the_snapshot() {
    let mut world = World::seeded(3, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "before")).unwrap();
    world.run_until_quiet();
    world.send(ann, add(2, LIST, "on its way")).unwrap();
    while world.replica(ann).status().sending == 0 {
        world.run_for_ms(1);
    }
    let backup = world.backup(ann);
    world.run_until_quiet();
    for edit in 0..1_050 {
        world.send(bo, rename(1, &format!("{edit}"))).unwrap();
        if edit % 50 == 0 {
            world.run_for_ms(500);
        }
    }
    world.run_until_quiet();
    let who = world.replica(ann).replica();
    world.cut_off(ann);
    // In this order: no start has the newer log and the older outbox.
    world.lose_main_store(ann);
    world.restore(ann, &backup, Restore::Outbox);
    assert_eq!(world.replica(ann).outbox().count(), 1);
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.replica(ann).outbox().count(), 0);
    assert_eq!(world.replica(ann).replica(), who);
}
