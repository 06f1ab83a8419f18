//! The way of a card over the columns, and who did something to it last: what reports need of its history.

use std::collections::BTreeMap;

use recordplayer::entity::Stamp;
use recordplayer::id::ActorId;
use recordplayer::record::{Origin, Position};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Card, CardEvent as E};
use crate::ids::{ColumnId, PersonId};

/// Where a card has been, and when, by the times at which things are said to have happened.
///
/// Anybody may claim any time. A step counts at its effective time, but not later than the authority has recorded it, not before 1970, and not
/// before the step in front of it. So no stay has a negative length, and no column ever holds less than nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// How it came to be where it is.
    pub last: Option<Step>,
    /// The columns in which it has been, since it came into this project.
    pub stays: BTreeMap<ColumnId, Stay>,
    /// The last thing that somebody did to it, of those that reports count.
    pub deed: Option<Deed>,
}

/// From one place to another; nowhere is where other projects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    #[serde(default)]
    pub from: Option<Stand>,
    #[serde(default)]
    pub to: Option<Stand>,
    pub at: Timestamp,
    pub record: Position,
}

/// Where a card stands: among the open cards of a column, or those that it has archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stand {
    pub column: ColumnId,
    pub archived: bool,
}

/// The times that a card was in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// When it came in first. To be archived and restored there is neither to leave nor to come in.
    pub first: Timestamp,
    /// When it came in last.
    pub last: Timestamp,
    /// How long it was there and open, in milliseconds, without the stay that lasts.
    pub open_ms: i64,
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    pub by: PersonId,
    pub at: Timestamp,
    pub record: Position,
}

/// The last moment that has a day with a year of four digits.
const LAST_MOMENT: Timestamp = Timestamp(253_402_300_799_999);

/// The effective time of a record, as reports take it.
fn counted_at(origin: &Origin) -> Timestamp {
    origin.effective_time().min(origin.time).clamp(Timestamp(0), LAST_MOMENT)
}

impl Way {
    /// The card came into this project: what was before is not of it.
    pub(super) fn begin_anew(&mut self) {
        self.stays.clear();
    }

    /// The card went from one place to another, perhaps the same, by an event.
    pub(super) fn go(&mut self, from: Option<Stand>, to: Option<Stand>, stamp: &Stamp) {
        let is_known = to.is_none_or(|to| self.stays.contains_key(&to.column));
        if from == to && is_known {
            return;
        }
        let before = self.last;
        let at = counted_at(&stamp.origin).max(before.map_or(Timestamp(0), |last| last.at));
        let left = from.filter(|from| !from.archived).and_then(|from| self.stays.get_mut(&from.column));
        if let (Some(stay), Some(before)) = (left, before) {
            stay.open_ms += at.0 - before.at.0;
        }
        // Who set out for another project and was turned away comes back into the column that it was in.
        let was_in = from.or(before.and_then(|last| last.from)).map(|from| from.column);
        if let Some(column) = to.map(|to| to.column) {
            let is_new = !self.stays.contains_key(&column);
            let stay = self.stays.entry(column).or_insert(Stay { first: at, last: at, open_ms: 0 });
            if is_new || was_in != Some(column) {
                stay.last = at;
            }
        }
        self.last = Some(Step { from, to, at, record: stamp.number });
    }

    /// Somebody did what reports count; nobody knows who did some of what imports tell.
    pub(super) fn note(&mut self, event: &E, stamp: &Stamp) {
        if !is_deed(event) {
            return;
        }
        let known = stamp.origin.known_actor().filter(|actor| *actor != ActorId::default());
        if let Some(by) = known.map(PersonId::from) {
            self.deed = Some(Deed { by, at: counted_at(&stamp.origin), record: stamp.number });
        }
    }
}

impl Card {
    /// Where it stands in this project.
    pub fn stand(&self) -> Option<Stand> {
        let placed = self.placed.as_ref().filter(|_| self.is_here() && !self.is_unmade)?;
        Some(Stand { column: placed.column, archived: self.archived })
    }
}

/// Whether it is a thing that reports count for whoever did it.
pub(crate) fn is_deed(event: &E) -> bool {
    matches!(
        event,
        E::Created { .. }
            | E::Moved { .. }
            | E::Taken { .. }
            | E::Submitted {}
            | E::Approved {}
            | E::Rejected {}
            | E::CommentAdded { .. }
    )
}

/// Whether a card may stand elsewhere after it.
pub(crate) fn is_step(event: &E) -> bool {
    matches!(
        event,
        E::Created { .. }
            | E::Moved { .. }
            | E::Archived {}
            | E::Restored {}
            | E::Leaving { .. }
            | E::Arrived { .. }
            | E::Gone { .. }
            | E::Stayed { .. }
    )
}
