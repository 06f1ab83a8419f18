//! The history of a board: what its actions tell that can be played here.

use std::collections::{BTreeMap, BTreeSet};

use super::super::source::time::millis;
use super::super::source::{LeftOut, SourceAction, SourceDeed, SourceId};
use super::left_out::{is_comment, is_plausible};
use super::wire::{WireAction, WireActionCard, WireActionData, WireOld};

/// What deeds may refer to: everything else has no place on the board.
pub(super) struct Known {
    pub cards: BTreeSet<SourceId>,
    pub lists: BTreeSet<SourceId>,
    pub labels: BTreeSet<SourceId>,
    /// Each with its card.
    pub checklists: BTreeMap<SourceId, SourceId>,
    pub items: BTreeMap<SourceId, SourceId>,
    pub attachments: BTreeMap<SourceId, SourceId>,
}

/// The deeds in the order in which they were done, and a line for each type of action that is none. Comments are not among them.
pub(super) fn history(actions: &[WireAction], known: &Known, left_out: &mut LeftOut) -> Vec<SourceAction> {
    let mut seen = BTreeSet::new();
    let mut lines: BTreeMap<(String, &str), u64> = BTreeMap::new();
    let (mut history, mut untold) = (Vec::new(), 0);
    for action in actions.iter().filter(|action| !is_comment(action)) {
        let read = if seen.insert(&action.id) { deed(action, known) } else { Err("it stands in the file twice") };
        let told_ms = millis(&action.date);
        let at_ms = told_ms.or_else(|| action.id.created_at_ms());
        match (read, at_ms) {
            (Ok(deed), Some(at_ms)) => {
                untold += u64::from(told_ms.is_none());
                let creator = action.member_creator.as_ref().map(|person| person.id.clone());
                let author = action.id_member_creator.clone().or(creator);
                history.push(SourceAction { id: action.id.clone(), at_ms, author, deed });
            }
            (Ok(_), None) => *lines.entry((kind_of(action), "its time cannot be read")).or_default() += 1,
            (Err(why), _) => *lines.entry((kind_of(action), why)).or_default() += 1,
        }
    }
    for ((kind, why), count) in lines {
        left_out.add(&format!("history: {kind}"), why, count);
    }
    left_out.add("times of actions", "they cannot be read, and are taken from the actions' ids", untold);
    history.sort_by(|a, b| (a.at_ms, &a.id).cmp(&(b.at_ms, &b.id)));
    history
}

fn kind_of(action: &WireAction) -> String {
    if is_plausible(&action.kind) { action.kind.clone() } else { "unknown".to_owned() }
}

const NO_CARD: &str = "its card is not in the file any more";
const NO_LIST: &str = "its list is not in the file any more";
const GONE: &str = "what it changed is not in the file any more";
const AS_IT_IS: &str = "it comes in as it is now";

