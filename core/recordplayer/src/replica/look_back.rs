//! Looking back: what the log and the outbox hold of commands, acts and streams.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Replica;
use super::outbox::Pending;
use crate::claims::Claims;
use crate::commit::{Commit, Header};
use crate::id::{ActId, CommandId, ReplicaId};
use crate::limits::COMMIT_BYTES_MAX;
use crate::playback::PlaybackError;
use crate::record::{Payload, Position, Record, RecordKind, StreamId};
use crate::storage::{Gap, ReadError};

/// One command of a person, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub command: CommandId,
    /// Whether it was done on this device, or on one that this was copied from.
    pub is_here: bool,
    pub claims: Claims,
    pub streams: BTreeSet<StreamId>,
}

impl Replica {
    /// Those of the commands that are known here: decided, be it accepted or refused, or in the outbox. Reads the whole log.
    pub fn known_among(&self, asked: &BTreeSet<CommandId>) -> Result<BTreeSet<CommandId>, PlaybackError> {
        self.whole_history()?;
        let waiting = self.outbox.iter().map(|pending| pending.entry.command);
        let mut known: BTreeSet<CommandId> = waiting.filter(|command| asked.contains(command)).collect();
        if !asked.is_empty() {
            let decided = self.commits_where(|header| asked.contains(&header.command))?;
            known.extend(decided.iter().map(|commit| commit.header.command));
        }
        Ok(known)
    }

    /// The streams that the commands of an act have changed, those that wait included. Reads the whole log.
    pub fn streams_of_act(&self, act: ActId) -> Result<BTreeSet<StreamId>, PlaybackError> {
        self.whole_history()?;
        let commits = self.commits_where(|header| header.claims.act == Some(act))?;
        let mut streams: BTreeSet<StreamId> =
            commits.iter().flat_map(|commit| commit.events()).map(|record| record.stream.clone()).collect();
        let waiting = self.outbox.iter().filter(|pending| pending.is_shown() && pending.entry.claims.act == Some(act));
        streams.extend(waiting.flat_map(events_of).map(|event| event.stream.clone()));
        Ok(streams)
    }

    /// What the person of this device has done in this space, in order, those that wait included; what was refused is none of it. Reads the
    /// whole log.
    pub fn own_deeds(&self) -> Result<Vec<Deed>, PlaybackError> {
        self.whole_history()?;
        let own = self.commits_where(|header| header.actor == self.actor)?;
        let here = self.identities(&own);
        let decided = own.iter().filter(|commit| !commit.is_refusal()).map(|commit| Deed {
            command: commit.header.command,
            is_here: here.contains(&commit.header.replica),
            claims: commit.header.claims,
            streams: commit.events().map(|record| record.stream.clone()).collect(),
        });
        let waiting = self.outbox.iter().filter(|pending| pending.is_shown()).map(|pending| Deed {
            command: pending.entry.command,
            is_here: true,
            claims: pending.entry.claims,
            streams: events_of(pending).map(|event| event.stream.clone()).collect(),
        });
        Ok(decided.chain(waiting).collect())
    }

    /// As which replicas this device has sent commands: a clone, or one that was restored, takes another identity.
    fn identities(&self, own: &[Arc<Commit>]) -> BTreeSet<ReplicaId> {
        let said = own.iter().filter_map(|commit| Some((commit.header.replica, commit.header.parent?)));
        let here = self.identity.parent.map(|parent| (self.identity.replica, parent));
        let parents: BTreeMap<ReplicaId, ReplicaId> = said.chain(here).collect();
        let mut all = BTreeSet::new();
        let mut next = Some(self.identity.replica);
        while let Some(replica) = next.filter(|replica| all.insert(*replica)) {
            next = parents.get(&replica).copied();
        }
        all
    }

