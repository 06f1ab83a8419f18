//! Taking back what commands did: as new commands, and only where the value was last set by what is taken back.
//!
//! ```text
//!  the records of each stream that the act touched ─► its values before and after ─► the commands that set the former again
//!                                                       └─ last set by somebody else: left as it is, and told
//! ```
//! What decides is who set a value last, never what it is. The authority looks at it once more ([`Claims::undoes`]), for somebody may have
//! been quicker than the records that are here. Undo of what was undone is redo: the same way once more.
//!
//! [`Claims::undoes`]: recordplayer::claims::Claims::undoes

mod board;
mod card;
mod column;
mod comment;
mod project;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use recordplayer::Models;
use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{CommandId, Id};
use recordplayer::record::{Record, StreamId};
use settings::Settings;

use crate::board::Board;
use crate::card::{Card, CardEvent};
use crate::column::Column;
use crate::comment::{Comment, CommentKind};
use crate::ids::{CardId, ColumnId};
use crate::project::Project;

/// What takes commands back.
#[derive(Debug, Default)]
pub struct Undo {
    /// In the order in which they must be sent.
    pub steps: Vec<UndoStep>,
    /// What stays as it is, and why: a sentence, and the stream that it is about.
    pub left: Vec<(StreamId, String)>,
    /// The cards and columns that are put away by it.
    going: BTreeSet<Id>,
}

/// One command of an undo.
#[derive(Clone, Debug)]
pub struct UndoStep {
    /// What it takes back.
    pub undoes: CommandId,
    pub what: UndoAct,
    /// It holds only where what is done to this does: the reason of a decision goes with that.
    pub with: Option<StreamId>,
}

impl UndoStep {
    /// What is brought back comes before all else, and what things stand on before them: a card comes back into a column.
    fn rank(&self) -> u8 {
        match &self.what {
            UndoAct::Send { intent } => match &*intent.name {
                "board.restore" => 0,
                "column.restore" => 1,
                "card.restore" => 2,
                _ => 3,
            },
            UndoAct::Describe { .. } => 3,
        }
    }
}

#[derive(Clone, Debug)]
pub enum UndoAct {
    Send {
        intent: Intent,
    },
    /// Make the card's description be this text, by the difference to what it is.
    Describe {
        card: CardId,
        text: String,
    },
}

/// How one kind of entity takes events back.
trait Undoable: Entity {
    /// The value that an event sets, by a name; `None` for what follows from another entity's event.
    fn slot(event: &Self::Event) -> Option<String>;

    /// The commands that make the value be what it was before, given the event that set it first.
    fn restore(before: &Self, event: &Self::Event, scene: &Scene<'_>) -> Result<Vec<Self::Command>, &'static str>;

    /// What makes the value be what it was before, where another entity is asked for that.
    fn restore_elsewhere(_before: &Self, _event: &Self::Event) -> Result<Vec<Intent>, CodecError> {
        Ok(Vec::new())
    }

    /// What the entity is called in a sentence.
    fn name(&self) -> String;

    /// Whether the event makes the entity: to take that back is to put it away whole.
    fn is_making(event: &Self::Event) -> bool;

    /// Whether it is put away already.
    fn is_away(&self) -> bool;

    /// Whether it is put back before what else was set: what may be set depends on it.
    fn comes_first(_slot: &str) -> bool {
        false
    }

    /// Another value that brings this one along, where the same command set both.
    fn comes_with(_slot: &str) -> Option<&'static str> {
        None
    }
}

/// Where something is taken back.
struct Scene<'a> {
    id: Id,
    models: &'a Models<'a>,
    /// The cards and columns that are put away.
    going: &'a BTreeSet<Id>,
}

impl Scene<'_> {
    fn column(&self, column: ColumnId) -> Arc<Column> {
        self.models.get::<Column>(column)
    }

    /// Whether a column is in use and not put away with what it stands on.
    fn stays(&self, column: ColumnId) -> bool {
        let known = self.column(column);
        known.exists() && !known.archived && !self.going.contains(&column.0)
    }

    /// Whether a column holds open cards that are not put away with it.
    fn holds_more(&self, column: ColumnId) -> bool {
        self.column(column).places.iter().any(|place| !self.going.contains(&place.card.0))
    }
}

const SET_SINCE: &str = "somebody has changed it since";

