//! What happens to a card.

use std::collections::BTreeMap;

use recordplayer::context::Assigned;
use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::file::FileRef;
use recordplayer::id::{CommandId, SpaceId};
use recordplayer::text::TextChange;
use serde::{Deserialize, Serialize};

use super::{
    Attachment, Card, CardCommand, CardRefusal, Carried, Checklist, Day, Effort, FieldValue, Heard, Item, Journey,
    NotLetIn, Placed, Priority, Relation, Stage, Whereabouts,
};
use crate::ids::{AttachmentId, ChecklistId, ColumnId, CommentId, FieldId, ItemId, LabelId, PersonId, RowId, TypeId};
use crate::rank::Rank;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardEvent {
    Created {
        column: ColumnId,
        rank: Rank,
        title: String,
        number: Assigned<u64>,
        /// An import put it there past the column's limit.
        #[serde(default)]
        exempt: bool,
    },
    Renamed {
        title: String,
    },
    Described {
        change: TextChange,
    },
    /// Into another column, perhaps of another board.
    Moved {
        column: ColumnId,
        rank: Rank,
        #[serde(default)]
        row: Option<RowId>,
        /// An import put it there past the column's limit.
        #[serde(default)]
        exempt: bool,
    },
    /// It is on its way to another project, and locked and hidden here.
    Leaving {
        to: SpaceId,
        column: ColumnId,
        journey: Journey,
        by: PersonId,
    },
    /// It came from another project.
    Arrived {
        from: SpaceId,
        journey: Journey,
        by: PersonId,
        column: ColumnId,
        rank: Rank,
        number: Assigned<u64>,
        former: BTreeMap<SpaceId, String>,
        card: Box<Carried>,
    },
    /// It wanted to come from another project, and may not.
    TurnedAway {
        from: SpaceId,
        journey: Journey,
        why: NotLetIn,
    },
    /// It was sent here, and is here already or was.
    FoundHere {
        from: SpaceId,
        journey: Journey,
    },
    /// It is in another project now.
    Gone {
        to: SpaceId,
        journey: Journey,
        heard: Heard,
    },
    /// It could not go to another project.
    Stayed {
        column: ColumnId,
        why: NotLetIn,
    },
    /// It came to two projects by journeys that began here; the first that told keeps it.
    Doubled {
        at: SpaceId,
        journey: CommandId,
        first: SpaceId,
    },
    /// Into another lane of its column.
    RowSet {
        #[serde(default)]
        row: Option<RowId>,
    },
    /// Somebody works on it now.
    Taken {
        by: PersonId,
    },
    /// It is to do again; nobody works on it.
    PutBack {},
    /// Somebody shall look at what was done.
    Submitted {},
    /// It was found good; it moves in the same commit.
    Approved {},
    /// It was not found good, and is to do again.
    Rejected {},
    /// Within its column.
    Reordered {
        rank: Rank,
    },
    Archived {},
    Restored {},
    LabelAdded {
        label: LabelId,
    },
    LabelRemoved {
        label: LabelId,
    },
    Assigned {
        person: PersonId,
    },
    Unassigned {
        person: PersonId,
    },
    DueSet {
        #[serde(default)]
        due: Option<Day>,
    },
    DoneSet {
        done: bool,
    },
    ChecklistSet {
        checklist: ChecklistId,
        name: String,
    },
    ChecklistRemoved {
        checklist: ChecklistId,
    },
    ItemSet {
        checklist: ChecklistId,
        item: ItemId,
        text: String,
        done: bool,
        #[serde(default)]
        before: Option<ItemId>,
    },
    ItemTicked {
        checklist: ChecklistId,
        item: ItemId,
        done: bool,
    },
    ItemRemoved {
        checklist: ChecklistId,
        item: ItemId,
    },
    LinkAttached {
        attachment: AttachmentId,
        name: String,
        url: String,
    },
    FileAttached {
        attachment: AttachmentId,
        name: String,
        file: FileRef,
    },
    AttachmentRemoved {
        attachment: AttachmentId,
    },
    FieldSet {
        field: FieldId,
        #[serde(default)]
        value: Option<FieldValue>,
    },
    TypeSet {
        #[serde(default)]
        card_type: Option<TypeId>,
    },
    PrioritySet {
        #[serde(default)]
        priority: Option<Priority>,
    },
    EstimateSet {
        #[serde(default)]
        estimate: Option<Effort>,
    },
    RemainingSet {
        #[serde(default)]
        remaining: Option<Effort>,
    },
    Blocked {
        reason: String,
    },
    Unblocked {},
    RelationAdded {
        relation: Relation,
    },
    RelationRemoved {
        relation: Relation,
    },
    /// A comment on it was written.
    CommentAdded {
        comment: CommentId,
    },
    /// A comment on it was deleted.
    CommentRemoved {
        comment: CommentId,
    },
}

