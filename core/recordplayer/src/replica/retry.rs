//! A refused command again, with everything that was refused because of it: one row of the outbox, one action (rule 11).
//!
//! ```text
//!  refused ◄── refused with it ◄── and with that       the old ones leave
//!     │               │                  │             in the save that
//!     ▼               ▼                  ▼             brings the new ones
//!   fresh ◄─ requires ─ new ◄─ requires ─ new          behind all others
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kept_text::EditedText;
use super::outbox::OutboxEntry;
use super::submit::Work;
use super::texts::{part_of, refused};
use super::{Replica, SubmitError, Wish};
use crate::decide::Intent;
use crate::id::CommandId;
use crate::text::{Ground, TextChange, TextDocument, TextRefusal};
use crate::time::Timestamp;

impl Replica {
    /// Submits a refused command again, as a new one behind all others, and then what was refused with it. The refused ones leave in the same
    /// save. What is refused here of those that follow stays in the outbox as it is.
    pub fn retry(&mut self, now: Timestamp, refused: CommandId, fresh: CommandId) -> Result<CommandId, SubmitError> {
        self.retry_with(now, refused, fresh, None)
    }

    /// As [`Self::retry`], with another command in the place of the refused one: what was refused because of it follows that.
    pub fn retry_with(
        &mut self,
        now: Timestamp,
        refused: CommandId,
        fresh: CommandId,
        mut instead: Option<Intent>,
    ) -> Result<CommandId, SubmitError> {
        let mut work = Work::default();
        let mut retried: BTreeMap<CommandId, Option<CommandId>> = BTreeMap::new();
        for (command, part) in self.group_of(refused).into_iter().zip(0_u64..) {
            let again = if part == 0 { fresh } else { retried_with(fresh, command) };
            let length = self.outbox.len();
            let mut more = Work::default();
            match self.retry_one(now, command, again, (&retried, instead.take()), &mut more) {
                Ok(last) => {
                    retried.insert(command, last);
                    work.writes.extend(more.writes);
                    work.saving.stored.extend(more.saving.stored);
                }
                Err(error) => {
                    self.take_back(length);
                    if part == 0 {
                        return Err(error);
                    }
                }
            }
        }
        let Some(last) = retried.get(&refused).copied() else { return Err(SubmitError::NotThere(refused)) };
        for command in retried.into_keys() {
            self.take_out(command, &mut work);
        }
        self.carry_out(work);
        self.rebase_all();
        // Where the text says all of it already, there is nothing left to be sent.
        Ok(last.map_or(refused, |_| fresh))
    }

    /// Answers with the last of the new commands: what followed the refused one requires that.
    fn retry_one(
        &mut self,
        now: Timestamp,
        command: CommandId,
        fresh: CommandId,
        (retried, instead): (&BTreeMap<CommandId, Option<CommandId>>, Option<Intent>),
        work: &mut Work,
    ) -> Result<Option<CommandId>, SubmitError> {
        let pending = self.outbox.iter().find(|pending| pending.entry.command == command);
        let entry = pending.map(|pending| Arc::clone(&pending.entry)).ok_or(SubmitError::NotThere(command))?;
        // The one it was refused with is still refused, though the group is being tried again.
        if let Some(cause) = entry.refused_with().filter(|cause| !retried.contains_key(cause) && !retried.is_empty()) {
            return Err(SubmitError::NotThere(cause));
        }
        let waits = |command: &CommandId| {
            self.outbox.iter().any(|pending| pending.entry.command == *command && pending.is_waiting())
        };
        let now_called = |required: &CommandId| match retried.get(required) {
            Some(last) => *last,
            None => waits(required).then_some(*required),
        };
        let requires: Vec<CommandId> = entry.requires.iter().filter_map(now_called).collect();
        if entry.text.is_some() && instead.is_none() {
            return self.retry_text(now, &entry, fresh, requires, work);
        }
        let intent = instead.unwrap_or_else(|| entry.intent());
        let wish = Wish { command: fresh, intent, claims: entry.claims, requires };
        self.admit(now, wish, work).map(Some)
    }

    /// Says a refused edit again on the text as it is now.
    fn retry_text(
        &mut self,
        now: Timestamp,
        entry: &OutboxEntry,
        fresh: CommandId,
        mut requires: Vec<CommandId>,
        work: &mut Work,
    ) -> Result<Option<CommandId>, SubmitError> {
        let (Some(text), Some((key, change))) = (&entry.text, self.command_text(entry)) else {
            return Err(SubmitError::NotThere(entry.command));
        };
        let (document, skipped) = self.read_text(&key, self.outbox.len()).map_err(SubmitError::Read)?;
        self.leave_hidden_edits(&key, &skipped);
        let changes = self.on_this_text(document, text, &change).map_err(refused)?;
        let mut last = None;
        for (change, part) in changes.iter().zip(0_u64..) {
            let payload = self.payload_with(entry, change).ok_or(SubmitError::NotThere(entry.command))?;
            let command = if part == 0 { fresh } else { part_of(fresh, part) };
            let intent = Intent { payload: payload.into(), ..entry.intent() };
            let wish = Wish { command, intent, claims: entry.claims, requires };
            last = Some(self.admit(now, wish, work)?);
            requires = last.into_iter().collect();
        }
        Ok(last)
    }

    /// The same edit on the text as it is now: by the refused change itself, if everything that it builds on is here, or else by what it made
    /// of the text.
    fn on_this_text(
        &self,
        mut document: TextDocument,
        text: &EditedText,
        change: &TextChange,
    ) -> Result<Vec<TextChange>, TextRefusal> {
        let mut with = document.clone();
        if with.apply(change) {
            let splices = with.splices_since(&document);
            return Ok(document.redo(self.text_actor(), &splices)?.into_iter().collect());
        }
        let mut ground = Ground::between(&text.before, &document.text())?;
        ground.take(&text.splices)?;
        document.edit(self.text_actor(), &ground.text())
    }
}

fn retried_with(fresh: CommandId, command: CommandId) -> CommandId {
    CommandId::derived("retried with", &[fresh.bytes(), command.bytes()])
}
