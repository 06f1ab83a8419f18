//! What `decide` is told of its surroundings, and what it is told is what holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::codec::encode;
use recordplayer::context::{Assigned, Context};
use recordplayer::decide::Intent;
use recordplayer::domain::{Domain, UniqueName};
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{ActorId, CommandId, Id, SpaceId};
use recordplayer::limits::{COMMIT_EVENTS_MAX, PAYLOAD_BYTES_MAX};
use recordplayer::refusal::{CoreRefusal, Refused};
use recordplayer::space::{NameTable, Names};
use recordplayer::testing::{FOUNDER, SPACE, given};
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::machines::{self, Authority, FIRST};

const BO: ActorId = ActorId(Id([0xb0; 16]));
const PROBE: Id = Id([3; 16]);

/// Writes down whatever it can see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Probe {
    name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum ProbeCommand {
    Look {},
    Name { names: Vec<String> },
    Burst { events: usize, words: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum ProbeEvent {
    Seen(Surroundings),
    Named { name: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Surroundings {
    id: Id,
    space: SpaceId,
    actor: ActorId,
    role: Option<String>,
    now: Timestamp,
    happened_at: Option<Timestamp>,
    claimed_actor: Option<ActorId>,
    undoes: Option<CommandId>,
    assigned: Option<u8>,
    ids: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum ProbeRefusal {
    #[error("There is no name left")]
    NoName {},
    #[error("{name:?} is taken")]
    Taken { name: String },
}

impl Entity for Probe {
    const KIND: &'static str = "probe";
    type Command = ProbeCommand;
    type Event = ProbeEvent;
    type Refusal = ProbeRefusal;

    fn decide(&self, command: &ProbeCommand, cx: &mut Context<'_>) -> Result<Vec<ProbeEvent>, ProbeRefusal> {
        match command {
            ProbeCommand::Look {} => {}
            ProbeCommand::Name { .. } => {
                let name = cx.claimed_name().ok_or(ProbeRefusal::NoName {})?.to_owned();
                return Ok(vec![ProbeEvent::Named { name }]);
            }
            ProbeCommand::Burst { events, .. } => {
                return Ok(vec![ProbeEvent::Named { name: String::new() }; *events]);
            }
        }
        let ids = vec![cx.new_id("a"), cx.new_id("a"), cx.new_id("b")];
        let seen = Surroundings {
            id: cx.id(),
            space: cx.space(),
            actor: cx.actor(),
            role: cx.role(),
            now: cx.now(),
            happened_at: cx.happened_at(),
            claimed_actor: cx.claimed_actor(),
            undoes: cx.undoes(),
            assigned: cx.assign(|| 7).value().copied(),
            ids,
        };
        Ok(vec![ProbeEvent::Seen(seen)])
    }

    fn play(&mut self, event: &ProbeEvent, _: &Stamp) {
        if let ProbeEvent::Named { name } = event {
            self.name = Some(name.clone());
        }
    }
}

fn claimed(intent: &Intent) -> Vec<String> {
    match intent.typed::<Probe>() {
        Some(ProbeCommand::Name { names }) => names,
        Some(ProbeCommand::Look {} | ProbeCommand::Burst { .. }) | None => Vec::new(),
    }
}

fn domain() -> Domain {
    let unique = UniqueName {
        claimed,
        held: |_, models| models.get::<Probe>(PROBE).name.clone(),
        taken: |name| Refused::of(&ProbeRefusal::Taken { name: name.to_owned() }).expect("it is small"),
    };
    Domain::new("probes", 1).entity::<Probe>().unique_name(unique).roles(&["owner", "reader"])
}

/// The ids are the same wherever the command is decided, and no two of them.
fn ids(command: u64) -> Vec<Id> {
    let command = CommandId::derived("test command", &[&command.to_be_bytes()]);
    let id =
        |label: &str, index: u64| Id::derived("new id", &[command.bytes(), label.as_bytes(), &index.to_be_bytes()]);
    vec![id("a", 1), id("a", 2), id("b", 1)]
}

#[test]
fn whoever_decides_is_told_who_when_where_and_what_is_claimed() {
    let claims = Claims {
        happened_at: Some(Timestamp(5)),
        actor: Some(ActorId(Id([6; 16]))),
        undoes: Some(CommandId(Id([8; 16]))),
        ..Claims::default()
    };
    let at = Timestamp(1_800_000_000_000);
    let seen = Surroundings {
        id: PROBE,
        space: SPACE,
        actor: BO,
        role: Some("reader".to_owned()),
        now: at,
        happened_at: claims.happened_at,
        claimed_actor: claims.actor,
        undoes: claims.undoes,
        assigned: Some(7),
        ids: ids(3),
    };
    let look = || ProbeCommand::Look {};
    let bo = || given(domain()).at(at).by(BO).role("reader").claiming(claims);
    bo().when::<Probe>(PROBE, look()).then([ProbeEvent::Seen(seen.clone())]);
    let on_a_device = Surroundings { assigned: None, ..seen.clone() };
    bo().on_a_device().when::<Probe>(PROBE, look()).then([ProbeEvent::Seen(on_a_device)]);
    let of_the_founder = Surroundings {
        actor: FOUNDER,
        role: Some("owner".to_owned()),
        happened_at: None,
        claimed_actor: None,
        undoes: None,
        ids: ids(2),
        ..seen.clone()
    };
    given(domain()).at(at).when::<Probe>(PROBE, look()).then([ProbeEvent::Seen(of_the_founder.clone())]);
    let of_a_stranger = Surroundings { actor: BO, role: None, ..of_the_founder };
    given(domain()).at(at).by(BO).when::<Probe>(PROBE, look()).then([ProbeEvent::Seen(of_a_stranger)]);
}

#[test]
fn what_is_not_assigned_yet_has_no_value() {
    assert_eq!(Assigned::<u8>::default().value(), None);
    assert_eq!(Assigned::Final { value: 3 }.value(), Some(&3));
}

/// One command and what it brings about fit one commit, and one payload one record; more is refused, and nothing of it is played.
#[test]
fn a_command_is_only_so_large_and_brings_only_so_much_about() {
    let burst = |events, words: &str| ProbeCommand::Burst { events, words: words.to_owned() };
    let named = ProbeEvent::Named { name: String::new() };
    let all = vec![named; COMMIT_EVENTS_MAX];
    given(domain()).when::<Probe>(PROBE, burst(COMMIT_EVENTS_MAX, "")).then(all);
    let too_large = |bytes: usize| Refused::from(CoreRefusal::TooLarge { bytes: bytes as u64 });
    let one = given(domain()).when::<Probe>(PROBE, burst(1, "")).after();
    assert_eq!(one.model::<Probe>(PROBE).name.as_deref(), Some(""));
    let event_bytes = encode(&BTreeMap::from([("name", "")])).unwrap().len();
    let too_many = COMMIT_EVENTS_MAX + 1;
    given(domain()).when::<Probe>(PROBE, burst(too_many, "")).refused_with(&too_large(too_many * event_bytes));
    let bytes = |words: &str| Intent::of::<Probe>(PROBE, &burst(1, words)).unwrap().payload.len();
    let largest = "x".repeat(PAYLOAD_BYTES_MAX - (bytes(&"x".repeat(PAYLOAD_BYTES_MAX / 2)) - PAYLOAD_BYTES_MAX / 2));
    assert_eq!(bytes(&largest), PAYLOAD_BYTES_MAX);
    given(domain()).when::<Probe>(PROBE, burst(1, &largest)).then([ProbeEvent::Named { name: String::new() }]);
}

/// The dearest name that no other space has; where others have all of them, the author is told so of the dearest.
#[test]
fn a_name_is_given_once_among_all_spaces() {
    let table = Arc::new(NameTable::default());
    let (other, third) = (SpaceId(Id([0x77; 16])), SpaceId(Id([0x78; 16])));
    assert!(table.claim("REC", other) && table.claim("PLA", third));
    let mut authority = Authority::founded_with_names(domain().shared(), Arc::clone(&table) as Arc<dyn Names>);
    let mut number = 1;
    let mut claim = |authority: &mut Authority, wanted: &[&str]| {
        number += 1;
        let names = wanted.iter().map(|&name| name.to_owned()).collect();
        let intent = Intent::of::<Probe>(PROBE, &ProbeCommand::Name { names }).expect("it is small");
        authority.submit_answered(FIRST, None, 0, machines::entry(number, CommandId(Id([number as u8; 16])), intent));
        let commit = authority.log().pop().expect("each command is in the log");
        let event = commit.events().find_map(|event| event.event::<Probe>());
        let refused = recordplayer::response::Response::of(&commit).map(|response| response.refused);
        (event.cloned(), refused.and_then(|refused| refused.typed::<ProbeRefusal>()))
    };
    let named = |name: &str| Some(ProbeEvent::Named { name: name.to_owned() });
    let is_taken = |name: &str| Some(ProbeRefusal::Taken { name: name.to_owned() });
    assert_eq!(claim(&mut authority, &["REC", "PLA"]), (None, is_taken("REC")));
    assert_eq!(claim(&mut authority, &["REC", "RP"]), (named("RP"), None));
    assert_eq!(claim(&mut authority, &[]), (None, Some(ProbeRefusal::NoName {})), "who claims none gets none");
    assert!(!table.claim("RP", other), "it is this space's now");
    assert_eq!(claim(&mut authority, &["RP"]), (named("RP"), None), "it has it already");
}
