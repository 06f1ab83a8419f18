//! Cards.

use std::collections::BTreeMap;
use std::ops::Bound;

use recordplayer::entity::{Entity, Stamp};
use recordplayer::record::{Record, StreamId};
use recordplayer::text::{TextChange, TextDocument};

use super::settings::Settings;
use super::{SET_SINCE, Scene, Undo, UndoAct, UndoStep, Undoable};
use crate::card::{Card, CardCommand as C, CardEvent as E, FieldValue, Placed, Typed};
use crate::column::{Column, Place};
use crate::ids::{CardId, ColumnId, FieldId, RowId};
use crate::rank::Rank;

impl Undoable for Card {
    fn slot(event: &E) -> Option<String> {
        Some(match event {
            E::Created { .. } => "made".to_owned(),
            E::Renamed { .. } => "title".to_owned(),
            E::Moved { .. } | E::Reordered { .. } => "place".to_owned(),
            E::RowSet { .. } => "row".to_owned(),
            E::Taken { .. } | E::PutBack {} | E::Submitted {} | E::Approved {} | E::Rejected {} => "stage".to_owned(),
            E::Archived {} | E::Restored {} => "archived".to_owned(),
            E::LabelAdded { label } | E::LabelRemoved { label } => format!("label {label}"),
            E::Assigned { person } | E::Unassigned { person } => format!("person {person}"),
            E::DueSet { .. } => "due".to_owned(),
            E::DoneSet { .. } => "done".to_owned(),
            E::ChecklistSet { checklist, .. } | E::ChecklistRemoved { checklist } => format!("checklist {checklist}"),
            E::ItemSet { item, .. } | E::ItemTicked { item, .. } | E::ItemRemoved { item, .. } => {
                format!("item {item}")
            }
            E::LinkAttached { attachment, .. }
            | E::FileAttached { attachment, .. }
            | E::AttachmentRemoved { attachment } => {
                format!("attachment {attachment}")
            }
            E::FieldSet { field, .. } => format!("field {field}"),
            E::TypeSet { .. } => "type".to_owned(),
            E::PrioritySet { .. } => "priority".to_owned(),
            E::EstimateSet { .. } => "estimate".to_owned(),
            E::RemainingSet { .. } => "remaining".to_owned(),
            E::Blocked { .. } | E::Unblocked {} => "blocked".to_owned(),
            E::RelationAdded { relation } | E::RelationRemoved { relation } => {
                format!("{:?} {}", relation.kind, relation.to)
            }
            E::Leaving { .. } => "project".to_owned(),
            // Merged text: see below. Of a comment, the comment itself is taken back. And what projects say to each other is nobody's own.
            E::Described { .. }
            | E::CommentAdded { .. }
            | E::CommentRemoved { .. }
            | E::Arrived { .. }
            | E::TurnedAway { .. }
            | E::FoundHere { .. }
            | E::Gone { .. }
            | E::Stayed { .. }
            | E::Doubled { .. } => return None,
        })
    }

    fn is_making(event: &E) -> bool {
        matches!(event, E::Created { .. })
    }

    fn is_away(&self) -> bool {
        self.is_unmade
    }

    /// Which fields it may have, and must, is for its type to say.
    fn comes_first(slot: &str) -> bool {
        slot == "type"
    }

