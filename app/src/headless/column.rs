//! The columns of a board: what they are for, who works in them, where their cards go.

use std::collections::BTreeSet;

use recordplayer_kanban::column::{ColumnCommand as Do, WayOut};
use recordplayer_kanban::ids::{BoardId, ColumnId, RowId};
use recordplayer_kanban::{Column, Role};
use serde_json::json;

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::arguments::{ColumnCommand, RowCommand};
use super::place::Place;
use super::send;

/// What stands for "nothing" where a name is asked for.
const NONE: &str = "none";
/// What stands for "all of its board".
const ANY: &str = "any";

pub(crate) fn run(place: &Place<'_>, command: &ColumnCommand) -> Result<Answer, Failure> {
    use ColumnCommand as C;
    let at = |column: &str| place.column(column, None);
    let (id, name, command, done) = match command {
        C::New { name, kind, before } => {
            let board = place.board(None)?.id;
            let before = before.as_ref().map(|before| place.column(before, Some(board))).transpose()?;
            on_its_board(place, Some(board), before)?;
            let add = Do::Add { board, name: name.clone(), kind: (*kind).into(), before };
            (ColumnId(place.space.fresh_id()), name, add, format!("Added the column {}", line(name)))
        }
        C::Rename { column, name } => {
            (at(column)?, name, Do::Rename { name: name.clone() }, format!("Renamed the column to {}", line(name)))
        }
        C::Kind { column, kind } => {
            let done = format!("Changed what {} is for", line(column));
            (at(column)?, column, Do::SetKind { kind: (*kind).into() }, done)
        }
        C::Limit { column, limit, warn } => {
            let limit = limit_of(limit)?;
            let done = match limit {
                Some(1) => format!("Limited {} to 1 card", line(column)),
                Some(limit) => format!("Limited {} to {limit} cards", line(column)),
                None => format!("Took the limit off {}", line(column)),
            };
            (at(column)?, column, Do::SetLimit { limit, warns: *warn && limit.is_some() }, done)
        }
        C::Workers { column, roles } => {
            let (roles, who) = roles_of(place, roles)?;
            (at(column)?, column, Do::SetWorkers { roles }, format!("Who works in {}: {who}", line(column)))
        }
        C::Reviewers { column, roles } => {
            let (roles, who) = roles_of(place, roles)?;
            (at(column)?, column, Do::SetReviewers { roles }, format!("Who reviews in {}: {who}", line(column)))
        }
        C::AutoMove { column, to } => {
            let id = at(column)?;
            let goal = if to == NONE { None } else { Some(place.column(to, board_of(place, id))?) };
            let done = match goal {
                Some(_) => format!("Finished cards of {} go to {}", line(column), line(to)),
                None => format!("Finished cards stay in {}", line(column)),
            };
            (id, column, Do::SetAutoMove { to: goal }, done)
        }
        C::Workflow { column, to } => {
            let id = at(column)?;
            let is_any = matches!(to.as_slice(), [only] if only == ANY);
            let goals = to.iter().map(|to| place.column(to, board_of(place, id)));
            let goals = if is_any { None } else { Some(goals.collect::<Result<BTreeSet<_>, _>>()?) };
            let names: Vec<String> = to.iter().map(|to| line(to)).collect();
            let done = match goals {
                Some(_) => format!("From {}, cards go to {}", line(column), names.join(", ")),
                None => format!("From {}, cards go to any column of the board", line(column)),
            };
            (id, column, Do::SetWorkflow { to: goals }, done)
        }
        C::WaysOut { column, into, to } => {
            let id = at(column)?;
            let other = place.other(into)?;
            let project = other.info.space;
            let mut ways = place.space.entity::<Column>(id).ways_out.clone();
            ways.retain(|way| way.project != project);
            for to in to {
                ways.insert(WayOut { project, column: other.column(to, None)? });
            }
            let names: Vec<String> = to.iter().map(|to| line(to)).collect();
            let title = line(&other.info.title);
            let done = match names.as_slice() {
                [] => format!("From {}, cards do not go to the project {title}", line(column)),
                names => format!("From {}, cards go to {} of the project {title}", line(column), names.join(", ")),
            };
            (id, column, Do::SetWaysOut { to: ways }, done)
        }
        C::Row(command) => return row(place, command),
        C::Move { column, before } => {
            let id = at(column)?;
            let board = board_of(place, id);
            let before = before.as_ref().map(|before| place.column(before, board)).transpose()?;
            on_its_board(place, board, before)?;
            (id, column, Do::Move { before }, format!("Moved the column {}", line(column)))
        }
        C::Archive { column } => (at(column)?, column, Do::Archive {}, format!("Archived the column {}", line(column))),
        C::Restore { column } => {
            (place.archived_column(column)?, column, Do::Restore {}, format!("Restored the column {}", line(column)))
        }
        C::Remove { column, into } => {
            let id = at(column)?;
            let into = into.as_ref().map(|into| place.column(into, board_of(place, id))).transpose()?;
            (id, column, Do::Remove { into }, format!("Removed the column {}", line(column)))
        }
    };
    sent(place, id, name, &command, done)
}

