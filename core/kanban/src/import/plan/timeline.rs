//! The steps of a board's history in order of time: what was made, and what was done.
//!
//! Where the file holds a board's whole life, a card begins with the action that made it. Where Trello has cut the history, cards and lists
//! begin when their ids say that they were made, and what is known of them when the file's history begins is made so at that moment. What
//! they were then follows from the present state, by taking back the actions from the latest to the first.

use std::collections::BTreeMap;

use super::super::source::{
    SourceAction, SourceAttachment, SourceBoard, SourceCard, SourceCheckItem, SourceChecklist, SourceComment,
    SourceDeed, SourceId, SourceList,
};

/// One step, with when and by whom it was done.
pub(super) struct Step<'a> {
    pub at_ms: Option<i64>,
    pub author: Option<&'a SourceId>,
    pub what: What<'a>,
}

/// What is done in a step.
pub(super) enum What<'a> {
    /// Under the name that the list had then.
    List {
        list: &'a SourceList,
        name: String,
    },
    Card {
        card: &'a SourceCard,
        list: SourceId,
        name: String,
    },
    /// What the card had when the history begins to tell of it.
    Begin {
        card: &'a SourceCard,
        state: State,
    },
    Checklist {
        card: &'a SourceCard,
        list: &'a SourceChecklist,
    },
    Item {
        card: &'a SourceCard,
        list: &'a SourceChecklist,
        item: &'a SourceCheckItem,
        done: bool,
    },
    Link {
        card: &'a SourceCard,
        link: &'a SourceAttachment,
    },
    Comment {
        card: &'a SourceCard,
        comment: &'a SourceComment,
    },
    Deed(&'a SourceAction),
}

impl What<'_> {
    /// Of two steps at one moment, what the other one needs comes first.
    fn rank(&self) -> u8 {
        match self {
            Self::List { .. } => 0,
            Self::Card { .. } => 1,
            Self::Begin { .. } => 2,
            Self::Checklist { .. } => 3,
            Self::Item { .. } => 4,
            Self::Link { .. } | Self::Comment { .. } | Self::Deed(_) => 5,
        }
    }
}

/// What a card was before the actions that were taken back.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub list: SourceId,
    pub name: String,
    pub desc: String,
    pub closed: bool,
    pub due_at_ms: Option<i64>,
    pub done: bool,
    pub members: Vec<SourceId>,
    /// `None` where no action tells of its labels: nobody knows since when it wears them.
    pub labels: Option<Vec<SourceId>>,
    pub ticks: BTreeMap<SourceId, bool>,
}

impl State {
    fn now(card: &SourceCard) -> Self {
        let items = card.checklists.iter().flat_map(|list| &list.items);
        Self {
            list: card.list_id.clone(),
            name: card.name.clone(),
            desc: card.desc.clone(),
            closed: card.closed,
            due_at_ms: card.due_at_ms,
            done: card.due_complete,
            members: card.member_ids.clone(),
            labels: None,
            ticks: items.map(|item| (item.id.clone(), item.done)).collect(),
        }
    }

    fn take_back(&mut self, card: &SourceCard, deed: &SourceDeed) {
        let without = |ids: &mut Vec<SourceId>, id: &SourceId| ids.retain(|other| other != id);
        match deed {
            SourceDeed::CardMoved { from: Some(from), .. } => self.list = from.clone(),
            SourceDeed::CardRenamed { from, .. } => self.name.clone_from(from),
            SourceDeed::CardDescribed { from, .. } => self.desc.clone_from(from),
            SourceDeed::CardClosed { closed, .. } => self.closed = !closed,
            SourceDeed::CardDue { from, .. } => self.due_at_ms = *from,
            SourceDeed::CardDone { done, .. } => self.done = !done,
            SourceDeed::LabelsSet { from, .. } => self.labels = Some(from.clone()),
            SourceDeed::LabelAdded { label, .. } => {
                without(self.labels.get_or_insert_with(|| card.label_ids.clone()), label);
            }
            SourceDeed::LabelRemoved { label, .. } => {
                self.labels.get_or_insert_with(|| card.label_ids.clone()).push(label.clone());
            }
            SourceDeed::MemberJoined { member, .. } => without(&mut self.members, member),
            SourceDeed::MemberLeft { member, .. } => self.members.push(member.clone()),
            SourceDeed::ItemTicked { item, done, .. } => {
                self.ticks.insert(item.clone(), !done);
            }
            SourceDeed::BoardMade
            | SourceDeed::ListMade { .. }
            | SourceDeed::ListRenamed { .. }
            | SourceDeed::ListClosed { .. }
            | SourceDeed::CardMade { .. }
            | SourceDeed::CardMoved { from: None, .. }
            | SourceDeed::ChecklistMade { .. }
            | SourceDeed::AttachmentMade { .. } => {}
        }
    }
}

/// All steps of the board, in their order.
pub(super) fn steps(board: &SourceBoard) -> Vec<Step<'_>> {
    let made = Made::of(board);
    let begins = board.history.first().map(|action| action.at_ms);
    let mut steps = Vec::new();
    let mut used: BTreeMap<SourceId, Option<i64>> = BTreeMap::new();
    for card in &board.cards {
        card_steps(card, &made, begins, &mut steps, &mut used);
    }
    list_steps(board, &made, &used, &mut steps);
    steps.extend(board.history.iter().filter(|action| !is_making(&action.deed)).map(|action| Step {
        at_ms: Some(action.at_ms),
        author: action.author.as_ref(),
        what: What::Deed(action),
    }));
    steps.sort_by_key(|step| (step.at_ms, step.what.rank()));
    steps
}

