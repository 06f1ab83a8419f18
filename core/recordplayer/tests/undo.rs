//! What takes back a command of before applies only while nobody else has set the value since.

mod todo;

use recordplayer::claims::Claims;
use recordplayer::id::{CommandId, Id};
use recordplayer::refusal::CoreRefusal;
use recordplayer::replica::Wish;
use recordplayer::testing::World;
use todo::{Item, ItemCommand, add, command, domain, id};

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
