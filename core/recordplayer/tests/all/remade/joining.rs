//! For whoever joins by the state, with thresholds so small that a few records make a large space; and whatever happens.

use super::*;

/// Thresholds by which a few items are a large space.
fn small(domain: Domain) -> Arc<Domain> {
    let thresholds = Thresholds {
        snapshot_from_records: 4,
        snapshot_chunk_bytes: 100,
        read_bytes: 1,
        rebuild_bytes: ONE_COMMIT,
        ..Thresholds::default()
    };
    domain.with_thresholds(thresholds).shared()
}

fn small_old() -> Arc<Domain> {
    small(entities(ONE_COMMIT).view::<Titles<1>>().view::<First<1>>().view::<ByTitle<1>>())
}

fn small_new() -> Arc<Domain> {
    small(entities(ONE_COMMIT).view::<Titles<2>>().view::<First<2>>().view::<ByTitle<2>>())
}

/// Who joined by the state while views were made anew got rows of two versions, or an empty board until all of the history had come.
#[test]
fn who_joins_while_views_are_made_anew_waits_for_them() {
    let mut authority = authority(small_old(), 6);
    authority.save();
    authority.start_again(small_new(), Ending::InOrder);
    let mut device = Device::new(small_new());
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.confirmed().position, Position::START, "nothing is offered");
    remade_there(&mut authority);
    device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { .. }));
    assert_eq!(device.replica.confirmed(), authority.head());
    assert!(!device.replica.has_history());
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(titles::<2>(&device)[5], "ITEM 6");
}

/// A snapshot was cut, the server was upgraded, and saved its views anew at the same record: the device went on with what it had.
#[test]
fn a_snapshot_that_was_cut_before_views_were_saved_anew_begins_again() {
    let mut authority = authority(small_old(), 6);
    let mut device = Device::new(small_new());
    device.replica.handle_connected();
    let mut chunks = 0;
    while chunks < 20 {
        device.work();
        for frame in std::mem::take(&mut device.sent) {
            authority.hear(frame);
        }
        for frame in std::mem::take(&mut authority.said) {
            chunks += u32::from(matches!(frame, ServerFrame::SnapshotChunk { .. }));
            device.take(frame);
        }
    }
    let at = authority.head();
    authority.start_again(small_new(), Ending::InOrder);
    remade_there(&mut authority);
    assert_eq!(authority.reader().checkpoint().unwrap().unwrap().head, at, "nothing else has happened");
    // The line was not cut for the device: it asks for the next chunk.
    device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { after: Position(0), .. }));
    assert_eq!(device.replica.confirmed(), at);
    assert_eq!(device.replica.status().rebuilding, None, "it is all of one version");
    assert_eq!(titles::<2>(&device)[0], "ITEM 1");
    assert_eq!(device.replica.view::<First<2>>(id(6)).title.as_deref(), Some("ITEM 6"));
}

/// A device that has joined by the state cannot make views anew of a log that is not there. It was dropped for that, and fetched again.
#[test]
fn a_device_without_the_history_shows_what_it_has_until_that_is_there() {
    let mut authority = authority(small_old(), 6);
    let mut device = Device::new(small_old());
    let without_history = |frame: &ClientFrame| !matches!(frame, ClientFrame::FetchCommits { .. });
    device.replica.handle_connected();
    device.talk(&mut authority, without_history);
    assert!(!device.replica.has_history());

    let mut device = device.upgraded(small_new());
    for at in 0..5 {
        device.replica.handle_wakeup(Timestamp(at * 10));
        device.work();
    }
    assert!(device.replica.status().rebuilding.is_some());
    assert_eq!(titles::<2>(&device)[0], "item 1", "offline it is what it was");
    assert!(device.replica.wake_at().is_none_or(|at| at > Timestamp(1_000)), "and nobody is woken for nothing");
    device.replica.handle_connected();
    says_and_keeps(&mut authority, 8, &rename("renamed"), 1);
    device.talk(&mut authority, without_history);
    assert_eq!(titles::<2>(&device)[0], "RENAMED");
    // Also where it is known that something waits for the history.
    let mut device = device.upgraded(small_new());
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    assert!(device.replica.has_history());
    remade(&mut device);
    is_whole(&device);
}

