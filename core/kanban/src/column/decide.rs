//! How columns answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::context::Context;

use super::{Column, ColumnCommand as C, ColumnEvent as E, ColumnKind, ColumnRefusal as R};
use crate::answer::unless;
use crate::board::{Board, BoardEvent};
use crate::card::{Card, CardEvent};
use crate::ids::{BoardId, CardId, ColumnId};
use crate::limits::REMOVED_CARDS_MAX;
use crate::name::is_same_name;
use crate::project::Project;
use crate::rank::Rank;
use crate::refusal::{has_room_in_project, is_name};
use crate::role::Role;

impl Column {
    pub(super) fn answer(&self, command: &C, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let id = ColumnId(cx.id());
        if let C::Add { board, name, kind, before } = command {
            return self.add(id, following_board(*board, cx), name, *kind, *before, cx);
        }
        let Some(board) = self.board.filter(|_| self.exists()) else { return Err(R::NoSuchColumn { column: id }) };
        Ok(match command.clone() {
            C::Add { .. } => unreachable!("answered above"),
            C::Rename { name } if self.name == name => Vec::new(),
            C::Rename { name } => {
                name_is_free(board, &name, id, cx)?;
                vec![E::Renamed { name }]
            }
            C::SetKind { kind } => unless(self.kind == kind, E::KindSet { kind }),
            C::SetLimit { limit, warns } => {
                unless(self.limit == limit && self.limit_warns == warns, E::LimitSet { limit, warns })
            }
            C::SetWorkers { roles } => {
                are_known(&roles, cx)?;
                unless(self.rights.workers == roles, E::WorkersSet { roles })
            }
            C::SetReviewers { roles } => {
                are_known(&roles, cx)?;
                unless(self.rights.reviewers == roles, E::ReviewersSet { roles })
            }
            C::SetAutoMove { to } => {
                if to == Some(id) {
                    return Err(R::LeadsToItself {});
                }
                let to = to.map(|to| known_column(to, cx)).transpose()?;
                unless(self.auto_move == to, E::AutoMoveSet { to })
            }
            C::SetWaysOut { to } => {
                has_room_in_project("columns of other projects", to.len().saturating_sub(1))?;
                if to.iter().any(|way| way.project == cx.space()) {
                    return Err(R::OwnProject {});
                }
                unless(self.ways_out == to, E::WaysOutSet { to })
            }
            C::SetWorkflow { to } => {
                let to = to.map(|to| to.into_iter().map(|to| known_column(to, cx)).collect()).transpose()?;
                if to.as_ref().is_some_and(|to: &BTreeSet<ColumnId>| to.contains(&id)) {
                    return Err(R::LeadsToItself {});
                }
                has_room_in_project("columns that a card may go to", to.as_ref().map_or(0, BTreeSet::len))?;
                unless(self.leads_to == to, E::WorkflowSet { to })
            }
            C::SetRow { row, name } => {
                is_name("The name of a row", &name)?;
                let known = self.rows.iter().find(|other| other.id == row);
                if self.rows.iter().any(|other| other.id != row && is_same_name(&other.name, &name)) {
                    return Err(R::RowNameTaken { name });
                }
                if known.is_none() {
                    has_room_in_project("rows", self.rows.len())?;
                }
                unless(known.is_some_and(|known| known.name == name), E::RowSet { row, name })
            }
            C::RemoveRow { row } => unless(!self.has_row(row), E::RowRemoved { row }),
            C::Archive {} => unless(self.archived, E::Archived {}),
            C::Restore {} if !self.archived => Vec::new(),
            C::Restore {} => {
                name_is_free(board, &self.name, id, cx)?;
                vec![E::Restored {}]
            }
            C::Move { before } => {
                if before != Some(id) {
                    cx.emit::<Board>(board, &BoardEvent::ColumnPlaced { column: id, before });
                }
                Vec::new()
            }
            C::Remove { into } => self.remove(id, board, into, cx)?,
        })
    }

