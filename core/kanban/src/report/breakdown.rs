//! What is done of cards that have parts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scene::{Scene, Source, Standing};
use super::table::{csv, word};
use crate::card::{Card, Effort};
use crate::ids::CardId;
use crate::key::card_key;
use crate::view::Sheet;

/// The cards that have parts, each with its parts behind it and theirs, in the order of their numbers.
///
/// What counts is the cards that have no parts themselves: a card between says nothing that its parts do not say. Dropped ones count nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breakdown {
    pub cards: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub card: CardId,
    pub key: String,
    pub title: String,
    /// How many cards it is part of, one of the other; 0 for one that is part of none.
    pub depth: u64,
    pub standing: Standing,
    /// Its own, in hundredths.
    pub estimate_hundredths: Option<u32>,
    /// Of all cards below it, however deep; of a card without parts, itself.
    pub sum: Sum,
}

/// Cards without parts that were not dropped. Efforts are in hundredths; cards without an estimate have 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    pub cards: u64,
    pub finished: u64,
    pub estimate_hundredths: u64,
    /// The estimates of those that are finished.
    pub finished_hundredths: u64,
    /// What remains of those that are not: what somebody has said that remains, or else the estimate.
    pub left_hundredths: u64,
}

impl Sum {
    fn of(sheet: &Sheet, standing: Standing) -> Self {
        let hundredths = |effort: Option<Effort>| effort.map_or(0, |effort| u64::from(effort.hundredths));
        let estimate_hundredths = hundredths(sheet.estimate);
        let left_hundredths = hundredths(sheet.remaining.or(sheet.estimate));
        match standing {
            Standing::Dropped => Self::default(),
            Standing::Open => Self { cards: 1, estimate_hundredths, left_hundredths, ..Self::default() },
            Standing::Finished => Self {
                cards: 1,
                finished: 1,
                estimate_hundredths,
                finished_hundredths: estimate_hundredths,
                left_hundredths: 0,
            },
        }
    }

    fn add(&mut self, other: &Self) {
        self.cards += other.cards;
        self.finished += other.finished;
        self.estimate_hundredths += other.estimate_hundredths;
        self.finished_hundredths += other.finished_hundredths;
        self.left_hundredths += other.left_hundredths;
    }
}

/// A card of the tree, and where the one stands that it is part of.
struct Node {
    card: CardId,
    depth: u64,
    whole_at: Option<usize>,
    sum: Sum,
}

impl Breakdown {
    /// With a board, only what belongs to whole cards that are on it.
    pub fn of<S: Source>(scene: &Scene<'_, S>) -> Self {
        let sheets: BTreeMap<CardId, Sheet> = scene.sheets().into_iter().collect();
        let mut parts: BTreeMap<CardId, Vec<CardId>> = BTreeMap::new();
        for (card, sheet) in &sheets {
            if let Some(whole) = sheet.whole.filter(|whole| sheets.contains_key(whole)) {
                parts.entry(whole).or_default().push(*card);
            }
        }
        let is_whole = |card: &CardId| sheets[card].whole.is_none_or(|whole| !sheets.contains_key(&whole));
        let wholes = parts.keys().copied().filter(|card| is_whole(card) && scene.is_asked(sheets[card].column));
        let by_number = |cards: &mut Vec<CardId>| {
            cards.sort_by_cached_key(|card| (scene.source.entity::<Card>(card.0).number.value().copied(), *card));
        };
        let mut wholes: Vec<CardId> = wholes.collect();
        by_number(&mut wholes);
        parts.values_mut().for_each(by_number);
        // However deep they are, the stack is not: the last of these is the next.
        let mut waiting: Vec<(CardId, u64, Option<usize>)> =
            wholes.into_iter().rev().map(|card| (card, 0, None)).collect();
        let mut nodes: Vec<Node> = Vec::new();
        while let Some((card, depth, whole_at)) = waiting.pop() {
            let below = parts.get(&card).map_or(&[][..], Vec::as_slice);
            let sheet = &sheets[&card];
            let sum = if below.is_empty() { Sum::of(sheet, scene.standing(sheet)) } else { Sum::default() };
            waiting.extend(below.iter().rev().map(|part| (*part, depth + 1, Some(nodes.len()))));
            nodes.push(Node { card, depth, whole_at, sum });
        }
        // Parts stand behind what they are part of.
        for at in (0..nodes.len()).rev() {
            let sum = nodes[at].sum;
            if let Some(whole) = nodes[at].whole_at {
                nodes[whole].sum.add(&sum);
            }
        }
        let cards = nodes.into_iter().map(|Node { card: id, depth, sum, .. }| {
            let (card, sheet) = (scene.source.entity::<Card>(id.0), &sheets[&id]);
            Part {
                card: id,
                key: card_key(&scene.project.key, &card.number, id),
                title: card.title.clone(),
                depth,
                standing: scene.standing(sheet),
                estimate_hundredths: sheet.estimate.map(|estimate| estimate.hundredths),
                sum,
            }
        });
        Self { cards: cards.collect() }
    }

    pub fn to_csv(&self) -> String {
        let rows = self.cards.iter().map(|part| {
            let Sum { cards, finished, estimate_hundredths, finished_hundredths, left_hundredths } = part.sum;
            let own = part.estimate_hundredths.map(|own| own.to_string()).unwrap_or_default();
            let numbers = [cards, finished, estimate_hundredths, finished_hundredths, left_hundredths];
            let words = [part.key.clone(), part.title.clone(), part.depth.to_string(), word(&part.standing), own];
            words.into_iter().chain(numbers.map(|number| number.to_string())).collect()
        });
        let headings = [
            "key",
            "title",
            "depth",
            "standing",
            "own_estimate_hundredths",
            "cards",
            "finished",
            "estimate_hundredths",
            "finished_hundredths",
            "left_hundredths",
        ];
        csv(&headings, rows)
    }
}
