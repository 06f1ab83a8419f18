//! What is on a disk, and what is on its way there, as a part of a fingerprint.

use super::setting::SPACE;
use crate::fingerprint::Fingerprint;
use crate::record::Position;
use crate::storage::memory::MemoryOutbox;
use crate::storage::{OutboxStore, SpaceReader, Write};

/// The chain says what the log holds; of the rows everything is looked at.
pub(super) fn digest_of_store(reader: &dyn SpaceReader, into: &mut Fingerprint) {
    let expect = "memory can be read";
    into.head(reader.head().expect(expect));
    into.shown(&(reader.epoch().expect(expect), reader.gap().expect(expect), reader.checkpoint().expect(expect)));
    into.shown(&(reader.rows(None, usize::MAX).expect(expect), reader.texts(None, usize::MAX).expect(expect)));
    // With a gap the chain does not say how much lies before it.
    into.shown(&reader.commits(Position::START, Position(u64::MAX), usize::MAX).expect(expect).len());
}

pub(super) fn digest_of_outbox(outbox: &MemoryOutbox, into: &mut Fingerprint) {
    into.shown(&outbox.load(SPACE).expect("memory can be read"));
}

pub(super) fn digest_of_write(write: &Write, into: &mut Fingerprint) {
    match write {
        Write::Append(append) => {
            into.shown(&(append.space, append.epoch));
            into.head(append.expected);
            append.commits.iter().for_each(|commit| into.bytes(&commit.hash.0));
        }
        Write::Backfill { commits, .. } => commits.iter().for_each(|commit| into.bytes(&commit.hash.0)),
        Write::Checkpoint(_) | Write::CompactText { .. } | Write::Forget { .. } => into.shown(write),
    }
}
