//! Somebody whose device lives in this process: faster hands than the command line has.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use recordplayer::id::{Id, SpaceId};
use recordplayer_client::limits::{Settings, Timing};
use recordplayer_client::{Device, Space};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::{Board, Card};

use crate::clock::{PATIENCE, let_pass, now};
use crate::ledger::{Outbox, Promise, Word};
use crate::server::CACHE_MIB;

/// A line that notices soon, so that no history waits for long; and little memory, so that pages are read from the disk again.
const QUICK: Settings = Settings {
    timing: Timing {
        handshake: Duration::from_secs(2),
        ping_after: Duration::from_millis(400),
        answer_within: Duration::from_millis(400),
        retry_min: Duration::from_millis(10),
        retry_max: Duration::from_millis(200),
        retry_refused: Duration::from_mins(5),
    },
    cache_bytes: (CACHE_MIB as usize) << 20,
};

/// A device in this process, in step with the project that it works on.
#[derive(Debug)]
pub struct Here {
    name: String,
    device: Device,
    space: Space,
    column: ColumnId,
    /// Which card each command writes.
    titles: BTreeMap<String, String>,
}

impl Here {
    /// Logs in and waits for the project.
    pub fn join(name: &str, folder: &Path, url: &str, token: &str, space: SpaceId, board: BoardId) -> Self {
        let device = Device::open_with(recordplayer_kanban::domain().shared(), folder, QUICK);
        let device = device.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        device.login(url, token, PATIENCE).unwrap_or_else(|error| panic!("{name} cannot log in: {error}"));
        device.wait_in_step(PATIENCE).unwrap_or_else(|error| panic!("{name} is not in step: {error}"));
        let space = device.space(space).expect("a member gets the project");
        let column = space.entity::<Board>(board).columns[0];
        Self { name: name.to_owned(), device, space, column, titles: BTreeMap::new() }
    }

    /// Writes so many cards, each saved before the next one; answers with what was said.
    pub fn write(&mut self, cards: u64) -> Vec<Promise> {
        (0..cards).map(|_| self.write_one()).collect()
    }

    fn write_one(&mut self) -> Promise {
        let title = format!("{} {}", self.name, self.titles.len() + 1);
        let create =
            CardCommand::Create { column: self.column, title: title.clone(), before: None, exempt: false, typed: None };
        let ticket = self.space.send::<Card>(CardId(self.space.fresh_id()), &create);
        let ticket = ticket.unwrap_or_else(|error| panic!("{} cannot write {title}: {error}", self.name));
        let saved = ticket.wait_saved(PATIENCE);
        let word = if saved.is_ok() { Word::Saved } else { Word::Nothing };
        let command = ticket.command().to_string();
        self.titles.insert(command.clone(), title.clone());
        let what = format!("a card from here: {saved:?}");
        Promise { who: self.name.clone(), what, word, commands: vec![command], title: Some(title) }
    }

    /// Gives a card that everybody knows another title, again and again: work that leaves a board as large as it was.
    pub fn rename(&self, card: Id, title: &str) {
        let renamed = self.space.send::<Card>(card, &CardCommand::Rename { title: title.to_owned() });
        let ticket = renamed.unwrap_or_else(|error| panic!("{} cannot rename: {error}", self.name));
        ticket.wait_decided(PATIENCE);
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn sync(&self) {
        let in_step = self.device.wait_in_step(PATIENCE);
        in_step.unwrap_or_else(|error| panic!("{} is not in step: {error}", self.name));
    }

    /// Waits until it has a record. Its line may have been deaf when it was last said to be in step, which shows only when nothing answers.
    pub fn wait_for_record(&self, record: u64) {
        let deadline = now() + PATIENCE;
        while self.space.hash().record.0 < record {
            assert!(now() < deadline, "{} never hears of record {record}", self.name);
            let_pass(Duration::from_millis(20));
        }
    }

    pub fn hash(&self) -> String {
        let hash = self.space.hash();
        format!("{} {}", hash.record, hash.state)
    }

    pub fn outbox(&self) -> Outbox {
        let mut outbox = Outbox::default();
        for entry in self.space.outbox() {
            if entry.refused.is_none() {
                outbox.waiting += 1;
                continue;
            }
            let command = entry.command.to_string();
            outbox.texts.extend(self.titles.get(&command).cloned());
            outbox.refused.insert(command);
        }
        outbox
    }

    /// What it would tell its person.
    pub fn notices(&self) -> Vec<String> {
        self.device.notices()
    }
}
