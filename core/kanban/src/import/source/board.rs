//! A board of another product as its reader hands it on: plain, in order, every reference leading somewhere.

use std::collections::BTreeSet;

use recordplayer::id::Id;
use serde::Serialize;

use super::kind::ColumnKindGuess;
use super::left_out::NotImported;
use crate::card::{Effort, Priority, RelationKind};

/// A board of another product with all that is taken of it, and the list of what is not.
///
/// Invariants:
/// 1. Every `list_id`, label id, member id, author, field id and option id of a card is in the board's own vectors.
/// 2. No id occurs twice in one vector.
/// 3. Lists, checklists, items, attachments, fields and options stand by position, equal positions by id; cards by list, then
///    likewise; comments by time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceBoard {
    /// Which product it is of: parts the ids of one from those of another.
    pub product: &'static str,
    pub id: SourceId,
    pub name: String,
    pub lists: Vec<SourceList>,
    pub cards: Vec<SourceCard>,
    pub labels: Vec<SourceLabel>,
    pub members: Vec<SourceMember>,
    pub fields: Vec<SourceField>,
    pub types: Vec<SourceType>,
    /// What was done on the board, as far as the file tells: the oldest first.
    pub history: Vec<SourceAction>,
    pub not_imported: Vec<NotImported>,
    pub says: Says,
    /// Follows from the bytes that were read: the same file has the same.
    pub export: Id,
}

/// What the file says of its cards at all: where it says so and holds nothing, there is nothing any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Says {
    pub subjects: BTreeSet<Subject>,
    pub fields: Vec<SourceId>,
}

/// What a file may say of cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Subject {
    Labels,
    Members,
    Priorities,
    Estimates,
    /// What cards are parts of.
    Wholes,
    /// What else they are to each other.
    Links,
}

impl Says {
    pub(in crate::import) fn of(said: &[(Subject, bool)], fields: Vec<SourceId>) -> Self {
        let subjects = said.iter().filter(|(_, is_said)| *is_said).map(|(subject, _)| *subject).collect();
        Self { subjects, fields }
    }
}

impl SourceBoard {
    /// The first invariant.
    pub(in crate::import) fn references_lead_somewhere(&self) -> bool {
        let lists: BTreeSet<_> = self.lists.iter().map(|list| &list.id).collect();
        let labels: BTreeSet<_> = self.labels.iter().map(|label| &label.id).collect();
        let members: BTreeSet<_> = self.members.iter().map(|member| &member.id).collect();
        let fields: BTreeSet<_> = self.fields.iter().map(|field| &field.id).collect();
        let types: BTreeSet<_> = self.types.iter().map(|card_type| &card_type.id).collect();
        let options = self.fields.iter();
        let options: BTreeSet<_> =
            options.flat_map(|field| field.options.iter().map(move |option| (&field.id, &option.id))).collect();
        let cards: BTreeSet<_> = self.cards.iter().map(|card| &card.id).collect();
        let is_sound = |action: &SourceAction| {
            action.people().all(|person| members.contains(person))
                && action.deed.card().is_none_or(|card| cards.contains(card))
        };
        self.history.iter().all(is_sound)
            && self.cards.iter().all(|card| {
                lists.contains(&card.list_id)
                    && card.label_ids.iter().all(|id| labels.contains(id))
                    && card.member_ids.iter().all(|id| members.contains(id))
                    && card.comments.iter().filter_map(|comment| comment.author.as_ref()).all(|id| members.contains(id))
                    && card.type_id.iter().all(|id| types.contains(id))
                    && card.relations.iter().all(|relation| cards.contains(&relation.to))
                    && card.field_values.iter().all(|value| match &value.value {
                        SourceValue::Option(option) => options.contains(&(&value.field_id, option)),
                        SourceValue::Person(person) => members.contains(person) && fields.contains(&value.field_id),
                        SourceValue::Text(_)
                        | SourceValue::Number(_)
                        | SourceValue::Date(_)
                        | SourceValue::Checked(_) => fields.contains(&value.field_id),
                    })
            })
    }
}

