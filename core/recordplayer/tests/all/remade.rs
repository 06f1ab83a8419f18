//! Views whose version has changed are made anew while their space is open, and those that show go on until then.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::machines::{Authority, Device, FIRST, SPACE, entry};
use crate::todo::{Item, ItemCommand, ItemEvent, List, add, command, id};
use rand::RngExt;
use recordplayer::codec::{decode, encode};
use recordplayer::decide::Intent;
use recordplayer::id::{CommandId, Id};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::prelude::*;
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::record::Position;
use recordplayer::space::Ending;
use recordplayer::storage::RowKey;
use recordplayer::testing::{World, converge_in, with_drawn_thresholds};
use recordplayer::thin::{ThinOutput, ThinView};
use recordplayer::thresholds::Thresholds;
use recordplayer::time::Timestamp;
use recordplayer::view::ViewKey;
use recordplayer::{Rebuilding, holds_views};
use serde::{Deserialize, Serialize};

const LIST: u8 = 100;

/// The titles of one list, as each version writes them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Titles<const V: u32> {
    titles: BTreeMap<Id, String>,
    #[serde(default)]
    records: u64,
}

fn as_written<const V: u32>(title: &str) -> String {
    if V == 1 { title.to_owned() } else { title.to_uppercase() }
}

fn list_of(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
    let is_item = &*stream.kind == Item::KIND && models.exists::<Item>(stream.id);
    if is_item { vec![models.get::<Item>(stream.id).list.into()] } else { Vec::new() }
}

impl<const V: u32> View for Titles<V> {
    const NAME: &'static str = "titles";
    const VERSION: u32 = V;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        list_of(stream, models)
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        self.records += u64::from(V > 1);
        let item = after.get::<Item>(record.stream.id);
        if key.id() == Some(item.list) {
            self.titles.insert(record.stream.id, as_written::<V>(&item.title));
        } else {
            self.titles.remove(&record.stream.id);
        }
    }
}

/// The first title of each item, by the item: what one version has saved the next one cannot show, and that one plays only on what it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct First<const V: u32> {
    title: Option<String>,
}

impl<const V: u32> View for First<V> {
    const NAME: &'static str = "first";
    const VERSION: u32 = V;

    fn keys(stream: &StreamId, _: &Models<'_>) -> Vec<Key> {
        if &*stream.kind == Item::KIND { vec![stream.id.into()] } else { Vec::new() }
    }

    fn from_version(_: u32, _: &[u8]) -> Option<Self> {
        None
    }

    fn play(&mut self, _: &Key, record: &Record, _: &Models<'_>) {
        match record.event::<Item>() {
            Some(ItemEvent::Added { title, .. }) => self.title = Some(as_written::<V>(title)),
            Some(_) => assert!(V == 1 || self.title.is_some(), "it was added before"),
            None => {}
        }
    }
}

/// An item's title as a key: what has had many titles has many of them, and the second version knows of none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ByTitle<const V: u32> {
    items: u64,
}

impl<const V: u32> View for ByTitle<V> {
    const NAME: &'static str = "by_title";
    const VERSION: u32 = V;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let keys = list_of(stream, models);
        if V > 1 { keys } else { keys.iter().map(|_| Key::text(&models.get::<Item>(stream.id).title)).collect() }
    }

    fn play(&mut self, _: &Key, _: &Record, _: &Models<'_>) {
        self.items += 1;
    }
}

/// One piece of a log is a commit of these.
const ONE_COMMIT: usize = 1;

fn entities(rebuild_bytes: usize) -> Domain {
    let thresholds = Thresholds { rebuild_bytes, ..Thresholds::default() };
    Domain::new("todo", 1).entity::<Item>().entity::<List>().with_thresholds(thresholds)
}

fn old() -> Arc<Domain> {
    entities(ONE_COMMIT).view::<Titles<1>>().view::<First<1>>().view::<ByTitle<1>>().shared()
}

fn new() -> Arc<Domain> {
    entities(ONE_COMMIT).view::<Titles<2>>().view::<First<2>>().view::<ByTitle<2>>().shared()
}

