//! Going back: the authority was restored from an older copy and has begun a new epoch, and this device holds more than that copy did.
//!
//! ```text
//!  the authority   ●══════╪══════ a new epoch ●══►    ╪ a place that both have, not far before they begin to differ
//!  this device     ●══════╪═══════════●               behind it: what this person did goes into the outbox again, what others did is told
//! ```
//! The outbox is saved first. Then the log here is dropped and fetched anew, and what the authority does not hold by then is sent by a new
//! identity, in its order (rule 15). What was refused or discarded is never sent again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kept_text::EditedText;
use super::outbox::{OutboxEntry, Pending};
use super::tail::Offering;
use super::{EndedBy, Link, Replica, ReplicaOutput, Saving};
use crate::commit::{Commit, Head};
use crate::id::CommandId;
use crate::membership::Membership;
use crate::planted::{Bug, is_planted};
use crate::record::{Payload, Position, Seen, StreamId};
use crate::state::text_change;
use crate::storage::{OutboxWrite, ReadError, TextKey};
use crate::text::{TextChange, TextDocument};

impl Replica {
    /// The authority's log and this one have parted: where it has begun a new epoch, this one goes back. `places` are places of its log.
    pub(super) fn parted(&mut self, epoch: u32, head: Head, places: &[Head]) {
        // Said before something else that was heard already.
        if head.position < self.authority_end {
            return;
        }
        self.authority_end = head.position;
        self.is_followed = false;
        if epoch <= self.state.epoch {
            match self.reader.gap() {
                // It has joined by a state, and heard nothing since: there is nothing that it could bring, or prove.
                Ok(Some(gap)) if gap.base == self.state.head => {}
                Ok(_) => return self.offer_tail(head, Offering::Parted { epoch, head }),
                Err(error) => return self.outputs.push_back(ReplicaOutput::Damaged(error)),
            }
        }
        let shared = places.iter().find(|place| self.holds(**place)).copied().unwrap_or(Head::START);
        if let Err(error) = self.go_back(shared) {
            self.outputs.push_back(ReplicaOutput::Damaged(error));
        }
    }

    /// Whether the log here has this place.
    pub(super) fn holds(&self, place: Head) -> bool {
        self.state.head == place
            || place == Head::START
            || self.on_their_way(Position::START).any(|commit| commit.head() == place)
            || self
                .reader
                .commit_with(place.position)
                .is_ok_and(|stored| stored.is_some_and(|stored| stored.head == place))
    }

