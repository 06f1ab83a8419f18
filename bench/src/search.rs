//! Search at several sizes, each card with four comments, beside what a person waits for: an answer within 50 ms, a change found within a second.
//!
//! Each size is a process of its own, so that its memory is its own. Words are drawn as they come in languages: few of them often, most of
//! them seldom. One card of ten speaks Chinese.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::{Id, SpaceId};
use recordplayer::record::Position;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId, CommentId, LabelId, PersonId};
use recordplayer_search::document::{CardDocument, CommentText, Mark};
use recordplayer_search::{BoardNames, Change, ColumnNames, Found, Index, Reached, SearchContext, SpaceNames, Waiting};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::clock::now;
use crate::peer::resident_bytes;
use crate::report::{Row, grouped};
use crate::size::Size;

type Failure = Box<dyn std::error::Error>;

/// What a person does not notice.
const ANSWER_MS: f64 = 50.0;
/// A change is found while whoever made it still looks.
const FOUND_MS: f64 = 1_000.0;

const SPACE: SpaceId = SpaceId(Id([0x5e; 16]));
/// Cards that are given to the index at a time while it is built.
const GROUP: u64 = 1_000;
const LABELS: u64 = 20;
/// Words of the language.
const WORDS: u64 = 20_000;
/// Each kind of query is asked at least so often: then the worst of a hundred is one of them.
const ASKED_MIN: u64 = 100;
/// Changes of one card each.
const CHANGES: u64 = 30;

/// What was seen at one size.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    what: String,
    value: f64,
    unit: String,
    limit: Option<f64>,
}

pub fn measure(size: &Size) -> Outcome {
    let mut rows = Vec::new();
    for cards in size.project_cards {
        let folder = tempfile::tempdir()?;
        let output = Command::new(std::env::current_exe()?)
            .arg("search-at")
            .arg(folder.path())
            .args(["--cards", &cards.to_string(), "--milliseconds", &size.time.as_millis().to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("search at {cards} cards has ended with {}", output.status).into());
        }
        let seen: Vec<Seen> = serde_json::from_slice(&output.stdout)?;
        for Seen { what, value, unit, limit } in seen {
            let unit = ["ms", "s", "MiB"].into_iter().find(|known| *known == unit).ok_or("a unit of search")?;
            let row = Row::new(format!("search, {what}, {} cards", grouped(cards)), value, unit);
            rows.push(limit.map_or(row.clone(), |limit| row.beside(limit)));
        }
    }
    Ok(rows)
}

