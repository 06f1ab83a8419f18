//! What takes back a command of before applies only while nobody else has set the value since.

use crate::todo::{Item, ItemCommand, add, command, domain, id};
use recordplayer::claims::Claims;
use recordplayer::id::{ActId, CommandId, Id};
use recordplayer::record::StreamId;
use recordplayer::refusal::CoreRefusal;
use recordplayer::replica::Wish;
use recordplayer::testing::World;

fn rename(item: u8, title: &str) -> recordplayer::decide::Intent {
    command(item, &ItemCommand::Rename { title: title.to_owned() })
}

/// Ann names an item, and takes that back while she is offline; `meanwhile` somebody else may do something.
fn undone(seed: u64, meanwhile: Option<&str>) -> (String, Option<CoreRefusal>) {
    let mut world = World::seeded(seed, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, 100, "before")).unwrap();
    let renamed = world.send(ann, rename(1, "after")).unwrap();
    world.run_until_quiet();
    world.cut_off(ann);
    if let Some(title) = meanwhile {
        world.send(bo, rename(1, title)).unwrap();
        world.run_for_ms(5_000);
    }
    let claims = Claims { undoes: Some(renamed), ..Claims::default() };
    world.wish(ann, Wish { claims, ..Wish::new(CommandId(Id([7; 16])), rename(1, "before")) }).unwrap();
    world.heal();
    world.run_until_quiet();
    let refused = world.replica(ann).outbox().find_map(|entry| entry.refused.as_ref()?.typed());
    (world.replica(bo).entity::<Item>(id(1)).title.clone(), refused)
}

#[test]
fn an_undo_holds_where_nobody_has_set_the_value_since() {
    assert_eq!(undone(1, None), ("before".to_owned(), None));
}

#[test]
fn an_undo_is_refused_where_somebody_has_set_the_value_since() {
    let (title, refused) = undone(2, Some("by Bo"));
    assert_eq!(title, "by Bo");
    assert!(matches!(refused, Some(CoreRefusal::SetSince { .. })), "{refused:?}");
}

/// What was just decided was neither in the outbox any more nor on disk yet, and an undo found nothing to take back.
#[test]
fn a_record_on_its_way_to_the_disk_is_found() {
    for seed in 0..6 {
        let mut world = World::seeded(seed, &domain());
        let [ann] = world.devices(["ann"]);
        let added = world.send(ann, add(1, 100, "before")).unwrap();
        let act = ActId(Id([8; 16]));
        let wish = Wish { claims: Claims::of_act(act), ..Wish::new(CommandId(Id([7; 16])), rename(1, "after")) };
        let renamed = world.wish(ann, wish).unwrap();
        let stream = StreamId::of::<Item>(id(1));
        for _ in 0..3_000 {
            let replica = world.replica(ann);
            let commands: Vec<_> =
                replica.stream_records(&stream).unwrap().iter().map(|record| record.origin.command).collect();
            assert_eq!(commands, [added, renamed], "{}", world.how_to_replay());
            assert_eq!(replica.known_among(&[added, renamed].into()).unwrap().len(), 2, "{}", world.how_to_replay());
            assert_eq!(replica.streams_of_act(act).unwrap(), [stream.clone()].into(), "{}", world.how_to_replay());
            world.run_for_ms(1);
        }
        world.run_until_quiet();
    }
}
