//! Views in which a thing shows because of another one: when that goes to another view, it takes along what stands in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::RngExt;
use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::testing::{DeviceId, Faults, World};
use recordplayer::view::{Key, View, ViewKey};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("never")]
struct Never {}

/// A shelf in a room, and the books that stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shelf {
    room: Option<Id>,
    books: BTreeSet<Id>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum ShelfEvent {
    Carried { to: Id },
    Filled { book: Id },
    Emptied { book: Id },
}

impl Entity for Shelf {
    const KIND: &'static str = "shelf";
    type Command = ShelfEvent;
    type Event = ShelfEvent;
    type Refusal = Never;

    fn decide(&self, command: &ShelfEvent, _: &mut Context<'_>) -> Result<Vec<ShelfEvent>, Never> {
        Ok(vec![command.clone()])
    }

    fn play(&mut self, event: &ShelfEvent, _: &Stamp) {
        match event {
            ShelfEvent::Carried { to } => self.room = Some(*to),
            ShelfEvent::Filled { book } => {
                self.books.insert(*book);
            }
            ShelfEvent::Emptied { book } => {
                self.books.remove(book);
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Book {
    shelf: Option<Id>,
    title: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum BookEvent {
    Put { shelf: Id },
    Named { title: String },
}

impl Entity for Book {
    const KIND: &'static str = "book";
    type Command = BookEvent;
    type Event = BookEvent;
    type Refusal = Never;

    fn decide(&self, command: &BookEvent, cx: &mut Context<'_>) -> Result<Vec<BookEvent>, Never> {
        if let BookEvent::Put { shelf } = command {
            let book = cx.id();
            if let Some(from) = self.shelf {
                cx.emit::<Shelf>(from, &ShelfEvent::Emptied { book });
            }
            cx.emit::<Shelf>(*shelf, &ShelfEvent::Filled { book });
        }
        Ok(vec![command.clone()])
    }

    fn play(&mut self, event: &BookEvent, _: &Stamp) {
        match event.clone() {
            BookEvent::Put { shelf } => self.shelf = Some(shelf),
            BookEvent::Named { title } => self.title = title,
        }
    }
}

/// The books of a room. A book stands where its shelf stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Room {
    shelves: BTreeSet<Id>,
    books: BTreeMap<Id, Book>,
}

fn room_of(book: &Book, models: &Models<'_>) -> Option<Id> {
    models.get::<Shelf>(book.shelf?).room
}

impl View for Room {
    const NAME: &'static str = "room";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let room = match &*stream.kind {
            Shelf::KIND => models.get::<Shelf>(stream.id).room,
            Book::KIND => room_of(&models.get::<Book>(stream.id), models),
            _ => None,
        };
        room.map(Key::from).into_iter().collect()
    }

    fn along(stream: &StreamId, models: &Models<'_>) -> Vec<StreamId> {
        let shelf = if *stream.kind == *Shelf::KIND { models.get::<Shelf>(stream.id) } else { Arc::default() };
        shelf.books.iter().map(|book| StreamId::of::<Book>(*book)).collect()
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let id = record.stream.id;
        if *record.stream.kind == *Book::KIND {
            return self.take(key, id, after);
        }
        let carried = after.get::<Shelf>(id);
        let is_here = carried.room.map(Key::from).as_ref() == Some(key);
        let comes_or_goes = if is_here { self.shelves.insert(id) } else { self.shelves.remove(&id) };
        if comes_or_goes {
            carried.books.iter().for_each(|book| self.take(key, *book, after));
        }
    }
}

impl Room {
    fn take(&mut self, key: &Key, id: Id, after: &Models<'_>) {
        let book = after.get::<Book>(id);
        if room_of(&book, after).map(Key::from).as_ref() == Some(key) {
            self.books.insert(id, Book::clone(&book));
        } else {
            self.books.remove(&id);
        }
    }
}

/// What books were last called in a room, and on which shelf. A shelf that is carried takes nothing of this along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Titles {
    said: BTreeMap<Id, Book>,
}

impl View for Titles {
    const NAME: &'static str = "titles";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind == *Book::KIND { Room::keys(stream, models) } else { Vec::new() }
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let id = record.stream.id;
        self.said.insert(id, Book::clone(&after.get::<Book>(id)));
    }
}

fn house() -> Arc<Domain> {
    Domain::new("house", 1).entity::<Shelf>().entity::<Book>().view::<Room>().view::<Titles>().shared()
}

fn shelf(number: u8) -> Id {
    Id([0x50 + number; 16])
}

fn room(number: u8) -> Id {
    Id([0x10 + number; 16])
}

fn something(world: &mut World, device: DeviceId, step: u32) {
    let mut below = |end: u8| world.random().random_range(0..end);
    let (on, book) = (shelf(below(3)), Id([0x80 + below(8); 16]));
    let intent = match below(4) {
        0 => Intent::of::<Shelf>(on, &ShelfEvent::Carried { to: room(below(2)) }),
        1 | 2 => Intent::of::<Book>(book, &BookEvent::Put { shelf: on }),
        _ => Intent::of::<Book>(book, &BookEvent::Named { title: format!("title {step}") }),
    };
    world.send(device, intent.unwrap()).unwrap();
}

/// Two walls look at the two rooms, and two at what is said there, while shelves are carried from one to the other, with and without a line.
#[test]
fn what_stands_in_a_thing_goes_with_it_to_another_view() {
    for seed in 0..40 {
        let mut world = World::seeded(9_100 + seed, &house());
        let [ann, bo, here, there, ear, nose] = world.devices(["ann", "bo", "here", "there", "ear", "nose"]);
        for (wall, number) in [(here, 0), (there, 1)] {
            world.look(wall, ViewKey::of::<Room>(room(number)));
        }
        for (wall, number) in [(ear, 0), (nose, 1)] {
            world.look(wall, ViewKey::of::<Titles>(room(number)));
        }
        world.run_for_ms(2_000);
        world.suffer(Faults::bad());
        for step in 0..80_u32 {
            match world.random().random_range(0..25) {
                0 => world.cut_off(here),
                1 => world.cut_off(ear),
                2 => {
                    world.heal();
                    world.suffer(Faults::bad());
                }
                _ => {
                    let device = if world.random().random_bool(0.5) { ann } else { bo };
                    something(&mut world, device, step);
                }
            }
            world.run_for_ms(150);
        }
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(5_000);
        let mut books = 0;
        for (wall, number) in [(here, 0), (there, 1)] {
            let shown = world.thin(wall).0.get::<Room>();
            let models = world.replica(ann).models();
            let all = (0..8).map(|number| Id([0x80 + number; 16])).map(|id| (id, models.get::<Book>(id)));
            let in_room = all.filter(|(_, book)| room_of(book, &models) == Some(room(number)));
            let expected: BTreeMap<Id, Book> = in_room.map(|(id, book)| (id, Book::clone(&book))).collect();
            assert_eq!(shown.books, expected, "{}", world.how_to_replay());
            assert_eq!(shown, world.replica(ann).view::<Room>(room(number)), "{}", world.how_to_replay());
            books += expected.len();
        }
        assert!(books > 0, "some of them stand somewhere; {}", world.how_to_replay());
        for (wall, number) in [(ear, 0), (nose, 1)] {
            let said = world.replica(ann).view::<Titles>(room(number));
            assert_eq!(world.thin(wall).0.get::<Titles>(), said, "{}", world.how_to_replay());
        }
    }
}
