//! An authority that was restored from an older copy, and opened in a new epoch (rule 15): what people did that it has lost comes back from their
//! own devices, once and in its order; what was refused or discarded stays so; what only others did is told.

use crate::note::{Note, NoteCommand, domain, note, text, write};
use rand::RngExt;
use recordplayer::decide::Intent;
use recordplayer::id::{CommandId, Id};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::testing::{DeviceId, Faults, StoreFile, Transition, World};

fn ban(world: &mut World, device: DeviceId, command: CommandId) -> CommandId {
    world.send(device, Intent::of::<Note>(note(), &NoteCommand::Ban { command }).unwrap()).unwrap()
}

/// Two people, one word, and a backup of the authority behind that.
fn backed_up(seed: u64) -> (World, [DeviceId; 2], Box<dyn StoreFile>) {
    let mut world = World::seeded(seed, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    write(&mut world, ann, "before ");
    world.run_until_quiet();
    let backup = world.backup_of_authority();
    (world, [ann, bo], backup)
}

/// Nothing waits anywhere, and all read the same.
fn agreed(world: &World, devices: &[DeviceId]) -> String {
    let first = text(world, devices[0]);
    for device in devices {
        let why = world.how_to_replay();
        assert_eq!(text(world, *device), first, "{why}");
        assert_eq!(world.replica(*device).outbox().filter(|entry| entry.refused.is_none()).count(), 0, "{why}");
        assert!(world.replica(*device).epoch() > 1, "{why}");
    }
    first
}

#[test]
fn what_a_restored_authority_has_lost_comes_back_from_who_did_it() {
    for seed in 0..20 {
        let (mut world, [ann, bo], backup) = backed_up(seed);
        write(&mut world, ann, "by-ann ");
        world.run_until_quiet();
        write(&mut world, bo, "by-bo ");
        world.run_until_quiet();
        write(&mut world, ann, "by-ann-again ");
        world.run_until_quiet();
        world.cut_off(bo);
        write(&mut world, bo, "waits ");
        world.run_for_ms(100);
        world.restore_authority(&*backup);
        world.heal();
        world.run_until_quiet();
        let agreed = agreed(&world, &[ann, bo]);
        for words in ["before ", "by-ann ", "by-bo ", "by-ann-again ", "waits "] {
            assert_eq!(agreed.matches(words).count(), 1, "{words:?} in {agreed:?}; {}", world.how_to_replay());
        }
        let told = world.told(ann).len() + world.told(bo).len();
        assert!(told >= 3, "each was told what the other one had done: {told}");
    }
}

/// What a person did stays done once, whatever cut the line or the device while it went back.
#[test]
fn going_back_survives_crashes_and_bad_lines() {
    for seed in 0..30 {
        let (mut world, [ann, bo], backup) = backed_up(seed);
        for at in 0..4 {
            write(&mut world, ann, &format!("ann-{at} "));
            world.run_until_quiet();
            write(&mut world, bo, &format!("bo-{at} "));
            world.run_until_quiet();
        }
        world.suffer(Faults::bad());
        world.restore_authority(&*backup);
        for _ in 0..6 {
            let ms = world.random().random_range(1..400);
            world.run_for_ms(ms);
            let device = if world.random().random_bool(0.5) { ann } else { bo };
            if world.is_running(device) {
                world.crash(device);
                world.restart(device);
            }
        }
        world.heal();
        world.run_until_quiet();
        let agreed = agreed(&world, &[ann, bo]);
        for words in (0..4).flat_map(|at| [format!("ann-{at} "), format!("bo-{at} ")]) {
            assert_eq!(agreed.matches(&words).count(), 1, "{words:?} in {agreed:?}; {}", world.how_to_replay());
        }
    }
}

/// A refusal is final: what was refused before the restore is not sent again, and what its author has discarded neither.
#[test]
fn what_was_refused_or_discarded_is_not_sent_again() {
    for seed in 0..20 {
        let (mut world, [ann, bo], backup) = backed_up(seed);
        world.cut_off(ann);
        write(&mut world, ann, "banned ");
        world.run_for_ms(100);
        let banned = world.replica(ann).outbox().next().unwrap().command;
        ban(&mut world, bo, banned);
        world.run_for_ms(5_000);
        world.heal();
        world.run_until_quiet();
        assert_eq!(world.replica(ann).outbox().filter(|entry| entry.refused.is_some()).count(), 1);
        write(&mut world, ann, "stands ");
        world.run_until_quiet();
        world.restore_authority(&*backup);
        world.heal();
        world.run_until_quiet();
        let agreed = agreed(&world, &[ann, bo]);
        assert_eq!(agreed, "before stands ", "{}", world.how_to_replay());
        let refused = world.replica(ann).outbox().filter(|entry| entry.refused.is_some());
        let kept: Vec<_> = refused.filter_map(|entry| Some(entry.text.as_ref()?.after())).collect();
        assert_eq!(kept, ["before banned "], "its words are still there");
        world.with(ann, |replica, _| replica.discard(banned)).unwrap();
        world.run_until_quiet();
        // Epochs that begin with a restore are numbered by the second.
        world.run_for_ms(1_000);
        world.restore_authority(&*backup);
        world.heal();
        world.run_until_quiet();
        assert_eq!(world.replica(ann).outbox().count(), 0, "{}", world.how_to_replay());
        assert_eq!(text(&world, ann), "before stands ");
    }
}

/// Before the admin has opened it, the authority went on deciding for those who held nothing more than it did.
#[test]
fn what_was_decided_before_it_was_opened_stands() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        for word in ["one ", "two ", "three "] {
            write(&mut world, ann, word);
            world.run_until_quiet();
        }
        let backup = world.backup_of_authority();
        world.cut_off(bo);
        write(&mut world, ann, "by-ann ");
        world.run_for_ms(5_000);
        world.cut_off(ann);
        world.put_back_authority(&*backup);
        world.heal_one(bo);
        write(&mut world, bo, "by-bo ");
        world.run_for_ms(5_000);
        world.reopen_authority();
        world.heal();
        world.run_until_quiet();
        let agreed = agreed(&world, &[ann, bo]);
        for words in ["one ", "two ", "three ", "by-ann ", "by-bo "] {
            assert_eq!(agreed.matches(words).count(), 1, "{words:?} in {agreed:?}; {}", world.how_to_replay());
        }
    }
}