    /// The events of a stream in their order, those that wait behind those that are confirmed.
    pub fn stream_records(&self, stream: &StreamId) -> Result<Vec<Record>, PlaybackError> {
        self.whole_history()?;
        let mut records = self.confirmed_records(stream)?;
        let mut number = self.state.head.position;
        for pending in self.outbox.iter().filter(|pending| pending.is_shown()) {
            let origin = self.origin_of(&pending.entry);
            for event in events_of(pending).filter(|event| event.stream == *stream) {
                number = number.plus(1);
                let payload = Payload::Plain(Arc::clone(&event.payload));
                let (stream, name) = (event.stream.clone(), event.name.clone());
                records.push(Record::new(number, event.kind, stream, name, origin, payload));
            }
        }
        Ok(records)
    }

    /// The events of a stream that are confirmed, as far as the log here holds them.
    fn confirmed_records(&self, stream: &StreamId) -> Result<Vec<Record>, ReadError> {
        let upto = self.reader.head()?.position;
        let mut records = Vec::new();
        let of_stream = |record: &Record| record.kind == RecordKind::Event && record.stream == *stream;
        for first in self.reader.stream(stream, Position::START, upto)? {
            let missing = || ReadError::Damaged(format!("record {first} is in the index but not in the log"));
            let commit = self.reader.commit_with(first)?.ok_or_else(missing)?.open()?;
            records.extend(commit.records.into_iter().filter(of_stream));
        }
        for commit in self.on_their_way(upto) {
            records.extend(commit.records.iter().filter(|record| of_stream(record)).cloned());
        }
        Ok(records)
    }

    /// Fails where a part of the history is still being fetched: what is asked of the whole must not be answered by a part.
    pub(super) fn whole_history(&self) -> Result<(), PlaybackError> {
        let here = self.reader.complete_to()?.position;
        if here < self.reader.head()?.position { Err(PlaybackError::NotHere { here }) } else { Ok(()) }
    }

    /// The confirmed commits behind a position that are not on disk yet. What is there is read first: meanwhile more may come there.
    pub(super) fn on_their_way(&self, behind: Position) -> impl Iterator<Item = &Arc<Commit>> {
        let commits = self.saves.values().flat_map(|saving| &saving.commits);
        commits.filter(move |commit| commit.head().position > behind)
    }

    pub(super) fn commits_where(&self, is_wanted: impl Fn(&Header) -> bool) -> Result<Vec<Arc<Commit>>, ReadError> {
        let upto = self.reader.head()?.position;
        let mut found = self.commits_on_disk(Position::START, upto, &is_wanted)?;
        found.extend(self.on_their_way(upto).filter(|commit| is_wanted(&commit.header)).cloned());
        Ok(found)
    }

    /// Everything confirmed behind a place that is here. Of a space that was joined by a snapshot a stretch is missing until its history has come.
    pub(super) fn commits_behind(&self, place: Position) -> Result<Vec<Arc<Commit>>, ReadError> {
        let upto = self.reader.head()?.position;
        let mut found = Vec::new();
        let mut from = place;
        if let Some(Gap { lower, base }) = self.reader.gap()? {
            found = self.commits_on_disk(place, lower.position, |_| true)?;
            from = place.max(base.position);
        }
        found.extend(self.commits_on_disk(from, upto, |_| true)?);
        found.extend(self.on_their_way(upto.max(place)).cloned());
        Ok(found)
    }

    /// Those behind one position and up to another, between which nothing is missing.
    fn commits_on_disk(
        &self,
        behind: Position,
        upto: Position,
        is_wanted: impl Fn(&Header) -> bool,
    ) -> Result<Vec<Arc<Commit>>, ReadError> {
        let mut at = behind;
        let mut found = Vec::new();
        while at < upto {
            let commits = self.reader.commits(at, upto, COMMIT_BYTES_MAX)?;
            let Some(last) = commits.last() else { break };
            at = last.head.position;
            for stored in commits {
                let commit = stored.open()?;
                if is_wanted(&commit.header) {
                    found.push(Arc::new(commit));
                }
            }
        }
        Ok(found)
    }
}

/// What a waiting command does, as far as this device can tell.
pub(super) fn events_of(pending: &Pending) -> impl Iterator<Item = &crate::commit::Draft> {
    pending.optimistic.iter().flat_map(|optimistic| &optimistic.events)
}
