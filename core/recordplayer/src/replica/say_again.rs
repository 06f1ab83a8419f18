//! Edits of texts that cannot stand as they were made: said again on another ground, or kept with their words.
//!
//! ```text
//!  refused ─► the next generation of the actor; the whole text stays with the refused command;
//!             each later edit that builds on it ─► the same edit on the text without the refused one ─► a new change
//!  a new identity ─► every waiting edit, signed by it
//! ```

use std::sync::Arc;

use super::kept_text::EditedText;
use super::outbox::{OutboxEntry, Pending};
use super::said_in_part::said_in_part;
use super::{Replica, ReplicaOutput};
use crate::id::CommandId;
use crate::refusal::{CoreRefusal, Refused};
use crate::storage::{OutboxWrite, ReadError, TextKey};
use crate::text::{Ground, Splice, TextChange, TextDocument, TextRefusal};

/// One waiting edit and what it made of the text.
struct Told {
    command: CommandId,
    change: TextChange,
    text: EditedText,
    /// Noted while what it builds on was there, which may be gone now: each has a ground of its own.
    is_noted: bool,
}

impl Replica {
    /// What each waiting edit made of the text, the first of them on what is confirmed. Changes that the log holds under numbers which this
    /// device has given to its own (it was cloned, or restored from a copy) are left aside, or its own could not be read.
    fn told(&self, key: &TextKey) -> Result<Vec<Told>, ReadError> {
        let edits: Vec<(&OutboxEntry, TextChange)> = self
            .outbox
            .iter()
            .filter(|pending| pending.is_shown())
            .filter_map(|pending| {
                let (of, change) = self.command_text(&pending.entry)?;
                (of == *key).then_some((&*pending.entry, change))
            })
            .collect();
        let Some((_, first)) = edits.first() else { return Ok(Vec::new()) };
        let rows = self.state.text_rows(self.reader.as_ref(), key)?;
        let mut document = match first.author() {
            Some((actor, seq)) => {
                rows.open_where(|change| change.author().is_none_or(|(other, of)| other != actor || of < seq))?
            }
            None => rows.open()?,
        };
        let mut told = Vec::new();
        for (entry, change) in edits {
            let command = entry.command;
            // What it builds on may be gone for good: then what it made of the text was noted while that was there.
            if let Some(text) = entry.text.clone() {
                told.push(Told { command, change, text, is_noted: true });
                continue;
            }
            let text = self.edited(&mut document, &change);
            told.push(Told { command, change, text, is_noted: false });
        }
        Ok(told)
    }

    /// The whole text behind an edit that lies in the outbox; nothing for other commands.
    pub fn text_of(&self, command: CommandId) -> Option<String> {
        let at = self.outbox.iter().position(|pending| pending.entry.command == command)?;
        let entry = &self.outbox[at].entry;
        if let Some(text) = &entry.text {
            return Some(text.after());
        }
        let (key, _) = self.command_text(entry)?;
        Some(self.text_upto(&key, at + 1).ok()?.text())
    }

    /// The edit at this place of the outbox will not be in its text: the whole text stays with it, and later edits are said again without it.
    /// Does nothing for commands that edit no text.
    pub(super) fn retract_text(&mut self, at: usize) -> Vec<OutboxWrite> {
        let mut writes = Vec::new();
        if let Err(error) = self.retract(at, &mut writes) {
            self.outputs.push_back(ReplicaOutput::Damaged(error));
        }
        writes
    }

    fn retract(&mut self, at: usize, writes: &mut Vec<OutboxWrite>) -> Result<(), ReadError> {
        let entry = Arc::clone(&self.outbox[at].entry);
        let Some((key, _)) = self.command_text(&entry).filter(|_| entry.superseded_by.is_none()) else { return Ok(()) };
        let mut told = self.told(&key)?;
        let Some(place) = told.iter().position(|told| told.command == entry.command) else { return Ok(()) };
        let later = told.split_off(place + 1);
        let gone = &told[place];
        self.keep_text(gone, writes);
        self.identity.text_generation += 1;
        writes.push(self.identity_write());
        let ground = Ground::without(&gone.text.before, &gone.text.splices).ok();
        let document = self.text_upto(&key, at)?;
        self.say_again(document, later, ground, writes);
        Ok(())
    }

