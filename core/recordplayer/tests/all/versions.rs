//! Older and newer versions of one application with each other (rules 3 and 9, and the waiting for an upgrade).

use std::sync::Arc;

use crate::machines::{Authority, Device, FIRST, SPACE, entry};
use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{CommandId, Id};
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::record::{Position, Record, StreamId};
use recordplayer::refusal::CoreRefusal;
use recordplayer::replica::SubmitError;
use recordplayer::space::Ending;
use recordplayer::storage::RowKey;
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use serde::{Deserialize, Serialize};

/// A lamp that could only be named, and its next version, which can shine.
macro_rules! lamp {
    ($entity:ident, $command:ident, $event:ident, commands { $($c:tt)* }, events { $($e:tt)* }, $decide:expr, $play:expr) => {
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        struct $entity {
            name: String,
            #[serde(default)]
            shines: bool,
        }
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        enum $command { $($c)* }
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        enum $event { $($e)* }
        impl Entity for $entity {
            const KIND: &'static str = "lamp";
            type Command = $command;
            type Event = $event;
            type Refusal = Never;
            fn decide(&self, command: &$command, _: &mut Context<'_>) -> Result<Vec<$event>, Never> {
                let decide: fn(&$command) -> $event = $decide;
                Ok(vec![decide(command)])
            }
            fn play(&mut self, event: &$event, _: &Stamp) {
                let play: fn(&mut $entity, &$event) = $play;
                play(self, event);
            }
        }
    };
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Never {}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum OldPlace {
    Desk,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Place {
    Desk,
    Shelf,
}

lamp!(
    OldLamp, OldCommand, OldEvent,
    commands { Name { name: String }, Put { at: OldPlace } },
    events { Named { name: String }, Put { at: OldPlace } },
    |command| match command {
        OldCommand::Name { name } => OldEvent::Named { name: name.clone() },
        OldCommand::Put { at } => OldEvent::Put { at: *at },
    },
    |lamp, event| match event {
        OldEvent::Named { name } => lamp.name.clone_from(name),
        OldEvent::Put { at: OldPlace::Desk } => {}
    }
);

lamp!(
    Lamp, LampCommand, LampEvent,
    commands { Name { name: String }, Put { at: Place }, Shine {} },
    events { Named { name: String }, Put { at: Place }, Shone {} },
    |command| match command {
        LampCommand::Name { name } => LampEvent::Named { name: name.clone() },
        LampCommand::Put { at } => LampEvent::Put { at: *at },
        LampCommand::Shine {} => LampEvent::Shone {},
    },
    |lamp, event| match event {
        LampEvent::Named { name } => lamp.name.clone_from(name),
        LampEvent::Put { .. } => {}
        LampEvent::Shone {} => lamp.shines = true,
    }
);

/// What happened to all lamps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Story {
    names: Vec<String>,
}

impl View for Story {
    const NAME: &'static str = "story";

    fn keys(stream: &StreamId, _: &Models<'_>) -> Vec<Key> {
        if &*stream.kind == "lamp" { vec![Key::whole_space()] } else { Vec::new() }
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        self.names.push(record.name.to_string());
    }
}

fn story(device: &Device) -> Vec<String> {
    device.replica.view::<Story>(Key::whole_space()).names.clone()
}

fn old() -> Arc<Domain> {
    Domain::new("lamps", 1).entity::<OldLamp>().view::<Story>().shared()
}

fn new() -> Arc<Domain> {
    Domain::new("lamps", 2).entity::<Lamp>().view::<Story>().shared()
}

fn lamp(number: u8) -> Id {
    Id([number; 16])
}

fn name(number: u8, name: &str) -> Intent {
    Intent::of::<OldLamp>(lamp(number), &OldCommand::Name { name: name.to_owned() }).unwrap()
}

fn shine(number: u8) -> Intent {
    Intent::of::<Lamp>(lamp(number), &LampCommand::Shine {}).unwrap()
}

fn authority_with_a_shining_lamp() -> Authority {
    let mut authority = Authority::founded(new());
    for (number, intent) in [(2, name(1, "desk")), (3, shine(1)), (4, name(2, "floor"))] {
        assert_eq!(authority.submit(FIRST, None, number, number as u8, intent), AnswerCode::Accepted);
    }
    authority
}

/// An older program dropped what it did not know, saved the lamp without it, and after its upgrade showed a lamp that had never shone.
#[test]
fn an_event_that_this_version_does_not_know_is_kept_and_played_after_the_upgrade() {
    let mut authority = authority_with_a_shining_lamp();
    let mut device = Device::new(old());
    device.replica.handle_connected();
    device.take(authority.everything());
    assert_eq!(device.replica.confirmed().position, Position(8), "everything is here");
    assert_eq!(device.replica.entity::<OldLamp>(lamp(1)).name, "desk", "and read as far as it is known");
    assert_eq!(story(&device), ["lamp.named", "lamp.shone", "lamp.named"], "views go on");
    // What holds newer records may be read and not written; the rest goes on.
    let Err(SubmitError::Refused(refused)) = device.submit(50, name(1, "other")) else { panic!("it is read-only") };
    assert_eq!(refused.typed::<CoreRefusal>(), Some(CoreRefusal::NewerRecords {}));
    device.submit(51, name(2, "corner")).unwrap();
    // The same after a new start, and after everything was saved.
    let newer = RowKey::Newer(StreamId::of::<Lamp>(lamp(1)));
    assert!(device.saved().contains(&newer));
    let mut device = device.upgraded(old());
    assert!(device.submit(52, name(1, "other")).is_err());
    assert_eq!(device.replica.entity::<OldLamp>(lamp(2)).name, "corner");

    let mut device = device.upgraded(new());
    assert!(device.replica.entity::<Lamp>(lamp(1)).shines);
    assert_eq!(device.replica.entity::<Lamp>(lamp(2)).name, "corner", "what waits is there");
    assert_eq!(device.replica.state_hash(), authority.state_hash());
    device.submit(53, name(1, "other")).unwrap();
    assert!(!device.saved().contains(&newer), "nothing is newer than this version");
}

/// A version could play a new event and called itself by the number of the one before. What that one had saved fitted it, so the lamp stayed
/// read-only and dark, and the device and the server never had the same state again.
#[test]
fn who_forgets_to_count_a_version_up_loses_nothing() {
    let mut authority = authority_with_a_shining_lamp();
    let mut device = Device::new(old());
    device.replica.handle_connected();
    device.take(authority.everything());
    device.replica.handle_wakeup(Timestamp(i64::MAX / 2));
    device.work();
    let mut device = device.upgraded(Domain::new("lamps", 1).entity::<Lamp>().view::<Story>().shared());
    assert!(device.replica.entity::<Lamp>(lamp(1)).shines);
    assert_eq!(device.replica.state_hash(), authority.state_hash());
    device.submit(54, name(1, "other")).unwrap();
}

/// The same commands and events as before, and another shape of what is made of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct LoudLamp {
    name: String,
}

