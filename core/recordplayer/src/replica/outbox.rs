//! The outbox: what the authority has not decided yet, and what it refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kept_text::EditedText;
use super::rebase::Dirty;
use super::{Replica, ReplicaOutput, SaveToken, Saving};
use crate::claims::Claims;
use crate::codec::{decode, encode};
use crate::commit::Draft;
use crate::decide::Intent;
use crate::id::{CommandId, ReplicaId};
use crate::models::ReadSet;
use crate::name::Name;
use crate::protocol::{ClientFrame, CommandEntry};
use crate::record::{Position, Seen, StreamId};
use crate::refusal::{CoreRefusal, Refused};
use crate::response::Response;
use crate::state::OpenError;
use crate::storage::{OutboxContent, OutboxRow, OutboxWrite, ReadError, SpaceReader};
use crate::thresholds::Thresholds;
use crate::time::Timestamp;
use crate::view::ViewKey;

/// Who this copy of the space is. The outbox file owns it, with the counter of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub replica: ReplicaId,
    /// The replica that this one was cloned or restored from.
    pub parent: Option<ReplicaId>,
    /// The last number given to a command.
    pub last_number: u64,
    /// Up to this number every verdict is here.
    pub answered_up_to: u64,
    /// The last order given in the outbox.
    pub last_order: u64,
    /// How often this device had to take a new identity.
    pub generation: u32,
    /// The generation of the actor that writes in texts: the next one after each refused change.
    pub text_generation: u32,
    /// The log holds commands of this replica that are not of this device, or not those that it sent: it takes a new identity once it has
    /// caught up.
    pub must_fork: bool,
}

impl Identity {
    pub(super) fn new(replica: ReplicaId) -> Self {
        Self {
            replica,
            parent: None,
            last_number: 0,
            answered_up_to: 0,
            last_order: 0,
            generation: 0,
            text_generation: 0,
            must_fork: false,
        }
    }
}

/// One command in the outbox, as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    pub command: CommandId,
    /// Written just before the first send, and never changed.
    pub number: Option<u64>,
    pub stream: StreamId,
    pub name: Name,
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
    pub claims: Claims,
    pub requires: Vec<CommandId>,
    pub made_at: Timestamp,
    /// What was confirmed when it was made.
    pub seen: Seen,
    /// Why it was refused, until the person has dealt with it.
    pub refused: Option<Refused>,
    /// The whole text that an edit made which cannot stand as it was made: what its author typed is here (rule 11).
    pub text: Option<EditedText>,
    /// The command that says the same on another ground; when this one is refused, nobody needs to hear of it.
    pub superseded_by: Option<CommandId>,
}

impl OutboxEntry {
    pub fn intent(&self) -> Intent {
        Intent { stream: self.stream.clone(), name: self.name.clone(), payload: self.payload.as_slice().into() }
    }

    /// About how much it takes on disk and in memory.
    pub(super) fn bytes(&self) -> usize {
        let text = self.text.as_ref().map_or(0, |text| {
            text.before.len() + text.splices.iter().map(|splice| splice.insert.len() + 16).sum::<usize>()
        });
        self.payload.len() + text + 128 + 16 * self.requires.len()
    }

    fn frame_entry(&self, number: u64, follows: Option<CommandId>) -> CommandEntry {
        CommandEntry {
            number,
            command: self.command,
            stream: self.stream.clone(),
            name: self.name.clone(),
            payload: self.payload.as_slice().into(),
            claims: self.claims,
            requires: self.requires.clone(),
            seen: self.seen,
            follows,
        }
    }
}

/// How far one command of this device has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// Not in the outbox on disk yet.
    Unsaved,
    Waiting,
    Sent,
    Refused(Refused),
    /// Not in the outbox any more: confirmed or discarded.
    Gone,
}

/// What the log says about a command.
enum InLog {
    Nothing,
    /// Up to here.
    Accepted(Position),
    Refused(Refused),
}

/// One command of the outbox in memory.
#[derive(Debug)]
pub(super) struct Pending {
    pub order: u64,
    pub entry: Arc<OutboxEntry>,
    pub is_stored: bool,
    pub is_number_stored: bool,
    /// Sent on this session.
    pub is_sent: bool,
    /// The save that holds it as it is now.
    pub saving: Option<SaveToken>,
    /// The save that holds the number that it has now.
    pub numbering: Option<SaveToken>,
    /// Its events on the optimistic state, and what the decision read; `None` where `decide` says no here.
    pub optimistic: Option<Optimistic>,
}