/// Only the authority itself begins an epoch.
#[test]
fn no_member_opens_a_new_epoch() {
    let (mut world, [ann, _], _) = backed_up(1);
    let reopen = MembershipCommand::Reopen { recovery: Id([7; 16]) };
    let intent = Intent::of::<Membership>(world.space().0, &reopen).unwrap();
    let refused = world.send(ann, intent).unwrap_err();
    assert!(refused.to_string().contains("Only the server itself"), "{refused}");
    world.run_until_quiet();
    assert_eq!(world.replica(ann).epoch(), 1);
}

/// A device had lost its log, and its outbox counted further than the authority, which was restored as well: it took the authority's word for
/// an old answer, and sent the same command for ever.
#[test]
fn a_device_whose_log_is_lost_too_counts_anew() {
    let (mut world, [ann, bo], backup) = backed_up(6);
    write(&mut world, ann, "lost on both sides ");
    world.run_until_quiet();
    world.cut_off(ann);
    write(&mut world, ann, "waits ");
    world.run_for_ms(100);
    world.restore_authority(&*backup);
    world.apply(Transition::LoseMainStore(ann));
    world.heal();
    world.run_until_quiet();
    let in_text = agreed(&world, &[ann, bo]).contains("waits");
    let mut refused = world.replica(ann).outbox().filter(|entry| entry.refused.is_some());
    let is_kept = refused.any(|entry| entry.text.as_ref().is_some_and(|text| text.after().contains("waits")));
    assert!(in_text || is_kept, "the word is there, or refused with what it was written into");
}

/// A refusal was lost on both sides: the authority was restored from before it, and the device had lost its log. The authority expected the
/// number of the refused command, which is never sent again, and the device sent what came behind it for ever.
#[test]
fn a_lost_refusal_holds_nothing_up() {
    let (mut world, [ann, bo], backup) = backed_up(3);
    world.cut_off(ann);
    write(&mut world, ann, "banned ");
    world.run_for_ms(100);
    let banned = world.replica(ann).outbox().next().unwrap().command;
    ban(&mut world, bo, banned);
    world.run_for_ms(5_000);
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.replica(ann).outbox().filter(|entry| entry.refused.is_some()).count(), 1);
    world.cut_off(ann);
    world.restore_authority(&*backup);
    world.apply(Transition::LoseMainStore(ann));
    world.apply(Transition::LoseMainStore(bo));
    world.run_for_ms(5_000);
    ban(&mut world, ann, CommandId(Id([9; 16])));
    world.heal();
    world.run_until_quiet();
    assert!(world.replica(ann).outbox().all(|entry| entry.refused.is_some()), "{}", world.how_to_replay());
    assert_eq!(agreed(&world, &[ann, bo]), "before ");
}

/// Epochs that begin with a restore are numbered by a clock, and no copy of the log knows the other epoch: two restores within one second, or a clock
/// that was set back between them, gave it the same number or an earlier one. Whoever had followed the first one stood still for ever.
#[test]
fn a_second_restore_goes_on_behind_the_first_one_whatever_the_clock_says() {
    const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;
    for seed in 0..24 {
        let (mut world, [ann, bo], backup) = backed_up(1_900 + seed);
        let recovers = seed % 3 == 0;
        let again = |world: &mut World| {
            if recovers { world.recover_authority(&*backup, 20_000) } else { world.restore_authority(&*backup) }
        };
        again(&mut world);
        if seed % 2 == 0 {
            world.run_for_ms(60_000);
            write(&mut world, ann, "by-ann ");
            write(&mut world, bo, "by-bo ");
            world.run_until_quiet();
            world.apply(Transition::SetClockOfAuthority { offset_ms: -YEAR_MS });
        } else {
            // Within the second.
            world.run_until_quiet();
            write(&mut world, ann, "by-ann ");
            write(&mut world, bo, "by-bo ");
            world.run_until_quiet();
        }
        if seed % 4 < 2 {
            // It has gone on before anybody of before comes back.
            world.cut_off(ann);
            again(&mut world);
            world.run_for_ms(30_000);
            write(&mut world, bo, "meanwhile ");
            world.run_for_ms(5_000);
        } else {
            again(&mut world);
        }
        world.heal();
        world.run_until_quiet();
        let agreed = agreed(&world, &[ann, bo]);
        for words in ["before ", "by-ann ", "by-bo "] {
            assert_eq!(agreed.matches(words).count(), 1, "{words:?} in {agreed:?}; {}", world.how_to_replay());
        }
    }
}
