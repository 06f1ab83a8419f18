//! The module's tests go through [`read`](super::read) and [`counts`](super::counts) alone, on boards of our own and, where they
//! are at hand, on those of others.

mod boards_of_others;
mod damaged;
mod left_out;
mod references;
mod things;

use serde_json::{Value, json};

use super::super::source::SourceBoard;
use super::{TrelloError, read};

/// A board with one list `L` and `cards`, and whatever `more` adds or replaces at its top.
fn board_with(cards: Value, more: Value) -> Result<SourceBoard, TrelloError> {
    let mut board = json!({
        "id": "B", "name": "Board",
        "lists": [{ "id": "L", "name": "To do", "closed": false, "pos": 1 }],
        "cards": cards,
    });
    let (Value::Object(board_keys), Value::Object(more)) = (&mut board, more) else { panic!("objects are given") };
    board_keys.extend(more);
    read(board.to_string().as_bytes())
}

/// The board of a file that must be read.
fn given(cards: Value, more: Value) -> SourceBoard {
    board_with(cards, more).expect("the fixture is a board")
}

/// How many things the line `what` tells, 0 where there is no such line.
fn told(board: &SourceBoard, what: &str) -> u64 {
    board.not_imported.iter().filter(|line| line.what == what).map(|line| line.count).sum()
}
