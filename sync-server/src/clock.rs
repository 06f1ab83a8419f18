//! The one clock of the server.

use recordplayer::time::Timestamp;

/// The time that records get.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the driver's one clock function, all other code takes time as an input"
)]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}
