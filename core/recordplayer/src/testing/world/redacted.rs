//! What was redacted is gone from every store, with all that was played from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::words_of;
use super::check::{bytes_in, commits_in};
use super::{DeviceId, World};
use crate::commit::Commit;
use crate::id::CommandId;
use crate::record::{Payload, Position};
use crate::storage::{SpaceReader, TextKey};
use crate::testing::audit;
use crate::text::changes_of;

/// What somebody asked to be redacted: the words of each record, by its command and its place in the commit.
#[derive(Debug, Default)]
pub(super) struct Redactions {
    words: BTreeMap<(CommandId, usize), Vec<String>>,
}

impl Redactions {
    /// Before it goes.
    pub fn note(&mut self, commit: &Commit) {
        for (place, record) in commit.records.iter().enumerate() {
            let words = words_of(record);
            if !words.is_empty() {
                self.words.insert((commit.header.command, place), words);
            }
        }
    }

    /// The words that are gone by this log: those of what is erased in it, and which stand nowhere else in it.
    fn gone(&self, commits: &[Commit]) -> BTreeSet<&String> {
        let mut gone = BTreeSet::new();
        for commit in commits {
            for (place, record) in commit.records.iter().enumerate() {
                if record.payload == Payload::Erased {
                    gone.extend(self.words.get(&(commit.header.command, place)).into_iter().flatten());
                }
            }
        }
        let left: Vec<String> = commits.iter().flat_map(|commit| &commit.records).flat_map(words_of).collect();
        gone.retain(|word| !left.iter().any(|other| other.contains(word.as_str())));
        gone
    }
}

impl World {
    /// What is erased in the authority's log is erased in that of each device, and what it said stands in no store.
    ///
    /// Outboxes are left out: what waits there, or was refused, is its author's own. Who wants them searched adds their rows to `stores`.
    pub(super) fn check_redacted(&self) {
        let why = self.how_to_replay();
        let reader = self.store.reader(self.id);
        let commits = audit::commits(reader.as_ref());
        let gone = self.redactions.gone(&commits);
        let bytes: BTreeMap<Position, &Arc<[u8]>> =
            commits.iter().map(|commit| (commit.head().position, &commit.bytes)).collect();
        let authority = ("the authority", reader);
        let devices = self.devices.iter().map(|device| (&*device.name, device.store.reader(self.id)));
        let stores = std::iter::once(authority).chain(devices);
        for (name, reader) in stores {
            for stored in commits_in(reader.as_ref()) {
                let is_same = bytes.get(&stored.head.position).is_some_and(|bytes| ***bytes == *stored.bytes);
                assert!(is_same, "{name} holds another commit at {:?} than the authority; {why}", stored.head);
            }
            let held = bytes_in(reader.as_ref());
            let typed = typed_in(reader.as_ref());
            for word in &gone {
                let is_held = held.iter().any(|bytes| bytes.windows(word.len()).any(|part| part == word.as_bytes()));
                let is_typed = typed.iter().any(|text| text.contains(word.as_str()));
                assert!(!is_held && !is_typed, "{word:?} was redacted, and {name} still holds it; {why}");
            }
        }
    }

    /// Somebody is about to redact these records, which the device holds.
    pub(super) fn note_redaction(&mut self, device: DeviceId, records: &BTreeSet<Position>) {
        let reader = self.devices[device.0].store.reader(self.id);
        for record in records {
            let Ok(Some(stored)) = reader.commit_with(*record) else { continue };
            let Ok(commit) = stored.open() else { continue };
            self.promises.forget_command(commit.header.command);
            self.redactions.note(&commit);
        }
    }
}

/// What the saved changes of all texts write, also what was taken out again; bases are packed, and are read as their readers do.
fn typed_in(reader: &dyn SpaceReader) -> Vec<String> {
    let texts = reader.texts(None, usize::MAX).expect("what is durable can be read");
    let keys: BTreeSet<TextKey> = texts.into_iter().map(|(key, _)| key).collect();
    let changes = keys.iter().flat_map(|key| {
        let rows = reader.text(key).expect("what is durable can be read");
        changes_of(rows.iter().map(|row| row.part())).expect("the rows of a text can be read")
    });
    changes.map(|change| change.words()).collect()
}
