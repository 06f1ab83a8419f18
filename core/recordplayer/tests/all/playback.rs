//! Time travel: any moment of a space's life, exactly as it was (rules 6, 7 and 12).

use std::ops::ControlFlow;

use crate::machines::{Authority, Device, FIRST, entry};
use crate::note::{self, Note, NoteCommand, TEXT, note};
use crate::todo::{self, Item, ItemCommand, ListView, add, command, domain, id};
use rand::RngExt;
use recordplayer::claims::Claims;
use recordplayer::id::{CommandId, Id};
use recordplayer::playback::PlaybackError;
use recordplayer::protocol::ClientFrame;
use recordplayer::record::{Position, RecordKind};
use recordplayer::replica::{TextEdit, TextWork, Wish};
use recordplayer::testing::World;
use recordplayer::time::Timestamp;

/// A world in which two people have done some hundred things.
fn lived(seed: u64) -> (World, recordplayer::testing::DeviceId) {
    let mut world = World::seeded(seed, &domain());
    let [ann, bo] = world.devices(["ann", "bo"]);
    for step in 0..400_u32 {
        let device = if world.random().random_bool(0.5) { ann } else { bo };
        let item = world.random().random_range(1..20_u8);
        let intent = match world.random().random_range(0..4) {
            0 => add(item, 100 + item % 3, &format!("item {step}")),
            1 => command(item, &ItemCommand::Rename { title: format!("renamed {step}") }),
            2 => command(item, &ItemCommand::MoveTo { list: id(100 + item % 2) }),
            _ => command(item, &ItemCommand::Finish {}),
        };
        // Some are refused here, as in life.
        let _ = world.send(device, intent);
        world.run_for_ms(20);
    }
    world.run_until_quiet();
    (world, ann)
}

#[test]
fn every_moment_is_a_replay_of_the_log_up_to_it() {
    for seed in 0..3 {
        let (mut world, ann) = lived(500 + seed);
        let head = world.replica(ann).confirmed();
        let mut playback = world.replica(ann).playback();
        assert_eq!(playback.state_hash_at(head.position).unwrap(), world.authority().1);
        for _ in 0..60 {
            let position = Position(world.random().random_range(0..=head.position.0));
            let jumped = playback.state_hash_at(position).unwrap();
            let mut fresh = world.replica(ann).playback();
            assert_eq!(jumped, fresh.state_hash_at(position).unwrap(), "at {position}; {}", world.how_to_replay());
            let (moment, same) = (playback.at(position).unwrap(), fresh.at(position).unwrap());
            assert_eq!(moment.head(), same.head());
            assert!(moment.head().position <= position, "a moment is the end of a commit at or before it");
            for list in 100..103 {
                assert_eq!(moment.view::<ListView>(id(list)), same.view::<ListView>(id(list)));
            }
            assert_eq!(moment.entity::<Item>(id(1)), same.entity::<Item>(id(1)));
        }
        let now = playback.at(head.position).unwrap();
        assert_eq!(now.view::<ListView>(id(100)), world.replica(ann).view::<ListView>(id(100)));
    }
}

