//! The domain's tests: what happened before, one command, and what comes of it.
//!
//! ```
//! # use recordplayer::{context::Context, domain::Domain, entity::{Entity, Stamp}, id::Id};
//! # use serde::{Deserialize, Serialize};
//! #[derive(Clone, Debug, Default, Serialize, Deserialize)]
//! struct Door { is_open: bool }
//! #[derive(Clone, Debug, Serialize, Deserialize)]
//! enum DoorCommand { Open {} }
//! #[derive(Clone, Debug, Serialize, Deserialize)]
//! enum DoorEvent { Opened {} }
//! #[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
//! enum DoorRefusal {
//!     #[error("The door is open already")]
//!     OpenAlready {},
//! }
//!
//! impl Entity for Door {
//!     const KIND: &'static str = "door";
//!     type Command = DoorCommand;
//!     type Event = DoorEvent;
//!     type Refusal = DoorRefusal;
//!     fn decide(&self, _: &DoorCommand, _: &mut Context<'_>) -> Result<Vec<DoorEvent>, DoorRefusal> {
//!         if self.is_open { Err(DoorRefusal::OpenAlready {}) } else { Ok(vec![DoorEvent::Opened {}]) }
//!     }
//!     fn play(&mut self, _: &DoorEvent, _: &Stamp) { self.is_open = true; }
//! }
//!
//! use recordplayer::testing::given;
//! let door = Id([7; 16]);
//! let house = || given(Domain::new("house", 1).entity::<Door>());
//! house().when::<Door>(door, DoorCommand::Open {}).then([DoorEvent::Opened {}]);
//! house()
//!     .happened::<Door>(door, [DoorEvent::Opened {}])
//!     .when::<Door>(door, DoorCommand::Open {})
//!     .refused(DoorRefusal::OpenAlready {});
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::claims::Claims;
use crate::codec::decode_named;
use crate::commit::Draft;
use crate::context::{Deciding, draft};
use crate::decide::{Intent, Undecided, decide};
use crate::domain::Domain;
use crate::entity::Entity;
use crate::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use crate::membership::{Membership, MembershipEvent};
use crate::models::Models;
use crate::record::{Origin, Payload, Position, Record, RecordKind, StreamId};
use crate::refusal::Refused;
use crate::state::{SpaceState, Touched};
use crate::time::Timestamp;
use crate::view::{Key, View, ViewKey};

/// The space of every test.
pub const SPACE: SpaceId = SpaceId(Id([0x5a; 16]));

/// The person who founded the space of every test, and who acts until [`Given::by`] names another.
pub const FOUNDER: ActorId = ActorId(Id([0xf0; 16]));

/// A space of the domain, founded by [`FOUNDER`] and otherwise empty, decided at the authority.
pub fn given(domain: Domain) -> Given {
    given_in(domain, SPACE)
}

/// The personal space of [`FOUNDER`], otherwise empty.
pub fn given_personal(domain: Domain) -> Given {
    given_in(domain, SpaceId::personal(FOUNDER))
}

fn given_in(domain: Domain, space: SpaceId) -> Given {
    let state = SpaceState::empty(domain.shared(), space, 1);
    let given = Given {
        state,
        number: Position::START,
        commands: 0,
        actor: FOUNDER,
        now: Timestamp(1_700_000_000_000),
        claims: Claims::default(),
        is_authority: true,
        errand_with: None,
        records: Vec::new(),
    };
    let role = given.state.domain.role_names()[0].to_owned();
    let title = "the space of the test".to_owned();
    given.happened::<Membership>(space.0, [MembershipEvent::Founded { title, founder: FOUNDER, role }])
}

/// What was before the command.
pub struct Given {
    state: SpaceState,
    number: Position,
    commands: u64,
    actor: ActorId,
    now: Timestamp,
    claims: Claims,
    is_authority: bool,
    errand_with: Option<SpaceId>,
    records: Vec<Record>,
}

impl Given {
    /// Who acts from here on. Give them a role with [`Self::role`], or they are a stranger.
    pub fn by(mut self, actor: ActorId) -> Self {
        self.actor = actor;
        self
    }

    /// The role of whoever acts.
    pub fn role(self, role: &str) -> Self {
        let own = self.state.domain.own_roles_of(self.state.space, &self.state.models());
        let is_known = self.state.domain.role_names().contains(&role) || own.iter().any(|own| own.key == role);
        assert!(is_known, "there is no role {role:?}");
        let (person, space) = (self.actor, self.state.space);
        self.happened::<Membership>(space.0, [MembershipEvent::MemberAdded { person, role: role.to_owned() }])
    }

