//! Wishes of the person: submit, discard, try again.

use std::sync::Arc;

use super::outbox::{Optimistic, OutboxEntry, Pending};
use super::{Replica, Saving};
use crate::context::Deciding;
use crate::decide::{Intent, Undecided, decide};
use crate::id::{ActId, CommandId};
use crate::limits::{OUTBOX_BYTES_MAX, OUTBOX_COMMANDS_MAX, REQUIRES_MAX};
use crate::record::Origin;
use crate::refusal::{CoreRefusal, Refused};
use crate::storage::{OutboxWrite, ReadError};
use crate::time::Timestamp;

/// A command as the person sends it.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Fresh for each wish: from the driver's randomness, or derived from what is imported.
    pub command: CommandId,
    pub intent: Intent,
    pub act: Option<ActId>,
    pub happened_at: Option<Timestamp>,
    /// Commands that must have been accepted before.
    pub requires: Vec<CommandId>,
}

impl Wish {
    pub fn new(command: CommandId, intent: Intent) -> Self {
        Self { command, intent, act: None, happened_at: None, requires: Vec::new() }
    }
}

/// Why a wish was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// `decide` already says no here; nothing was queued.
    #[error("{0}")]
    Refused(Refused),
    #[error("this version of the program does not know the command {0}")]
    Unknown(String),
    #[error(transparent)]
    Read(ReadError),
    #[error("the command {0} is not in the outbox, or cannot be taken back any more")]
    NotThere(CommandId),
}

impl Replica {
    /// Decides the command on the optimistic state and puts it into the outbox. It is saved when [`Self::handle_saved`] has come.
    pub fn submit(&mut self, now: Timestamp, wish: Wish) -> Result<CommandId, SubmitError> {
        let bytes: usize = self.outbox.iter().map(|pending| pending.entry.payload.len()).sum();
        if self.outbox.len() >= OUTBOX_COMMANDS_MAX || bytes + wish.intent.payload.len() > OUTBOX_BYTES_MAX {
            return Err(SubmitError::Refused(CoreRefusal::OutboxFull { commands: self.outbox.len() as u64 }.into()));
        }
        if wish.requires.len() > REQUIRES_MAX {
            let why = format!("it requires {} commands; at most {REQUIRES_MAX} are allowed", wish.requires.len());
            return Err(SubmitError::Refused(CoreRefusal::Malformed { why }.into()));
        }
        if self.outbox.iter().any(|pending| pending.entry.command == wish.command) {
            return Ok(wish.command);
        }
        if let Some(command) = self.refused_among(&wish.requires) {
            return Err(SubmitError::Refused(CoreRefusal::RequiredRefused { command }.into()));
        }
        let command = wish.command;
        self.identity.last_order += 1;
        let entry = OutboxEntry {
            command,
            number: None,
            stream: wish.intent.stream,
            name: wish.intent.name,
            payload: wish.intent.payload.to_vec(),
            act: wish.act,
            happened_at: wish.happened_at,
            requires: wish.requires,
            made_at: now,
            seen: self.state.head.position,
            refused: None,
            text: None,
            superseded_by: None,
        };
        let mut pending = Pending::new(self.identity.last_order, entry);
        let views = match self.decide_entry(&pending.entry) {
            Ok(optimistic) => {
                let views = optimistic.views.clone();
                pending.optimistic = Some(optimistic);
                views
            }
            Err(Undecided::Refused(refused)) => return Err(SubmitError::Refused(refused)),
            Err(Undecided::UnknownCommand) => return Err(SubmitError::Unknown(pending.entry.name.to_string())),
            Err(Undecided::Unreadable(error)) => return Err(SubmitError::Read(error)),
        };
        let write = self.put(&pending);
        self.outbox.push(pending);
        self.save(Vec::new(), vec![write], Saving { stored: vec![command], ..Saving::default() });
        self.changed(views);
        Ok(command)
    }

    /// Takes a refused command, or one that has no number yet, out of the outbox for good.
    pub fn discard(&mut self, command: CommandId) -> Result<OutboxEntry, SubmitError> {
        let may_go = |pending: &Pending| {
            pending.entry.command == command && (!pending.is_waiting() || pending.entry.number.is_none())
        };
        let at = self.outbox.iter().position(may_go).ok_or(SubmitError::NotThere(command))?;
        let mut writes = Vec::new();
        if self.outbox[at].is_waiting() {
            // Later edits of the same text build on it.
            writes.extend(self.retract_text(at));
        }
        let at = self.outbox.iter().position(|pending| pending.entry.command == command);
        let pending = self.outbox.remove(at.ok_or(SubmitError::NotThere(command))?);
        writes.push(OutboxWrite::Remove { space: self.space(), order: pending.order });
        self.save(Vec::new(), writes, Saving::default());
        self.rebase_all();
        Ok(Arc::unwrap_or_clone(pending.entry))
    }

    /// Submits a refused command again, as a new one behind all others; the refused one leaves with it.
    pub fn retry(&mut self, now: Timestamp, refused: CommandId, fresh: CommandId) -> Result<CommandId, SubmitError> {
        let is_it = |pending: &&Pending| pending.entry.command == refused && !pending.is_waiting();
        let entry = self
            .outbox
            .iter()
            .find(is_it)
            .map(|pending| Arc::clone(&pending.entry))
            .ok_or(SubmitError::NotThere(refused))?;
        if entry.text.is_some() {
            return self.retry_text(now, &entry, fresh);
        }
        let wish = Wish {
            command: fresh,
            intent: entry.intent(),
            act: entry.act,
            happened_at: entry.happened_at,
            requires: Vec::new(),
        };
        let command = self.submit(now, wish)?;
        self.discard(refused)?;
        Ok(command)
    }

    /// Decides a pending command on top of the optimistic layer and merges what it does into it.
    pub(super) fn decide_entry(&mut self, entry: &OutboxEntry) -> Result<Optimistic, Undecided> {
        let origin = self.origin_of(entry);
        let deciding = Deciding {
            space: self.space(),
            command: entry.command,
            actor: self.actor,
            replica: self.identity.replica,
            now: origin.time,
            happened_at: entry.happened_at,
            is_authority: false,
        };
        let number = self.state.head.position.plus(1);
        let decision = decide(&mut self.state, &deciding, &entry.intent(), origin, number)?;
        self.state.layers.merge();
        let mut reads = decision.reads;
        reads.streams.extend(decision.touched.streams);
        let views = decision.touched.views.into_keys().collect();
        Ok(Optimistic { events: decision.events, reads, views })
    }

    pub(super) fn origin_of(&self, entry: &OutboxEntry) -> Origin {
        Origin {
            command: entry.command,
            actor: self.actor,
            replica: self.identity.replica,
            act: entry.act,
            time: entry.made_at.max(self.state.time),
            happened_at: entry.happened_at,
        }
    }
}