#[derive(Clone, Debug)]
pub(super) struct Optimistic {
    pub events: Vec<Draft>,
    pub reads: ReadSet,
    /// The views that its events are played on.
    pub views: BTreeSet<ViewKey>,
}

impl Pending {
    pub fn new(order: u64, entry: OutboxEntry) -> Self {
        Self {
            order,
            is_number_stored: entry.number.is_some(),
            entry: Arc::new(entry),
            is_stored: false,
            is_sent: false,
            saving: None,
            numbering: None,
            optimistic: None,
        }
    }

    pub fn is_waiting(&self) -> bool {
        self.entry.refused.is_none()
    }

    /// Whether it shows on the optimistic state: what waits, and was not said again by another.
    pub fn is_shown(&self) -> bool {
        self.is_waiting() && self.entry.superseded_by.is_none()
    }

    /// Its number was that of another identity, or of a space that was not founded.
    pub fn take_number_back(&mut self) {
        Arc::make_mut(&mut self.entry).number = None;
        self.numbering = None;
        self.is_number_stored = false;
        self.is_sent = false;
    }

    pub fn row(&self) -> OutboxRow {
        let bytes = encode(&*self.entry).expect("an outbox entry can be encoded");
        OutboxRow { command: self.entry.command, order: self.order, bytes: bytes.into() }
    }
}

impl Replica {
    /// How far a command of this device has come.
    pub fn command_state(&self, command: CommandId) -> CommandState {
        let Some(pending) = self.outbox.iter().find(|pending| pending.entry.command == command) else {
            return CommandState::Gone;
        };
        match &pending.entry.refused {
            Some(refused) => CommandState::Refused(refused.clone()),
            None if !pending.is_stored => CommandState::Unsaved,
            None if pending.is_sent => CommandState::Sent,
            None => CommandState::Waiting,
        }
    }

    pub(super) fn put(&self, pending: &Pending) -> OutboxWrite {
        OutboxWrite::Put { space: self.space(), row: pending.row() }
    }

    pub(super) fn identity_write(&self) -> OutboxWrite {
        let bytes = encode(&self.identity).expect("an identity can be encoded");
        OutboxWrite::Identity { space: self.space(), bytes: bytes.into() }
    }

    /// Loads the outbox and takes out what the log already decided: the main store is written first, so it may be ahead.
    pub(super) fn load_outbox(&mut self, content: OutboxContent) -> Result<(), OpenError> {
        let damaged = |what: &str| ReadError::Damaged(format!("the outbox holds {what} that cannot be read"));
        if let Some(identity) = &content.identity {
            self.identity = decode(identity).map_err(|_| damaged("an identity"))?;
        }
        for row in content.rows {
            let entry: OutboxEntry = decode(&row.bytes).map_err(|_| damaged("a command"))?;
            let mut pending = Pending::new(row.order, entry);
            pending.is_stored = true;
            self.identity.last_order = self.identity.last_order.max(row.order);
            self.outbox.push(pending);
        }
        let mut writes = self.settle_decided()?;
        writes.extend(self.take_out_of_kept_texts()?);
        if content.identity.is_none() {
            writes.push(self.identity_write());
        }
        if !writes.is_empty() {
            self.save(Vec::new(), writes, Saving::default());
        }
        Ok(())
    }

    /// Takes out what the log here has decided without its commit having been merged, and sees whether the log holds more of this replica than
    /// it has sent. What was decided long ago and acknowledged is only found by [`Self::settle_from_history`].
    pub(super) fn settle_decided(&mut self) -> Result<Vec<OutboxWrite>, ReadError> {
        let mut writes = Vec::new();
        let mut at = 0;
        while at < self.outbox.len() {
            let pending = &self.outbox[at];
            match self.verdict_in_log(&pending.entry)? {
                InLog::Accepted(end) => {
                    let commit = self.reader.commit_with(end)?.map(|stored| stored.open()).transpose()?;
                    let said = commit.as_ref().map(|commit| self.say_what_lacks(at, commit)).transpose()?.flatten();
                    // What a snapshot only tells of may not be all that was typed: whoever has the history knows.
                    let may_lack = commit.is_none() && self.may_say_more(&self.outbox[at].entry)?;
                    if said.is_some() || may_lack {
                        writes.extend(said);
                        at += 1;
                        continue;
                    }
                    let order = self.outbox.remove(at).order;
                    writes.push(OutboxWrite::Remove { space: self.space(), order });
                    continue;
                }
                InLog::Refused(refused) if is_decided_further_back(&refused) => self.identity.must_fork = true,
                InLog::Refused(refused) if pending.is_waiting() => {
                    Arc::make_mut(&mut self.outbox[at].entry).refused = Some(refused);
                    writes.push(self.put(&self.outbox[at]));
                }
                InLog::Refused(_) | InLog::Nothing => {}
            }
            at += 1;
        }
        writes.extend(self.refuse_dependents(&mut Dirty::default()));
        let in_log = self.state.replicas.last_number(self.identity.replica);
        self.identity.must_fork |= in_log > self.identity.last_number;
        // No commit that comes as news says so of these any more.
        self.has_heard(in_log, None);
        Ok(writes)
    }

