//! The limits of the core, each with its reason. Drivers have files of their own for theirs.

/// A record's payload. A description or comment fits many times over; what is larger is an attachment, not a record.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// The plain text of one merged text. Automerge's cost for one remote change grows with the document: 105,000 characters took 30-42 ms.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// One raw change of a text. A paste of a long document fits; a payload must hold it beside the rest of its command.
pub const TEXT_CHANGE_BYTES_MAX: usize = 128 * 1024;

/// Operations counted over all changes of a text, deleted characters included: bounds what opening it costs.
pub const TEXT_OPERATIONS_MAX: u64 = 4 * 1024 * 1024;

/// One commit, encoded. A frame must hold the largest commit with room for its own head.
pub const COMMIT_BYTES_MAX: usize = 512 * 1024;

/// Events of one commit. Larger acts are several commits under one act id.
pub const COMMIT_EVENTS_MAX: usize = 2_000;

/// One frame on the wire: two commits of the largest size. Bounds what one peer can make the other hold.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// Commits of one frame, so that its head and the commits' own heads fit beside them. What is sealed as one is no longer.
pub const FRAME_COMMITS_BYTES_MAX: usize = FRAME_BYTES_MAX - 64 * 1024;

/// Commits of one frame: none has fewer bytes than 128. Bounds what a list of empty ones costs whoever reads it.
pub const FRAME_COMMITS_MAX: u64 = FRAME_BYTES_MAX as u64 / 128;

/// A record's name, a kind of entity, a view's name. Names stand in every record and every index.
pub const NAME_BYTES_MAX: usize = 64;

/// Commands sent and not yet answered. Enough to fill a group commit many times over; what waits longer stays in the outbox.
pub const IN_FLIGHT_COMMANDS_MAX: usize = 1_024;

/// Verdicts of one replica that the authority keeps until the replica says that it has them. Twice what may be in flight; who lets more pile
/// up has to take some in before more is decided, or the table of all replicas would grow without bound.
pub const VERDICTS_MAX: u64 = 2 * IN_FLIGHT_COMMANDS_MAX as u64;

/// Bytes of commands sent and not yet answered.
pub const IN_FLIGHT_BYTES_MAX: usize = 1024 * 1024;

/// From here on the outbox warns: at 10,000 commands a rebase still takes tens of milliseconds.
pub const OUTBOX_WARN_COMMANDS: usize = 10_000;

/// From here on the outbox refuses another command: months of offline work of one person stay far below.
pub const OUTBOX_COMMANDS_MAX: usize = 100_000;

/// Bytes at which the outbox refuses another command, for it is held in memory too.
pub const OUTBOX_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Commands that one command may require. A batch requires the one before it, not each of its parts.
pub const REQUIRES_MAX: usize = 16;

/// Records of others that one commit may be told to go over. More are not told one by one: whoever changed so much looks at all of it.
pub const OVER_MAX: usize = 16;

/// Commits of one stream that are looked through for values that somebody has not seen. Who was away for longer meets the latest.
pub const OVER_LOOK_BACK_COMMITS: usize = 64;

/// Commits of one stream that are looked through for the same command of somebody else, where the command is a part of an act. No card that we
/// know of has lived through so many changes in one import; reading them takes some milliseconds.
pub const SAME_LOOK_BACK_COMMITS: usize = 1_024;

/// How deep a payload may be nested. Readers are recursive; a deeper value is an attack or a mistake.
pub const PAYLOAD_DEPTH_MAX: usize = 32;

/// From here on a new device is offered a snapshot: below, the records themselves are as quickly played.
pub const SNAPSHOT_FROM_RECORDS: u64 = 2_000;

/// A chunk of a snapshot: small enough to be interleaved with news on a slow line, large enough to cost few round trips.
pub const SNAPSHOT_CHUNK_BYTES: usize = 256 * 1024;

/// How long a state stays frozen for a device that does not ask for the next chunk of it: a slow line takes some minutes for one.
pub const JOINING_PATIENCE_MS: i64 = 5 * 60 * 1000;

/// The rows of a snapshot that a device holds in memory until it has all of them. The state of a project of 100,000 cards is a fourth of it;
/// a space that has more is joined by its history, which is saved as it comes.
pub const SNAPSHOT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Records that somebody who looks at one view may have missed and still gets one by one: routing them again costs some milliseconds for a
/// thousand. Who missed more gets the view's state anew, which is quicker for both.
pub const VIEW_CATCH_UP_RECORDS_MAX: u64 = 10_000;

/// Commits that wait in memory to be looked at by policies; what comes behind them is read from the log later.
pub const LOOKED_AT_LATER_COMMITS_MAX: usize = 256;

/// Errands of one space that are sent and have not ended; what comes behind them is read from the log later. Each holds what a card and its
/// comments say.
pub const ERRANDS_OPEN_MAX: usize = 32;

/// How long an errand waits for its end before it is sent again: the other space may be on its way into memory, and the log of a large one is
/// read in seconds.
pub const ERRAND_RETRY_FIRST_MS: i64 = 5_000;

/// How long it waits in the end, where the other space cannot be read.
pub const ERRAND_RETRY_MAX_MS: i64 = 5 * 60 * 1000;

/// Effects of one space that are given out and not carried out yet; what comes behind them is read from the log when they are. What is at the
/// other end may be away for days.
pub const EFFECTS_GIVEN_MAX: usize = 1_000;

/// The starting state of one view on a thin client, with its models: a board of 5,000 cards has some 5 MiB.
pub const THIN_START_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Commits read from a log at a time, in bytes, for catching up and rebuilding: bounded memory, few reads.
pub const READ_BYTES: usize = 512 * 1024;

/// What is played at once on views that are made anew while their space is open: some milliseconds, in which nobody is answered.
pub const REBUILD_BYTES: usize = 128 * 1024;

/// How long it rests before the next piece, at least: others have more of the time than it has.
pub const REBUILD_REST_MS: i64 = 10;

/// Changes of a text that lie in rows of their own before they are joined: few enough to open it quickly, and enough to compress well.
pub const TEXT_ROWS_LOOSE: u64 = 64;

/// A base smaller than this takes in what comes next. Above it the next base begins, so that no change is compressed again and again.
pub const BASE_GROWS_UPTO_BYTES: usize = 64 * 1024;

/// What is joined at once: with a base that still grows and one more change it fits a chunk of a snapshot with room to spare.
pub const STRETCH_BYTES_MAX: usize = 256 * 1024;

/// Files that one question "which of these are missing?" names: a device that holds more asks again.
pub const FILES_ASKED_MAX: usize = 1_000;
