//! Finding: from a query to the cards that match, the best first.
//!
//! ```text
//!  Query ─ plan: names become ids ─► tantivy ─► the best documents ─ look: what of them matched ─► Found
//! ```

mod forward;
mod look;
mod plan;

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use recordplayer::id::SpaceId;
use recordplayer_kanban::card::Day;
use recordplayer_kanban::ids::{CardId, CommentId};
use tantivy::collector::{Count, TopDocs};
use tantivy::{DocAddress, IndexReader, Order, TantivyDocument, TantivyError};

use crate::index::{Fields, out_of_space};
use crate::limits::HITS_MAX;
use crate::names::SpaceNames;
use crate::query::Query;
use look::Look;
use plan::Plan;
use tantivy::schema::Value as _;

/// Who looks, when, and where: only cards of these spaces are found.
#[derive(Clone, Debug)]
pub struct SearchContext {
    pub today: Day,
    pub spaces: Vec<SpaceNames>,
}

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The best first; without words, the newest.
    pub hits: Vec<Hit>,
    /// How many cards match, beyond those that are told.
    pub total: usize,
    /// Filters whose values are called nothing in these projects.
    pub unknown: Vec<Unknown>,
}

/// A card that matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub space: SpaceId,
    pub card: CardId,
    pub score: f32,
    pub title: Marked,
    /// The first place beside the title where most of the words stand.
    pub excerpt: Option<Excerpt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub place: Place,
    pub text: Marked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Description,
    Comment(CommentId),
    /// A checklist, a link, a file, a field, or why it is blocked.
    Rest,
}

/// A text, and what of it matched, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    pub text: String,
    pub ranges: Vec<Range<usize>>,
}

/// A name that nothing is called by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} is called {name:?} in these projects")]
pub struct Unknown {
    /// In bytes of the query.
    pub at: Range<usize>,
    pub what: &'static str,
    pub name: String,
}

/// The index could not answer. What is damaged is begun anew when it is opened the next time.
#[derive(Debug, thiserror::Error)]
#[error("the search index cannot be read: {why}; start the program again, and it is made anew")]
pub struct SearchError {
    why: String,
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        Self { why: error.to_string() }
    }
}

/// The reading half of an index. Cheap to clone; each search sees one commit.
#[derive(Clone)]
pub struct Finder {
    reader: IndexReader,
    fields: Fields,
}

impl Finder {
    pub(crate) fn new(reader: IndexReader, fields: Fields) -> Self {
        Self { reader, fields }
    }

    pub(crate) fn reload(&self) -> Result<(), TantivyError> {
        self.reader.reload()
    }

    /// How many cards are indexed.
    pub fn cards(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// The best `limit` cards that match.
    pub fn search(&self, query: &Query, context: &SearchContext, limit: usize) -> Result<Found, SearchError> {
        // A file that rots while it is mapped is met by tantivy's own assertions.
        let search = AssertUnwindSafe(|| self.search_trusting(query, context, limit));
        catch_unwind(search).unwrap_or_else(|_| Err(SearchError { why: "one of its files is damaged".to_owned() }))
    }

    fn search_trusting(&self, query: &Query, context: &SearchContext, limit: usize) -> Result<Found, SearchError> {
        let searcher = self.reader.searcher();
        let Plan { query: wanted, is_ranked, unknown } = plan::plan(query, context, &self.fields);
        let limit = TopDocs::with_limit(limit.clamp(1, HITS_MAX));
        let (total, best): (usize, Vec<(f32, DocAddress)>) = if is_ranked {
            searcher.search(&wanted, &(Count, limit.order_by_score()))?
        } else {
            let by_order = limit.order_by_fast_field::<u64>("order", Order::Desc);
            let (total, best) = searcher.search(&wanted, &(Count, by_order))?;
            (total, best.into_iter().map(|(_, address)| (0.0, address)).collect())
        };
        let look = Look::new(query);
        let mut hits = Vec::with_capacity(best.len());
        for (score, address) in best {
            let document: TantivyDocument = searcher.doc(address)?;
            let id = document.get_first(self.fields.id).and_then(|id| out_of_space(id.as_bytes()?));
            let (space, card) = id.ok_or_else(|| SearchError { why: "a document has no id".to_owned() })?;
            let (title, excerpt) = look.through(&document, &self.fields);
            hits.push(Hit { space, card, score, title, excerpt });
        }
        Ok(Found { hits, total, unknown })
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finder({} cards)", self.cards())
    }
}
