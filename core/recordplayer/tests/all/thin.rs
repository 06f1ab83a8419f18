//! The thin way: a view that is shown without being stored, each record once, whatever happens to the line (rule 7).

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::machines::{Authority, FIRST, SPACE, entry};
use crate::todo::{Item, ItemCommand, ItemEvent, ListView, add, application, command, domain, id};
use rand::RngExt;
use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::{CommandId, Id, SpaceId};
use recordplayer::protocol::{AnswerCode, ServerFrame};
use recordplayer::record::{Position, RecordKind};
use recordplayer::testing::{DeviceId, Faults, Shown, World};
use recordplayer::thin::{ThinOutput, ThinView};
use recordplayer::thresholds::Thresholds;
use recordplayer::view::ViewKey;

const LIST: u8 = 100;

fn looked_at() -> ViewKey {
    ViewKey::of::<ListView>(id(LIST))
}

/// The records that touch the list, as a fold of the whole log tells.
fn touching(world: &World, device: DeviceId) -> Vec<Position> {
    let mut playback = world.replica(device).playback();
    let last = playback.last().unwrap();
    let mut list_of: BTreeMap<Id, Id> = BTreeMap::new();
    let mut touching = Vec::new();
    playback
        .walk(Position::START, last, |step| {
            let stream = step.record.stream.id;
            if let Some(event) = step.record.event::<Item>() {
                let before = list_of.get(&stream).copied();
                if let ItemEvent::Added { list, .. } | ItemEvent::MovedTo { list } = event {
                    list_of.insert(stream, *list);
                }
                let after = list_of.get(&stream).copied();
                if before == Some(id(LIST)) || after == Some(id(LIST)) {
                    touching.push(step.record.number);
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    touching
}

/// What was shown since the last start, which says where it began.
fn shown(world: &World, device: DeviceId) -> (usize, Position, Vec<Position>) {
    let (mut starts, mut from, mut numbers) = (0, Position::START, Vec::new());
    for shown in world.thin(device).1 {
        match shown {
            Shown::Started { at } => {
                starts += 1;
                from = *at;
                numbers.clear();
            }
            Shown::Record(record) => numbers.push(record.number),
        }
    }
    (starts, from, numbers)
}

/// The thin view is what a fold of everything gives, and each record that touches it was shown once.
fn check(world: &World, thin: DeviceId, whole: DeviceId) -> usize {
    let view = world.thin(thin).0.get::<ListView>();
    assert_eq!(view, world.replica(whole).view::<ListView>(id(LIST)), "{}", world.how_to_replay());
    let (starts, from, numbers) = shown(world, thin);
    let expected: Vec<Position> = touching(world, whole).into_iter().filter(|number| *number > from).collect();
    assert_eq!(numbers, expected, "from {from}; {}", world.how_to_replay());
    starts
}

fn something(world: &mut World, device: DeviceId, step: u32) {
    let item = world.random().random_range(1..12_u8);
    let intent = match world.random().random_range(0..4) {
        0 => add(item, LIST + item % 2, &format!("item {step}")),
        1 => command(item, &ItemCommand::Rename { title: format!("renamed {step}") }),
        2 => command(item, &ItemCommand::MoveTo { list: id(LIST + step as u8 % 2) }),
        _ => command(item, &ItemCommand::Finish {}),
    };
    let _ = world.send(device, intent);
}

/// Now and then the line to one device breaks, or the authority, or all is well again; true where it did.
fn something_breaks(world: &mut World, device: DeviceId) -> bool {
    match world.random().random_range(0..20) {
        0 => world.cut_off(device),
        1 => {
            world.crash_authority();
            world.run_for_ms(500);
            world.start_authority();
        }
        2 => {
            world.heal();
            world.suffer(Faults::bad());
        }
        _ => return false,
    }
    true
}

#[test]
fn a_thin_view_starts_with_the_state_and_plays_each_record_that_touches_it() {
    let mut world = World::seeded(60, &domain());
    let [ann, wall] = world.devices(["ann", "wall"]);
    world.send(ann, add(1, LIST, "before")).unwrap();
    world.send(ann, add(2, LIST + 1, "elsewhere")).unwrap();
    world.run_until_quiet();
    world.look(wall, looked_at());
    world.run_for_ms(3_000);
    for intent in [
        add(3, LIST, "after"),
        command(2, &ItemCommand::Rename { title: "elsewhere still".to_owned() }),
        command(2, &ItemCommand::MoveTo { list: id(LIST) }),
        command(2, &ItemCommand::Rename { title: "here now".to_owned() }),
        command(1, &ItemCommand::MoveTo { list: id(LIST + 1) }),
        command(1, &ItemCommand::Rename { title: "gone".to_owned() }),
    ] {
        world.send(ann, intent).unwrap();
        world.run_for_ms(1_000);
    }
    world.run_until_quiet();
    world.run_for_ms(3_000);
    check(&world, wall, ann);
    let (_, _, numbers) = shown(&world, wall);
    assert_eq!(numbers.len(), 4, "what happens elsewhere is not shown");
}

/// A wall display lost its server for a minute and showed the board as it was after; what had happened in between it never showed.
#[test]
fn nothing_is_missed_or_doubled_while_the_line_or_the_authority_is_down() {
    for seed in 0..60 {
        let mut world = World::seeded(6_000 + seed, &domain());
        let [ann, bo, wall] = world.devices(["ann", "bo", "wall"]);
        world.look(wall, looked_at());
        world.run_for_ms(2_000);
        world.suffer(Faults::bad());
        for step in 0..120_u32 {
            if !something_breaks(&mut world, wall) {
                let device = if world.random().random_bool(0.5) { ann } else { bo };
                something(&mut world, device, step);
                world.run_for_ms(150);
            }
        }
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(5_000);
        let starts = check(&world, wall, ann);
        assert_eq!(starts, 1, "it went on where it was; {}", world.how_to_replay());
    }
}

/// An authority that was restored holds a shorter log, and the same epoch until it is opened: what is shown begins anew, further back. Within one
/// session an older start was only overtaken.
#[test]
fn what_shows_of_a_log_that_was_set_back_begins_anew() {
    let (space, view) = (SpaceId(id(9)), ViewKey::entity::<Item>(id(1)));
    let mut thin = ThinView::new(domain(), space, view.clone());
    let head = |number: u64| Head { position: Position(number), hash: Hash([number as u8; 32]) };
    let start = |at: u64| ServerFrame::ViewStart {
        remade: 0,
        space,
        view: view.clone(),
        epoch: 1,
        at: head(at),
        piece: 0,
        is_last: true,
        state: Arc::default(),
        models: Vec::new(),
    };
    let told_to = |after: u64, upto: u64, hash: Option<Hash>| ServerFrame::ViewNews {
        space,
        view: view.clone(),
        after: Position(after),
        upto: head(upto),
        piece: 0,
        is_last: true,
        items: Vec::new(),
        hash,
    };
    let news = |after: u64, upto: u64| told_to(after, upto, None);
    let read = |after: u64, upto: u64| told_to(after, upto, Some(head(after).hash));
    let told = |thin: &mut ThinView, frame: ServerFrame| {
        thin.handle_frame(frame);
        thin.position().map(|position| position.0)
    };
    thin.handle_connected();
    assert_eq!(told(&mut thin, start(50)), Some(50));
    assert_eq!(told(&mut thin, start(40)), Some(50), "it was overtaken");
    assert_eq!(told(&mut thin, news(45, 60)), Some(60));
    thin.handle_connected();
    assert_eq!(told(&mut thin, news(30, 70)), Some(60), "that may be news of another log");
    assert_eq!(told(&mut thin, news(60, 70)), Some(60), "and so may that");
    assert_eq!(told(&mut thin, start(30)), Some(30), "it was set back");
    assert_eq!(told(&mut thin, news(30, 70)), Some(70));
    thin.handle_connected();
    assert_eq!(told(&mut thin, read(70, 80)), Some(80), "the log goes on from what is known");
    assert_eq!(told(&mut thin, start(30)), Some(80));
    // The answer may be lost, and a log that was set back is never longer than what is known.
    let asks = |thin: &mut ThinView| {
        while thin.poll_output().is_some() {}
        thin.handle_frame(ServerFrame::Ping { nonce: 0, heads: vec![(space, head(30))] });
        thin.poll_output().is_some()
    };
    assert!(!asks(&mut thin), "nothing is missing");
    thin.handle_connected();
    assert!(asks(&mut thin));
    assert_eq!(told(&mut thin, read(80, 80)), Some(80));
    assert!(!asks(&mut thin), "it is the same log");
    // The person was out, and in again, and is told late of the first.
    assert_eq!(told(&mut thin, ServerFrame::AccessEnded { space, at: Position(60), is_known: true }), Some(80));
    assert_eq!(told(&mut thin, ServerFrame::AccessEnded { space, at: Position(80), is_known: true }), None);
}

/// A screen that came while the server was being restored asks again, in the same session.
#[test]
fn who_comes_while_the_server_cannot_read_asks_again_with_the_next_ping() {
    let (space, view) = (SpaceId(id(9)), ViewKey::entity::<Item>(id(1)));
    let mut thin = ThinView::new(domain(), space, view.clone());
    let asks = |thin: &mut ThinView| {
        let outputs: Vec<ThinOutput> = std::iter::from_fn(|| thin.poll_output()).collect();
        outputs.iter().filter(|output| matches!(output, ThinOutput::Send(_))).count()
    };
    let ping = || ServerFrame::Ping { nonce: 0, heads: Vec::new() };
    thin.handle_connected();
    assert_eq!(asks(&mut thin), 1);
    thin.handle_frame(ping());
    assert_eq!(asks(&mut thin), 0, "the answer is on its way");
    thin.handle_frame(ServerFrame::Unavailable { space });
    assert_eq!(asks(&mut thin), 0, "not at once");
    thin.handle_frame(ping());
    assert_eq!(asks(&mut thin), 1);
    thin.handle_frame(ping());
    assert_eq!(asks(&mut thin), 0, "once");
}

/// Every entity is a view of itself.
#[test]
fn an_entity_is_looked_at_the_thin_way_too() {
    for seed in 0..20 {
        let mut world = World::seeded(6_300 + seed, &domain());
        let [ann, bo, wall] = world.devices(["ann", "bo", "wall"]);
        world.send(ann, add(1, LIST, "looked at")).unwrap();
        world.run_until_quiet();
        world.look(wall, ViewKey::entity::<Item>(id(1)));
        world.run_for_ms(3_000);
        world.suffer(Faults::bad());
        for step in 0..60_u32 {
            if !something_breaks(&mut world, wall) {
                let title = format!("renamed {step}");
                let item = world.random().random_range(1..3);
                let _ = world.send(ann, command(item, &ItemCommand::Rename { title }));
                something(&mut world, bo, step);
                world.run_for_ms(150);
            }
        }
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(5_000);
        assert_eq!(world.thin(wall).0.entity::<Item>(id(1)), world.replica(ann).entity::<Item>(id(1)));
        let (starts, from, numbers) = shown(&world, wall);
        let mut playback = world.replica(ann).playback();
        let last = playback.last().unwrap();
        let mut expected = Vec::new();
        playback
            .walk(from, last, |step| {
                let is_of_it = step.record.stream.id == id(1) && step.record.kind == RecordKind::Event;
                expected.extend(is_of_it.then_some(step.record.number));
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!((starts, &numbers), (1, &expected), "{}", world.how_to_replay());
        assert!(numbers.len() > 5);
    }
}

/// The state of a large list came in pieces. One that was lost or doubled on a bad line left a state that could not be read, or one in which
/// things were missing.
#[test]
fn a_start_in_pieces_is_whole_or_is_asked_for_again() {
    for seed in 0..8 {
        let mut world = World::seeded(6_500 + seed, &domain());
        let [ann, wall] = world.devices(["ann", "wall"]);
        for item in 1..9 {
            let title = format!("{item}").repeat(190_000);
            world.send(ann, add(item, LIST, &title)).unwrap();
        }
        world.run_until_quiet();
        world.suffer(Faults { lost: 20, doubled: 30, ..Faults::bad() });
        world.look(wall, looked_at());
        world.run_for_ms(20_000);
        world.heal();
        world.run_until_quiet();
        world.run_for_ms(5_000);
        check(&world, wall, ann);
        assert_eq!(world.thin(wall).0.get::<ListView>().titles.len(), 8);
    }
}

/// A large model was sent together with all that came before it: of the two, none was larger than a frame, and both were.
#[test]
fn a_large_model_begins_a_piece_of_its_own() {
    let thresholds = Thresholds { view_piece_bytes_max: 1_000, ..Thresholds::default() };
    let mut authority = Authority::founded(application().with_thresholds(thresholds).shared());
    for item in 1..7 {
        let title = "x".repeat(if item % 2 == 0 { 900 } else { 400 });
        assert_eq!(
            authority.submit(FIRST, None, u64::from(item) + 1, item, add(item, LIST, &title)),
            AnswerCode::Accepted
        );
    }
    authority.look_at(looked_at());
    let pieces = authority.said.iter().filter_map(|frame| match frame {
        ServerFrame::ViewStart { models, .. } => Some(models.iter().map(|(_, model)| model.len()).collect::<Vec<_>>()),
        _ => None,
    });
    let pieces: Vec<_> = pieces.collect();
    assert!(pieces.len() > 3, "{pieces:?}");
    assert!(pieces.iter().all(|piece| piece.len() < 2 || piece.iter().sum::<usize>() <= 1_000), "{pieces:?}");
}

/// Somebody looked at a list in which nothing happened, while the space was busy. With every ping the log was looked through for what had not
/// happened, and after a long stretch of it the whole view was sent anew.
#[test]
fn a_quiet_view_of_a_busy_space_stays_as_it_is() {
    let mut authority = Authority::founded(domain());
    let mut thin = ThinView::new(domain(), SPACE, looked_at());
    let mut starts = 0;
    thin.handle_connected();
    let mut talk = |thin: &mut ThinView, authority: &mut Authority| {
        while let Some(output) = thin.poll_output() {
            match output {
                ThinOutput::Send(frame) => authority.hear(frame),
                ThinOutput::Started { .. } => starts += 1,
                other => panic!("{other:?}"),
            }
            for frame in std::mem::take(&mut authority.said) {
                thin.handle_frame(frame);
            }
        }
        starts
    };
    talk(&mut thin, &mut authority);
    for number in 2..5_200_u64 {
        let intent = match number {
            2 => add(1, LIST + 1, "elsewhere"),
            _ => command(1, &ItemCommand::Rename { title: number.to_string() }),
        };
        authority.submit_answered(
            FIRST,
            None,
            number - 1,
            entry(number, CommandId(Id(u128::from(number).to_be_bytes())), intent),
        );
    }
    let head = authority.head();
    assert!(head.position > Position(recordplayer::limits::VIEW_CATCH_UP_RECORDS_MAX));
    thin.handle_frame(ServerFrame::Ping { nonce: 0, heads: vec![(SPACE, head)] });
    let starts = talk(&mut thin, &mut authority);
    assert_eq!((starts, thin.position()), (1, Some(head.position)));
}
