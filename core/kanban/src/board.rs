//! The board: its title, and its columns from left to right.

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use serde::{Deserialize, Serialize};

use crate::ids::{BoardId, ColumnId};
use crate::project::{Project, ProjectEvent};
use crate::refusal::{LimitExceeded, has_room_in_project, is_name};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// `None` until the board is added.
    pub title: Option<String>,
    pub archived: bool,
    /// From left to right, archived ones included.
    pub columns: Vec<ColumnId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardCommand {
    Add { title: String },
    Rename { title: String },
    Archive {},
    Restore {},
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardEvent {
    Added {
        title: String,
    },
    Renamed {
        title: String,
    },
    Archived {},
    Restored {},
    /// The column stands in front of `before` now, or at the right end.
    ColumnPlaced {
        column: ColumnId,
        #[serde(default)]
        before: Option<ColumnId>,
    },
    ColumnRemoved {
        column: ColumnId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum BoardRefusal {
    #[error("This project is not set up yet. Give it a key first, such as REC")]
    ProjectNotSetUp {},
    #[error("There is no such board. Look at the list of this project's boards")]
    NoSuchBoard {},
    #[error("This board exists already")]
    AddedAlready {},
    #[error("This project has another board named {title:?}. Choose another name")]
    NameTaken { title: String, board: BoardId },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for BoardRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}

impl Board {
    pub fn exists(&self) -> bool {
        self.title.is_some()
    }

    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or_default()
    }
}

/// Names of boards that are in use are told apart by people, so archived ones may be the same.
fn title_is_free(title: &str, except: Option<&str>, cx: &Context<'_>) -> Result<(), BoardRefusal> {
    is_name("The name of a board", title)?;
    if except == Some(title) {
        return Ok(());
    }
    let project = cx.get::<Project>(cx.space().0);
    let taken = project.boards.iter().find(|board| {
        let board = cx.get::<Board>(**board);
        !board.archived && board.title() == title
    });
    match taken {
        Some(board) => Err(BoardRefusal::NameTaken { title: title.to_owned(), board: *board }),
        None => Ok(()),
    }
}

impl Entity for Board {
    const KIND: &'static str = "board";

    type Command = BoardCommand;
    type Event = BoardEvent;
    type Refusal = BoardRefusal;

    fn decide(&self, command: &BoardCommand, cx: &mut Context<'_>) -> Result<Vec<BoardEvent>, BoardRefusal> {
        use BoardCommand as C;
        use BoardEvent as E;
        use BoardRefusal as R;
        let project = cx.get::<Project>(cx.space().0);
        if !project.is_set_up() {
            return Err(R::ProjectNotSetUp {});
        }
        if !self.exists() && !matches!(command, C::Add { .. }) {
            return Err(R::NoSuchBoard {});
        }
        match command {
            C::Add { title } => {
                if self.exists() {
                    return Err(R::AddedAlready {});
                }
                title_is_free(title, None, cx)?;
                has_room_in_project("boards", project.boards.len())?;
                let board = BoardId(cx.id());
                cx.emit::<Project>(cx.space().0, &ProjectEvent::BoardAdded { board });
                Ok(vec![E::Added { title: title.clone() }])
            }
            C::Rename { title } if self.title() == title => Ok(Vec::new()),
            C::Rename { title } => {
                title_is_free(title, self.title.as_deref(), cx)?;
                Ok(vec![E::Renamed { title: title.clone() }])
            }
            C::Archive {} if self.archived => Ok(Vec::new()),
            C::Archive {} => Ok(vec![E::Archived {}]),
            C::Restore {} if !self.archived => Ok(Vec::new()),
            C::Restore {} => {
                title_is_free(self.title(), None, cx)?;
                Ok(vec![E::Restored {}])
            }
        }
    }

    fn play(&mut self, event: &BoardEvent, _: &Stamp) {
        match event {
            BoardEvent::Added { title } | BoardEvent::Renamed { title } => self.title = Some(title.clone()),
            BoardEvent::Archived {} => self.archived = true,
            BoardEvent::Restored {} => self.archived = false,
            BoardEvent::ColumnPlaced { column, before } => {
                self.columns.retain(|other| other != column);
                let at = self.columns.iter().position(|other| Some(*other) == *before).unwrap_or(self.columns.len());
                self.columns.insert(at, *column);
            }
            BoardEvent::ColumnRemoved { column } => self.columns.retain(|other| other != column),
        }
    }
}
