//! From a board of another product to commands, compared with what the project holds already.
//!
//! ```text
//!  what the board has as a whole ─► its history, step by step in order of time ─► what the history does not tell, as it is now ─► the order
//!  [shape]                          [timeline] [replay]                            [cards] [shape]                                 [order]
//! ```
//! Each step is planned on what the steps before it have made (`sim`), so the commands are right in their order and none is idle.
//!
//! Every id is derived from the space, the source and the thing's id there. So a second import finds everything in place and plans nothing,
//! and a later export of the same board plans what differs: the actions behind the last one that came in before, then what is not as it is
//! there. What people added here by hand stays: nothing is removed but labels and members that the import itself had put on a card. And what
//! they have changed since an import set it stays as it is (`by_hand`), whatever the source says of it by now.

mod by_hand;
mod cards;
mod order;
mod relations;
mod replay;
mod shape;
mod shortened;
mod sim;
mod timeline;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::Models;
use recordplayer::claims::Claims;
use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, ActorId, CommandId, Id, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::record::{Record, StreamId};
use recordplayer::time::Timestamp;
use serde::Serialize;

use self::sim::Sim;
use super::source::{Counts, NotImported, SourceBoard, SourceId, counts};
use crate::card::{Card, Day};
use crate::column::{Column, ColumnKind, followed};
use crate::ids::{BoardId, CardId, ColumnId, LabelId};

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
    /// What makes a thing has an id that follows from the thing; what an action of the source did, one that follows from the action; what
    /// else changes a thing, one that follows from the act too.
    pub command: CommandId,
    pub claims: Claims,
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
    /// Actions of the source that come in as history; every other one is a line of `not_imported`.
    pub history_records: u64,
    /// Things of the source that are new here.
    pub added: u64,
    /// Things of the source that are here already and differ.
    pub updated: u64,
    /// Things of the source that are here already, as they are there.
    pub unchanged: u64,
    /// What the columns that are new here are taken for, by their names and by what the source says of them.
    pub column_kinds: Vec<NewColumn>,
    pub not_imported: Vec<NotImported>,
}

/// A column that an import makes, and what it is taken for until somebody says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewColumn {
    pub name: String,
    pub kind: ColumnKind,
}

impl Summary {
    /// What new columns are taken for, as a sentence; nothing where none is new.
    pub fn guesses(&self) -> Option<String> {
        let one = |column: &NewColumn| format!("{} ({})", column.name, column.kind.word());
        let all: Vec<String> = self.column_kinds.iter().map(one).collect();
        (!all.is_empty()).then(|| format!("New columns are taken for: {}. Each can be changed", all.join(", ")))
    }
}

/// What a plan is compared with.
pub struct Present<'a> {
    pub space: SpaceId,
    pub models: &'a Models<'a>,
    /// The text of a card's description.
    pub description_of: &'a dyn Fn(CardId) -> String,
    /// Those of the commands that the log or the outbox holds. Asked once, and only where the board is here already.
    pub known_among: &'a dyn Fn(&BTreeSet<CommandId>) -> BTreeSet<CommandId>,
    /// The events of a stream, those that wait included. Asked only of what is here already and not as it is in the source.
    pub records_of: &'a dyn Fn(&StreamId) -> Vec<Record>,
    /// The day of a moment where the project is: of what is due at a moment, and not on a day.
    pub day_of: &'a dyn Fn(Timestamp) -> Option<Day>,
}

impl std::fmt::Debug for Present<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Present").field("space", &self.space).finish_non_exhaustive()
    }
}

/// The id of a thing that is imported from a product into a space; `what` parts the kinds of things.
pub fn imported_id(space: SpaceId, product: &str, what: &str, source: &SourceId) -> Id {
    Id::derived("import", &[space.bytes(), product.as_bytes(), what.as_bytes(), source.as_str().as_bytes()])
}

/// The act of the import of a file into a space: the same each time, so that one that was cut and done again is taken back as a whole.
pub fn import_act(space: SpaceId, source: &SourceBoard) -> ActId {
    ActId::derived("import act", &[space.bytes(), source.export.bytes()])
}

