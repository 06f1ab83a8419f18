//! Which card a key means.

use std::collections::BTreeMap;
use std::ops::Bound;

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::id::{Id, SpaceId};
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use crate::card::{Card, CardEvent};
use crate::ids::CardId;
use crate::key::{CardRef, PROVISIONAL_DIGITS};

/// Some of the cards of a project by one of the ways in which people name cards; each way to name a card leads to one view, [`Self::key_of`].
///
/// ```text
///  REC-1234          the numbers 1200 to 1299     "12"
///  REC-~7f3a, ids    ids that begin so            "~7f3a"
///  OTH-7             what it was called           "OTH-7"
/// ```
/// So none of them grows with the project, and a new card changes a few small ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysView {
    numbers: RedBlackTreeMapSync<u64, CardId>,
    cards: RedBlackTreeSetSync<CardId>,
    /// What cards were called in other projects.
    former: RedBlackTreeMapSync<String, CardId>,
}

/// Numbers of one view: few enough to be read for one of them.
const NUMBERS_TOGETHER: u64 = 100;

fn key_of_number(number: u64) -> Key {
    Key::text(&(number / NUMBERS_TOGETHER).to_string())
}

fn key_of_digits(digits: &str) -> Key {
    Key::text(&format!("~{}", &digits[..PROVISIONAL_DIGITS]))
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
    /// The view that has the card which is meant, in the project whose prefix is `prefix`.
    pub fn key_of(prefix: &str, card: &CardRef) -> Key {
        match card {
            CardRef::Id { card } => key_of_digits(&card.to_string()),
            CardRef::Key { prefix: of, number } if of == prefix => key_of_number(*number),
            CardRef::Provisional { digits, .. } => key_of_digits(digits),
            CardRef::Key { .. } => Key::text(&card.to_string()),
        }
    }

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
    const VERSION: u32 = 3;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind != *Card::KIND {
            return Vec::new();
        }
        let card = models.get::<Card>(stream.id);
        if !card.exists() {
            return Vec::new();
        }
        let digits = key_of_digits(&CardId(stream.id).to_string());
        let number = card.number.value().map(|number| key_of_number(*number));
        let former = former_names(&card.former).map(|name| Key::text(name));
        [digits].into_iter().chain(number).chain(former).collect()
    }

    /// Whatever else happens to a card, it is called as before.
    fn concerns(record: &Record) -> bool {
        matches!(record.event::<Card>(), Some(CardEvent::Created { .. } | CardEvent::Arrived { .. }))
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let id = CardId(record.stream.id);
        let card = after.get::<Card>(id);
        // A card whose creation was redacted is on its board once it was moved, and is called by its id.
        if *key == key_of_digits(&id.to_string()) && !self.cards.contains(&id) {
            self.cards.insert_mut(id);
        }
        if let Some(number) = card.number.value().filter(|number| *key == key_of_number(**number)) {
            self.numbers.insert_mut(*number, id);
        }
        for name in former_names(&card.former).filter(|name| *key == Key::text(name)) {
            self.former.insert_mut(name.clone(), id);
        }
    }
}

/// What a card was called elsewhere, where anything is known of that.
fn former_names(former: &BTreeMap<SpaceId, String>) -> impl Iterator<Item = &String> {
    former.values().filter(|name| !name.is_empty())
}
