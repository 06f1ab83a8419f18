//! A small application for the tests of the core: lists of items, at most ten of them open in a list.

use std::sync::Arc;

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub const OPEN_MAX: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct List {
    pub open: BTreeSet<Id>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ListCommand {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ListEvent {
    Opened { item: Id },
    Closed { item: Id },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum ListRefusal {}

impl Entity for List {
    const KIND: &'static str = "list";
    type Command = ListCommand;
    type Event = ListEvent;
    type Refusal = ListRefusal;

    fn decide(&self, command: &ListCommand, _: &mut Context<'_>) -> Result<Vec<ListEvent>, ListRefusal> {
        match *command {}
    }

    fn play(&mut self, event: &ListEvent, _: &Stamp) {
        match event {
            ListEvent::Opened { item } => drop(self.open.insert(*item)),
            ListEvent::Closed { item } => drop(self.open.remove(item)),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub list: Id,
    pub title: String,
    pub is_done: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemCommand {
    Add {
        list: Id,
        title: String,
    },
    Rename {
        title: String,
    },
    MoveTo {
        list: Id,
    },
    Finish {},
    /// Fails in `decide`, as a bug would.
    Panic {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemEvent {
    Added { list: Id, title: String },
    Renamed { title: String },
    MovedTo { list: Id },
    Finished {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum ItemRefusal {
    #[error("The list has {max} open items. Finish one first")]
    ListFull { max: u64 },
    #[error("There is no such item")]
    NoSuchItem {},
}

impl Entity for Item {
    const KIND: &'static str = "item";

    fn sets(event: &ItemEvent) -> Option<String> {
        match event {
            ItemEvent::Renamed { .. } => Some("title".to_owned()),
            ItemEvent::MovedTo { .. } => Some("list".to_owned()),
            ItemEvent::Added { .. } | ItemEvent::Finished {} => None,
        }
    }

    type Command = ItemCommand;
    type Event = ItemEvent;
    type Refusal = ItemRefusal;

    fn decide(&self, command: &ItemCommand, cx: &mut Context<'_>) -> Result<Vec<ItemEvent>, ItemRefusal> {
        let me = cx.id();
        if !matches!(command, ItemCommand::Add { .. } | ItemCommand::Panic {}) && !cx.exists::<Self>(me) {
            return Err(ItemRefusal::NoSuchItem {});
        }
        let has_room = |list: Id, cx: &Context<'_>| {
            let full = cx.get::<List>(list).open.len() >= OPEN_MAX;
            if full { Err(ItemRefusal::ListFull { max: OPEN_MAX as u64 }) } else { Ok(()) }
        };
        match command {
            ItemCommand::Add { list, title } => {
                has_room(*list, cx)?;
                cx.emit::<List>(*list, &ListEvent::Opened { item: me });
                Ok(vec![ItemEvent::Added { list: *list, title: title.clone() }])
            }
            ItemCommand::Rename { title } => Ok(vec![ItemEvent::Renamed { title: title.clone() }]),
            ItemCommand::MoveTo { list } if *list == self.list => Ok(Vec::new()),
            ItemCommand::MoveTo { list } => {
                has_room(*list, cx)?;
                cx.emit::<List>(self.list, &ListEvent::Closed { item: me });
                cx.emit::<List>(*list, &ListEvent::Opened { item: me });
                Ok(vec![ItemEvent::MovedTo { list: *list }])
            }
            ItemCommand::Finish {} => {
                cx.emit::<List>(self.list, &ListEvent::Closed { item: me });
                Ok(vec![ItemEvent::Finished {}])
            }
            ItemCommand::Panic {} => panic!("a bug in decide"),
        }
    }

    fn play(&mut self, event: &ItemEvent, _: &Stamp) {
        match event {
            ItemEvent::Added { list, title } => {
                self.list = *list;
                self.title.clone_from(title);
            }
            ItemEvent::Renamed { title } => self.title.clone_from(title),
            ItemEvent::MovedTo { list } => self.list = *list,
            ItemEvent::Finished {} => self.is_done = true,
        }
    }
}

/// What one list shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListView {
    pub titles: BTreeMap<Id, String>,
    pub records: u64,
}

impl View for ListView {
    const NAME: &'static str = "list";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let is_item = &*stream.kind == Item::KIND && models.exists::<Item>(stream.id);
        if is_item { vec![models.get::<Item>(stream.id).list.into()] } else { Vec::new() }
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        self.records += 1;
        let item = after.get::<Item>(record.stream.id);
        if key.id() == Some(item.list) {
            self.titles.insert(record.stream.id, item.title.clone());
        } else {
            self.titles.remove(&record.stream.id);
        }
    }
}

pub fn domain() -> Arc<Domain> {
    application().shared()
}

pub fn application() -> Domain {
    Domain::new("todo", 1).entity::<Item>().entity::<List>().view::<ListView>()
}

pub fn id(n: u8) -> Id {
    Id([n; 16])
}

pub fn add(item: u8, list: u8, title: &str) -> Intent {
    command(item, &ItemCommand::Add { list: id(list), title: title.to_owned() })
}

pub fn command(item: u8, command: &ItemCommand) -> Intent {
    Intent::of::<Item>(id(item), command).expect("a command can be encoded")
}