impl Entity for Card {
    const KIND: &'static str = "card";
    const SHAPE: u32 = 11;

    type Command = CardCommand;
    type Event = CardEvent;
    type Refusal = CardRefusal;

    fn decide(&self, command: &CardCommand, cx: &mut Context<'_>) -> Result<Vec<CardEvent>, CardRefusal> {
        self.answer(command, cx)
    }

    fn sets(event: &CardEvent) -> Option<String> {
        use CardEvent as E;
        match event {
            E::Renamed { .. } => Some("title".to_owned()),
            E::Moved { .. } => Some("column".to_owned()),
            E::RowSet { .. } => Some("row".to_owned()),
            E::Leaving { .. } => Some("project".to_owned()),
            E::Taken { .. } | E::PutBack {} | E::Submitted {} | E::Approved {} | E::Rejected {} => {
                Some("stage".to_owned())
            }
            E::Archived {} | E::Restored {} => Some("archived".to_owned()),
            E::DueSet { .. } => Some("due".to_owned()),
            E::DoneSet { .. } => Some("done".to_owned()),
            E::ChecklistSet { checklist, .. } => Some(format!("checklist {checklist}")),
            E::ItemSet { item, .. } => Some(format!("item {item}")),
            E::ItemTicked { item, .. } => Some(format!("tick of {item}")),
            E::LinkAttached { attachment, .. } | E::FileAttached { attachment, .. } => {
                Some(format!("attachment {attachment}"))
            }
            E::FieldSet { field, .. } => Some(format!("field {field}")),
            E::TypeSet { .. } => Some("type".to_owned()),
            E::PrioritySet { .. } => Some("priority".to_owned()),
            E::EstimateSet { .. } => Some("estimate".to_owned()),
            E::RemainingSet { .. } => Some("remaining".to_owned()),
            E::Blocked { .. } | E::Unblocked {} => Some("blocked".to_owned()),
            // Texts merge, lists take everybody's, and two who drop at one place both keep their card there.
            E::Created { .. }
            | E::Arrived { .. }
            | E::TurnedAway { .. }
            | E::FoundHere { .. }
            | E::Gone { .. }
            | E::Stayed { .. }
            | E::Doubled { .. }
            | E::Described { .. }
            | E::Reordered { .. }
            | E::LabelAdded { .. }
            | E::LabelRemoved { .. }
            | E::Assigned { .. }
            | E::Unassigned { .. }
            | E::ChecklistRemoved { .. }
            | E::ItemRemoved { .. }
            | E::AttachmentRemoved { .. }
            | E::RelationAdded { .. }
            | E::RelationRemoved { .. }
            | E::CommentAdded { .. }
            | E::CommentRemoved { .. } => None,
        }
    }

    fn command_text(command: &mut CardCommand) -> Option<(&'static str, &mut TextChange)> {
        if let CardCommand::Describe { change } = command { Some((Self::DESCRIPTION, change)) } else { None }
    }

    fn text_change(event: &CardEvent) -> Option<(&'static str, &TextChange)> {
        if let CardEvent::Described { change } = event { Some((Self::DESCRIPTION, change)) } else { None }
    }

    fn play(&mut self, event: &CardEvent, stamp: &Stamp) {
        let from = self.stand();
        self.change(event, stamp);
        self.way.go(from, self.stand(), stamp);
        self.way.note(event, stamp);
    }
}

impl Card {
    /// The name of the description among the texts of a card.
    pub const DESCRIPTION: &'static str = "description";

    /// How it is, before the command of this stamp changes it.
    fn remember(&mut self, stamp: &Stamp) {
        if let Some(placed) = &self.placed {
            self.lately.note(placed.column, self.stage, self.taken_by, stamp);
        }
    }