#[test]
fn each_record_is_shown_once_with_the_entities_just_after_it() {
    let (world, ann) = lived(510);
    let head = world.replica(ann).confirmed().position;
    let mut playback = world.replica(ann).playback();
    let mut numbers = Vec::new();
    playback
        .walk(Position::START, head, |step| {
            numbers.push(step.record.number.0);
            assert_eq!(step.header.first.0 + step.index as u64, step.record.number.0);
            if let Some(todo::ItemEvent::Renamed { title }) = step.record.event::<Item>() {
                assert_eq!(step.models.get::<Item>(step.record.stream.id).title, *title);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(numbers, (1..=head.0).collect::<Vec<_>>());
    let mut kinds = Vec::new();
    playback
        .walk(Position(5), head, |step| {
            kinds.push(step.record.kind);
            if kinds.len() < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    assert_eq!(kinds.len(), 3, "the visitor ends it");
    assert!(kinds.contains(&RecordKind::Event));
}

/// An import claims that its cards were made years ago, so the last record of that time is not the last one before it in the log.
#[test]
fn a_time_leads_to_the_last_commit_that_had_happened_by_then() {
    let mut world = World::seeded(520, &domain());
    let [ann] = world.devices(["ann"]);
    world.send(ann, add(1, 100, "now")).unwrap();
    world.run_until_quiet();
    let before_import = world.replica(ann).confirmed().position;
    let now = world.now();
    let mut claim = |item: u8, at: i64| {
        let wish = Wish {
            claims: Claims { happened_at: Some(Timestamp(at)), ..Claims::default() },
            ..Wish::new(CommandId(Id([item; 16])), add(item, 100, "imported"))
        };
        world.wish(ann, wish).unwrap();
        world.run_until_quiet();
        world.replica(ann).confirmed().position
    };
    let (old, older) = (claim(2, -1_000_000), claim(3, -2_000_000));
    let mut playback = world.replica(ann).playback();
    assert_eq!(playback.position_at(Timestamp(-3_000_000)), Ok(Position::START));
    assert_eq!(playback.position_at(Timestamp(-2_000_000)), Ok(older));
    assert_eq!(playback.position_at(Timestamp(-1_000_001)), Ok(older), "claimed later in the log, and happened before");
    assert_eq!(playback.position_at(Timestamp(-1)), Ok(older), "the greatest commit whose time is at most that");
    assert_eq!(playback.position_at(now), Ok(older));
    assert!(before_import < old && old < older);
    assert_eq!(playback.times().unwrap().len(), 4);
}

#[test]
fn what_has_not_happened_or_is_not_here_is_said() {
    let (mut world, ann) = lived(530);
    let head = world.replica(ann).confirmed().position;
    let mut playback = world.replica(ann).playback();
    let error = playback.at(head.plus(1)).unwrap_err();
    assert_eq!(error, PlaybackError::NotYet { asked: head.plus(1), last: head });
    world.send(ann, add(30, 100, "later")).unwrap();
    world.run_until_quiet();
    let later = world.replica(ann).confirmed().position;
    assert_eq!(playback.at(later).unwrap().entity::<Item>(id(30)).title, "later", "a growing log is followed");
}

/// A device that has joined by the state shows the present at once. Of the past it says that it is on its way, and does not show half of it.
#[test]
fn the_past_is_shown_once_it_is_here() {
    let mut authority = Authority::founded(domain());
    for number in 2..1_100_u64 {
        let intent = match number {
            2 => add(1, 100, "first"),
            _ => command(1, &ItemCommand::Rename { title: number.to_string() }),
        };
        let entry = entry(number, CommandId(Id(u128::from(number).to_be_bytes())), intent);
        authority.submit_answered(FIRST, None, number - 1, entry);
    }
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { .. }));
    assert_eq!(device.replica.entity::<Item>(id(1)).title, "1099", "it has joined by the state");
    let mut playback = device.replica.playback();
    let error = playback.at(Position(6)).unwrap_err();
    assert_eq!(error, PlaybackError::NotHere { here: Position::START });
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    assert_eq!(playback.last(), Ok(authority.head().position));
    assert_eq!(playback.at(Position(6)).unwrap().entity::<Item>(id(1)).title, "first");
    assert_eq!(playback.state_hash_at(authority.head().position).unwrap(), authority.state_hash());
}

#[test]
fn a_text_is_read_as_it_was() {
    let mut world = World::seeded(540, &note::domain());
    let [ann] = world.devices(["ann"]);
    let mut moments = Vec::new();
    for (number, text) in (1_u8..).zip(["First.", "First. Second.", "Second.", ""]) {
        let edit = TextEdit::<Note> {
            command: CommandId(Id([number; 16])),
            entity: note(),
            claims: Claims::default(),
            work: TextWork::Replace(text),
            make: |change| NoteCommand::Write { change },
        };
        world.edit(ann, &edit).unwrap();
        world.run_until_quiet();
        moments.push((world.replica(ann).confirmed().position, text));
    }
    let playback = world.replica(ann).playback();
    for (position, text) in moments {
        assert_eq!(playback.text_at::<Note>(note(), TEXT, position).unwrap().text(), text);
    }
    assert_eq!(playback.text_at::<Note>(note(), TEXT, Position::START).unwrap().text(), "");
}