/// One thing that somebody did on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceAction {
    pub id: SourceId,
    /// In milliseconds since 1970.
    pub at_ms: i64,
    /// A member of the board's `members`; `None` where the file names nobody.
    pub author: Option<SourceId>,
    pub deed: SourceDeed,
}

/// What an action did, to things that the board still holds. Values that were changed have what they were before, where the file tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceDeed {
    BoardMade,
    ListMade { list: SourceId, name: String },
    ListRenamed { list: SourceId, from: String, to: String },
    ListClosed { list: SourceId, closed: bool },
    CardMade { card: SourceId, list: SourceId, name: String },
    CardMoved { card: SourceId, from: Option<SourceId>, to: SourceId },
    CardRenamed { card: SourceId, from: String, to: String },
    CardDescribed { card: SourceId, from: String, to: String },
    CardClosed { card: SourceId, closed: bool },
    CardDue { card: SourceId, from: Option<i64>, to: Option<i64> },
    CardDone { card: SourceId, done: bool },
    LabelsSet { card: SourceId, from: Vec<SourceId>, to: Vec<SourceId> },
    LabelAdded { card: SourceId, label: SourceId },
    LabelRemoved { card: SourceId, label: SourceId },
    MemberJoined { card: SourceId, member: SourceId },
    MemberLeft { card: SourceId, member: SourceId },
    ChecklistMade { checklist: SourceId },
    ItemTicked { card: SourceId, item: SourceId, done: bool },
    AttachmentMade { attachment: SourceId },
}

impl SourceDeed {
    /// The card that it was done to.
    pub fn card(&self) -> Option<&SourceId> {
        match self {
            Self::BoardMade
            | Self::ListMade { .. }
            | Self::ListRenamed { .. }
            | Self::ListClosed { .. }
            | Self::ChecklistMade { .. }
            | Self::AttachmentMade { .. } => None,
            Self::CardMade { card, .. }
            | Self::CardMoved { card, .. }
            | Self::CardRenamed { card, .. }
            | Self::CardDescribed { card, .. }
            | Self::CardClosed { card, .. }
            | Self::CardDue { card, .. }
            | Self::CardDone { card, .. }
            | Self::LabelsSet { card, .. }
            | Self::LabelAdded { card, .. }
            | Self::LabelRemoved { card, .. }
            | Self::MemberJoined { card, .. }
            | Self::MemberLeft { card, .. }
            | Self::ItemTicked { card, .. } => Some(card),
        }
    }
}

impl SourceAction {
    /// Whoever of the board's members has a part in it.
    pub(in crate::import) fn people(&self) -> impl Iterator<Item = &SourceId> {
        let member = match &self.deed {
            SourceDeed::MemberJoined { member, .. } | SourceDeed::MemberLeft { member, .. } => Some(member),
            _ => None,
        };
        self.author.iter().chain(member)
    }
}

/// The id that the product gave a thing: never empty, and the same in each export of the board.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SourceId(pub(in crate::import) String);