    /// After a new identity: every waiting edit of every text, signed by it.
    pub(super) fn say_all_texts_again(&mut self) -> Vec<OutboxWrite> {
        let mut keys: Vec<TextKey> = Vec::new();
        for pending in self.outbox.iter().filter(|pending| pending.is_shown()) {
            if let Some((key, _)) = self.command_text(&pending.entry)
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        let mut writes = Vec::new();
        for key in keys {
            if let Err(error) = self.sign_anew(&key, &mut writes) {
                self.outputs.push_back(ReplicaOutput::Damaged(error));
            }
        }
        writes
    }

    fn sign_anew(&mut self, key: &TextKey, writes: &mut Vec<OutboxWrite>) -> Result<(), ReadError> {
        let told = self.told(key)?;
        let document = self.text_upto(key, 0)?;
        let mine = told.first().map(|first| first.text.before.clone()).unwrap_or_default();
        // What the log has under the same numbers lies between the two.
        let ground = Ground::between(&mine, &document.text()).ok();
        self.say_again(document, told, ground, writes);
        Ok(())
    }

    /// Says edits on the document, which is what is left of the ground that they were made on.
    fn say_again(
        &mut self,
        mut document: TextDocument,
        edits: Vec<Told>,
        mut ground: Option<Ground>,
        writes: &mut Vec<OutboxWrite>,
    ) {
        let actor = self.text_actor();
        let is_mine = |told: &Told| told.change.author().is_some_and(|(author, _)| author.replica == actor.replica);
        // What does not build on what is gone stands as it is.
        let mut standing = document.clone();
        let falls: Vec<bool> = edits.iter().map(|told| !(is_mine(told) && standing.apply(&told.change))).collect();
        // What has its number is on its way and cannot be changed; it and all behind it are said by new commands, in the same order.
        let has_number = |told: &Told| self.pending(told.command).is_some_and(|pending| pending.entry.number.is_some());
        let in_place = !edits.iter().zip(&falls).any(|(told, falls)| *falls && has_number(told));
        for (told, falls) in edits.into_iter().zip(falls) {
            // A noted edit has a ground of its own, and so has one that was made beside it and not on it, or where more than was known of has come.
            let leads_here = |ground: &Ground| ground.edited() == told.text.before && ground.text() == document.text();
            if told.is_noted || !ground.as_ref().is_some_and(leads_here) {
                ground = Ground::between(&told.text.before, &document.text()).ok();
            }
            let splices = ground.as_mut().and_then(|ground| ground.take(&told.text.splices).ok());
            if !falls {
                document.apply(&told.change);
                continue;
            }
            let mut next = document.clone();
            let change = splices.and_then(|splices| next.redo(actor, &splices).ok().flatten());
            match change {
                Some(change) if self.replace(&told, &change, in_place, writes) => document = next,
                Some(_) | None => self.give_up_text(&told, writes),
            }
        }
    }

    fn pending(&self, command: CommandId) -> Option<&Pending> {
        self.outbox.iter().find(|pending| pending.entry.command == command)
    }

    /// Puts another change in the place of an edit's own; false where the command cannot take it.
    fn replace(&mut self, told: &Told, change: &TextChange, in_place: bool, writes: &mut Vec<OutboxWrite>) -> bool {
        let Some(at) = self.outbox.iter().position(|pending| pending.entry.command == told.command) else {
            return false;
        };
        let Some(payload) = self.payload_with(&self.outbox[at].entry, change) else { return false };
        let space = self.space();
        if in_place {
            let pending = &mut self.outbox[at];
            let entry = Arc::make_mut(&mut pending.entry);
            (entry.payload, entry.text) = (payload, None);
            pending.optimistic = None;
            writes.push(OutboxWrite::Put { space, row: pending.row() });
            return true;
        }
        self.succeed(at, payload, writes);
        true
    }

    /// Lets a new command say what this one says, with another payload; what required this one requires that one.
    fn succeed(&mut self, at: usize, payload: Vec<u8>, writes: &mut Vec<OutboxWrite>) {
        let space = self.space();
        self.identity.last_order += 1;
        let old = &self.outbox[at];
        let (generation, was) = (self.identity.text_generation, old.entry.command);
        let command = said_again(was, generation);
        let requires = old.entry.requires.iter().map(|required| self.said_by(*required)).collect();
        let entry = OutboxEntry { command, number: None, payload, requires, ..OutboxEntry::clone(&old.entry) };
        let mut again = Pending::new(self.identity.last_order, entry);
        // It is on disk before anything that comes later, its number included.
        again.is_stored = true;
        writes.push(OutboxWrite::Put { space, row: again.row() });
        self.outbox.push(again);
        let old = &mut self.outbox[at];
        old.optimistic = None;
        if old.entry.number.is_some() {
            Arc::make_mut(&mut old.entry).superseded_by = Some(command);
            writes.push(OutboxWrite::Put { space, row: old.row() });
        } else {
            let order = self.outbox.remove(at).order;
            writes.push(OutboxWrite::Remove { space, order });
        }
        self.require_instead(was, command, writes);
        writes.push(self.identity_write());
    }

    /// The command that says now what this one said.
    fn said_by(&self, command: CommandId) -> CommandId {
        self.pending(command).and_then(|pending| pending.entry.superseded_by).unwrap_or(command)
    }

    /// What required the one command requires the other now, which says the same. What is on its way will be refused with the one, so it is said
    /// again as well; edits are, each with its text.
    fn require_instead(&mut self, was: CommandId, now: CommandId, writes: &mut Vec<OutboxWrite>) {
        let space = self.space();
        let requires =
            |pending: &Pending| pending.is_shown() && pending.is_waiting() && pending.entry.requires.contains(&was);
        let (mut changed, mut on_their_way) = (Vec::new(), Vec::new());
        for (at, pending) in self.outbox.iter().enumerate().filter(|(_, pending)| requires(pending)) {
            if pending.entry.number.is_none() {
                changed.push(at);
            } else if self.command_text(&pending.entry).is_none() {
                on_their_way.push(pending.entry.command);
            }
        }
        for at in changed {
            let pending = &mut self.outbox[at];
            let entry = Arc::make_mut(&mut pending.entry);
            entry.requires.iter_mut().filter(|required| **required == was).for_each(|required| *required = now);
            writes.push(OutboxWrite::Put { space, row: pending.row() });
        }
        for command in on_their_way {
            if let Some(at) = self.outbox.iter().position(|pending| pending.entry.command == command) {
                let payload = self.outbox[at].entry.payload.clone();
                self.succeed(at, payload, writes);
            }
        }
    }

    /// An edit that cannot be said again: it is as if refused, with its words kept.
    fn give_up_text(&mut self, told: &Told, writes: &mut Vec<OutboxWrite>) {
        self.keep_text(told, writes);
        let refusal = CoreRefusal::Text { why: TextRefusal::Detached {} };
        let space = self.space();
        let Some(pending) = self.outbox.iter_mut().find(|pending| pending.entry.command == told.command) else {
            return;
        };
        pending.optimistic = None;
        if pending.entry.number.is_none() {
            Arc::make_mut(&mut pending.entry).refused = Some(Refused::from(refusal));
            writes.push(OutboxWrite::Put { space, row: pending.row() });
        }
    }

    fn keep_text(&mut self, told: &Told, writes: &mut Vec<OutboxWrite>) {
        let space = self.space();
        let Some(pending) = self.outbox.iter_mut().find(|pending| pending.entry.command == told.command) else {
            return;
        };
        let mut text = told.text.clone();
        let words = told.change.words();
        if text.splices.is_empty() && !words.is_empty() {
            // What it builds on is nowhere any more: its words at least are kept.
            text.splices.push(Splice { at: text.before.chars().count(), delete: 0, insert: words });
        }
        Arc::make_mut(&mut pending.entry).text = Some(text);
        writes.push(OutboxWrite::Put { space, row: pending.row() });
    }
}

/// The commands that may say the same as this one, on a device or on a copy of it.
pub(crate) fn all_said_again(command: CommandId, generations: u32) -> impl Iterator<Item = CommandId> {
    (0..generations).map(move |generation| said_again(command, generation)).chain([said_in_part(command)])
}

/// The command that says the same as this one, from this generation on.
fn said_again(command: CommandId, generation: u32) -> CommandId {
    CommandId::derived("said again", &[command.bytes(), &generation.to_be_bytes()])
}
