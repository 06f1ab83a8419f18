//! Views that only some events concern, and views that do not list what shows in them.

use std::sync::Arc;

use rand::RngExt;
use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::testing::{Faults, World};
use recordplayer::view::{Key, View, ViewKey};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Never {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Book {
    room: Option<Id>,
    title: String,
    readers: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Handle {
    Put { room: Id },
    Named { title: String },
    Read {},
}

impl Entity for Book {
    const KIND: &'static str = "book";
    type Command = Handle;
    type Event = Handle;
    type Refusal = Never;

    fn decide(&self, command: &Handle, _: &mut Context<'_>) -> Result<Vec<Handle>, Never> {
        Ok(vec![command.clone()])
    }

    fn play(&mut self, event: &Handle, _: &Stamp) {
        match event {
            Handle::Put { room } => self.room = Some(*room),
            Handle::Named { title } => self.title.clone_from(title),
            Handle::Read {} => self.readers += 1,
        }
    }
}

/// What happened to books, in words that need the whole book; that one is read is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lines {
    lines: Vec<String>,
}

impl View for Lines {
    const NAME: &'static str = "lines";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let book = if *stream.kind == *Book::KIND { models.get::<Book>(stream.id) } else { Arc::default() };
        let (room, whole) = (book.room, (!book.title.is_empty()).then(Key::whole_space));
        room.map(Key::from).into_iter().chain(whole).collect()
    }

    fn concerns(record: &Record) -> bool {
        !matches!(record.event::<Book>(), Some(Handle::Read {}))
    }

    fn lists_entities(key: &Key) -> bool {
        *key != Key::whole_space()
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let book = after.get::<Book>(record.stream.id);
        self.lines.push(format!("{} of {:?}, read by {}", record.name, book.title, book.readers));
    }
}

const ROOM: Id = Id([1; 16]);

fn domain() -> Arc<Domain> {
    Domain::new("books", 1).entity::<Book>().view::<Lines>().shared()
}

fn book(number: u8, command: &Handle) -> Intent {
    Intent::of::<Book>(Id([number; 16]), command).unwrap()
}

/// Two walls look at a room and at everything, with and without a line, while books are read, put and named. Each line tells how often the book
/// was read until then, which nobody had told the walls.
#[test]
fn what_does_not_concern_a_view_is_made_up_for_by_what_does() {
    let keys = [Key::from(ROOM), Key::whole_space()];
    let mut read = 0;
    for seed in 0..30 {
        let mut world = World::seeded(9_300 + seed, &domain());
        let [ann, one, all] = world.devices(["ann", "one", "all"]);
        for (wall, key) in [one, all].into_iter().zip(&keys) {
            world.look(wall, ViewKey::of::<Lines>(key.clone()));
        }
        world.run_for_ms(2_000);
        world.suffer(Faults::bad());
        for step in 0..60_u32 {
            let (what, number) = (world.random().random_range(0..20), world.random().random_range(0..4));
            match what {
                0 => world.cut_off(one),
                1 => world.cut_off(all),
                2 => {
                    world.heal();
                    world.suffer(Faults::bad());
                }
                3 => {
                    world.crash_authority();
                    world.start_authority();
                }
                4..7 => {
                    let room = if step % 2 == 0 { ROOM } else { Id([2; 16]) };
                    world.send(ann, book(number, &Handle::Put { room })).unwrap();
                }
                7..10 => {
                    let title = format!("title {step}");
                    world.send(ann, book(number, &Handle::Named { title })).unwrap();
                }
                _ => {
                    world.send(ann, book(number, &Handle::Read {})).unwrap();
                }
            }
            world.run_for_ms(150);
        }
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(5_000);
        for (wall, key) in [one, all].into_iter().zip(&keys) {
            let expected = world.replica(ann).view::<Lines>(key.clone());
            assert_eq!(world.thin(wall).0.get::<Lines>(), expected, "{}", world.how_to_replay());
            read += expected.lines.iter().filter(|line| !line.ends_with(" 0")).count();
            assert!(expected.lines.iter().all(|line| !line.starts_with("book.read")), "nobody is told of that");
        }
    }
    assert!(read > 100, "some of them were read before: {read}");
}

/// Who begins to look at a view that lists nothing is sent what shows in it: what is in memory, and what is saved and out of it.
#[test]
fn what_is_not_listed_is_found() {
    let mut world = World::seeded(9_400, &domain());
    let [ann, wall] = world.devices(["ann", "wall"]);
    for number in 1..6 {
        world.send(ann, book(number, &Handle::Named { title: format!("title {number}") })).unwrap();
    }
    world.run_until_quiet();
    // Everything is saved and leaves memory; one book is changed, and another is new.
    world.crash_authority();
    world.start_authority();
    world.run_for_ms(40_000);
    world.send(ann, book(6, &Handle::Named { title: "title 6".to_owned() })).unwrap();
    for number in 5..7 {
        world.send(ann, book(number, &Handle::Read {})).unwrap();
    }
    world.run_until_quiet();
    world.look(wall, ViewKey::of::<Lines>(Key::whole_space()));
    world.run_for_ms(3_000);
    let looks = &world.thin(wall).0;
    for number in 1..7_u8 {
        assert_eq!(looks.entity::<Book>(Id([number; 16])).title, format!("title {number}"));
    }
    assert_eq!([5_u8, 6].map(|number| looks.entity::<Book>(Id([number; 16])).readers), [1, 1]);
}
