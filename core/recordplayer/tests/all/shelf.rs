//! A shelf with some places: what is put there stays in the order in which it came, and a full shelf refuses. So of few commands one can be
//! refused, and no two orders come to one state.

use std::collections::BTreeMap;
use std::sync::Arc;

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::saving::Saving;
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    places: u64,
    things: Vec<String>,
    label: String,
    changed_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ShelfCommand {
    Build { places: u64 },
    Put { thing: String },
    Label { label: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ShelfEvent {
    Built { places: u64 },
    Put { thing: String },
    Labelled { label: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum ShelfRefusal {
    #[error("The shelf has only {places} places. Take something away first")]
    Full { places: u64 },
}

impl Entity for Shelf {
    const KIND: &'static str = "shelf";
    type Command = ShelfCommand;
    type Event = ShelfEvent;
    type Refusal = ShelfRefusal;

    fn sets(event: &ShelfEvent) -> Option<String> {
        matches!(event, ShelfEvent::Labelled { .. }).then(|| "label".to_owned())
    }

    fn decide(&self, command: &ShelfCommand, _: &mut Context<'_>) -> Result<Vec<ShelfEvent>, ShelfRefusal> {
        match command {
            ShelfCommand::Build { places } => Ok(vec![ShelfEvent::Built { places: *places }]),
            ShelfCommand::Put { .. } if self.things.len() as u64 >= self.places => {
                Err(ShelfRefusal::Full { places: self.places })
            }
            ShelfCommand::Put { thing } => Ok(vec![ShelfEvent::Put { thing: thing.clone() }]),
            ShelfCommand::Label { label } => Ok(vec![ShelfEvent::Labelled { label: label.clone() }]),
        }
    }

    fn play(&mut self, event: &ShelfEvent, stamp: &Stamp) {
        self.changed_at = stamp.origin.time;
        match event {
            ShelfEvent::Built { places } => self.places = *places,
            ShelfEvent::Put { thing } => self.things.push(thing.clone()),
            ShelfEvent::Labelled { label } => self.label.clone_from(label),
        }
    }
}

/// All shelves by their labels, with how much lies on each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Room {
    shelves: BTreeMap<Id, (String, u64)>,
}

impl View for Room {
    const NAME: &'static str = "room";

    fn keys(stream: &StreamId, _: &Models<'_>) -> Vec<Key> {
        if &*stream.kind == Shelf::KIND { vec![Key::whole_space()] } else { Vec::new() }
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let now = after.get::<Shelf>(record.stream.id);
        self.shelves.insert(record.stream.id, (now.label.clone(), now.things.len() as u64));
    }
}

pub fn domain() -> Arc<Domain> {
    Domain::new("shelves", 1).entity::<Shelf>().view::<Room>().shared()
}

/// As [`domain`], and what it is is saved at every second event.
pub fn domain_that_saves_often() -> Arc<Domain> {
    let saving = Saving { every_events: Some(2), ..Saving::default() };
    Domain::new("shelves", 1).entity::<Shelf>().view::<Room>().saving(saving).shared()
}

pub fn build(places: u64) -> Intent {
    intent(&ShelfCommand::Build { places })
}

pub fn put(thing: &str) -> Intent {
    intent(&ShelfCommand::Put { thing: thing.to_owned() })
}

pub fn label(label: &str) -> Intent {
    intent(&ShelfCommand::Label { label: label.to_owned() })
}

fn intent(command: &ShelfCommand) -> Intent {
    Intent::of::<Shelf>(Id([5; 16]), command).expect("a command can be encoded")
}
