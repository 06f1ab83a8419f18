//! The board itself, its columns, and what its cards share.

use std::collections::{BTreeMap, BTreeSet};

use super::super::source::{
    ColumnKindGuess, SourceBoard, SourceDeed, SourceField, SourceFieldKind, SourceList, SourceType, guess_kind,
};
use super::{Planner, Word, cut};
use recordplayer::id::Id;

use crate::board::{Board, BoardCommand};
use crate::column::{Column, ColumnCommand, ColumnKind};
use crate::ids::{ColumnId, FieldId, LabelId, PersonId, TypeId};
use crate::limits::NAME_BYTES_MAX;
use crate::name::{Names, is_same_name};
use crate::project::{FieldDefinition, FieldKind, FieldLimits, Label, Placeholder, Project, ProjectCommand};

/// Room for what tells two equal names apart.
const NAME_CUT: usize = NAME_BYTES_MAX - 16;

/// A name that is not empty and not taken.
fn free(name: &str, fallback: &str, taken: &Names) -> String {
    let name = if name.trim().is_empty() { fallback.to_owned() } else { cut(name, NAME_CUT) };
    let numbered = (2..).map(|count| format!("{name} ({count})"));
    taken.free(std::iter::once(name.clone()).chain(numbered)).unwrap_or_default()
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
    /// The board, and everything that its history refers to but columns and cards.
    pub(super) fn shape(&mut self, source: &SourceBoard) {
        let project = self.present.models.get::<Project>(self.present.space.0);
        let made = source.history.iter().find(|action| action.deed == SourceDeed::BoardMade);
        let begins = || source.history.first().map(|action| action.at_ms);
        let at = made.map(|action| action.at_ms).or_else(|| source.id.created_at_ms()).or_else(begins);
        self.word = Word { at: at.map(recordplayer::time::Timestamp), ..Word::default() };
        self.labels_and_people(source, &project);
        for field in &source.fields {
            self.field(field, &project);
        }
        for card_type in &source.types {
            self.card_type(card_type, source, &project);
        }
        if let Some(author) = made.and_then(|action| action.author.as_ref()) {
            self.word.actor = Some(self.actor(author));
        }
        let known = self.present.models.get::<Board>(self.board);
        if !known.exists() {
            let title = self.title(source, &project);
            self.make::<Board>(self.board, self.board, &BoardCommand::Add { title });
        }
        for column in &known.columns {
            let known = self.present.models.get::<Column>(*column);
            self.names.insert(*column, known.name.clone());
            if known.archived {
                self.closed.insert(*column);
            }
        }
    }

    fn title(&self, source: &SourceBoard, project: &Project) -> String {
        let others = project.boards.iter().filter(|board| **board != self.board);
        let taken = others.map(|board| self.present.models.get::<Board>(*board).title().to_owned()).collect();
        free(&source.name, "Imported board", &taken)
    }

    fn labels_and_people(&mut self, source: &SourceBoard, project: &Project) {
        for label in &source.labels {
            let id: LabelId = self.id("label", &label.id);
            let set = Label { name: cut(&label.name, NAME_CUT), colour: label.colour.clone().unwrap_or_default() };
            let known = project.labels.get(&id);
            if known == Some(&set) {
                continue;
            }
            if self.may_set_in_project(&format!("label {id}")) {
                let command = ProjectCommand::SetLabel { label: id, name: set.name, colour: set.colour, twin: true };
                self.set_in_project(id, known.is_some(), &command);
            } else {
                self.absent.extend(known.is_none().then_some(id));
            }
        }
        for member in &source.members {
            let id: PersonId = self.id("member", &member.id);
            let full_name = if member.full_name.trim().is_empty() { &member.username } else { &member.full_name };
            let name = if full_name.trim().is_empty() { "Unknown".to_owned() } else { cut(full_name, NAME_CUT) };
            let username = cut(&member.username, NAME_CUT);
            let known = project.placeholders.get(&id);
            let is_so = |known: &Placeholder| known.name == name && known.username == username;
            if !known.is_some_and(is_so) {
                let command = ProjectCommand::SetPlaceholder { person: id, name, username };
                self.set_in_project(id, known.is_some(), &command);
            }
        }
    }

    fn may_set_in_project(&mut self, value: &str) -> bool {
        self.may_set::<Project>(self.present.space.0, value)
    }

    fn set_in_project(&mut self, thing: impl Into<Id>, is_known: bool, command: &ProjectCommand) {
        let project = self.present.space.0;
        if is_known {
            self.change::<Project>(thing, project, command);
        } else {
            self.make::<Project>(thing, project, command);
        }
    }

    fn field(&mut self, field: &SourceField, project: &Project) {
        let id: FieldId = self.id("field", &field.id);
        let kind = match &field.kind {
            SourceFieldKind::Text | SourceFieldKind::Other(_) => FieldKind::Text,
            SourceFieldKind::Number => FieldKind::Number,
            SourceFieldKind::Date => FieldKind::Date,
            SourceFieldKind::Checkbox => FieldKind::Checkbox,
            SourceFieldKind::List => FieldKind::Choice,
            SourceFieldKind::Person => FieldKind::Person,
        };
        let options = field.options.iter().map(|option| {
            let colour = option.colour.clone().unwrap_or_default();
            (self.id("option", &option.id), Label { name: cut(&option.name, NAME_CUT), colour })
        });
        let options: BTreeMap<_, _> = options.collect();
        let name = if field.name.trim().is_empty() { "Unnamed".to_owned() } else { cut(&field.name, NAME_CUT) };
        let set = FieldDefinition { name, kind, options, limits: FieldLimits::default() };
        let known = project.fields.get(&id);
        if known != Some(&set) && self.may_set_in_project(&format!("field {id}")) {
            let FieldDefinition { name, kind, options, limits } = set;
            let command = ProjectCommand::SetField { field: id, name, kind, options, limits, twin: true };
            self.set_in_project(id, known.is_some(), &command);
        }
    }

    /// Its cards have all fields of the board: no product tells which of them a type has.
    fn card_type(&mut self, card_type: &SourceType, source: &SourceBoard, project: &Project) {
        let id: TypeId = self.id("type", &card_type.id);
        let name = if card_type.name.trim().is_empty() { "Unnamed".to_owned() } else { cut(&card_type.name, NAME_CUT) };
        let known = project.types.get(&id);
        let mut fields = known.map(|known| known.fields.clone()).unwrap_or_default();
        for field in &source.fields {
            fields.entry(self.id("field", &field.id)).or_default();
        }
        let is_so = known.is_some_and(|known| known.name == name && known.fields == fields);
        if !is_so && self.may_set_in_project(&format!("type {id}")) {
            self.set_in_project(
                id,
                known.is_some(),
                &ProjectCommand::SetType { card_type: id, name, fields, twin: true },
            );
        }
    }

    /// The column of a list, in its place among those that are there by now.
    pub(super) fn make_column(&mut self, source: &SourceBoard, list: &SourceList, name: &str) {
        let id = self.column_of(&list.id);
        if self.names.contains_key(&id) || self.is_inherited(&list.id) {
            return;
        }
        let behind = source.lists.iter().skip_while(|other| other.id != list.id).skip(1);
        let before = behind.map(|other| self.column_of(&other.id)).find(|other| self.names.contains_key(other));
        let name = self.free_name(id, name);
        self.names.insert(id, name.clone());
        let kind = kind_of(list.kind.unwrap_or_else(|| guess_kind(&list.name)));
        self.kinds.push((id, kind));
        self.make::<Column>(id, id, &ColumnCommand::Add { board: self.board, name, kind, before });
    }

    /// A name for the column that no other column of the board has.
    fn free_name(&self, column: ColumnId, name: &str) -> String {
        let others = self.names.iter().filter(|(other, _)| **other != column);
        free(name, "Unnamed", &others.map(|(_, name)| name).collect())
    }

    pub(super) fn rename_column(&mut self, column: ColumnId, name: String) {
        if self.names.get(&column).is_some_and(|known| *known != name) && self.may_set::<Column>(column, "name") {
            self.names.insert(column, name.clone());
            self.change::<Column>(column, column, &ColumnCommand::Rename { name });
        }
    }

    /// As a list was called in the source at that time.
    pub(super) fn call_column(&mut self, column: ColumnId, name: &str) {
        let name = self.free_name(column, name);
        self.rename_column(column, name);
    }

    pub(super) fn close_column(&mut self, column: ColumnId, closed: bool) {
        if self.closed.contains(&column) != closed && self.may_set::<Column>(column, "archived") {
            if closed {
                self.closed.insert(column)
            } else {
                self.closed.remove(&column)
            };
            let command = if closed { ColumnCommand::Archive {} } else { ColumnCommand::Restore {} };
            self.change::<Column>(column, column, &command);
        }
    }

    /// What the history did not make as it is in the source.
    pub(super) fn finish_shape(&mut self, source: &SourceBoard) {
        let known = self.present.models.get::<Board>(self.board);
        let project = self.present.models.get::<Project>(self.present.space.0);
        let title = self.title(source, &project);
        if known.exists() && known.title() != title && self.may_set::<Board>(self.board, "title") {
            self.change::<Board>(self.board, self.board, &BoardCommand::Rename { title });
        }
        if known.archived && self.may_set::<Board>(self.board, "archived") {
            self.change::<Board>(self.board, self.board, &BoardCommand::Restore {});
        }
        let imported: BTreeSet<ColumnId> = source.lists.iter().map(|list| self.column_of(&list.id)).collect();
        let by_hand = self.names.iter().filter(|(column, _)| !imported.contains(column));
        let mut taken: Names = by_hand.map(|(_, name)| name).collect();
        for list in &source.lists {
            if self.is_inherited(&list.id) {
                continue;
            }
            let id = self.column_of(&list.id);
            let name = free(&list.name, "Unnamed", &taken);
            taken.insert(&name);
            let holder = self.names.iter().find(|(other, held)| **other != id && is_same_name(held, &name));
            if let Some(holder) = holder.map(|(other, _)| *other) {
                // It gets its own name in its turn.
                let mut held: Names = self.names.values().collect();
                held.extend(&taken);
                self.rename_column(holder, free(&name, "Unnamed", &held));
            }
            self.rename_column(id, name);
            self.close_column(id, list.closed);
        }
    }
}
