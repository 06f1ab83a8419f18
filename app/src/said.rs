//! What is in an outbox, in the words of whoever put it there; and the names that ids stand for.

use std::sync::Arc;

use recordplayer::entity::Entity;
use recordplayer::id::{ActorId, Id, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::replica::{EditedText, OutboxEntry};
use recordplayer_client::{Device, HERE, Space};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::ColumnCommand;
use recordplayer_kanban::comment::CommentCommand;
use recordplayer_kanban::desk::DeskCommand;
use recordplayer_kanban::ids::{CardId, ColumnId, FieldId, LabelId, PersonId, TypeId};
use recordplayer_kanban::key::card_key;
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Board, Card, Column, Comment, Desk, Marks, Project};

use crate::references;

/// Who did something, where nobody knows.
pub(crate) const SOMEBODY: &str = "Somebody";

/// What things and people of a project are called on this device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub device: &'a Device,
    pub space: &'a Space,
    /// Whether reading may take its time.
    is_patient: bool,
}

impl<'a> Names<'a> {
    /// For whoever can wait until the disk was read.
    pub fn patient(device: &'a Device, space: &'a Space) -> Self {
        Self { device, space, is_patient: true }
    }

    /// For a frame: what was not read yet has its name with one of the next.
    pub fn at_once(device: &'a Device, space: &'a Space) -> Self {
        Self { device, space, is_patient: false }
    }

    fn entity<E: Entity>(&self, id: Id) -> Arc<E> {
        if self.is_patient { self.space.entity::<E>(id) } else { self.space.known::<E>(id) }
    }

    pub fn project(&self) -> Arc<Project> {
        self.entity::<Project>(self.space.id().0)
    }

    /// A person's name, or that of a placeholder until somebody has claimed it.
    pub fn name_of(&self, person: PersonId) -> Option<String> {
        // Who worked on a project before it was at a server is a person of the server now.
        let membership = self.entity::<Membership>(self.space.id().0);
        let person = membership.claimed_by(ActorId(person.0)).map_or(person, PersonId::from);
        self.device.name_of(ActorId(person.0)).or_else(|| {
            let project = self.project();
            let placeholder = project.placeholders.get(&person)?;
            let claimed = placeholder.claimed_by.and_then(|by| self.device.name_of(by));
            Some(claimed.unwrap_or_else(|| placeholder.name.clone()))
        })
    }

    /// A sentence of a refusal or of the history with names and keys in place of the ids that a record holds.
    pub fn named(&self, sentence: &str) -> String {
        let sentence = references::read(self, sentence);
        let words = sentence.split_inclusive(|letter: char| !letter.is_ascii_hexdigit());
        let name = |word: &str| {
            let digits = word.trim_end_matches(|letter: char| !letter.is_ascii_hexdigit());
            let id: Id = digits.parse().ok()?;
            let project = self.project();
            let label = || project.labels.get(&LabelId(id)).map(|label| label.shown().to_owned());
            let field = || project.fields.get(&FieldId(id)).map(|field| field.name.clone());
            let card = || self.entity::<Card>(id).exists().then(|| self.key_of(CardId(id)));
            let card_type = || project.types.get(&TypeId(id)).map(|card_type| card_type.name.clone());
            let column = || Some(self.entity::<Column>(id)).filter(|it| it.exists()).map(|it| it.name.clone());
            let board = || Some(self.entity::<Board>(id)).filter(|it| it.exists()).map(|it| it.title().to_owned());
            let title = || self.device.spaces().into_iter().find(|info| info.space.0 == id).map(|info| info.title);
            let known = self
                .name_of(PersonId(id))
                .or_else(label)
                .or_else(field)
                .or_else(card_type)
                .or_else(card)
                .or_else(column)
                .or_else(board)
                .or_else(title)?;
            Some(known + &word[digits.len()..])
        };
        words.map(|word| name(word).unwrap_or_else(|| word.to_owned())).collect()
    }

    /// What another project is called, as far as this device knows it.
    pub fn title_of(&self, space: SpaceId) -> String {
        let known = self.device.spaces().into_iter().find(|info| info.space == space);
        known.map_or_else(|| "that is not on this device".to_owned(), |info| info.title)
    }

    /// What a card of this device is called now, in the project where it is; or where it was, for that leads to it as well.
    pub fn key_today(&self, card: CardId) -> Option<String> {
        let known = self.entity::<Card>(card.0);
        if known.is_here() {
            return Some(self.key_of(card));
        }
        let others = self.device.spaces().into_iter().filter(|info| info.space != self.space.id());
        let mut others = others.filter_map(|info| self.device.space(info.space));
        let is_there = |other: &Space| Names { space: other, ..*self }.entity::<Card>(card.0).is_here();
        let there = others.find(|other| is_there(other)).map(|other| Names { space: &other, ..*self }.key_of(card));
        there.or_else(|| known.exists().then(|| self.key_of(card)))
    }

