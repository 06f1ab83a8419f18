//! A project of so many cards with ten records for each: what everything about size is measured on.
//!
//! It is decided by the machine that decides on servers, by commands as people give them, and written by the product's store. Only the ways
//! in between are shorter: no socket, no device that decides as well, a thousand commands in one group, and one checkpoint at the end.

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::commit::SealKey;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::protocol::{AnswerCode, CommandEntry, ServerFrame};
use recordplayer::record::{Position, Seen};
use recordplayer::saving::Saving;
use recordplayer::space::{AllFree, Ending, Opening, SessionId, Space, SpaceInput, SpaceOutput, Submission};
use recordplayer::storage::Store;
use recordplayer::text::{TextActor, TextDocument};
use recordplayer::time::Timestamp;
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::comment::{CommentCommand, CommentKind};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, CommentId, LabelId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Board, Card, Column, Comment, Project};
use recordplayer_store::RedbStore;

type Failure = Box<dyn std::error::Error>;

/// The most cards of one board.
pub const LARGE_BOARD: u64 = 5_000;
/// The cards of the small board, which every project has.
pub const SMALL_BOARD: u64 = 50;
const RECORDS_PER_CARD: u64 = 10;
const COLUMNS: u64 = 5;
const LABELS: u64 = 20;
/// Commands that are written with one sync.
const GROUP: usize = 1_000;

/// A board of a project, and the numbers of its cards.
#[derive(Clone, Copy, Debug)]
pub struct BoardOf {
    pub number: u64,
    first: u64,
    pub count: u64,
}

impl BoardOf {
    pub fn id(self) -> BoardId {
        BoardId(Id::derived("scale board", &[&self.number.to_be_bytes()]))
    }

    pub fn column(self, at: u64) -> ColumnId {
        ColumnId(Id::derived("scale column", &[&self.number.to_be_bytes(), &(at % COLUMNS).to_be_bytes()]))
    }

    pub fn card(self, at: u64) -> CardId {
        card(self.first + at % self.count)
    }
}

fn card(number: u64) -> CardId {
    CardId(Id::derived("scale card", &[&number.to_be_bytes()]))
}

fn label(number: u64) -> LabelId {
    LabelId(Id::derived("scale label", &[&(number % LABELS).to_be_bytes()]))
}

/// The boards of a project: the small one, and large ones for all other cards.
pub fn boards(cards: u64) -> Vec<BoardOf> {
    let mut boards = vec![BoardOf { number: 0, first: 0, count: SMALL_BOARD.min(cards) }];
    let mut first = SMALL_BOARD;
    while first < cards {
        let count = LARGE_BOARD.min(cards - first);
        boards.push(BoardOf { number: boards.len() as u64, first, count });
        first += count;
    }
    boards
}

/// Who decides the project, and as whom.
pub struct Authority {
    pub space: SpaceId,
    pub person: ActorId,
    pub salt_key: [u8; 32],
    pub seal_key: Option<SealKey>,
}

/// Goes on with a project that is founded, until it has so many cards; answers with its last record.
pub fn fill(store: &mut RedbStore, authority: &Authority, cards: u64) -> Result<Position, Failure> {
    let mut filling = Filling::open(store, authority)?;
    filling.send::<Project>(authority.space.0, &ProjectCommand::SetUp { key: "SC".to_owned() })?;
    for number in 0..LABELS {
        let label = label(number);
        let (name, colour) = (format!("Label {number}"), "green".to_owned());
        filling.send::<Project>(authority.space.0, &ProjectCommand::SetLabel { twin: false, label, name, colour })?;
    }
    let boards = boards(cards);
    for board in &boards {
        filling.send::<Board>(board.id(), &BoardCommand::Add { title: format!("Board {}", board.number) })?;
        for at in 0..COLUMNS {
            let (name, kind) = (format!("Column {at}"), ColumnKind::Active);
            let add = ColumnCommand::Add { board: board.id(), name, kind, before: None };
            filling.send::<Column>(board.column(at), &add)?;
        }
    }
    for board in &boards {
        for at in 0..board.count {
            filling.live_a_card(*board, at)?;
        }
    }
    let mut at = 0;
    while filling.records() < cards * RECORDS_PER_CARD {
        filling.send::<Card>(card(at % cards), &CardCommand::Rename { title: title(at, "renamed") })?;
        at += 1;
    }
    filling.end()
}

/// A title as people write them.
pub fn title(number: u64, what: &str) -> String {
    format!("Card {number}, {what}, of which the title takes two lines on the board")
}

struct Filling<'a> {
    store: &'a mut RedbStore,
    space: Space,
    person: ActorId,
    replica: ReplicaId,
    now: i64,
    number: u64,
    answered: u64,
    waiting: Vec<CommandEntry>,
}

impl<'a> Filling<'a> {
    fn open(store: &'a mut RedbStore, authority: &Authority) -> Result<Self, Failure> {
        let never = Saving { every_events: None, after_ms: None, on_events: &[], on_eviction: true };
        let opening = Opening {
            salt_key: authority.salt_key,
            seal_key: authority.seal_key,
            recovery: None,
            effects: None,
            names: Arc::new(AllFree),
            after: Ending::InOrder,
        };
        let domain = recordplayer_kanban::domain().saving(never).shared();
        let space = Space::open(domain, authority.space, store.reader(authority.space), opening)?;
        let replica = ReplicaId::derived("scale", &[authority.space.0.bytes()]);
        let now = 1_700_000_000_000;
        Ok(Self { store, space, person: authority.person, replica, now, number: 0, answered: 0, waiting: Vec::new() })
    }

