//! A project that begins like another one: its boards, columns, workflow, roles, labels, fields, types and calendar come
//! along, cards and members do not.

use std::collections::BTreeSet;

use recordplayer::Models;
use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{Id, SpaceId};

use crate::board::{Board, BoardCommand};
use crate::column::{Column, ColumnCommand, followed};
use crate::ids::{BoardId, ColumnId, FieldId, RoleId};
use crate::project::{Calendar, Project, ProjectCommand};
use crate::role::Role;

/// The commands that make a project that is set up be like `from`, in the order in which they must be sent. What is archived stays behind.
///
/// Everything gets an id of its own that follows from the new project's, so that doing it twice does it once.
pub fn template(from: SpaceId, into: SpaceId, models: &Models<'_>) -> Result<Vec<Intent>, CodecError> {
    let mut plan = Plan { into, intents: Vec::new() };
    let project = models.get::<Project>(from.0);
    plan.definitions(&project)?;
    let boards = project.boards.iter().map(|board| (*board, models.get::<Board>(*board)));
    let boards: Vec<_> = boards.filter(|(_, board)| board.exists() && !board.archived).collect();
    let mut columns = Vec::new();
    for (id, board) in &boards {
        plan.board(*id, board)?;
        for column in &board.columns {
            let found = models.get::<Column>(*column);
            if found.exists() && !found.archived {
                plan.column(*id, *column, &found)?;
                columns.push((*column, found));
            }
        }
    }
    // Where cards go is said once all columns are there.
    let there: BTreeSet<ColumnId> = columns.iter().map(|(column, _)| *column).collect();
    let now = |column| followed(column, |column| models.get::<Column>(column)).0;
    for (id, column) in &columns {
        plan.workflow(*id, column, &|to| Some(now(to)).filter(|to| there.contains(to)))?;
    }
    Ok(plan.intents)
}

struct Plan {
    into: SpaceId,
    intents: Vec<Intent>,
}

impl Plan {
    /// What stands in the new project for something of the other one.
    fn counterpart<T: From<Id> + Into<Id>>(&self, old: T) -> T {
        T::from(Id::derived("template", &[self.into.0.bytes(), old.into().bytes()]))
    }

    fn role(&self, role: &Role) -> Role {
        role.own().map_or_else(|| role.clone(), |own| Role::from(self.counterpart::<RoleId>(own)))
    }

    fn say<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) -> Result<(), CodecError> {
        self.intents.push(Intent::of::<E>(id, command)?);
        Ok(())
    }

    fn definitions(&mut self, project: &Project) -> Result<(), CodecError> {
        let space = self.into.0;
        if project.calendar != Calendar::default() {
            let Calendar { time_zone, week_starts } = project.calendar.clone();
            self.say::<Project>(space, &ProjectCommand::SetCalendar { time_zone, week_starts })?;
        }
        for (label, known) in &project.labels {
            let (name, colour) = (known.name.clone(), known.colour.clone());
            self.say::<Project>(
                space,
                &ProjectCommand::SetLabel { label: self.counterpart(*label), name, colour, twin: true },
            )?;
        }
        for (field, known) in &project.fields {
            let options =
                known.options.iter().map(|(option, label)| (self.counterpart(*option), label.clone())).collect();
            let (name, limits) = (known.name.clone(), known.limits.clone());
            let field = self.counterpart::<FieldId>(*field);
            self.say::<Project>(
                space,
                &ProjectCommand::SetField { field, name, kind: known.kind, options, limits, twin: true },
            )?;
        }
        for (card_type, known) in &project.types {
            let fields = known.fields.iter().map(|(field, usage)| (self.counterpart(*field), *usage)).collect();
            let (card_type, name) = (self.counterpart(*card_type), known.name.clone());
            self.say::<Project>(space, &ProjectCommand::SetType { card_type, name, fields, twin: true })?;
        }
        for (role, name) in &project.roles {
            let role = self.counterpart(*role);
            self.say::<Project>(space, &ProjectCommand::SetRole { role, name: name.clone() })?;
        }
        Ok(())
    }

    fn board(&mut self, id: BoardId, board: &Board) -> Result<(), CodecError> {
        self.say::<Board>(self.counterpart(id), &BoardCommand::Add { title: board.title().to_owned() })
    }

    fn column(&mut self, board: BoardId, id: ColumnId, column: &Column) -> Result<(), CodecError> {
        let id = self.counterpart(id);
        let add = ColumnCommand::Add {
            board: self.counterpart(board),
            name: column.name.clone(),
            kind: column.kind,
            before: None,
        };
        self.say::<Column>(id, &add)?;
        if column.limit.is_some() {
            let limit = ColumnCommand::SetLimit { limit: column.limit, warns: column.limit_warns };
            self.say::<Column>(id, &limit)?;
        }
        let roles = |plan: &Self, roles: &BTreeSet<Role>| roles.iter().map(|role| plan.role(role)).collect();
        if !column.rights.workers.is_empty() {
            self.say::<Column>(id, &ColumnCommand::SetWorkers { roles: roles(self, &column.rights.workers) })?;
        }
        if !column.rights.reviewers.is_empty() {
            self.say::<Column>(id, &ColumnCommand::SetReviewers { roles: roles(self, &column.rights.reviewers) })?;
        }
        for row in &column.rows {
            self.say::<Column>(id, &ColumnCommand::SetRow { row: self.counterpart(row.id), name: row.name.clone() })?;
        }
        Ok(())
    }

    /// `now` says which column of the template somebody means who named one of them once.
    fn workflow(
        &mut self,
        id: ColumnId,
        column: &Column,
        now: &dyn Fn(ColumnId) -> Option<ColumnId>,
    ) -> Result<(), CodecError> {
        if let Some(to) = column.auto_move.and_then(now).filter(|to| *to != id) {
            self.say::<Column>(self.counterpart(id), &ColumnCommand::SetAutoMove { to: Some(self.counterpart(to)) })?;
        }
        if !column.ways_out.is_empty() {
            let to = column.ways_out.clone();
            self.say::<Column>(self.counterpart(id), &ColumnCommand::SetWaysOut { to })?;
        }
        if let Some(to) = &column.leads_to {
            let to =
                to.iter().filter_map(|to| now(*to)).filter(|to| *to != id).map(|to| self.counterpart(to)).collect();
            self.say::<Column>(self.counterpart(id), &ColumnCommand::SetWorkflow { to: Some(to) })?;
        }
        Ok(())
    }
}
