//! Wishes of the person: submit and discard.

use std::sync::Arc;

use super::outbox::{Optimistic, OutboxEntry, Pending};
use super::rebase::Dirty;
use super::{Replica, Saving};
use crate::claims::Claims;
use crate::context::Deciding;
use crate::decide::{Intent, Undecided, decide, guarded};
use crate::id::CommandId;
use crate::limits::REQUIRES_MAX;
use crate::record::{Origin, Seen};
use crate::refusal::{CoreRefusal, Refused};
use crate::storage::{OutboxWrite, ReadError};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;

/// A command as the person sends it.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Fresh for each wish: from the driver's randomness, or derived from what is imported.
    pub command: CommandId,
    pub intent: Intent,
    pub claims: Claims,
    /// Commands that must have been accepted before.
    pub requires: Vec<CommandId>,
}

impl Wish {
    pub fn new(command: CommandId, intent: Intent) -> Self {
        Self { command, intent, claims: Claims::default(), requires: Vec::new() }
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

/// What a wish comes to on disk and on the screen, gathered for one save.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub writes: Vec<OutboxWrite>,
    pub saving: Saving,
    pub changed: Dirty,
}

impl Replica {
    /// Decides the command on the optimistic state and puts it into the outbox. It is saved when [`Self::handle_saved`] has come.
    pub fn submit(&mut self, now: Timestamp, wish: Wish) -> Result<CommandId, SubmitError> {
        let mut work = Work::default();
        let command = self.admit(now, wish, &mut work)?;
        self.carry_out(work);
        Ok(command)
    }

    /// Why `decide` would refuse a command here and now; nothing is queued, and nothing is left of it.
    pub fn would_refuse(&mut self, now: Timestamp, wish: Wish) -> Option<Refused> {
        let length = self.outbox.len();
        let admitted = self.admit(now, wish, &mut Work::default());
        if self.outbox.len() > length {
            self.take_back(length);
        }
        match admitted {
            Err(SubmitError::Refused(refused)) => Some(refused),
            Ok(_) | Err(_) => None,
        }
    }

    /// What a guard says of such a command, whatever its content: whether this person may give it at all.
    pub fn may_not(&self, intent: &Intent, claims: Claims) -> Option<Refused> {
        let deciding = Deciding {
            space: self.space(),
            command: CommandId::default(),
            actor: self.actor,
            replica: self.identity.replica,
            now: self.state.time,
            claims,
            is_authority: false,
            is_of_policy: false,
            errand: None,
            // What was written here, and cannot be read, is from before a downgrade.
            may_be_newer: true,
            name: None,
        };
        guarded(&self.state, &deciding, intent)
    }

    /// As [`Self::submit`], with the save left to the caller, who may have more to do in it.
    pub(super) fn admit(&mut self, now: Timestamp, wish: Wish, work: &mut Work) -> Result<CommandId, SubmitError> {
        let bytes: usize = self.outbox.iter().map(|pending| pending.entry.payload.len()).sum();
        let Thresholds { outbox_commands_max, outbox_bytes_max, .. } = *self.domain.thresholds();
        if self.outbox.len() >= outbox_commands_max || bytes + wish.intent.payload.len() > outbox_bytes_max {
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
            claims: wish.claims,
            requires: wish.requires,
            made_at: now,
            seen: Seen { epoch: self.state.epoch, position: self.state.head.position },
            refused: None,
            text: None,
            superseded_by: None,
        };
        let mut pending = Pending::new(self.identity.last_order, entry);
        match self.decide_entry(&pending.entry) {
            Ok(optimistic) => {
                self.require_birth(&mut pending.entry, &optimistic);
                work.changed.add_optimistic(optimistic.clone());
                pending.optimistic = Some(optimistic);
            }
            Err(Undecided::Refused(refused)) => return Err(SubmitError::Refused(refused)),
            Err(Undecided::UnknownCommand) => return Err(SubmitError::Unknown(pending.entry.name.to_string())),
            Err(Undecided::Unreadable(error)) => return Err(SubmitError::Read(error)),
        }
        work.writes.push(self.put(&pending));
        work.saving.stored.push(command);
        self.outbox.push(pending);
        Ok(command)
    }

    /// Saves what was admitted and taken out, all of it or nothing.
    pub(super) fn carry_out(&mut self, work: Work) {
        if !work.writes.is_empty() {
            self.save(Vec::new(), work.writes, work.saving);
        }
        self.changed(work.changed);
    }

    /// Takes back what was admitted since the outbox had this length and nobody has saved.
    pub(super) fn take_back(&mut self, length: usize) {
        self.outbox.truncate(length);
        self.rebase_all();
    }

    /// Takes out of the outbox, for good, a command that has no number yet with everything that requires it, or a refused one with everything
    /// that was refused with it.
    /// Answers with all that has gone, the command itself first.
    pub fn discard(&mut self, command: CommandId) -> Result<Vec<OutboxEntry>, SubmitError> {
        let waits = |pending: &Pending| {
            pending.entry.command == command && pending.is_waiting() && pending.entry.number.is_none()
        };
        let mut work = Work::default();
        let group = if let Some(at) = self.outbox.iter().position(waits) {
            // Later edits of the same text build on it.
            work.writes.extend(self.retract_text(at));
            self.waiting_group_of(command)
        } else {
            self.group_of(command)
        };
        if group.is_empty() {
            return Err(SubmitError::NotThere(command));
        }
        let gone = group.into_iter().filter_map(|command| self.take_out(command, &mut work)).collect();
        self.carry_out(work);
        self.rebase_all();
        Ok(gone)
    }

    pub(super) fn take_out(&mut self, command: CommandId, work: &mut Work) -> Option<OutboxEntry> {
        let at = self.outbox.iter().position(|pending| pending.entry.command == command)?;
        let pending = self.outbox.remove(at);
        work.writes.push(OutboxWrite::Remove { space: self.space(), order: pending.order });
        Some(Arc::unwrap_or_clone(pending.entry))
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
            claims: entry.claims,
            is_authority: false,
            is_of_policy: false,
            errand: None,
            // What was written here, and cannot be read, is from before a downgrade.
            may_be_newer: true,
            name: None,
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
            time: entry.made_at.max(self.state.time),
            claims: entry.claims,
        }
    }
}
