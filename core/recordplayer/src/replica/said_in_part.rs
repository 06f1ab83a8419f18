//! A copy of this device has sent an edit as it was before more was joined with it here: what the log lacks is said by a command of its own.
//!
//! ```text
//!  here        "one two" ── joined: "one two three"                    " three", by a new command of a new identity
//!  a copy      "one two" ── sent ─► the log: "one two", by the same id ─►┘
//! ```

use std::sync::Arc;

use super::Replica;
use super::kept_text::EditedText;
use super::outbox::OutboxEntry;
use crate::commit::Commit;
use crate::id::CommandId;
use crate::state::text_change;
use crate::storage::{OutboxWrite, ReadError};
use crate::text::{Ground, TextChange, TextDocument, meant_beside};

impl Replica {
    /// Lets the edit at this place of the outbox say only what the accepted commit with its id lacks; nothing where it says the same.
    pub(super) fn say_what_lacks(&mut self, at: usize, commit: &Commit) -> Result<Option<OutboxWrite>, ReadError> {
        let Some((text, command)) = self.what_lacks(&self.outbox[at].entry, commit)? else { return Ok(None) };
        let pending = &mut self.outbox[at];
        pending.optimistic = None;
        pending.take_number_back();
        let entry = Arc::make_mut(&mut pending.entry);
        (entry.command, entry.text) = (command, Some(text));
        // Nobody but a copy can have sent it.
        self.identity.must_fork = true;
        Ok(Some(self.put(&self.outbox[at])))
    }

    /// Whether an edit that was accepted may say more than was accepted, as far as the text here shows: its change is not in it.
    pub(super) fn may_say_more(&self, entry: &OutboxEntry) -> Result<bool, ReadError> {
        let Some((key, ours)) = self.command_text(entry) else { return Ok(false) };
        let rows = self.state.text_rows(self.reader.as_ref(), &key)?;
        Ok(!rows.changes()?.iter().any(|change| change.bytes() == ours.bytes()))
    }

    fn what_lacks(&self, entry: &OutboxEntry, commit: &Commit) -> Result<Option<(EditedText, CommandId)>, ReadError> {
        let Some((key, ours)) = self.command_text(entry) else { return Ok(None) };
        let changes = commit.events().filter_map(|event| text_change(&self.domain, event));
        let Some((_, theirs)) = changes.into_iter().find(|(of, _)| *of == key) else { return Ok(None) };
        let rows = self.state.text_rows(self.reader.as_ref(), &key)?;
        let base = rows.open_where(|change| change.bytes() != theirs.bytes())?;
        let mut said = base.clone();
        said.apply(&theirs);
        let (base_text, before) = (base.text(), said.text());
        let after = match meant(base, &ours, entry.text.as_ref()) {
            Some(meant) => meant_beside(&base_text, &before, &meant),
            None if before.contains(&ours.words()) => return Ok(None),
            // What it builds on is nowhere any more: its words at least are kept.
            None => format!("{before}{}", ours.words()),
        };
        let text = EditedText::between(before, &after, self.redacted);
        Ok((!text.splices.is_empty()).then(|| (text, said_in_part(entry.command))))
    }
}

/// The text as an edit makes it, or as it made it when it was noted.
fn meant(mut base: TextDocument, change: &TextChange, noted: Option<&EditedText>) -> Option<String> {
    match noted {
        None => base.apply(change).then(|| base.text()),
        Some(noted) => {
            let mut ground = Ground::between(&noted.before, &base.text()).ok()?;
            ground.take(&noted.splices).ok()?;
            Some(ground.text())
        }
    }
}

/// The command that says what the log lacks of this one.
pub(super) fn said_in_part(command: CommandId) -> CommandId {
    CommandId::derived("said in part", &[command.bytes()])
}