/// What follows a founding, each as the next command of the first replica.
fn authority(domain: Arc<Domain>, items: u8) -> Authority {
    let mut authority = Authority::founded(domain);
    for item in 1..=items {
        says(
            &mut authority,
            u64::from(item) + 1,
            &ItemCommand::Add { list: id(LIST), title: format!("item {item}") },
            item,
        );
    }
    authority
}

fn says(authority: &mut Authority, number: u64, of: &ItemCommand, item: u8) {
    let entry = entry(number, CommandId(Id(u128::from(number).to_be_bytes())), command(item, of));
    assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
    authority.said.clear();
}

fn rename(title: &str) -> ItemCommand {
    ItemCommand::Rename { title: title.to_owned() }
}

/// A device with what an authority has saved, begun by the older version.
fn device(items: u8) -> Device {
    let mut authority = authority(old(), items);
    authority.save();
    Device::copy_of(&authority, old())
}

/// The clock of a device goes on, until its views are whole; answers with what it told of them.
fn remade(device: &mut Device) -> Vec<Rebuilding> {
    let mut told = Vec::new();
    while let Some(rebuilding) = device.replica.status().rebuilding {
        told.push(rebuilding);
        assert!(told.len() < 1_000, "it comes to an end: {rebuilding:?}");
        let due = device.replica.wake_at().expect("it goes on");
        device.replica.handle_wakeup(due.max(Timestamp(told.len() as i64 * 10)));
        device.work();
    }
    told
}

fn titles<const V: u32>(device: &Device) -> Vec<String> {
    device.replica.view::<Titles<V>>(id(LIST)).titles.values().cloned().collect()
}

fn is_whole(device: &Device) {
    let mut playback = device.replica.playback();
    let last = playback.last().unwrap();
    let moment = playback.at(last).unwrap();
    assert_eq!(device.replica.view::<Titles<2>>(id(LIST)), moment.view::<Titles<2>>(id(LIST)));
    assert_eq!(device.replica.view::<ByTitle<2>>(id(LIST)), moment.view::<ByTitle<2>>(id(LIST)));
    for item in 1..10 {
        assert_eq!(device.replica.view::<First<2>>(id(item)), moment.view::<First<2>>(id(item)));
    }
}

/// After each upgrade that changed a view a device played its whole log before it showed anything.
#[test]
fn a_space_opens_at_once_where_only_views_have_changed_and_shows_what_was_saved() {
    let before = device(3);
    let mut device = before.upgraded(new());
    let hash = device.replica.state_hash();
    assert_eq!(titles::<2>(&device), ["item 1", "item 2", "item 3"], "as it was saved");
    assert_eq!(device.replica.view::<Titles<2>>(id(LIST)).records, 0, "a field that was not there yet");
    assert_eq!(device.replica.view::<First<2>>(id(1)), Arc::default(), "what cannot be shown is empty");
    assert!(device.replica.shows_older::<Titles<2>>());
    device.submit(50, command(1, &rename("renamed"))).unwrap();
    assert_eq!(titles::<2>(&device), ["RENAMED", "item 2", "item 3"], "and what comes is played on it");

    let told = remade(&mut device);
    assert!(told.len() > 2, "piece by piece");
    assert!(told.windows(2).all(|pair| pair[0].done < pair[1].done && pair[0].of == pair[1].of), "{told:?}");
    assert_eq!(told.last().map(|last| last.percent() < 100), Some(true));
    assert!(!device.replica.shows_older::<Titles<2>>());
    assert_eq!(titles::<2>(&device), ["RENAMED", "ITEM 2", "ITEM 3"], "with what waits on top");
    assert_eq!(device.replica.view::<Titles<2>>(id(LIST)).records, 4);
    assert_eq!(device.replica.view::<First<2>>(id(3)).title.as_deref(), Some("ITEM 3"));
    assert_eq!(device.replica.state_hash(), hash, "entities are what they were");
}

/// Where all views are this version's, nothing is made anew.
#[test]
fn what_has_not_changed_is_read_as_it_was_saved() {
    let device = device(3).upgraded(old());
    assert_eq!(device.replica.status().rebuilding, None);
    let one_more = || entities(ONE_COMMIT).view::<Titles<1>>().view::<First<2>>().view::<ByTitle<1>>().shared();
    let device = device.upgraded(one_more());
    assert!(device.replica.shows_older::<First<2>>() && !device.replica.shows_older::<Titles<1>>());
    assert_eq!(titles::<1>(&device), ["item 1", "item 2", "item 3"]);
}

