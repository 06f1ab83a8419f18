//! What a command sets anew that its author had not seen: both people are told (rule 11).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Space;
use crate::commit::{Commit, Draft, Header};
use crate::limits::{OVER_LOOK_BACK_COMMITS, OVER_MAX};
use crate::record::{Payload, Position, Record, RecordKind, StreamId};
use crate::storage::ReadError;

impl Space {
    /// The latest records of others, behind what the author had seen, that set the same values as these events.
    pub(super) fn goes_over(
        &self,
        header: &Header,
        seen: Position,
        events: &[Draft],
    ) -> Result<Vec<Position>, ReadError> {
        let mut over = Vec::new();
        let mut looked_at: BTreeMap<&StreamId, Vec<(Position, String)>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.kind == RecordKind::Event) {
            // Mostly nobody else was here since, and nothing has to be read.
            if self.state.layers.entity(&event.stream, 0).position <= seen {
                continue;
            }
            let payload = Payload::Plain(Arc::clone(&event.payload));
            let record = Record::new(
                header.first,
                event.kind,
                event.stream.clone(),
                event.name.clone(),
                header.origin(),
                payload,
            );
            let Some(value) = self.value_set_by(&record) else { continue };
            if !looked_at.contains_key(&event.stream) {
                looked_at.insert(&event.stream, self.set_since(header, seen, &event.stream)?);
            }
            let latest = looked_at[&event.stream].iter().rev().find(|(_, set)| *set == value);
            over.extend(latest.map(|(position, _)| *position));
        }
        over.sort_unstable();
        over.dedup();
        over.truncate(OVER_MAX);
        Ok(over)
    }

    fn value_set_by(&self, record: &Record) -> Option<String> {
        (self.domain.entity_type(&record.stream.kind)?.sets)(record)
    }

    /// What others have set on a stream behind a position, in order.
    fn set_since(
        &self,
        header: &Header,
        seen: Position,
        stream: &StreamId,
    ) -> Result<Vec<(Position, String)>, ReadError> {
        let durable = self.reader.stream(stream, seen, self.durable.position)?;
        let from = durable.len().saturating_sub(OVER_LOOK_BACK_COMMITS);
        let mut set = Vec::new();
        for first in &durable[from..] {
            if let Some(stored) = self.reader.commit_with(*first)? {
                self.set_in(header, &stored.open()?, stream, &mut set);
            }
        }
        for decided in &self.undurable {
            self.set_in(header, &decided.commit, stream, &mut set);
        }
        set.retain(|(position, _)| *position > seen);
        Ok(set)
    }

    fn set_in(&self, header: &Header, commit: &Commit, stream: &StreamId, set: &mut Vec<(Position, String)>) {
        if commit.header.actor != header.actor {
            let events = commit.events().filter(|record| record.stream == *stream);
            set.extend(events.filter_map(|record| Some((record.number, self.value_set_by(record)?))));
        }
    }
}
