//! What happened, in words that follow a person's name: "moved it to Doing".

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::id::ActorId;
use recordplayer::membership::{Membership, MembershipEvent};
use recordplayer::record::Record;

use crate::board::{Board, BoardEvent};
use crate::card::{Card, CardEvent};
use crate::column::{Column, ColumnEvent};
use crate::comment::{Comment, CommentEvent, CommentKind};
use crate::ids::CardId;
use crate::project::{Project, ProjectEvent};
use crate::reference::as_written;
use crate::role::Role;

/// What the record says; `None` for what only keeps the books, and for what is unknown or erased.
///
/// Other things than the one that it is about stand there by their ids: they may not show where this is told, and have the name that they have now.
pub(super) fn words(record: &Record, after: &Models<'_>) -> Option<String> {
    match &*record.stream.kind {
        Card::KIND => Some(card(record, &after.get::<Card>(record.stream.id))? + past_its_limit(record, after)),
        Comment::KIND => comment(record.event::<Comment>()?).map(str::to_owned),
        Column::KIND => column(record.event::<Column>()?, &after.get::<Column>(record.stream.id).name),
        Board::KIND => board(record.event::<Board>()?, after.get::<Board>(record.stream.id).title(), after),
        Project::KIND => project(record.event::<Project>()?, &after.get::<Project>(record.stream.id)),
        Membership::KIND => Some(membership(record.event::<Membership>()?, &after.get::<Project>(record.stream.id))),
        _ => None,
    }
}

