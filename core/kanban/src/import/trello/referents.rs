//! Things that cards refer to by id: lists, labels and members, and what stands for those that the board does not list.

use std::collections::{BTreeMap, BTreeSet};

use super::super::source::loose::Position;
use super::super::source::{LeftOut, Origin, SourceId, SourceLabel, SourceList, SourceMember, first_of_each};
use super::wire::{WireAction, WireBoard, WireCard, WireLabel, WireList, WirePerson};

/// The lists by position.
pub(super) fn lists(wire: Vec<WireList>, left_out: &mut LeftOut) -> Vec<SourceList> {
    let mut wire = first_of_each(wire, "lists", |list| &list.id, left_out);
    wire.sort_by(|a, b| Position::order((a.pos, &a.id), (b.pos, &b.id)));
    let listed = |list: WireList| SourceList {
        id: list.id,
        name: list.name,
        closed: list.closed,
        kind: None,
        origin: Origin::Listed,
    };
    wire.into_iter().map(listed).collect()
}

/// Where a card without any list goes.
const NO_LIST: &str = "no-list";

/// Gives each card a list that exists, adding one behind the others for each id that is not there. It is open, so that its
/// cards are seen, and has its name from the history where that knows it.
pub(super) fn place_cards(
    lists: &mut Vec<SourceList>,
    cards: &mut [WireCard],
    actions: &[WireAction],
    left_out: &mut LeftOut,
) {
    let mut known: BTreeSet<SourceId> = lists.iter().map(|list| list.id.clone()).collect();
    let mut lost = 0;
    let mut absent = BTreeSet::new();
    for card in cards {
        let id = card.id_list.get_or_insert_with(|| SourceId(NO_LIST.to_owned()));
        if !known.contains(id) {
            lost += 1;
            absent.insert(id.clone());
        }
    }
    left_out.add("lists of cards", "the file does not hold their list; a column stands in for it", lost);

    let names = list_names(actions);
    let mut number = 0;
    for id in absent {
        let (name, origin) = if let Some(name) = names.get(&id) {
            ((*name).to_owned(), Origin::Mentioned)
        } else {
            number += 1;
            (
                if number == 1 { "Unknown list".to_owned() } else { format!("Unknown list {number}") },
                Origin::Placeholder,
            )
        };
        known.insert(id.clone());
        lists.push(SourceList { id, name, closed: false, kind: None, origin });
    }
}

/// Names of lists as the history knows them. It stands newest first, so the first name of a list is its latest.
fn list_names(actions: &[WireAction]) -> BTreeMap<SourceId, &str> {
    let mut names = BTreeMap::new();
    for data in actions.iter().filter_map(|action| action.data.as_ref()) {
        for list in [&data.list, &data.list_after].into_iter().flatten() {
            if let Some(id) = list.id.as_ref().filter(|_| !list.name.is_empty()) {
                names.entry(id.clone()).or_insert(list.name.as_str());
            }
        }
    }
    names
}

/// The labels of the board, then those that stand only on cards, then placeholders for ids that stand alone; and each card's
/// `id_labels` made complete.
///
/// The two are different counts on purpose: a board of 2015 lists no labels, and still its cards wear them.
pub(super) fn labels(listed: Vec<WireLabel>, cards: &mut [WireCard], left_out: &mut LeftOut) -> Vec<SourceLabel> {
    let mut labels: Vec<SourceLabel> = listed.into_iter().map(|label| as_label(label, Origin::Listed)).collect();
    labels = first_of_each(labels, "labels", |label| &label.id, left_out);
    let mut known: BTreeSet<SourceId> = labels.iter().map(|label| label.id.clone()).collect();
    let mut by_looks = BTreeMap::new();
    for label in &labels {
        by_looks.entry((label.name.clone(), label.colour.clone())).or_insert_with(|| label.id.clone());
    }

    for card in cards.iter_mut() {
        for label in std::mem::take(&mut card.labels) {
            let had_id = label.id.is_some();
            let mut label = as_label(label, Origin::Mentioned);
            if !had_id && let Some(id) = by_looks.get(&(label.name.clone(), label.colour.clone())) {
                label.id = id.clone();
            }
            card.id_labels.push(label.id.clone());
            if known.insert(label.id.clone()) {
                labels.push(label);
            }
        }
        card.id_labels = each_once(std::mem::take(&mut card.id_labels));
    }

    let mut alone = 0;
    for id in cards.iter().flat_map(|card| &card.id_labels) {
        alone += u64::from(!known.contains(id));
    }
    left_out.add("labels of cards", "the file does not hold the label; one without colour stands in for it", alone);
    let ids: BTreeSet<&SourceId> = cards.iter().flat_map(|card| &card.id_labels).collect();
    for id in ids.into_iter().filter(|id| !known.contains(id)) {
        let name = "Unknown label".to_owned();
        labels.push(SourceLabel {
            id: id.clone(),
            name,
            colour: None,
            is_component: false,
            origin: Origin::Placeholder,
        });
    }
    labels
}

