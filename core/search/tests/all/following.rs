//! The index follows a space: its log, what is saved of it, and what waits.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use recordplayer::hash::Hash;
use recordplayer::id::Id;
use recordplayer::playback::Playback;
use recordplayer::record::Position;
use recordplayer::storage::{ReadError, SpaceReader};
use recordplayer::testing::{FOUNDER, Spaces};
use recordplayer::text::{TextActor, TextDocument};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::comment::{CommentCommand, CommentKind};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, CommentId, LabelId, PersonId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::view::CardView;
use recordplayer_kanban::{Board, Card, Column, Comment, Project};
use recordplayer_search::document::CardDocument;
use recordplayer_search::follow::{Followed, Progress, Source, cards_of, follow};
use recordplayer_search::{Index, SearchContext, SpaceNames, Waiting};
use tempfile::TempDir;

use crate::kit::{SPACE, id, is_on_disk};

const BOARD: BoardId = BoardId(Id([0xb0; 16]));
const TODO: ColumnId = ColumnId(Id([0xc1; 16]));
const LABEL: LabelId = LabelId(Id([0xd1; 16]));

/// A project whose authority is in memory, and an index that follows it.
struct World {
    spaces: Spaces,
    folder: TempDir,
    index: Index,
    comments: u8,
    /// What waits beside the log.
    waiting: Waiting,
    /// Whether views are made anew.
    shows_older: bool,
    /// How many cards were read as they are now.
    asked: RefCell<usize>,
}

impl Source for World {
    fn reader(&self) -> Arc<dyn SpaceReader> {
        self.spaces.reader(SPACE)
    }

    fn documents(&self, cards: &[CardId]) -> Result<Vec<Option<CardDocument>>, ReadError> {
        *self.asked.borrow_mut() += cards.len();
        let mut playback = self.playback();
        let end = playback.last().unwrap();
        let text = |card: &CardId| playback.text_at::<Card>(*card, Card::DESCRIPTION, end).unwrap().text();
        let texts: Vec<String> = cards.iter().map(text).collect();
        let moment = playback.at(end).unwrap();
        let document = |(card, text): (&CardId, String)| CardDocument::of(*card, &moment.view::<CardView>(*card), text);
        Ok(cards.iter().zip(texts).map(document).collect())
    }

    fn cards_of(&self, comments: &BTreeSet<CommentId>) -> Result<BTreeSet<CardId>, ReadError> {
        Ok(self.spaces.read(SPACE, |models| cards_of(models, comments)))
    }

    fn waiting(&self) -> Result<Waiting, ReadError> {
        Ok(self.waiting.clone())
    }

    fn shows_older(&self) -> Result<bool, ReadError> {
        Ok(self.shows_older)
    }
}

impl World {
    fn new() -> Self {
        let mut spaces = Spaces::new(recordplayer_kanban::domain().shared());
        spaces.found(SPACE, FOUNDER);
        let folder = TempDir::new().unwrap();
        let index = Index::open(folder.path()).unwrap();
        let (waiting, asked) = (Waiting::default(), RefCell::new(0));
        let mut world = Self { spaces, folder, index, comments: 0, waiting, shows_older: false, asked };
        let label = ProjectCommand::SetLabel { twin: false, label: LABEL, name: "bug".into(), colour: "red".into() };
        world.send::<Project>(SPACE.0, &ProjectCommand::SetUp { key: "REC".into() });
        world.send::<Project>(SPACE.0, &label);
        world.send::<Board>(BOARD.0, &BoardCommand::Add { title: "Web".into() });
        let add = ColumnCommand::Add { board: BOARD, name: "To do".into(), kind: ColumnKind::Ready, before: None };
        world.send::<Column>(TODO.0, &add);
        world
    }

    fn send<E: recordplayer::entity::Entity>(&mut self, id: Id, command: &E::Command) {
        let replica = self.spaces.submit::<E>(SPACE, FOUNDER, id, command);
        self.spaces.settle();
        let answer = self.spaces.answer_to(replica);
        assert_eq!(answer, Some(recordplayer::protocol::AnswerCode::Accepted), "{command:?}");
    }

    fn create(&mut self, number: u8, title: &str) {
        let create =
            CardCommand::Create { column: TODO, title: title.into(), before: None, exempt: false, typed: None };
        self.send::<Card>(id(number), &create);
    }

    fn say(&mut self, card: u8, text: &str) {
        self.comments += 1;
        let (card, mentions) = (CardId(id(card)), BTreeSet::new());
        let write = CommentCommand::Write { card, text: text.into(), author: None, kind: CommentKind::Talk, mentions };
        self.send::<Comment>(id(100 + self.comments), &write);
    }