impl Entity for LoudLamp {
    const KIND: &'static str = "lamp";
    const SHAPE: u32 = 2;

    type Command = OldCommand;
    type Event = OldEvent;
    type Refusal = Never;

    fn decide(&self, command: &OldCommand, _: &mut Context<'_>) -> Result<Vec<OldEvent>, Never> {
        Ok(vec![match command {
            OldCommand::Name { name } => OldEvent::Named { name: name.clone() },
            OldCommand::Put { at } => OldEvent::Put { at: *at },
        }])
    }

    fn play(&mut self, event: &OldEvent, _: &Stamp) {
        if let OldEvent::Named { name } = event {
            self.name = name.to_uppercase();
        }
    }
}

/// As [`Story`], and with the record's number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct LongStory {
    names: Vec<String>,
}

impl View for LongStory {
    const NAME: &'static str = Story::NAME;
    const VERSION: u32 = 2;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        Story::keys(stream, models)
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        self.names.push(format!("{} {}", record.number.0, record.name));
    }
}

/// Though nothing has happened since: what another version has saved is of no use to this one, nor to who joins.
#[test]
fn what_another_version_has_saved_is_saved_anew() {
    let mut authority = Authority::founded(old());
    assert_eq!(authority.submit(FIRST, None, 2, 2, name(1, "desk")), AnswerCode::Accepted);
    authority.save();
    authority.start_again(new(), Ending::InOrder);
    let before = authority.checkpoint_bytes;
    authority.save();
    assert!(authority.checkpoint_bytes > before);
}

