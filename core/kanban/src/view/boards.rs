//! Which boards a project has.

use std::collections::BTreeMap;

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::ids::BoardId;

/// The boards of a project; one view in a space, [`Key::whole_space`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardsView {
    pub boards: BTreeMap<BoardId, BoardRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRow {
    pub title: String,
    pub archived: bool,
}

impl View for BoardsView {
    const NAME: &'static str = "boards";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let is_board = *stream.kind == *Board::KIND && models.get::<Board>(stream.id).exists();
        is_board.then(Key::whole_space).into_iter().collect()
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let board = after.get::<Board>(record.stream.id);
        let row = BoardRow { title: board.title().to_owned(), archived: board.archived };
        self.boards.insert(BoardId(record.stream.id), row);
    }
}
