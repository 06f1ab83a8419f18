//! How many requests are answered at a time, of all people and of each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recordplayer::id::ActorId;

use crate::limits::{REQUESTS_MAX, REQUESTS_OF_PERSON_MAX};

type Counts = Mutex<BTreeMap<ActorId, usize>>;

#[derive(Debug, Default)]
pub(crate) struct Turns(Arc<Counts>);

/// A request is being answered until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    person: ActorId,
    counts: Arc<Counts>,
}

fn lock(counts: &Counts) -> MutexGuard<'_, BTreeMap<ActorId, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turns {
    /// Lets one more request of a person be answered, unless there are too many.
    pub fn begin(&self, person: ActorId) -> Option<Turn> {
        let mut counts = lock(&self.0);
        let all: usize = counts.values().sum();
        let of_person = counts.get(&person).copied().unwrap_or_default();
        if all >= REQUESTS_MAX || of_person >= REQUESTS_OF_PERSON_MAX {
            return None;
        }
        counts.insert(person, of_person + 1);
        Some(Turn { person, counts: Arc::clone(&self.0) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;

    use super::*;

    fn person(number: u8) -> ActorId {
        ActorId(Id([number; 16]))
    }

    #[test]
    fn nobody_takes_all_turns_and_a_turn_that_is_over_is_anothers() {
        let turns = Turns::default();
        let mut held: Vec<Turn> = (0..REQUESTS_OF_PERSON_MAX).map(|_| turns.begin(person(1)).unwrap()).collect();
        assert!(turns.begin(person(1)).is_none());
        let another = turns.begin(person(2)).unwrap();
        held.pop();
        held.push(turns.begin(person(1)).unwrap());
        drop((held, another));
        assert!(lock(&turns.0).is_empty(), "nobody is held who asks for nothing");
        let all = (0..REQUESTS_MAX).map(|number| turns.begin(person(number as u8)).unwrap()).collect::<Vec<_>>();
        assert!(turns.begin(person(3)).is_none(), "{} at a time", all.len());
    }
}