    fn describe(&mut self, card: u8, text: &str) {
        let actor = TextActor { replica: self.spaces.next_replica(), generation: 0 };
        for change in TextDocument::new().edit(actor, text).unwrap() {
            self.send::<Card>(id(card), &CardCommand::Describe { change });
        }
    }

    fn playback(&self) -> Playback {
        Playback::new(recordplayer_kanban::domain().shared(), SPACE, self.spaces.reader(SPACE))
    }

    fn follow(&mut self) -> Followed {
        self.follow_with(&mut |_| ControlFlow::Continue(()))
    }

    fn follow_with(&mut self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Followed {
        let other = TempDir::new().unwrap();
        let mut index = std::mem::replace(&mut self.index, Index::open(other.path()).unwrap());
        let followed = follow(&mut index, SPACE, self, progress).unwrap();
        self.index = index;
        followed
    }

    fn found(&self, query: &str) -> Vec<u8> {
        let names =
            self.spaces.read(SPACE, |models| SpaceNames::of(SPACE, FOUNDER, models, |_| Some("Ann".to_owned())));
        let context = SearchContext { today: "2026-11-30".parse().unwrap(), spaces: vec![names] };
        let found = self.index.finder().search(&query.parse().unwrap(), &context, 100).unwrap();
        let mut found: Vec<u8> = found.hits.into_iter().map(|hit| hit.card.0.bytes()[0]).collect();
        found.sort_unstable();
        found
    }

    fn reached(&self) -> u64 {
        self.index.reached(SPACE).map_or(0, |reached| reached.head.position.0)
    }
}

#[test]
fn each_record_is_found_once_it_was_followed() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.create(2, "Arm");
    assert_eq!(world.follow(), Followed::Written { cards: 2 });
    assert_eq!(world.reached(), world.spaces.records(SPACE));
    assert_eq!(world.follow(), Followed::NothingNew);
    world.say(1, "it is bent");
    world.describe(2, "the tone arm");
    world.send::<Card>(id(2), &CardCommand::AddLabel { label: LABEL });
    assert_eq!(world.follow(), Followed::Written { cards: 2 });
    assert_eq!(world.found("bent "), [1]);
    assert_eq!(world.found("tone "), [2]);
    assert_eq!(world.found("label:bug"), [2]);
    assert_eq!(world.found("author:ann bent "), [1]);
    assert_eq!(world.found("REC-2 "), [2]);
    let comment = id(100 + world.comments);
    world.send::<Comment>(comment, &CommentCommand::Edit { text: "it is straight".into(), mentions: [].into() });
    world.follow();
    assert_eq!((world.found("bent "), world.found("straight ")), (vec![], vec![1]));
    world.send::<Comment>(comment, &CommentCommand::Delete {});
    world.follow();
    assert_eq!(world.found("straight "), [] as [u8; 0]);
}

/// Cards as another version had saved them would stay in the index.
#[test]
fn while_cards_are_made_anew_nothing_is_indexed() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.follow();
    world.create(2, "Arm");
    world.shows_older = true;
    assert_eq!(world.follow(), Followed::NotYet);
    assert_eq!((world.found("needle "), world.found("arm ")), (vec![1], vec![]));
    world.shows_older = false;
    assert_eq!(world.follow(), Followed::Written { cards: 1 });
    assert_eq!(world.found("arm "), [2]);
}

#[test]
fn what_is_renamed_is_found_by_its_new_name_and_no_card_is_written() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.send::<Card>(id(1), &CardCommand::AddLabel { label: LABEL });
    world.send::<Card>(id(1), &CardCommand::Assign { person: PersonId(FOUNDER.0) });
    world.follow();
    let renamed = ProjectCommand::SetLabel { twin: false, label: LABEL, name: "fault".into(), colour: "red".into() };
    world.send::<Project>(SPACE.0, &renamed);
    world.send::<Column>(TODO.0, &ColumnCommand::Rename { name: "Next".into() });
    world.send::<Board>(BOARD.0, &BoardCommand::Rename { title: "Shop".into() });
    assert_eq!(world.follow(), Followed::Written { cards: 0 });
    for query in ["label:fault", "column:next", "board:shop", "fault ", "is:mine", "assignee:ann"] {
        assert_eq!(world.found(query), [1], "{query}");
    }
    assert_eq!(world.found("label:bug"), [] as [u8; 0]);
    world.send::<Board>(BOARD.0, &BoardCommand::Archive {});
    world.follow();
    assert_eq!((world.found("needle "), world.found("is:archived")), (vec![], vec![1]));
}

