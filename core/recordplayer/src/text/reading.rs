//! Which changes a reader takes, in the order of the log: the rule behind "reading a text never fails".

use std::collections::BTreeMap;
use std::ops::Range;

use super::format::{Bytes, Change, ElementId, Operation, write_change, write_unsigned};
use super::genesis::GENESIS_HASH;
use super::{Text, TextActor, TextHash, TextRefusal};
use crate::hash::Hash;

/// The changes that a reader has taken, without the document that they make.
///
/// It knows every hash and every character, which the model does not, and so refuses the rest of what automerge cannot take: a change that
/// builds on an unknown one (automerge would wait for it), and one that refers to an unknown character (automerge would panic). Whether a
/// change is taken depends on the changes before it and on nothing else, so all readers of one log skip the same ones.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    model: Text,
    known: BTreeMap<TextHash, Known>,
    /// The numbers of the operations by which each actor inserted a character, as ascending ranges.
    elements: BTreeMap<TextActor, Vec<Range<u32>>>,
    /// The hashes of the changes by their numbers.
    order: Vec<TextHash>,
    skipped: u64,
    /// The hash of the last base.
    base: Hash,
    stretch: Stretch,
}

/// What was read since the stretch began.
#[derive(Clone, Debug, Default)]
struct Stretch {
    /// The base before it.
    after: Hash,
    skipped: u64,
    packed: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// The number of the change: 0 for the genesis.
    index: u64,
    last_op: u64,
}

impl Reading {
    pub fn new() -> Self {
        Self {
            model: Text::default(),
            known: BTreeMap::from([(GENESIS_HASH, Known { index: 0, last_op: 1 })]),
            elements: BTreeMap::new(),
            order: vec![GENESIS_HASH],
            skipped: 0,
            base: Hash::ZERO,
            stretch: Stretch::default(),
        }
    }

    pub fn model(&self) -> &Text {
        &self.model
    }

    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn skip(&mut self, changes: u64) {
        // How many a base says it skipped, nobody can count any more.
        self.skipped = self.skipped.saturating_add(changes);
        self.stretch.skipped = self.stretch.skipped.saturating_add(changes);
    }

    /// Takes a change, or counts it as skipped and says why.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), TextRefusal> {
        let taken = Change::read(chunk).and_then(|change| self.take_change(&change));
        self.skip(u64::from(taken.is_err()));
        taken
    }

    /// What is taken from here on is the next stretch.
    pub fn begin_stretch(&mut self) {
        self.stretch = Stretch { after: self.base, ..Stretch::default() };
    }

    /// The stretch: the base before it, how many changes were skipped, then every change that was taken, in order, each smaller than it came.
    pub fn stretch(&self) -> Vec<u8> {
        let mut bytes = self.stretch.after.0.to_vec();
        write_unsigned(&mut bytes, self.stretch.skipped);
        bytes.extend_from_slice(&self.stretch.packed);
        bytes
    }

    /// Takes what [`Self::stretch`] wrote, with the hash of the base that holds it: the changes as they came. After a failure nothing more may
    /// be read.
    pub fn take_stretch(&mut self, base: Hash, stretch: &[u8]) -> Result<Vec<Vec<u8>>, TextRefusal> {
        let mut bytes = Bytes(stretch);
        if bytes.take(32)? != self.base.0 {
            return Err(TextRefusal::unreadable("it does not follow the base before it"));
        }
        self.base = base;
        let skipped = bytes.unsigned()?;
        self.skip(skipped);
        let mut chunks = Vec::new();
        while !bytes.is_empty() {
            let mut dependencies = Vec::new();
            for _ in 0..bytes.unsigned()? {
                let distance = usize::try_from(bytes.unsigned()?).ok();
                let index = distance.and_then(|distance| self.order.len().checked_sub(distance));
                let hash = index.and_then(|index| self.order.get(index));
                dependencies
                    .push(*hash.ok_or_else(|| TextRefusal::unreadable("it builds on a change that is not here"))?);
            }
            let length = bytes.unsigned()?;
            let (_, chunk) = write_change(&dependencies, bytes.take(length)?);
            self.take(&chunk)?;
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    fn take_change(&mut self, change: &Change<'_>) -> Result<(), TextRefusal> {
        self.model.judge(change)?;
        let known = |hash| self.known.get(hash).copied();
        let Some(dependencies) = change.dependencies.iter().map(known).collect::<Option<Vec<_>>>() else {
            return Err(TextRefusal::unreadable("it builds on a change that is not here"));
        };
        let seen_op = dependencies.iter().map(|known| known.last_op).max().unwrap_or(0);
        if u64::from(change.start_op) <= seen_op {
            return Err(TextRefusal::FromThePast { used: seen_op, found: change.start_op.into() });
        }
        let inserted = self.check_references(change)?;

        let index = self.order.len() as u64;
        self.order.push(change.hash);
        self.known.insert(change.hash, Known { index, last_op: change.last_op() });
        self.model.advance(change);
        let elements = self.elements.entry(change.actor).or_default();
        for range in inserted {
            append_range(elements, range);
        }
        pack(&mut self.stretch.packed, dependencies.iter().map(|known| index - known.index), change.tail);
        Ok(())
    }

    /// That every character the change refers to exists. Answers with the numbers of those that it inserts.
    fn check_references(&self, change: &Change<'_>) -> Result<Vec<Range<u32>>, TextRefusal> {
        let known: Vec<_> = change.others.iter().map(|actor| self.elements.get(actor)).collect();
        let own = self.elements.get(&change.actor);
        let mut inserted: Vec<Range<u32>> = Vec::new();
        let mut operations = change.operations()?;
        let mut number = change.start_op;
        while let Some(operation) = operations.next()? {
            let (reference, inserts) = match operation {
                Operation::Insert { after, .. } => (after, true),
                Operation::Delete { element } => (Some(element), false),
            };
            let exists = reference.is_none_or(|ElementId { actor, counter }| match actor {
                0 => holds(&inserted, counter) || own.is_some_and(|ranges| holds(ranges, counter)),
                other => known[other - 1].is_some_and(|ranges| holds(ranges, counter)),
            });
            if !exists {
                return Err(TextRefusal::unreadable("it refers to a character that is not here"));
            }
            if inserts {
                append_range(&mut inserted, number..number + 1);
            }
            number += 1;
        }
        Ok(inserted)
    }
}

/// Writes a change without its checksum and with its dependencies as distances back in the list: each change can be made again from the ones
/// before it, byte by byte, and hashes, which do not compress, are left out.
fn pack(to: &mut Vec<u8>, dependencies: impl ExactSizeIterator<Item = u64>, tail: &[u8]) {
    write_unsigned(to, dependencies.len() as u64);
    for distance in dependencies {
        write_unsigned(to, distance);
    }
    write_unsigned(to, tail.len() as u64);
    to.extend_from_slice(tail);
}

fn holds(ranges: &[Range<u32>], number: u32) -> bool {
    let behind = ranges.partition_point(|range| range.start <= number);
    behind > 0 && ranges[behind - 1].contains(&number)
}

/// Appends a range that lies behind all others.
fn append_range(ranges: &mut Vec<Range<u32>>, range: Range<u32>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}