fn sent(place: &Place<'_>, id: ColumnId, name: &str, command: &Do, done: String) -> Result<Answer, Failure> {
    let ticket = send::one::<Column>(place, id, command)?;
    let json = json!({ "column": name, "id": id.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, done))
}

fn row(place: &Place<'_>, command: &RowCommand) -> Result<Answer, Failure> {
    let (column, command, done) = match command {
        RowCommand::New { column, name } => {
            let row = RowId(place.space.fresh_id());
            let done = format!("Added the row {} to {}", line(name), line(column));
            (column, Do::SetRow { row, name: name.clone() }, done)
        }
        RowCommand::Rename { column, row, name } => {
            let row = row_of(place, place.column(column, None)?, row)?;
            (column, Do::SetRow { row, name: name.clone() }, format!("Renamed the row to {}", line(name)))
        }
        RowCommand::Remove { column, row } => {
            let id = row_of(place, place.column(column, None)?, row)?;
            (column, Do::RemoveRow { row: id }, format!("Removed the row {} of {}", line(row), line(column)))
        }
    };
    sent(place, place.column(column, None)?, column, &command, done)
}

/// A row of a column by its name or id.
pub(crate) fn row_of(place: &Place<'_>, column: ColumnId, text: &str) -> Result<RowId, Failure> {
    let column = place.space.entity::<Column>(column);
    let found = column.rows.iter().find(|row| row.name == text || row.id.to_string() == text);
    let known: Vec<&str> = column.rows.iter().map(|row| row.name.as_str()).collect();
    found.map(|row| row.id).ok_or_else(|| {
        let message = format!("{} has no row {text:?}", line(&column.name));
        Failure::new(WRONG_USE, "unknown_row", message, "Name one that is there, by its name or id")
            .with_details(json!(known))
    })
}

fn board_of(place: &Place<'_>, column: ColumnId) -> Option<BoardId> {
    place.space.entity::<Column>(column).board
}

/// A column stands in front of another one of its board.
fn on_its_board(place: &Place<'_>, board: Option<BoardId>, before: Option<ColumnId>) -> Result<(), Failure> {
    match before.filter(|before| board_of(place, *before) != board) {
        None => Ok(()),
        Some(before) => {
            let message = format!("{} is on another board", line(&place.column_name(before)));
            Err(Failure::new(WRONG_USE, "another_board", message, "Name a column of the same board"))
        }
    }
}

/// The roles of these names, or none of them, and how a sentence calls them.
fn roles_of(place: &Place<'_>, names: &[String]) -> Result<(BTreeSet<Role>, String), Failure> {
    if matches!(names, [only] if only == NONE) {
        return Ok((BTreeSet::new(), "nobody in particular".to_owned()));
    }
    let roles = names.iter().map(|name| super::member::role(place, name)).collect::<Result<BTreeSet<_>, _>>()?;
    let names: Vec<String> = names.iter().map(|name| line(name)).collect();
    Ok((roles, names.join(", ")))
}

fn limit_of(text: &str) -> Result<Option<u32>, Failure> {
    if text == NONE {
        return Ok(None);
    }
    let limit = text.parse().ok().filter(|limit| *limit > 0);
    limit.map(Some).ok_or_else(|| {
        Failure::new(
            WRONG_USE,
            "bad_limit",
            format!("{text:?} is no limit"),
            "Write a number of cards from 1, or \"none\"",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_from_one_or_none() {
        assert_eq!(limit_of("3"), Ok(Some(3)));
        assert_eq!(limit_of("none"), Ok(None));
        for text in ["0", "-1", "many", ""] {
            assert_eq!(limit_of(text).unwrap_err().exit, WRONG_USE, "{text}");
        }
    }
}
