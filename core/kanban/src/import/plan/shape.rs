//! The board itself, its columns, and what its cards share.

use std::collections::{BTreeMap, BTreeSet};

use super::super::trello::{ColumnKindGuess, TrelloBoard, TrelloField, TrelloFieldKind, guess_kind};
use super::{Planner, cut};
use crate::board::{Board, BoardCommand};
use crate::column::{Column, ColumnCommand, ColumnKind};
use crate::ids::{ColumnId, FieldId, LabelId, PersonId};
use crate::limits::NAME_BYTES_MAX;
use crate::project::{FieldDefinition, FieldKind, Label, Placeholder, Project, ProjectCommand};

/// Room for what tells two equal names apart.
const NAME_CUT: usize = NAME_BYTES_MAX - 16;

/// A name that is not empty and not taken; now it is taken.
fn free(name: &str, fallback: &str, taken: &mut BTreeSet<String>) -> String {
    let name = if name.trim().is_empty() { fallback.to_owned() } else { cut(name, NAME_CUT) };
    let numbered = (2..).map(|count| format!("{name} ({count})"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn kind_of(guess: ColumnKindGuess) -> ColumnKind {
    match guess {
        ColumnKindGuess::Backlog => ColumnKind::Backlog,
        ColumnKindGuess::Ready => ColumnKind::Ready,
        ColumnKindGuess::Active => ColumnKind::Active,
        ColumnKindGuess::Done => ColumnKind::Done,
        ColumnKindGuess::Cancelled => ColumnKind::Cancelled,
    }
}

impl Planner<'_> {
    pub(super) fn shape(&mut self, source: &TrelloBoard) {
        let project = self.present.models.get::<Project>(self.present.space.0);
        self.labels_and_people(source, &project);
        for field in &source.fields {
            self.field(field, &project);
        }
        self.board(source, &project);
        self.columns(source);
    }

    fn labels_and_people(&mut self, source: &TrelloBoard, project: &Project) {
        for label in &source.labels {
            let id: LabelId = self.id("label", &label.id);
            let set = Label { name: cut(&label.name, NAME_CUT), colour: label.colour.clone().unwrap_or_default() };
            let (known, before) = (project.labels.get(&id), self.commands.len());
            if known != Some(&set) {
                let command = ProjectCommand::SetLabel { label: id, name: set.name, colour: set.colour };
                self.set_in_project(known.is_some(), &command);
            }
            self.tally(known.is_some(), before);
        }
        for member in &source.members {
            let id: PersonId = self.id("member", &member.id);
            let full_name = if member.full_name.trim().is_empty() { &member.username } else { &member.full_name };
            let name = if full_name.trim().is_empty() { "Unknown".to_owned() } else { cut(full_name, NAME_CUT) };
            let username = cut(&member.username, NAME_CUT);
            let (known, before) = (project.placeholders.get(&id), self.commands.len());
            let is_so = |known: &Placeholder| known.name == name && known.username == username;
            if !known.is_some_and(is_so) {
                let command = ProjectCommand::SetPlaceholder { person: id, name, username };
                self.set_in_project(known.is_some(), &command);
            }
            self.tally(known.is_some(), before);
        }
    }

    fn set_in_project(&mut self, is_known: bool, command: &ProjectCommand) {
        let project = self.present.space.0;
        if is_known { self.change::<Project>(project, command) } else { self.make::<Project>(project, None, command) }
    }

    fn field(&mut self, field: &TrelloField, project: &Project) {
        let id: FieldId = self.id("field", &field.id);
        let kind = match &field.kind {
            TrelloFieldKind::Text | TrelloFieldKind::Other(_) => FieldKind::Text,
            TrelloFieldKind::Number => FieldKind::Number,
            TrelloFieldKind::Date => FieldKind::Date,
            TrelloFieldKind::Checkbox => FieldKind::Checkbox,
            TrelloFieldKind::List => FieldKind::Choice,
        };
        let options = field.options.iter().map(|option| {
            let colour = option.colour.clone().unwrap_or_default();
            (self.id("option", &option.id), Label { name: cut(&option.name, NAME_CUT), colour })
        });
        let options: BTreeMap<_, _> = options.collect();
        let name = if field.name.trim().is_empty() { "Unnamed".to_owned() } else { cut(&field.name, NAME_CUT) };
        let set = FieldDefinition { name, kind, options };
        let (known, before) = (project.fields.get(&id), self.commands.len());
        if known != Some(&set) {
            let command = ProjectCommand::SetField { field: id, name: set.name, kind, options: set.options };
            self.set_in_project(known.is_some(), &command);
        }
        self.tally(known.is_some(), before);
    }

    fn board(&mut self, source: &TrelloBoard, project: &Project) {
        let (id, before) = (self.board, self.commands.len());
        let others = project.boards.iter().filter(|board| **board != id);
        let mut taken = others.map(|board| self.present.models.get::<Board>(*board).title().to_owned()).collect();
        let title = free(&source.name, "Imported board", &mut taken);
        let known = self.present.models.get::<Board>(id);
        if !known.exists() {
            let made_at = source.id.created_at_ms().map(recordplayer::time::Timestamp);
            self.make::<Board>(id, made_at, &BoardCommand::Add { title });
        } else if known.title() != title {
            self.change::<Board>(id, &BoardCommand::Rename { title });
        }
        self.tally(known.exists(), before);
    }

    fn columns(&mut self, source: &TrelloBoard) {
        let board = self.board;
        let imported: BTreeSet<ColumnId> = source.lists.iter().map(|list| self.id("column", &list.id)).collect();
        let present = self.present.models.get::<Board>(board);
        let by_hand = present.columns.iter().filter(|column| !imported.contains(column));
        let mut taken = by_hand.map(|column| self.present.models.get::<Column>(*column).name.clone()).collect();
        for list in &source.lists {
            let (id, before): (ColumnId, _) = (self.id("column", &list.id), self.commands.len());
            let name = free(&list.name, "Unnamed", &mut taken);
            let known = self.present.models.get::<Column>(id);
            if !known.exists() {
                let kind = kind_of(guess_kind(&list.name));
                let made_at = list.id.created_at_ms().map(recordplayer::time::Timestamp);
                self.make::<Column>(id, made_at, &ColumnCommand::Add { board, name, kind, before: None });
            } else if known.name != name {
                self.change::<Column>(id, &ColumnCommand::Rename { name });
            }
            match (known.archived, list.closed) {
                (false, true) => self.change::<Column>(id, &ColumnCommand::Archive {}),
                (true, false) => self.change::<Column>(id, &ColumnCommand::Restore {}),
                (true, true) | (false, false) => {}
            }
            self.tally(known.exists(), before);
        }
    }
}