fn is_making(deed: &SourceDeed) -> bool {
    matches!(
        deed,
        SourceDeed::BoardMade
            | SourceDeed::ListMade { .. }
            | SourceDeed::CardMade { .. }
            | SourceDeed::ChecklistMade { .. }
            | SourceDeed::AttachmentMade { .. }
    )
}

/// The actions by what they made, and those of each card.
struct Made<'a> {
    by_thing: BTreeMap<&'a SourceId, &'a SourceAction>,
    of_card: BTreeMap<&'a SourceId, Vec<&'a SourceAction>>,
}

impl<'a> Made<'a> {
    fn of(board: &'a SourceBoard) -> Self {
        let mut made = Self { by_thing: BTreeMap::new(), of_card: BTreeMap::new() };
        for action in &board.history {
            match &action.deed {
                SourceDeed::ListMade { list: thing, .. }
                | SourceDeed::CardMade { card: thing, .. }
                | SourceDeed::ChecklistMade { checklist: thing }
                | SourceDeed::AttachmentMade { attachment: thing } => {
                    made.by_thing.entry(thing).or_insert(action);
                }
                _ => {}
            }
            if let Some(card) = action.deed.card() {
                made.of_card.entry(card).or_default().push(action);
            }
        }
        made
    }

    /// When a thing was made, at the latest at `not_before` where it is a part of something; and by whom.
    fn when(&self, thing: &SourceId, not_before: Option<i64>) -> (Option<i64>, Option<&'a SourceId>) {
        match self.by_thing.get(thing) {
            Some(action) => (Some(action.at_ms).max(not_before), action.author.as_ref()),
            None => (thing.created_at_ms().map_or(not_before, |at| Some(at).max(not_before)), None),
        }
    }
}

/// The steps that make a card with all that is on it. `used` learns when each list was in use first.
fn card_steps<'a>(
    card: &'a SourceCard,
    made: &Made<'a>,
    begins: Option<i64>,
    steps: &mut Vec<Step<'a>>,
    used: &mut BTreeMap<SourceId, Option<i64>>,
) {
    let actions = made.of_card.get(&card.id).map_or(&[][..], Vec::as_slice);
    let mut state = State::now(card);
    for action in actions.iter().rev() {
        state.take_back(card, &action.deed);
    }
    let making = made.by_thing.get(&card.id).copied();
    if let Some(SourceDeed::CardMade { list, name, .. }) = making.map(|action| &action.deed) {
        state.list = list.clone();
        if !name.is_empty() {
            state.name.clone_from(name);
        }
    }
    let (at_ms, author) = made.when(&card.id, None);
    // Clocks of two machines may differ; nothing is done to a card before it is there.
    let at_ms = at_ms.min(actions.first().map(|action| action.at_ms).or(at_ms));
    let mut note_use = |list: &SourceId, at: Option<i64>| {
        used.entry(list.clone()).and_modify(|first| *first = at.min(*first)).or_insert(at);
    };
    note_use(&state.list, at_ms);
    for action in actions {
        if let SourceDeed::CardMoved { to, .. } = &action.deed {
            note_use(to, Some(action.at_ms));
        }
    }
    let mut add = |(at_ms, author): (Option<i64>, Option<&'a SourceId>), what| steps.push(Step { at_ms, author, what });
    // Checklists and items stand in the order in which they are set here, so a later one never comes before an earlier one.
    let mut last_list = at_ms;
    for list in &card.checklists {
        let (list_at, by) = made.when(&list.id, last_list);
        add((list_at, by), What::Checklist { card, list });
        last_list = list_at;
        let mut last_item = list_at;
        for item in &list.items {
            let done = state.ticks.get(&item.id).copied().unwrap_or(item.done);
            let when = made.when(&item.id, last_item);
            add(when, What::Item { card, list, item, done });
            last_item = when.0;
        }
    }
    for link in &card.attachments {
        add(made.when(&link.id, at_ms), What::Link { card, link });
    }
    for comment in &card.comments {
        add((comment.at_ms.max(at_ms), comment.author.as_ref()), What::Comment { card, comment });
    }
    add((at_ms, author), What::Card { card, list: state.list.clone(), name: state.name.clone() });
    let begins = if making.is_some() { at_ms } else { at_ms.max(begins) };
    add((begins, author), What::Begin { card, state });
}

/// The steps that make the lists; each is there when the first card comes into it.
fn list_steps<'a>(
    board: &'a SourceBoard,
    made: &Made<'a>,
    used: &BTreeMap<SourceId, Option<i64>>,
    steps: &mut Vec<Step<'a>>,
) {
    let mut names: BTreeMap<&SourceId, &str> = BTreeMap::new();
    for action in board.history.iter().rev() {
        match &action.deed {
            SourceDeed::ListRenamed { list, from, .. } => drop(names.insert(list, from)),
            SourceDeed::ListMade { list, name } if !name.is_empty() => drop(names.insert(list, name)),
            _ => {}
        }
    }
    for list in &board.lists {
        let (at, author) = made.when(&list.id, None);
        // What nobody knows the time of comes first.
        let at_ms = used.get(&list.id).map_or(at, |used| at.min(*used));
        let name = names.get(&list.id).map_or_else(|| list.name.clone(), |name| (*name).to_owned());
        steps.push(Step { at_ms, author, what: What::List { list, name } });
    }
}