    /// What people call a card.
    pub fn key_of(&self, card: CardId) -> String {
        card_key(&self.project().key, &self.entity::<Card>(card.0).number, card)
    }
}

/// What an outbox says in which nothing is.
pub(crate) fn nothing_waits(space: &Space) -> &'static str {
    if space.url() == HERE {
        "Outbox empty. Everything you did is saved on this computer"
    } else {
        "Outbox empty. Everything you did is on the server"
    }
}

/// The card that a command is about.
pub(crate) fn card_of(names: &Names<'_>, entry: &OutboxEntry) -> Option<CardId> {
    let intent = entry.intent();
    if intent.typed::<Card>().is_some() {
        return Some(CardId(entry.stream.id));
    }
    match intent.typed::<Comment>()? {
        CommentCommand::Write { card, .. } => Some(card),
        CommentCommand::Arrive { comment, .. } => comment.card,
        CommentCommand::Edit { .. } | CommentCommand::Delete {} => names.entity::<Comment>(entry.stream.id).card,
    }
}

/// What the person typed, to be copied.
pub(crate) fn typed(names: &Names<'_>, entry: &OutboxEntry) -> Option<String> {
    let text = entry.text.as_ref().map(EditedText::after).or_else(|| words_of(entry))?;
    Some(references::read(names, &text))
}

fn words_of(entry: &OutboxEntry) -> Option<String> {
    let intent = entry.intent();
    match intent.typed::<Card>() {
        Some(CardCommand::Create { title, .. } | CardCommand::Rename { title }) => return Some(title),
        Some(CardCommand::Approve { reason, .. } | CardCommand::Reject { reason } | CardCommand::Block { reason }) => {
            return Some(reason);
        }
        _ => {}
    }
    match intent.typed::<Comment>()? {
        CommentCommand::Write { text, .. } | CommentCommand::Edit { text, .. } => Some(text),
        CommentCommand::Arrive { .. } | CommentCommand::Delete {} => None,
    }
}

/// What a command does, as its author would say it: "Move TT-44 to In progress".
pub(crate) fn what(names: &Names<'_>, entry: &OutboxEntry) -> String {
    references::read(names, &sentence(names, entry))
}

fn sentence(names: &Names<'_>, entry: &OutboxEntry) -> String {
    let intent = entry.intent();
    let id = entry.stream.id;
    if let Some(command) = intent.typed::<Card>() {
        return card(names, CardId(id), command);
    }
    if let Some(command) = intent.typed::<Comment>() {
        return comment(names, entry, &command);
    }
    if let Some(command) = intent.typed::<Column>() {
        return column(names, &names.entity::<Column>(id).name, command);
    }
    if let Some(command) = intent.typed::<Board>() {
        let name = names.entity::<Board>(id).title().to_owned();
        return match command {
            BoardCommand::Add { title } => format!("Add the board {title}"),
            BoardCommand::Rename { title } => format!("Rename the board to {title}"),
            BoardCommand::Archive {} => format!("Archive the board {name}"),
            BoardCommand::Import {} => format!("Import into the board {name}"),
            BoardCommand::Restore {} => format!("Restore the board {name}"),
            BoardCommand::Split { title, .. } => format!("Split the board {name}: {title} becomes one of its own"),
            BoardCommand::Merge { into } => {
                format!("Merge the board {name} into {}", names.entity::<Board>(into.0).title())
            }
        };
    }
    if let Some(command) = intent.typed::<Project>() {
        return project(command);
    }
    if let Some(command) = intent.typed::<Desk>() {
        return desk(command);
    }
    if intent.typed::<Marks>().is_some() {
        return "Mark what you have read, put off or seen".to_owned();
    }
    match intent.typed::<Membership>() {
        Some(command) => member(names, command),
        None => format!("Do {}, which this version does not know", entry.name),
    }
}

