//! What shelves are, without records, streams or events: what a command does to them, and when it is refused.

use std::collections::BTreeMap;

use recordplayer::id::Id;

use super::domain::{ShelfCommand, ShelfRefusal, THINGS_MAX};

/// All shelves.
#[derive(Debug, Default)]
pub(super) struct Reference {
    things: BTreeMap<(Id, u8), u64>,
    dusted: BTreeMap<Id, u64>,
    labels: BTreeMap<Id, u8>,
}

impl Reference {
    /// Carries a command out.
    pub fn take(&mut self, at: Id, command: &ShelfCommand) -> Result<(), ShelfRefusal> {
        let is_free =
            |at: &(Id, u8)| if self.things.contains_key(at) { Err(ShelfRefusal::Occupied {}) } else { Ok(()) };
        let lies = |place: &(Id, u8)| self.things.get(place).copied().ok_or(ShelfRefusal::Empty {});
        match *command {
            ShelfCommand::Put { place, thing } => {
                is_free(&(at, place))?;
                if self.things.len() as u64 >= THINGS_MAX {
                    return Err(ShelfRefusal::Full {});
                }
                self.things.insert((at, place), thing);
            }
            ShelfCommand::Take { place } => {
                lies(&(at, place))?;
                self.things.remove(&(at, place));
            }
            ShelfCommand::Move { from, shelf: to, place } => {
                let thing = lies(&(at, from))?;
                if (to, place) == (at, from) {
                    return Err(ShelfRefusal::Same {});
                }
                is_free(&(to, place))?;
                self.things.remove(&(at, from));
                self.things.insert((to, place), thing);
            }
            ShelfCommand::Dust { place } => {
                lies(&(at, place))?;
                *self.dusted.entry(at).or_default() += 1;
            }
            ShelfCommand::Label { label } => {
                if self.label(at) == label {
                    return Err(ShelfRefusal::Same {});
                }
                self.labels.insert(at, label);
            }
        }
        Ok(())
    }

    /// What lies on a shelf, by place.
    pub fn places(&self, at: Id) -> BTreeMap<u8, u64> {
        self.things.iter().filter(|((of, _), _)| *of == at).map(|((_, place), thing)| (*place, *thing)).collect()
    }

    pub fn dusted(&self, at: Id) -> u64 {
        self.dusted.get(&at).copied().unwrap_or_default()
    }

    pub fn label(&self, at: Id) -> u8 {
        self.labels.get(&at).copied().unwrap_or_default()
    }

    pub fn count(&self) -> u64 {
        self.things.len() as u64
    }
}