/// A log of a few pieces less than two is played when the space is opened: nobody sees what was saved.
#[test]
fn a_small_space_shows_the_new_views_at_once() {
    let new = entities(100_000).view::<Titles<2>>().view::<First<2>>().view::<ByTitle<2>>().shared();
    let device = device(3).upgraded(new);
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(titles::<2>(&device), ["ITEM 1", "ITEM 2", "ITEM 3"]);
}

/// Whatever was saved meanwhile, and however often the program ends before it is done.
#[test]
fn a_rebuild_that_was_cut_begins_again_and_mixes_nothing() {
    let mut device = device(4).upgraded(new());
    for round in 0..3_u8 {
        device.replica.handle_wakeup(Timestamp(i64::from(round) * 10));
        device.work();
        assert!(device.replica.status().rebuilding.is_some(), "it takes more than a piece");
        device = device.upgraded(new());
        assert_eq!(titles::<2>(&device)[3], "item 4");
    }
    // Events come, and are saved with what shows.
    let mut authority = authority(old(), 4);
    says(&mut authority, 6, &rename("renamed"), 1);
    device.replica.handle_connected();
    device.take(authority.everything());
    device.saved();
    device = device.upgraded(new());
    assert!(device.replica.status().rebuilding.is_some());
    assert_eq!(titles::<2>(&device), ["RENAMED", "item 2", "item 3", "item 4"]);
    remade(&mut device);
    is_whole(&device);
    // Saved, it is what the next start reads.
    device.saved();
    let mut device = device.upgraded(new());
    assert_eq!(device.replica.status().rebuilding, None);
    is_whole(&device);

    // The other way: what the newer version has played on is no fold of the older one either.
    says(&mut authority, 7, &rename("again"), 2);
    device.take(authority.everything());
    let mut device = device.upgraded(old());
    assert_eq!(titles::<1>(&device)[2], "ITEM 3");
    device.take(authority.everything());
    device.saved();
    let mut device = device.upgraded(old());
    remade(&mut device);
    assert_eq!(titles::<1>(&device), ["renamed", "again", "item 3", "item 4"]);
}

/// A newer version no longer has a view by title. Its rows stayed, and once a title came up again, the view showed what it had been.
#[test]
fn rows_that_the_new_version_does_not_have_go_with_the_next_checkpoint() {
    let mut before = device(3);
    let of = |rows: &[RowKey], name: &str| {
        rows.iter().filter(|key| matches!(key, RowKey::View(view) if *view.name == *name)).count()
    };
    let rows = before.saved();
    assert_eq!((of(&rows, "by_title"), of(&rows, "titles")), (3, 1));
    let mut device = before.upgraded(new());
    let title = || Key::text("item 1");
    assert_eq!(device.replica.view::<ByTitle<2>>(title()).items, 1, "as it was saved");
    remade(&mut device);
    assert_eq!(device.replica.view::<ByTitle<2>>(title()), Arc::default(), "also before that is saved");
    let rows = device.saved();
    assert_eq!((of(&rows, "by_title"), of(&rows, "titles")), (1, 1));
    assert_eq!(device.replica.view::<ByTitle<2>>(title()), Arc::default());
    // A view that is gone leaves nothing, and one that comes back is made anew.
    let mut device = device.upgraded(entities(ONE_COMMIT).view::<Titles<2>>().view::<First<2>>().shared());
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(of(&device.saved(), "by_title"), 0);
    let mut device = device.upgraded(new());
    assert!(device.replica.shows_older::<ByTitle<2>>() && !device.replica.shows_older::<Titles<2>>());
    assert_eq!(device.replica.view::<ByTitle<2>>(id(LIST)), Arc::default(), "it begins empty");
    remade(&mut device);
    is_whole(&device);
}

/// Where the shape of an entity has changed, all views are played at once, and none of their rows of before stays.
#[test]
fn rows_of_views_that_were_played_with_the_whole_log_go_too() {
    let mut before = device(3);
    assert!(before.saved().len() > 5);
    let two = Domain::new("todo", 2).entity::<Item>().entity::<List>().view::<ByTitle<2>>().shared();
    let mut device = before.upgraded(two);
    assert_eq!(device.replica.status().rebuilding, None);
    let views: Vec<_> = device.saved().into_iter().filter(|key| matches!(key, RowKey::View(_))).collect();
    assert_eq!(views, [RowKey::View(ViewKey::of::<ByTitle<2>>(id(LIST)))]);
}

