//! A board as it is drawn.

use std::collections::BTreeMap;

use recordplayer::Models;
use recordplayer::context::Assigned;
use recordplayer::entity::Entity;
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::board::Board;
use crate::card::{Card, Day};
use crate::column::{Column, ColumnKind};
use crate::ids::{BoardId, CardId, ColumnId, LabelId, PersonId};
use crate::key::card_key;
use crate::project::{Label, Placeholder, Project};
use crate::rank::Rank;

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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRow {
    pub name: String,
    pub kind: ColumnKind,
    pub archived: bool,
    pub limit: Option<u32>,
    /// Its open cards.
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRow {
    pub number: Assigned<u64>,
    pub title: String,
    pub column: ColumnId,
    pub rank: Rank,
    pub archived: bool,
    pub done: bool,
    pub labels: Vec<LabelId>,
    pub members: Vec<PersonId>,
    pub due: Option<Day>,
    /// Ticked items of its checklists, and all of them.
    pub items_done: u32,
    pub items: u32,
    pub links: u32,
    pub comments: u64,
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

    /// The `columns` of the command `board --json`; `name_of` names members, placeholders are named here.
    pub fn columns_json(&self, name_of: &dyn Fn(PersonId) -> Option<String>) -> Value {
        let card = |(id, card): &(CardId, &CardRow)| {
            let members: Vec<String> = card.members.iter().map(|person| self.person(*person, name_of)).collect();
            let labels: Vec<&str> = card.labels.iter().filter_map(|label| self.label(*label)).collect();
            json!({
                "key": card_key(&self.prefix, &card.number, *id), "id": id.to_string(), "title": card.title,
                "archived": card.archived, "labels": labels, "members": members,
            })
        };
        let column = |ColumnShown { row, cards, .. }: &ColumnShown<'_>| {
            json!({
                "name": row.name, "kind": row.kind, "archived": row.archived, "limit": row.limit,
                "cards": cards.iter().map(card).collect::<Vec<_>>(),
            })
        };
        self.columns().iter().map(column).collect()
    }

    /// What stands on a label: its name, or its colour where it has none.
    fn label(&self, label: LabelId) -> Option<&str> {
        self.labels.get(&label).map(Label::shown)
    }

    fn person(&self, person: PersonId, name_of: &dyn Fn(PersonId) -> Option<String>) -> String {
        let placeholder = self.placeholders.get(&person).map(|placeholder| placeholder.name.clone());
        name_of(person).or(placeholder).unwrap_or_else(|| person.to_string())
    }
}

impl View for BoardView {
    const NAME: &'static str = "board";
    const VERSION: u32 = 2;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let board = match &*stream.kind {
            Board::KIND => models.get::<Board>(stream.id).exists().then_some(BoardId(stream.id)),
            Column::KIND => models.get::<Column>(stream.id).board,
            Card::KIND => models.get::<Card>(stream.id).board(),
            Project::KIND => {
                return models.get::<Project>(stream.id).boards.iter().map(|board| Key::from(*board)).collect();
            }
            _ => None,
        };
        board.map(Key::from).into_iter().collect()
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let id = record.stream.id;
        match &*record.stream.kind {
            Board::KIND => self.take_board(&after.get::<Board>(id)),
            Column::KIND => self.take_column(ColumnId(id), &after.get::<Column>(id)),
            Card::KIND => self.take_card(key, CardId(id), &after.get::<Card>(id)),
            Project::KIND => self.take_project(&after.get::<Project>(id)),
            _ => {}
        }
    }
}

impl BoardView {
    fn take_board(&mut self, board: &Board) {
        board.title().clone_into(&mut self.title);
        self.archived = board.archived;
        self.order.clone_from(&board.columns);
    }

    fn take_column(&mut self, id: ColumnId, column: &Column) {
        let row = ColumnRow {
            name: column.name.clone(),
            kind: column.kind,
            archived: column.archived,
            limit: column.limit,
            count: column.count() as u64,
        };
        self.columns.insert(id, row);
    }

    fn take_card(&mut self, key: &Key, id: CardId, card: &Card) {
        let Some(placed) = card.placed.as_ref().filter(|placed| key.id() == Some(Id::from(placed.board))) else {
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
            archived: card.archived,
            done: card.done,
            labels: card.labels.iter().copied().collect(),
            members: card.members.iter().copied().collect(),
            due: card.due.clone(),
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
    }
}
