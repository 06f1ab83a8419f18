//! What shelves are, without records, streams or events: what a command changes on them, and when it is refused.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::Id;
use recordplayer::record::Position;

use super::domain::{CLOSED, ShelfCommand, ShelfRefusal, THINGS_MAX};

/// All shelves.
#[derive(Debug, Default)]
pub(super) struct Reference {
    shelves: Shelves,
    /// What has made them what they are, by the number in the history.
    changes: BTreeMap<Position, Change>,
}

#[derive(Debug, Default)]
struct Shelves {
    things: BTreeMap<(Id, u8), u64>,
    dusted: BTreeMap<Id, u64>,
    labels: BTreeMap<Id, String>,
}

/// What changes on one shelf.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Put { at: Id, place: u8, thing: u64 },
    Taken { at: Id, place: u8 },
    Dusted { at: Id },
    Labelled { at: Id, label: String },
}

impl Change {
    /// The shelf, and what the history calls it.
    pub fn is_called(&self) -> (Id, &'static str) {
        match *self {
            Self::Put { at, .. } => (at, "shelf.put"),
            Self::Taken { at, .. } => (at, "shelf.taken"),
            Self::Dusted { at } => (at, "shelf.dusted"),
            Self::Labelled { at, .. } => (at, "shelf.labelled"),
        }
    }
}

impl Reference {
    /// What a command changes.
    pub fn answer(&self, at: Id, command: &ShelfCommand) -> Result<Vec<Change>, ShelfRefusal> {
        let Shelves { things, labels, .. } = &self.shelves;
        let is_free = |at: &(Id, u8)| if things.contains_key(at) { Err(ShelfRefusal::Occupied {}) } else { Ok(()) };
        let lies = |place: &(Id, u8)| things.get(place).copied().ok_or(ShelfRefusal::Empty {});
        match *command {
            ShelfCommand::Put { .. } if labels.get(&at).is_some_and(|label| label == CLOSED) => {
                Err(ShelfRefusal::Closed {})
            }
            ShelfCommand::Put { place, thing } => {
                is_free(&(at, place))?;
                if things.len() as u64 >= THINGS_MAX {
                    return Err(ShelfRefusal::Full {});
                }
                Ok(vec![Change::Put { at, place, thing }])
            }
            ShelfCommand::Take { place } => {
                lies(&(at, place))?;
                Ok(vec![Change::Taken { at, place }])
            }
            ShelfCommand::Move { from, shelf: to, place } => {
                let thing = lies(&(at, from))?;
                if (to, place) == (at, from) {
                    return Err(ShelfRefusal::Same {});
                }
                is_free(&(to, place))?;
                Ok(vec![Change::Taken { at, place: from }, Change::Put { at: to, place, thing }])
            }
            ShelfCommand::Dust { place } => {
                lies(&(at, place))?;
                Ok(vec![Change::Dusted { at }])
            }
            ShelfCommand::Label { ref label } if labels.get(&at).map_or("", |label| &**label) == label => {
                Err(ShelfRefusal::Same {})
            }
            ShelfCommand::Label { ref label } => Ok(vec![Change::Labelled { at, label: label.clone() }]),
        }
    }

    pub fn change(&mut self, number: Position, change: Change) {
        self.shelves.change(&change);
        self.changes.insert(number, change);
    }

    /// What has these numbers has not happened.
    pub fn redact(&mut self, numbers: &BTreeSet<Position>) {
        self.changes.retain(|number, _| !numbers.contains(number));
        self.shelves = Shelves::default();
        self.changes.values().for_each(|change| self.shelves.change(change));
    }

    /// What lies on a shelf, by place.
    pub fn places(&self, at: Id) -> BTreeMap<u8, u64> {
        let on_it = self.shelves.things.iter().filter(|((of, _), _)| *of == at);
        on_it.map(|((_, place), thing)| (*place, *thing)).collect()
    }

    pub fn dusted(&self, at: Id) -> u64 {
        self.shelves.dusted.get(&at).copied().unwrap_or_default()
    }

    pub fn label(&self, at: Id) -> String {
        self.shelves.labels.get(&at).cloned().unwrap_or_default()
    }

    pub fn things(&self) -> u64 {
        self.shelves.things.len() as u64
    }

    /// How many changes have made them what they are.
    pub fn events(&self) -> u64 {
        self.changes.len() as u64
    }
}

impl Shelves {
    fn change(&mut self, change: &Change) {
        match *change {
            Change::Put { at, place, thing } => drop(self.things.insert((at, place), thing)),
            Change::Taken { at, place } => drop(self.things.remove(&(at, place))),
            Change::Dusted { at } => *self.dusted.entry(at).or_default() += 1,
            Change::Labelled { at, ref label } => drop(self.labels.insert(at, label.clone())),
        }
    }
}