/// What something is decided by is never another version's.
#[test]
fn a_view_that_decide_reads_is_made_anew_before_the_space_opens() {
    let consistent = |domain: Domain| domain.view::<First<1>>().view::<ByTitle<1>>().shared();
    let mut authority = authority(consistent(entities(ONE_COMMIT).consistent_view::<Titles<1>>()), 3);
    authority.save();
    let device = Device::copy_of(&authority, consistent(entities(ONE_COMMIT).consistent_view::<Titles<2>>()));
    assert_eq!(device.replica.status().rebuilding, None);
    assert_eq!(titles::<2>(&device), ["ITEM 1", "ITEM 2", "ITEM 3"]);
}

/// The clock of the authority goes on, until its views are whole; answers with how many pieces that took.
fn remade_there(authority: &mut Authority) -> usize {
    let mut pieces = 0;
    while authority.space.rebuilding().is_some() {
        pieces += 1;
        assert!(pieces < 1_000, "it comes to an end: {:?}", authority.space.rebuilding());
        authority.now = authority.now.plus_ms(10);
        authority.wake();
    }
    pieces
}

fn upgraded(items: u8) -> Authority {
    let mut authority = authority(old(), items);
    authority.save();
    authority.start_again(new(), Ending::InOrder);
    authority
}

/// `play` of a new version meets what another one has saved. Where it panicked over it, a command was refused for that.
#[test]
fn an_authority_decides_while_views_are_made_anew() {
    let mut authority = upgraded(3);
    says(&mut authority, 5, &rename("renamed"), 1);
    assert!(authority.space.rebuilding().is_some());
    assert!(!authority.space.is_idle(), "it stays until they are whole");
    assert!(remade_there(&mut authority) > 2);
    assert!(authority.space.is_idle());
    authority.save();
    let device = Device::copy_of(&authority, new());
    assert_eq!(device.replica.status().rebuilding, None, "and saved");
    is_whole(&device);
}

/// Who asks the authority all the time leaves it time for this, and the other way round: one piece, and a rest.
#[test]
fn a_busy_authority_plays_one_piece_at_a_time() {
    let mut authority = upgraded(6);
    authority.wake();
    let before = authority.space.rebuilding().unwrap();
    for number in 8..13 {
        says(&mut authority, number, &rename(&number.to_string()), 1);
    }
    assert_eq!(authority.space.rebuilding().unwrap().done, before.done, "no time has passed");
    authority.now = authority.now.plus_ms(10);
    says(&mut authority, 13, &rename("later"), 1);
    assert!(authority.space.rebuilding().unwrap().done > before.done);
    // A clock that is set back stops nothing.
    authority.now = Timestamp(-1_000_000);
    let done = authority.space.rebuilding().unwrap().done;
    authority.wake();
    assert!(authority.space.rebuilding().unwrap().done > done);
}

/// The append whose outcome nobody knows lets the authority read its log again.
#[test]
fn an_authority_that_falls_back_in_the_middle_begins_again() {
    let mut authority = upgraded(4);
    authority.now = authority.now.plus_ms(10);
    authority.wake();
    authority.fail_next_append();
    let entry = entry(6, CommandId(id(77)), command(1, &rename("once")));
    authority.try_to(FIRST, None, 5, entry);
    assert_eq!(authority.space.rebuilding().map(|rebuilding| rebuilding.done), Some(Position::START));
    remade_there(&mut authority);
    authority.save();
    is_whole(&Device::copy_of(&authority, new()));
}

fn redact(authority: &mut Authority, number: u64, records: Vec<Position>) {
    let redact = MembershipCommand::Redact { records, reopened: None };
    let intent = Intent::of::<Membership>(SPACE.0, &redact).unwrap();
    let entry = entry(number, CommandId(id(78)), intent);
    assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
}