    /// Verdicts are here up to this number, but of what waits still, other than this one: behind a snapshot a verdict may be known before the commit
    /// is here that holds it, and later ones before that.
    pub(super) fn has_heard(&mut self, upto: u64, decided: Option<CommandId>) {
        let waiting =
            self.outbox.iter().filter(|pending| pending.is_waiting() && Some(pending.entry.command) != decided);
        let first_open = waiting.filter_map(|pending| pending.entry.number).min();
        let heard = first_open.map_or(upto, |number| upto.min(number - 1));
        self.identity.answered_up_to = self.identity.answered_up_to.max(heard);
    }

    /// Takes out what waits and stands in the log under any number: an outbox from an older copy does not know that it was ever sent.
    fn settle_from_history(&mut self) -> Result<Vec<OutboxWrite>, ReadError> {
        let waiting = self.outbox.iter().filter(|pending| pending.is_waiting());
        let waiting: BTreeSet<CommandId> = waiting.map(|pending| pending.entry.command).collect();
        let mut writes = Vec::new();
        if waiting.is_empty() {
            return Ok(writes);
        }
        for commit in self.commits_where(|header| waiting.contains(&header.command))? {
            writes.extend(self.settle(&commit, &mut Dirty::default()));
        }
        Ok(writes)
    }

    /// Whether the log on the disk begins with record 1: a space that was joined by a snapshot gets its history later.
    pub fn has_history(&self) -> bool {
        self.whole_history().is_ok()
    }

    /// What the log here says about a command.
    fn verdict_in_log(&self, entry: &OutboxEntry) -> Result<InLog, ReadError> {
        let Some(number) = entry.number else { return Ok(InLog::Nothing) };
        let Some(replica) = self.state.replicas.get(self.identity.replica) else { return Ok(InLog::Nothing) };
        let Some(verdict) = replica.verdicts.get(&number).filter(|verdict| verdict.command == entry.command) else {
            return Ok(InLog::Nothing);
        };
        if verdict.is_accepted {
            return Ok(InLog::Accepted(verdict.at));
        }
        Ok(refusal_at(self.reader.as_ref(), verdict.at)?.map_or(InLog::Nothing, InLog::Refused))
    }

    /// Gives numbers to what is on disk, and sends what has its number on disk, within what may be in flight. Whoever has to take a new identity
    /// takes it first, or waits until it can.
    pub(super) fn number_and_send(&mut self) {
        self.fork_if_caught_up();
        let may_send = match self.link {
            super::Link::Founding => true,
            super::Link::Online => self.is_followed,
            super::Link::Offline | super::Link::Joining | super::Link::Unavailable | super::Link::Ended { .. } => false,
        };
        if !may_send || self.pause.is_some() || self.identity.must_fork {
            return;
        }
        self.give_numbers();
        self.send_numbered();
    }

    fn give_numbers(&mut self) {
        let Thresholds { in_flight_commands_max, in_flight_bytes_max, .. } = *self.domain.thresholds();
        let mut in_flight = 0;
        let mut bytes = 0;
        let mut first_open = None;
        let mut writes = Vec::new();
        let mut numbered = Vec::new();
        for at in 0..self.outbox.len() {
            let pending = &mut self.outbox[at];
            if !pending.is_waiting() {
                continue;
            }
            in_flight += 1;
            bytes += pending.entry.bytes();
            let is_full = in_flight > in_flight_commands_max || (bytes > in_flight_bytes_max && in_flight > 1);
            if is_full || !pending.is_stored {
                break;
            }
            if let Some(number) = pending.entry.number {
                first_open.get_or_insert(number);
            } else {
                // What is in flight together lies close together, also where a verdict is long in coming.
                let next = self.identity.last_number + 1;
                if next.saturating_sub(*first_open.get_or_insert(next)) >= in_flight_commands_max as u64 {
                    break;
                }
                self.identity.last_number = next;
                Arc::make_mut(&mut pending.entry).number = Some(self.identity.last_number);
                numbered.push(pending.entry.command);
                writes.push(OutboxWrite::Put { space: self.state.space, row: pending.row() });
            }
        }
        if !numbered.is_empty() {
            writes.push(self.identity_write());
            self.save(Vec::new(), writes, Saving { numbered, ..Saving::default() });
        }
    }

