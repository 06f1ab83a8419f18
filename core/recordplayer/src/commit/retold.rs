//! A commit made of what is told of it outside of a log, where payloads may be gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::encoding::erase;
use super::{Commit, CommitError, Draft, Header};
use crate::codec::encode_named;
use crate::hash::Hash;
use crate::id::Id;
use crate::name::Name;
use crate::record::{Payload, RecordKind, StreamId};

/// A record as it is told outside of a log; what else belongs to it stands in the header of its commit.
#[derive(Clone, Debug)]
pub struct ToldRecord {
    pub kind: RecordKind,
    pub stream: StreamId,
    pub name: Name,
    pub payload: Payload,
}

impl Commit {
    /// The commit of these records, behind the one with the hash `previous`. In the chain, what is gone has the digest of something that nobody
    /// has seen.
    pub(crate) fn retold(
        header: Header,
        records: Vec<ToldRecord>,
        previous: &Hash,
        salt: impl Fn(usize) -> [u8; 16],
    ) -> Result<Self, CommitError> {
        let gone: BTreeSet<u64> =
            (0..).zip(&records).filter(|(_, record)| record.payload == Payload::Erased).map(|(at, _)| at).collect();
        let drafts = (0..).zip(records).map(|(at, record)| draft(record, Id(salt(at)))).collect::<Result<_, _>>()?;
        let commit = Self::new(header, drafts, previous, &salt)?;
        let bytes = if gone.is_empty() { commit.bytes } else { erase(&commit.bytes, |at| gone.contains(&at))?.into() };
        // What somebody brings is held to what is asked of every commit.
        Self::open(bytes, previous)
    }
}

/// With something in the place of what is gone that is no other record's, for what is equal is encoded once.
fn draft(record: ToldRecord, place: Id) -> Result<Draft, CommitError> {
    let ToldRecord { kind, stream, name, payload } = record;
    let payload = match payload {
        Payload::Plain(payload) => payload,
        Payload::Erased => {
            let (_, payload) =
                encode_named(&Erased::Erased { place }).map_err(|error| CommitError::Damaged(error.to_string()))?;
            Arc::from(payload)
        }
    };
    Ok(Draft { kind, stream, name, payload })
}

#[derive(serde::Serialize)]
enum Erased {
    Erased { place: Id },
}
