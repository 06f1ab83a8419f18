//! A Trello board as this module hands it on: plain, in order, every reference leading somewhere.

use recordplayer::id::Id;
use serde::Serialize;

use super::left_out::NotImported;

/// A board of Trello with all that is taken of it, and the list of what is not.
///
/// Invariants:
/// 1. Every `list_id`, label id, member id, author, field id and option id of a card is in the board's own vectors.
/// 2. No id occurs twice in one vector.
/// 3. Lists, checklists, items, attachments, fields and options stand by position, equal positions by id; cards by list, then
///    likewise; comments by time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloBoard {
    pub id: TrelloId,
    pub name: String,
    pub lists: Vec<TrelloList>,
    pub cards: Vec<TrelloCard>,
    pub labels: Vec<TrelloLabel>,
    pub members: Vec<TrelloMember>,
    pub fields: Vec<TrelloField>,
    /// What was done on the board, as far as the file tells: the oldest first.
    pub history: Vec<TrelloAction>,
    pub not_imported: Vec<NotImported>,
    /// Follows from the bytes that were read: the same file has the same.
    pub export: Id,
}

/// One thing that somebody did on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloAction {
    pub id: TrelloId,
    /// In milliseconds since 1970.
    pub at_ms: i64,
    /// A member of the board's `members`; `None` where the file names nobody.
    pub author: Option<TrelloId>,
    pub deed: TrelloDeed,
}

/// What an action did, to things that the board still holds. Values that were changed have what they were before, where the file tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrelloDeed {
    BoardMade,
    ListMade { list: TrelloId, name: String },
    ListRenamed { list: TrelloId, from: String, to: String },
    ListClosed { list: TrelloId, closed: bool },
    CardMade { card: TrelloId, list: TrelloId, name: String },
    CardMoved { card: TrelloId, from: Option<TrelloId>, to: TrelloId },
    CardRenamed { card: TrelloId, from: String, to: String },
    CardDescribed { card: TrelloId, from: String, to: String },
    CardClosed { card: TrelloId, closed: bool },
    CardDue { card: TrelloId, from: Option<i64>, to: Option<i64> },
    CardDone { card: TrelloId, done: bool },
    LabelsSet { card: TrelloId, from: Vec<TrelloId>, to: Vec<TrelloId> },
    LabelAdded { card: TrelloId, label: TrelloId },
    LabelRemoved { card: TrelloId, label: TrelloId },
    MemberJoined { card: TrelloId, member: TrelloId },
    MemberLeft { card: TrelloId, member: TrelloId },
    ChecklistMade { checklist: TrelloId },
    ItemTicked { card: TrelloId, item: TrelloId, done: bool },
    AttachmentMade { attachment: TrelloId },
}

impl TrelloDeed {
    /// The card that it was done to.
    pub fn card(&self) -> Option<&TrelloId> {
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

impl TrelloAction {
    /// Whoever of the board's members has a part in it.
    pub(super) fn people(&self) -> impl Iterator<Item = &TrelloId> {
        let member = match &self.deed {
            TrelloDeed::MemberJoined { member, .. } | TrelloDeed::MemberLeft { member, .. } => Some(member),
            _ => None,
        };
        self.author.iter().chain(member)
    }
}

/// The id that Trello gave a thing: never empty, and the same in each export of the board.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TrelloId(pub(super) String);

impl TrelloId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When Trello made the thing, in milliseconds since 1970 and exact to the second. `None` for an id that is not one of
    /// Trello's object ids, whose first 8 of 24 hexadecimal digits are that second.
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
pub struct TrelloList {
    pub id: TrelloId,
    /// Not unique: Trello lets two lists have one name, and none.
    pub name: String,
    pub closed: bool,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloCard {
    pub id: TrelloId,
    pub name: String,
    /// Markdown; empty where there is none.
    pub desc: String,
    pub closed: bool,
    pub list_id: TrelloId,
    /// In milliseconds since 1970. Trello's due dates are moments, not days.
    pub due_at_ms: Option<i64>,
    pub due_complete: bool,
    pub label_ids: Vec<TrelloId>,
    pub member_ids: Vec<TrelloId>,
    pub attachments: Vec<TrelloAttachment>,
    pub checklists: Vec<TrelloChecklist>,
    pub comments: Vec<TrelloComment>,
    pub field_values: Vec<TrelloFieldValue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloAttachment {
    pub id: TrelloId,
    pub name: String,
    /// A link as someone gave it, or to Trello's store, which asks for a login.
    pub url: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloChecklist {
    pub id: TrelloId,
    pub name: String,
    pub items: Vec<TrelloCheckItem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloCheckItem {
    pub id: TrelloId,
    pub name: String,
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloComment {
    pub id: TrelloId,
    /// A member of the board's `members`; `None` where the file names nobody.
    pub author: Option<TrelloId>,
    /// When it was written, in milliseconds since 1970; `None` where neither the action nor its id tells.
    pub at_ms: Option<i64>,
    pub text: String,
}

impl TrelloComment {
    /// Whether there is anything to show.
    pub fn is_written(&self) -> bool {
        !self.text.trim().is_empty()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloLabel {
    pub id: TrelloId,
    /// Often empty: in Trello a colour alone is a label.
    pub name: String,
    /// Trello's word for it (`green`, `sky`, `red_dark`); `None` for a label without colour.
    pub colour: Option<String>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloMember {
    pub id: TrelloId,
    pub full_name: String,
    pub username: String,
    pub origin: Origin,
}

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloField {
    pub id: TrelloId,
    pub name: String,
    pub kind: TrelloFieldKind,
    /// The choices of a `List` field; empty for the others.
    pub options: Vec<TrelloFieldOption>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrelloFieldKind {
    Text,
    Number,
    Date,
    Checkbox,
    List,
    /// A type that this reader does not know, by Trello's word; its values are read as what they look like.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloFieldOption {
    pub id: TrelloId,
    pub name: String,
    pub colour: Option<String>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrelloFieldValue {
    pub field_id: TrelloId,
    pub value: TrelloValue,
}

/// A value of a custom field, which may be of another kind than its field says: the file decides, nothing is forced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrelloValue {
    Text(String),
    /// The decimal text of the file, such as `100.32`.
    Number(String),
    /// Milliseconds since 1970.
    Date(i64),
    Checked(bool),
    /// One of the field's options.
    Option(TrelloId),
}