/// What was saved in another shape is of no use: it is made of the records anew, for models and for views, each by itself.
#[test]
fn what_has_another_shape_or_version_is_made_of_the_records_anew() {
    let mut authority = Authority::founded(old());
    for (number, intent) in [(2, name(1, "desk")), (3, name(2, "floor"))] {
        assert_eq!(authority.submit(FIRST, None, number, number as u8, intent), AnswerCode::Accepted);
    }
    let saved = |domain: Arc<Domain>| {
        let mut device = Device::new(old());
        device.replica.handle_connected();
        device.take(authority.everything());
        device.replica.handle_wakeup(Timestamp(i64::MAX / 2));
        device.work();
        device.upgraded(domain)
    };
    let loud = saved(Domain::new("lamps", 1).entity::<LoudLamp>().view::<Story>().shared());
    assert_eq!(loud.replica.entity::<LoudLamp>(lamp(1)).name, "DESK");
    assert_eq!(story(&loud), ["lamp.named", "lamp.named"]);
    let long = saved(Domain::new("lamps", 1).entity::<OldLamp>().view::<LongStory>().shared());
    assert_eq!(long.replica.entity::<OldLamp>(lamp(1)).name, "desk");
    let told = long.replica.view::<LongStory>(Key::whole_space()).names.clone();
    assert_eq!(told, ["4 lamp.named", "6 lamp.named"]);
}

/// A kind of thing that an older program has never heard of is in its log all the same.
#[test]
fn a_kind_that_this_version_does_not_know_is_in_its_log() {
    let mut authority = authority_with_a_shining_lamp();
    let without = || Domain::new("lamps", 1).shared();
    let mut device = Device::new(without());
    device.replica.handle_connected();
    device.take(authority.everything());
    let mut device = device.upgraded(new());
    assert!(device.replica.entity::<Lamp>(lamp(1)).shines);
    assert_eq!(device.replica.state_hash(), authority.state_hash());
    assert_eq!(story(&device), ["lamp.named", "lamp.shone", "lamp.named"], "and so is what a new view shows of it");
}

/// The server was older than a device. The command that it did not know blocked nothing for ever: it keeps its number and its place, and is
/// decided when the server is upgraded, with what came behind it.
#[test]
fn a_command_that_the_authority_is_too_old_for_waits_for_its_upgrade() {
    let mut authority = Authority::founded(old());
    let mut device = Device::new(new());
    device.replica.handle_connected();
    device.take(authority.everything());
    device.submit(60, shine(1)).unwrap();
    device.submit(61, name(1, "behind it")).unwrap();
    assert_eq!(device.last_numbers(), [2]);
    let replica = device.replica.replica();
    let ask = |authority: &mut Authority, number, command: u8, intent| {
        authority.submit(replica, None, number, command, intent)
    };
    assert_eq!(ask(&mut authority, 1, 60, shine(1)), AnswerCode::WaitForUpgrade);
    assert_eq!(ask(&mut authority, 2, 61, name(1, "behind it")), AnswerCode::Expect, "nothing overtakes it");
    let answer = ServerFrame::Answer {
        space: SPACE,
        replica,
        number: 1,
        code: AnswerCode::WaitForUpgrade,
        at: Position::START,
        value: 0,
    };
    let sent = device.sent.len();
    device.take(answer);
    assert_eq!(device.replica.outbox().count(), 2, "both wait");
    assert_eq!(device.sent.len(), sent, "and nobody is asked in a loop");
    device.replica.handle_wakeup(Timestamp(120_000));
    device.work();
    assert_eq!(device.last_numbers(), [1, 2], "some time later both are sent again, in their order");

    authority.start_again(new(), Ending::InOrder);
    assert_eq!(ask(&mut authority, 1, 60, shine(1)), AnswerCode::Accepted);
    assert_eq!(ask(&mut authority, 2, 61, name(1, "behind it")), AnswerCode::Accepted);
    device.take(authority.everything());
    assert_eq!(device.replica.outbox().count(), 0);
}

/// The authority knew the command, and not the value that it named: it was refused for good, as if it were no command at all.
#[test]
fn a_command_with_a_value_that_the_authority_is_too_old_for_waits_for_its_upgrade() {
    let put = |place| Intent::of::<Lamp>(lamp(1), &LampCommand::Put { at: place }).unwrap();
    let mut authority = Authority::founded(old());
    authority.devices_are_newer = true;
    assert_eq!(authority.submit(FIRST, None, 2, 70, put(Place::Shelf)), AnswerCode::WaitForUpgrade);
    assert_eq!(
        authority.submit(FIRST, None, 2, 71, put(Place::Desk)),
        AnswerCode::Accepted,
        "what it knows it decides"
    );
    authority.start_again(new(), Ending::InOrder);
    assert_eq!(authority.submit(FIRST, None, 3, 70, put(Place::Shelf)), AnswerCode::Accepted);
    // Nobody waits for a value that no version knows.
    let mut authority = Authority::founded(old());
    assert_eq!(authority.submit(FIRST, None, 2, 70, put(Place::Shelf)), AnswerCode::Refused);
}