    fn add(
        &self,
        id: ColumnId,
        board: BoardId,
        name: &str,
        kind: ColumnKind,
        before: Option<ColumnId>,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        if !cx.get::<Project>(cx.space().0).is_set_up() {
            return Err(R::ProjectNotSetUp {});
        }
        if self.board.is_some() {
            return Err(R::AddedAlready {});
        }
        let on = cx.get::<Board>(board);
        if !on.exists() {
            return Err(R::NoSuchBoard { board });
        }
        has_room_in_project("columns", on.columns.len())?;
        name_is_free(board, name, id, cx)?;
        cx.emit::<Board>(board, &BoardEvent::ColumnPlaced { column: id, before });
        Ok(vec![E::Added { board, name: name.to_owned(), kind }])
    }

    /// Its cards go to the lower end of the other column, in their order.
    fn remove(&self, id: ColumnId, board: BoardId, into: Option<ColumnId>, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let cards = self.count();
        let heir = into.map(|into| following(into, cx));
        match &heir {
            None if cards > 0 => return Err(R::StillHoldsCards { cards: cards as u64 }),
            None => {}
            Some((into, _)) if *into == id => return Err(R::LeadsToItself {}),
            Some((into, heir)) if !heir.exists() => return Err(R::NoSuchColumn { column: *into }),
            Some((into, heir)) if heir.archived => {
                return Err(R::ColumnArchived { column: *into, name: heir.name.clone() });
            }
            Some((into, heir)) => heir.has_room(*into, cards)?,
        }
        if cards > REMOVED_CARDS_MAX {
            return Err(R::TooManyCards { cards: cards as u64, max: REMOVED_CARDS_MAX as u64 });
        }
        if let Some((into, heir)) = &heir {
            let mut above: Option<Rank> = heir.places.last().map(|place| place.rank.clone());
            for place in &self.places {
                let rank = Rank::between(above.as_ref(), None);
                let card: CardId = place.card;
                let moved = CardEvent::Moved { column: *into, rank: rank.clone(), row: None, exempt: false };
                cx.emit::<Card>(card, &moved);
                cx.emit::<Column>(*into, &super::ColumnEvent::CardEntered { card, rank: rank.clone() });
                above = Some(rank);
            }
        }
        cx.emit::<Board>(board, &BoardEvent::ColumnRemoved { column: id });
        Ok(vec![E::Removed { into: heir.map(|(into, _)| into) }])
    }
}

/// The column that this one is now: itself, or whoever inherited its cards.
pub(crate) fn following(column: ColumnId, cx: &Context<'_>) -> (ColumnId, Arc<Column>) {
    followed(column, |column| cx.get::<Column>(column))
}

/// The column that this one is now, wherever columns are looked up: itself, or whoever inherited its cards; and what it is.
pub fn followed(column: ColumnId, get: impl Fn(ColumnId) -> Arc<Column>) -> (ColumnId, Arc<Column>) {
    let (mut id, mut found) = (column, get(column));
    // Nothing is removed into what was removed before, so this ends.
    while let Some(into) = found.removed.and_then(|removed| removed.into) {
        (id, found) = (into, get(into));
    }
    (id, found)
}

/// The board that this one is now: itself, or the one that it was merged into.
fn following_board(board: BoardId, cx: &Context<'_>) -> BoardId {
    let mut id = board;
    // Nothing is merged into what was merged before, so this ends.
    while let Some(into) = cx.get::<Board>(id).merged_into {
        id = into;
    }
    id
}

fn known_column(column: ColumnId, cx: &Context<'_>) -> Result<ColumnId, R> {
    let (id, found) = following(column, cx);
    if found.exists() { Ok(id) } else { Err(R::NoSuchColumn { column }) }
}

fn are_known(roles: &BTreeSet<Role>, cx: &Context<'_>) -> Result<(), R> {
    let project = cx.get::<Project>(cx.space().0);
    match roles.iter().find(|role| !role.is_known(&project)) {
        Some(_) => Err(R::NoSuchRole {}),
        None if roles.iter().any(Role::is_viewer) => Err(R::ViewersOnlyLook {}),
        None => Ok(()),
    }
}

fn name_is_free(board: BoardId, name: &str, itself: ColumnId, cx: &Context<'_>) -> Result<(), R> {
    is_name("The name of a column", name)?;
    let taken = cx.get::<Board>(board).columns.iter().copied().find(|column| {
        let other = cx.get::<Column>(*column);
        *column != itself && !other.archived && is_same_name(&other.name, name)
    });
    match taken {
        Some(column) => Err(R::NameTaken { name: name.to_owned(), column }),
        None => Ok(()),
    }
}
