//! What a file says that does not come in, told line by line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::SourceId;

/// One line of what was in the file and is not in the [`SourceBoard`](super::SourceBoard), or is there only as a placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotImported {
    /// The things, in the plural: `stickers`, `history: updateCard`.
    pub what: String,
    pub why: String,
    /// How many; never 0.
    pub count: u64,
}

/// Collects the lines, in the order in which they first come up.
#[derive(Debug, Default)]
pub(in crate::import) struct LeftOut {
    lines: Vec<NotImported>,
    /// The place of each line by its texts, so that a file of endless oddities costs no search of all lines for each.
    index: BTreeMap<(String, String), usize>,
}

impl LeftOut {
    pub(in crate::import) fn add(&mut self, what: &str, why: &str, count: u64) {
        if count == 0 {
            return;
        }
        let key = (what.to_owned(), why.to_owned());
        if let Some(place) = self.index.get(&key) {
            let line = &mut self.lines[*place];
            line.count = line.count.saturating_add(count);
        } else {
            self.lines.push(NotImported { what: key.0.clone(), why: key.1.clone(), count });
            self.index.insert(key, self.lines.len() - 1);
        }
    }

    pub(in crate::import) fn into_lines(self) -> Vec<NotImported> {
        self.lines
    }
}

/// Takes the first of each id; later ones become a line of `left_out`.
pub(in crate::import) fn first_of_each<T>(
    things: Vec<T>,
    what: &str,
    id: impl Fn(&T) -> &SourceId,
    left_out: &mut LeftOut,
) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let before = things.len();
    let kept: Vec<T> = things.into_iter().filter(|thing| seen.insert(id(thing).clone())).collect();
    left_out.add(what, "their id stands in the file twice; the first one comes in", (before - kept.len()) as u64);
    kept
}
