//! The export as it is written, reduced to what is taken and to what is counted as left out.
//!
//! Whatever can stand in a list has a key that it must have, and keeps its rare parts in boxes: so the shortest thing of the file
//! becomes no more than some 15 times as many bytes, and [`EXPORT_BYTES_MAX`](super::EXPORT_BYTES_MAX) bounds the memory.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::source::SourceId;
use super::super::source::loose::{
    Position, Present, count, flag, given, given_flag, id, id_or_none, list, list_or_none, scalar, text,
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireBoard {
    #[serde(deserialize_with = "id_or_none")]
    pub id: Option<SourceId>,
    pub name: Option<Text>,
    #[serde(deserialize_with = "list_or_none")]
    pub lists: Option<Vec<WireList>>,
    #[serde(deserialize_with = "list_or_none")]
    pub cards: Option<Vec<WireCard>>,
    #[serde(deserialize_with = "list")]
    pub labels: Vec<WireLabel>,
    #[serde(deserialize_with = "list")]
    pub members: Vec<WirePerson>,
    #[serde(deserialize_with = "list")]
    pub checklists: Vec<WireChecklist>,
    #[serde(deserialize_with = "list")]
    pub custom_fields: Vec<WireField>,
    #[serde(deserialize_with = "list")]
    pub actions: Vec<WireAction>,
    pub label_names: Option<BTreeMap<String, Text>>,
    pub desc: Present,
    #[serde(deserialize_with = "flag")]
    pub closed: bool,
    pub prefs: Present,
    pub memberships: Present,
    pub power_ups: Present,
    pub plugin_data: Present,
    pub subscribed: Present,
    pub id_tags: Present,
}

/// A text of the file, see [`text`].
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Text(#[serde(deserialize_with = "text")] pub String);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireList {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "flag")]
    pub closed: bool,
    #[serde(default)]
    pub pos: Position,
    #[serde(default)]
    pub soft_limit: Present,
    #[serde(default)]
    pub subscribed: Present,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCard {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub desc: String,
    #[serde(default, deserialize_with = "flag")]
    pub closed: bool,
    #[serde(default, deserialize_with = "id_or_none")]
    pub id_list: Option<SourceId>,
    #[serde(default)]
    pub pos: Position,
    #[serde(default, deserialize_with = "text")]
    pub due: String,
    #[serde(default, deserialize_with = "flag")]
    pub due_complete: bool,
    #[serde(default, deserialize_with = "list")]
    pub id_labels: Vec<SourceId>,
    #[serde(default, deserialize_with = "list")]
    pub labels: Vec<WireLabel>,
    #[serde(default, deserialize_with = "list")]
    pub id_members: Vec<SourceId>,
    #[serde(default, deserialize_with = "list")]
    pub attachments: Vec<WireAttachment>,
    #[serde(default, deserialize_with = "list")]
    pub id_checklists: Vec<SourceId>,
    #[serde(default, deserialize_with = "list")]
    pub checklists: Vec<WireChecklist>,
    #[serde(default, deserialize_with = "list")]
    pub custom_field_items: Vec<WireFieldValue>,
    #[serde(default, deserialize_with = "list")]
    pub actions: Vec<WireAction>,
    #[serde(default)]
    pub badges: Option<WireBadges>,
    #[serde(default)]
    pub cover: Option<WireCover>,
    #[serde(default)]
    pub id_attachment_cover: Present,
    #[serde(default)]
    pub id_members_voted: Present,
    #[serde(default)]
    pub stickers: Present,
    #[serde(default)]
    pub plugin_data: Present,
    #[serde(default)]
    pub subscribed: Present,
    #[serde(default)]
    pub start: Present,
    #[serde(default)]
    pub due_reminder: Present,
    #[serde(default)]
    pub address: Present,
    #[serde(default)]
    pub coordinates: Present,
    #[serde(default)]
    pub location_name: Present,
    #[serde(default)]
    pub is_template: Present,
    #[serde(default)]
    pub card_role: Present,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireBadges {
    #[serde(deserialize_with = "count")]
    pub comments: u64,
    #[serde(deserialize_with = "count")]
    pub votes: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireCover {
    pub id_attachment: Present,
    pub color: Present,
    pub id_uploaded_background: Present,
    pub shared_source_url: Present,
}

/// A label of the board, or of a card; only the latter may lack an id.
#[derive(Debug, Deserialize)]
pub(super) struct WireLabel {
    #[serde(default, deserialize_with = "id_or_none")]
    pub id: Option<SourceId>,
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub color: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePerson {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub full_name: String,
    #[serde(default, deserialize_with = "text")]
    pub username: String,
    #[serde(default)]
    pub avatar_hash: Present,
    #[serde(default)]
    pub avatar_url: Present,
    #[serde(default)]
    pub bio: Present,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireAttachment {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub url: String,
    #[serde(default)]
    pub pos: Position,
    #[serde(default)]
    pub is_upload: Present,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireChecklist {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "id_or_none")]
    pub id_card: Option<SourceId>,
    #[serde(default)]
    pub pos: Position,
    #[serde(default, deserialize_with = "list")]
    pub check_items: Vec<WireCheckItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCheckItem {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub state: String,
    #[serde(default)]
    pub pos: Position,
    #[serde(default)]
    pub due: Present,
    #[serde(default)]
    pub id_member: Present,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireField {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    #[serde(default, rename = "type", deserialize_with = "text")]
    pub kind: String,
    #[serde(default)]
    pub pos: Position,
    #[serde(default, deserialize_with = "list")]
    pub options: Vec<WireFieldOption>,
}

/// An option has its id as `id` in exports and as `_id` in answers of the API.
#[derive(Debug, Deserialize)]
pub(super) struct WireFieldOption {
    #[serde(default, deserialize_with = "id_or_none")]
    pub id: Option<SourceId>,
    #[serde(default, rename = "_id", deserialize_with = "id_or_none")]
    pub underscore_id: Option<SourceId>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub value: Option<Box<WireValue>>,
    #[serde(default, deserialize_with = "text")]
    pub color: String,
    #[serde(default)]
    pub pos: Position,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireFieldValue {
    #[serde(deserialize_with = "id")]
    pub id_custom_field: SourceId,
    #[serde(default, deserialize_with = "id_or_none")]
    pub id_value: Option<SourceId>,
    #[serde(default)]
    pub value: Option<Box<WireValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireValue {
    #[serde(deserialize_with = "text")]
    pub text: String,
    #[serde(deserialize_with = "scalar")]
    pub number: Option<String>,
    #[serde(deserialize_with = "text")]
    pub date: String,
    #[serde(deserialize_with = "scalar")]
    pub checked: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireAction {
    #[serde(deserialize_with = "id")]
    pub id: SourceId,
    #[serde(default, rename = "type", deserialize_with = "text")]
    pub kind: String,
    #[serde(default, deserialize_with = "text")]
    pub date: String,
    #[serde(default, deserialize_with = "id_or_none")]
    pub id_member_creator: Option<SourceId>,
    #[serde(default)]
    pub member_creator: Option<Box<WirePerson>>,
    #[serde(default)]
    pub member: Option<Box<WirePerson>>,
    #[serde(default)]
    pub data: Option<Box<WireActionData>>,
    #[serde(default)]
    pub reactions: Present,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireActionData {
    pub card: Option<Box<WireActionCard>>,
    pub list: Option<Box<WireNamed>>,
    pub list_after: Option<Box<WireNamed>>,
    /// The values that were there before, one or two of them.
    pub old: Option<Box<WireOld>>,
    pub checklist: Option<Box<WireNamed>>,
    pub check_item: Option<Box<WireActionItem>>,
    pub attachment: Option<Box<WireNamed>>,
    pub label: Option<Box<WireNamed>>,
    #[serde(deserialize_with = "id_or_none")]
    pub id_member: Option<SourceId>,
    /// Who wrote a comment that came along with a copied card; the action's creator is who copied it.
    #[serde(deserialize_with = "id_or_none")]
    pub id_original_commenter: Option<SourceId>,
    #[serde(deserialize_with = "text")]
    pub text: String,
}

impl WireActionData {
    pub fn list_id(&self) -> Option<&SourceId> {
        self.list.as_ref().and_then(|list| list.id.as_ref())
    }
}

/// A card as an action tells of it: its id and name, and what was changed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireActionCard {
    #[serde(deserialize_with = "id_or_none")]
    pub id: Option<SourceId>,
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub desc: String,
    #[serde(deserialize_with = "id_or_none")]
    pub id_list: Option<SourceId>,
    #[serde(deserialize_with = "text")]
    pub due: String,
    #[serde(deserialize_with = "list")]
    pub id_labels: Vec<SourceId>,
}

/// What a card or a list had before. A value that was empty is there as an empty one, and one that did not change is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireOld {
    #[serde(deserialize_with = "given")]
    pub name: Option<Text>,
    #[serde(deserialize_with = "given")]
    pub desc: Option<Text>,
    #[serde(deserialize_with = "given_flag")]
    pub closed: Option<bool>,
    #[serde(deserialize_with = "id_or_none")]
    pub id_list: Option<SourceId>,
    #[serde(deserialize_with = "given")]
    pub due: Option<Text>,
    #[serde(deserialize_with = "given_flag")]
    pub due_complete: Option<bool>,
    #[serde(deserialize_with = "list_or_none")]
    pub id_labels: Option<Vec<SourceId>>,
    pub pos: Present,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireActionItem {
    #[serde(deserialize_with = "id_or_none")]
    pub id: Option<SourceId>,
    #[serde(deserialize_with = "text")]
    pub state: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireNamed {
    #[serde(default, deserialize_with = "id_or_none")]
    pub id: Option<SourceId>,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
}