/// Builds an index of so many cards, and asks it.
pub fn run(folder: &Path, cards: u64, time: Duration) -> Result<(), Failure> {
    let mut seen = Vec::new();
    let mut tell = |what: String, value: f64, unit: &str, limit| {
        seen.push(Seen { what, value, unit: unit.to_owned(), limit });
    };
    let began = now();
    let mut index = build(folder, cards)?;
    tell("first build".to_owned(), began.elapsed().as_secs_f64(), "s", None);
    let context = SearchContext { today: "2026-11-30".parse()?, spaces: vec![names()] };
    for (kind, query) in KINDS {
        let mut times = Vec::new();
        let began = now();
        while began.elapsed() < time / 4 || (times.len() as u64) < ASKED_MIN {
            let query = query(times.len() as u64).parse()?;
            let asked = now();
            let found = index.finder().search(&query, &context, 50)?;
            times.push(milliseconds(asked.elapsed()));
            drop::<Found>(found);
        }
        times.sort_by(f64::total_cmp);
        tell(format!("{kind}, p50"), times[times.len() / 2], "ms", Some(ANSWER_MS));
        tell(format!("{kind}, p99"), times[times.len() * 99 / 100], "ms", Some(ANSWER_MS));
    }
    let mut times = Vec::new();
    for change in 0..CHANGES {
        times.push(change_one(&mut index, &context, change % cards, change)?);
    }
    times.sort_by(f64::total_cmp);
    tell("from a change to found, p50".to_owned(), times[times.len() / 2], "ms", Some(FOUND_MS));
    tell("from a change to found, worst".to_owned(), times[times.len() - 1], "ms", Some(FOUND_MS));
    let memory = resident_bytes(std::process::id())?;
    drop(index);
    let began = now();
    drop(Index::open(folder)?);
    tell("opening, checked".to_owned(), milliseconds(began.elapsed()), "ms", None);
    tell("memory".to_owned(), memory / 1024.0 / 1024.0, "MiB", None);
    tell("index on disk".to_owned(), bytes_under(folder)? as f64 / 1024.0 / 1024.0, "MiB", None);
    std::io::stdout().write_all(&serde_json::to_vec(&seen)?)?;
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// What the files of a folder take.
fn bytes_under(folder: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_under(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

fn build(folder: &Path, cards: u64) -> Result<Index, Failure> {
    let mut index = Index::open(folder)?;
    let mut at = 0;
    while at < cards {
        let upto = cards.min(at + GROUP);
        index.apply(SPACE, (at..upto).map(|number| Change::Add(Box::new(document(number)))))?;
        at = upto;
    }
    index.commit(SPACE, reached(1))?;
    Ok(index)
}

/// A card is commented, and found by the comment.
fn change_one(index: &mut Index, context: &SearchContext, card: u64, change: u64) -> Result<f64, Failure> {
    let mut changed = document(card);
    let word = format!("fresh{change}");
    changed.comments.push(said(card, 4, word.clone()));
    let query = word.parse()?;
    let began = now();
    index.apply(SPACE, [Change::Put(Box::new(changed))])?;
    index.commit(SPACE, reached(2 + change))?;
    let found = index.finder().search(&query, context, 50)?;
    let time = milliseconds(began.elapsed());
    if found.total == 0 { Err("what was committed is not found".into()) } else { Ok(time) }
}

fn reached(position: u64) -> Reached {
    let head = Head { position: Position(position), hash: Hash::default() };
    Reached { epoch: 1, head, waiting: Waiting::default() }
}

/// A query for each number.
type Asks = fn(u64) -> String;

/// What people ask: another query each time.
const KINDS: &[(&str, Asks)] = &[
    ("one common word", |at| format!("{} ", word(1 + at % 10))),
    ("one rare word", |at| format!("{} ", word(5_000 + at % 10_000))),
    ("two words", |at| format!("{} {} ", word(1 + at % 50), word(40 + at % 100))),
    ("a phrase", |at| format!("\"{} {}\"", word(1 + at % 10), word(2 + at % 7))),
    ("a beginning of two letters", |at| word(1 + at % 500)[..2].to_owned()),
    ("a beginning of four letters", |at| word(300 + at % 5_000)[..4].to_owned()),
    ("filters", |at| format!("label:label{} is:open -has:due", at % LABELS)),
    ("filters and a word", |at| format!("label:label{} due:<7d {} ", at % LABELS, word(1 + at % 100))),
    ("Chinese", |at| format!("{} ", chinese(at, 3))),
];

fn names() -> SpaceNames {
    let column = |number: u8| ColumnNames {
        column: ColumnId(Id([number; 16])),
        name: format!("Column {number}"),
        is_archived: false,
        is_end: number == 3,
    };
    let board = BoardNames {
        board: BoardId(Id([9; 16])),
        title: "Board".to_owned(),
        is_archived: false,
        columns: (0..4).map(column).collect(),
    };
    SpaceNames {
        space: SPACE,
        title: "Project".to_owned(),
        prefix: "REC".to_owned(),
        me: [person(0)].into(),
        labels: (0..LABELS).map(|number| (label(number), format!("label{number}"))).collect(),
        people: (0..50).map(|number| (person(number), format!("Person {number}"))).collect(),
        boards: vec![board],
        ..SpaceNames::default()
    }
}

fn label(number: u64) -> LabelId {
    LabelId(Id::derived("search label", &[&number.to_be_bytes()]))
}

fn person(number: u64) -> PersonId {
    PersonId(Id::derived("search person", &[&number.to_be_bytes()]))
}

fn said(card: u64, number: u64, text: String) -> CommentText {
    let comment = CommentId(Id::derived("search comment", &[&card.to_be_bytes(), &number.to_be_bytes()]));
    CommentText { comment, author: person(card % 50), text }
}

fn document(number: u64) -> CardDocument {
    let mut draws = Draws::of(number);
    let mut card = CardDocument {
        card: CardId(Id::derived("search card", &[&number.to_be_bytes()])),
        number: Some(number + 1),
        title: draws.text(6),
        description: draws.text(40),
        comments: (0..4).map(|comment| said(number, comment, draws.text(15))).collect(),
        labels: [label(draws.below(LABELS)), label(draws.below(LABELS))].into(),
        people: [person(draws.below(50))].into(),
        column: Some(ColumnId(Id([draws.below(4) as u8; 16]))),
        marks: [Mark::HasComment, Mark::HasLabel, Mark::HasPerson].into(),
        ..CardDocument::default()
    };
    if number.is_multiple_of(5) {
        card.due = format!("2026-12-{:02}", 1 + draws.below(28)).parse().ok();
        card.marks.insert(Mark::HasDue);
    }
    if number.is_multiple_of(10) {
        card.title = chinese(draws.below(10_000), 12);
        card.description = chinese(draws.below(10_000), 80);
    }
    card
}

/// Numbers that are the same in each run.
struct Draws(u64);

impl Draws {
    fn of(seed: u64) -> Self {
        let mut draws = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            draws.below(2);
        }
        draws
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Words of which the first ones come as often as the many last ones together.
    #[expect(clippy::cast_sign_loss, reason = "a power of a positive number is positive")]
    fn text(&mut self, words: usize) -> String {
        let mut drawn = || {
            let share = self.below(1_000_000) as f64 / 1_000_000.0;
            word((WORDS as f64).powf(share) as u64)
        };
        (0..words).map(|_| drawn()).collect::<Vec<_>>().join(" ")
    }
}

/// A word by its rank.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ka", "lo", "mi", "ter", "su", "ran", "pe", "vi", "dor", "ne", "ba", "shi", "ul", "gon", "zu", "hy"];
    let (mut left, mut word) = (rank + 16, String::new());
    while left > 0 {
        word.push_str(SYLLABLES[(left % 16) as usize]);
        left /= 16;
    }
    word
}

/// Chinese characters one after the other, of some two hundred that are common.
fn chinese(seed: u64, characters: u64) -> String {
    let mut draws = Draws::of(seed);
    let character = |number: u64| char::from_u32(0x4e00 + number as u32).unwrap_or('一');
    (0..characters).map(|_| character(draws.below(200))).collect()
}
