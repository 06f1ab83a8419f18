//! Going back: the authority was restored from an older copy and has begun a new epoch, and this device holds more than that copy did.
//!
//! ```text
//!  the authority   ●══════╪══════ a new epoch ●══►    ╪ a place that both have, not far before they begin to differ
//!  this device     ●══════╪═══════════●               behind it: what this person did goes into the outbox again, what others did is told
//! ```
//! The outbox is saved first. Then the log here is dropped and fetched anew, and what the authority does not hold by then is sent by a new
//! identity, in its order (rule 15). What was refused or discarded is never sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::outbox::{EditedText, OutboxEntry, Pending};
use super::{Link, Replica, ReplicaOutput, Saving};
use crate::commit::{Commit, Head};
use crate::id::CommandId;
use crate::record::{Payload, Position};
use crate::state::text_change;
use crate::storage::{OutboxWrite, ReadError, TextKey};
use crate::text::{TextChange, TextDocument};

impl Replica {
    /// The authority's log and this one have parted: where it has begun a new epoch, this one goes back. `places` are places of its log.
    pub(super) fn parted(&mut self, epoch: u32, head: Head, places: &[Head]) {
        // Without its history it cannot tell what was typed behind the place.
        if epoch <= self.state.epoch || !self.has_history() {
            return self.outputs.push_back(ReplicaOutput::Parted { epoch, head });
        }
        let shared = places.iter().find(|place| self.holds(**place)).copied().unwrap_or(Head::START);
        if let Err(error) = self.go_back(shared) {
            self.outputs.push_back(ReplicaOutput::Damaged(error));
        }
    }

    /// Whether the log here has this place.
    fn holds(&self, place: Head) -> bool {
        self.state.head == place
            || self.on_their_way(Position::START).any(|commit| commit.head() == place)
            || self
                .reader
                .commit_with(place.position)
                .is_ok_and(|stored| stored.is_some_and(|stored| stored.head == place))
    }

    fn go_back(&mut self, shared: Head) -> Result<(), ReadError> {
        let behind = self.commits_where(|header| header.first > shared.position)?;
        let accepted = behind.into_iter().filter(|commit| !commit.is_refusal());
        let (mine, others): (Vec<_>, Vec<_>) = accepted.partition(|commit| commit.header.actor == self.actor);
        let texts = self.texts_behind(&mine)?;
        let known: Vec<_> = self.outbox.iter().map(|pending| pending.entry.command).collect();
        let fresh = mine.iter().filter(|commit| !known.contains(&commit.header.command));
        let again: Vec<OutboxEntry> = fresh.filter_map(|commit| said_again(commit, shared.position)).collect();
        let space = self.space();
        let mut writes = Vec::new();
        let mut outbox = Vec::new();
        for entry in again {
            self.identity.last_order += 1;
            outbox.push(Pending::new(self.identity.last_order, entry));
        }
        for mut pending in std::mem::take(&mut self.outbox) {
            writes.push(OutboxWrite::Remove { space, order: pending.order });
            self.identity.last_order += 1;
            pending.order = self.identity.last_order;
            pending.is_sent = false;
            pending.is_number_stored = false;
            Arc::make_mut(&mut pending.entry).number = None;
            outbox.push(pending);
        }
        for pending in &mut outbox {
            let entry = Arc::make_mut(&mut pending.entry);
            if entry.refused.is_none()
                && let Some(text) = texts.get(&entry.command)
            {
                entry.text = Some(text.clone());
            }
            writes.push(OutboxWrite::Put { space, row: pending.row() });
        }
        self.outbox = outbox;
        self.identity.must_fork = true;
        writes.push(self.identity_write());
        self.link = Link::Offline;
        self.save(Vec::new(), writes, Saving { goes_back: Some(others), ..Saving::default() });
        Ok(())
    }

    /// What each edit of this person behind the shared place, and each that waits, made of its text: the changes themselves build on what is
    /// about to go.
    fn texts_behind(&self, mine: &[Arc<Commit>]) -> Result<BTreeMap<CommandId, EditedText>, ReadError> {
        let waiting = self.outbox.iter().filter(|pending| pending.is_shown());
        let waiting: Vec<(CommandId, TextKey, TextChange)> = waiting
            .filter_map(|pending| {
                let (key, change) = self.command_text(&pending.entry)?;
                Some((pending.entry.command, key, change))
            })
            .collect();
        let of_mine =
            mine.iter().flat_map(|commit| commit.events()).filter_map(|event| text_change(&self.domain, event));
        let keys: BTreeSet<TextKey> =
            of_mine.map(|(key, _)| key).chain(waiting.iter().map(|(_, key, _)| key.clone())).collect();
        let mut texts = BTreeMap::new();
        for key in keys {
            let mut document = TextDocument::new();
            let mut edit = |command, change: &TextChange| {
                let before = document.text();
                document.apply(change);
                texts.insert(command, EditedText { before, after: document.text() });
            };
            for record in self.confirmed_records(&key.stream)? {
                if let Some((_, change)) = text_change(&self.domain, &record).filter(|(of, _)| *of == key) {
                    edit(record.origin.command, &change);
                }
            }
            for (command, _, change) in waiting.iter().filter(|(_, of, _)| *of == key) {
                edit(*command, change);
            }
        }
        Ok(texts)
    }
}

/// The command of a commit, as it waited once.
fn said_again(commit: &Commit, seen: Position) -> Option<OutboxEntry> {
    let header = &commit.header;
    let command = commit.records.first()?;
    let Payload::Plain(payload) = &command.payload else { return None };
    Some(OutboxEntry {
        command: header.command,
        number: None,
        stream: command.stream.clone(),
        name: command.name.clone(),
        payload: payload.to_vec(),
        claims: header.claims,
        requires: header.requires.clone(),
        made_at: header.time,
        seen,
        refused: None,
        text: None,
        superseded_by: None,
    })
}
