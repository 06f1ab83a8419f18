//! A project with names, cards of a line each, and an index in a folder that goes with the test.

use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::{Id, SpaceId};
use recordplayer::record::Position;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, CommentId, LabelId, OptionId, PersonId, TypeId};
use recordplayer_search::document::{CardDocument, CommentText};
use recordplayer_search::{BoardNames, Change, ColumnNames, Found, Index, Reached, SearchContext, SpaceNames, Waiting};
use tempfile::TempDir;

pub const SPACE: SpaceId = SpaceId(Id([1; 16]));
pub const OTHER: SpaceId = SpaceId(Id([2; 16]));

pub const LABELS: [&str; 4] = ["bug", "not now", "ui", "東京都庁"];
pub const PEOPLE: [&str; 3] = ["Ann Lee", "Bo", "Zoë"];
pub const TYPES: [&str; 2] = ["task", "story"];
/// The last two are ends, and the last one is archived.
pub const COLUMNS: [&str; 4] = ["to do", "doing", "done", "old"];

pub fn id(number: u8) -> Id {
    Id([number; 16])
}

pub fn label(at: usize) -> LabelId {
    LabelId(id(10 + at as u8))
}

pub fn person(at: usize) -> PersonId {
    PersonId(id(20 + at as u8))
}

pub fn card_type(at: usize) -> TypeId {
    TypeId(id(30 + at as u8))
}

pub fn column(at: usize) -> ColumnId {
    ColumnId(id(40 + at as u8))
}

pub fn option() -> OptionId {
    OptionId(id(50))
}

/// The first person asks.
pub fn names(space: SpaceId) -> SpaceNames {
    fn all<T>(names: &[&str], id: fn(usize) -> T) -> Vec<(T, String)> {
        names.iter().enumerate().map(|(at, name)| (id(at), (*name).to_owned())).collect()
    }
    let columns = COLUMNS.iter().enumerate().map(|(at, name)| ColumnNames {
        column: column(at),
        name: (*name).to_owned(),
        is_archived: at == 3,
        is_end: at >= 2,
    });
    let board =
        BoardNames { board: BoardId(id(60)), title: "Web".to_owned(), is_archived: false, columns: columns.collect() };
    SpaceNames {
        space,
        title: if space == SPACE { "Record player".to_owned() } else { "Other".to_owned() },
        prefix: if space == SPACE { "REC".to_owned() } else { "OTH".to_owned() },
        me: [person(0)].into(),
        labels: all(&LABELS, label),
        types: all(&TYPES, card_type),
        options: vec![(option(), "Firefox".to_owned())],
        people: all(&PEOPLE, person),
        boards: vec![board],
    }
}

pub fn context(spaces: &[SpaceId]) -> SearchContext {
    SearchContext { today: "2026-11-30".parse().unwrap(), spaces: spaces.iter().map(|space| names(*space)).collect() }
}

/// A card in the first column, with its number as its id.
pub fn card(number: u8, title: &str) -> CardDocument {
    CardDocument {
        card: CardId(id(number)),
        number: Some(number.into()),
        title: title.to_owned(),
        column: Some(column(0)),
        ..CardDocument::default()
    }
}

pub fn comment(number: u8, text: &str) -> CommentText {
    CommentText { comment: CommentId(id(number)), author: person(1), text: text.to_owned() }
}

pub fn reached(position: u64) -> Reached {
    Reached { epoch: 1, head: Head { position: Position(position), hash: Hash([7; 32]) }, waiting: Waiting::default() }
}

/// An index of one space with these cards.
pub struct Kit {
    pub folder: TempDir,
    pub index: Index,
}

impl Kit {
    pub fn new(cards: &[CardDocument]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut kit = Self { index: Index::open(folder.path()).unwrap(), folder };
        kit.put(SPACE, cards);
        kit
    }

    pub fn put(&mut self, space: SpaceId, cards: &[CardDocument]) {
        self.index.apply(space, cards.iter().map(|card| Change::Put(Box::new(card.clone())))).unwrap();
        self.index.commit(space, reached(1)).unwrap();
    }

    pub fn search(&self, query: &str) -> Found {
        self.search_in(query, &[SPACE])
    }

    pub fn search_in(&self, query: &str, spaces: &[SpaceId]) -> Found {
        self.index.finder().search(&query.parse().unwrap(), &context(spaces), 100).unwrap()
    }

    /// The numbers of the cards that are found, in their order.
    pub fn numbers(&self, query: &str) -> Vec<u8> {
        self.search(query).hits.into_iter().map(|hit| hit.card.0.bytes()[0]).collect()
    }
}

/// Whether a word stands in a file of the index.
pub fn is_on_disk(folder: &std::path::Path, word: &str) -> bool {
    let files =
        std::fs::read_dir(folder.join("index")).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
}