/// Plans the import of a board into a project that is set up, all of it under one act.
pub fn plan(source: &SourceBoard, present: &Present<'_>, act: ActId) -> Result<Plan, CodecError> {
    let named_in = present.models.get::<Membership>(present.space.0).first_space(present.space);
    let board = BoardId(imported_id(named_in, source.product, "board", &source.id));
    let mut planner = Planner {
        present,
        named_in,
        product: source.product,
        act,
        board,
        word: Word::default(),
        commands: Vec::new(),
        ids: BTreeSet::new(),
        changed: BTreeSet::new(),
        sims: BTreeMap::new(),
        names: BTreeMap::new(),
        closed: BTreeSet::new(),
        absent: BTreeSet::new(),
        placements: 0,
        imports: BTreeSet::new(),
        by_hand: BTreeMap::new(),
        left: BTreeSet::new(),
        kinds: Vec::new(),
        tally: [0; 3],
        failure: None,
    };
    let mut left_out = source.not_imported.clone();
    planner.look_for_imports();
    planner.shape(source);
    planner.play(source);
    let last = source.history.last().map(|action| Timestamp(action.at_ms));
    let at = planner.commands.iter().filter_map(|planned| planned.claims.happened_at).max().max(last);
    planner.word = Word { at, ..Word::default() };
    planner.finish_shape(source);
    planner.finish_cards(source, &mut left_out);
    planner.relate(source, &mut left_out);
    left_out.extend(shortened::shortened(source));
    planner.put_in_order(source);
    planner.tally_things(source);
    planner.note_import();
    left_out.extend(planner.left_by_hand());
    if let Some(error) = planner.failure {
        return Err(error);
    }
    let Planner { commands, kinds, names, closed, tally: [added, updated, unchanged], .. } = planner;
    let open = kinds.into_iter().filter(|(column, _)| !closed.contains(column));
    let column_kinds =
        open.map(|(column, kind)| NewColumn { name: names.get(&column).cloned().unwrap_or_default(), kind }).collect();
    let of_comments: usize =
        source.cards.iter().map(|card| card.comments.iter().filter(|one| one.is_written()).count()).sum();
    let history_records = (source.history.len() + of_comments) as u64;
    let summary = Summary {
        counts: counts(source),
        history_records,
        added,
        updated,
        unchanged,
        column_kinds,
        not_imported: left_out,
    };
    Ok(Plan { board, commands, summary })
}

struct Planner<'a> {
    present: &'a Present<'a>,
    /// The space by which everything is named: the first one that this history was of.
    named_in: SpaceId,
    product: &'static str,
    act: ActId,
    board: BoardId,
    word: Word,
    commands: Vec<PlannedCommand>,
    /// Their ids.
    ids: BTreeSet<CommandId>,
    /// The things that some command makes or changes.
    changed: BTreeSet<Id>,
    /// The cards, as the commands so far leave them.
    sims: BTreeMap<CardId, Sim>,
    /// The names of the board's columns, likewise, and those that are archived.
    names: BTreeMap<ColumnId, String>,
    closed: BTreeSet<ColumnId>,
    /// Labels that somebody has taken away here.
    absent: BTreeSet<LabelId>,
    /// What the columns that are made are taken for.
    kinds: Vec<(ColumnId, ColumnKind)>,
    /// How often a card was put at the end of a column.
    placements: u64,
    /// What has come into this project before.
    imports: BTreeSet<ActId>,
    /// What people have set since, of the streams that were looked at.
    by_hand: BTreeMap<StreamId, BTreeSet<String>>,
    /// Those of it that are not as they are in the source.
    left: BTreeSet<(StreamId, String)>,
    /// Things that were added, updated, and left as they are.
    tally: [u64; 3],
    failure: Option<CodecError>,
}

/// On what the planned commands go back: when and by whom it was done, as the source tells, and by which of its actions.
#[derive(Clone, Debug, Default)]
struct Word {
    at: Option<Timestamp>,
    actor: Option<ActorId>,
    action: Option<SourceId>,
    /// Commands of the action so far.
    count: u64,
}

/// What the id of a planned command follows from, where no action of the source stands behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Make,
    Change,
}

