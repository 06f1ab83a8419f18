//! An event-sourced object: it decides commands and plays events.

use std::fmt::{Debug, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::record::{Origin, Position, Record};
use crate::text::TextChange;

/// What can stand in a record or be saved: plain data that serde reads and writes.
pub trait Data: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static> Data for T {}

/// An event-sourced object of a space.
///
/// `decide` is pure: it reads itself and, through the context, others of its space, and answers with events or with a refusal that is data.
/// `play` is total and deterministic: the event has already happened. Nothing else changes an entity.
///
/// Commands, events and refusals are enums whose variants have named fields; a variant's snake-case name stands in the record
/// (`card.moved`), its fields are the payload. An entity that no event has reached yet is its `Default`.
pub trait Entity: Default + Data {
    /// On disk for ever; never a Rust type name.
    const KIND: &'static str;
    /// Bump when the fields or `play` change: saved models are rebuilt from the log.
    const SHAPE: u32 = 1;
    /// Whether there is one without anybody making it: then no command on it builds on the first one, and is not refused with that.
    const IS_ALWAYS_THERE: bool = false;

    type Command: Data;
    type Event: Data;
    /// Why a command is refused; its text is the sentence that a person reads, and says what would help.
    type Refusal: Data + Display;

    fn decide(&self, command: &Self::Command, cx: &mut Context<'_>) -> Result<Vec<Self::Event>, Self::Refusal>;

    fn play(&mut self, event: &Self::Event, stamp: &Stamp);

    /// Reads an event of an older version that none of the variants is any more: `name` without the kind, and its payload.
    fn upcast(name: &str, payload: &[u8]) -> Option<Self::Event> {
        let _ = (name, payload);
        None
    }

    /// The change of a merged text that an event carries, with the name of the text's field. The framework keeps the changes in a table of
    /// their own; the entity's [`crate::text::Text`] plays only their heads.
    fn text_change(event: &Self::Event) -> Option<(&'static str, &TextChange)> {
        let _ = event;
        None
    }

    /// Which value of the entity an event sets (`title`). Where somebody sets a value that another person has set without their knowing, both
    /// are told; events without an answer here meet nobody.
    fn sets(event: &Self::Event) -> Option<String> {
        let _ = event;
        None
    }

    /// The change of a merged text that a command carries, with the name of the text's field. The replica makes such commands
    /// ([`crate::replica::Replica::edit_text`]), and puts another change in the place of one that builds on what was refused.
    fn command_text(command: &mut Self::Command) -> Option<(&'static str, &mut TextChange)> {
        let _ = command;
        None
    }
}

/// What a record brings along for `play`: there is no other clock and no other source of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The record's number; while the event is optimistic, one that may still change.
    pub number: Position,
    pub origin: Origin,
}

impl Stamp {
    pub fn of(record: &Record) -> Self {
        Self { number: record.number, origin: record.origin }
    }
}
