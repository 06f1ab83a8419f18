//! Events played from the log into entities, beside decoding the same payloads and doing nothing with them.

use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::commit::{Commit, Head};
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::Entity;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::playback::Playback;
use recordplayer::protocol::CommandEntry;
use recordplayer::record::{Payload, RecordKind};
use recordplayer::space::{AllFree, Ending, Opening, SessionId, Space, SpaceInput, SpaceOutput, Submission};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{Append, Store, Write};
use recordplayer::time::Timestamp;
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Board, Card, Column, Comment, Project, ROLES};
use recordplayer_store::RedbStore;

use crate::Outcome;
use crate::clock::now;
use crate::line::{BOARD, COLUMN, SPACE, rename, title};
use crate::report::Row;
use crate::size::Size;

/// A log that a space has decided.
pub struct Made {
    pub commits: Vec<Arc<Commit>>,
    pub records: usize,
    pub events: usize,
}

pub fn measure(size: &Size) -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut store = RedbStore::open(folder.path().join("store.redb"))?;
    let Made { commits, events, .. } = made_commits(size)?;
    for group in commits.chunks(1_000) {
        let expected = group[0].before();
        let expected = store.reader(SPACE).head().ok().filter(|head| head.position == expected).unwrap_or(Head::START);
        store.write(vec![Write::Append(Append::new(SPACE, 1, expected, group.to_vec()))]);
    }
    let last = store.reader(SPACE).head()?.position;
    let rate = |domain: Domain| -> Result<f64, Box<dyn std::error::Error>> {
        let mut playback = Playback::new(Arc::new(domain), SPACE, store.reader(SPACE));
        let began = now();
        playback.at(last)?;
        Ok(events as f64 / began.elapsed().as_secs_f64())
    };
    let entities = Domain::new("kanban", 1)
        .roles(ROLES)
        .entity::<Project>()
        .entity::<Board>()
        .entity::<Column>()
        .entity::<Card>()
        .entity::<Comment>();
    let decoded = decode_only(&commits, events);
    Ok(vec![
        Row::new("events hydrated into entities, from redb", rate(entities)?, "events/s").beside(decoded),
        Row::new("events played into entities and views", rate(recordplayer_kanban::domain())?, "events/s")
            .beside(decoded),
    ])
}

/// The peer: ciborium reads each payload, and nobody looks at it.
fn decode_only(commits: &[Arc<Commit>], events: usize) -> f64 {
    let began = now();
    for commit in commits {
        for record in commit.records.iter().filter(|record| record.kind == RecordKind::Event) {
            if let Payload::Plain(bytes) = &record.payload {
                let value: Result<ciborium::Value, _> = ciborium::from_reader(&bytes[..]);
                std::hint::black_box(value.is_ok());
            }
        }
    }
    events as f64 / began.elapsed().as_secs_f64()
}

/// Lets a space decide cards and their renaming.
pub fn made_commits(size: &Size) -> Result<Made, Box<dyn std::error::Error>> {
    let mut maker = Maker::new()?;
    maker.send::<Membership>(SPACE.0, &MembershipCommand::Found { title: "bench".to_owned() })?;
    maker.send::<Project>(SPACE.0, &ProjectCommand::SetUp { key: "BEN".to_owned() })?;
    maker.send::<Board>(BOARD.0, &BoardCommand::Add { title: "Board".to_owned() })?;
    let add = ColumnCommand::Add { board: BOARD, name: "Column".to_owned(), kind: ColumnKind::Active, before: None };
    maker.send::<Column>(COLUMN.0, &add)?;
    let card = |number: u64| CardId(Id::derived("card", &[&number.to_be_bytes()]));
    for number in 0..size.cards {
        let create =
            CardCommand::Create { column: COLUMN, title: title(number), before: None, exempt: false, typed: None };
        maker.send::<Card>(card(number).0, &create)?;
    }
    let mut number = 0;
    while maker.commits.len() < size.commits {
        number += 1;
        maker.send::<Card>(card(number % size.cards).0, &rename(number))?;
    }
    let records = maker.commits.iter().map(|commit| commit.records.len()).sum();
    let events = maker.commits.iter().map(|commit| commit.events().count()).sum();
    Ok(Made { commits: maker.commits, records, events })
}

struct Maker {
    store: MemoryStore,
    space: Space,
    number: u64,
    commits: Vec<Arc<Commit>>,
}

impl Maker {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let store = MemoryStore::new();
        let domain = recordplayer_kanban::domain().shared();
        let space = Space::open(
            domain,
            SPACE,
            store.reader(SPACE),
            Opening {
                salt_key: [0; 32],
                seal_key: None,
                recovery: None,
                effects: None,
                names: Arc::new(AllFree),
                after: Ending::InOrder,
            },
        )?;
        Ok(Self { store, space, number: 0, commits: Vec::new() })
    }

    fn send<E: Entity>(&mut self, id: Id, command: &E::Command) -> Result<(), Box<dyn std::error::Error>> {
        self.number += 1;
        let intent = Intent::of::<E>(id, command)?;
        let entry = CommandEntry {
            number: self.number,
            command: CommandId::derived("bench", &[&self.number.to_be_bytes()]),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            claims: Claims::default(),
            requires: Vec::new(),
            seen: recordplayer::record::Seen::default(),
            follows: None,
        };
        let mut inputs = vec![SpaceInput::Submit(Submission {
            session: SessionId(1),
            actor: ActorId(Id([1; 16])),
            replica: ReplicaId(Id([1; 16])),
            parent: None,
            is_of_newer: false,
            answered_up_to: self.number - 1,
            commands: vec![entry],
        })];
        while let Some(input) = inputs.pop() {
            self.space.handle(Timestamp(1_700_000_000_000), input);
            while let Some(output) = self.space.poll_output() {
                if let SpaceOutput::Append(append) = &output {
                    self.commits.extend(append.commits.iter().cloned());
                    let write = output.into_write().ok_or("an append is a write")?;
                    inputs.push(SpaceInput::Appended(self.store.write(vec![write]).remove(0)));
                }
            }
        }
        Ok(())
    }
}
