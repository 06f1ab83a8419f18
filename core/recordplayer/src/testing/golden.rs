//! The corpus of an entity's events: what was released once is read for ever.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::claims::Claims;
use crate::context::draft;
use crate::entity::{Entity, Stamp};
use crate::id::{ActorId, CommandId, Id, ReplicaId};
use crate::name::Name;
use crate::record::{Origin, Payload, Position, Record, RecordKind, StreamId};
use crate::time::Timestamp;

/// Checks a corpus: a text with one line for each form in which each event was ever written, `NAME PAYLOAD`, the payload as hex.
///
/// Every line must be read, with the help of [`Entity::upcast`] where it is old, and played. `events` are examples of all events as this version
/// writes them; each must stand in the corpus.
///
/// # Panics
///
/// Where an event of the corpus cannot be read or played, and where an example is missing: the message holds the lines to append.
///
/// ```
/// # use recordplayer::{context::Context, domain::Domain, entity::{Entity, Stamp}};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Debug, Default, Serialize, Deserialize)]
/// # struct Door { is_open: bool }
/// # #[derive(Clone, Debug, Serialize, Deserialize)]
/// # enum DoorCommand { Open {} }
/// # #[derive(Clone, Debug, Serialize, Deserialize)]
/// # enum DoorEvent { Opened {} }
/// # #[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
/// # enum DoorRefusal { #[error("no")] No {} }
/// # impl Entity for Door {
/// #     const KIND: &'static str = "door";
/// #     type Command = DoorCommand;
/// #     type Event = DoorEvent;
/// #     type Refusal = DoorRefusal;
/// #     fn decide(&self, _: &DoorCommand, _: &mut Context<'_>) -> Result<Vec<DoorEvent>, DoorRefusal> { Ok(vec![]) }
/// #     fn play(&mut self, _: &DoorEvent, _: &Stamp) { self.is_open = true; }
/// # }
/// use recordplayer::testing::golden;
/// golden::<Door>("door.opened a0", [DoorEvent::Opened {}]);
/// ```
pub fn golden<E: Entity>(corpus: &str, events: impl IntoIterator<Item = E::Event>) {
    let lines: BTreeSet<&str> = corpus.lines().filter(|line| !line.is_empty()).collect();
    for line in &lines {
        assert!(is_played::<E>(line), "an event that was released cannot be read or played any more: {line}");
    }
    let written = events.into_iter().map(|event| line_of::<E>(&event));
    let missing: Vec<String> = written.filter(|line| !lines.contains(line.as_str())).collect();
    assert!(missing.is_empty(), "not in the corpus; append, and never take a line away:\n{}", missing.join("\n"));
}

fn stream<E: Entity>() -> StreamId {
    StreamId::of::<E>(Id([7; 16]))
}

fn line_of<E: Entity>(event: &E::Event) -> String {
    let draft = draft::<E>(stream::<E>(), RecordKind::Event, event).expect("events can be encoded");
    format!("{} {}", draft.name, data_encoding::HEXLOWER.encode(&draft.payload))
}

fn is_played<E: Entity>(line: &str) -> bool {
    let parsed = line.split_once(' ').and_then(|(name, payload)| {
        Some((Name::new(name).ok()?, data_encoding::HEXLOWER.decode(payload.as_bytes()).ok()?))
    });
    let Some((name, payload)) = parsed else { return false };
    let payload = Payload::Plain(payload.into());
    let some = Id([1; 16]);
    let origin = Origin {
        command: CommandId(some),
        actor: ActorId(some),
        replica: ReplicaId(some),
        time: Timestamp(1),
        claims: Claims::default(),
    };
    let record = Record::new(Position(1), RecordKind::Event, stream::<E>(), name, origin, payload);
    let Some(event) = record.event::<E>() else { return false };
    catch_unwind(AssertUnwindSafe(|| E::default().play(event, &Stamp::of(&record)))).is_ok()
}