/// Plans taking back what `is_ours` did on these streams. Each stream comes with all its event records, those that wait included.
pub fn undo(
    streams: &[(StreamId, Vec<Record>)],
    models: &Models<'_>,
    is_ours: &dyn Fn(&Record) -> bool,
) -> Result<Undo, CodecError> {
    let mut undo = Undo::default();
    let of = |kind: &'static str| streams.iter().filter(move |(stream, _)| *stream.kind == *kind);
    // What stands on something goes first: a column is put away when its cards are.
    let (reasons, comments): (Vec<_>, Vec<_>) = of(Comment::KIND).partition(|(stream, _)| is_reason(stream, models));
    for (stream, records) in comments {
        undo.stream::<Comment>(stream, records, models, is_ours)?;
    }
    // From top to bottom: each goes in front of what followed it then and is there.
    let mut cards: Vec<_> = of(Card::KIND).collect();
    cards.sort_by_cached_key(|(_, records)| card::place_before(records, is_ours));
    for (stream, records) in cards {
        undo.stream::<Card>(stream, records, models, is_ours)?;
        undo.text(stream, records, is_ours);
    }
    // Why something was decided stays where the decision does.
    for (stream, records) in reasons {
        let card = models.get::<Comment>(stream.id).card.map(|card| StreamId::of::<Card>(card.0));
        if !undo.left.iter().any(|(left, _)| Some(left) == card.as_ref()) {
            let before = undo.steps.len();
            undo.stream::<Comment>(stream, records, models, is_ours)?;
            undo.steps[before..].iter_mut().for_each(|step| step.with.clone_from(&card));
        }
    }
    for (stream, records) in of(Column::KIND) {
        undo.stream::<Column>(stream, records, models, is_ours)?;
    }
    for (stream, records) in of(Board::KIND) {
        undo.stream::<Board>(stream, records, models, is_ours)?;
    }
    for (stream, records) in of(Project::KIND) {
        undo.stream::<Project>(stream, records, models, is_ours)?;
    }
    undo.steps.sort_by_key(UndoStep::rank);
    Ok(undo)
}

/// Whether a comment says why a reviewer decided as they did.
fn is_reason(stream: &StreamId, models: &Models<'_>) -> bool {
    models.get::<Comment>(stream.id).kind == CommentKind::Review
}

/// The values of a stream that somebody has set since an import did, by their names. What took an import back has set none.
pub fn set_by_hand(records: &[Record], is_import: &dyn Fn(&Record) -> bool) -> BTreeSet<String> {
    let mut imported = BTreeSet::new();
    let mut by_hand = BTreeSet::new();
    for record in records {
        let of_import =
            is_import(record) || record.origin.claims.undoes.is_some_and(|undone| imported.contains(&undone));
        if of_import {
            imported.insert(record.origin.command);
        }
        let Some(slot) = slot_of(record) else { continue };
        if of_import {
            by_hand.remove(&slot);
        } else {
            by_hand.insert(slot);
        }
    }
    by_hand
}

/// The name of a card's description among its values.
pub const DESCRIPTION: &str = "description";

fn slot_of(record: &Record) -> Option<String> {
    match &*record.stream.kind {
        Card::KIND => match record.event::<Card>()? {
            CardEvent::Described { .. } => Some(DESCRIPTION.to_owned()),
            event => Card::slot(event),
        },
        Column::KIND => record.event::<Column>().and_then(Column::slot),
        Board::KIND => record.event::<Board>().and_then(Board::slot),
        Project::KIND => record.event::<Project>().and_then(Project::slot),
        Comment::KIND => record.event::<Comment>().and_then(Comment::slot),
        _ => None,
    }
}

impl Undo {
    fn stream<E: Undoable + Clone>(
        &mut self,
        stream: &StreamId,
        records: &[Record],
        models: &Models<'_>,
        is_ours: &dyn Fn(&Record) -> bool,
    ) -> Result<(), CodecError> {
        let mut state = E::default();
        let mut slots: BTreeMap<String, Settings<(E, E::Event)>> = BTreeMap::new();
        let mut order = Vec::new();
        let mut is_made_by_us = false;
        for record in records {
            let Some(event) = record.event::<E>() else { continue };
            if let Some(slot) = E::slot(event) {
                let ours = is_ours(record);
                is_made_by_us |= ours && E::is_making(event);
                if ours && !order.contains(&slot) {
                    order.push(slot.clone());
                }
                slots.entry(slot).or_default().note(record, ours, (state.clone(), event.clone()));
            }
            state.play(event, &Stamp::of(record));
        }
        let leave = |undo: &mut Self, why: &str| undo.left.push((stream.clone(), format!("{}: {why}", state.name())));
        if is_made_by_us && state.is_away() {
            return Ok(());
        }
        if is_made_by_us && slots.values().any(Settings::is_others) {
            leave(self, SET_SINCE);
            return Ok(());
        }
        let going = std::mem::take(&mut self.going);
        let scene = Scene { id: stream.id, models, going: &going };
        // The last one first, as things depend on what was made before them.
        order.reverse();
        order.sort_by_key(|slot| !E::comes_first(slot));
        for slot in &order {
            let ours = |slot: &str| slots.get(slot).and_then(Settings::ours);
            let with = E::comes_with(slot).and_then(ours);
            let Some(ours) = ours(slot) else { continue };
            if let (Some(Ok((_, with))), Ok((_, last))) = (with, &ours)
                && with == *last
            {
                continue;
            }
            let Ok(((before, first), last)) = ours else {
                leave(self, SET_SINCE);
                continue;
            };
            // What was made goes as a whole.
            if is_made_by_us && !E::is_making(first) {
                continue;
            }
            match E::restore(before, first, &scene) {
                Ok(commands) => {
                    for intent in E::restore_elsewhere(before, first)? {
                        self.steps.push(UndoStep { undoes: last, what: UndoAct::Send { intent }, with: None });
                    }
                    for command in commands {
                        let intent = Intent::of::<E>(stream.id, &command)?;
                        self.steps.push(UndoStep { undoes: last, what: UndoAct::Send { intent }, with: None });
                    }
                }
                Err(why) => leave(self, why),
            }
        }
        self.going = going;
        if is_made_by_us {
            self.going.insert(stream.id);
        }
        Ok(())
    }
}