fn deed(action: &WireAction, known: &Known) -> Result<SourceDeed, &'static str> {
    let nothing = WireActionData::default();
    let data = action.data.as_deref().unwrap_or(&nothing);
    let list = |named: Option<&SourceId>| named.filter(|id| known.lists.contains(id)).cloned().ok_or(NO_LIST);
    match action.kind.as_str() {
        "createBoard" => Ok(SourceDeed::BoardMade),
        "createList" => {
            let name = data.list.as_ref().map(|list| list.name.clone()).unwrap_or_default();
            Ok(SourceDeed::ListMade { list: list(data.list_id())?, name })
        }
        "updateList" => {
            let id = list(data.list_id())?;
            let now = data.list.as_ref().ok_or(NO_LIST)?;
            let old = data.old.as_ref().ok_or(AS_IT_IS)?;
            match (&old.name, old.closed) {
                (Some(from), _) => Ok(SourceDeed::ListRenamed { list: id, from: from.0.clone(), to: now.name.clone() }),
                (None, Some(was)) => Ok(SourceDeed::ListClosed { list: id, closed: !was }),
                (None, None) => Err("lists come in with the order that they have now"),
            }
        }
        "createCard" | "copyCard" | "emailCard" | "moveCardToBoard" | "convertToCardFromCheckItem" => {
            let (id, card) = card_of(data, known)?;
            Ok(SourceDeed::CardMade { card: id, list: list(data.list_id())?, name: card.name.clone() })
        }
        "updateCard" => {
            let (id, card) = card_of(data, known)?;
            updated(id, card, data, known)
        }
        "addMemberToCard" | "removeMemberFromCard" => {
            let (card, _) = card_of(data, known)?;
            let of_action = action.member.as_ref().map(|person| person.id.clone());
            let member = data.id_member.clone().or(of_action).ok_or("it does not say whom")?;
            Ok(if action.kind == "addMemberToCard" {
                SourceDeed::MemberJoined { card, member }
            } else {
                SourceDeed::MemberLeft { card, member }
            })
        }
        "addLabelToCard" | "removeLabelFromCard" => {
            let (card, _) = card_of(data, known)?;
            let label = of_board(data.label.as_deref().and_then(|label| label.id.as_ref()), &known.labels)?;
            Ok(if action.kind == "addLabelToCard" {
                SourceDeed::LabelAdded { card, label }
            } else {
                SourceDeed::LabelRemoved { card, label }
            })
        }
        "updateCheckItemStateOnCard" => {
            let (card, _) = card_of(data, known)?;
            let item = data.check_item.as_ref().ok_or(GONE)?;
            let id = item.id.clone().filter(|id| known.items.get(id) == Some(&card)).ok_or(GONE)?;
            Ok(SourceDeed::ItemTicked { card, item: id, done: item.state == "complete" })
        }
        "addChecklistToCard" => {
            let (card, _) = card_of(data, known)?;
            let checklist = data.checklist.as_deref().and_then(|list| list.id.as_ref());
            let checklist = of_card(checklist, &card, &known.checklists)?;
            Ok(SourceDeed::ChecklistMade { checklist })
        }
        "addAttachmentToCard" => {
            let (card, _) = card_of(data, known)?;
            let attachment = data.attachment.as_deref().and_then(|attachment| attachment.id.as_ref());
            let attachment = of_card(attachment, &card, &known.attachments)?;
            Ok(SourceDeed::AttachmentMade { attachment })
        }
        _ => Err(AS_IT_IS),
    }
}

fn card_of<'a>(data: &'a WireActionData, known: &Known) -> Result<(SourceId, &'a WireActionCard), &'static str> {
    let card = data.card.as_ref().ok_or(NO_CARD)?;
    let id = card.id.clone().filter(|id| known.cards.contains(id)).ok_or(NO_CARD)?;
    Ok((id, card))
}

fn of_board(id: Option<&SourceId>, known: &BTreeSet<SourceId>) -> Result<SourceId, &'static str> {
    id.filter(|id| known.contains(id)).cloned().ok_or(GONE)
}

fn of_card(
    id: Option<&SourceId>,
    card: &SourceId,
    known: &BTreeMap<SourceId, SourceId>,
) -> Result<SourceId, &'static str> {
    id.filter(|id| known.get(id) == Some(card)).cloned().ok_or(GONE)
}

/// One `updateCard` changes one value, and holds the old one.
fn updated(
    card: SourceId,
    now: &WireActionCard,
    data: &WireActionData,
    known: &Known,
) -> Result<SourceDeed, &'static str> {
    let old: &WireOld = data.old.as_ref().ok_or(AS_IT_IS)?;
    if let Some(from) = &old.id_list {
        let to = now.id_list.as_ref().or_else(|| data.list_after.as_ref().and_then(|list| list.id.as_ref()));
        let to = to.filter(|to| known.lists.contains(to)).cloned().ok_or(NO_LIST)?;
        // A list that was deleted since cannot be shown; the card comes from nowhere then.
        return Ok(SourceDeed::CardMoved {
            card,
            from: Some(from.clone()).filter(|from| known.lists.contains(from)),
            to,
        });
    }
    if let Some(from) = &old.name {
        return Ok(SourceDeed::CardRenamed { card, from: from.0.clone(), to: now.name.clone() });
    }
    if let Some(from) = &old.desc {
        return Ok(SourceDeed::CardDescribed { card, from: from.0.clone(), to: now.desc.clone() });
    }
    if let Some(was) = old.closed {
        return Ok(SourceDeed::CardClosed { card, closed: !was });
    }
    if let Some(was) = old.due_complete {
        return Ok(SourceDeed::CardDone { card, done: !was });
    }
    if let Some(from) = &old.due {
        return Ok(SourceDeed::CardDue { card, from: millis(&from.0), to: millis(&now.due) });
    }
    if let Some(from) = &old.id_labels {
        let here = |ids: &[SourceId]| ids.iter().filter(|id| known.labels.contains(id)).cloned().collect();
        return Ok(SourceDeed::LabelsSet { card, from: here(from), to: here(&now.id_labels) });
    }
    if old.pos.0 > 0 { Err("cards come in with the order that they have now") } else { Err(AS_IT_IS) }
}
