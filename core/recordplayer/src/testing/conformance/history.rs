//! Makes the commits of one space's log, for tests of stores.

use std::sync::Arc;

use crate::claims::Claims;
use crate::codec;
use crate::commit::{Commit, Draft, Head, Header};
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::name::Name;
use crate::record::{RecordKind, StreamId};
use crate::storage::{Append, StoredCommit, Write};
use crate::time::Timestamp;

/// A log in the making: each commit follows the one before.
#[derive(Clone, Debug)]
pub struct History {
    space: SpaceId,
    epoch: u32,
    head: Head,
    /// Differs between histories of the same space that part.
    salt: u8,
}

impl History {
    /// A log of the space number `space`, before its first commit.
    pub fn new(space: u8) -> Self {
        Self { space: SpaceId(Id([space; 16])), epoch: 1, head: Head::START, salt: 0 }
    }

    /// The history of the space where it has this head, in its first epoch.
    pub fn standing_at(space: u8, head: Head) -> Self {
        Self { head, ..Self::new(space) }
    }

    pub fn space(&self) -> SpaceId {
        self.space
    }

    pub fn head(&self) -> Head {
        self.head
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The same log up to here, and another one from here on.
    pub fn parted(&self) -> Self {
        Self { salt: self.salt.wrapping_add(1), ..self.clone() }
    }

    /// The same log with a new epoch from here on.
    pub fn next_epoch(&self) -> Self {
        Self { epoch: self.epoch + 1, ..self.clone() }
    }

    /// The stream of the entity number `entity`.
    pub fn stream(entity: u8) -> StreamId {
        StreamId { kind: Name::of("card"), id: Id([entity; 16]) }
    }

    /// The next commit: a command to the first of the entities, and one event of each.
    pub fn commit(&mut self, entities: &[u8]) -> Arc<Commit> {
        self.commit_of_bytes(entities, 8)
    }

    /// The next commit, with so many bytes of content in its first record.
    pub fn commit_of_bytes(&mut self, entities: &[u8], content_bytes: usize) -> Arc<Commit> {
        let payload = |content: String| -> Arc<[u8]> {
            let map = std::collections::BTreeMap::from([("title", content)]);
            codec::encode(&map).expect("a map of one text can be encoded").into()
        };
        let command = Draft {
            kind: RecordKind::Command,
            stream: Self::stream(entities[0]),
            name: Name::of("card.rename"),
            payload: payload("x".repeat(content_bytes)),
        };
        let events = entities.iter().map(|entity| Draft {
            kind: RecordKind::Event,
            stream: Self::stream(*entity),
            name: Name::of("card.renamed"),
            payload: payload(entity.to_string()),
        });
        let first = self.head.position.plus(1);
        let command_id = CommandId::derived("test", &[self.space.bytes(), &first.0.to_be_bytes(), &[self.salt]]);
        let header = Header {
            space: self.space,
            epoch: self.epoch,
            first,
            time: Timestamp(1_000 + first.0.cast_signed()),
            actor: ActorId(Id([7; 16])),
            replica: ReplicaId(Id([8; 16])),
            number: first.0,
            command: command_id,
            answered_up_to: 0,
            claims: Claims::default(),
            parent: None,
            requires: Vec::new(),
            domain_version: 1,
            over: Vec::new(),
            trigger: None,
            errand: None,
        };
        let drafts = std::iter::once(command).chain(events).collect();
        let commit = Commit::new(header, drafts, &self.head.hash, |_| [self.salt; 16]).expect("a small commit");
        self.head = commit.head();
        Arc::new(commit)
    }

    /// The next `count` commits, each of one entity in turn.
    pub fn commits(&mut self, count: u8) -> Vec<Arc<Commit>> {
        (0..count).map(|at| self.commit(&[at])).collect()
    }

    /// Appends commits that this history made last, behind `expected`.
    pub fn append(&self, expected: Head, commits: Vec<Arc<Commit>>) -> Write {
        Write::Append(Append::new(self.space, self.epoch, expected, commits))
    }
}

/// The commits as a store gives them back.
pub(super) fn as_stored(before: Head, commits: &[Arc<Commit>]) -> Vec<StoredCommit> {
    let previous = std::iter::once(before.hash).chain(commits.iter().map(|commit| commit.hash));
    let stored = |(commit, previous): (&Arc<Commit>, _)| StoredCommit {
        previous,
        head: commit.head(),
        is_adopted: false,
        bytes: Arc::clone(&commit.bytes),
    };
    commits.iter().zip(previous).map(stored).collect()
}
