//! The life of a card of which a product tells no more than some moments: when it was made, begun, ended and put away.

use std::collections::BTreeMap;

use super::board::{SourceAction, SourceCard, SourceDeed, SourceId, SourceList};
use super::kind::ColumnKindGuess::{self, Active, Backlog, Cancelled, Done, Ready};
use super::kind::guess_kind;

/// Why it is not told when a card was finished.
pub(in crate::import) const NO_BEGINNING: &str =
    "the board has no column from which the card came there; add one of open cards to the file, or set it by hand";

/// The moments that a file tells of a card, in milliseconds since 1970.
#[derive(Clone, Debug, Default)]
pub(in crate::import) struct Life {
    pub made_at_ms: Option<i64>,
    pub made_by: Option<SourceId>,
    /// When somebody began to work on it.
    pub began_at_ms: Option<i64>,
    /// When it was finished or given up, and by whom.
    pub ended_at_ms: Option<i64>,
    pub ended_by: Option<SourceId>,
    pub archived_at_ms: Option<i64>,
}

/// The lists of a board by what they are for.
#[derive(Clone, Debug)]
pub(in crate::import) struct Lists<'a> {
    kinds: BTreeMap<&'a SourceId, ColumnKindGuess>,
    first_open: Option<&'a SourceId>,
    first_active: Option<&'a SourceId>,
}

impl<'a> Lists<'a> {
    pub fn of(lists: &'a [SourceList]) -> Self {
        let kind = |list: &SourceList| list.kind.unwrap_or_else(|| guess_kind(&list.name));
        let first =
            |is_it: &dyn Fn(ColumnKindGuess) -> bool| lists.iter().find(|list| is_it(kind(list))).map(|list| &list.id);
        Self {
            kinds: lists.iter().map(|list| (&list.id, kind(list))).collect(),
            first_open: first(&|kind| matches!(kind, Backlog | Ready)),
            first_active: first(&|kind| kind == Active),
        }
    }

    pub fn kind_of(&self, id: &SourceId) -> ColumnKindGuess {
        self.kinds.get(id).copied().unwrap_or(Backlog)
    }

    /// Where a card of the list `now` may have begun: there, if no work begins or ends there, else in the first list of that sort.
    fn begin(&self, now: &'a SourceId) -> &'a SourceId {
        let is_open = matches!(self.kind_of(now), Backlog | Ready);
        self.first_open.filter(|_| !is_open).unwrap_or(now)
    }

    /// How many of the cards ended at a known time, and nothing can say so: where they are is where they have always been.
    pub fn untold_ends<'b>(&self, cards: impl Iterator<Item = (&'b SourceCard, &'b Life)>) -> u64 {
        let is_untold = |(card, life): &(&'b SourceCard, &'b Life)| {
            let is_end = matches!(self.kind_of(&card.list_id), Done | Cancelled);
            let is_begun = life.began_at_ms.is_some() && self.first_active.is_some();
            life.ended_at_ms.is_some() && is_end && self.first_open.is_none() && !is_begun
        };
        cards.filter(is_untold).count() as u64
    }

    /// What was done with the card, as far as its moments tell: it goes from where cards begin to where it is now, through the work if
    /// that was begun. Where a moment is missing the card was always where it is.
    pub fn actions(&self, card: &'a SourceCard, life: &Life) -> Vec<SourceAction> {
        let key = card.id.as_str();
        let first = [life.made_at_ms, life.began_at_ms, life.ended_at_ms, life.archived_at_ms];
        let Some(made_at) = life.made_at_ms.or_else(|| first.into_iter().flatten().min()) else { return Vec::new() };
        // Clocks of two machines may differ; nothing is done to a card before it is there.
        let after = |at: Option<i64>| at.map(|at| at.max(made_at));
        let now = &card.list_id;
        let (began, ended) = (after(life.began_at_ms), after(life.ended_at_ms));
        let mut stations: Vec<(i64, &SourceId, Option<&SourceId>)> = Vec::new();
        match self.kind_of(now) {
            Backlog | Ready => {}
            Active => stations.extend(began.map(|at| (at, now, None))),
            Done | Cancelled => {
                if let Some(end) = ended {
                    let work = began.filter(|at| *at <= end).zip(self.first_active);
                    stations.extend(work.map(|(at, list)| (at, list, None)));
                    stations.push((end, now, life.ended_by.as_ref()));
                }
            }
        }
        let mut at_list = if stations.is_empty() { now } else { self.begin(now) };
        // The number keeps actions of one moment in their order.
        let action = |number: usize, at_ms: i64, author: Option<&SourceId>, deed| SourceAction {
            id: SourceId(format!("{number}/{key}/{at_ms}")),
            at_ms,
            author: author.cloned(),
            deed,
        };
        let id = || card.id.clone();
        let made = SourceDeed::CardMade { card: id(), list: at_list.clone(), name: card.name.clone() };
        let mut actions = vec![action(0, made_at, life.made_by.as_ref(), made)];
        for (at, list, by) in stations {
            if list != at_list {
                let moved = SourceDeed::CardMoved { card: id(), from: Some(at_list.clone()), to: list.clone() };
                actions.push(action(actions.len(), at, by, moved));
                at_list = list;
            }
        }
        if let Some(at) = after(life.archived_at_ms).filter(|_| card.closed) {
            let last = actions.last().map_or(at, |action| action.at_ms.max(at));
            actions.push(action(actions.len(), last, None, SourceDeed::CardClosed { card: id(), closed: true }));
        }
        actions
    }
}
