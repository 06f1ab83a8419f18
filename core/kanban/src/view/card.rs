//! A card as it is read.

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::record::{Position, Record, StreamId};
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::board::Board;
use crate::card::{Attachment, Card, FieldValue, Whereabouts};
use crate::column::Column;
use crate::comment::{Comment, CommentKind};
use crate::ids::{AttachmentId, CardId, CommentId, PersonId};
use crate::key::card_key;
use crate::project::{FieldDefinition, Label, Project};

/// A card with its comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardView {
    pub card: Card,
    /// Deleted ones are gone.
    pub comments: RedBlackTreeMapSync<CommentId, CommentRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentRow {
    pub author: PersonId,
    pub kind: CommentKind,
    pub at: Timestamp,
    /// The record that wrote it: what came at one moment stands in the order of the log.
    pub written: Position,
    pub text: String,
    pub edited: bool,
}

/// What the `card` JSON needs besides the view.
pub struct CardNames<'a> {
    pub project: &'a Project,
    pub column: &'a Column,
    pub board: &'a Board,
    /// Names of members; placeholders are named by the project.
    pub name_of: &'a dyn Fn(PersonId) -> Option<String>,
    /// Writes a moment for people and scripts.
    pub time_of: &'a dyn Fn(Timestamp) -> String,
    /// What people call another card.
    pub key_of: &'a dyn Fn(CardId) -> String,
    /// The description's text.
    pub description: &'a str,
}

impl std::fmt::Debug for CardNames<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardNames").field("column", &self.column.name).finish_non_exhaustive()
    }
}

impl CardView {
    /// The comments, the oldest first.
    pub fn comments(&self) -> Vec<(CommentId, &CommentRow)> {
        let mut comments: Vec<_> = self.comments.iter().map(|(id, comment)| (*id, comment)).collect();
        comments.sort_by_key(|(id, comment)| (comment.at, comment.written, *id));
        comments
    }

    /// The answer of the command `card --json`.
    pub fn json(&self, id: CardId, names: &CardNames<'_>) -> Value {
        let card = &self.card;
        let project = names.project;
        let person = |person: PersonId| {
            let placeholder = project.placeholders.get(&person).map(|placeholder| placeholder.name.clone());
            (names.name_of)(person).or(placeholder).unwrap_or_else(|| person.to_string())
        };
        let checklists = card.checklists.iter().map(|list| {
            let items = list
                .items
                .iter()
                .map(|item| json!({ "id": item.id.to_string(), "text": item.text, "done": item.done }));
            json!({ "id": list.id.to_string(), "name": list.name, "items": items.collect::<Vec<_>>() })
        });
        let comments = self.comments().into_iter().map(|(id, comment)| {
            json!({
                "id": id.to_string(), "author": person(comment.author), "at": (names.time_of)(comment.at), "text": comment.text,
                "kind": comment.kind, "edited": comment.edited,
            })
        });
        let fields = card.fields.iter().filter_map(|(id, value)| {
            let field = project.fields.get(id)?;
            Some((field.name.clone(), value_json(field, value, names)))
        });
        json!({
            "key": card_key(&project.key, &card.number, id),
            "id": id.to_string(),
            "title": card.title,
            "description": names.description,
            "column": names.column.name, "column_kind": names.column.kind,
            "board": names.board.title(),
            "archived": card.archived,
            "done": card.done,
            "labels": card.labels.iter().filter_map(|label| project.labels.get(label)).map(Label::shown).collect::<Vec<_>>(),
            "members": card.members.iter().map(|member| person(*member)).collect::<Vec<_>>(),
            "checklists": checklists.collect::<Vec<_>>(),
            "comments": comments.collect::<Vec<_>>(),
            "attachments": card.attachments.iter().map(|(id, attachment)| attachment_json(*id, attachment)).collect::<Vec<_>>(),
            "fields": fields.collect::<serde_json::Map<_, _>>(),
            "due": card.due,
            "type": card.card_type.and_then(|card_type| project.types.get(&card_type)).map(|card_type| &card_type.name),
            "priority": card.priority,
            "estimate": card.estimate.map(|estimate| estimate.to_string()),
            "remaining": card.remaining.map(|remaining| remaining.to_string()),
            "blocked": card.blocked,
            "relations": card.relations.iter().map(|relation| {
                json!({ "kind": relation.kind, "card": (names.key_of)(relation.to) })
            }).collect::<Vec<_>>(),
            "stage": card.stage,
            "taken_by": card.taken_by.map(person),
            "former_keys": card.former.values().filter(|key| !key.is_empty()).collect::<Vec<_>>(),
            "elsewhere": match &card.whereabouts {
                Whereabouts::Here {} => Value::Null,
                Whereabouts::Leaving { to, .. } => json!({ "project": to.to_string(), "arrived": false }),
                Whereabouts::Gone { to, .. } => json!({ "project": to.to_string(), "arrived": true }),
            },
        })
    }
}

fn attachment_json(id: AttachmentId, attachment: &Attachment) -> Value {
    match attachment {
        Attachment::Link { name, url } => json!({ "id": id.to_string(), "name": name, "url": url }),
        Attachment::File { name, file } => {
            json!({ "id": id.to_string(), "name": name, "bytes": file.bytes, "hash": file.hash.to_string() })
        }
    }
}

fn value_json(field: &FieldDefinition, value: &FieldValue, names: &CardNames<'_>) -> Value {
    match value {
        FieldValue::Text { text } => json!(text),
        FieldValue::Number { number } => json!(number),
        FieldValue::Date { at } => json!((names.time_of)(*at)),
        FieldValue::Checked { checked } => json!(checked),
        FieldValue::Choice { option } => json!(field.options.get(option).map(Label::shown)),
        FieldValue::Person { person } => {
            let placeholder = names.project.placeholders.get(person).map(|placeholder| placeholder.name.clone());
            json!((names.name_of)(*person).or(placeholder).unwrap_or_else(|| person.to_string()))
        }
        FieldValue::Link { url } => json!(url),
    }
}

impl View for CardView {
    const NAME: &'static str = "card";
    const VERSION: u32 = 7;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let card = match &*stream.kind {
            Card::KIND => models.get::<Card>(stream.id).exists().then_some(CardId(stream.id)),
            Comment::KIND => models.get::<Comment>(stream.id).card,
            _ => None,
        };
        card.map(Key::from).into_iter().collect()
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let id = record.stream.id;
        match &*record.stream.kind {
            Card::KIND => self.card = Card::clone(&after.get::<Card>(id)),
            Comment::KIND => {
                let comment = after.get::<Comment>(id);
                if comment.deleted {
                    self.comments.remove_mut(&CommentId(id));
                    return;
                }
                let Comment { author, kind, at, text, edited, .. } = Comment::clone(&comment);
                let written = self.comments.get(&CommentId(id)).map_or(record.number, |known| known.written);
                self.comments.insert_mut(CommentId(id), CommentRow { author, kind, at, written, text, edited });
            }
            _ => {}
        }
    }
}
