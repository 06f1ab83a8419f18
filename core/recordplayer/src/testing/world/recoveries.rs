//! What an authority that was restored may take for its log: what it had before, as it was, and what it decides in its new epoch (rule 15).

use std::collections::BTreeSet;

use crate::commit::Commit;
use crate::hash::Hash;
use crate::record::Position;
use crate::storage::Write;

/// Every restore of a world's authority, and what there was to come back.
#[derive(Debug, Default)]
pub(super) struct Recoveries {
    /// Every commit that was ever on its way to the authority's log.
    appended: BTreeSet<Hash>,
    begun: Vec<Begun>,
}

#[derive(Debug)]
struct Begun {
    /// The end of the backup.
    behind: Position,
    /// What lies behind this came in after a later restore, whose epoch may have a smaller number where the clock was set back.
    upto: Position,
    /// The epoch that goes on behind what has come back.
    epoch: u32,
    known: BTreeSet<Hash>,
}

impl Recoveries {
    pub fn note(&mut self, write: &Write) {
        if let Write::Append(append) = write {
            self.appended.extend(append.commits.iter().map(|commit| commit.hash));
        }
    }

    /// A backup that ends here has taken the place of the store.
    pub fn begin(&mut self, behind: Position, epoch: u32) {
        for earlier in &mut self.begun {
            earlier.upto = earlier.upto.min(behind);
        }
        self.begun.push(Begun { behind, upto: Position(u64::MAX), epoch, known: self.appended.clone() });
    }

    /// Before its new epoch, a restored log holds nothing that was decided since; or what it holds.
    pub fn decided_nothing(&self, commits: &[Commit]) -> Result<(), String> {
        for Begun { behind, upto, epoch, known } in &self.begun {
            let is_new = |commit: &&Commit| {
                let is_of_it = commit.header.first > *behind && commit.header.first <= *upto;
                is_of_it && commit.header.epoch < *epoch && !known.contains(&commit.hash)
            };
            if let Some(commit) = commits.iter().find(is_new) {
                let (record, of) = (commit.header.first, commit.header.epoch);
                return Err(format!(
                    "record {record} of epoch {of} was decided behind a backup that ends with {behind}, before epoch {epoch} began"
                ));
            }
        }
        Ok(())
    }
}
