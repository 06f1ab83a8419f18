//! Redaction: a payload goes for good, and the chain stays whole, for its digest is left (DESIGN: erasing a person's data).
//!
//! ```text
//!  record 7    card.renamed  { title }      ──►  card.renamed  digest        in every log, by everybody who holds one
//!  …
//!  record 90   space.redacted { records: [7] }                               says so, and stays
//! ```
//! What saved states hold was played from what is gone: they go as well, and are played anew. An erased event plays as nothing.

use std::collections::BTreeSet;

use super::encoding::{erase, erased};
use super::{Commit, CommitError};
use crate::hash::Hash;
use crate::id::SpaceId;
use crate::membership::{Membership, MembershipEvent};
use crate::planted::{Bug, is_planted};
use crate::record::{Payload, Position, Record, RecordKind};

impl Commit {
    /// The records before this commit whose payloads it takes out of the log.
    pub fn redacts(&self) -> impl Iterator<Item = Position> {
        redactions(self).flatten().copied().filter(|record| *record < self.header.first)
    }

    /// Whether it takes payloads out of the log.
    pub fn is_redaction(&self) -> bool {
        redactions(self).next().is_some()
    }

    /// The same commit, which follows the one with the hash `previous`, without the payloads of these of its records, and without the
    /// command's, which says the same, and so without those of events that are written as the command's; its hash stays. `None` where nothing
    /// goes: who belongs to a space, and what was refused, stays.
    pub fn redacted(&self, records: &BTreeSet<Position>, previous: &Hash) -> Result<Option<Self>, CommitError> {
        let command = &self.records[0];
        let may_go = command.kind == RecordKind::Command && !command.is_of::<Membership>();
        if !may_go || !self.records.iter().any(|record| records.contains(&record.number)) {
            return Ok(None);
        }
        let goes = |record: &Record| {
            let is_meant = records.contains(&record.number) && !record.is_of::<Membership>();
            (is_meant || (record.number == command.number && !is_planted(Bug::KeepCommand)))
                && record.payload != Payload::Erased
        };
        let going: BTreeSet<Position> =
            self.records.iter().filter(|record| goes(record)).map(|record| record.number).collect();
        if going.is_empty() {
            return Ok(None);
        }
        let bytes = erase(&self.bytes, |index| going.contains(&self.header.first.plus(index)))?;
        let redacted = Self::open(bytes.into(), previous)?;
        assert_eq!(redacted.hash, self.hash, "a digest stands for what is gone");
        Ok(Some(redacted))
    }

    /// The records whose payloads are gone. Those that were written as the command's went with that one, and are not named beside it.
    pub(crate) fn gone(&self) -> impl Iterator<Item = Position> {
        let is_gone = self.records.iter().any(|record| record.payload == Payload::Erased);
        let gone = if is_gone { erased(&self.bytes).expect("the commit was read") } else { Vec::new() };
        gone.into_iter().map(|index| self.header.first.plus(index))
    }
}

fn redactions(commit: &Commit) -> impl Iterator<Item = &Vec<Position>> {
    let space = commit.header.space;
    commit.events().filter_map(move |record| redaction(record, space))
}

/// The records that an event takes the payloads of, where it is the redaction of this space.
fn redaction(record: &Record, space: SpaceId) -> Option<&Vec<Position>> {
    match record.event::<Membership>()? {
        MembershipEvent::Redacted { records } if record.stream.id == space.0 => Some(records),
        _ => None,
    }
}
