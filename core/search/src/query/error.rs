//! What a query can have that is not understood.

use std::ops::Range;

use recordplayer_kanban::limits::QUERY_BYTES_MAX;

use crate::limits::{CLAUSES_MAX, VALUES_MAX};

/// A query that is not understood, and the place where it is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct QueryError {
    /// In bytes of what was typed.
    pub at: Range<usize>,
    pub problem: QueryProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryProblem {
    #[error("there is no filter {name:?}: there are {filters}. To find these words themselves, put them in quotes", filters = FILTERS)]
    UnknownFilter { name: String },
    #[error("{filter}: says nothing; write {possible}")]
    NoValue { filter: &'static str, possible: &'static str },
    #[error("{filter}: does not know {value:?}; write {possible}")]
    BadValue { filter: &'static str, value: String, possible: &'static str },
    #[error("this query has {bytes} bytes, and {QUERY_BYTES_MAX} are the most; look for less at once")]
    TooLong { bytes: usize },
    #[error("a query has {CLAUSES_MAX} words and filters at most; look for less at once")]
    TooManyClauses,
    #[error("a filter has {VALUES_MAX} values at most; look for less at once")]
    TooManyValues,
}

/// The filters, as a sentence names them.
const FILTERS: &str = "label, assignee, author, type, column, board, project, key, is, has, due, priority and points";
