//! Rebase: what waits is decided again where something that it looked at has changed, and nowhere else (rule 10).

use std::cell::Cell;
use std::sync::Arc;

use crate::machines::{Authority, Device, FIRST};
use crate::todo::{ItemCommand, ListView, add, command, domain, id};
use rand::RngExt;
use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{CommandId, Id};
use recordplayer::protocol::AnswerCode;
use recordplayer::record::{Record, StreamId};
use recordplayer::replica::Wish;
use recordplayer::testing::{Faults, World};
use recordplayer::view::{Key, View};
use serde::{Deserialize, Serialize};

/// So many guests fit in, a rule over all of them: it reads a view.
const GUESTS_MAX: u64 = 3;

thread_local! {
    static DECIDED: Cell<u32> = const { Cell::new(0) };
}

/// How often a command was decided since the last look.
fn decided() -> u32 {
    DECIDED.replace(0)
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Guest {
    is_here: bool,
    said: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum GuestCommand {
    /// Reads how many are here.
    Come {},
    /// Reads nothing but itself.
    Say { words: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum GuestEvent {
    Came {},
    Said { words: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum GuestRefusal {
    #[error("There are {max} guests already")]
    Full { max: u64 },
}

impl Entity for Guest {
    const KIND: &'static str = "guest";
    type Command = GuestCommand;
    type Event = GuestEvent;
    type Refusal = GuestRefusal;

    fn decide(&self, command: &GuestCommand, cx: &mut Context<'_>) -> Result<Vec<GuestEvent>, GuestRefusal> {
        DECIDED.set(DECIDED.get() + 1);
        match command {
            GuestCommand::Come {} if cx.view::<Party>(Key::whole_space()).guests >= GUESTS_MAX => {
                Err(GuestRefusal::Full { max: GUESTS_MAX })
            }
            GuestCommand::Come {} => Ok(vec![GuestEvent::Came {}]),
            GuestCommand::Say { words } => Ok(vec![GuestEvent::Said { words: words.clone() }]),
        }
    }

    fn play(&mut self, event: &GuestEvent, _: &Stamp) {
        match event {
            GuestEvent::Came {} => self.is_here = true,
            GuestEvent::Said { words } => self.said.clone_from(words),
        }
    }
}

/// Who is here, counted with each commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Party {
    guests: u64,
}

impl View for Party {
    const NAME: &'static str = "party";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let is_here = *stream.kind == *Guest::KIND && models.get::<Guest>(stream.id).is_here;
        is_here.then(Key::whole_space).into_iter().collect()
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        self.guests += u64::from(record.event::<Guest>() == Some(&GuestEvent::Came {}));
    }
}

fn party() -> Arc<Domain> {
    Domain::new("party", 1).entity::<Guest>().consistent_view::<Party>().shared()
}

fn come(guest: u8) -> Intent {
    Intent::of::<Guest>(Id([guest; 16]), &GuestCommand::Come {}).unwrap()
}

fn say(guest: u8, words: &str) -> Intent {
    Intent::of::<Guest>(Id([guest; 16]), &GuestCommand::Say { words: words.to_owned() }).unwrap()
}

#[test]
fn what_waits_is_decided_again_where_a_view_that_it_read_has_changed() {
    let mut authority = Authority::founded(party());
    let mut device = Device::new(party());
    device.replica.handle_connected();
    device.take(authority.everything());
    device.submit(10, come(1)).unwrap();
    device.submit(11, say(1, "hello")).unwrap();
    device.submit(12, say(2, "is anybody here?")).unwrap();
    decided();

    // Somebody else says something: nothing of it was read by what waits.
    assert_eq!(authority.submit(FIRST, None, 2, 2, say(7, "no")), AnswerCode::Accepted);
    decided();
    device.take(authority.everything());
    assert_eq!(decided(), 0, "nothing that was read has changed");

    // Somebody else comes: the view has changed that the first command read; the one behind it looked at what that one does.
    assert_eq!(authority.submit(FIRST, None, 3, 3, come(8)), AnswerCode::Accepted);
    decided();
    device.take(authority.everything());
    assert_eq!(decided(), 2, "the one that read the view, and the one that is about the same guest");
    assert_eq!(device.replica.view::<Party>(Key::whole_space()).guests, 2);

    // The house is full now: what waits is not shown any more, and waits for the authority's word.
    for (number, guest) in [(4, 20), (5, 21)] {
        assert_eq!(authority.submit(FIRST, None, number, guest, come(guest)), AnswerCode::Accepted);
    }
    device.take(authority.everything());
    assert_eq!(device.replica.view::<Party>(Key::whole_space()).guests, 3);
    assert!(!device.replica.entity::<Guest>(Id([1; 16])).is_here);
    assert_eq!(device.replica.outbox().count(), 3);
    assert_eq!(device.replica.entity::<Guest>(Id([2; 16])).said, "is anybody here?");
}

/// A refused command took its place on the screen with it, but what had been decided on top of it stayed: the item that was never added had
/// a new name.
#[test]
fn what_builds_on_a_refused_command_is_decided_again_without_it() {
    let mut world = World::seeded(70, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    for item in 1..=9 {
        world.send(ann, add(item, 100, "x")).unwrap();
    }
    world.run_until_quiet();
    world.cut_off(bo);
    world.send(bo, add(50, 100, "the tenth here")).unwrap();
    world.send(bo, command(50, &ItemCommand::Rename { title: "renamed".to_owned() })).unwrap();
    world.send(ann, add(60, 100, "the tenth there")).unwrap();
    world.run_for_ms(1_000);
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.replica(bo).outbox().filter(|entry| entry.refused.is_some()).count(), 2);
    let view = world.replica(bo).view::<ListView>(id(100));
    assert!(!view.titles.contains_key(&id(50)), "{view:?}");
}

#[test]
fn a_rebase_shows_what_deciding_everything_anew_shows() {
    for seed in 0..60 {
        let mut world = World::seeded(7_000 + seed, &domain());
        let devices = world.devices(["ann", "bo", "cy"]);
        world.suffer(Faults::bad());
        for step in 0..60_u32 {
            let device = devices[world.random().random_range(0..3)];
            let item = world.random().random_range(1..16_u8);
            let intent = match world.random().random_range(0..5) {
                0 | 1 => add(item, 100 + item % 2, &format!("item {step}")),
                2 => command(item, &ItemCommand::Rename { title: format!("renamed {step}") }),
                3 => command(item, &ItemCommand::MoveTo { list: id(100 + step as u8 % 2) }),
                _ => command(item, &ItemCommand::Finish {}),
            };
            let _ = world.send(device, intent);
            world.run_for_ms(60);
            if step % 12 == 0 {
                world.cut_off(device);
            }
            if step % 20 == 7 {
                let shown = |world: &World| {
                    [100, 101].map(|list| world.replica(device).view::<ListView>(id(list)).as_ref().clone())
                };
                world.cut_off(device);
                // What was done is on the disk.
                world.run_for_ms(50);
                let before = shown(&world);
                world.crash(device);
                world.restart(device);
                assert_eq!(shown(&world), before, "{}", world.how_to_replay());
            }
        }
        world.heal();
        world.run_until_quiet();
    }
}

#[test]
fn what_would_be_refused_is_told_and_nothing_is_left_of_the_question() {
    let mut world = World::seeded(71, &domain());
    let [ann] = world.devices(["ann"]);
    for item in 1..=10 {
        world.send(ann, add(item, 100, "x")).unwrap();
    }
    let ask = |world: &mut World, list| {
        let wish = Wish::new(CommandId(Id([77; 16])), add(50, list, "asked about"));
        world.with(ann, |replica, now| replica.would_refuse(now, wish))
    };
    assert!(ask(&mut world, 100).is_some());
    assert!(ask(&mut world, 101).is_none());
    assert_eq!(world.replica(ann).outbox().count(), 10);
    assert!(world.replica(ann).view::<ListView>(id(101)).titles.is_empty());
    world.run_until_quiet();
    assert_eq!(world.replica(ann).outbox().count(), 0);
}

/// Where a person sits: the hall of their table. The hall is a view, and the table says which.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Table {
    hall: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TableCommand {
    Carry { hall: u8 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TableEvent {
    Carried { hall: u8 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum NeverRefused {}

impl Entity for Table {
    const KIND: &'static str = "table";
    type Command = TableCommand;
    type Event = TableEvent;
    type Refusal = NeverRefused;

    fn decide(
        &self,
        TableCommand::Carry { hall }: &TableCommand,
        _: &mut Context<'_>,
    ) -> Result<Vec<TableEvent>, NeverRefused> {
        Ok(vec![TableEvent::Carried { hall: *hall }])
    }

    fn play(&mut self, TableEvent::Carried { hall }: &TableEvent, _: &Stamp) {
        self.hall = *hall;
    }
}

const TABLE: Id = Id([99; 16]);

/// The words that are said in a hall.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Hall {
    words: u64,
}

impl View for Hall {
    const NAME: &'static str = "hall";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let hall = || Key::text(&models.get::<Table>(TABLE).hall.to_string());
        (*stream.kind == *Talker::KIND).then(hall).into_iter().collect()
    }

    fn play(&mut self, _: &Key, _: &Record, _: &Models<'_>) {
        self.words += 1;
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Talker {
    said: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TalkerCommand {
    Talk {},
    /// Only where something was said in the first hall before.
    Answer {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TalkerEvent {
    Talked {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum TalkerRefusal {
    #[error("Nobody has said anything here")]
    Silence {},
}

impl Entity for Talker {
    const KIND: &'static str = "talker";
    type Command = TalkerCommand;
    type Event = TalkerEvent;
    type Refusal = TalkerRefusal;

    fn decide(&self, command: &TalkerCommand, cx: &mut Context<'_>) -> Result<Vec<TalkerEvent>, TalkerRefusal> {
        match command {
            TalkerCommand::Answer {} if cx.view::<Hall>(Key::text("0")).words == 0 => Err(TalkerRefusal::Silence {}),
            TalkerCommand::Talk {} | TalkerCommand::Answer {} => Ok(vec![TalkerEvent::Talked {}]),
        }
    }

    fn play(&mut self, _: &TalkerEvent, _: &Stamp) {
        self.said += 1;
    }
}

/// A view shows an event by what other entities are. Those changed, the event was played again and showed elsewhere, and what had read the view
/// in which it showed before still stood.
#[test]
fn what_read_a_view_that_a_waiting_event_has_left_is_decided_again() {
    let domain = || {
        let domain = Domain::new("halls", 1).entity::<Table>().entity::<Talker>();
        domain.consistent_view::<Hall>().shared()
    };
    let intent = |talker: u8, command| Intent::of::<Talker>(Id([talker; 16]), &command).unwrap();
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    device.submit(10, intent(1, TalkerCommand::Talk {})).unwrap();
    device.submit(11, intent(2, TalkerCommand::Answer {})).unwrap();
    assert_eq!(device.replica.entity::<Talker>(Id([2; 16])).said, 1);

    let carry = Intent::of::<Table>(TABLE, &TableCommand::Carry { hall: 1 }).unwrap();
    assert_eq!(authority.submit(FIRST, None, 2, 2, carry), AnswerCode::Accepted);
    device.take(authority.everything());
    assert_eq!(device.replica.view::<Hall>(Key::text("1")).words, 1, "it shows in the other hall");
    assert_eq!(device.replica.entity::<Talker>(Id([2; 16])).said, 0, "nobody has said anything in the first one");
}
