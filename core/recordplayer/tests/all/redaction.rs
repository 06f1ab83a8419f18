//! Redaction: what a manager takes out of the history is gone from every log and from everything that was played from it, for whoever was there
//! and whoever comes later; the chain and the numbers stay (DESIGN §6).

use std::sync::Arc;

use crate::machines::{self, Authority, FIRST, HeldBack, SPACE};
use crate::note::{self, Note, NoteCommand};
use crate::todo::{Item, ItemCommand, List, ListView, add, command, domain, id};
use rand::RngExt;
use recordplayer::commit::{Commit, Head};
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::id::{CommandId, Id};
use recordplayer::membership::{Membership, MembershipCommand, REDACTED_RECORDS_MAX};
use recordplayer::protocol::AnswerCode;
use recordplayer::record::{Payload, Position};
use recordplayer::replica::SubmitError;
use recordplayer::saving::Saving;
use recordplayer::storage::memory::Failure;
use recordplayer::testing::{DeviceId, Faults, World};
use recordplayer::view::ViewKey;

pub const LIST: u8 = 100;
pub const SECRET: &str = "a word that must go";

pub fn redact(world: &mut World, by: DeviceId, records: Vec<Position>) -> Result<CommandId, SubmitError> {
    let space = world.space().0;
    let reopened = world.replica(by).entity::<Membership>(space).reopened();
    world.send(by, Intent::of::<Membership>(space, &MembershipCommand::Redact { records, reopened }).unwrap())
}

/// The records of events that say the words.
pub fn records_with(world: &World, words: &str) -> Vec<Position> {
    let holds = |payload: &Payload| match payload {
        Payload::Plain(bytes) => bytes.windows(words.len()).any(|part| part == words.as_bytes()),
        Payload::Erased => false,
    };
    let records = world.log().into_iter().flat_map(|commit| commit.records);
    records.filter(|record| record.is_event() && holds(&record.payload)).map(|record| record.number).collect()
}

pub fn rename(item: u8, title: &str) -> Intent {
    command(item, &ItemCommand::Rename { title: title.to_owned() })
}

pub fn title(world: &World, device: DeviceId) -> String {
    world.replica(device).entity::<Item>(id(1)).title.clone()
}

/// A redaction names records of before. What it says of itself, or of what comes behind it, takes nothing out.
#[test]
fn a_redaction_takes_out_nothing_of_itself_or_behind_it() {
    let mut world = World::seeded(31, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "stays")).unwrap();
    world.run_until_quiet();
    let end = world.replica(ann).confirmed().position;
    redact(&mut world, ann, (1..6).map(|ahead| end.plus(ahead)).collect()).unwrap();
    world.run_until_quiet();
    world.send(bo, rename(1, "behind it")).unwrap();
    world.run_until_quiet();
    let log = world.log();
    assert!(log.iter().flat_map(|commit| &commit.records).all(|record| record.payload != Payload::Erased));
    assert_eq!(log.iter().flat_map(Commit::redacts).count(), 0);
    assert_eq!(title(&world, ann), "behind it");
}

