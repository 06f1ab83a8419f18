//! Comments, which an export holds only as actions.

use std::collections::{BTreeMap, BTreeSet};

use super::super::source::time::millis;
use super::super::source::{LeftOut, SourceComment, SourceId};
use super::left_out::is_comment;
use super::wire::{WireAction, WireActionData, WireCard};

/// The comments of each card, by time. One that stands in the file twice is one comment.
pub(super) fn comments(
    actions: Vec<WireAction>,
    cards: &[WireCard],
    left_out: &mut LeftOut,
) -> BTreeMap<SourceId, Vec<SourceComment>> {
    let mut found = Found { known: cards.iter().map(|card| card.id.clone()).collect(), ..Found::default() };
    for action in actions {
        let card = action.data.as_ref().and_then(|data| data.card.as_ref()).and_then(|card| card.id.clone());
        found.take(action, card);
    }
    left_out.add("comments", "their card is not in the file", found.homeless);

    for card in cards {
        let here = found.by_card.get(&card.id).map_or(0, Vec::len) as u64;
        let there = card.badges.as_ref().map_or(0, |badges| badges.comments);
        let why =
            "the cards count them, but they are not in the file: Trello exports the last 1,000 actions of a board";
        left_out.add("comments", why, there.saturating_sub(here));
    }
    for comments in found.by_card.values_mut() {
        comments.sort_by(|a, b| (a.at_ms, &a.id).cmp(&(b.at_ms, &b.id)));
    }
    found.by_card
}

/// Everyone who wrote one of these comments.
pub(super) fn authors(comments: &BTreeMap<SourceId, Vec<SourceComment>>) -> BTreeSet<SourceId> {
    comments.values().flatten().filter_map(|comment| comment.author.clone()).collect()
}

#[derive(Default)]
struct Found {
    /// The cards of the file.
    known: BTreeSet<SourceId>,
    /// The comments that were met.
    seen: BTreeSet<SourceId>,
    by_card: BTreeMap<SourceId, Vec<SourceComment>>,
    homeless: u64,
}

impl Found {
    fn take(&mut self, action: WireAction, card: Option<SourceId>) {
        if !is_comment(&action) || !self.seen.insert(action.id.clone()) {
            return;
        }
        let Some(card) = card.filter(|card| self.known.contains(card)) else {
            self.homeless += 1;
            return;
        };
        let at_ms = millis(&action.date).or_else(|| action.id.created_at_ms());
        let data = action.data.map_or_else(WireActionData::default, |data| *data);
        let creator = action.id_member_creator.or_else(|| action.member_creator.map(|person| person.id));
        let author = data.id_original_commenter.or(creator);
        self.by_card.entry(card).or_default().push(SourceComment { id: action.id, author, at_ms, text: data.text });
    }
}