    fn go_back(&mut self, shared: Head) -> Result<(), ReadError> {
        let behind = self.commits_behind(shared.position)?;
        let accepted = behind.into_iter().filter(|commit| !commit.is_refusal());
        let (mine, others): (Vec<_>, Vec<_>) = accepted.partition(|commit| commit.header.actor == self.actor);
        let texts = self.texts_behind(&mine)?;
        let known: Vec<_> = self.outbox.iter().map(|pending| pending.entry.command).collect();
        let fresh = mine.iter().filter(|commit| !known.contains(&commit.header.command));
        let seen = Seen { epoch: self.state.epoch, position: shared.position };
        let again: Vec<OutboxEntry> = fresh.filter_map(|commit| said_again(commit, seen)).collect();
        let space = self.space();
        let mut writes = Vec::new();
        let mut outbox: Vec<Pending> = again.into_iter().map(|entry| Pending::new(0, entry)).collect();
        let accepted = outbox.len();
        for mut pending in std::mem::take(&mut self.outbox) {
            writes.push(OutboxWrite::Remove { space, order: pending.order });
            pending.take_number_back();
            let entry = Arc::make_mut(&mut pending.entry);
            // What its author had seen behind that place is no part of the log any more.
            entry.seen.position = entry.seen.position.min(shared.position);
            outbox.push(pending);
        }
        if is_planted(Bug::GoBackBehind) {
            outbox.rotate_left(accepted);
        }
        for pending in &mut outbox {
            self.identity.last_order += 1;
            pending.order = self.identity.last_order;
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

    /// What an authority that was restored may have lost of this person's accepted work, where it says that they are no member: what they did here since
    /// they were taken in first, for an export; how much of it is there still, nobody tells them. Nothing where they left in this very log.
    pub fn lost_with_access(&self) -> Result<Vec<OutboxEntry>, ReadError> {
        if self.link != (Link::Ended { of: EndedBy::AnotherLog }) {
            return Ok(Vec::new());
        }
        let behind = self.commits_behind(self.taken_in_at()?)?;
        let mine = behind.into_iter().filter(|commit| !commit.is_refusal() && commit.header.actor == self.actor);
        let mine: Vec<_> = mine.collect();
        let mut texts = self.texts_behind(&mine)?;
        let is_waiting = |command| self.outbox.iter().any(|pending| pending.entry.command == command);
        let seen = Seen { epoch: self.state.epoch, position: self.state.head.position };
        let lost = mine.iter().filter(|commit| !is_waiting(commit.header.command));
        let lost = lost.filter_map(|commit| said_again(commit, seen));
        Ok(lost.map(|entry| OutboxEntry { text: texts.remove(&entry.command), ..entry }).collect())
    }

    /// Where this person became a member first: who was out for a while has done what is before it all the same.
    fn taken_in_at(&self) -> Result<Position, ReadError> {
        let stream = StreamId::of::<Membership>(self.space().0);
        let numbers = self.reader.stream(&stream, Position::START, self.reader.head()?.position)?;
        for number in numbers {
            let Some(stored) = self.reader.commit_with(number)? else { continue };
            let commit = stored.open()?;
            if commit.events().any(|event| event.event::<Membership>().is_some_and(|event| event.takes_in(self.actor)))
            {
                return Ok(commit.head().position);
            }
        }
        Ok(Position::START)
    }

    /// What each edit of this person behind the shared place, and each that waits, made of its text: the changes themselves build on what is
    /// about to go.
    fn texts_behind(&self, mine: &[Arc<Commit>]) -> Result<BTreeMap<CommandId, EditedText>, ReadError> {
        let mut edits: BTreeMap<TextKey, Vec<(CommandId, TextChange)>> = BTreeMap::new();
        for event in mine.iter().flat_map(|commit| commit.events()) {
            if let Some((key, change)) = text_change(&self.domain, event) {
                edits.entry(key).or_default().push((event.origin.command, change.clone()));
            }
        }
        let mut waiting: BTreeMap<TextKey, Vec<(CommandId, TextChange)>> = BTreeMap::new();
        for pending in self.outbox.iter().filter(|pending| pending.is_shown()) {
            if let Some((key, change)) = self.command_text(&pending.entry) {
                edits.entry(key.clone()).or_default();
                waiting.entry(key).or_default().push((pending.entry.command, change));
            }
        }
        let mut texts = BTreeMap::new();
        for (key, edits) in edits {
            let mut document = TextDocument::new();
            for change in self.state.text_rows(self.reader.as_ref(), &key)?.changes()? {
                match edits.iter().find(|(_, of_mine)| of_mine.bytes() == change.bytes()) {
                    Some((command, _)) => drop(texts.insert(*command, self.edited(&mut document, &change))),
                    None => drop(document.apply(&change)),
                }
            }
            for (command, change) in waiting.remove(&key).unwrap_or_default() {
                texts.insert(command, self.edited(&mut document, &change));
            }
        }
        Ok(texts)
    }

    /// Lets a change be made, and answers with what it did.
    pub(super) fn edited(&self, document: &mut TextDocument, change: &TextChange) -> EditedText {
        let before = document.clone();
        document.apply(change);
        let splices = document.splices_since(&before);
        EditedText { before: before.text(), splices, redacted: self.redacted }
    }
}

/// The command of a commit, as it waited once.
fn said_again(commit: &Commit, seen: Seen) -> Option<OutboxEntry> {
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