/// An import goes past the limit of a column, and says so.
fn past_its_limit(record: &Record, after: &Models<'_>) -> &'static str {
    let column = match record.event::<Card>() {
        Some(CardEvent::Moved { column, exempt: true, .. } | CardEvent::Created { column, exempt: true, .. }) => {
            *column
        }
        _ => return "",
    };
    let column = after.get::<Column>(column);
    // The column itself notes it with the next record.
    let card = CardId(record.stream.id);
    let is_noted = after.get::<Card>(card).place(card).is_some_and(|place| column.places.contains(&place));
    let count = column.count() + usize::from(!is_noted);
    let is_past = column.limit.is_some_and(|limit| !column.limit_warns && count > limit as usize);
    if is_past { ", past its limit" } else { "" }
}

fn card(record: &Record, card: &Card) -> Option<String> {
    use CardEvent as E;
    let is_taken_back = record.origin.claims.undoes.is_some();
    let item = |checklist, item| {
        let list = card.checklists.iter().find(|list| list.id == checklist);
        let found = list.and_then(|list| list.items.iter().find(|other| other.id == item));
        found.map_or_else(|| "an item".to_owned(), |item| short(&item.text))
    };
    Some(match record.event::<Card>()? {
        E::Created { column, title, .. } => format!("created {} in “{column}”", short(title)),
        E::Renamed { title } => format!("renamed it to {}", short(title)),
        E::Described { .. } => "edited its description".to_owned(),
        E::Moved { column, .. } => format!("moved it to “{column}”"),
        E::Reordered { .. } => "moved it within its column".to_owned(),
        E::RowSet { .. } => "moved it to another row".to_owned(),
        E::Leaving { to, .. } => format!("sent it to the project {to}"),
        E::Arrived { from, .. } => format!("brought it from the project {from}"),
        E::Gone { to, .. } => format!("let it go to the project {to}"),
        E::Stayed { why, .. } => format!("took it back, for it could not go: {why}"),
        E::Taken { by } if is_taken_back && ActorId(by.0) != record.origin.actor => format!("gave it back to {by}"),
        E::Taken { .. } => "took it".to_owned(),
        E::PutBack {} => "put it back".to_owned(),
        E::Submitted {} if is_taken_back => "made it wait for a review again".to_owned(),
        E::Submitted {} => "submitted it".to_owned(),
        E::Approved {} => "approved it".to_owned(),
        E::Rejected {} => "rejected it".to_owned(),
        E::Archived {} => "archived it".to_owned(),
        E::Restored {} => "restored it".to_owned(),
        E::LabelAdded { label } => format!("added the label {label}"),
        E::LabelRemoved { label } => format!("removed the label {label}"),
        E::Assigned { person } => format!("assigned {person}"),
        E::Unassigned { person } => format!("took {person} off it"),
        E::DueSet { due: Some(due) } => format!("set it due on {due}"),
        E::DueSet { due: None } => "removed its due date".to_owned(),
        E::DoneSet { done: true } => "marked it as finished".to_owned(),
        E::DoneSet { done: false } => "marked it as not finished".to_owned(),
        E::ChecklistSet { name, .. } => format!("set the checklist {}", short(name)),
        E::ChecklistRemoved { .. } => "removed a checklist".to_owned(),
        E::ItemSet { text, .. } => format!("wrote {} in a checklist", short(text)),
        E::ItemTicked { checklist, item: id, done: true } => format!("ticked {}", item(*checklist, *id)),
        E::ItemTicked { checklist, item: id, done: false } => format!("unticked {}", item(*checklist, *id)),
        E::ItemRemoved { .. } => "removed an item from a checklist".to_owned(),
        E::LinkAttached { name, url, .. } => format!("attached {}", short(if name.is_empty() { url } else { name })),
        E::FileAttached { name, .. } => format!("attached the file {}", short(name)),
        E::AttachmentRemoved { .. } => "removed an attachment".to_owned(),
        E::FieldSet { field, value: Some(_) } => format!("set {field}"),
        E::FieldSet { field, value: None } => format!("emptied {field}"),
        E::TypeSet { card_type: Some(card_type) } => format!("gave it the type {card_type}"),
        E::TypeSet { card_type: None } => "took its type away".to_owned(),
        E::PrioritySet { priority: Some(priority) } => format!("gave it {} priority", priority.name()),
        E::PrioritySet { priority: None } => "took its priority away".to_owned(),
        E::EstimateSet { estimate: Some(estimate) } => format!("estimated it at {estimate}"),
        E::EstimateSet { estimate: None } => "took its estimate away".to_owned(),
        E::RemainingSet { remaining: Some(remaining) } => format!("said that {remaining} of it is left"),
        E::RemainingSet { remaining: None } => "took away how much of it is left".to_owned(),
        E::Blocked { reason } => format!("blocked it: {}", short(&as_written(reason))),
        E::Unblocked {} => "unblocked it".to_owned(),
        E::RelationAdded { relation } => format!("said that it {} {}", relation.kind.words(), relation.to),
        E::RelationRemoved { relation } => {
            format!("said that it no longer {} {}", relation.kind.words(), relation.to)
        }
        // The comment tells it itself, and what comes of a journey tells the project where it began.
        E::CommentAdded { .. }
        | E::CommentRemoved { .. }
        | E::TurnedAway { .. }
        | E::FoundHere { .. }
        | E::Doubled { .. } => return None,
    })
}

fn comment(event: &CommentEvent) -> Option<&'static str> {
    Some(match event {
        CommentEvent::Written { kind: CommentKind::Talk, .. } => "commented",
        CommentEvent::Written { kind: CommentKind::Journal, .. } => "wrote in its journal",
        CommentEvent::Written { kind: CommentKind::Review, .. } => "said why",
        CommentEvent::Edited { .. } => "edited a comment",
        CommentEvent::Deleted {} => "deleted a comment",
        // It was told where it was written.
        CommentEvent::Arrived { .. } => return None,
    })
}

fn column(event: &ColumnEvent, name: &str) -> Option<String> {
    use ColumnEvent as E;
    Some(match event {
        E::Added { name, .. } => format!("added the column {}", short(name)),
        E::Renamed { name } => format!("renamed a column to {}", short(name)),
        E::KindSet { .. } => format!("changed what the column {} is for", short(name)),
        E::LimitSet { limit: Some(limit), .. } => format!("limited the column {} to {limit}", short(name)),
        E::LimitSet { limit: None, .. } => format!("took the limit off the column {}", short(name)),
        E::WorkersSet { .. } => format!("changed who works in the column {}", short(name)),
        E::ReviewersSet { .. } => format!("changed who reviews in the column {}", short(name)),
        E::AutoMoveSet { .. } => format!("changed where finished cards of the column {} go", short(name)),
        E::WaysOutSet { .. } => format!("changed to which other projects cards may go from the column {}", short(name)),
        E::WorkflowSet { .. } => format!("changed where the workflow leads from the column {}", short(name)),
        E::RowSet { name: row, .. } => format!("set the row {} of the column {}", short(row), short(name)),
        E::RowRemoved { .. } => format!("removed a row of the column {}", short(name)),
        E::Removed { .. } => format!("removed the column {}", short(name)),
        E::Archived {} => format!("archived the column {}", short(name)),
        E::Restored {} => format!("restored the column {}", short(name)),
        // The cards and the boards tell these themselves.
        E::CardEntered { .. }
        | E::CardReordered { .. }
        | E::CardLeft { .. }
        | E::CardWaits { .. }
        | E::CardWaitsNoMore { .. }
        | E::CardArchived { .. }
        | E::BoardSet { .. } => return None,
    })
}

