//! Editing texts: edits become commands, and are joined while they wait.
//!
//! ```text
//!  edit_text ─► the device's text: confirmed changes, then those that wait ─► the difference as a change ─► a command in the outbox
//!                                                     └─ the last edit has no number yet: joined with it
//! ```

use std::sync::Arc;

use super::outbox::{OutboxEntry, Pending};
use super::rebase::Dirty;
use super::submit::Work;
use super::{Replica, Saving, SubmitError, Wish};
use crate::claims::Claims;
use crate::decide::Intent;
use crate::entity::Entity;
use crate::id::{CommandId, Id};
use crate::name::Name;
use crate::planted::{Bug, is_planted};
use crate::record::{Payload, Record, StreamId};
use crate::refusal::CoreRefusal;
use crate::state::text_change;
use crate::storage::{OutboxWrite, ReadError, TextKey};
use crate::text::{Ground, TextActor, TextChange, TextDocument, TextRefusal};
use crate::time::Timestamp;

/// An edit of a text, as the person made it.
#[derive(Clone, Debug)]
pub struct TextEdit<'a, E: Entity> {
    /// Fresh for each edit.
    pub command: CommandId,
    /// The entity that holds the text.
    pub entity: Id,
    /// Edits that claim the same are joined while they wait.
    pub claims: Claims,
    pub work: TextWork<'a>,
    /// Puts a change into a command: `|change| CardCommand::Describe { change }`. [`Entity::command_text`] finds it there again.
    pub make: fn(TextChange) -> E::Command,
}

