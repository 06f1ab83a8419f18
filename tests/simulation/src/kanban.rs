//! The history of a small project from a seed: four devices of people who work on one board, over a bad line, with crashes of everybody.

use std::sync::Arc;

use rand::RngExt;
use recordplayer::claims::Claims;
use recordplayer::codec::encode;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{CommandId, Id};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::replica::{SubmitError, TextEdit, TextWork};
use recordplayer::testing::{DeviceId, World, converge_in};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::comment::CommentCommand;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::{BoardView, BoardsView};
use recordplayer_kanban::{Board, Card, Column, Comment, Project, domain};

use crate::Outcome;
use crate::files::OnDisks;

const COLUMNS: u64 = 3;
const CARDS: u64 = 12;
const BOARD: BoardId = BoardId(Id([1; 16]));
const WORDS: [&str; 6] = ["motor", "belt", "needle", "cue", "gönn", "針"];

/// Plays one history out.
///
/// # Panics
///
/// When devices differ, a command is decided twice, a state is no replay of its log, or the world does not become quiet.
pub fn play_out(seed: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut devices = Vec::new();
    let mut world = converge_in(
        World::on_files(seed, &Arc::new(domain()), Box::new(OnDisks::new())),
        ["ann", "bo", "cy", "di"],
        |world, all| {
            devices.extend(all);
            People { world, outcome: &mut Outcome::default() }.found(&all);
        },
        |world, device| People { world, outcome: &mut outcome }.somebody_works(device),
    );
    People { world: &mut world, outcome: &mut outcome }.agree(&devices);
    outcome
}

struct People<'a> {
    world: &'a mut World,
    outcome: &'a mut Outcome,
}

impl People<'_> {
    fn below(&mut self, end: u64) -> u64 {
        self.world.random().random_range(0..end)
    }

    fn send<E: Entity>(&mut self, device: DeviceId, id: impl Into<Id>, command: &E::Command) {
        let intent = Intent::of::<E>(id, command).expect("commands can be encoded");
        let outcome = self.world.send(device, intent).map(drop);
        self.count(device, outcome);
    }

    fn count(&mut self, device: DeviceId, outcome: Result<(), SubmitError>) {
        match outcome {
            Ok(()) => self.outcome.taken += 1,
            Err(SubmitError::Refused(_)) => self.outcome.refused_here += 1,
            // That is told, and the device goes on once its store is replaced.
            Err(SubmitError::Read(_)) if self.world.may_be_rotten(device) => {}
            Err(other) => panic!("{other}; {}", self.world.how_to_replay()),
        }
    }

    fn found(&mut self, devices: &[DeviceId; 4]) {
        let [manager, others @ ..] = devices;
        let space = self.world.space().0;
        for (device, role) in others.iter().zip(["manager", "worker", "reviewer"]) {
            let person = self.world.replica(*device).actor();
            self.send::<Membership>(*manager, space, &MembershipCommand::ChangeRole { person, role: role.to_owned() });
        }
        self.send::<Project>(*manager, space, &ProjectCommand::SetUp { key: "SIM".to_owned() });
        self.send::<Board>(*manager, BOARD, &BoardCommand::Add { title: "Turntable".to_owned() });
        for number in 0..COLUMNS {
            let kind = [ColumnKind::Backlog, ColumnKind::Active, ColumnKind::Done][number as usize];
            let add = ColumnCommand::Add { board: BOARD, name: format!("Column {number}"), kind, before: None };
            self.send::<Column>(*manager, column(number), &add);
        }
        self.send::<Column>(*manager, column(1), &ColumnCommand::SetLimit { limit: Some(2) });
    }

    fn somebody_works(&mut self, device: DeviceId) {
        let card = card(self.below(CARDS));
        let column = column(self.below(COLUMNS));
        let word = WORDS[self.below(WORDS.len() as u64) as usize];
        // Nobody else says the same: who is told what they may not read is known by it.
        let word = format!("{word} {:012x}", self.below(1 << 48));
        let before = (self.below(2) == 0).then_some(CardId(Id([CARD + self.below(CARDS) as u8; 16])));
        match self.below(16) {
            0..5 => {
                let create = CardCommand::Create { column, title: word, before, exempt: false };
                self.send::<Card>(device, card, &create);
            }
            5..8 => self.send::<Card>(device, card, &CardCommand::MoveTo { column, before, exempt: false }),
            8 => self.send::<Card>(device, card, &CardCommand::Rename { title: word }),
            9 => self.send::<Card>(device, card, &CardCommand::Archive {}),
            10 => self.send::<Card>(device, card, &CardCommand::Restore { exempt: false }),
            11 => {
                let done = self.below(2) == 0;
                self.send::<Card>(device, card, &CardCommand::SetDone { done });
            }
            12 => {
                let comment = Id::derived("comment", &[&self.below(u64::MAX).to_be_bytes()]);
                self.send::<Comment>(device, comment, &CommentCommand::Write { card, text: word, author: None });
            }
            _ => self.describe(device, card, &word),
        }
    }

    /// Types a word into a card's description, at either end, or wipes it.
    fn describe(&mut self, device: DeviceId, card: CardId, typed: &str) {
        let is_at_end = self.below(2) == 1;
        // Where the text cannot be read, that is told, and nobody types into it.
        let Some(length) = self.length(device, card) else { return };
        let position = if is_at_end { length } else { 0 };
        let work = match self.below(6) {
            0 => TextWork::Replace(""),
            _ => TextWork::Splice { position, delete: 0, insert: typed },
        };
        let command = CommandId(Id(self.world.random().random()));
        let make = |change| CardCommand::Describe { change };
        let edit = TextEdit::<Card> { command, entity: card.into(), claims: Claims::default(), work, make };
        let outcome = self.world.with(device, |replica, now| replica.edit_text(now, &edit));
        self.count(device, outcome.map(drop));
    }

    fn length(&self, device: DeviceId, card: CardId) -> Option<usize> {
        match self.world.replica(device).text::<Card>(card, Card::DESCRIPTION) {
            Ok(text) => Some(text.text().chars().count()),
            Err(_) if self.world.may_be_rotten(device) => None,
            Err(error) => panic!("{error}; {}", self.world.how_to_replay()),
        }
    }

    /// Everybody sees the same, and nothing that was taken is lost: it is in the log, or refused and still there.
    fn agree(&mut self, devices: &[DeviceId]) {
        let why = self.world.how_to_replay();
        let shown = devices.iter().map(|device| {
            let replica = self.world.replica(*device);
            let board = encode(&*replica.view::<BoardView>(BOARD)).expect("views can be encoded");
            let boards = encode(&*replica.view::<BoardsView>(self.world.space().0)).expect("views can be encoded");
            (board, boards)
        });
        let shown: Vec<_> = shown.collect();
        assert!(shown.windows(2).all(|pair| pair[0] == pair[1]), "boards differ; {why}");
        for device in devices {
            let open = self.world.replica(*device).outbox().filter(|entry| entry.refused.is_none()).count();
            assert_eq!(open, 0, "a command was never answered; {why}");
            let refused = self.world.replica(*device).outbox().count();
            self.outcome.refused_there += refused as u64;
        }
        self.outcome.records = self.world.authority().0.position.0;
        let disks = self.world.disks();
        (self.outcome.disks_failed, self.outcome.rot_found) = (disks.failures, disks.rotten);
    }
}

const CARD: u8 = 100;

fn card(number: u64) -> CardId {
    CardId(Id([CARD + number as u8; 16]))
}

fn column(number: u64) -> ColumnId {
    ColumnId(Id([10 + number as u8; 16]))
}
