//! What a report reads, and of which days and boards it tells.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use recordplayer::entity::Entity;
use recordplayer::id::{Id, SpaceId};
use recordplayer::replica::Replica;
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use serde::Serialize;

use super::days::{DayNumber, Days};
use crate::board::Board;
use crate::card::Day;
use crate::column::{Column, ColumnKind};
use crate::ids::{BoardId, CardId, ColumnId};
use crate::limits::REPORT_DAYS_MAX;
use crate::project::Project;
use crate::view::{Sheet, SheetsView, Span, Spans};

/// Whoever holds the entities and views of a space.
pub trait Source {
    fn entity<E: Entity>(&self, id: Id) -> Arc<E>;
    fn view<V: View>(&self, key: Key) -> Arc<V>;
}

impl Source for Replica {
    fn entity<E: Entity>(&self, id: Id) -> Arc<E> {
        self.entity(id)
    }

    fn view<V: View>(&self, key: Key) -> Arc<V> {
        self.view(key)
    }
}

/// The days that a report tells of, the first and the last of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: DayNumber,
    pub to: DayNumber,
}

/// Days of which no report can tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("The report would end on {to}, before it begins on {from}. Name an earlier first day")]
    EndsBefore { from: DayNumber, to: DayNumber },
    #[error("The report would have {days} days and may have {max}. Name a later first day")]
    TooLong { days: i64, max: i64 },
}

impl Period {
    pub fn new(from: &Day, to: &Day) -> Result<Self, PeriodError> {
        let (from, to) = (DayNumber::from(from), DayNumber::from(to));
        let days = to.since(from) + 1;
        match days {
            ..1 => Err(PeriodError::EndsBefore { from, to }),
            1..=REPORT_DAYS_MAX => Ok(Self { from, to }),
            _ => Err(PeriodError::TooLong { days, max: REPORT_DAYS_MAX }),
        }
    }

    pub fn contains(&self, day: DayNumber) -> bool {
        (self.from..=self.to).contains(&day)
    }

    pub fn days(&self) -> impl Iterator<Item = DayNumber> + use<> {
        let from = self.from;
        (0..=self.to.since(from)).map(move |days| from.plus(days))
    }
}

/// A project whose reports are read, at one moment.
pub struct Scene<'a, S> {
    pub(super) source: &'a S,
    pub(super) space: SpaceId,
    pub(super) project: Arc<Project>,
    pub days: Days<'a>,
    pub period: Period,
    /// Only what is in the columns of this board.
    pub(super) board: Option<BoardId>,
    columns: RefCell<BTreeMap<ColumnId, Arc<Column>>>,
}

/// Whether there is still something to do on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Open,
    /// In a done column, archived there or not.
    Finished,
    /// In a cancelled column, or archived anywhere else.
    Dropped,
}

/// A column as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnName {
    pub id: ColumnId,
    pub board: String,
    pub column: String,
    pub kind: ColumnKind,
}

impl<'a, S: Source> Scene<'a, S> {
    /// The project of a space. `ahead_ms` says how many milliseconds a clock of the project's time zone is ahead of UTC at a moment.
    pub fn new(
        source: &'a S,
        space: SpaceId,
        period: Period,
        board: Option<BoardId>,
        ahead_ms: &'a dyn Fn(Timestamp) -> i64,
    ) -> Self {
        let project = source.entity::<Project>(space.0);
        let days = Days { ahead_ms, week_starts: project.calendar.week_starts };
        Self { source, space, project, days, period, board, columns: RefCell::default() }
    }

    pub(super) fn column(&self, id: ColumnId) -> Arc<Column> {
        Arc::clone(self.columns.borrow_mut().entry(id).or_insert_with(|| self.source.entity::<Column>(id.0)))
    }

    pub(super) fn kind(&self, id: ColumnId) -> ColumnKind {
        self.column(id).kind
    }

    /// Whether the report tells of what is in this column.
    pub(super) fn is_asked(&self, column: ColumnId) -> bool {
        self.board.is_none_or(|board| self.column(column).board == Some(board))
    }

    /// All cards that are in the project.
    pub(super) fn sheets(&self) -> Vec<(CardId, Sheet)> {
        let views = SheetsView::keys_up_to(self.project.last_number).map(|key| self.source.view::<SheetsView>(key));
        views
            .flat_map(|view| view.cards.iter().map(|(card, sheet)| (*card, sheet.clone())).collect::<Vec<_>>())
            .collect()
    }

    pub(super) fn standing(&self, sheet: &Sheet) -> Standing {
        match self.kind(sheet.column) {
            ColumnKind::Done => Standing::Finished,
            ColumnKind::Cancelled => Standing::Dropped,
            ColumnKind::Backlog | ColumnKind::Ready | ColumnKind::Active if sheet.archived => Standing::Dropped,
            ColumnKind::Backlog | ColumnKind::Ready | ColumnKind::Active => Standing::Open,
        }
    }

    /// Columns as they stand on their boards, boards in the order of their making; those that were removed at the end of theirs.
    pub(super) fn in_order(&self, columns: BTreeSet<ColumnId>) -> Vec<ColumnName> {
        let boards: Vec<Arc<Board>> =
            self.project.boards.iter().map(|board| self.source.entity::<Board>(board.0)).collect();
        let mut named: Vec<_> = columns
            .into_iter()
            .map(|id| {
                let column = self.column(id);
                let at = self.project.boards.iter().position(|board| Some(*board) == column.board);
                let board = at.map(|at| &boards[at]);
                let place = board.and_then(|board| board.columns.iter().position(|other| *other == id));
                let title = board.map(|board| board.title().to_owned()).unwrap_or_default();
                let name = ColumnName { id, board: title, column: column.name.clone(), kind: column.kind };
                ((at.unwrap_or(usize::MAX), place.unwrap_or(usize::MAX), id), name)
            })
            .collect();
        named.sort_by_key(|(place, _)| *place);
        named.into_iter().map(|(_, name)| name).collect()
    }

    /// The spans in which days of the period may be, in whatever zone.
    pub(super) fn spans_of_period(&self, spans: Spans) -> impl Iterator<Item = Span> {
        spans.between(Span::of(self.period.from.plus(-1).start_in_utc()), self.last_span())
    }

    pub(super) fn last_span(&self) -> Span {
        Span::of(self.period.to.plus(2).start_in_utc())
    }
}

impl<S> fmt::Debug for Scene<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("space", &self.space).field("period", &self.period).finish_non_exhaustive()
    }
}
