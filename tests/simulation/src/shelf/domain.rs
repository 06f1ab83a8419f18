//! The domain: shelves, what is done with them, a view over all of them, a policy and an effect.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use recordplayer::decide::Intent;
use recordplayer::prelude::*;
use serde::{Deserialize, Serialize};

/// How many things there may be on all shelves together: a rule that spans entities.
pub(super) const THINGS_MAX: u64 = 14;

/// One shelf: its places, and what lies there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shelf {
    pub places: BTreeMap<u8, u64>,
    pub dusted: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ShelfCommand {
    Put {
        place: u8,
        thing: u64,
    },
    Take {
        place: u8,
    },
    /// From a place of this shelf to a place of another one, or of this one.
    Move {
        from: u8,
        shelf: Id,
        place: u8,
    },
    /// What the policy says.
    Dust {
        place: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ShelfEvent {
    Put { place: u8, thing: u64 },
    Taken { place: u8 },
    Dusted {},
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(super) enum ShelfRefusal {
    #[error("Something lies there. Choose another place")]
    Occupied {},
    #[error("Nothing lies there")]
    Empty {},
    #[error("There are too many things. Take one away first")]
    Full {},
    #[error("It lies there already")]
    Same {},
}

impl Entity for Shelf {
    const KIND: &'static str = "shelf";
    type Command = ShelfCommand;
    type Event = ShelfEvent;
    type Refusal = ShelfRefusal;

    fn decide(&self, command: &ShelfCommand, cx: &mut Context<'_>) -> Result<Vec<ShelfEvent>, ShelfRefusal> {
        match *command {
            ShelfCommand::Put { place, .. } if self.places.contains_key(&place) => Err(ShelfRefusal::Occupied {}),
            ShelfCommand::Put { place, thing } => {
                if cx.view::<Inventory>(Key::whole_space()).things >= THINGS_MAX {
                    return Err(ShelfRefusal::Full {});
                }
                Ok(vec![ShelfEvent::Put { place, thing }])
            }
            ShelfCommand::Take { place } if self.places.contains_key(&place) => Ok(vec![ShelfEvent::Taken { place }]),
            ShelfCommand::Move { from, shelf, place } => {
                let Some(thing) = self.places.get(&from).copied() else { return Err(ShelfRefusal::Empty {}) };
                if shelf == cx.id() && place == from {
                    return Err(ShelfRefusal::Same {});
                }
                if cx.get::<Self>(shelf).places.contains_key(&place) {
                    return Err(ShelfRefusal::Occupied {});
                }
                cx.emit::<Self>(shelf, &ShelfEvent::Put { place, thing });
                Ok(vec![ShelfEvent::Taken { place: from }])
            }
            ShelfCommand::Dust { place } if self.places.contains_key(&place) => Ok(vec![ShelfEvent::Dusted {}]),
            ShelfCommand::Take { .. } | ShelfCommand::Dust { .. } => Err(ShelfRefusal::Empty {}),
        }
    }

    fn play(&mut self, event: &ShelfEvent, _: &Stamp) {
        match *event {
            ShelfEvent::Put { place, thing } => drop(self.places.insert(place, thing)),
            ShelfEvent::Taken { place } => drop(self.places.remove(&place)),
            ShelfEvent::Dusted {} => self.dusted += 1,
        }
    }
}

/// What lies on all shelves together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inventory {
    pub things: u64,
}

impl View for Inventory {
    const NAME: &'static str = "inventory";

    fn keys(stream: &StreamId, _: &Models<'_>) -> Vec<Key> {
        if &*stream.kind == Shelf::KIND { vec![Key::whole_space()] } else { Vec::new() }
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        match record.event::<Shelf>() {
            Some(ShelfEvent::Put { .. }) => self.things += 1,
            Some(ShelfEvent::Taken { .. }) => self.things -= 1,
            Some(ShelfEvent::Dusted {}) | None => {}
        }
    }
}

/// What is put down is dusted by a policy, where it is one of these.
pub(super) fn gathers_dust(thing: u64) -> bool {
    thing.is_multiple_of(3)
}

fn dust(record: &Record, _: &Models<'_>) -> Vec<Intent> {
    match record.event::<Shelf>() {
        Some(ShelfEvent::Put { place, thing }) if gathers_dust(*thing) => {
            let dust = ShelfCommand::Dust { place: *place };
            vec![Intent::of::<Shelf>(record.stream.id, &dust).expect("a command can be encoded")]
        }
        Some(ShelfEvent::Put { .. } | ShelfEvent::Taken { .. } | ShelfEvent::Dusted {}) | None => Vec::new(),
    }
}

/// Somebody is told of each thing that is taken.
fn tell(record: &Record, _: &Models<'_>) -> Vec<Vec<u8>> {
    match record.event::<Shelf>() {
        Some(ShelfEvent::Taken { place }) => vec![vec![*place]],
        Some(ShelfEvent::Put { .. } | ShelfEvent::Dusted {}) | None => Vec::new(),
    }
}

pub(super) fn domain() -> Arc<Domain> {
    static DOMAIN: LazyLock<Arc<Domain>> = LazyLock::new(|| {
        Domain::new("shelves", 1)
            .entity::<Shelf>()
            .consistent_view::<Inventory>()
            .policy("dust", dust)
            .effect("tell", tell)
            .shared()
    });
    Arc::clone(&DOMAIN)
}
