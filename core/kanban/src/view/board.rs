//! A board as it is drawn.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::Models;
use recordplayer::context::Assigned;
use recordplayer::entity::Entity;
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::card::{Card, Day, Effort, Priority, Stage};
use crate::column::{Column, ColumnKind, Right, Rights, Row, WayOut};
use crate::ids::{BoardId, CardId, ColumnId, LabelId, PersonId, RoleId, RowId, TypeId};
use crate::project::{Label, Placeholder, Project, ProjectEvent};
use crate::rank::Rank;
use crate::role::Role;

/// A board with its columns and cards, archived ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardView {
    pub title: String,
    pub archived: bool,
    /// The project's prefix.
    pub prefix: String,
    /// From left to right.
    pub order: Vec<ColumnId>,
    pub columns: BTreeMap<ColumnId, ColumnRow>,
    pub cards: RedBlackTreeMapSync<CardId, CardRow>,
    pub labels: BTreeMap<LabelId, Label>,
    pub placeholders: BTreeMap<PersonId, Placeholder>,
    /// The project's own roles, by what they are called.
    pub roles: BTreeMap<RoleId, String>,
    /// Types of cards, by what they are called.
    pub types: BTreeMap<TypeId, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRow {
    pub name: String,
    pub kind: ColumnKind,
    pub archived: bool,
    pub limit: Option<u32>,
    /// More may enter than the limit says.
    pub limit_warns: bool,
    pub rights: Rights,
    pub auto_move: Option<ColumnId>,
    pub leads_to: Option<BTreeSet<ColumnId>>,
    pub ways_out: BTreeSet<WayOut>,
    pub rows: Vec<Row>,
    /// Its open cards.
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRow {
    pub number: Assigned<u64>,
    pub title: String,
    pub column: ColumnId,
    pub rank: Rank,
    pub row: Option<RowId>,
    pub stage: Stage,
    pub taken_by: Option<PersonId>,
    pub archived: bool,
    pub done: bool,
    pub labels: Vec<LabelId>,
    pub members: Vec<PersonId>,
    pub due: Option<Day>,
    pub card_type: Option<TypeId>,
    pub priority: Option<Priority>,
    pub estimate: Option<Effort>,
    pub remaining: Option<Effort>,
    pub is_blocked: bool,
    pub relations: u32,
    /// Ticked items of its checklists, and all of them.
    pub items_done: u32,
    pub items: u32,
    pub links: u32,
    pub comments: u64,
}

/// What a card asks of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Nobody works on it, and they may.
    Take,
    /// They work on it.
    Work,
    /// It was submitted, and they may say whether it is good.
    Review,
}

/// A column as it is drawn: its cards from top to bottom.
#[derive(Clone, Debug)]
pub struct ColumnShown<'a> {
    pub id: ColumnId,
    pub row: &'a ColumnRow,
    pub cards: Vec<(CardId, &'a CardRow)>,
}

impl BoardView {
    /// The columns from left to right, each with its cards from top to bottom.
    pub fn columns(&self) -> Vec<ColumnShown<'_>> {
        let mut cards: BTreeMap<ColumnId, Vec<(CardId, &CardRow)>> = BTreeMap::new();
        for (id, card) in &self.cards {
            cards.entry(card.column).or_default().push((*id, card));
        }
        let columns = self.order.iter().filter_map(|id| Some((*id, self.columns.get(id)?)));
        let filled = columns.map(|(id, row)| {
            let mut cards = cards.remove(&id).unwrap_or_default();
            cards.sort_by(|(a, left), (b, right)| (&left.rank, a).cmp(&(&right.rank, b)));
            ColumnShown { id, row, cards }
        });
        filled.collect()
    }

    /// What a card asks of a person who has this role, if it asks anything: what the board highlights.
    pub fn turn(&self, card: CardId, person: PersonId, role: &Role) -> Option<Turn> {
        let card = self.cards.get(&card).filter(|card| !card.archived)?;
        let rights = &self.columns.get(&card.column)?.rights;
        if rights.is_plain() {
            return None;
        }
        match card.stage {
            Stage::ToDo => rights.allows(role, Right::Work).then_some(Turn::Take),
            Stage::ToReview if rights.is_reviewed() => rights.allows(role, Right::Review).then_some(Turn::Review),
            // Nobody reviews it any more: whose it is submits it once more.
            Stage::Doing | Stage::ToReview => {
                (card.taken_by == Some(person) && !role.is_viewer()).then_some(Turn::Work)
            }
        }
    }

    /// What stands on a label: its name, or its colour where it has none.
    pub(super) fn label(&self, label: LabelId) -> Option<&str> {
        self.labels.get(&label).map(Label::shown)
    }
}

