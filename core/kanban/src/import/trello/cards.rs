//! Cards with what hangs on each of them alone: attachments and checklists.

use std::collections::{BTreeMap, BTreeSet};

use super::super::source::loose::Position;
use super::super::source::time::millis;
use super::super::source::{
    LeftOut, SourceAttachment, SourceCard, SourceCheckItem, SourceChecklist, SourceComment, SourceFieldValue, SourceId,
    first_of_each,
};
use super::wire::{WireAttachment, WireCard, WireChecklist};

/// The checklists of each card, not yet in order.
///
/// They stand at the board and name their card; where one does not, the card names it. Those that a card holds itself are
/// taken too, each once.
pub(super) fn checklists(
    of_board: Vec<WireChecklist>,
    cards: &mut [WireCard],
    left_out: &mut LeftOut,
) -> BTreeMap<SourceId, Vec<WireChecklist>> {
    let known: BTreeSet<SourceId> = cards.iter().map(|card| card.id.clone()).collect();
    let mut named_by_card: BTreeMap<SourceId, SourceId> = BTreeMap::new();
    for card in &*cards {
        for checklist in &card.id_checklists {
            named_by_card.entry(checklist.clone()).or_insert_with(|| card.id.clone());
        }
    }

    let mut by_card: BTreeMap<SourceId, Vec<WireChecklist>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for checklist in first_of_each(of_board, "checklists", |checklist| &checklist.id, left_out) {
        let own = checklist.id_card.as_ref().filter(|card| known.contains(card));
        let Some(card) = own.or_else(|| named_by_card.get(&checklist.id)).cloned() else {
            left_out.add("checklists", "their card is not in the file", 1);
            continue;
        };
        seen.insert(checklist.id.clone());
        by_card.entry(card).or_default().push(checklist);
    }
    for card in cards {
        for checklist in std::mem::take(&mut card.checklists) {
            if seen.insert(checklist.id.clone()) {
                by_card.entry(card.id.clone()).or_default().push(checklist);
            }
        }
    }
    by_card
}

/// One card, once all that is gathered elsewhere is known.
pub(super) fn card(
    wire: WireCard,
    list_id: SourceId,
    checklists: Vec<WireChecklist>,
    comments: Vec<SourceComment>,
    field_values: Vec<SourceFieldValue>,
    left_out: &mut LeftOut,
) -> SourceCard {
    let due_at_ms = millis(&wire.due);
    let unreadable = !wire.due.is_empty() && due_at_ms.is_none();
    left_out.add("due dates", "they are not dates that can be read", u64::from(unreadable));
    SourceCard {
        id: wire.id,
        name: wire.name,
        desc: wire.desc,
        closed: wire.closed,
        list_id,
        due_at_ms,
        due_complete: wire.due_complete,
        label_ids: wire.id_labels,
        member_ids: wire.id_members,
        attachments: attachments(wire.attachments, left_out),
        checklists: in_order(checklists, left_out),
        comments,
        field_values,
        type_id: None,
        priority: None,
        estimate: None,
        remaining: None,
        blocked: None,
        changed_at_ms: None,
        ended_at_ms: None,
        relations: Vec::new(),
        relations_dangling: 0,
    }
}

fn attachments(wire: Vec<WireAttachment>, left_out: &mut LeftOut) -> Vec<SourceAttachment> {
    let mut wire = first_of_each(wire, "attachments", |attachment| &attachment.id, left_out);
    wire.sort_by(|a, b| Position::order((a.pos, &a.id), (b.pos, &b.id)));
    wire.into_iter().map(|wire| SourceAttachment { id: wire.id, name: wire.name, url: wire.url }).collect()
}

fn in_order(mut wire: Vec<WireChecklist>, left_out: &mut LeftOut) -> Vec<SourceChecklist> {
    wire.sort_by(|a, b| Position::order((a.pos, &a.id), (b.pos, &b.id)));
    wire.into_iter().map(|checklist| as_checklist(checklist, left_out)).collect()
}

fn as_checklist(wire: WireChecklist, left_out: &mut LeftOut) -> SourceChecklist {
    let mut items = first_of_each(wire.check_items, "checklist items", |item| &item.id, left_out);
    items.sort_by(|a, b| Position::order((a.pos, &a.id), (b.pos, &b.id)));
    let items =
        items.into_iter().map(|item| SourceCheckItem { id: item.id, name: item.name, done: item.state == "complete" });
    SourceChecklist { id: wire.id, name: wire.name, items: items.collect() }
}