impl Planner<'_> {
    fn id<T: From<Id>>(&self, what: &str, source: &SourceId) -> T {
        imported_id(self.named_in, self.product, what, source).into()
    }

    /// The column of a list: of one that was removed here, whoever has its cards; and where nobody has them, it is made once more.
    fn column_of(&self, list: &SourceId) -> ColumnId {
        let get = |column: ColumnId| self.present.models.get::<Column>(column);
        let (mut now, mut list) = (followed(self.id("column", list), get).0, list.clone());
        while get(now).removed.is_some() {
            list = SourceId(format!("{}/again", list.as_str()));
            now = followed(self.id("column", &list), get).0;
        }
        now
    }

    /// Whether the cards of a list are in the column of something else.
    fn is_inherited(&self, list: &SourceId) -> bool {
        let own: ColumnId = self.id("column", list);
        self.present.models.get::<Column>(own).removed.is_some_and(|removed| removed.into.is_some())
    }

    /// A command that makes a thing: the same on every device and in every import.
    fn make<E: Entity>(&mut self, thing: impl Into<Id>, stream: impl Into<Id>, command: &E::Command) {
        self.push::<E>(thing.into(), stream.into(), command, Doing::Make);
    }

    /// A command that changes a thing: the same wherever the thing stands at the same record, so that two people who import the same meet.
    fn change<E: Entity>(&mut self, thing: impl Into<Id>, stream: impl Into<Id>, command: &E::Command) {
        self.push::<E>(thing.into(), stream.into(), command, Doing::Change);
    }

    fn push<E: Entity>(&mut self, thing: Id, stream: Id, command: &E::Command, doing: Doing) {
        let intent = match Intent::of::<E>(stream, command) {
            Ok(intent) => intent,
            Err(error) => {
                self.failure = self.failure.take().or(Some(error));
                return;
            }
        };
        let space = self.named_in;
        let ground = match doing {
            Doing::Make => Vec::new(),
            Doing::Change => self.present.models.last_record::<E>(stream).0.to_be_bytes().to_vec(),
        };
        let parts: [&[u8]; 5] = [space.bytes(), &ground, stream.bytes(), intent.name.as_bytes(), &intent.payload];
        let by_content = CommandId::derived("import command", &parts);
        self.plan_command(thing, by_content, PlannedAct::Send { intent });
    }

    fn describe(&mut self, card: CardId, text: &str) {
        let space = self.named_in;
        let ground = self.present.models.last_record::<Card>(card).0.to_be_bytes();
        let parts: [&[u8]; 5] = [space.bytes(), &ground, card.0.bytes(), b"describe", text.as_bytes()];
        let by_content = CommandId::derived("import command", &parts);
        self.plan_command(card.0, by_content, PlannedAct::Describe { card, text: text.to_owned() });
    }

    fn plan_command(&mut self, thing: Id, by_content: CommandId, what: PlannedAct) {
        let mut command = match &self.word.action {
            Some(action) => self.action_command(action, self.word.count),
            None => by_content,
        };
        // A card that is archived, and opened once more to be moved, is archived twice: one id would be one command, and the second time is lost.
        while !self.ids.insert(command) {
            command = CommandId::derived("import once more", &[command.bytes()]);
        }
        self.word.count += 1;
        let claims = Claims { act: Some(self.act), happened_at: self.word.at, actor: self.word.actor, undoes: None };
        self.commands.push(PlannedCommand { command, claims, what });
        self.changed.insert(thing);
    }

    /// The id of a command that plays an action of the source; `index` parts the commands of one action.
    fn action_command(&self, action: &SourceId, index: u64) -> CommandId {
        let space = self.named_in;
        let parts: [&[u8]; 4] =
            [space.bytes(), self.product.as_bytes(), action.as_str().as_bytes(), &index.to_be_bytes()];
        CommandId::derived("import action", &parts)
    }

    /// Counts a thing of the source: whether it was here, and whether it is changed.
    fn tally(&mut self, was_here: bool, thing: impl Into<Id>) {
        let into = match (was_here, self.changed.contains(&thing.into())) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        };
        self.tally[into] += 1;
    }
}

/// The text, cut at a character to at most `max` bytes.
fn cut(text: &str, max: usize) -> String {
    text[..text.floor_char_boundary(max)].to_owned()
}
