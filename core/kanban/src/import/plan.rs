//! From a board of Trello to commands, compared with what the project holds already.
//!
//! Every id is derived from the space, the source and the thing's id there. So a second import finds everything in place and plans nothing,
//! and a later export of the same board plans what differs. What people added here by hand stays: nothing is removed but labels and
//! members that the import itself had put on a card.

mod cards;
mod shape;

use recordplayer::Models;
use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, CommandId, Id, SpaceId};
use recordplayer::time::Timestamp;
use serde::Serialize;

use super::trello::{Counts, NotImported, TrelloBoard, TrelloId, counts};
use crate::ids::{BoardId, CardId};

/// What an import will do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub board: BoardId,
    /// In the order in which they must be sent, all under one act.
    pub commands: Vec<PlannedCommand>,
    pub summary: Summary,
}

/// One command of an import.
#[derive(Clone, Debug)]
pub struct PlannedCommand {
    /// What makes a thing has an id that follows from the thing; what changes one, an id that follows from the act too.
    pub command: CommandId,
    pub happened_at: Option<Timestamp>,
    pub what: PlannedAct,
}

/// What a planned command does.
#[derive(Clone, Debug)]
pub enum PlannedAct {
    Send {
        intent: Intent,
    },
    /// Make the card's description be this text, by the difference to what it is: only the replica can write changes of a text.
    Describe {
        card: CardId,
        text: String,
    },
}

/// The answer of the command `import --json`.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub counts: Counts,
    /// Things of the source that are new here.
    pub added: u64,
    /// Things of the source that are here already and differ.
    pub updated: u64,
    /// Things of the source that are here already, as they are there.
    pub unchanged: u64,
    pub not_imported: Vec<NotImported>,
}

/// What a plan is compared with.
pub struct Present<'a> {
    pub space: SpaceId,
    pub models: &'a Models<'a>,
    /// The text of a card's description.
    pub description_of: &'a dyn Fn(CardId) -> String,
}

impl std::fmt::Debug for Present<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Present").field("space", &self.space).finish_non_exhaustive()
    }
}

/// The id of a thing that is imported from Trello into a space; `what` parts the kinds of things.
pub fn imported_id(space: SpaceId, what: &str, source: &TrelloId) -> Id {
    Id::derived("import", &[space.bytes(), b"trello", what.as_bytes(), source.as_str().as_bytes()])
}

/// Plans the import of a board into a project that is set up. `act` is fresh for each import.
pub fn plan(source: &TrelloBoard, present: &Present<'_>, act: ActId) -> Result<Plan, CodecError> {
    let board = BoardId(imported_id(present.space, "board", &source.id));
    let mut planner =
        Planner { present, act, board, commands: Vec::new(), added: 0, updated: 0, unchanged: 0, failure: None };
    let mut left_out = source.not_imported.clone();
    planner.shape(source);
    planner.cards(source, &mut left_out);
    if let Some(error) = planner.failure {
        return Err(error);
    }
    let Planner { commands, added, updated, unchanged, .. } = planner;
    let summary = Summary { counts: counts(source), added, updated, unchanged, not_imported: left_out };
    Ok(Plan { board, commands, summary })
}

struct Planner<'a> {
    present: &'a Present<'a>,
    act: ActId,
    board: BoardId,
    commands: Vec<PlannedCommand>,
    added: u64,
    updated: u64,
    unchanged: u64,
    failure: Option<CodecError>,
}

impl Planner<'_> {
    fn id<T: From<Id>>(&self, what: &str, source: &TrelloId) -> T {
        imported_id(self.present.space, what, source).into()
    }

    /// A command that makes a thing: the same on every device and in every import.
    fn make<E: Entity>(&mut self, id: impl Into<Id>, at: Option<Timestamp>, command: &E::Command) {
        self.push::<E>(id.into(), at, command, false);
    }

    /// A command that changes a thing.
    fn change<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) {
        self.push::<E>(id.into(), None, command, true);
    }

    fn push<E: Entity>(&mut self, id: Id, happened_at: Option<Timestamp>, command: &E::Command, is_change: bool) {
        let intent = match Intent::of::<E>(id, command) {
            Ok(intent) => intent,
            Err(error) => {
                self.failure = self.failure.take().or(Some(error));
                return;
            }
        };
        let space = self.present.space;
        let act: &[u8] = if is_change { self.act.bytes() } else { b"" };
        let parts: [&[u8]; 5] = [space.bytes(), act, id.bytes(), intent.name.as_bytes(), &intent.payload];
        let command = CommandId::derived("import command", &parts);
        self.commands.push(PlannedCommand { command, happened_at, what: PlannedAct::Send { intent } });
    }

    fn describe(&mut self, card: CardId, text: &str) {
        let space = self.present.space;
        let parts: [&[u8]; 4] = [space.bytes(), self.act.bytes(), card.0.bytes(), b"describe"];
        let command = CommandId::derived("import command", &parts);
        let what = PlannedAct::Describe { card, text: text.to_owned() };
        self.commands.push(PlannedCommand { command, happened_at: None, what });
    }

    /// Counts a thing of the source: whether it was here, and how many commands stood before it was looked at.
    fn tally(&mut self, was_here: bool, commands_before: usize) {
        match (was_here, self.commands.len() > commands_before) {
            (false, _) => self.added += 1,
            (true, true) => self.updated += 1,
            (true, false) => self.unchanged += 1,
        }
    }
}

/// The text, cut at a character to at most `max` bytes.
fn cut(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}