/// A label without an id, as files before 2015 have them, is told from others by its looks.
fn as_label(label: WireLabel, origin: Origin) -> SourceLabel {
    let id = label.id.unwrap_or_else(|| SourceId(format!("{}/{}", label.color, label.name)));
    SourceLabel {
        id,
        name: label.name,
        colour: Some(label.color).filter(|colour| !colour.is_empty()),
        is_component: false,
        origin,
    }
}

/// Adds a line for names of colours that no label of the board has: the person named a colour, and nothing wears it.
pub(super) fn survey_label_names(wire: &WireBoard, left_out: &mut LeftOut) {
    let mut worn: BTreeSet<(&str, &str)> = BTreeSet::new();
    let on_cards = wire.cards.iter().flatten().flat_map(|card| &card.labels);
    for label in wire.labels.iter().chain(on_cards) {
        worn.insert((&label.color, &label.name));
    }
    for (colour, name) in wire.label_names.iter().flatten() {
        let unworn = !name.0.is_empty() && !worn.contains(&(colour.as_str(), name.0.as_str()));
        left_out.add("names of label colours", "no card wears a label of that colour and name", u64::from(unworn));
    }
}

/// The members of the board, then the others that cards and comments refer to: with their names where the history tells
/// them, else as placeholders. `authors` are those of the comments.
pub(super) fn members(
    listed: Vec<WirePerson>,
    cards: &mut [WireCard],
    authors: &BTreeSet<SourceId>,
    people: &BTreeMap<SourceId, WirePerson>,
    left_out: &mut LeftOut,
) -> Vec<SourceMember> {
    let listed = first_of_each(listed, "members", |member| &member.id, left_out);
    let mut members: Vec<SourceMember> = listed.into_iter().map(|person| as_member(person, Origin::Listed)).collect();
    let known: BTreeSet<SourceId> = members.iter().map(|member| member.id.clone()).collect();

    let mut absent = BTreeSet::new();
    for card in cards {
        card.id_members = each_once(std::mem::take(&mut card.id_members));
        absent.extend(card.id_members.iter().filter(|id| !known.contains(id)).cloned());
    }
    absent.extend(authors.iter().filter(|id| !known.contains(id)).cloned());

    for id in absent {
        if let Some(person) = people.get(&id) {
            let why = "they left the board; their name comes in from the history";
            left_out.add("memberships of former members", why, 1);
            members.push(as_member(person.clone(), Origin::Mentioned));
        } else {
            left_out.add(
                "names of members",
                "the file holds nothing but their id; a placeholder stands in for them",
                1,
            );
            let full_name = "Unknown member".to_owned();
            members.push(SourceMember { id, full_name, username: String::new(), origin: Origin::Placeholder });
        }
    }
    members
}

/// Everyone whom the history describes, by id.
pub(super) fn people<'a>(actions: impl Iterator<Item = &'a WireAction>) -> BTreeMap<SourceId, WirePerson> {
    let mut people = BTreeMap::new();
    for person in actions.flat_map(|action| [&action.member_creator, &action.member]).flatten() {
        let named = !person.full_name.is_empty() || !person.username.is_empty();
        if named && !people.contains_key(&person.id) {
            people.insert(person.id.clone(), WirePerson::clone(person));
        }
    }
    people
}

fn as_member(person: WirePerson, origin: Origin) -> SourceMember {
    SourceMember { id: person.id, full_name: person.full_name, username: person.username, origin }
}

/// The ids without repetitions, in their order.
fn each_once(ids: Vec<SourceId>) -> Vec<SourceId> {
    let mut seen = BTreeSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}