impl View for BoardView {
    const NAME: &'static str = "board";
    const VERSION: u32 = 5;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let board = match &*stream.kind {
            Board::KIND => models.get::<Board>(stream.id).exists().then_some(BoardId(stream.id)),
            Column::KIND => models.get::<Column>(stream.id).board,
            Card::KIND => models.get::<Card>(stream.id).board(models),
            Project::KIND => {
                return models.get::<Project>(stream.id).boards.iter().map(|board| Key::from(*board)).collect();
            }
            _ => None,
        };
        board.map(Key::from).into_iter().collect()
    }

    fn along(stream: &StreamId, models: &Models<'_>) -> Vec<StreamId> {
        if *stream.kind == *Column::KIND {
            cards_of(&models.get::<Column>(stream.id)).map(StreamId::of::<Card>).collect()
        } else {
            Vec::new()
        }
    }

    /// Each new card is an event of the project, which shows on all boards: none of them shows the last number that was given.
    fn concerns(record: &Record) -> bool {
        !matches!(record.event::<Project>(), Some(ProjectEvent::NumberGiven { .. }))
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let id = record.stream.id;
        match &*record.stream.kind {
            Board::KIND => self.take_board(&after.get::<Board>(id)),
            Column::KIND => self.take_column(key, ColumnId(id), &after.get::<Column>(id), after),
            Card::KIND => self.take_card(key, CardId(id), after),
            Project::KIND => self.take_project(&after.get::<Project>(id)),
            _ => {}
        }
    }
}

/// The cards that go where a column goes.
fn cards_of(column: &Column) -> impl Iterator<Item = Id> {
    let open = column.places.iter().map(|place| place.card.0);
    open.chain(column.archive.iter().map(|card| card.0))
}

impl BoardView {
    fn take_board(&mut self, board: &Board) {
        board.title().clone_into(&mut self.title);
        self.archived = board.archived;
        self.order.clone_from(&board.columns);
    }

    fn take_column(&mut self, key: &Key, id: ColumnId, column: &Column, after: &Models<'_>) {
        let is_here = column.board.map(Key::from).as_ref() == Some(key);
        if is_here != self.columns.contains_key(&id) {
            // It comes or goes with its cards.
            cards_of(column).for_each(|card| self.take_card(key, CardId(card), after));
        }
        if !is_here {
            self.columns.remove(&id);
            return;
        }
        let row = ColumnRow {
            name: column.name.clone(),
            kind: column.kind,
            archived: column.archived,
            limit: column.limit,
            limit_warns: column.limit_warns,
            rights: column.rights.clone(),
            auto_move: column.auto_move,
            leads_to: column.leads_to.clone(),
            ways_out: column.ways_out.clone(),
            rows: column.rows.clone(),
            count: column.count() as u64,
        };
        self.columns.insert(id, row);
    }

    fn take_card(&mut self, key: &Key, id: CardId, after: &Models<'_>) {
        let card = after.get::<Card>(id);
        let is_here = card.board(after).map(Key::from).as_ref() == Some(key);
        let Some(placed) = card.placed.as_ref().filter(|_| is_here) else {
            self.cards.remove_mut(&id);
            return;
        };
        let items = || card.checklists.iter().flat_map(|list| &list.items);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let row = CardRow {
            number: card.number,
            title: card.title.clone(),
            column: placed.column,
            rank: placed.rank.clone(),
            row: card.row,
            stage: card.stage,
            taken_by: card.taken_by,
            archived: card.archived,
            done: card.done,
            labels: card.labels.iter().copied().collect(),
            members: card.members.iter().copied().collect(),
            due: card.due.clone(),
            card_type: card.card_type,
            priority: card.priority,
            estimate: card.estimate,
            remaining: card.remaining,
            is_blocked: card.blocked.is_some(),
            relations: count(card.relations.len()),
            items_done: count(items().filter(|item| item.done).count()),
            items: count(items().count()),
            links: count(card.attachments.len()),
            comments: card.comments,
        };
        self.cards.insert_mut(id, row);
    }

    fn take_project(&mut self, project: &Project) {
        self.prefix.clone_from(&project.key);
        if self.labels != project.labels {
            self.labels.clone_from(&project.labels);
        }
        if self.placeholders != project.placeholders {
            self.placeholders.clone_from(&project.placeholders);
        }
        if self.roles != project.roles {
            self.roles.clone_from(&project.roles);
        }
        let types = || project.types.iter().map(|(id, card_type)| (id, &card_type.name));
        if !self.types.iter().eq(types()) {
            self.types = types().map(|(id, name)| (*id, name.clone())).collect();
        }
    }
}
