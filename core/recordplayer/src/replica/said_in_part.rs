//! A copy of this device has sent an edit as it was before more was joined with it here: what the log lacks is said by a command of its own.
//!
//! ```text
//!  here        "one two" ── joined: "one two three"                    " three", by a new command of a new identity
//!  a copy      "one two" ── sent ─► the log: "one two", by the same id ─►┘
//! ```

use std::sync::Arc;

use super::Replica;
use super::outbox::{EditedText, OutboxEntry};
use crate::commit::Commit;
use crate::id::CommandId;
use crate::state::text_change;
use crate::storage::{OutboxWrite, ReadError};

impl Replica {
    /// Lets the edit at this place of the outbox say only what the accepted commit with its id lacks; nothing where it says the same.
    pub(super) fn say_what_lacks(&mut self, at: usize, commit: &Commit) -> Result<Option<OutboxWrite>, ReadError> {
        let Some((text, command)) = self.what_lacks(&self.outbox[at].entry, commit)? else { return Ok(None) };
        let pending = &mut self.outbox[at];
        pending.optimistic = None;
        pending.is_sent = false;
        pending.is_number_stored = false;
        let entry = Arc::make_mut(&mut pending.entry);
        (entry.command, entry.number, entry.text) = (command, None, Some(text));
        // Nobody but a copy can have sent it.
        self.identity.must_fork = true;
        Ok(Some(self.put(&self.outbox[at])))
    }

    fn what_lacks(&self, entry: &OutboxEntry, commit: &Commit) -> Result<Option<(EditedText, CommandId)>, ReadError> {
        let Some((key, ours)) = self.command_text(entry).filter(|_| entry.text.is_none()) else { return Ok(None) };
        let changes = commit.events().filter_map(|event| text_change(&self.domain, event));
        let Some((_, theirs)) = changes.into_iter().find(|(of, _)| *of == key) else { return Ok(None) };
        let rows = self.state.text_rows(self.reader.as_ref(), &key)?;
        let mut said = rows.open_where(|change| change.bytes() != theirs.bytes())?;
        let mut meant = said.clone();
        said.apply(&theirs);
        let before = said.text();
        let after = if meant.apply(&ours) {
            meant.text()
        } else if theirs.words() == ours.words() {
            return Ok(None);
        } else {
            // What it builds on may be nowhere any more: its words at least are kept.
            format!("{before}{}", ours.words())
        };
        if before == after {
            return Ok(None);
        }
        Ok(Some((EditedText { before, after }, said_in_part(entry.command))))
    }
}

/// The command that says what the log lacks of this one.
pub(super) fn said_in_part(command: CommandId) -> CommandId {
    CommandId::derived("said in part", &[command.bytes()])
}
