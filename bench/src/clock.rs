//! The clock of the measurements.

use std::time::Instant;

#[allow(clippy::disallowed_methods, reason = "a bench is about time")]
pub fn now() -> Instant {
    Instant::now()
}
