//! Time in pieces that every calendar can be made of.

use recordplayer::time::Timestamp;
use recordplayer::view::Key;
use serde::{Deserialize, Serialize};

/// A quarter of an hour, counted from 1970 in UTC.
///
/// Every time zone has been a whole number of them away from UTC since 1972, so a day of any zone is made of whole ones: what is counted by
/// them needs no other counting where a project gets another zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quarter(pub i64);

/// Seven days, counted from 1970 in UTC: what one view holds, whatever day a week begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

/// The first and the last span in which there is something; some between them may have nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    pub first: Span,
    pub last: Span,
}

const QUARTER_MS: i64 = 15 * 60 * 1_000;
const QUARTERS_OF_SPAN: i64 = 7 * 24 * 4;

impl Quarter {
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(QUARTER_MS))
    }

    /// The moment with which it begins.
    pub fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(QUARTER_MS))
    }

    pub fn span(self) -> Span {
        Span(self.0.div_euclid(QUARTERS_OF_SPAN))
    }
}

impl Span {
    pub fn of(at: Timestamp) -> Self {
        Quarter::of(at).span()
    }

    pub fn key(self) -> Key {
        Key::text(&self.0.to_string())
    }
}

impl Spans {
    /// What was there, if anything, and one more.
    pub fn with(spans: Option<Self>, span: Span) -> Self {
        spans.map_or(Self { first: span, last: span }, |spans| Self {
            first: spans.first.min(span),
            last: spans.last.max(span),
        })
    }

    /// Those from one span to another one.
    pub fn between(self, from: Span, to: Span) -> impl Iterator<Item = Span> {
        (self.first.max(from).0..=self.last.min(to).0).map(Span)
    }
}
