//! The cards that are somebody's.

use std::collections::BTreeSet;

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::RedBlackTreeSetSync;
use serde::{Deserialize, Serialize};

use crate::card::Card;
use crate::ids::{CardId, PersonId};

/// The cards that a person is assigned to or works on, by the person's id; archived ones, and those that went to another project, are nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkView {
    pub cards: RedBlackTreeSetSync<CardId>,
}

fn people(card: &Card) -> BTreeSet<PersonId> {
    if !card.is_here() || card.archived {
        return BTreeSet::new();
    }
    card.members.iter().copied().chain(card.taken_by).collect()
}

impl View for WorkView {
    const NAME: &'static str = "work";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind != *Card::KIND {
            return Vec::new();
        }
        people(&models.get::<Card>(stream.id)).into_iter().map(Key::from).collect()
    }

    /// Whose a card is, its keys say: what leaves them as they are changes nothing.
    fn concerns(_: &Record) -> bool {
        false
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let card = CardId(record.stream.id);
        let is_theirs = key.id().is_some_and(|person| people(&after.get::<Card>(card.0)).contains(&PersonId(person)));
        if is_theirs {
            self.cards.insert_mut(card);
        } else {
            self.cards.remove_mut(&card);
        }
    }
}
