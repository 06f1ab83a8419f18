//! From where on the machines do what a small space never needs.

use crate::limits::{
    EFFECTS_GIVEN_MAX, FRAME_BYTES_MAX, FRAME_COMMITS_BYTES_MAX, IN_FLIGHT_BYTES_MAX, IN_FLIGHT_COMMANDS_MAX,
    LOOKED_AT_LATER_COMMITS_MAX, OUTBOX_BYTES_MAX, OUTBOX_COMMANDS_MAX, READ_BYTES, REBUILD_BYTES, SNAPSHOT_BYTES_MAX,
    SNAPSHOT_CHUNK_BYTES, SNAPSHOT_FROM_RECORDS, VERDICTS_MAX, VIEW_CATCH_UP_RECORDS_MAX,
};

/// The sizes at which the machines of a space change how they work: what is large goes in pieces, and what is much has to wait.
///
/// An application leaves them as they are: their reasons stand with [`limits`](crate::limits). Simulated histories are short, and draw them small,
/// so that what a space of years does happens in a history of minutes. Nothing that is read depends on them: a peer that has others understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// A new device is offered a snapshot of a space that has more records than that.
    pub snapshot_from_records: u64,
    pub snapshot_chunk_bytes: usize,
    pub snapshot_bytes_max: usize,
    /// Commits that are read from a log at a time, in bytes; at least one.
    pub read_bytes: usize,
    /// A frame about a view.
    pub view_piece_bytes_max: usize,
    pub view_catch_up_records_max: u64,
    /// An outbox that holds so much takes nothing more.
    pub outbox_commands_max: usize,
    pub outbox_bytes_max: usize,
    /// Commands sent and not yet answered.
    pub in_flight_commands_max: usize,
    pub in_flight_bytes_max: usize,
    /// The commands of one frame; at least one.
    pub submit_bytes_max: usize,
    /// No less than what may be in flight, or nothing would go on: what a command requires is kept that far back.
    pub verdicts_max: u64,
    /// The commits of one frame; at least one. No larger than what a frame holds.
    pub frame_commits_bytes_max: usize,
    /// What is decided and not yet looked at by policies is held up to here, and is read from the log behind that.
    pub looked_at_later_max: usize,
    /// Effects that are given out and not yet carried out.
    pub effects_given_max: usize,
    /// Commits that are played at once on views that are made anew, in bytes; at least one.
    pub rebuild_bytes: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            snapshot_from_records: SNAPSHOT_FROM_RECORDS,
            snapshot_chunk_bytes: SNAPSHOT_CHUNK_BYTES,
            snapshot_bytes_max: SNAPSHOT_BYTES_MAX,
            read_bytes: READ_BYTES,
            view_piece_bytes_max: FRAME_BYTES_MAX / 2,
            view_catch_up_records_max: VIEW_CATCH_UP_RECORDS_MAX,
            outbox_commands_max: OUTBOX_COMMANDS_MAX,
            outbox_bytes_max: OUTBOX_BYTES_MAX,
            in_flight_commands_max: IN_FLIGHT_COMMANDS_MAX,
            in_flight_bytes_max: IN_FLIGHT_BYTES_MAX,
            submit_bytes_max: FRAME_BYTES_MAX / 2,
            verdicts_max: VERDICTS_MAX,
            frame_commits_bytes_max: FRAME_COMMITS_BYTES_MAX,
            looked_at_later_max: LOOKED_AT_LATER_COMMITS_MAX,
            effects_given_max: EFFECTS_GIVEN_MAX,
            rebuild_bytes: REBUILD_BYTES,
        }
    }
}
