//! What somebody looks for, as it is typed and as it is understood.
//!
//! ```text
//!  crash "blue screen" -wontfix label:bug,regression assignee:me -is:done due:<7d
//!  ─┬─── ──────┬────── ───┬──── ──────────┬───────── ─────┬───── ───┬──── ───┬───
//!  word      phrase     without         filters, which all hold; values parted by commas are alternatives
//! ```
//! What is not understood is an error that says where and what is possible; nothing is guessed.

mod error;
mod parse;
mod value;

use std::ops::Range;
use std::str::FromStr;

pub use error::{QueryError, QueryProblem};
use recordplayer_kanban::card::{Effort, Priority};
use recordplayer_kanban::key::CardRef;

pub use value::{Bounds, DayWritten};

/// What somebody looks for: all of its clauses hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub clauses: Vec<Clause>,
}

/// One word, phrase or filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// It must not be so.
    pub is_negated: bool,
    /// Where it stands in what was typed, in bytes, with its minus.
    pub at: Range<usize>,
    pub sought: Sought,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    Text {
        text: String,
        /// It is still being typed: its last word may go on.
        is_open: bool,
    },
    /// One of these holds.
    Any(Vec<Filter>),
}

/// What a card is asked. Names are those that people see; what they mean is told by the projects when the query is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    Label(String),
    Assignee(Person),
    /// Who has commented on it.
    Author(Person),
    Type(String),
    Column(String),
    Board(String),
    Project(String),
    Key(CardRef),
    Is(State),
    Has(Thing),
    Due(Bounds<DayWritten>),
    Priority(Bounds<Priority>),
    Points(Bounds<Effort>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// Whoever asks.
    Me,
    Named(String),
}

/// How a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Done,
    Archived,
    Blocked,
    Overdue,
    Unassigned,
    Mine,
}

/// What a card can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    File,
    Link,
    Comment,
    Checklist,
    Due,
    Label,
}

impl State {
    const ALL: [(&'static str, Self); 7] = [
        ("open", Self::Open),
        ("done", Self::Done),
        ("archived", Self::Archived),
        ("blocked", Self::Blocked),
        ("overdue", Self::Overdue),
        ("unassigned", Self::Unassigned),
        ("mine", Self::Mine),
    ];
}

impl Thing {
    const ALL: [(&'static str, Self); 6] = [
        ("file", Self::File),
        ("link", Self::Link),
        ("comment", Self::Comment),
        ("checklist", Self::Checklist),
        ("due", Self::Due),
        ("label", Self::Label),
    ];
}

impl Query {
    /// Whether archived cards are asked for by name; otherwise they are left out.
    pub fn speaks_of_archive(&self) -> bool {
        self.filters().any(|filter| *filter == Filter::Is(State::Archived))
    }

    /// The filters, whether they are to hold or not.
    pub fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.clauses.iter().flat_map(|clause| match &clause.sought {
            Sought::Any(filters) => filters.as_slice(),
            Sought::Text { .. } => &[],
        })
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(typed: &str) -> Result<Self, QueryError> {
        parse::parse(typed)
    }
}