fn card(names: &Names<'_>, id: CardId, command: CardCommand) -> String {
    use CardCommand as C;
    let key = names.key_of(id);
    let column = |column: ColumnId| {
        let column = names.entity::<Column>(column.0);
        if column.exists() { column.name.clone() } else { "a column that is not there".to_owned() }
    };
    let person = |person: PersonId| names.name_of(person).unwrap_or_else(|| "somebody".to_owned());
    let label = |label| {
        names.project().labels.get(&label).map_or_else(|| "a label".to_owned(), |label| label.shown().to_owned())
    };
    match command {
        C::Create { column: to, title, .. } => format!("Write “{title}” in {}", column(to)),
        C::Rename { title } => format!("Rename {key} to “{title}”"),
        C::Describe { .. } => format!("Describe {key}"),
        C::MoveTo { column: to, .. } => format!("Move {key} to {}", column(to)),
        C::GoTo { project, .. } => format!("Move {key} to the project {}", names.title_of(project)),
        C::Arrive { .. } | C::BringText { .. } => format!("Bring {key} from another project"),
        C::EndJourney { .. } | C::StayHere { .. } | C::Recall { .. } => format!("Note where {key} is"),
        C::SetRow { .. } => format!("Move {key} to another row"),
        C::Take {} => format!("Take {key}"),
        C::GoOn { to } => format!("Let {key} go on to {}", column(to)),
        C::PutBack {} => format!("Put {key} back"),
        C::WorkBack {} => format!("Take back what was done with {key}"),
        C::Submit {} => format!("Submit {key}"),
        C::Approve { reason, project: Some(project), .. } => {
            format!("Approve {key}, on to the project {}: {reason}", names.title_of(project))
        }
        C::Approve { to, reason, project: None } => format!("Approve {key}, on to {}: {reason}", column(to)),
        C::Reject { reason } => format!("Reject {key}: {reason}"),
        C::Archive {} => format!("Archive {key}"),
        C::Restore { .. } => format!("Restore {key}"),
        C::AddLabel { label: of } => format!("Label {key} with {}", label(of)),
        C::RemoveLabel { label: of } => format!("Take the label {} off {key}", label(of)),
        C::Assign { person: of } => format!("Assign {key} to {}", person(of)),
        C::Unassign { person: of } => format!("Take {} off {key}", person(of)),
        C::SetDue { due: Some(due) } => format!("Set {key} due on {due}"),
        C::SetDue { due: None } => format!("Remove the due date of {key}"),
        C::SetDone { done: true } => format!("Mark {key} as finished"),
        C::SetDone { done: false } => format!("Mark {key} as not finished"),
        C::SetChecklist { name, .. } => format!("Set the checklist {name} of {key}"),
        C::RemoveChecklist { .. } => format!("Remove a checklist of {key}"),
        C::SetItem { text, .. } => format!("Write “{text}” in a checklist of {key}"),
        C::TickItem { done: true, .. } => format!("Tick an item of {key}"),
        C::TickItem { done: false, .. } => format!("Untick an item of {key}"),
        C::RemoveItem { .. } => format!("Remove an item of {key}"),
        C::AttachLink { name, url, .. } => format!("Attach {} to {key}", if name.is_empty() { url } else { name }),
        C::AttachFile { name, .. } => format!("Attach the file {name} to {key}"),
        C::RemoveAttachment { .. } => format!("Remove an attachment of {key}"),
        C::SetField { value: Some(_), .. } => format!("Set a field of {key}"),
        C::SetField { value: None, .. } => format!("Empty a field of {key}"),
        C::Copy { of, .. } => format!("Copy {}", names.key_of(of)),
        C::SetPriority { priority: Some(priority) } => format!("Give {key} {} priority", priority.name()),
        C::SetPriority { priority: None } => format!("Take the priority of {key} away"),
        C::SetEstimate { estimate: Some(estimate) } => format!("Estimate {key} at {estimate}"),
        C::SetEstimate { estimate: None } => format!("Take the estimate of {key} away"),
        C::SetRemaining { remaining: Some(remaining) } => format!("Say that {remaining} of {key} is left"),
        C::SetRemaining { remaining: None } => format!("Take away how much of {key} is left"),
        C::Block { reason } => format!("Block {key}: {reason}"),
        C::Unblock {} => format!("Unblock {key}"),
        C::Relate { relation } => format!("Say that {key} {} {}", relation.kind.words(), names.key_of(relation.to)),
        C::Unrelate { relation } => {
            format!("Say that {key} no longer {} {}", relation.kind.words(), names.key_of(relation.to))
        }
        C::SetType { typed: Some(typed) } => {
            let project = names.project();
            let name = project.types.get(&typed.card_type).map_or("of another type", |card_type| &card_type.name);
            format!("Make {key} {name}")
        }
        C::SetType { typed: None } => format!("Take the type of {key} away"),
    }
}

fn comment(names: &Names<'_>, entry: &OutboxEntry, command: &CommentCommand) -> String {
    let key = card_of(names, entry).map_or_else(|| "a card".to_owned(), |card| names.key_of(card));
    match command {
        CommentCommand::Write { .. } => format!("Comment on {key}"),
        CommentCommand::Edit { .. } => format!("Edit a comment on {key}"),
        CommentCommand::Arrive { .. } => format!("Bring a comment on {key} along"),
        CommentCommand::Delete {} => format!("Delete a comment on {key}"),
    }
}

