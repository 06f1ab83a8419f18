//! Deciding one command on a speculative layer: the same for the authority and for a device.
//!
//! ```text
//!   command ─► guards ─► Entity::decide ─► events ─► play on the speculative layer ─► Decision, the layer stays for the caller to keep
//!                 └────────────┴── refused, unknown, damaged, or a panic ─► the layer is dropped
//! ```

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::commit::Draft;
use crate::context::{Context, Deciding};
use crate::domain::DecideError;
use crate::entity::Entity;
use crate::limits::{COMMIT_EVENTS_MAX, PAYLOAD_BYTES_MAX};
use crate::membership::Membership;
use crate::models::ReadSet;
use crate::name::Name;
use crate::record::{Origin, Payload, Position, Record, RecordKind, StreamId};
use crate::refusal::{CoreRefusal, Refused};
use crate::state::{SpaceState, Touched};
use crate::storage::ReadError;

/// A command as it is decided: what it is about, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub stream: StreamId,
    /// The kind and the snake-case variant: `card.move`.
    pub name: Name,
    pub payload: Arc<[u8]>,
}

impl Intent {
    /// A typed command of an entity.
    pub fn of<E: Entity>(id: impl Into<crate::id::Id>, command: &E::Command) -> Result<Self, crate::codec::CodecError> {
        let draft = crate::context::draft::<E>(StreamId::of::<E>(id.into()), RecordKind::Command, command)?;
        Ok(Self { stream: draft.stream, name: draft.name, payload: draft.payload })
    }

    /// The command again, if it is one of `E` that this version knows.
    pub fn typed<E: Entity>(&self) -> Option<E::Command> {
        if *self.stream.kind != *E::KIND {
            return None;
        }
        crate::codec::decode_named(self.variant(), &self.payload).ok()
    }

    /// The name without the kind in front.
    pub fn variant(&self) -> &str {
        self.name.strip_prefix(&*self.stream.kind).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&self.name)
    }

    pub(crate) fn draft(&self) -> Draft {
        Draft {
            kind: RecordKind::Command,
            stream: self.stream.clone(),
            name: self.name.clone(),
            payload: Arc::clone(&self.payload),
        }
    }
}

/// An accepted command. Its events are played on the top layer, which the caller merges or drops.
pub(crate) struct Decision {
    pub events: Vec<Draft>,
    pub touched: Touched,
    pub reads: ReadSet,
}

/// A command without events.
#[derive(Debug)]
pub(crate) enum Undecided {
    Refused(Refused),
    /// This version does not know the command; a newer one will.
    UnknownCommand,
    /// The store could not be read: nothing is decided.
    Unreadable(ReadError),
}

impl From<CoreRefusal> for Undecided {
    fn from(refusal: CoreRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Undecided {
    fn of(error: DecideError, deciding: &Deciding) -> Self {
        match error {
            DecideError::Refused(refused) => Self::Refused(refused),
            DecideError::UnknownCommand => Self::UnknownCommand,
            DecideError::Unreadable(_) if deciding.may_be_newer => Self::UnknownCommand,
            DecideError::Unreadable(error) => CoreRefusal::from(&error).into(),
        }
    }
}

/// Decides the command on the state as it is with all its layers, and plays the events on a new layer on top. The events are numbered from
/// behind `command_number`.
pub(crate) fn decide(
    state: &mut SpaceState,
    deciding: &Deciding,
    intent: &Intent,
    origin: Origin,
    command_number: Position,
) -> Result<Decision, Undecided> {
    state.layers.push();
    let depth = state.layers.depth();
    let outcome = catch_unwind(AssertUnwindSafe(|| decide_and_play(state, deciding, intent, origin, command_number)));
    let outcome = outcome.unwrap_or_else(|_| Err(CoreRefusal::Quarantined {}.into()));
    let outcome = match state.take_failure() {
        Some(failure) => Err(Undecided::Unreadable(failure)),
        None => outcome,
    };
    assert_eq!(state.layers.depth(), depth, "deciding leaves its one layer");
    if outcome.is_err() {
        state.layers.pop();
    }
    outcome
}

fn decide_and_play(
    state: &mut SpaceState,
    deciding: &Deciding,
    intent: &Intent,
    origin: Origin,
    command_number: Position,
) -> Result<Decision, Undecided> {
    if intent.payload.len() > PAYLOAD_BYTES_MAX {
        return Err(CoreRefusal::TooLarge { bytes: intent.payload.len() as u64 }.into());
    }
    let reads = RefCell::default();
    let events = events_of(state, deciding, intent, &reads)?;
    if events.len() > COMMIT_EVENTS_MAX {
        return Err(CoreRefusal::TooLarge { bytes: events.iter().map(|event| event.payload.len() as u64).sum() }.into());
    }
    let mut touched = Touched::default();
    for (event, index) in events.iter().zip(1..) {
        let payload = Payload::Plain(Arc::clone(&event.payload));
        let number = command_number.plus(index);
        let record = Record::new(number, event.kind, event.stream.clone(), event.name.clone(), origin, payload);
        state.play_event(&record, &mut touched);
    }
    Ok(Decision { events, touched, reads: reads.into_inner() })
}

/// What a guard says of a command, if one refuses it.
pub(crate) fn guarded(state: &SpaceState, deciding: &Deciding, intent: &Intent) -> Option<Refused> {
    let reads = RefCell::default();
    ask_guards(state, intent, &Context::new(deciding, &intent.stream, &state.layers, &reads)).err()
}

fn ask_guards(state: &SpaceState, intent: &Intent, cx: &Context<'_>) -> Result<(), Refused> {
    if *intent.stream.kind == *Membership::KIND {
        return Ok(());
    }
    state.domain.guards().iter().try_for_each(|guard| guard(&intent.stream, &intent.name, cx))
}

fn events_of(
    state: &SpaceState,
    deciding: &Deciding,
    intent: &Intent,
    reads: &RefCell<ReadSet>,
) -> Result<Vec<Draft>, Undecided> {
    let Some(kind) = state.domain.entity_type(&intent.stream.kind) else { return Err(Undecided::UnknownCommand) };
    let slot = state.models_noting(reads).slot(&intent.stream);
    if slot.is_read_only() {
        return Err(CoreRefusal::NewerRecords {}.into());
    }
    let mut cx = Context::new(deciding, &intent.stream, &state.layers, reads);
    if !deciding.is_of_policy {
        ask_guards(state, intent, &cx).map_err(Undecided::Refused)?;
    }
    let events = (kind.decide)(&slot.state, intent.variant(), &intent.payload, &mut cx, &intent.stream);
    let mut events = events.map_err(|error| Undecided::of(error, deciding))?;
    events.extend(cx.finish().map_err(|error| Undecided::from(CoreRefusal::from(&error)))?);
    let emits_into_newer = events.iter().any(|event| state.models().slot(&event.stream).is_read_only());
    if emits_into_newer {
        return Err(CoreRefusal::NewerRecords {}.into());
    }
    Ok(events)
}
