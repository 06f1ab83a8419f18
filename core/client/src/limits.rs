//! The limits and times of the client, each with its reason.

use std::time::Duration;

use recordplayer::limits::FRAME_BYTES_MAX;
use recordplayer_store::limits::STORE_CACHE_BYTES;

/// One web socket message: the largest frame, and a little room beside it.
pub const MESSAGE_BYTES_MAX: usize = FRAME_BYTES_MAX + 4 * 1024;

/// The buffers of the socket: there is one socket, so a few system calls fewer are worth the memory.
pub const SOCKET_BUFFER_BYTES: usize = 64 * 1024;

/// What the socket may hold unwritten: its buffer and one frame of the largest size.
pub const SOCKET_WRITE_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;

/// Frames fed into the socket before it is flushed: what is sent together costs one system call, and news is read in between.
pub const FLUSH_FRAMES: usize = 64;

/// Frames that are taken together when they have arrived together: a rebase for so many at most, and the person's own wishes in between.
pub const BATCH_FRAMES: usize = 256;

/// Writes that wait for the disk before no more is read from the network: some of the largest groups.
pub const SAVES_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of writes that one transaction takes: beyond it a group gains nothing, and those who wait wait longer.
pub const SAVE_GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The names of people that are kept, whatever a server sends.
pub const PEOPLE_MAX: usize = 100_000;

/// The spaces that are followed, whatever a server sends.
pub const SPACES_MAX: usize = 1_024;

/// A piece of a file on its way to the server: so much is sent again where the line breaks, and what is typed meanwhile waits no longer than it takes.
pub const FILE_CHUNK_BYTES: usize = 1024 * 1024;

/// What a server says to a request, but for files: a list of all files that were asked for.
pub const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// Entities of all spaces that screens look at again and again, before they begin anew: far more than a screen has room for.
pub const KNOWN_MAX: usize = 20_000;

/// One request through the door: a command's arguments.
pub const DOOR_REQUEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Records that wait for whoever watches; beyond it, the line is read no further.
pub const WATCH_EVENTS_MAX: usize = 1_024;

/// Requests through the door at a time: each has a thread of its own.
pub const DOOR_VISITORS_MAX: usize = 64;

/// One answer through the door: the largest board as JSON fits.
pub const DOOR_ANSWER_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How a device lives, where nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub timing: Timing,
    /// Bytes of the store's pages that are kept in memory.
    pub cache_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timing: Timing::default(), cache_bytes: STORE_CACHE_BYTES }
    }
}

/// When what happens on a line: how long a silence means that it is dead, and how long to wait before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The way to the server and the upgrade to a web socket, then the welcome: a slow line takes some seconds.
    pub handshake: Duration,
    /// After so much silence the server is asked for a sign of life; it speaks every 20 seconds by itself.
    pub ping_after: Duration,
    /// The sign of life must come within this time, or the line is dead: half-open connections look alive otherwise.
    pub answer_within: Duration,
    /// The first pause before another try; each further one is twice as long, with jitter, so that the devices of a server that comes back
    /// do not all come at once.
    pub retry_min: Duration,
    /// The longest pause. A person who waits for the server does not want to wait longer for the device to notice.
    pub retry_max: Duration,
    /// The pause where the server said no (token, version): only a person can change that, and will then ask again.
    pub retry_refused: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(15),
            ping_after: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
            retry_min: Duration::from_millis(250),
            retry_max: Duration::from_secs(30),
            retry_refused: Duration::from_mins(5),
        }
    }
}