#[test]
fn what_is_redacted_is_gone_from_every_file_and_from_every_screen() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.send(ann, add(1, LIST, "first")).unwrap();
        world.send(bo, add(2, LIST, "stays")).unwrap();
        world.run_until_quiet();
        world.send(bo, rename(1, SECRET)).unwrap();
        // All that shows in a list of its own: nothing of that list is played again.
        world.send(bo, add(3, LIST + 1, SECRET)).unwrap();
        world.run_until_quiet();
        // Long enough for everybody to save what was played.
        world.run_for_ms(60_000);
        assert_eq!(world.where_is(SECRET), ["the authority", "ann", "bo"], "it is there before");
        let length = world.log().len();
        let records = records_with(&world, SECRET);
        let mut playback = world.replica(ann).playback();
        let shown = playback.end().unwrap();
        assert_eq!(playback.at(shown).unwrap().entity::<Item>(id(1)).title, SECRET);
        redact(&mut world, ann, records).unwrap();
        world.run_until_quiet();
        assert_eq!(playback.at(shown).unwrap().entity::<Item>(id(1)).title, "first", "the past is shown without it");
        let [late] = world.devices(["late"]);
        world.run_for_ms(3_000);
        assert_eq!(world.where_is(SECRET), Vec::<String>::new(), "{}", world.how_to_replay());
        assert_eq!(world.log().len(), length + 2, "no commit is gone, and one says so");
        for device in [ann, bo, late] {
            assert_eq!(title(&world, device), "first", "an erased event plays as nothing; {}", world.how_to_replay());
            let list = world.replica(device).view::<ListView>(id(LIST));
            assert_eq!(list.titles.get(&id(2)).map(String::as_str), Some("stays"));
            let mut playback = world.replica(device).playback();
            for at in 0..=playback.end().unwrap().0 {
                assert_ne!(playback.at(Position(at)).unwrap().entity::<Item>(id(1)).title, SECRET);
            }
        }
    }
}

/// Whoever is away, crashes or is cut off at any moment has redacted it in the end as well, and what waits there is decided on what is left.
#[test]
fn redaction_survives_crashes_and_bad_lines() {
    // Checkpoints after each event: some are always on their way to the disk.
    let saving = Saving { every_events: Some(1), ..Saving::default() };
    let eager = Domain::new("todo", 1).entity::<Item>().entity::<List>().view::<ListView>().saving(saving).shared();
    for seed in 0..40 {
        let mut world = World::seeded(seed, &if seed % 2 == 0 { Arc::clone(&eager) } else { domain() });
        let [ann, bo, cy] = world.devices(["ann", "bo", "cy"]);
        world.send(ann, add(1, LIST, "first")).unwrap();
        world.run_until_quiet();
        for at in 0..4 {
            world.send(bo, rename(1, &format!("{SECRET} {at}"))).unwrap();
            world.send(cy, add(10 + at, LIST, "more")).unwrap();
            world.send(cy, add(20 + at, LIST + 1 + at, &format!("{SECRET} {at}"))).unwrap();
            world.run_until_quiet();
        }
        world.cut_off(cy);
        world.send(cy, rename(1, "waits")).unwrap();
        let records = records_with(&world, SECRET);
        world.suffer(Faults::bad());
        for (at, some) in records.chunks(2).enumerate() {
            if world.is_running(ann) {
                redact(&mut world, ann, some.to_vec()).unwrap();
            }
            for step in 0..8 {
                let ms = world.random().random_range(0..8);
                world.run_for_ms(ms);
                if world.is_running(bo) {
                    world.send(bo, rename(10, &format!("meanwhile {step}"))).unwrap();
                }
            }
            match at {
                0 => world.crash(bo),
                1 => world.crash_authority(),
                2 => world.crash(ann),
                _ => world.heal_one(cy),
            }
            let ms = world.random().random_range(0..400);
            world.run_for_ms(ms);
            world.start_authority_again();
            for device in [ann, bo] {
                if !world.is_running(device) {
                    world.restart(device);
                }
            }
        }
        world.heal();
        world.run_until_quiet();
        let left = records_with(&world, SECRET);
        if !left.is_empty() {
            redact(&mut world, ann, left).unwrap();
            world.run_until_quiet();
        }
        // What was saved before a crash gives way to the next checkpoint.
        world.run_for_ms(3_000);
        assert_eq!(world.where_is(SECRET), Vec::<String>::new(), "{}", world.how_to_replay());
        assert_eq!(title(&world, bo), "waits", "{}", world.how_to_replay());
    }
}

