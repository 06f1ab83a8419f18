//! Entities and views as tables of functions over states whose type is erased.

use std::sync::Arc;

use crate::codec::{CodecError, decode, decode_named, encode, encode_named};
use crate::commit::Draft;
use crate::context::{Context, draft};
use crate::entity::{Entity, Stamp};
use crate::models::{AnyState, Models};
use crate::name::Name;
use crate::record::{Payload, Record, RecordKind, StreamId};
use crate::refusal::{CoreRefusal, Refused};
use crate::text::TextChange;
use crate::view::{Key, View};

/// Why a command brings no events.
#[derive(Debug)]
pub(crate) enum DecideError {
    Refused(Refused),
    /// This version does not know the command.
    UnknownCommand,
    /// It knows the command, and not all that it says.
    Unreadable(CodecError),
}

impl From<CoreRefusal> for DecideError {
    fn from(refusal: CoreRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

/// What playing an event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Played {
    Known,
    /// This version does not know the event; the state is as before.
    Unknown,
    /// The payload was erased; the state is as before.
    Erased,
}

/// The field and the change of a text that a command carries, by its variant and payload.
type CommandText = fn(&str, &[u8]) -> Option<(Name, TextChange)>;

type Decide = fn(&AnyState, &str, &[u8], &mut Context<'_>, &StreamId) -> Result<Vec<Draft>, DecideError>;

/// One kind of entity.
#[derive(Clone, Copy)]
pub(crate) struct EntityType {
    pub shape: u32,
    pub is_always_there: bool,
    pub unborn: fn() -> AnyState,
    pub decide: Decide,
    pub play: fn(&mut AnyState, &Record) -> Played,
    /// Whether this version can play the event.
    pub knows: fn(&Record) -> bool,
    pub encode: fn(&AnyState) -> Result<Vec<u8>, CodecError>,
    pub decode: fn(&[u8]) -> Result<AnyState, CodecError>,
    /// The name of the text's field and the change that an event carries.
    pub text_change: fn(&Record) -> Option<(Name, TextChange)>,
    pub command_text: CommandText,
    /// The value that an event sets.
    pub sets: fn(&Record) -> Option<String>,
    /// The command's payload with another change in it.
    pub with_text: fn(&str, &[u8], &TextChange) -> Option<Vec<u8>>,
}

fn typed<T: Send + Sync + 'static>(state: &AnyState) -> &T {
    state.downcast_ref().expect("a slot holds the state of its type")
}

/// Changes the state in place, or a copy of it where somebody else still looks at it.
fn change<T: Clone + Send + Sync + 'static>(state: &mut AnyState, change: impl FnOnce(&mut T)) {
    if let Some(own) = Arc::get_mut(state) {
        return change(own.downcast_mut().expect("a slot holds the state of its type"));
    }
    let mut copy = typed::<T>(state).clone();
    change(&mut copy);
    *state = Arc::new(copy);
}

impl EntityType {
    pub fn of<E: Entity>() -> Self {
        Self {
            shape: E::SHAPE,
            is_always_there: E::IS_ALWAYS_THERE,
            unborn: || Arc::new(E::default()),
            decide: decide::<E>,
            play: |state, record| {
                let Some(event) = record.event::<E>() else {
                    return if record.payload == Payload::Erased { Played::Erased } else { Played::Unknown };
                };
                change::<E>(state, |entity| entity.play(event, &Stamp::of(record)));
                Played::Known
            },
            knows: |record| record.event::<E>().is_some(),
            encode: |state| encode(typed::<E>(state)),
            decode: |bytes| Ok(Arc::new(decode::<E>(bytes)?)),
            text_change: |record| {
                let (field, change) = E::text_change(record.event::<E>()?)?;
                Some((Name::of(field), change.clone()))
            },
            sets: |record| E::sets(record.event::<E>()?),
            command_text: |variant, payload| {
                let mut command: E::Command = decode_named(variant, payload).ok()?;
                let (field, change) = E::command_text(&mut command)?;
                Some((Name::of(field), change.clone()))
            },
            with_text: |variant, payload, change| {
                let mut command: E::Command = decode_named(variant, payload).ok()?;
                E::command_text(&mut command)?.1.clone_from(change);
                encode_named(&command).ok().map(|(_, payload)| payload)
            },
        }
    }
}

fn decide<E: Entity>(
    state: &AnyState,
    variant: &str,
    payload: &[u8],
    cx: &mut Context<'_>,
    stream: &StreamId,
) -> Result<Vec<Draft>, DecideError> {
    let command: E::Command = match decode_named(variant, payload) {
        Ok(command) => command,
        Err(CodecError::UnknownVariant(_)) => return Err(DecideError::UnknownCommand),
        Err(error) => return Err(DecideError::Unreadable(error)),
    };
    let malformed = |error: CodecError| DecideError::from(CoreRefusal::from(&error));
    match typed::<E>(state).decide(&command, cx) {
        Ok(events) => {
            events.iter().map(|event| draft::<E>(stream.clone(), RecordKind::Event, event).map_err(malformed)).collect()
        }
        Err(refusal) => Err(DecideError::Refused(Refused::of(&refusal).map_err(malformed)?)),
    }
}

/// One view.
#[derive(Clone, Copy)]
pub(crate) struct ViewType {
    pub version: u32,
    pub is_consistent: bool,
    pub empty: fn() -> AnyState,
    pub keys: fn(&StreamId, &Models<'_>) -> Vec<Key>,
    pub along: fn(&StreamId, &Models<'_>) -> Vec<StreamId>,
    pub concerns: fn(&Record) -> bool,
    pub lists_entities: fn(&Key) -> bool,
    pub play: fn(&mut AnyState, &Key, &Record, &Models<'_>),
    pub encode: fn(&AnyState) -> Result<Vec<u8>, CodecError>,
    pub decode: fn(&[u8]) -> Result<AnyState, CodecError>,
    /// What another version has saved, where it can be shown.
    pub from_version: fn(u32, &[u8]) -> Option<AnyState>,
}

impl ViewType {
    pub fn of<V: View>(is_consistent: bool) -> Self {
        Self {
            version: V::VERSION,
            is_consistent,
            empty: || Arc::new(V::default()),
            keys: V::keys,
            along: V::along,
            concerns: V::concerns,
            lists_entities: V::lists_entities,
            play: |state, key, record, after| change::<V>(state, |view| view.play(key, record, after)),
            encode: |state| encode(typed::<V>(state)),
            decode: |bytes| Ok(Arc::new(decode::<V>(bytes)?)),
            from_version: |version, saved| Some(Arc::new(V::from_version(version, saved)?)),
        }
    }
}