    /// What comes now comes by an errand: from this space, or from here to it and back.
    pub fn errand_with(mut self, other: SpaceId) -> Self {
        self.errand_with = Some(other);
        self
    }

    /// What comes now comes from a person again.
    pub fn without_errand(mut self) -> Self {
        self.errand_with = None;
        self
    }

    /// The time from here on.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// What whoever acts says about the following.
    pub fn claiming(mut self, claims: Claims) -> Self {
        self.claims = claims;
        self
    }

    /// From here on a device decides: what only the authority assigns stays provisional.
    pub fn on_a_device(mut self) -> Self {
        self.is_authority = false;
        self
    }

    /// Plays events of an entity.
    pub fn happened<E: Entity>(mut self, id: impl Into<Id>, events: impl IntoIterator<Item = E::Event>) -> Self {
        let id = id.into();
        self.commands += 1;
        for event in events {
            let draft =
                draft::<E>(StreamId::of::<E>(id), RecordKind::Event, &event).expect("the event can be a record");
            self.number = self.number.plus(1);
            let payload = Payload::Plain(draft.payload);
            let record = Record::new(self.number, draft.kind, draft.stream, draft.name, self.origin(), payload);
            self.state.play_event(&record, &mut Touched::default());
            self.records.push(record);
        }
        self
    }

    /// Decides a command that must be accepted, and plays its events.
    pub fn sent<E: Entity>(mut self, id: impl Into<Id>, command: E::Command) -> Self {
        match self.decide::<E>(id.into(), &command) {
            Ok(events) => {
                self.keep(&events);
                self
            }
            Err(why) => panic!("the test's preparation was refused: {command:?}\n  {why}"),
        }
    }

    /// As [`Self::sent`], for a command whose type was left behind.
    pub fn sent_intent(mut self, intent: &Intent) -> Self {
        match self.decide_intent(intent) {
            Ok(events) => {
                self.keep(&events);
                self
            }
            Err(why) => panic!("{} to {} was refused:\n  {why}", intent.name, intent.stream),
        }
    }

    /// Decides the command in question.
    pub fn when<E: Entity>(mut self, id: impl Into<Id>, command: E::Command) -> When<E> {
        let id = id.into();
        let outcome = self.decide::<E>(id, &command);
        if let Ok(events) = &outcome {
            self.keep(events);
        }
        When { given: self, id, command: format!("{command:?}"), outcome, entity: PhantomData }
    }

    /// The replica of whoever acts: the actors of its text changes must belong to it.
    pub fn replica(&self) -> ReplicaId {
        self.origin().replica
    }

    /// The id that the next command will have.
    pub fn next_command(&self) -> CommandId {
        command_id(self.commands + 1)
    }

    /// The entity as it is now.
    pub fn model<E: Entity>(&self, id: impl Into<Id>) -> Arc<E> {
        self.state.models().get::<E>(id)
    }

    /// All entities as they are now.
    pub fn models(&self) -> Models<'_> {
        self.state.models()
    }

    /// The view as it is now.
    pub fn view<V: View>(&self, key: impl Into<Key>) -> Arc<V> {
        let state = self.state.models().view_state(&ViewKey::of::<V>(key));
        state.downcast().unwrap_or_else(|_| panic!("the domain does not list the view {:?}", V::NAME))
    }

    /// All events so far, in their order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What was decided is so from now on.
    fn keep(&mut self, events: &[Draft]) {
        self.state.layers.merge();
        let origin = self.origin();
        for event in events {
            self.number = self.number.plus(1);
            let payload = Payload::Plain(Arc::clone(&event.payload));
            let (stream, name) = (event.stream.clone(), event.name.clone());
            self.records.push(Record::new(self.number, event.kind, stream, name, origin, payload));
        }
    }

    fn origin(&self) -> Origin {
        Origin {
            command: command_id(self.commands),
            actor: self.actor,
            replica: ReplicaId::derived("test replica", &[self.actor.bytes()]),
            time: self.now,
            claims: self.claims,
        }
    }

    fn decide<E: Entity>(&mut self, id: Id, command: &E::Command) -> Result<Vec<Draft>, Why> {
        self.decide_intent(&Intent::of::<E>(id, command).expect("the command can be a record"))
    }

    fn decide_intent(&mut self, intent: &Intent) -> Result<Vec<Draft>, Why> {
        self.commands += 1;
        let origin = self.origin();
        let deciding = Deciding {
            space: self.state.space,
            command: origin.command,
            actor: origin.actor,
            replica: origin.replica,
            now: origin.time,
            claims: origin.claims,
            is_authority: self.is_authority,
            is_of_policy: self.errand_with.is_some(),
            errand: self.errand_with,
            may_be_newer: false,
            name: None,
        };
        match decide(&mut self.state, &deciding, intent, origin, self.number) {
            Ok(decision) => Ok(decision.events),
            Err(Undecided::Refused(refused)) => Err(Why::Refused(refused)),
            Err(Undecided::UnknownCommand) => Err(Why::Failed("the domain does not know the command".to_owned())),
            Err(Undecided::Unreadable(error)) => Err(Why::Failed(error.to_string())),
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({:?} at {:?}, by {})", self.state, self.number, self.actor)
    }
}

