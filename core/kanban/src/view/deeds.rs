//! Who did how much, and when.

use std::collections::BTreeMap;

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use super::quarter::{Quarter, Span, Spans};
use crate::card::{Card, CardEvent, Deed, is_deed};
use crate::ids::{ColumnId, PersonId};

/// What one person did to cards in one span of seven days, by quarters of an hour; who did something in a span; and, of the whole space, which
/// spans there are.
///
/// ```text
///  ""              spans 2,914 to 2,971
///  "2971"          people { Ann, Bo }
///  "2971/6a0c…"    15:00 { moved 2 }   16:15 { commented 1 }   …
/// ```
/// Things count at their effective time, but not later than the authority has recorded them, and not before 1970. What an import tells of
/// somebody whom it does not know is nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeedsView {
    pub spans: Option<Spans>,
    pub people: RedBlackTreeSetSync<PersonId>,
    pub quarters: RedBlackTreeMapSync<Quarter, Deeds>,
}

/// How often somebody did what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deeds {
    pub created: u64,
    /// Moved a card, by the column into which it went: which of them are for what is done may still change.
    pub moved: BTreeMap<ColumnId, u64>,
    pub taken: u64,
    pub submitted: u64,
    /// Approved or rejected.
    pub reviewed: u64,
    pub commented: u64,
}

impl Deeds {
    fn count(&mut self, event: &CardEvent) {
        match event {
            CardEvent::Created { .. } => self.created += 1,
            CardEvent::Moved { column, .. } => *self.moved.entry(*column).or_default() += 1,
            CardEvent::Taken { .. } => self.taken += 1,
            CardEvent::Submitted {} => self.submitted += 1,
            CardEvent::Approved {} | CardEvent::Rejected {} => self.reviewed += 1,
            CardEvent::CommentAdded { .. } => self.commented += 1,
            _ => {}
        }
    }
}

impl DeedsView {
    /// The view of what one person did in a span.
    pub fn key_of(span: Span, person: PersonId) -> Key {
        Key::text(&format!("{}/{person}", span.0))
    }

    fn keys_of(deed: &Deed) -> [Key; 3] {
        let span = Span::of(deed.at);
        [Key::whole_space(), span.key(), Self::key_of(span, deed.by)]
    }
}

impl View for DeedsView {
    const NAME: &'static str = "deeds";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind != *Card::KIND {
            return Vec::new();
        }
        let deed = models.get::<Card>(stream.id).way.deed;
        deed.map_or_else(Vec::new, |deed| Self::keys_of(&deed).into())
    }

    fn concerns(record: &Record) -> bool {
        record.event::<Card>().is_some_and(is_deed)
    }

    /// They would be all the cards of the project.
    fn lists_entities(_: &Key) -> bool {
        false
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let deed = after.get::<Card>(record.stream.id).way.deed;
        let Some(deed) = deed.filter(|deed| deed.record == record.number) else { return };
        let Some(event) = record.event::<Card>() else { return };
        let quarter = Quarter::of(deed.at);
        let [of_space, of_span, of_person] = Self::keys_of(&deed);
        // It is played by the keys of the card's deed before, too.
        if *key == of_space {
            self.spans = Some(Spans::with(self.spans, quarter.span()));
        } else if *key == of_span {
            if !self.people.contains(&deed.by) {
                self.people.insert_mut(deed.by);
            }
        } else if *key == of_person {
            let mut deeds = self.quarters.get(&quarter).cloned().unwrap_or_default();
            deeds.count(event);
            self.quarters.insert_mut(quarter, deeds);
        }
    }
}