    fn change(&mut self, event: &CardEvent, stamp: &Stamp) {
        use CardEvent as E;
        match event.clone() {
            E::Created { column, rank, title, number, exempt: _ } => {
                self.placed = Some(Placed { column, rank });
                self.title = title;
                self.number = number;
                self.came_at = stamp.number;
                self.made_by = Some(stamp.origin.command);
            }
            E::Renamed { title } => self.title = title,
            E::Described { change } => self.description.play(&change),
            E::Moved { column, rank, row, exempt: _ } => {
                self.remember(stamp);
                self.placed = Some(Placed { column, rank });
                self.stage = Stage::ToDo;
                self.taken_by = None;
                self.row = row;
            }
            E::RowSet { row } => self.row = row,
            E::Leaving { to, journey, by, .. } => {
                self.whereabouts = Whereabouts::Leaving { to, journey };
                self.sent_by = Some(by);
            }
            E::Arrived { journey, column, rank, number, former, card, .. } => {
                self.arrive(journey, Placed { column, rank }, *card);
                self.number = number;
                self.former = former;
                self.came_at = stamp.number;
            }
            E::TurnedAway { journey, .. } | E::FoundHere { journey, .. } => self.note_end(journey.id),
            E::Gone { to, journey, heard: _ } => {
                let before = std::mem::replace(&mut self.whereabouts, Whereabouts::Gone { to, journey: journey.id });
                if let Whereabouts::Gone { to: before, .. } = before {
                    // Whoever brings it next tells that one as well.
                    self.former.entry(before).or_default();
                    self.former.remove(&to);
                }
                self.journeys = journey.number;
                self.relations.clear();
            }
            E::Stayed { column, .. } => {
                self.whereabouts = Whereabouts::Here {};
                if let Some(placed) = &mut self.placed {
                    placed.column = column;
                }
            }
            E::Doubled { journey, .. } => self.note_end(journey),
            E::Taken { by } => {
                self.remember(stamp);
                self.stage = Stage::Doing;
                self.taken_by = Some(by);
            }
            E::PutBack {} | E::Rejected {} => {
                self.remember(stamp);
                self.stage = Stage::ToDo;
                self.taken_by = None;
            }
            E::Submitted {} => {
                self.remember(stamp);
                self.stage = Stage::ToReview;
            }
            // It moves at once.
            E::Approved {} => {}
            E::Reordered { rank } => {
                if let Some(placed) = &mut self.placed {
                    placed.rank = rank;
                }
            }
            E::Archived {} => {
                self.archived = true;
                self.is_unmade = self.made_by.is_some() && stamp.origin.claims.undoes == self.made_by;
            }
            E::Restored {} => {
                self.archived = false;
                self.is_unmade = false;
            }
            E::LabelAdded { label } => {
                self.labels.insert(label);
            }
            E::LabelRemoved { label } => {
                self.labels.remove(&label);
            }
            E::Assigned { person } => {
                self.members.insert(person);
            }
            E::Unassigned { person } => {
                self.members.remove(&person);
            }
            E::DueSet { due } => self.due = due,
            E::DoneSet { done } => self.done = done,
            E::ChecklistSet { checklist, name } => match self.checklist_mut(checklist) {
                Some(known) => known.name = name,
                None => self.checklists.push(Checklist { id: checklist, name, items: Vec::new() }),
            },
            E::ChecklistRemoved { checklist } => self.checklists.retain(|other| other.id != checklist),
            E::ItemSet { checklist, item, text, done, before } => {
                let set = Item { id: item, text, done };
                let Some(checklist) = self.checklist_mut(checklist) else { return };
                let items = &mut checklist.items;
                let was_at = items.iter().position(|other| other.id == item);
                items.retain(|other| other.id != item);
                let before = before.and_then(|before| items.iter().position(|other| other.id == before));
                items.insert(before.or(was_at).unwrap_or(items.len()), set);
            }
            E::ItemTicked { checklist, item, done } => {
                let items = self.checklist_mut(checklist).into_iter().flat_map(|checklist| &mut checklist.items);
                items.filter(|other| other.id == item).for_each(|item| item.done = done);
            }
            E::ItemRemoved { checklist, item } => {
                if let Some(checklist) = self.checklist_mut(checklist) {
                    checklist.items.retain(|other| other.id != item);
                }
            }
            E::LinkAttached { attachment, name, url } => {
                self.attachments.insert(attachment, Attachment::Link { name, url });
            }
            E::FileAttached { attachment, name, file } => {
                self.attachments.insert(attachment, Attachment::File { name, file });
            }
            E::AttachmentRemoved { attachment } => {
                self.attachments.remove(&attachment);
            }
            E::TypeSet { card_type } => self.card_type = card_type,
            E::PrioritySet { priority } => self.priority = priority,
            E::EstimateSet { estimate } => self.estimate = estimate,
            E::RemainingSet { remaining } => self.remaining = remaining,
            E::Blocked { reason } => self.blocked = Some(reason),
            E::Unblocked {} => self.blocked = None,
            E::RelationAdded { relation } => {
                self.relations.insert(relation);
            }
            E::RelationRemoved { relation } => {
                self.relations.remove(&relation);
            }
            E::CommentAdded { .. } => self.comments += 1,
            E::CommentRemoved { .. } => self.comments = self.comments.saturating_sub(1),
            E::FieldSet { field, value } => {
                self.fields.remove(&field);
                self.fields.extend(value.map(|value| (field, value)));
            }
        }
    }

    fn checklist_mut(&mut self, id: ChecklistId) -> Option<&mut Checklist> {
        self.checklists.iter_mut().find(|checklist| checklist.id == id)
    }
}