/// What is taken out of the log is in no view that was made of it before.
#[test]
fn what_is_redacted_in_the_middle_is_in_no_view() {
    let mut authority = upgraded(4);
    for _ in 0..3 {
        authority.now = authority.now.plus_ms(10);
        authority.wake();
    }
    let log = authority.log();
    let second = log.iter().flat_map(|commit| commit.events()).find(|event| event.stream.id == id(2)).unwrap().number;
    redact(&mut authority, 6, vec![second]);
    remade_there(&mut authority);
    authority.save();
    let device = Device::copy_of(&authority, new());
    assert_eq!(device.replica.status().rebuilding, None);
    is_whole(&device);
    assert!(!device.holds("ITEM 2"));
}

/// A screen far away.
fn wall() -> ThinView {
    let mut wall = ThinView::new(new(), SPACE, ViewKey::of::<Titles<2>>(id(LIST)));
    wall.handle_connected();
    wall
}

/// The screen and the authority talk until both are silent; answers with how often the screen began.
fn talk(wall: &mut ThinView, authority: &mut Authority) -> usize {
    let mut starts = 0;
    loop {
        let mut is_silent = true;
        while let Some(output) = wall.poll_output() {
            match output {
                ThinOutput::Send(frame) => {
                    is_silent = false;
                    authority.hear(frame);
                }
                ThinOutput::Started { .. } => starts += 1,
                ThinOutput::Record(_) => {}
                ThinOutput::AccessEnded | ThinOutput::Unreadable(_) => panic!("{output:?}"),
            }
        }
        for frame in std::mem::take(&mut authority.said) {
            is_silent = false;
            wall.handle_frame(frame);
        }
        if is_silent {
            return starts;
        }
    }
}

fn shown(wall: &ThinView) -> Vec<String> {
    wall.get::<Titles<2>>().titles.values().cloned().collect()
}

/// A view that somebody looks at was made anew at the place that they had seen already, and they went on seeing what it had been.
#[test]
fn whoever_looks_gets_the_view_anew_where_it_is_whole() {
    let mut authority = upgraded(3);
    let mut wall = wall();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!(shown(&wall), ["item 1", "item 2", "item 3"]);
    remade_there(&mut authority);
    let at = wall.position();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!((shown(&wall), wall.position()), (vec!["ITEM 1".into(), "ITEM 2".into(), "ITEM 3".into()], at));
    says_and_keeps(&mut authority, 5, &rename("renamed"), 1);
    assert_eq!(talk(&mut wall, &mut authority), 0, "and goes on from there");
    assert_eq!(shown(&wall), ["RENAMED", "ITEM 2", "ITEM 3"]);
    // What it knows now, it need not be told again.
    wall.handle_connected();
    assert_eq!(talk(&mut wall, &mut authority), 0);
}

/// As [`says`], and what it says to who follows is kept.
fn says_and_keeps(authority: &mut Authority, number: u64, of: &ItemCommand, item: u8) {
    let entry = entry(number, CommandId(Id(u128::from(number).to_be_bytes())), command(item, of));
    assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
}

/// A screen had gone when the view was made anew, came back, and was told only what had come since.
#[test]
fn whoever_comes_back_after_it_was_made_anew_begins_again() {
    let mut authority = upgraded(3);
    let mut wall = wall();
    talk(&mut wall, &mut authority);
    remade_there(&mut authority);
    authority.said.clear();
    says(&mut authority, 5, &rename("renamed"), 1);
    authority.save();
    // It is remembered with what is saved.
    authority.start_again(new(), Ending::InOrder);
    wall.handle_connected();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!(shown(&wall), ["RENAMED", "ITEM 2", "ITEM 3"]);
}

/// Views that start while something is undurable are those that are durable with it.
#[test]
fn a_view_that_is_made_anew_over_what_is_not_durable_yet_starts_when_that_is() {
    let mut authority = upgraded(2);
    let mut wall = wall();
    talk(&mut wall, &mut authority);
    authority.holds_back = Some(crate::machines::HeldBack::Appends);
    let entry = entry(4, CommandId(id(79)), command(1, &rename("renamed")));
    assert_eq!(authority.try_to(FIRST, None, 3, entry), None);
    remade_there(&mut authority);
    assert_eq!(talk(&mut wall, &mut authority), 0, "it is not durable");
    authority.let_appends_pass();
    assert_eq!(talk(&mut wall, &mut authority), 1);
    assert_eq!(shown(&wall), ["RENAMED", "ITEM 2"]);
}

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
