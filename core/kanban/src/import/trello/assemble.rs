//! From the file as it is written to the board as it is handed on.

use std::collections::BTreeMap;

use recordplayer::id::Id;

use super::super::source::loose::Position;
use super::super::source::{
    LeftOut, Says, SourceAction, SourceBoard, SourceId, SourceLabel, SourceList, Subject, first_of_each,
};
use super::error::TrelloError;
use super::fields::Fields;
use super::history::{Known, history};
use super::left_out::survey;
use super::wire::{WireBoard, WireCard, WireChecklist};
use super::{cards, comments, referents};

/// Fails only where a key is missing without which nothing is a Trello board; everything else finds a place or a line in
/// `not_imported`.
pub(super) fn assemble(mut wire: WireBoard, export: Id) -> Result<SourceBoard, TrelloError> {
    let missing = |key: &'static str| TrelloError::MissingKey { key };
    if wire.lists.is_none() {
        return Err(missing("lists"));
    }
    if wire.cards.is_none() {
        return Err(missing("cards"));
    }
    let id = wire.id.take().ok_or_else(|| missing("id"))?;
    let name = wire.name.take().ok_or_else(|| missing("name"))?.0;

    let mut left_out = LeftOut::default();
    let out = &mut left_out;
    survey(&wire, out);
    referents::survey_label_names(&wire, out);

    let all_cards = wire.cards.unwrap_or_default();
    let mut wire_cards = first_of_each(all_cards, "cards", |card| &card.id, out);
    let mut lists = referents::lists(wire.lists.unwrap_or_default(), out);
    referents::place_cards(&mut lists, &mut wire_cards, &wire.actions, out);
    let labels = referents::labels(wire.labels, &mut wire_cards, out);
    for card in &mut wire_cards {
        for mut action in std::mem::take(&mut card.actions) {
            let of_action = &mut action.data.get_or_insert_default().card;
            of_action.get_or_insert_default().id.get_or_insert_with(|| card.id.clone());
            wire.actions.push(action);
        }
    }
    let people = referents::people(wire.actions.iter());
    let mut checklists = cards::checklists(wire.checklists, &mut wire_cards, out);
    let history = history(&wire.actions, &known(&lists, &wire_cards, &labels, &checklists), out);
    let mut comments = comments::comments(wire.actions, &wire_cards, out);
    let mut acting = comments::authors(&comments);
    acting.extend(history.iter().flat_map(SourceAction::people).cloned());
    let members = referents::members(wire.members, &mut wire_cards, &acting, &people, out);
    let mut fields = Fields::new(wire.custom_fields, out);

    let rank: BTreeMap<&SourceId, usize> = lists.iter().enumerate().map(|(index, list)| (&list.id, index)).collect();
    wire_cards.sort_by(|a, b| {
        let rank_of = |list: &Option<SourceId>| list.as_ref().and_then(|id| rank.get(id));
        let by_list = rank_of(&a.id_list).cmp(&rank_of(&b.id_list));
        by_list.then_with(|| Position::order((a.pos, &a.id), (b.pos, &b.id)))
    });
    let mut taken = Vec::with_capacity(wire_cards.len());
    for mut card in wire_cards {
        let list_id = card.id_list.take().expect("`place_cards` gave every card a list");
        let checklists = checklists.remove(&card.id).unwrap_or_default();
        let comments = comments.remove(&card.id).unwrap_or_default();
        let values = fields.values(std::mem::take(&mut card.custom_field_items), out);
        taken.push(cards::card(card, list_id, checklists, comments, values, out));
    }

    let not_imported = left_out.into_lines();
    let fields = fields.into_vec();
    let cards = taken;
    let types = Vec::new();
    let product = "trello";
    let says = Says::of(&[(Subject::Labels, true), (Subject::Members, true)], Vec::new());
    let board = SourceBoard {
        product,
        id,
        name,
        lists,
        cards,
        labels,
        members,
        fields,
        types,
        history,
        not_imported,
        says,
        export,
    };
    debug_assert!(board.references_lead_somewhere(), "every reference of the board that was read leads somewhere");
    Ok(board)
}

/// What the history may refer to.
fn known(
    lists: &[SourceList],
    cards: &[WireCard],
    labels: &[SourceLabel],
    checklists: &BTreeMap<SourceId, Vec<WireChecklist>>,
) -> Known {
    let lists_of = |card: &SourceId| checklists.get(card).into_iter().flatten();
    let of_cards = || cards.iter().map(|card| &card.id);
    Known {
        cards: of_cards().cloned().collect(),
        lists: lists.iter().map(|list| list.id.clone()).collect(),
        labels: labels.iter().map(|label| label.id.clone()).collect(),
        checklists: of_cards().flat_map(|card| lists_of(card).map(|list| (list.id.clone(), card.clone()))).collect(),
        items: of_cards()
            .flat_map(|card| {
                lists_of(card).flat_map(|list| &list.check_items).map(|item| (item.id.clone(), card.clone()))
            })
            .collect(),
        attachments: cards
            .iter()
            .flat_map(|card| card.attachments.iter().map(|attachment| (attachment.id.clone(), card.id.clone())))
            .collect(),
    }
}
