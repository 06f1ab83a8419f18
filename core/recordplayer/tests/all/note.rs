//! A note with one text, and a rule by which one edit can be refused and the next one not.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::machines::Device;
use rand::RngExt;
use recordplayer::claims::Claims;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{ActId, CommandId, Id};
use recordplayer::replica::{TextEdit, TextWork};
use recordplayer::testing::{DeviceId, World};
use recordplayer::text::{Text, TextChange, TextRefusal};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

pub const TEXT: &str = "text";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub text: Text,
    banned: BTreeSet<CommandId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NoteCommand {
    Write {
        change: TextChange,
    },
    /// From now on this command is refused.
    Ban {
        command: CommandId,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NoteEvent {
    Written { change: TextChange },
    Banned { command: CommandId },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum NoteRefusal {
    #[error("This edit was banned. Write something else")]
    Banned {},
    #[error("{why}")]
    Text { why: TextRefusal },
}

impl Entity for Note {
    const KIND: &'static str = "note";
    type Command = NoteCommand;
    type Event = NoteEvent;
    type Refusal = NoteRefusal;

    fn decide(&self, command: &NoteCommand, cx: &mut Context<'_>) -> Result<Vec<NoteEvent>, NoteRefusal> {
        match command {
            NoteCommand::Write { .. } if self.banned.contains(&cx.command()) => Err(NoteRefusal::Banned {}),
            NoteCommand::Write { change } => {
                self.text.check(change, cx.replica()).map_err(|why| NoteRefusal::Text { why })?;
                Ok(vec![NoteEvent::Written { change: change.clone() }])
            }
            NoteCommand::Ban { command } => Ok(vec![NoteEvent::Banned { command: *command }]),
        }
    }

    fn play(&mut self, event: &NoteEvent, _: &Stamp) {
        match event {
            NoteEvent::Written { change } => self.text.play(change),
            NoteEvent::Banned { command } => drop(self.banned.insert(*command)),
        }
    }

    fn text_change(event: &NoteEvent) -> Option<(&'static str, &TextChange)> {
        if let NoteEvent::Written { change } = event { Some((TEXT, change)) } else { None }
    }

    fn command_text(command: &mut NoteCommand) -> Option<(&'static str, &mut TextChange)> {
        if let NoteCommand::Write { change } = command { Some((TEXT, change)) } else { None }
    }
}

pub fn note() -> Id {
    Id([1; 16])
}

/// Writes words at the end of the note.
pub fn write(world: &mut World, device: DeviceId, words: &str) -> Vec<CommandId> {
    let before = text(world, device);
    let command = CommandId(Id(world.random().random()));
    let edit = TextEdit::<Note> {
        command,
        entity: note(),
        claims: Claims::of_act(ActId(command.0)),
        work: TextWork::Replace(&format!("{before}{words}")),
        make: |change| NoteCommand::Write { change },
    };
    world.edit(device, &edit).unwrap()
}

/// The whole text of the note, as a device shows it.
pub fn text(world: &World, device: DeviceId) -> String {
    world.replica(device).text::<Note>(note(), TEXT).unwrap().text()
}

/// Makes the note of a device alone be this text. Edits of one act are joined while they wait.
pub fn make(device: &mut Device, command: u8, act: u8, text: &str) -> CommandId {
    let edit = TextEdit::<Note> {
        command: CommandId(Id([command; 16])),
        entity: note(),
        claims: Claims::of_act(ActId(Id([act; 16]))),
        work: TextWork::Replace(text),
        make: |change| NoteCommand::Write { change },
    };
    let commands = device.replica.edit_text(Timestamp(0), &edit).unwrap();
    device.work();
    commands[0]
}

/// The whole text of the note, as a device alone shows it.
pub fn text_on(device: &Device) -> String {
    device.replica.text::<Note>(note(), TEXT).unwrap().text()
}

pub fn ban(command: u8) -> Intent {
    Intent::of::<Note>(note(), &NoteCommand::Ban { command: CommandId(Id([command; 16])) }).unwrap()
}

pub fn domain() -> Arc<Domain> {
    Domain::new("notes", 1).entity::<Note>().shared()
}