impl SourceId {
    /// Of a text that names the thing within what it belongs to: `column/Done`. Never empty.
    pub(in crate::import) fn of(what: &str, name: &str) -> Self {
        Self(format!("{what}/{name}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the thing was made, in milliseconds since 1970 and exact to the second. `None` for an id that is not one of the object ids
    /// that Trello gives, whose first 8 of 24 hexadecimal digits are that second.
    pub fn created_at_ms(&self) -> Option<i64> {
        if self.0.len() != 24 || !self.0.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let seconds = u32::from_str_radix(&self.0[..8], 16).ok()?;
        Some(i64::from(seconds) * 1000)
    }
}

/// How a list, label, member or field is known. Only what is `Listed` counts as a thing of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// In the board's own list of such things.
    Listed,
    /// Not in that list, but described where it is used: a label on a card of 2015, the author in a comment's action.
    Mentioned,
    /// Nothing but its id is in the file, and something refers to it; its name is ours.
    Placeholder,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceList {
    pub id: SourceId,
    /// Not unique: Trello lets two lists have one name, and none.
    pub name: String,
    pub closed: bool,
    /// What it is for, where the product says that; its name is asked where it does not.
    pub kind: Option<ColumnKindGuess>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceCard {
    pub id: SourceId,
    pub name: String,
    /// Markdown; empty where there is none.
    pub desc: String,
    pub closed: bool,
    pub list_id: SourceId,
    /// In milliseconds since 1970. Trello's due dates are moments, not days.
    pub due_at_ms: Option<i64>,
    pub due_complete: bool,
    pub label_ids: Vec<SourceId>,
    pub member_ids: Vec<SourceId>,
    pub attachments: Vec<SourceAttachment>,
    pub checklists: Vec<SourceChecklist>,
    pub comments: Vec<SourceComment>,
    pub field_values: Vec<SourceFieldValue>,
    /// One of the board's `types`.
    pub type_id: Option<SourceId>,
    /// `None` where the product does not say: what was set here stays then, if the file says it of no card at all. So it is with the estimate.
    pub priority: Option<Priority>,
    pub estimate: Option<Effort>,
    pub remaining: Option<Effort>,
    pub blocked: Option<String>,
    /// When anything of it was changed last, where the product says that; and when it was finished or given up.
    pub changed_at_ms: Option<i64>,
    pub ended_at_ms: Option<i64>,
    /// To cards of the same board.
    pub relations: Vec<SourceRelation>,
    /// Links to things of the product that are not on the board.
    pub relations_dangling: u64,
}

/// What a card is to another one of the board.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceRelation {
    pub kind: RelationKind,
    pub to: SourceId,
}

/// A type of cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceType {
    pub id: SourceId,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceAttachment {
    pub id: SourceId,
    pub name: String,
    /// A link as someone gave it, or to Trello's store, which asks for a login.
    pub url: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceChecklist {
    pub id: SourceId,
    pub name: String,
    pub items: Vec<SourceCheckItem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceCheckItem {
    pub id: SourceId,
    pub name: String,
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceComment {
    pub id: SourceId,
    /// A member of the board's `members`; `None` where the file names nobody.
    pub author: Option<SourceId>,
    /// When it was written, in milliseconds since 1970; `None` where neither the action nor its id tells.
    pub at_ms: Option<i64>,
    pub text: String,
}

impl SourceComment {
    /// Whether there is anything to show.
    pub fn is_written(&self) -> bool {
        !self.text.trim().is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLabel {
    pub id: SourceId,
    /// Often empty: in Trello a colour alone is a label.
    pub name: String,
    /// Trello's word for it (`green`, `sky`, `red_dark`); `None` for a label without colour.
    pub colour: Option<String>,
    /// Whether it is a component of the product that the cards are about, which comes in as a label and counts for itself.
    pub is_component: bool,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceMember {
    pub id: SourceId,
    pub full_name: String,
    pub username: String,
    pub origin: Origin,
}

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceField {
    pub id: SourceId,
    pub name: String,
    pub kind: SourceFieldKind,
    /// The choices of a `List` field; empty for the others.
    pub options: Vec<SourceFieldOption>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceFieldKind {
    Text,
    Number,
    Date,
    Checkbox,
    List,
    Person,
    /// A type that this reader does not know, by Trello's word; its values are read as what they look like.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFieldOption {
    pub id: SourceId,
    pub name: String,
    pub colour: Option<String>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFieldValue {
    pub field_id: SourceId,
    pub value: SourceValue,
}

/// A value of a custom field, which may be of another kind than its field says: the file decides, nothing is forced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceValue {
    Text(String),
    /// The decimal text of the file, such as `100.32`.
    Number(String),
    /// Milliseconds since 1970.
    Date(i64),
    Checked(bool),
    /// One of the field's options.
    Option(SourceId),
    /// One of the board's `members`.
    Person(SourceId),
}

impl SourceValue {
    /// The kind of field that has values like this one.
    pub(in crate::import) fn kind(&self) -> SourceFieldKind {
        match self {
            Self::Text(_) => SourceFieldKind::Text,
            Self::Number(_) => SourceFieldKind::Number,
            Self::Date(_) => SourceFieldKind::Date,
            Self::Checked(_) => SourceFieldKind::Checkbox,
            Self::Option(_) => SourceFieldKind::List,
            Self::Person(_) => SourceFieldKind::Person,
        }
    }
}