/// The same on a device that went back to the older version.
#[test]
fn what_waits_with_a_value_that_an_older_version_does_not_know_goes_on_waiting() {
    let mut device = Device::new(new());
    device.replica.handle_connected();
    device.take(Authority::founded(new()).everything());
    device.submit(72, Intent::of::<Lamp>(lamp(1), &LampCommand::Put { at: Place::Shelf }).unwrap()).unwrap();
    let device = device.upgraded(old());
    let waits: Vec<_> = device.replica.outbox().map(|entry| entry.refused.clone()).collect();
    assert_eq!(waits, [None]);
}

/// So many names, two records each, that a new device is offered the state and not the history.
const MANY: u64 = 1_100;

/// A space with a long history: the first lamp was named at its very beginning.
fn authority_with_a_long_history(domain: Arc<Domain>) -> Authority {
    let mut authority = Authority::founded(domain);
    for number in 2..MANY {
        let intent = if number == 2 { name(1, "desk") } else { name(2, &number.to_string()) };
        let command = CommandId(Id(u128::from(number).to_be_bytes()));
        let answer = authority.submit_answered(FIRST, None, number - 1, entry(number, command, intent));
        assert_eq!(answer, AnswerCode::Accepted);
    }
    authority
}

/// A device of an older version was offered the state of a long space, could not read it, called its own disk damaged and began again, for ever.
#[test]
fn a_device_of_another_version_joins_a_long_space_by_its_records() {
    let name_by_old: fn(&Device) -> String = |device| device.replica.entity::<OldLamp>(lamp(2)).name.clone();
    let name_by_new: fn(&Device) -> String = |device| device.replica.entity::<Lamp>(lamp(2)).name.clone();
    for (of_authority, of_device, name_of) in [(new(), old(), name_by_old), (old(), new(), name_by_new)] {
        let mut authority = authority_with_a_long_history(of_authority);
        let mut device = Device::new(of_device);
        device.replica.handle_connected();
        device.talk(&mut authority, |_| true);
        assert_eq!(device.replica.confirmed(), authority.head());
        assert!(device.replica.status().is_current);
        assert_eq!(name_of(&device), (MANY - 1).to_string());
    }
}

/// A device had joined by the state, and the history before that was still on its way. A newer person's event came, the lamp was dropped from
/// what is saved, to be played again from its stream, and lost the name that stood in the part that was not there.
#[test]
fn what_holds_newer_records_keeps_what_came_before_them() {
    let mut authority = authority_with_a_long_history(old());
    let mut device = Device::new(old());
    device.replica.handle_connected();
    device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { .. }));
    assert_eq!(device.replica.entity::<OldLamp>(lamp(1)).name, "desk");
    let sum = device.replica.state_hash();

    authority.start_again(new(), Ending::InOrder);
    device.replica.handle_connected();
    device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { .. }));
    let shine = entry(MANY, CommandId(Id([200; 16])), shine(1));
    assert_eq!(authority.submit_answered(FIRST, None, MANY - 1, shine), AnswerCode::Accepted);
    device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { .. }));
    assert_eq!(device.replica.confirmed(), authority.head());
    device.replica.handle_wakeup(Timestamp(i64::MAX / 2));
    device.work();
    for _ in 0..2 {
        assert_eq!(device.replica.entity::<OldLamp>(lamp(1)).name, "desk", "though its first records are not here");
        assert_eq!(device.replica.state_hash(), sum, "what is not known changes nothing");
        assert!(device.submit(201, name(1, "other")).is_err(), "and it is read-only still");
        device = device.upgraded(old());
    }
}

/// Time travel with an older version shows what it knows, at every record, and with the newer one all of it.
#[test]
fn the_past_holds_what_this_version_knows_of_it() {
    let mut authority = authority_with_a_shining_lamp();
    let mut device = Device::new(old());
    device.replica.handle_connected();
    device.take(authority.everything());
    let head = authority.head().position;
    let mut playback = device.replica.playback();
    assert_eq!(playback.at(head).unwrap().entity::<OldLamp>(lamp(1)).name, "desk");
    let hash = playback.state_hash_at(head).unwrap();
    let mut device = device.upgraded(old());
    assert_eq!(device.replica.state_hash(), hash);

    let device = device.upgraded(new());
    let mut playback = device.replica.playback();
    assert!(playback.at(head).unwrap().entity::<Lamp>(lamp(1)).shines);
    assert!(!playback.at(Position(4)).unwrap().entity::<Lamp>(lamp(1)).shines, "not before it shone");
    assert_eq!(playback.state_hash_at(head).unwrap(), authority.state_hash());
}
