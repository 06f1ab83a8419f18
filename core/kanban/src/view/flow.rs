//! How many cards came into each column and left it, and when.

use std::collections::BTreeMap;

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::quarter::{Quarter, Span, Spans};
use crate::card::{Card, Stand, is_step};
use crate::ids::ColumnId;

/// The traffic of one span of seven days, by quarters of an hour; and, of the whole space, which spans there are.
///
/// ```text
///  ""        spans 2,914 to 2,971
///  "2971"    15:00 { To do: 1 went, Doing: 1 came }   16:15 { Doing: 1 went, Done: 1 came }   …
/// ```
/// What happened stays, whatever happens to the card later: a view only grows, and not with how much happens at once. Steps count when the
/// card's [way](crate::card::Way) says, so the running sum of a column is never less than nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowView {
    pub spans: Option<Spans>,
    pub quarters: RedBlackTreeMapSync<Quarter, BTreeMap<ColumnId, Traffic>>,
}

/// How many cards came into a column and left it; archived ones, which it keeps, apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    pub came: u64,
    pub went: u64,
    /// Came among its archived cards.
    pub archived: u64,
    /// Left them.
    pub restored: u64,
}

impl Traffic {
    /// By how many more open cards it holds.
    pub fn open(&self) -> i64 {
        self.came.cast_signed() - self.went.cast_signed()
    }

    /// By how many more archived cards it keeps.
    pub fn kept(&self) -> i64 {
        self.archived.cast_signed() - self.restored.cast_signed()
    }

    fn count(&mut self, is_coming: bool, stand: Stand) {
        let counter = match (is_coming, stand.archived) {
            (true, false) => &mut self.came,
            (false, false) => &mut self.went,
            (true, true) => &mut self.archived,
            (false, true) => &mut self.restored,
        };
        *counter += 1;
    }
}

impl View for FlowView {
    const NAME: &'static str = "flow";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind != *Card::KIND {
            return Vec::new();
        }
        let last = models.get::<Card>(stream.id).way.last;
        last.map_or_else(Vec::new, |last| vec![Key::whole_space(), Span::of(last.at).key()])
    }

    fn concerns(record: &Record) -> bool {
        record.event::<Card>().is_some_and(is_step)
    }

    /// They would be all the cards of the project.
    fn lists_entities(_: &Key) -> bool {
        false
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let last = after.get::<Card>(record.stream.id).way.last;
        let Some(step) = last.filter(|step| step.record == record.number) else { return };
        let quarter = Quarter::of(step.at);
        if *key == Key::whole_space() {
            self.spans = Some(Spans::with(self.spans, quarter.span()));
            return;
        }
        // It is played by the span of the card's step before, too.
        if *key != quarter.span().key() {
            return;
        }
        let mut columns = self.quarters.get(&quarter).cloned().unwrap_or_default();
        for (is_coming, stand) in [(false, step.from), (true, step.to)] {
            if let Some(stand) = stand {
                columns.entry(stand.column).or_default().count(is_coming, stand);
            }
        }
        self.quarters.insert_mut(quarter, columns);
    }
}
