//! Nobody is told more than they may know (rule 13): what the authority sends is held against a fold of its log that knows nothing of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::{DeviceId, Transition, World};
use crate::commit::{Commit, Head};
use crate::id::ActorId;
use crate::membership::{Membership, MembershipEvent};
use crate::protocol::ServerFrame;
use crate::record::{Payload, Position, Record};
use crate::space::SessionId;
use crate::storage::StoredCommit;
use crate::testing::audit;
use crate::text::TextChange;

/// Titles, comments and texts of a history have a mark of their own, and are longer.
const MARK_BYTES_MIN: usize = 12;

/// Who belongs to the space, by the log on the authority's disk.
#[derive(Debug)]
pub(super) struct Members {
    upto: Head,
    /// Whoever was a member once; with the end of the commit that took them out.
    people: BTreeMap<ActorId, Option<Position>>,
}

impl Default for Members {
    fn default() -> Self {
        Self { upto: Head::START, people: BTreeMap::new() }
    }
}

impl Members {
    fn play(&mut self, commit: &Commit) {
        let end = commit.head();
        for record in commit.events() {
            match record.event::<Membership>() {
                Some(
                    MembershipEvent::Founded { founder: person, .. } | MembershipEvent::MemberAdded { person, .. },
                ) => {
                    self.people.insert(*person, None);
                }
                Some(MembershipEvent::MemberRemoved { person }) => {
                    self.people.insert(*person, Some(end.position));
                }
                _ => {}
            }
        }
        self.upto = end;
    }

    fn is_member(&self, person: ActorId) -> bool {
        self.people.get(&person) == Some(&None)
    }

    /// The end of the last commit that took the person out; the start for who never was a member.
    fn removed_at(&self, person: ActorId) -> Position {
        self.people.get(&person).copied().flatten().unwrap_or(Position::START)
    }
}

impl World {
    /// Who is no member gets the commit that says so, and no byte more.
    pub(super) fn check_access(&mut self, session: SessionId, frame: &ServerFrame) {
        let Some(person) = self.sessions.get(&session).copied() else { return };
        if self.store.may_be_rotten() {
            return;
        }
        self.play_members();
        if self.members.is_member(person) {
            return;
        }
        let removed = self.members.removed_at(person);
        let why = self.how_to_replay();
        let told = self.words_behind(removed, &[frame.encode()]);
        assert!(told.is_empty(), "{person} is no member since {removed}, and is told {told:?}; {why}");
        let told = match frame {
            ServerFrame::Commits { upto, .. } | ServerFrame::ViewNews { upto, .. } => upto.position,
            ServerFrame::ViewStart { at, .. }
            | ServerFrame::SnapshotOffer { at, .. }
            | ServerFrame::SnapshotChunk { at, .. } => at.position,
            _ => return,
        };
        assert!(told <= removed, "{person} is no member since {removed}, and is told of {told}; {why}");
    }

    /// A space leaves the device of who was taken out: what came into the log behind that has never been in its files.
    pub(super) fn check_files_of_who_leaves(&mut self, id: DeviceId) {
        let is_restore = |transition: &Transition| matches!(transition, Transition::RestoreAuthority { .. });
        // A closed log cannot be read; and what is said again after a restore was known before it.
        if self.space.is_none() {
            return;
        }
        if self.happened.iter().any(is_restore) || self.store.may_be_rotten() || self.may_be_rotten(id) {
            return;
        }
        self.play_members();
        let device = &self.devices[id.0];
        if self.members.is_member(device.actor) {
            return;
        }
        let removed = self.members.removed_at(device.actor);
        let reader = device.store.reader(self.id);
        // What was redacted since is known still to whoever is out.
        let own = audit::commits(reader.as_ref());
        let before = own.iter().flat_map(|commit| &commit.records).filter(|record| record.number <= removed);
        let known: BTreeSet<String> = before.flat_map(words_of).collect();
        let mut held = self.words_behind(removed, &super::check::bytes_in(reader.as_ref()));
        held.retain(|word| !known.contains(word));
        let why = self.how_to_replay();
        assert!(held.is_empty(), "{} is no member since {removed}, and its files hold {held:?}; {why}", device.name);
    }

    /// The words among these bytes that came into the log behind this position, and were in none before.
    fn words_behind(&self, position: Position, bytes: &[Vec<u8>]) -> Vec<String> {
        let commits = audit::commits(self.store.reader(self.id).as_ref());
        let (mut known, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        for record in commits.iter().flat_map(|commit| &commit.records) {
            let words = if record.number <= position { &mut known } else { &mut unknown };
            words.extend(words_of(record));
        }
        let stands_in = |word: &String, bytes: &Vec<u8>| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        let stands_there = |word: &&String| bytes.iter().any(|bytes| stands_in(word, bytes));
        unknown.difference(&known).filter(stands_there).cloned().collect()
    }

    /// Goes on with the log where it was left, or from its start where it is another one.
    fn play_members(&mut self) {
        let reader = self.store.reader(self.id);
        let head = reader.head().expect("what is durable can be read");
        if head == self.members.upto {
            return;
        }
        let last = reader.commit_with(self.members.upto.position).expect("what is durable can be read");
        if last.is_none_or(|commit| commit.head != self.members.upto) {
            self.members = Members::default();
        }
        let after = self.members.upto.position;
        let stored = reader.commits(after, head.position, usize::MAX).expect("what is durable can be read");
        for commit in stored.iter().map(StoredCommit::open) {
            self.members.play(&commit.expect("the log holds commits"));
        }
    }
}

/// The words in a record that are long enough to stand nowhere by chance.
pub(super) fn words_of(record: &Record) -> Vec<String> {
    let Payload::Plain(payload) = &record.payload else { return Vec::new() };
    words_in(payload)
}

/// As [`words_of`], in the payload of a command or an event.
pub(super) fn words_in(payload: &[u8]) -> Vec<String> {
    let (mut words, typed) = parts_of(payload);
    words.extend(typed);
    // A name of the program, as a refusal holds it, has no spaces, and is not of anybody.
    words.retain(|word| word.len() >= MARK_BYTES_MIN && word.contains(' '));
    words
}

/// Whether a payload edits a text.
pub(super) fn is_edit(payload: &[u8]) -> bool {
    !parts_of(payload).1.is_empty()
}

/// The texts in a payload, and what its changes of texts write.
fn parts_of(payload: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut texts, mut typed, mut values) = (Vec::new(), Vec::new(), Vec::new());
    values.extend(ciborium::from_reader::<ciborium::Value, _>(payload));
    while let Some(value) = values.pop() {
        match value {
            ciborium::Value::Text(text) => texts.push(text),
            ciborium::Value::Bytes(change) => typed.push(TextChange::new(change).words()),
            ciborium::Value::Array(parts) => values.extend(parts),
            ciborium::Value::Map(fields) => values.extend(fields.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    (texts, typed)
}