fn command_id(number: u64) -> CommandId {
    CommandId::derived("test command", &[&number.to_be_bytes()])
}

enum Why {
    Refused(Refused),
    Failed(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => write!(f, "{}: {}", refused.code, refused.message),
            Self::Failed(text) => f.write_str(text),
        }
    }
}

/// What came of the command.
pub struct When<E> {
    given: Given,
    id: Id,
    command: String,
    outcome: Result<Vec<Draft>, Why>,
    entity: PhantomData<fn() -> E>,
}

impl<E: Entity> When<E> {
    /// The command was accepted, with exactly these events of its own entity.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = E::Event>) -> Self {
        let id = self.id;
        self.then_emits::<E>(id, expected)
    }

    /// The command was accepted, with exactly these events of that entity.
    #[track_caller]
    pub fn then_emits<O: Entity>(self, id: impl Into<Id>, expected: impl IntoIterator<Item = O::Event>) -> Self {
        let stream = StreamId::of::<O>(id.into());
        let events = match &self.outcome {
            Ok(events) => events,
            Err(why) => panic!("{} was not accepted:\n  {why}", self.command),
        };
        let found: Vec<String> = events.iter().filter(|event| event.stream == stream).map(words::<O>).collect();
        let expected = expected.into_iter().map(|event| {
            words::<O>(&draft::<O>(stream.clone(), RecordKind::Event, &event).expect("the event can be a record"))
        });
        let expected: Vec<String> = expected.collect();
        assert!(
            found == expected,
            "{} brought other events of {stream}:\n  expected:{}\n  found:{}",
            self.command,
            lines(&expected),
            lines(&found)
        );
        self
    }

    /// The command was accepted and changed nothing.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        let count = match &self.outcome {
            Ok(events) => events.len(),
            Err(why) => panic!("{} was not accepted:\n  {why}", self.command),
        };
        assert!(count == 0, "{} brought {count} events, and none was expected", self.command);
        self
    }

    /// The command was refused for this reason of its entity.
    #[track_caller]
    pub fn refused(self, expected: E::Refusal) {
        self.refused_with(&Refused::of(&expected).expect("the refusal can be a record"));
    }

    /// The command was refused for exactly this, be it by its entity, a guard or the core.
    #[track_caller]
    pub fn refused_with(self, expected: &Refused) {
        match &self.outcome {
            Ok(events) => panic!("{} was accepted with {events:?}\n  expected: {expected}", self.command),
            Err(Why::Failed(text)) => panic!("{} failed: {text}", self.command),
            Err(Why::Refused(found)) => assert!(
                found == expected,
                "{} was refused for another reason:\n  expected: {}: {}\n  found: {}: {}",
                self.command,
                expected.code,
                expected.message,
                found.code,
                found.message
            ),
        }
    }

    /// Decides another command behind it.
    pub fn and_when<O: Entity>(self, id: impl Into<Id>, command: O::Command) -> When<O> {
        self.given.when::<O>(id, command)
    }

    /// Everything after the command.
    pub fn after(self) -> Given {
        self.given
    }
}

impl<E> fmt::Debug for When<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "When({} to {})", self.command, self.id)
    }
}

/// An event as a test compares and prints it.
fn words<E: Entity>(draft: &Draft) -> String {
    let variant = draft.name.rsplit('.').next().unwrap_or(&draft.name);
    match decode_named::<E::Event>(variant, &draft.payload) {
        Ok(event) => format!("{event:?}"),
        Err(error) => format!("{} that cannot be read: {error}", draft.name),
    }
}

fn lines(events: &[String]) -> String {
    if events.is_empty() { " none".to_owned() } else { format!("\n    {}", events.join("\n    ")) }
}