    fn send_numbered(&mut self) {
        let submit_bytes_max = self.domain.thresholds().submit_bytes_max;
        let mut commands = Vec::new();
        let mut bytes = 0;
        let mut frames = Vec::new();
        let mut before: Option<(Option<u64>, CommandId)> = None;
        for pending in self.outbox.iter_mut().filter(|pending| pending.is_waiting()) {
            let before = before.replace((pending.entry.number, pending.entry.command));
            if pending.is_sent {
                continue;
            }
            let Some(number) = pending.entry.number.filter(|_| pending.is_number_stored) else { break };
            pending.is_sent = true;
            let is_before = |(of, _): &(Option<u64>, CommandId)| *of == number.checked_sub(1);
            let follows = before.filter(is_before).map(|(_, command)| command);
            let entry = pending.entry.frame_entry(number, follows);
            let length = entry.payload.len() + 128;
            if bytes + length > submit_bytes_max && !commands.is_empty() {
                frames.push(std::mem::take(&mut commands));
                bytes = 0;
            }
            bytes += length;
            commands.push(entry);
        }
        frames.extend((!commands.is_empty()).then_some(commands));
        for commands in frames {
            self.send_commands(commands);
        }
    }

    fn send_commands(&mut self, commands: Vec<CommandEntry>) {
        let frame = ClientFrame::Submit {
            space: self.space(),
            replica: self.identity.replica,
            parent: self.identity.parent,
            answered_up_to: self.identity.answered_up_to,
            commands,
        };
        self.outputs.push_back(ReplicaOutput::Send(frame));
    }

    pub(super) fn unsend_from(&mut self, number: u64) {
        for pending in &mut self.outbox {
            pending.is_sent &= pending.entry.number.is_some_and(|of| of < number);
        }
    }

    /// Takes a new identity once everything known of is here, the history included: what the log holds leaves the outbox, by the commands'
    /// ids, and only the rest is sent by the new one.
    fn fork_if_caught_up(&mut self) {
        if !self.identity.must_fork || !self.is_current || !self.has_history() {
            return;
        }
        let mut writes = match self.settle_from_history() {
            Ok(writes) => writes,
            Err(error) => return self.outputs.push_back(ReplicaOutput::Damaged(error)),
        };
        let parent = self.identity.replica;
        let generation = self.identity.generation + 1;
        self.identity = Identity {
            replica: ReplicaId::derived("fork", &[self.fresh.bytes(), parent.bytes(), &generation.to_be_bytes()]),
            parent: Some(parent),
            last_number: 0,
            answered_up_to: 0,
            last_order: self.identity.last_order,
            generation,
            text_generation: 0,
            must_fork: false,
        };
        writes.push(self.identity_write());
        // The numbers were those of the old identity, also where they were answered.
        for pending in &mut self.outbox {
            pending.take_number_back();
            writes.push(OutboxWrite::Put { space: self.state.space, row: pending.row() });
        }
        // What had a number was in flight together with what it requires, and to be refused there: the verdict may not be kept there any more.
        writes.extend(self.refuse_dependents(&mut Dirty::default()));
        // The changes of texts were signed by the old identity.
        writes.extend(self.say_all_texts_again());
        self.save(Vec::new(), writes, Saving::default());
        self.rebase_all();
    }
}

/// Whether this is no verdict, but says that the log holds one, under another identity of the device.
pub(super) fn is_decided_further_back(refused: &Refused) -> bool {
    refused.typed() == Some(CoreRefusal::DecidedAlready {})
}

/// The refusal that a refusing commit holds.
fn refusal_at(reader: &dyn SpaceReader, at: Position) -> Result<Option<Refused>, ReadError> {
    let Some(stored) = reader.commit_with(at)? else { return Ok(None) };
    let commit = stored.open()?;
    Ok(Response::of(&commit).map(|response| response.refused))
}
