//! Edits that are noted: what they were made on is gone, and they wait, with what they made of it, to be made again on another text.

use crate::note::{Note, NoteCommand, domain, note, text};
use rand::RngExt;
use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::id::{ActId, CommandId, Id};
use recordplayer::replica::{TextEdit, TextWork};
use recordplayer::testing::{DeviceId, Restore, World};

/// Makes the note be `text`. Edits of one act are joined while they wait.
fn edit(world: &mut World, device: DeviceId, act: u8, text: &str) -> CommandId {
    let edit = TextEdit::<Note> {
        command: CommandId(Id(world.random().random())),
        entity: note(),
        claims: Claims::of_act(ActId(Id([act; 16]))),
        work: TextWork::Replace(text),
        make: |change| NoteCommand::Write { change },
    };
    world.edit(device, &edit).unwrap()[0]
}

fn ban(world: &mut World, device: DeviceId) {
    let ban = NoteCommand::Ban { command: CommandId(Id(world.random().random())) };
    world.send(device, Intent::of::<Note>(note(), &ban).unwrap()).unwrap();
}

fn noted(world: &World, device: DeviceId) -> usize {
    world.replica(device).outbox().filter(|entry| entry.text.is_some() && entry.refused.is_none()).count()
}

/// A copy of the device sent the edit as it was before more was joined with it here. Here it was noted, for the authority was restored; and so it was
/// taken for said, and what had been joined with it was gone (simulation, kanban, seeds 20261129012047 and 20261129019825 at 7d232fb).
#[test]
fn what_was_joined_with_a_noted_edit_that_a_copy_has_sent_is_said_by_itself() {
    for seed in 0..20 {
        let mut world = World::seeded(4_100 + seed, &domain());
        let [ann, copy, bo] = world.devices(["ann", "copy", "bo"]);
        edit(&mut world, ann, 1, "one");
        world.run_until_quiet();
        let backup = world.backup_of_authority();
        edit(&mut world, bo, 2, "lost one");
        world.run_until_quiet();
        world.cut_off(ann);
        let waiting = edit(&mut world, ann, 3, "lost one two");
        world.run_for_ms(100);
        let files = world.backup(ann);
        assert_eq!(edit(&mut world, ann, 3, "lost one two three"), waiting, "it was joined");
        world.run_for_ms(100);
        world.cut_off(copy);
        world.restore(copy, &files, Restore::Both);
        world.cut_off(bo);
        world.restore_authority(&*backup);
        world.heal_one(copy);
        world.run_for_ms(10_000);
        world.heal();
        world.run_until_quiet();
        for device in [ann, copy, bo] {
            assert_eq!(text(&world, device), "lost one two three", "{}", world.how_to_replay());
            assert_eq!(world.replica(device).outbox().count(), 0, "{}", world.how_to_replay());
        }
    }
}

/// An edit that was made while a noted one waited, and beside it, was said again as if it had been made on it: somewhere else in the text, or behind its
/// end, and the program ended (simulation, kanban, seed 81998809443884, as histories were drawn at c057c73).
#[test]
fn an_edit_beside_a_noted_one_is_said_again_where_it_was_made() {
    for seed in 0..3 {
        let mut world = World::seeded(4_200 + seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        edit(&mut world, bo, 1, "one");
        // So much that the log is fetched by its state first: a new identity waits for its history.
        for _ in 0..1_100 {
            ban(&mut world, bo);
        }
        world.run_until_quiet();
        let backup = world.backup_of_authority();
        edit(&mut world, bo, 2, "one#");
        world.run_until_quiet();
        world.cut_off(ann);
        edit(&mut world, ann, 3, "words of hers before one#");
        world.run_for_ms(100);
        world.cut_off(bo);
        world.restore_authority(&*backup);
        world.heal_one(ann);
        for _ in 0..30_000 {
            if noted(&world, ann) == 1 && text(&world, ann) == "one" {
                break;
            }
            world.run_for_ms(1);
        }
        edit(&mut world, ann, 4, "one and two");
        assert_eq!((noted(&world, ann), world.replica(ann).outbox().count()), (1, 2), "it is beside the noted one");
        world.heal();
        world.run_until_quiet();
        for device in [ann, bo] {
            let text = text(&world, device).replace('#', "");
            assert!(text.ends_with("one and two"), "{text:?}; {}", world.how_to_replay());
            assert!(text.starts_with("words of hers before "), "{text:?}; {}", world.how_to_replay());
        }
    }
}
