//! What every store must do, as checks with names. Memory and redb pass the same suite.
//!
//! ```no_run
//! # use recordplayer::storage::{Store, memory::MemoryStore};
//! use recordplayer::testing::conformance::store_conforms;
//! let mut databases = std::collections::BTreeMap::<String, MemoryStore>::new();
//! store_conforms(&mut |name| Box::new(databases.entry(name.to_owned()).or_default().clone()));
//! ```

mod history;
mod log;
mod outbox;
mod random;
mod rows;
mod snapshot;
mod texts;

pub use history::History;

use crate::storage::{OutboxStore, Store};

/// Opens the database of a name: the first call makes it, later calls open the same data again, after the handle before was dropped.
pub type OpenStore<'a> = &'a mut dyn FnMut(&str) -> Box<dyn Store>;

/// As [`OpenStore`], for outboxes.
pub type OpenOutbox<'a> = &'a mut dyn FnMut(&str) -> Box<dyn OutboxStore>;

type StoreCheck = fn(Reopen<'_>);
type OutboxCheck = fn(ReopenOutbox<'_>);
type Reopen<'a> = &'a mut dyn FnMut() -> Box<dyn Store>;
type ReopenOutbox<'a> = &'a mut dyn FnMut() -> Box<dyn OutboxStore>;

macro_rules! checks {
    ($($module:ident :: $check:ident),* $(,)?) => { &[$((stringify!($check), $module::$check)),*] };
}

/// The checks of a store, each on a database of its own.
const STORE_CHECKS: &[(&str, StoreCheck)] = checks![
    log::a_space_that_was_never_written_is_empty,
    log::appended_commits_are_read_as_they_were_given,
    log::an_append_is_fenced_by_position_hash_and_epoch,
    log::a_new_epoch_goes_on_at_the_same_head,
    log::a_fenced_append_leaves_the_others_of_its_batch,
    log::appends_of_one_batch_follow_each_other,
    log::commits_are_read_within_bytes_and_bounds,
    log::nothing_lies_behind_the_last_number,
    log::a_record_finds_its_commit,
    log::a_stream_lists_its_commits_among_many_spaces,
    log::a_frozen_reader_sees_the_past,
    log::a_forgotten_space_is_gone_and_can_begin_again,
    log::commits_behind_a_forgotten_neighbour_are_kept,
    rows::a_checkpoint_puts_and_drops_rows,
    rows::a_checkpoint_drops_views_by_their_names,
    rows::a_checkpoint_keeps_position_hash_and_version,
    rows::a_checkpoint_must_stand_at_the_end_of_a_held_commit,
    rows::rows_come_in_order_and_within_bytes,
    rows::spaces_do_not_see_each_others_rows,
    texts::a_text_is_its_base_and_the_changes_behind_it,
    texts::compaction_replaces_what_the_base_holds,
    texts::a_late_base_or_change_does_not_undo_a_newer_base,
    texts::a_base_of_rows_that_were_replaced_is_not_taken,
    texts::texts_come_in_order_and_within_bytes,
    snapshot::a_snapshot_begins_a_log_in_its_middle,
    snapshot::backfill_closes_the_gap,
    snapshot::backfill_that_does_not_fit_is_fenced,
    snapshot::what_came_erased_may_stand_in_what_is_saved,
    snapshot::a_snapshot_of_a_held_position_keeps_the_log,
    snapshot::a_snapshot_ahead_keeps_the_stretch_from_the_start,
    snapshot::a_snapshot_of_another_history_drops_the_log,
    random::any_history_reads_as_in_memory,
];

/// The checks of an outbox.
const OUTBOX_CHECKS: &[(&str, OutboxCheck)] = checks![
    outbox::an_outbox_gives_back_rows_in_the_order_of_submission,
    outbox::a_row_is_replaced_and_removed_by_its_order,
    outbox::identities_and_spaces_are_kept_apart,
];

/// Runs every check of a store; panics with the name of the first that fails.
pub fn store_conforms(open: OpenStore<'_>) {
    for (name, check) in STORE_CHECKS {
        println!("{name}");
        check(&mut || open(name));
    }
}

/// Runs every check of an outbox; panics with the name of the first that fails.
pub fn outbox_conforms(open: OpenOutbox<'_>) {
    for (name, check) in OUTBOX_CHECKS {
        println!("{name}");
        check(&mut || open(name));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::storage::memory::{MemoryOutbox, MemoryStore};

    #[test]
    fn the_store_in_memory_conforms() {
        let mut databases = BTreeMap::<String, MemoryStore>::new();
        store_conforms(&mut |name| Box::new(databases.entry(name.to_owned()).or_default().clone()));
    }

    #[test]
    fn the_outbox_in_memory_conforms() {
        let mut databases = BTreeMap::<String, MemoryOutbox>::new();
        outbox_conforms(&mut |name| Box::new(databases.entry(name.to_owned()).or_default().clone()));
    }
}
