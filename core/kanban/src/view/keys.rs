//! Which card a key means.

use std::ops::Bound;

use recordplayer::Models;
use recordplayer::context::Assigned;
use recordplayer::entity::Entity;
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use crate::card::{Card, CardEvent};
use crate::ids::CardId;
use crate::key::CardRef;

/// All cards of a project by number and by id; one view in a space, [`Key::whole_space`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysView {
    numbers: RedBlackTreeMapSync<u64, CardId>,
    cards: RedBlackTreeSetSync<CardId>,
    /// What cards were called in other projects.
    former: RedBlackTreeMapSync<String, CardId>,
}

/// What a key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    One(CardId),
    Nothing,
    /// The digits of a provisional key begin the ids of several cards: the first ten.
    Several(Vec<CardId>),
}

impl KeysView {
    /// The card that is meant, in the project whose prefix is `prefix`.
    pub fn find(&self, prefix: &str, card: &CardRef) -> Found {
        match card {
            CardRef::Id { card } if self.cards.contains(card) => Found::One(*card),
            CardRef::Key { prefix: of, number } if of == prefix => {
                self.numbers.get(number).map_or(Found::Nothing, |card| Found::One(*card))
            }
            CardRef::Provisional { prefix: of, digits } if of == prefix => self.find_by_digits(digits),
            CardRef::Key { .. } => self.former.get(&card.to_string()).map_or(Found::Nothing, |card| Found::One(*card)),
            CardRef::Id { .. } | CardRef::Provisional { .. } => Found::Nothing,
        }
    }

    fn find_by_digits(&self, digits: &str) -> Found {
        let Ok(first) = format!("{digits:0<32}").parse::<Id>() else { return Found::Nothing };
        let from = (Bound::Included(CardId(first)), Bound::Unbounded);
        let cards = self.cards.range::<CardId, _>(from).take_while(|card| card.to_string().starts_with(digits));
        let cards: Vec<CardId> = cards.copied().take(10).collect();
        match cards.as_slice() {
            [] => Found::Nothing,
            [card] => Found::One(*card),
            [_, _, ..] => Found::Several(cards),
        }
    }
}

impl View for KeysView {
    const NAME: &'static str = "card_keys";
    const VERSION: u32 = 2;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let is_card = *stream.kind == *Card::KIND && models.get::<Card>(stream.id).exists();
        is_card.then(Key::whole_space).into_iter().collect()
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        let card = CardId(record.stream.id);
        // A card whose creation was redacted is on its board once it was moved, and is called by its id.
        if !self.cards.contains(&card) {
            self.cards.insert_mut(card);
        }
        match record.event::<Card>() {
            Some(CardEvent::Created { number: Assigned::Final { value }, .. }) => {
                self.numbers.insert_mut(*value, card);
            }
            Some(CardEvent::Arrived { number, former, .. }) => {
                if let Assigned::Final { value } = number {
                    self.numbers.insert_mut(*value, card);
                }
                former.values().filter(|key| !key.is_empty()).for_each(|key| self.former.insert_mut(key.clone(), card));
            }
            _ => {}
        }
    }
}
