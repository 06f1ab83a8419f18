//! What of a card is found: from the state of a project to one document for each card.
//!
//! The comments stand in the document of their card. So words that stand apart, in a title and in two comments, find the card; what is left out
//! by a minus is left out wherever it stands; and a filter needs no look at another document. A new comment writes its card's document anew.

use std::collections::BTreeSet;

use recordplayer_kanban::card::{Attachment, Card, Day, Effort, FieldValue, Priority, Stage};
use recordplayer_kanban::ids::{CardId, ColumnId, CommentId, LabelId, OptionId, PersonId, TypeId};
use recordplayer_kanban::reference::as_written;
use recordplayer_kanban::view::CardView;

/// One card, as it is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardDocument {
    pub card: CardId,
    /// `None` while its key is provisional.
    pub number: Option<u64>,
    /// What it was called in other projects.
    pub former: Vec<String>,
    pub title: String,
    pub description: String,
    /// The oldest first.
    pub comments: Vec<CommentText>,
    /// Whatever else is written on it: checklists, links, files, fields, why it is blocked.
    pub rest: Vec<String>,
    /// Who it is assigned to, and who works on it.
    pub people: BTreeSet<PersonId>,
    pub labels: BTreeSet<LabelId>,
    pub options: BTreeSet<OptionId>,
    pub card_type: Option<TypeId>,
    pub column: Option<ColumnId>,
    pub due: Option<Day>,
    pub priority: Option<Priority>,
    pub points: Option<Effort>,
    pub marks: BTreeSet<Mark>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentText {
    pub comment: CommentId,
    pub author: PersonId,
    pub text: String,
}

/// What is so of a card, or is not. The numbers are in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Done = 1,
    Archived = 2,
    Blocked = 3,
    HasFile = 4,
    HasLink = 5,
    HasComment = 6,
    HasChecklist = 7,
    HasDue = 8,
    HasLabel = 9,
    HasPerson = 10,
}

impl CardDocument {
    /// The document of a card, with cards that its texts refer to as they were called then; nothing where it is not in this project, or not any more.
    pub fn of(id: CardId, view: &CardView, description: String) -> Option<Self> {
        let card = &view.card;
        if !card.is_here() {
            return None;
        }
        let comments: Vec<_> = view
            .comments()
            .into_iter()
            .map(|(comment, row)| CommentText { comment, author: row.author, text: as_written(&row.text) })
            .collect();
        let working = card.taken_by.filter(|_| card.stage != Stage::ToDo);
        let people: BTreeSet<PersonId> = card.members.iter().copied().chain(working).collect();
        let options = card.fields.values().filter_map(|value| match value {
            FieldValue::Choice { option } => Some(*option),
            FieldValue::Text { .. }
            | FieldValue::Number { .. }
            | FieldValue::Date { .. }
            | FieldValue::Checked { .. }
            | FieldValue::Person { .. }
            | FieldValue::Link { .. } => None,
        });
        Some(Self {
            card: id,
            number: card.number.value().copied(),
            former: card.former.values().filter(|name| !name.is_empty()).cloned().collect(),
            title: card.title.clone(),
            description: as_written(&description),
            rest: rest(card),
            labels: card.labels.clone(),
            options: options.collect(),
            card_type: card.card_type,
            column: card.column(),
            due: card.due.clone(),
            priority: card.priority,
            points: card.estimate,
            marks: marks(card, !comments.is_empty(), !people.is_empty()),
            comments,
            people,
        })
    }
}

fn rest(card: &Card) -> Vec<String> {
    let mut rest = Vec::new();
    for list in &card.checklists {
        rest.push(list.name.clone());
        rest.extend(list.items.iter().map(|item| item.text.clone()));
    }
    for attachment in card.attachments.values() {
        match attachment {
            Attachment::Link { name, url } => rest.extend([name.clone(), url.clone()]),
            Attachment::File { name, .. } => rest.push(name.clone()),
        }
    }
    rest.extend(card.fields.values().filter_map(|value| match value {
        FieldValue::Text { text } => Some(text.clone()),
        FieldValue::Number { number } => Some(number.clone()),
        FieldValue::Link { url } => Some(url.clone()),
        FieldValue::Date { .. }
        | FieldValue::Checked { .. }
        | FieldValue::Choice { .. }
        | FieldValue::Person { .. } => None,
    }));
    rest.extend(card.blocked.as_deref().map(as_written));
    rest.retain(|text| !text.is_empty());
    rest
}

fn marks(card: &Card, has_comment: bool, has_person: bool) -> BTreeSet<Mark> {
    let is_link = |attachment: &Attachment| attachment.file().is_none();
    let all = [
        (Mark::Done, card.done),
        (Mark::Archived, card.archived),
        (Mark::Blocked, card.blocked.is_some()),
        (Mark::HasFile, card.attachments.values().any(|attachment| !is_link(attachment))),
        (Mark::HasLink, card.attachments.values().any(is_link)),
        (Mark::HasComment, has_comment),
        (Mark::HasChecklist, !card.checklists.is_empty()),
        (Mark::HasDue, card.due.is_some()),
        (Mark::HasLabel, !card.labels.is_empty()),
        (Mark::HasPerson, has_person),
    ];
    all.into_iter().filter(|(_, is_so)| *is_so).map(|(mark, _)| mark).collect()
}
