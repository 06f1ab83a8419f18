//! The board: its title, and its columns from left to right.

use std::collections::BTreeSet;

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::ActId;
use serde::{Deserialize, Serialize};

use crate::answer::unless;
use crate::column::{Column, ColumnEvent};
use crate::ids::{BoardId, ColumnId};
use crate::limits::{BOARD_IMPORTS_MAX, NAME_BYTES_MAX, STEP_COLUMNS_MAX};
use crate::name::{Names, is_same_name};
use crate::project::{Project, ProjectEvent};
use crate::refusal::{LimitExceeded, has_room_in_project, is_name};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// `None` until the board is added.
    pub title: Option<String>,
    pub archived: bool,
    /// Set for good once its columns went to another board.
    pub merged_into: Option<BoardId>,
    /// From left to right, archived ones included.
    pub columns: Vec<ColumnId>,
    /// The imports that have brought something into it, by which what people have done themselves is known from what those did.
    pub imports: BTreeSet<ActId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardCommand {
    Add {
        title: String,
    },
    Rename {
        title: String,
    },
    Archive {},
    Restore {},
    /// These columns, with their cards, make a new board; at least one stays.
    Split {
        columns: BTreeSet<ColumnId>,
        into: BoardId,
        title: String,
    },
    /// All its columns, with their cards, go to the right end of another board, and what is asked of this one is asked of that.
    Merge {
        into: BoardId,
    },
    /// The act of this command is an import.
    Import {},
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
    /// The column does not stand here any more.
    ColumnRemoved {
        column: ColumnId,
    },
    Split {
        columns: BTreeSet<ColumnId>,
        into: BoardId,
    },
    Merged {
        into: BoardId,
    },
    Imported {},
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
    #[error("This board was merged into another one. Look there")]
    MergedAlready { into: BoardId },
    #[error("A board cannot be merged into itself. Choose another one")]
    IntoItself {},
    #[error("There is no such column on this board. Look at its columns")]
    NoSuchColumn { column: ColumnId },
    #[error("Choose at least one column that leaves, and leave at least one")]
    NothingToSplit {},
    #[error("{columns} columns are too many for one step, which takes {max}. Split off fewer of them")]
    TooManyColumns { columns: u64, max: u64 },
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
fn title_is_free(title: &str, itself: Option<BoardId>, cx: &Context<'_>) -> Result<(), BoardRefusal> {
    is_name("The name of a board", title)?;
    let project = cx.get::<Project>(cx.space().0);
    let taken = project.boards.iter().find(|id| {
        let board = cx.get::<Board>(**id);
        Some(**id) != itself && !board.archived && is_same_name(board.title(), title)
    });
    match taken {
        Some(board) => Err(BoardRefusal::NameTaken { title: title.to_owned(), board: *board }),
        None => Ok(()),
    }
}

impl Board {
    fn split(
        &self,
        columns: &BTreeSet<ColumnId>,
        into: BoardId,
        title: &str,
        cx: &mut Context<'_>,
    ) -> Result<Vec<BoardEvent>, BoardRefusal> {
        use BoardRefusal as R;
        if cx.get::<Self>(into).exists() {
            return Err(R::AddedAlready {});
        }
        if let Some(column) = columns.iter().find(|column| !self.columns.contains(column)) {
            return Err(R::NoSuchColumn { column: *column });
        }
        if columns.is_empty() || columns.len() == self.columns.len() {
            return Err(R::NothingToSplit {});
        }
        fit_one_step(columns.len())?;
        title_is_free(title, None, cx)?;
        let space = cx.space().0;
        has_room_in_project("boards", cx.get::<Project>(space).boards.len())?;
        cx.emit::<Project>(space, &ProjectEvent::BoardAdded { board: into });
        cx.emit::<Self>(into, &BoardEvent::Added { title: title.to_owned() });
        for column in self.columns.iter().filter(|column| columns.contains(column)) {
            cx.emit::<Column>(*column, &ColumnEvent::BoardSet { board: into });
            cx.emit::<Self>(into, &BoardEvent::ColumnPlaced { column: *column, before: None });
        }
        Ok(vec![BoardEvent::Split { columns: columns.clone(), into }])
    }

    /// Columns are told apart by their names, so one whose name is taken there brings that of its board along.
    fn merge(&self, into: BoardId, cx: &mut Context<'_>) -> Result<Vec<BoardEvent>, BoardRefusal> {
        use BoardRefusal as R;
        let other = cx.get::<Self>(into);
        if BoardId(cx.id()) == into {
            return Err(R::IntoItself {});
        }
        if !other.exists() {
            return Err(R::NoSuchBoard {});
        }
        if let Some(into) = other.merged_into {
            return Err(R::MergedAlready { into });
        }
        fit_one_step(self.columns.len())?;
        has_room_in_project("columns", (other.columns.len() + self.columns.len()).saturating_sub(1))?;
        let open = |column: &ColumnId| Some(cx.get::<Column>(*column)).filter(|column| !column.archived);
        let mut names: Names = other.columns.iter().filter_map(open).map(|column| column.name.clone()).collect();
        for id in &self.columns {
            let column = cx.get::<Column>(*id);
            cx.emit::<Column>(*id, &ColumnEvent::BoardSet { board: into });
            cx.emit::<Self>(into, &BoardEvent::ColumnPlaced { column: *id, before: None });
            if !column.archived && !names.insert(&column.name) {
                let name = free_name(&column.name, self.title(), &names);
                names.insert(&name);
                cx.emit::<Column>(*id, &ColumnEvent::Renamed { name });
            }
        }
        Ok(vec![BoardEvent::Merged { into }])
    }
}

/// Each column is three events of the commit at most.
fn fit_one_step(columns: usize) -> Result<(), BoardRefusal> {
    if columns <= STEP_COLUMNS_MAX {
        return Ok(());
    }
    Err(BoardRefusal::TooManyColumns { columns: columns as u64, max: STEP_COLUMNS_MAX as u64 })
}

/// `Doing (Turntable)`, `Doing (Turntable, 2)`, and so on.
fn free_name(name: &str, board: &str, taken: &Names) -> String {
    let cut = |text: &str, bytes: usize| text[..text.floor_char_boundary(bytes)].to_owned();
    let (name, board) = (cut(name, NAME_BYTES_MAX / 2), cut(board, NAME_BYTES_MAX / 4));
    let numbered = (2..).map(|number| format!("{name} ({board}, {number})"));
    let names = std::iter::once(format!("{name} ({board})")).chain(numbered);
    taken.free(names).expect("there are more numbers than columns")
}

impl Entity for Board {
    const KIND: &'static str = "board";
    const SHAPE: u32 = 3;

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
        if let Some(into) = self.merged_into {
            return Err(R::MergedAlready { into });
        }
        match command {
            C::Split { columns, into, title } => self.split(columns, *into, title, cx),
            C::Merge { into } => self.merge(*into, cx),
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
                title_is_free(title, Some(BoardId(cx.id())), cx)?;
                Ok(vec![E::Renamed { title: title.clone() }])
            }
            C::Archive {} if self.archived => Ok(Vec::new()),
            C::Archive {} => Ok(vec![E::Archived {}]),
            // One that is not remembered changes what it changes all the same.
            C::Import {} => Ok(unless(self.imports.len() >= BOARD_IMPORTS_MAX, E::Imported {})),
            C::Restore {} if !self.archived => Ok(Vec::new()),
            C::Restore {} => {
                title_is_free(self.title(), None, cx)?;
                Ok(vec![E::Restored {}])
            }
        }
    }

    fn play(&mut self, event: &BoardEvent, stamp: &Stamp) {
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
            BoardEvent::Split { columns, .. } => self.columns.retain(|column| !columns.contains(column)),
            BoardEvent::Merged { into } => {
                self.merged_into = Some(*into);
                self.archived = true;
                self.columns.clear();
            }
            BoardEvent::Imported {} => self.imports.extend(stamp.origin.claims.act),
        }
    }
}
