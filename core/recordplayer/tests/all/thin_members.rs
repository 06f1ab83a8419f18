//! A thin view of things that come into it without a record of their own: books, when the shelf that they stand on is carried to another room.

use std::sync::Arc;

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::testing::World;
use recordplayer::view::{Key, View, ViewKey};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Never {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Shelf {
    room: Id,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Handling {
    Carry {
        room: Id,
    },
    /// Somebody reads all these, in one go.
    ReadAll {
        books: Vec<Id>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Carry {
    Carried { room: Id },
}

impl Entity for Shelf {
    const KIND: &'static str = "shelf";
    type Command = Handling;
    type Event = Carry;
    type Refusal = Never;

    fn decide(&self, command: &Handling, cx: &mut Context<'_>) -> Result<Vec<Carry>, Never> {
        match command {
            Handling::Carry { room } => Ok(vec![Carry::Carried { room: *room }]),
            Handling::ReadAll { books } => {
                for book in books {
                    cx.emit::<Book>(*book, &Handle::Read {});
                }
                Ok(Vec::new())
            }
        }
    }

    fn play(&mut self, Carry::Carried { room }: &Carry, _: &Stamp) {
        self.room = *room;
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Book {
    title: String,
    shelf: Id,
    readers: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Handle {
    Bought { title: String },
    Shelved { shelf: Id },
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
            Handle::Bought { title } => self.title.clone_from(title),
            Handle::Shelved { shelf } => self.shelf = *shelf,
            Handle::Read {} => self.readers += 1,
        }
    }
}

/// What happened to the books of one room, in words that need the whole book.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Room {
    lines: Vec<String>,
}

impl View for Room {
    const NAME: &'static str = "room";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let is_book = &*stream.kind == Book::KIND && models.exists::<Book>(stream.id);
        let shelf = || models.get::<Book>(stream.id).shelf;
        if is_book { vec![models.get::<Shelf>(shelf()).room.into()] } else { Vec::new() }
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let book = after.get::<Book>(record.stream.id);
        self.lines.push(format!("{} of {:?}, read by {}", record.name, book.title, book.readers));
    }
}

const HERE: Id = Id([1; 16]);
const THERE: Id = Id([2; 16]);

fn domain() -> Arc<Domain> {
    Domain::new("books", 1).entity::<Shelf>().entity::<Book>().view::<Room>().shared()
}

fn book(number: u8, command: &Handle) -> Intent {
    Intent::of::<Book>(Id([number; 16]), command).unwrap()
}

fn shelf(number: u8, room: Id) -> Intent {
    Intent::of::<Shelf>(Id([number; 16]), &Handling::Carry { room }).unwrap()
}

/// A book was put away from a room into which only its shelf had been carried, and whoever looked at the room was told of a book without a
/// title: the book had never been sent, neither as it happened nor afterwards.
#[test]
fn what_leaves_a_view_that_it_came_into_unseen_is_sent_before() {
    for is_away_meanwhile in [false, true] {
        let mut world = World::seeded(70, &domain());
        let [ann, wall] = world.devices(["ann", "wall"]);
        for intent in [
            shelf(10, THERE),
            shelf(11, THERE),
            book(1, &Handle::Bought { title: "Moby Dick".to_owned() }),
            book(2, &Handle::Bought { title: "Emma".to_owned() }),
            book(1, &Handle::Shelved { shelf: Id([10; 16]) }),
            book(2, &Handle::Shelved { shelf: Id([10; 16]) }),
            book(1, &Handle::Read {}),
        ] {
            world.send(ann, intent).unwrap();
        }
        world.run_until_quiet();
        world.look(wall, ViewKey::of::<Room>(HERE));
        world.run_for_ms(3_000);
        if is_away_meanwhile {
            world.cut_off(wall);
        }
        for intent in [
            shelf(10, HERE),
            book(1, &Handle::Shelved { shelf: Id([11; 16]) }),
            book(2, &Handle::Read {}),
            book(2, &Handle::Read {}),
        ] {
            world.send(ann, intent).unwrap();
            world.run_for_ms(1_000);
        }
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(3_000);
        let view = world.thin(wall).0.get::<Room>();
        assert_eq!(view, world.replica(ann).view::<Room>(HERE), "away: {is_away_meanwhile}");
        assert_eq!(view.lines[0], "book.shelved of \"Moby Dick\", read by 1");
        assert_eq!(view.lines.len(), 3);
    }
}

/// Whoever starts to look gets each thing that shows there as it is, and plays on that.
#[test]
fn what_shows_in_a_view_comes_with_its_start() {
    for seed in 72..76 {
        let mut world = World::seeded(seed, &domain());
        let [ann, wall] = world.devices(["ann", "wall"]);
        for intent in [
            shelf(10, HERE),
            book(1, &Handle::Bought { title: "Moby Dick".to_owned() }),
            book(1, &Handle::Shelved { shelf: Id([10; 16]) }),
            book(1, &Handle::Read {}),
        ] {
            world.send(ann, intent).unwrap();
        }
        world.run_until_quiet();
        world.look(wall, ViewKey::of::<Room>(HERE));
        world.run_for_ms(3_000);
        world.send(ann, book(1, &Handle::Read {})).unwrap();
        world.run_until_quiet();
        world.run_for_ms(3_000);
        let view = world.thin(wall).0.get::<Room>();
        assert_eq!(view, world.replica(ann).view::<Room>(HERE), "{}", world.how_to_replay());
        assert_eq!(view.lines.last().unwrap(), "book.read of \"Moby Dick\", read by 2");
    }
}

/// A book came back on its shelf to a room that it had left the same way, and had been read elsewhere in between. Who looked at the room still
/// had the book as it was when it left.
#[test]
fn what_comes_back_unseen_is_sent_as_it_is_now() {
    let mut world = World::seeded(71, &domain());
    let [ann, wall] = world.devices(["ann", "wall"]);
    world.look(wall, ViewKey::of::<Room>(HERE));
    for intent in [
        shelf(10, HERE),
        book(1, &Handle::Shelved { shelf: Id([10; 16]) }),
        book(1, &Handle::Read {}),
        shelf(10, THERE),
        book(1, &Handle::Read {}),
        shelf(10, HERE),
        book(1, &Handle::Read {}),
    ] {
        world.send(ann, intent).unwrap();
        world.run_for_ms(1_000);
    }
    world.run_until_quiet();
    world.run_for_ms(3_000);
    let view = world.thin(wall).0.get::<Room>();
    assert_eq!(view, world.replica(ann).view::<Room>(HERE));
    assert_eq!(view.lines.last().unwrap(), "book.read of \"\", read by 3");
}

/// One act touched so many large things that what it did to the view was more than a frame may hold: the line broke, and broke again with each
/// new try.
#[test]
fn one_commit_may_do_more_to_a_view_than_a_frame_holds() {
    for is_away_meanwhile in [false, true] {
        let mut world = World::seeded(72, &domain());
        let [ann, wall] = world.devices(["ann", "wall"]);
        world.send(ann, shelf(100, HERE)).unwrap();
        let books: Vec<u8> = (1..10).collect();
        for number in &books {
            world.send(ann, book(*number, &Handle::Bought { title: "x".repeat(200_000) })).unwrap();
            world.send(ann, book(*number, &Handle::Shelved { shelf: Id([100; 16]) })).unwrap();
        }
        world.run_until_quiet();
        world.look(wall, ViewKey::of::<Room>(HERE));
        world.run_for_ms(3_000);
        if is_away_meanwhile {
            world.cut_off(wall);
        }
        // The books are on the disk and out of memory, so all of them are sent once more.
        world.crash_authority();
        world.start_authority();
        world.run_for_ms(3_000);
        let books = books.iter().map(|number| Id([*number; 16])).collect();
        let all = Intent::of::<Shelf>(Id([100; 16]), &Handling::ReadAll { books }).unwrap();
        world.send(ann, all).unwrap();
        world.run_for_ms(3_000);
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(5_000);
        let view = world.thin(wall).0.get::<Room>();
        assert_eq!(view, world.replica(ann).view::<Room>(HERE), "away: {is_away_meanwhile}");
        assert_eq!(view.lines.len(), 18);
    }
}
