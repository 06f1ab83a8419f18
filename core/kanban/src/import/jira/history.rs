//! The history of an issue: what its changelog tells, else no more than when it was made and resolved.

use super::super::source::time::millis;
use super::super::source::{Gathered, Life, Lists, SourceAction, SourceCard, SourceDeed, SourceId};
use super::assemble::{column, person};
use super::wire::WireChangelog;

/// The moves of an issue through the columns, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Moves(Vec<Move>);

impl Moves {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug)]
struct Move {
    id: Option<String>,
    at_ms: i64,
    by: Option<SourceId>,
    from: SourceId,
    to: SourceId,
}

/// Columns of statuses that no issue has any more are made for them.
pub(super) fn moves(changelog: Option<&WireChangelog>, gathered: &mut Gathered) -> Moves {
    let mut moves = Vec::new();
    for change in changelog.iter().flat_map(|changelog| &changelog.histories) {
        let at_ms = millis(&change.created);
        gathered.left_out.add("history: changes", "their time cannot be read", u64::from(at_ms.is_none()));
        let Some(at_ms) = at_ms else { continue };
        for item in &change.items {
            if item.field != "status" || item.from.is_empty() || item.to.is_empty() {
                let why = "of changes those of the status are history; all else comes in as it is now";
                gathered.left_out.add("history: changes", why, u64::from(item.field != "status"));
                continue;
            }
            let by = person(change.author.as_deref(), super::super::source::Origin::Listed, gathered);
            let (from, to) = (column(&item.from, None, gathered), column(&item.to, None, gathered));
            moves.push(Move { id: change.id.clone(), at_ms, by, from, to });
        }
    }
    moves.sort_by_key(|step| step.at_ms);
    Moves(moves)
}

/// The changelog may be cut at its beginning or its end: the card begins where the first move that is told came from, and what is missing at
/// the end comes in as it is now.
pub(super) fn actions(card: &SourceCard, life: &Life, moves: &Moves, lists: &Lists<'_>) -> Vec<SourceAction> {
    let (Some(first), Some(made_at)) = (moves.0.first(), life.made_at_ms) else { return lists.actions(card, life) };
    let key = card.id.as_str();
    let made = SourceDeed::CardMade { card: card.id.clone(), list: first.from.clone(), name: card.name.clone() };
    let id = SourceId(format!("0/{key}/{made_at}"));
    let mut actions = vec![SourceAction { id, at_ms: made_at, author: life.made_by.clone(), deed: made }];
    for (number, step) in moves.0.iter().enumerate() {
        let id = match &step.id {
            Some(id) => SourceId(format!("change/{id}/{number}")),
            None => SourceId(format!("{}/{key}/{}", number + 1, step.at_ms)),
        };
        let deed = SourceDeed::CardMoved { card: card.id.clone(), from: Some(step.from.clone()), to: step.to.clone() };
        let at_ms = step.at_ms.max(made_at);
        actions.push(SourceAction { id, at_ms, author: step.by.clone(), deed });
    }
    actions
}