fn board(event: &BoardEvent, title: &str, after: &Models<'_>) -> Option<String> {
    Some(match event {
        BoardEvent::Added { title } => format!("added the board {}", short(title)),
        BoardEvent::Renamed { title } => format!("renamed a board to {}", short(title)),
        BoardEvent::Archived {} => format!("archived the board {}", short(title)),
        BoardEvent::Restored {} => format!("restored the board {}", short(title)),
        BoardEvent::ColumnPlaced { column, .. } => {
            let column = after.get::<Column>(*column);
            // A column's first place is told by its adding.
            return column.exists().then(|| format!("placed the column {}", short(&column.name)));
        }
        BoardEvent::Split { into, .. } => {
            format!("split the board {}: some columns went to “{into}”", short(title))
        }
        BoardEvent::Imported {} => format!("imported into the board {}", short(title)),
        BoardEvent::Merged { into } => format!("merged the board {} into “{into}”", short(title)),
        // The column tells it itself, or the board that it came from.
        BoardEvent::ColumnRemoved { .. } => return None,
    })
}

fn project(event: &ProjectEvent, project: &Project) -> Option<String> {
    use ProjectEvent as E;
    Some(match event {
        E::KeySet { key } => format!("gave the project the key {key}"),
        E::LabelSet { name, .. } => format!("set the label {}", short(name)),
        E::LabelRemoved { .. } => "removed a label from the project".to_owned(),
        E::PlaceholderSet { name, .. } => format!("added the placeholder {}", short(name)),
        E::PlaceholderClaimed { person, .. } => {
            let name = project.placeholders.get(person).map_or("a placeholder", |placeholder| &placeholder.name);
            format!("is {}", short(name))
        }
        E::PlaceholderFreed { person } => {
            let name = project.placeholders.get(person).map_or("a placeholder", |placeholder| &placeholder.name);
            format!("said that {} is nobody here", short(name))
        }
        E::FieldSet { name, .. } => format!("defined the field {}", short(name)),
        E::FieldRemoved { .. } => "removed a field from the project".to_owned(),
        E::TypeSet { name, .. } => format!("set the type {}", short(name)),
        E::TypeRemoved { .. } => "removed a type from the project".to_owned(),
        E::RoleSet { name, .. } => format!("set the role {}", short(name)),
        E::RoleRemoved { .. } => "removed a role from the project".to_owned(),
        E::CalendarSet { time_zone, week_starts } => {
            format!("set the calendar: days of {time_zone}, weeks from {}", week_starts.name())
        }
        E::BoardAdded { .. } | E::NumberGiven { .. } => return None,
    })
}

/// Names of people are not in the log: who shows this puts them in the place of the ids.
fn membership(event: &MembershipEvent, project: &Project) -> String {
    use MembershipEvent as E;
    let called = |role: &str| Role::by_key(role).name(project).to_owned();
    match event {
        E::Founded { title, .. } => format!("began the project {}", short(title)),
        E::Renamed { title } => format!("renamed the project to {}", short(title)),
        E::MemberAdded { person, role } => format!("added {person} as {}", called(role)),
        E::RoleChanged { person, role } => format!("made {person} {}", called(role)),
        E::MemberRemoved { person } => format!("removed {person} from the project"),
        E::HandedOver { server, .. } => format!("gave the project to the server {}", short(server)),
        E::Published { into, .. } => format!("brought the project here, as {into}"),
        E::Continued { .. } => "began the project anew from an export".to_owned(),
        E::Redacted { records } if records.len() == 1 => "redacted a record of the history".to_owned(),
        E::Redacted { records } => format!("redacted {} records of the history", records.len()),
        E::Reopened { .. } => "opened the project anew after a restore".to_owned(),
    }
}

/// The first words of a text, in quotes: an entry is one line.
fn short(text: &str) -> String {
    const CHARACTERS: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    let cut = line.char_indices().nth(CHARACTERS).map_or(line, |(end, _)| &line[..end]);
    if cut.len() < text.len() { format!("“{cut}…”") } else { format!("“{cut}”") }
}