#[test]
fn the_first_time_reads_what_is_saved_and_then_the_log_behind_it() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.describe(1, "made of diamond");
    world.say(1, "bent");
    world.create(2, "Arm");
    world.spaces.save(SPACE);
    world.spaces.settle();
    world.say(2, "creaks");
    let mut told = Vec::new();
    let followed = world.follow_with(&mut |progress| {
        told.push(progress);
        ControlFlow::Continue(())
    });
    assert_eq!(followed, Followed::Written { cards: 3 });
    assert_eq!(*world.asked.borrow(), 1, "only what the log touches behind the checkpoint is read now");
    assert_eq!(told.first(), Some(&Progress::Saved { cards: 2 }));
    assert_eq!(told.last(), Some(&Progress::Cards { written: 1, of: 1 }));
    for (query, card) in [("diamond ", 1), ("bent ", 1), ("creaks ", 2), ("key:REC-1", 1)] {
        assert_eq!(world.found(query), [card], "{query}");
    }
    assert_eq!(world.index.finder().cards(), 2);
}

#[test]
fn what_was_stopped_leaves_the_index_as_it_was() {
    let mut world = World::new();
    world.create(1, "Needle");
    assert_eq!(world.follow_with(&mut |_| ControlFlow::Break(())), Followed::Stopped);
    assert_eq!((world.found("needle "), world.reached()), (vec![], 0));
    world.follow();
    let reached = world.reached();
    world.create(2, "Arm");
    let mut steps = 0;
    let stop = &mut |_| {
        steps += 1;
        if steps == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(world.follow_with(stop), Followed::Stopped);
    assert_eq!((world.found("arm "), world.reached()), (vec![], reached));
    world.follow();
    assert_eq!((world.found("arm "), world.found("needle ")), (vec![2], vec![1]));
}

#[test]
fn an_index_that_was_deleted_or_restored_meets_the_log_again() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.follow();
    let backup = world.spaces.backup();
    world.create(2, "Arm");
    world.say(1, "gone with the restore");
    world.follow();
    assert_eq!(world.found("gone "), [1]);
    world.spaces.restore(&backup, |_| true);
    world.spaces.settle();
    world.follow();
    assert_eq!((world.found("gone "), world.found("arm "), world.found("needle ")), (vec![], vec![], vec![1]));
    drop(std::mem::replace(&mut world.folder, TempDir::new().unwrap()));
    world.index = Index::open(world.folder.path()).unwrap();
    assert_eq!(world.found("needle "), [] as [u8; 0]);
    world.follow();
    assert_eq!(world.found("needle "), [1]);
}

#[test]
fn what_waited_is_read_again_the_next_time() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.follow();
    world.waiting = Waiting { cards: [CardId(id(1)), CardId(id(2))].into(), digest: Hash([1; 32]) };
    assert_eq!(world.follow(), Followed::Written { cards: 2 });
    assert_eq!(world.follow(), Followed::NothingNew);
    world.waiting.digest = Hash([2; 32]);
    assert_eq!(world.follow(), Followed::Written { cards: 2 });
    assert_eq!(world.index.reached(SPACE).unwrap().waiting, world.waiting);
    world.waiting = Waiting::default();
    assert_eq!(world.follow(), Followed::Written { cards: 2 });
    assert_eq!(world.follow(), Followed::NothingNew);
    assert_eq!(world.found("needle "), [1]);
}

#[test]
fn what_is_redacted_is_found_no_more() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.say(1, "a secret");
    let record = Position(world.spaces.records(SPACE));
    world.follow();
    assert_eq!(world.found("secret "), [1]);
    assert!(is_on_disk(world.folder.path(), "secret"));
    let records: Vec<Position> = (record.0 - 2..=record.0).map(Position).collect();
    let redact = recordplayer::membership::MembershipCommand::Redact { records, reopened: None };
    world.send::<recordplayer::membership::Membership>(SPACE.0, &redact);
    world.follow();
    assert_eq!((world.found("secret "), world.found("needle ")), (vec![], vec![1]));
    assert!(!is_on_disk(world.folder.path(), "secret"));
}

#[test]
fn a_card_that_goes_to_another_project_is_not_found_here() {
    let mut world = World::new();
    world.create(1, "Needle");
    world.follow();
    let way = recordplayer_kanban::column::WayOut { project: crate::kit::OTHER, column: TODO };
    world.send::<Column>(TODO.0, &ColumnCommand::SetWaysOut { to: [way].into() });
    let replica =
        world.spaces.submit::<Card>(SPACE, FOUNDER, id(1), &CardCommand::GoTo { project: way.project, column: TODO });
    assert!(world.spaces.step(0) && world.spaces.answer_to(replica).is_some());
    world.follow();
    assert_eq!(world.found("needle "), [] as [u8; 0]);
}
