//! The report of permissions: what each role may do in each column of each board.

use recordplayer::Models;
use recordplayer::id::SpaceId;
use serde::Serialize;

use crate::board::Board;
use crate::column::{Column, Permission};
use crate::project::Project;
use crate::role::roles;

/// One line of the report: a board, a column of it, a role and one thing that it may do there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Granted {
    pub board: String,
    pub column: String,
    pub role: String,
    pub permission: Permission,
}

/// Of all boards and columns that are in use, in the order in which they stand.
pub fn permissions(space: SpaceId, models: &Models<'_>) -> Vec<Granted> {
    let project = models.get::<Project>(space.0);
    let roles = roles(&project);
    let mut granted = Vec::new();
    for board in project.boards.iter().map(|board| models.get::<Board>(*board)).filter(|board| !board.archived) {
        for column in board.columns.iter().map(|column| models.get::<Column>(*column)).filter(|column| !column.archived)
        {
            for role in &roles {
                granted.extend(column.rights.permissions(role).into_iter().map(|permission| Granted {
                    board: board.title().to_owned(),
                    column: column.name.clone(),
                    role: role.name(&project).to_owned(),
                    permission,
                }));
            }
        }
    }
    granted
}