/// The other version's state was of no use to who joined, and all of the history had to be played first.
#[test]
fn who_joins_by_the_state_of_another_version_shows_its_views_and_makes_them_anew() {
    for (of_authority, of_device) in [(small_old(), small_new()), (small_new(), small_old())] {
        let mut authority = authority(of_authority, 6);
        let mut device = Device::new(of_device);
        device.replica.handle_connected();
        device.talk(&mut authority, |frame| !matches!(frame, ClientFrame::FetchCommits { .. }));
        assert_eq!(device.replica.confirmed(), authority.head());
        assert_eq!(device.replica.state_hash(), authority.state_hash());
        assert!(device.replica.status().rebuilding.is_some());
        device.replica.handle_connected();
        device.talk(&mut authority, |_| true);
        remade(&mut device);
        let mut device = device.upgraded(small_new());
        remade(&mut device);
        is_whole(&device);
    }
}

/// Whoever reads all rows of a view reads rows of one version, or is told that there are none.
#[test]
fn a_checkpoint_says_which_views_it_holds() {
    let mut authority = upgraded(3);
    let holds = |authority: &Authority| {
        let checkpoint = authority.reader().checkpoint().unwrap().unwrap();
        (holds_views::<Titles<1>>(&checkpoint), holds_views::<Titles<2>>(&checkpoint))
    };
    assert_eq!(holds(&authority), (true, false));
    says(&mut authority, 5, &rename("renamed"), 1);
    authority.save();
    assert_eq!(holds(&authority), (false, false), "it was played on, and is the fold of neither");
    remade_there(&mut authority);
    authority.save();
    assert_eq!(holds(&authority), (false, true));
}

/// Everything at once, from many seeds: people on bad lines, crashes of everybody, restores, redactions, and upgrades and downgrades of what is
/// shown. At the end every view is a fold of the log, on every device and in every file.
#[test]
fn whatever_happens_views_are_what_the_log_comes_to() {
    let mut remade = 0;
    for seed in 0..60 {
        let versions = [
            entities(ONE_COMMIT).view::<Titles<1>>().view::<ByTitle<1>>(),
            entities(ONE_COMMIT).view::<Titles<2>>().view::<ByTitle<2>>(),
        ];
        let [old, new] = versions.map(|domain| with_drawn_thresholds(domain, seed).shared());
        let mut world = World::seeded(seed, &old);
        world.release(&new);
        let act = |world: &mut World, device| {
            let (item, list) = (world.random().random_range(1..12), world.random().random_range(100..103));
            let title = format!("{item} {}", world.random().random_range(0..1_000));
            let intent = match world.random().random_range(0..5) {
                0..2 => add(item, list, &title),
                2 => command(item, &ItemCommand::MoveTo { list: id(list) }),
                3 => command(item, &ItemCommand::Finish {}),
                _ => command(item, &rename(&title)),
            };
            let _ = world.send(device, intent);
        };
        let world = converge_in(world, ["ann", "bo", "cy"], |_, _| (), act);
        remade += world.reached().views_remade;
        for device in world.everybody().filter(|device| world.is_running(*device)) {
            let mut playback = world.replica(device).playback();
            let last = playback.last().unwrap();
            let moment = playback.at(last).unwrap();
            for list in 100..103 {
                let (shown, replayed) =
                    (world.replica(device).view::<Titles<2>>(id(list)), moment.view::<Titles<2>>(id(list)));
                let read = |view: &Titles<2>| decode::<Titles<2>>(&encode(view).unwrap()).unwrap();
                if world.replica(device).outbox().count() == 0 {
                    assert_eq!(read(&shown), read(&replayed), "{}", world.how_to_replay());
                }
            }
        }
    }
    assert!(remade > 60, "views are made anew while somebody works: {remade} times");
}