    /// What happens on a board with each new card, and to one that is there already: of each hundred cards 75 are moved, 25 renamed, 50 labelled,
    /// 50 commented and 10 described.
    fn live_a_card(&mut self, board: BoardOf, at: u64) -> Result<(), Failure> {
        let (id, number) = (board.card(at), board.first + at);
        let (column, title_of_new) = (board.column(at), title(number, "new"));
        let create = CardCommand::Create { column, title: title_of_new, before: None, exempt: false, typed: None };
        self.send::<Card>(id, &create)?;
        if number % 10 == 0 {
            self.describe(id)?;
        }
        // Another one, so that what happens to a card does not lie together in the log.
        let id = board.card(at.wrapping_mul(7_919) % (at + 1));
        if number % 4 > 0 {
            let column = board.column(at + number % 4);
            self.send::<Card>(id, &CardCommand::MoveTo { column, before: None, row: None, exempt: false })?;
        } else {
            self.send::<Card>(id, &CardCommand::Rename { title: title(number, "renamed") })?;
        }
        if number % 2 == 0 {
            self.send::<Card>(id, &CardCommand::AddLabel { label: label(number / 2) })
        } else {
            let comment = CommentId(Id::derived("scale comment", &[&number.to_be_bytes()]));
            self.send::<Comment>(comment, &remark(id))
        }
    }

    fn describe(&mut self, card: CardId) -> Result<(), Failure> {
        let actor = TextActor { replica: self.replica, generation: 0 };
        let text = "What is to be done, in a few sentences, as people write them.\n\n* the first\n* the second\n";
        for change in TextDocument::new().edit(actor, text)? {
            self.send::<Card>(card, &CardCommand::Describe { change })?;
        }
        Ok(())
    }

    fn records(&self) -> u64 {
        self.space.decided().position.0
    }

    fn send<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) -> Result<(), Failure> {
        let intent = Intent::of::<E>(id, command)?;
        self.number += 1;
        self.waiting.push(CommandEntry {
            number: self.number,
            command: CommandId::derived("scale", &[self.replica.bytes(), &self.number.to_be_bytes()]),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            claims: Claims::default(),
            requires: Vec::new(),
            // Everything, so that nobody is told of what was overwritten.
            seen: Seen { epoch: 1, position: Position(u64::MAX) },
            follows: None,
        });
        if self.waiting.len() == GROUP { self.decide() } else { Ok(()) }
    }

    /// Lets the machine decide what waits.
    fn decide(&mut self) -> Result<(), Failure> {
        // Ten seconds, so that the history goes over months.
        self.now += 10_000;
        let submission = Submission {
            session: SessionId(1),
            actor: self.person,
            replica: self.replica,
            parent: None,
            is_of_newer: false,
            answered_up_to: self.answered,
            commands: std::mem::take(&mut self.waiting),
        };
        self.handle(SpaceInput::Submit(submission))
    }

    fn handle(&mut self, input: SpaceInput) -> Result<(), Failure> {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.space.handle(Timestamp(self.now), input);
            while let Some(output) = self.space.poll_output() {
                match output {
                    SpaceOutput::Append(_) | SpaceOutput::Checkpoint(_) => {
                        let answer = if matches!(output, SpaceOutput::Append(_)) {
                            SpaceInput::Appended
                        } else {
                            SpaceInput::Checkpointed
                        };
                        let write = output.into_write().ok_or("it is one")?;
                        inputs.push(answer(self.store.write(vec![write]).remove(0)));
                    }
                    SpaceOutput::Send { frame: ServerFrame::Answer { number, code, .. }, .. } => {
                        if code != AnswerCode::Accepted {
                            return Err(format!("command {number} was answered by {code:?}").into());
                        }
                        self.answered = self.answered.max(number);
                    }
                    SpaceOutput::Failed(error) => return Err(error.into()),
                    SpaceOutput::CompactTexts(_)
                    | SpaceOutput::Mark(_)
                    | SpaceOutput::Send { .. }
                    | SpaceOutput::FanOut { .. }
                    | SpaceOutput::Effects { .. }
                    | SpaceOutput::Errand(_)
                    | SpaceOutput::ErrandEnded { .. }
                    | SpaceOutput::PolicyFailed { .. }
                    | SpaceOutput::Members(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Saves the state, and packs the log as a store does that has the time.
    fn end(mut self) -> Result<Position, Failure> {
        self.decide()?;
        self.handle(SpaceInput::Evict)?;
        while self.store.tidy() {}
        Ok(self.space.durable().position)
    }
}

/// What somebody says about a card.
pub fn remark(card: CardId) -> CommentCommand {
    let text = "I have looked at it, and it is as we thought: the second one is loose.".to_owned();
    CommentCommand::Write { card, text, author: None, kind: CommentKind::default(), mentions: BTreeSet::new() }
}