fn column(names: &Names<'_>, name: &str, command: ColumnCommand) -> String {
    use ColumnCommand as C;
    let called = |column: ColumnId| names.entity::<Column>(column.0).name.clone();
    match command {
        C::Add { name, .. } => format!("Add the column {name}"),
        // What it is called here is the new name already.
        C::Rename { name: to } => format!("Rename a column to {to}"),
        C::SetKind { .. } => format!("Change what the column {name} is for"),
        C::SetLimit { limit: Some(limit), .. } => format!("Limit the column {name} to {limit}"),
        C::SetLimit { limit: None, .. } => format!("Take the limit off the column {name}"),
        C::Archive {} => format!("Archive the column {name}"),
        C::Restore {} => format!("Restore the column {name}"),
        C::Move { .. } => format!("Move the column {name}"),
        C::SetWorkers { .. } => format!("Change who works in the column {name}"),
        C::SetReviewers { .. } => format!("Change who reviews in the column {name}"),
        C::SetAutoMove { to: Some(to) } => format!("Send finished cards of the column {name} to {}", called(to)),
        C::SetAutoMove { to: None } => format!("Let finished cards stay in the column {name}"),
        C::SetWaysOut { .. } => format!("Change to which other projects cards may go from the column {name}"),
        C::SetWorkflow { .. } => format!("Change where the workflow leads from the column {name}"),
        C::SetRow { name: row, .. } => format!("Set the row {row} of the column {name}"),
        C::RemoveRow { .. } => format!("Remove a row of the column {name}"),
        C::Remove { .. } => format!("Remove the column {name}"),
    }
}

fn desk(command: DeskCommand) -> String {
    match command {
        DeskCommand::SaveSearch { name, query, .. } => format!("Keep the search {name}: {query}"),
        DeskCommand::RemoveSearch { .. } => "Keep a search no longer".to_owned(),
        DeskCommand::Set { setting, value: Some(value) } => format!("Set {setting} to {value}"),
        DeskCommand::Set { setting, value: None } => format!("Set {setting} to what it is for everybody"),
    }
}

fn project(command: ProjectCommand) -> String {
    use ProjectCommand as C;
    match command {
        C::SetUp { key } => format!("Give the project the key {key}"),
        C::SetUpFrom { keys } | C::ChangeKey { keys } => {
            format!("Give the project the key {}", keys.first().map(String::as_str).unwrap_or_default())
        }
        C::SetLabel { name, colour, .. } => format!("Set the label {}", if name.is_empty() { colour } else { name }),
        C::RemoveLabel { .. } => "Remove a label from the project".to_owned(),
        C::SetPlaceholder { name, .. } => format!("Add the placeholder {name}"),
        C::ClaimPlaceholder { .. } => "Say that a placeholder is me".to_owned(),
        C::FreePlaceholder { .. } => "Say that a placeholder is nobody here".to_owned(),
        C::SetField { name, .. } => format!("Define the field {name}"),
        C::RemoveField { .. } => "Remove a field from the project".to_owned(),
        C::SetType { name, .. } => format!("Set the type {name}"),
        C::RemoveType { .. } => "Remove a type from the project".to_owned(),
        C::SetRole { name, .. } => format!("Set the role {name}"),
        C::RemoveRole { .. } => "Remove a role from the project".to_owned(),
        C::SetCalendar { time_zone, week_starts } => {
            format!("Set the calendar: days of {time_zone}, weeks from {}", week_starts.name())
        }
    }
}

fn member(names: &Names<'_>, command: MembershipCommand) -> String {
    use MembershipCommand as C;
    let name = |person| names.device.name_of(person).unwrap_or_else(|| "somebody".to_owned());
    match command {
        C::Found { title } => format!("Make the project {title}"),
        C::Rename { title } => format!("Rename the project to {title}"),
        C::AddMember { person, role } => format!("Add {} as {role}", name(person)),
        C::ChangeRole { person, role } => format!("Make {} a {role}", name(person)),
        C::RemoveMember { person } => format!("Remove {} from the project", name(person)),
        C::HandOver { server, .. } => format!("Give the project to {server}"),
        C::Publish { .. } => "Take the project on".to_owned(),
        C::Reopen { .. } => "Open the project anew".to_owned(),
        C::Continue { .. } => "Begin the project anew from an export".to_owned(),
        C::Redact { records, .. } => format!("Redact {} records of the history", records.len()),
    }
}
