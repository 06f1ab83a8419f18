//! The limits of the server, each with its reason.

use std::time::Duration;

use recordplayer::limits::{FILES_ASKED_MAX, FRAME_BYTES_MAX};

/// One web socket message: the largest frame. Room beside it, so that a frame just too large is named as such and not cut off.
pub const MESSAGE_BYTES_MAX: usize = FRAME_BYTES_MAX + 4 * 1024;

/// The buffers of one socket. tungstenite's defaults cost 136 KB for each idle connection, these 9 KB.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024;

/// What a socket may hold unwritten: its buffer and one frame of the largest size.
pub const SOCKET_WRITE_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;

/// Frames that wait for a slow reader; beyond it, what is fanned out is dropped and read again from the log. Four of the largest frames.
pub const OUTBOUND_BYTES_MAX: usize = 4 * FRAME_BYTES_MAX;

/// Answers and chunks are never dropped; a client that asks for more of them than this and does not read is sent away.
pub const OUTBOUND_HARD_BYTES_MAX: usize = 16 * FRAME_BYTES_MAX;

/// Frames that wait, whatever their size: bounds what tiny frames cost beside their bytes.
pub const OUTBOUND_FRAMES_MAX: usize = 16 * 1024;

/// The history of a space that was begun without a server: it is held in memory until all of it is looked at. At 180 bytes a record, 350,000
/// records: three times what a project is measured with.
pub const PUBLICATION_BYTES_MAX: usize = 64 << 20;

/// What a commit of it costs beside its bytes, while it is held.
pub const PUBLICATION_COMMIT_BYTES: usize = 64;

/// The same for all who bring something at a time; who comes later is asked to come again.
pub const PUBLICATIONS_BYTES_MAX: usize = 4 * PUBLICATION_BYTES_MAX;

/// Pings of the server without a further part, after which what was brought is let go: others may want its room.
pub const PUBLICATION_PINGS_MAX: u32 = 3;

/// The upgrade to a web socket, and then the first frame: a slow line takes a second.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the server says that it lives, and where the logs end.
pub const PING_INTERVAL: Duration = Duration::from_secs(20);

/// A connection that said nothing for three pings is dead.
pub const SILENCE_TIMEOUT: Duration = Duration::from_mins(1);

/// One batch of frames into a socket: a reader that takes nothing for so long is gone.
pub const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// How long the server waits for the last frame to be read before it closes the socket.
pub const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

/// A file that somebody brings. Domains allow less, or as much.
pub const FILE_BYTES_MAX: u64 = 100 << 20;

/// The files of one project, where the admin does not say otherwise: a hundred of the largest.
pub const FILES_ROOM: u64 = 100 * FILE_BYTES_MAX;

/// What is read of a file at a time when it is given to somebody.
pub const FILE_FRAME_BYTES: usize = 64 * 1024;

/// Files that are brought at a time, by all together: each has a file open and a thread busy.
pub const FILES_ARRIVING_MAX: usize = 64;

/// A question which files are missing: 64 digits a file, and what JSON puts around them.
pub const FILES_ASKED_BYTES_MAX: usize = 80 * FILES_ASKED_MAX;

/// The head of a request: a token and two numbers need less than one.
pub const REQUEST_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Connections that ask for files at a time.
pub const REQUESTS_MAX: usize = 256;

/// The same of one person: a reader who takes nothing for hours takes no more than these from the others.
pub const REQUESTS_OF_PERSON_MAX: usize = 16;

/// A connection that asks for files ends after so long: the largest file takes that on a line of 250 kilobits a second.
pub const REQUESTS_TIMEOUT: Duration = Duration::from_hours(1);

/// Connections at a time: each costs about 20 KB, so that 10,000 take 200 MB.
pub const SESSIONS_MAX: usize = 10_000;

/// Spaces that one session may follow: more than a person has; bounds the heads in a ping.
pub const SUBSCRIPTIONS_MAX: usize = 1_024;

/// People of one frame: 4,096 names of the largest size take a third of it.
pub const PEOPLE_MAX: usize = 4_096;

/// Views that one session may look at: more than any screen shows.
pub const VIEWS_MAX: usize = 1_024;

/// News that waits for one space actor; who sends more waits, and so its socket is read no further.
pub const SPACE_QUEUE_MAX: usize = 256;

/// Without followers and work for so long, a space leaves memory. Opening it again takes milliseconds.
pub const SPACE_IDLE: Duration = Duration::from_mins(5);

/// How long a write that was not taken waits before the space hears of it, so that a full queue is not asked in a loop.
pub const WRITE_RETRY: Duration = Duration::from_millis(200);

/// How long a shutdown waits for the last appends and checkpoints.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// A person's name. Longer ones do not fit on an avatar's tooltip.
pub const PERSON_NAME_BYTES_MAX: usize = 64;

/// One request of an admin, one line.
pub const ADMIN_LINE_BYTES_MAX: u64 = 16 * 1024;

/// How long it takes until an effect that has failed is tried again: at first a moment, for most failures are short; then longer and longer, for
/// the other end may be away for hours, and is not to be flooded when it is back.
pub const EFFECT_RETRY_FIRST: Duration = Duration::from_millis(100);
pub const EFFECT_RETRY_MAX: Duration = Duration::from_mins(1);
