//! The clocks of the client: everything else takes the time as an input.

use recordplayer::time::Timestamp;
use tokio::time::Instant;

/// The time that commands claim to have been made at.
#[allow(clippy::disallowed_methods, reason = "the driver's one clock function for the time of day")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// The time that goes on evenly, to wait by.
pub(crate) fn instant() -> Instant {
    Instant::now()
}