/// What is done to a text.
#[derive(Clone, Copy, Debug)]
pub enum TextWork<'a> {
    /// It shall be this, by the difference to what the device has.
    Replace(&'a str),
    /// What makes the one text the other, on the text as it is by now: what came meanwhile stays.
    Edit { before: &'a str, after: &'a str },
    /// Characters go and others come. Positions and lengths count code points.
    Splice { position: usize, delete: usize, insert: &'a str },
}

pub(super) fn refused(why: TextRefusal) -> SubmitError {
    SubmitError::Refused(CoreRefusal::Text { why }.into())
}

impl Replica {
    /// A text with everything that waits.
    pub fn text<E: Entity>(&self, id: impl Into<Id>, field: &'static str) -> Result<TextDocument, ReadError> {
        self.text_upto(&text_key::<E>(id.into(), field), self.outbox.len())
    }

    /// A text as it is confirmed.
    pub fn confirmed_text<E: Entity>(&self, id: impl Into<Id>, field: &'static str) -> Result<TextDocument, ReadError> {
        self.text_upto(&text_key::<E>(id.into(), field), 0)
    }

    /// Edits a text: the changes that it takes, each as a command. Nothing where the text is so already.
    ///
    /// An edit by the same act that follows one without a number is joined with it, so that typing offline makes one command of a run, not
    /// one of each letter; its id is then answered.
    pub fn edit_text<E: Entity>(
        &mut self,
        now: Timestamp,
        edit: &TextEdit<'_, E>,
    ) -> Result<Vec<CommandId>, SubmitError> {
        let mut probe = (edit.make)(TextChange::new(Vec::new()));
        let (field, _) = E::command_text(&mut probe).expect("the command that was made carries a change of a text");
        let key = TextKey { stream: StreamId::of::<E>(edit.entity), field: Name::of(field) };
        let (mut document, skipped) = self.read_text(&key, self.outbox.len()).map_err(SubmitError::Read)?;
        self.leave_hidden_edits(&key, &skipped);
        let changes = match edit.work {
            TextWork::Replace(text) => document.edit(self.text_actor(), text),
            TextWork::Edit { before, after } => {
                let now = document.text();
                let on_this = |now: &str| {
                    let mut ground = Ground::between(before, now)?;
                    ground.take_text(after)?;
                    Ok(ground.text())
                };
                let is_same = now == before || is_planted(Bug::OverwriteText);
                let text = if is_same { Ok(after.to_owned()) } else { on_this(&now) };
                text.and_then(|text| document.edit(self.text_actor(), &text))
            }
            TextWork::Splice { position, delete, insert } => {
                document.splice(self.text_actor(), position, delete, insert)
            }
        };
        let changes = changes.map_err(refused)?;
        if !changes.is_empty()
            && let Some(at) = self.joinable(&key, &edit.claims).filter(|at| !skipped.contains(at))
            && let Some(command) = self.join(at, &key, &document.text())?
        {
            return Ok(vec![command]);
        }
        let length = self.outbox.len();
        let mut work = Work::default();
        let commands = self.admit_edit(now, edit, changes, &mut work);
        if commands.is_err() {
            self.take_back(length);
        } else {
            self.carry_out(work);
        }
        commands
    }

    /// Each change of an edit as a command; each requires the one before.
    fn admit_edit<E: Entity>(
        &mut self,
        now: Timestamp,
        edit: &TextEdit<'_, E>,
        changes: Vec<TextChange>,
        work: &mut Work,
    ) -> Result<Vec<CommandId>, SubmitError> {
        let mut commands: Vec<CommandId> = Vec::new();
        for (change, part) in changes.into_iter().zip(0_u64..) {
            let intent = Intent::of::<E>(edit.entity, &(edit.make)(change))
                .map_err(|error| SubmitError::Refused(CoreRefusal::Malformed { why: error.to_string() }.into()))?;
            let command = if part == 0 { edit.command } else { part_of(edit.command, part) };
            let wish =
                Wish { command, intent, claims: edit.claims, requires: commands.last().copied().into_iter().collect() };
            commands.push(self.admit(now, wish, work)?);
        }
        Ok(commands)
    }

    pub(super) fn text_actor(&self) -> TextActor {
        TextActor { replica: self.identity.replica, generation: self.identity.text_generation }
    }

    /// An edit that `decide` refuses here, or that builds on what was redacted, is not shown, and yet waits: its sequence number is taken. What
    /// comes now is another actor's.
    pub(super) fn leave_hidden_edits(&mut self, key: &TextKey, skipped: &[usize]) {
        let actor = self.text_actor();
        let is_of_actor = |(of, change): (TextKey, TextChange)| {
            of == *key && change.author().is_some_and(|(author, _)| author == actor)
        };
        let is_hidden = |(at, pending): &(usize, &Pending)| {
            pending.is_shown() && (pending.optimistic.is_none() || skipped.contains(at))
        };
        let mut hidden = self.outbox.iter().enumerate().filter(is_hidden);
        if hidden.any(|(_, pending)| self.command_text(&pending.entry).is_some_and(is_of_actor)) {
            self.identity.text_generation += 1;
            let write = self.identity_write();
            self.save(Vec::new(), vec![write], Saving::default());
        }
    }

    /// The text with what the first `count` commands of the outbox do to it.
    pub(super) fn text_upto(&self, key: &TextKey, count: usize) -> Result<TextDocument, ReadError> {
        Ok(self.read_text(key, count)?.0)
    }

    /// The same, with the places of those whose changes it does not take, for what they build on is not there any more.
    pub(super) fn read_text(&self, key: &TextKey, count: usize) -> Result<(TextDocument, Vec<usize>), ReadError> {
        let mut document = self.state.text_rows(self.reader.as_ref(), key)?.open()?;
        let waiting = self.outbox[..count].iter().zip(0..);
        let changes =
            waiting.flat_map(|(pending, at)| self.changes_of(pending, key).into_iter().map(move |it| (at, it)));
        let changes: Vec<(usize, TextChange)> = changes.collect();
        let are_applied = document.apply_each(changes.iter().map(|(_, change)| change));
        let skipped = changes.iter().zip(are_applied).filter(|(_, is_applied)| !is_applied);
        let skipped = skipped.map(|((at, _), _)| *at).collect();
        Ok((document, skipped))
    }

    /// What a command does to the text on the optimistic state.
    fn changes_of(&self, pending: &Pending, key: &TextKey) -> Vec<TextChange> {
        let Some(optimistic) = pending.optimistic.as_ref().filter(|_| pending.is_shown()) else { return Vec::new() };
        let events = optimistic.events.iter().filter(|event| event.stream == key.stream);
        let change = |event: &crate::commit::Draft| {
            let payload = Payload::Plain(Arc::clone(&event.payload));
            let origin = self.origin_of(&pending.entry);
            let record = Record::new(
                self.state.head.position,
                event.kind,
                event.stream.clone(),
                event.name.clone(),
                origin,
                payload,
            );
            text_change(&self.domain, &record).filter(|(of, _)| of == key).map(|(_, change)| change)
        };
        events.filter_map(change).collect()
    }

    /// The text that a command edits, and its change.
    pub(super) fn command_text(&self, entry: &OutboxEntry) -> Option<(TextKey, TextChange)> {
        let kind = self.domain.entity_type(&entry.stream.kind)?;
        let (field, change) = (kind.command_text)(entry.intent().variant(), &entry.payload)?;
        Some((TextKey { stream: entry.stream.clone(), field }, change))
    }

    /// The last edit of the text, if it may still be changed and belongs to the same act.
    fn joinable(&self, key: &TextKey, claims: &Claims) -> Option<usize> {
        let edits = |pending: &Pending| self.command_text(&pending.entry).is_some_and(|(of, _)| of == *key);
        let at = self.outbox.iter().rposition(|pending| pending.is_shown() && edits(pending))?;
        let Pending { entry, optimistic, .. } = &self.outbox[at];
        let is_open = entry.number.is_none() && entry.claims == *claims && optimistic.is_some() && entry.text.is_none();
        is_open.then_some(at)
    }

    /// Lets the waiting edit make the text be `text`; nothing where that takes more than one change, or none.
    fn join(&mut self, at: usize, key: &TextKey, text: &str) -> Result<Option<CommandId>, SubmitError> {
        let mut document = self.text_upto(key, at).map_err(SubmitError::Read)?;
        let Ok(changes) = document.edit(self.text_actor(), text) else { return Ok(None) };
        let [change] = changes.as_slice() else { return Ok(None) };
        let Some(payload) = self.payload_with(&self.outbox[at].entry, change) else { return Ok(None) };
        let pending = &mut self.outbox[at];
        Arc::make_mut(&mut pending.entry).payload = payload;
        pending.is_stored = false;
        let command = pending.entry.command;
        let write = OutboxWrite::Put { space: self.state.space, row: self.outbox[at].row() };
        self.save(Vec::new(), vec![write], Saving { stored: vec![command], ..Saving::default() });
        let mut dirty = Dirty::default();
        dirty.streams.insert(key.stream.clone());
        let shown = self.rebase(dirty);
        self.changed(shown);
        Ok(Some(command))
    }

    pub(super) fn payload_with(&self, entry: &OutboxEntry, change: &TextChange) -> Option<Vec<u8>> {
        let kind = self.domain.entity_type(&entry.stream.kind)?;
        (kind.with_text)(entry.intent().variant(), &entry.payload, change)
    }
}

fn text_key<E: Entity>(id: Id, field: &'static str) -> TextKey {
    TextKey { stream: StreamId::of::<E>(id), field: Name::of(field) }
}

pub(super) fn part_of(command: CommandId, part: u64) -> CommandId {
    CommandId::derived("part of an edit", &[command.bytes(), &part.to_be_bytes()])
}