#[test]
fn a_screen_that_looks_the_thin_way_begins_anew() {
    let mut world = World::seeded(3, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.send(ann, rename(1, SECRET)).unwrap();
    world.run_for_ms(5_000);
    world.look(bo, ViewKey::of::<ListView>(id(LIST)));
    world.run_for_ms(5_000);
    let shown = |world: &World| world.thin(bo).0.get::<ListView>().titles[&id(1)].clone();
    assert_eq!(shown(&world), SECRET);
    let records = records_with(&world, SECRET);
    world.cut_off(bo);
    redact(&mut world, ann, records).unwrap();
    world.run_for_ms(5_000);
    world.heal();
    world.run_for_ms(5_000);
    assert_eq!(shown(&world), "first", "who comes back goes on with nothing of it");
    world.send(ann, rename(1, SECRET)).unwrap();
    world.run_for_ms(5_000);
    assert_eq!(shown(&world), SECRET);
    let records = records_with(&world, SECRET);
    redact(&mut world, ann, records).unwrap();
    world.run_for_ms(5_000);
    assert_eq!(shown(&world), "first", "and so does who is there");
}

/// What a view begins with is taken as it is decided, and sent once that is durable: a redaction among that comes first.
#[test]
fn who_begins_to_look_while_something_is_redacted_sees_nothing_of_it() {
    for (seed, ms) in (0..8).flat_map(|seed| (0..30).map(move |ms| (seed, ms))) {
        let mut world = World::seeded(seed, &domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        world.send(ann, add(1, LIST, "first")).unwrap();
        world.send(ann, rename(1, SECRET)).unwrap();
        world.run_until_quiet();
        let records = records_with(&world, SECRET);
        redact(&mut world, ann, records).unwrap();
        world.run_for_ms(ms);
        world.look(bo, ViewKey::of::<ListView>(id(LIST)));
        world.run_for_ms(5_000);
        let shown = world.thin(bo).0.get::<ListView>();
        assert_eq!(shown.titles[&id(1)], "first", "{}", world.how_to_replay());
    }
}

/// What was decided behind a redaction, before that was durable, had looked at what goes: nothing was moved, for it lay there already, by what is
/// gone (simulation, shelf, seed 747, as soon as shelves were redacted).
#[test]
fn what_is_decided_behind_a_redaction_has_not_looked_at_what_goes() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 101, add(1, LIST, SECRET)), AnswerCode::Accepted);
    let records: Vec<Position> = authority.log().last().unwrap().events().map(|event| event.number).collect();
    authority.holds_back = Some(HeldBack::Appends);
    let redact = MembershipCommand::Redact { records, reopened: None };
    let commands = [
        rename(1, "on its way to the disk"),
        Intent::of::<Membership>(SPACE.0, &redact).unwrap(),
        command(1, &ItemCommand::MoveTo { list: id(LIST) }),
    ];
    let entries =
        (3..).zip(commands).map(|(number, intent)| machines::entry(number, CommandId(Id([number as u8; 16])), intent));
    let entries: Vec<_> = entries.collect();
    for entry in &entries {
        authority.try_to(FIRST, None, 2, entry.clone());
    }
    authority.let_appends_pass();
    authority.try_to(FIRST, None, 2, entries[2].clone());
    let log = authority.log();
    let moved = log.last().unwrap();
    assert_eq!(moved.header.number, 5);
    assert!(moved.events().any(|event| &*event.name == "item.moved_to"), "what says that it lies there is gone");
}