    /// Who comes back to a column finds the work there as it was.
    fn comes_with(slot: &str) -> Option<&'static str> {
        (slot == "stage").then_some("place")
    }

    fn name(&self) -> String {
        self.title.clone()
    }

    fn restore(before: &Self, event: &E, scene: &Scene<'_>) -> Result<Vec<C>, &'static str> {
        Ok(match event {
            E::Created { .. } => vec![C::Archive {}],
            E::Renamed { .. } => vec![C::Rename { title: before.title.clone() }],
            E::Moved { .. } | E::Reordered { .. } => match &before.placed {
                Some(placed) if !scene.models.get::<Column>(placed.column).exists() => {
                    return Err("its column was removed since");
                }
                Some(placed) => vec![move_back(CardId(scene.id), placed, before.row, scene)],
                None => Vec::new(),
            },
            E::RowSet { .. } => vec![C::SetRow { row: before.row }],
            E::Taken { .. } | E::PutBack {} | E::Submitted {} | E::Rejected {} => vec![C::WorkBack {}],
            E::Leaving { .. } if scene.models.get::<Self>(scene.id).is_here() => {
                return Err("it could not go to the other project, and is here");
            }
            E::Leaving { .. } => return Err("it went to another project; move it back from there"),
            E::Archived {} | E::Restored {} if before.archived => vec![C::Archive {}],
            E::Archived {} | E::Restored {} => vec![C::Restore { column: None, exempt: false }],
            E::LabelAdded { label } | E::LabelRemoved { label } => vec![if before.labels.contains(label) {
                C::AddLabel { label: *label }
            } else {
                C::RemoveLabel { label: *label }
            }],
            E::Assigned { person } | E::Unassigned { person } => vec![if before.members.contains(person) {
                C::Assign { person: *person }
            } else {
                C::Unassign { person: *person }
            }],
            E::DueSet { .. } => vec![C::SetDue { due: before.due.clone() }],
            E::DoneSet { .. } => vec![C::SetDone { done: before.done }],
            E::ChecklistSet { checklist, .. } | E::ChecklistRemoved { checklist } => {
                match before.checklists.iter().find(|list| list.id == *checklist) {
                    None => vec![C::RemoveChecklist { checklist: *checklist }],
                    Some(list) => {
                        let mut commands = vec![C::SetChecklist { checklist: list.id, name: list.name.clone() }];
                        if matches!(event, E::ChecklistRemoved { .. }) {
                            let set = |item: &crate::card::Item| C::SetItem {
                                checklist: list.id,
                                item: item.id,
                                text: item.text.clone(),
                                done: item.done,
                                before: None,
                            };
                            commands.extend(list.items.iter().map(set));
                        }
                        commands
                    }
                }
            }
            E::ItemSet { checklist, item, .. }
            | E::ItemTicked { checklist, item, .. }
            | E::ItemRemoved { checklist, item } => {
                let list = before.checklists.iter().find(|list| list.id == *checklist);
                let items = list.map_or(&[][..], |list| &list.items);
                let at = items.iter().position(|known| known.id == *item);
                // In front of what followed it then, as far as that is there.
                let now = scene.models.get::<Self>(scene.id);
                let mut there = now.checklists.iter().filter(|list| list.id == *checklist).flat_map(|list| &list.items);
                let behind = at.map_or(&[][..], |at| &items[at + 1..]).first();
                let behind = behind.filter(|next| there.any(|other| other.id == next.id)).map(|next| next.id);
                match at.map(|at| &items[at]) {
                    None => vec![C::RemoveItem { checklist: *checklist, item: *item }],
                    Some(known) => vec![C::SetItem {
                        checklist: *checklist,
                        item: *item,
                        text: known.text.clone(),
                        done: known.done,
                        before: behind,
                    }],
                }
            }
            E::LinkAttached { attachment, .. }
            | E::FileAttached { attachment, .. }
            | E::AttachmentRemoved { attachment } => {
                vec![match before.attachments.get(attachment) {
                    None => C::RemoveAttachment { attachment: *attachment },
                    Some(before) => before.clone().attach(*attachment),
                }]
            }
            E::FieldSet { field, .. } => {
                vec![C::SetField { field: *field, value: before.fields.get(field).cloned() }]
            }
            // With the values that were taken away since, for some of them may be required.
            E::TypeSet { .. } => {
                let now = scene.models.get::<Self>(scene.id);
                let is_other = |(field, value): &(&FieldId, &FieldValue)| now.fields.get(field) != Some(*value);
                let fields: BTreeMap<_, _> =
                    before.fields.iter().filter(is_other).map(|(field, value)| (*field, value.clone())).collect();
                vec![C::SetType { typed: before.card_type.map(|card_type| Typed { card_type, fields }) }]
            }
            E::PrioritySet { .. } => vec![C::SetPriority { priority: before.priority }],
            E::EstimateSet { .. } => vec![C::SetEstimate { estimate: before.estimate }],
            E::RemainingSet { .. } => vec![C::SetRemaining { remaining: before.remaining }],
            E::Blocked { .. } | E::Unblocked {} => vec![match &before.blocked {
                Some(reason) => C::Block { reason: reason.clone() },
                None => C::Unblock {},
            }],
            E::RelationAdded { relation } | E::RelationRemoved { relation } => {
                let relation = *relation;
                let was = before.relations.contains(&relation);
                vec![if was { C::Relate { relation } } else { C::Unrelate { relation } }]
            }
            // What was approved has moved, and the move is taken back; texts are merged; a comment is taken back itself.
            E::Approved {}
            | E::Described { .. }
            | E::CommentAdded { .. }
            | E::CommentRemoved { .. }
            | E::Arrived { .. }
            | E::TurnedAway { .. }
            | E::FoundHere { .. }
            | E::Gone { .. }
            | E::Stayed { .. }
            | E::Doubled { .. } => Vec::new(),
        })
    }
}

/// Where a card stood before the first move that is taken back.
pub(super) fn place_before(records: &[Record], is_ours: &dyn Fn(&Record) -> bool) -> Option<(ColumnId, Rank)> {
    let is_move = |record: &Record| matches!(record.event::<Card>(), Some(E::Moved { .. } | E::Reordered { .. }));
    let first = records.iter().position(|record| is_ours(record) && is_move(record))?;
    let mut card = Card::default();
    for record in &records[..first] {
        if let Some(event) = record.event::<Card>() {
            card.play(event, &Stamp::of(record));
        }
    }
    card.placed.map(|placed| (placed.column, placed.rank))
}

/// In front of the card that would follow there now.
fn move_back(card: CardId, placed: &Placed, row: Option<RowId>, scene: &Scene<'_>) -> C {
    let column = scene.models.get::<Column>(placed.column);
    let place = Place { rank: placed.rank.clone(), card };
    let behind = column.places.range((Bound::Excluded(place), Bound::Unbounded)).find(|place| place.card != card);
    C::MoveTo { column: placed.column, before: behind.map(|place| place.card), row, exempt: false }
}

impl Undo {
    /// A description goes back to what it was, where nobody else has written in it since.
    pub(super) fn text(&mut self, stream: &StreamId, records: &[Record], is_ours: &dyn Fn(&Record) -> bool) {
        let changes: Vec<(&Record, &TextChange)> = records
            .iter()
            .filter_map(|record| match record.event::<Card>()? {
                E::Described { change } => Some((record, change)),
                _ => None,
            })
            .collect();
        let made_by_us = records.iter().any(|record| {
            is_ours(record) && record.event::<Card>().is_some_and(|event| matches!(event, E::Created { .. }))
        });
        let mut settings = Settings::default();
        for (at, (record, _)) in changes.iter().enumerate() {
            settings.note(record, is_ours(record), at);
        }
        let Some(ours) = settings.ours().filter(|_| !made_by_us) else { return };
        let Ok((first, last)) = ours else {
            self.left.push((stream.clone(), format!("The description: {SET_SINCE}")));
            return;
        };
        let mut document = TextDocument::new();
        document.apply_all(changes[..*first].iter().map(|(_, change)| *change));
        let what = UndoAct::Describe { card: CardId(stream.id), text: document.text() };
        self.steps.push(UndoStep { undoes: last, what, with: None });
    }
}
