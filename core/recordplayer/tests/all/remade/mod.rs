//! Views whose version has changed are made anew while their space is open, and those that show go on until then.

mod authority;
mod device;
mod joining;

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
    let mut now = Timestamp(0);
    while let Some(rebuilding) = device.replica.status().rebuilding {
        told.push(rebuilding);
        assert!(told.len() < 1_000, "it comes to an end: {rebuilding:?}");
        let due = device.replica.wake_at().expect("it goes on");
        now = now.max(due);
        device.replica.handle_wakeup(now);
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

/// As [`says`], and what it says to who follows is kept.
fn says_and_keeps(authority: &mut Authority, number: u64, of: &ItemCommand, item: u8) {
    let entry = entry(number, CommandId(Id(u128::from(number).to_be_bytes())), command(item, of));
    assert_eq!(authority.submit_answered(FIRST, None, number - 1, entry), AnswerCode::Accepted);
}