/// The store does not say whether it took the redaction, and it did.
#[test]
fn a_redaction_without_an_answer_reaches_who_looks_the_thin_way() {
    let mut world = World::seeded(9, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.send(ann, rename(1, SECRET)).unwrap();
    world.look(bo, ViewKey::of::<ListView>(id(LIST)));
    world.run_until_quiet();
    let records = records_with(&world, SECRET);
    world.fail_next_append(Failure::UnknownApplied);
    redact(&mut world, ann, records).unwrap();
    world.run_until_quiet();
    assert_eq!(world.thin(bo).0.get::<ListView>().titles[&id(1)], "first");
}

#[test]
fn only_a_manager_redacts_and_who_belongs_to_the_space_stays() {
    let mut world = World::seeded(4, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.run_until_quiet();
    let all: Vec<Position> = (1..=world.replica(ann).confirmed().position.0).map(Position).collect();
    assert!(matches!(redact(&mut world, bo, all.clone()), Err(SubmitError::Refused(_))));
    let too_many = (1..=REDACTED_RECORDS_MAX as u64 + 1).map(Position).collect();
    assert!(matches!(redact(&mut world, ann, too_many), Err(SubmitError::Refused(_))));
    assert!(matches!(redact(&mut world, ann, Vec::new()), Err(SubmitError::Refused(_))));
    redact(&mut world, ann, all).unwrap();
    world.run_until_quiet();
    assert_eq!(title(&world, bo), "");
    assert_eq!(
        world.replica(bo).entity::<Membership>(world.space().0).members().count(),
        2,
        "everybody is a member still"
    );
    // What is not there yet cannot be redacted beforehand.
    world.cut_off(bo);
    let later = world.replica(ann).confirmed().position.0;
    redact(&mut world, ann, (later..later + 20).map(Position).collect()).unwrap();
    world.send(ann, add(3, LIST, "kept")).unwrap();
    world.run_for_ms(5_000);
    world.heal();
    world.run_until_quiet();
    assert_eq!(world.replica(bo).entity::<Item>(id(3)).title, "kept");
}

/// What is built on a redacted change of a text reads as nothing, too; what waits there is refused with its words.
#[test]
fn a_text_reads_as_what_is_left_and_can_be_gone_on_with() {
    for seed in 0..20 {
        let mut world = World::seeded(seed, &note::domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        note::write(&mut world, ann, "before ");
        world.run_until_quiet();
        note::write(&mut world, bo, SECRET);
        world.run_until_quiet();
        note::write(&mut world, ann, " built on it");
        world.run_until_quiet();
        world.compact_texts();
        world.cut_off(bo);
        note::write(&mut world, bo, " waits");
        world.run_for_ms(100);
        let records = records_with(&world, SECRET);
        assert_eq!(records.len(), 1);
        redact(&mut world, ann, records).unwrap();
        world.run_for_ms(5_000);
        world.heal();
        world.run_until_quiet();
        let [late] = world.devices(["late"]);
        for device in [ann, bo, late] {
            assert_eq!(note::text(&world, device), "before ", "{}", world.how_to_replay());
        }
        let refused: Vec<_> = world.replica(bo).outbox().filter(|entry| entry.refused.is_some()).collect();
        assert!(refused[0].text.as_ref().is_some_and(|text| text.after().contains("waits")), "the words are kept");
        note::write(&mut world, late, "and after");
        world.run_until_quiet();
        assert_eq!(world.replica(ann).text::<Note>(note::note(), note::TEXT).unwrap().text(), "before and after");
        assert_eq!(world.where_is(SECRET), Vec::<String>::new(), "{}", world.how_to_replay());
    }
}

/// How a device comes to hear that what a refused edit was made on is gone.
#[derive(Clone, Copy, Debug)]
enum Hears {
    Told,
    /// The program ends before the outbox is written.
    AndCrashes,
    /// It has no whole history, and fetches the state.
    ByASnapshot,
    /// With the state, after its file was lost.
    WithoutALog,
}

/// The whole text is kept with a refused edit, the words of others in it, too; and they stayed in the outbox when they had been redacted.
#[test]
fn what_a_refused_edit_was_made_on_goes_and_what_its_author_wrote_stays() {
    let mut crashes = 0;
    let ways = [Hears::Told, Hears::ByASnapshot, Hears::WithoutALog].into_iter();
    for (hears, seed) in ways.chain([Hears::AndCrashes; 8]).zip(400..) {
        let mut world = World::seeded(seed, &note::domain());
        let [ann, bo] = world.devices(["ann", "bo"]);
        note::write(&mut world, ann, "before ");
        note::write(&mut world, ann, SECRET);
        world.run_until_quiet();
        world.cut_off(bo);
        let refused = note::write(&mut world, bo, " mine");
        let ban = NoteCommand::Ban { command: refused[0] };
        world.send(ann, Intent::of::<Note>(note::note(), &ban).unwrap()).unwrap();
        if matches!(hears, Hears::ByASnapshot) {
            for _ in 0..1_100 {
                let ban = NoteCommand::Ban { command: CommandId(Id(world.random().random())) };
                world.send(ann, Intent::of::<Note>(note::note(), &ban).unwrap()).unwrap();
            }
        }
        world.run_for_ms(5_000);
        world.heal();
        world.run_until_quiet();
        assert_eq!(world.where_is(SECRET), ["the authority", "ann", "bo", "the outbox of bo"], "{hears:?}");
        match hears {
            Hears::Told | Hears::AndCrashes => {}
            Hears::ByASnapshot => {
                world.lose_main_store(bo);
                while world.replica(bo).confirmed() == Head::START {
                    world.run_for_ms(1);
                }
                assert!(world.complete_to(bo).position < world.replica(bo).confirmed().position);
            }
            Hears::WithoutALog => world.cut_off(bo),
        }
        let records = records_with(&world, SECRET);
        redact(&mut world, ann, records).unwrap();
        if matches!(hears, Hears::WithoutALog) {
            world.run_for_ms(5_000);
            world.lose_main_store(bo);
            world.heal();
        }
        if matches!(hears, Hears::AndCrashes) {
            while world.where_is(SECRET).iter().any(|place| place == "bo") {
                world.run_for_ms(1);
            }
            crashes += usize::from(world.where_is(SECRET).iter().any(|place| place == "the outbox of bo"));
            world.crash(bo);
            world.restart(bo);
        }
        world.run_until_quiet();
        world.run_for_ms(3_000);
        assert_eq!(world.where_is(SECRET), Vec::<String>::new(), "{hears:?}");
        let kept: Vec<String> = world.replica(bo).outbox().map(|entry| entry.text.clone().unwrap().after()).collect();
        assert_eq!(kept, ["before  mine"], "{hears:?}");
        world.retry(bo, refused[0]).unwrap();
        world.run_until_quiet();
        assert_eq!(note::text(&world, ann), "before  mine", "{hears:?}");
    }
    assert!(crashes > 0, "never between the two");
}

/// Until the next checkpoint the saved rows of a text are those of before: nobody reads them.
#[test]
fn a_text_is_not_read_from_what_was_saved_before() {
    let mut world = World::seeded(8, &note::domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    note::write(&mut world, ann, "before ");
    world.run_until_quiet();
    note::write(&mut world, bo, SECRET);
    world.run_for_ms(60_000);
    let records = records_with(&world, SECRET);
    redact(&mut world, ann, records).unwrap();
    world.run_until_quiet();
    assert_eq!((note::text(&world, ann), note::text(&world, bo)), ("before ".to_owned(), "before ".to_owned()));
}

/// A device that joined by the state and has not fetched the history yet cannot play it without what went: it fetches the state again.
#[test]
fn whoever_has_no_whole_history_fetches_the_state_anew() {
    let mut world = World::seeded(5, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    world.send(ann, add(1, LIST, "first")).unwrap();
    world.send(ann, add(2, LIST, "second")).unwrap();
    world.send(ann, rename(2, SECRET)).unwrap();
    for at in 0..1_100 {
        world.send(ann, rename(1, if at == 50 { SECRET } else { "first" })).unwrap();
    }
    world.run_until_quiet();
    let records = records_with(&world, SECRET);
    // A device with the state and nothing of the history before it.
    world.lose_main_store(bo);
    while world.replica(bo).confirmed() == Head::START {
        world.run_for_ms(1);
    }
    assert!(world.complete_to(bo).position < world.replica(bo).confirmed().position, "the history is not there yet");
    redact(&mut world, ann, records).unwrap();
    world.run_until_quiet();
    assert_eq!(world.where_is(SECRET), Vec::<String>::new());
    assert_eq!(world.replica(bo).entity::<Item>(id(2)).title, "second");
}
