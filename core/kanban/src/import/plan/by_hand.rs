//! What people have changed since an import set it: that is theirs.

use recordplayer::entity::Entity;
use recordplayer::id::Id;
use recordplayer::record::{Record, StreamId};

use super::super::source::NotImported;
use super::{Planner, Word};
use crate::board::{Board, BoardCommand};
use crate::project::Project;
use crate::undo::set_by_hand;

impl Planner<'_> {
    pub(super) fn look_for_imports(&mut self) {
        let models = self.present.models;
        let project = models.get::<Project>(self.present.space.0);
        self.imports = project.boards.iter().flat_map(|board| models.get::<Board>(*board).imports.clone()).collect();
        if models.get::<Board>(self.board).exists() {
            // Whatever made this board is an import: its id follows from the source's.
            let records = (self.present.records_of)(&StreamId::of::<Board>(self.board.0));
            self.imports.extend(records.first().and_then(|made| made.origin.claims.act));
        }
    }

    /// Whether the import may set this value of something: nobody has, since an import did. Where somebody has, that is told.
    pub(super) fn may_set<E: Entity>(&mut self, id: impl Into<Id>, value: &str) -> bool {
        let id = id.into();
        if !self.is_by_hand::<E>(id, value) {
            return true;
        }
        self.left.insert((StreamId::of::<E>(id), value.to_owned()));
        false
    }

    /// Whether somebody has set this value of something since an import did.
    pub(super) fn is_by_hand<E: Entity>(&mut self, id: Id, value: &str) -> bool {
        let stream = StreamId::of::<E>(id);
        let (present, imports) = (self.present, &self.imports);
        let by_hand = self.by_hand.entry(stream.clone()).or_insert_with(|| {
            // What is not here yet was set by nobody.
            let is_new = present.models.last_record::<E>(stream.id).0 == 0;
            let records = if is_new { Vec::new() } else { (present.records_of)(&stream) };
            let is_import = |record: &Record| record.origin.claims.act.is_some_and(|act| imports.contains(&act));
            set_by_hand(&records, &is_import)
        });
        by_hand.contains(value)
    }

    pub(super) fn left_by_hand(&self) -> Option<NotImported> {
        let count = self.left.len() as u64;
        let why = "somebody has changed them here since they came in, and what is here stays";
        (count > 0).then(|| NotImported { what: "values".to_owned(), why: why.to_owned(), count })
    }

    /// Says of all of this that it is an import, before anything else but the board itself.
    pub(super) fn note_import(&mut self) {
        if self.commands.is_empty() || self.imports.contains(&self.act) {
            return;
        }
        let board = StreamId::of::<Board>(self.board.0);
        let is_of_board = |planned: &super::PlannedCommand| match &planned.what {
            super::PlannedAct::Send { intent } => intent.stream == board,
            super::PlannedAct::Describe { .. } => false,
        };
        let is_new = !self.present.models.get::<Board>(self.board).exists();
        let made = self.commands.iter().position(is_of_board).filter(|_| is_new);
        let at = made.map_or(0, |made| made + 1);
        let claims = self.commands[at.saturating_sub(1)].claims;
        self.word = Word { at: claims.happened_at, ..Word::default() };
        // It changes nothing that is counted.
        self.change::<Board>(self.act.0, self.board, &BoardCommand::Import {});
        let note = self.commands.pop();
        self.commands.splice(at..at, note);
    }
}
