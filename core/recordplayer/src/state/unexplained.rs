//! Payloads that are gone before what took them out was played.
//!
//! ```text
//!   record 7   card.renamed  digest      unexplained: 7
//!   …
//!   record 90  space.redacted [7]        explained
//! ```
//! Whoever has played a whole log finds everything explained; but for what came back in part after a restore (rule 15).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::record::Position;

/// The records whose payloads are gone, by the first record of their commit, the command, with the last one of it.
///
/// A command's payload goes with any of its records, so it is explained by each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unexplained(BTreeMap<Position, (Position, BTreeSet<Position>)>);

impl Unexplained {
    /// What these commits leave unexplained.
    pub fn of<'a>(commits: impl IntoIterator<Item = &'a Arc<Commit>>) -> Self {
        let mut unexplained = Self::default();
        for commit in commits {
            unexplained.play(commit);
        }
        unexplained
    }

    pub fn play(&mut self, commit: &Commit) {
        let gone: BTreeSet<Position> = commit.gone().collect();
        if !gone.is_empty() {
            self.0.insert(commit.header.first, (commit.head().position, gone));
        }
        if !self.0.is_empty() {
            self.explain(commit);
        }
    }

    /// Takes out what this commit says of; true where that is anything.
    pub fn explain(&mut self, redaction: &Commit) -> bool {
        let mut has_explained = false;
        for record in redaction.redacts() {
            let Some((command, (last, gone))) = self.0.range_mut(..=record).next_back() else { continue };
            if record > *last {
                continue;
            }
            has_explained |= gone.remove(&record) | gone.remove(command);
            if gone.is_empty() {
                let command = *command;
                self.0.remove(&command);
            }
        }
        has_explained
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The command of the first commit that has lost something.
    pub fn first(&self) -> Option<Position> {
        self.0.keys().next().copied()
    }

    pub fn records(&self) -> impl Iterator<Item = Position> {
        self.0.values().flat_map(|(_, gone)| gone).copied()
    }
}
