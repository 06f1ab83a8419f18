//! The operations of a change: characters inserted and characters deleted, and nothing else.

use super::columns::{Columns, Differences, Flags, Rows, count_rows};
use crate::text::TextRefusal;

/// A character of the text, by the operation that inserted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::text) struct ElementId {
    /// Which of the change's actors: 0 is its author, the others follow in the order of the header.
    pub actor: usize,
    pub counter: u32,
}

/// One operation of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::text) enum Operation {
    /// A character of so many bytes, behind another one, or at the very beginning.
    Insert {
        after: Option<ElementId>,
        bytes: u64,
    },
    Delete {
        element: ElementId,
    },
}

/// What a change's operations come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::text) struct Sums {
    pub operations: u64,
    pub inserted: u64,
    pub inserted_bytes: u64,
    pub deleted: u64,
}

/// The operations of a change, in order.
#[derive(Clone, Debug)]
pub(in crate::text) struct Operations<'a> {
    /// Rows left.
    left: u64,
    /// Which of the change's actors is the genesis, whose first operation made the text.
    genesis: Option<usize>,
    actors: usize,
    object_actor: Rows<'a, u64>,
    object_counter: Rows<'a, u64>,
    key_actor: Rows<'a, u64>,
    key_counter: Differences<'a>,
    insert: Flags<'a>,
    action: Rows<'a, u64>,
    value_meta: Rows<'a, u64>,
    value: super::bytes::Bytes<'a>,
    predecessors: Rows<'a, u64>,
    predecessor_actor: Rows<'a, u64>,
    predecessor_counter: Differences<'a>,
}

/// Of some columns automerge takes no row without a number, not even where that would mean 0.
fn missing() -> TextRefusal {
    TextRefusal::unreadable("an operation lacks a number")
}

/// Automerge's number for setting a value, which an insertion does with its character.
const ACTION_SET: u64 = 1;
const ACTION_DELETE: u64 = 3;
/// The lowest four bits of a value's description when it is a string.
const VALUE_STRING: u64 = 6;

impl<'a> Operations<'a> {
    /// The operations of columns that list at most `max`; `actors` and `genesis` as the header names them.
    pub fn new(columns: &Columns<'a>, actors: usize, genesis: Option<usize>, max: u64) -> Result<Self, TextRefusal> {
        let left = count_rows(columns.action, max)?;
        if left == 0 {
            return Err(TextRefusal::unreadable("it changes nothing"));
        }
        if left > max {
            return Err(TextRefusal::HistoryFull { operations: left, bytes: columns.action.len() as u64 });
        }
        Ok(Self {
            left,
            genesis,
            actors,
            object_actor: Rows::unsigned(columns.object_actor),
            object_counter: Rows::unsigned(columns.object_counter),
            key_actor: Rows::unsigned(columns.key_actor),
            key_counter: Differences::new(columns.key_counter),
            insert: Flags::new(columns.insert),
            action: Rows::unsigned(columns.action),
            value_meta: Rows::unsigned(columns.value_meta),
            value: super::bytes::Bytes(columns.value),
            predecessors: Rows::unsigned(columns.predecessors),
            predecessor_actor: Rows::unsigned(columns.predecessor_actor),
            predecessor_counter: Differences::new(columns.predecessor_counter),
        })
    }

    /// Walks all operations: they are well formed, each refers only to characters with smaller numbers, and no column goes on behind them.
    pub fn sum(mut self, start_op: u32) -> Result<Sums, TextRefusal> {
        let mut sums = Sums::default();
        while let Some(operation) = self.next()? {
            let number = u64::from(start_op) + sums.operations;
            sums.operations += 1;
            let reference = match operation {
                Operation::Insert { after, bytes } => {
                    sums.inserted += 1;
                    sums.inserted_bytes += bytes;
                    after
                }
                Operation::Delete { element } => {
                    sums.deleted += 1;
                    Some(element)
                }
            };
            if reference.is_some_and(|element| u64::from(element.counter) >= number) {
                return Err(TextRefusal::unreadable("an operation refers to a later one"));
            }
        }
        if self.is_done() { Ok(sums) } else { Err(TextRefusal::unreadable("its columns differ in length")) }
    }

    /// The next operation.
    pub fn next(&mut self) -> Result<Option<Operation>, TextRefusal> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let object = (self.object_actor.next()?, self.object_counter.next()?);
        let in_text = match object {
            (Some(actor), Some(1)) => self.genesis.is_some_and(|genesis| genesis as u64 == actor),
            _ => false,
        };
        if !in_text {
            return Err(TextRefusal::not_plain("it changes something that is not the text"));
        }
        let key = self.key()?;
        let (insert, action) = (self.insert.next()?, self.action.next()?);
        let meta = self.value_meta.next()?.ok_or_else(missing)?;
        let predecessor = self.predecessor()?;
        match (insert, action, predecessor) {
            (true, Some(ACTION_SET), None) => Ok(Some(Operation::Insert { after: key, bytes: self.character(meta)? })),
            (false, Some(ACTION_DELETE), Some(element)) if meta == 0 && key == Some(element) => {
                Ok(Some(Operation::Delete { element }))
            }
            _ => Err(TextRefusal::not_plain("it has an operation of another kind")),
        }
    }

    /// The character that the operation is about, or the beginning of the text.
    fn key(&mut self) -> Result<Option<ElementId>, TextRefusal> {
        match (self.key_actor.next()?, self.key_counter.next()?) {
            (None, Some(0)) => Ok(None),
            (Some(actor), Some(counter)) => self.element(actor, counter).map(Some),
            (_, None) | (None, Some(_)) => Err(TextRefusal::unreadable("an operation names no character")),
        }
    }

    fn predecessor(&mut self) -> Result<Option<ElementId>, TextRefusal> {
        match self.predecessors.next()?.ok_or_else(missing)? {
            0 => Ok(None),
            1 => match (self.predecessor_actor.next()?, self.predecessor_counter.next()?) {
                (Some(actor), Some(counter)) => self.element(actor, counter).map(Some),
                _ => Err(TextRefusal::unreadable("an operation names no predecessor")),
            },
            _ => Err(TextRefusal::not_plain("an operation has several predecessors")),
        }
    }

    fn element(&self, actor: u64, counter: u32) -> Result<ElementId, TextRefusal> {
        match usize::try_from(actor) {
            Ok(actor) if actor < self.actors && counter > 0 => Ok(ElementId { actor, counter }),
            _ => Err(TextRefusal::unreadable("an operation names an actor that the change does not")),
        }
    }

    /// Reads the inserted value, which must be one character, and says how many bytes it has.
    fn character(&mut self, meta: u64) -> Result<u64, TextRefusal> {
        let bytes = meta >> 4;
        if meta & 0xf != VALUE_STRING || !(1..=4).contains(&bytes) {
            return Err(TextRefusal::not_plain("it inserts something that is not a character"));
        }
        let text =
            std::str::from_utf8(self.value.take(bytes)?).map_err(|_| TextRefusal::unreadable("it is not UTF-8"))?;
        match text.chars().count() {
            1 => Ok(bytes),
            _ => Err(TextRefusal::not_plain("it inserts several characters as one")),
        }
    }

    fn is_done(&self) -> bool {
        self.object_actor.is_done()
            && self.object_counter.is_done()
            && self.key_actor.is_done()
            && self.key_counter.is_done()
            && self.insert.is_done()
            && self.action.is_done()
            && self.value_meta.is_done()
            && self.value.is_empty()
            && self.predecessors.is_done()
            && self.predecessor_actor.is_done()
            && self.predecessor_counter.is_done()
    }
}
