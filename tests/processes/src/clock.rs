//! The one clock of these histories, and the one place where a thread waits for time to pass.

use std::time::{Duration, Instant};

/// Far more than anything here takes, so that a history that hangs ends.
pub const PATIENCE: Duration = Duration::from_mins(2);

#[expect(clippy::disallowed_methods, reason = "the one clock function of these histories")]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets a drawn time pass. It is a part of the accident, as the place is where somebody pulls the plug: nothing is hoped to have happened by then.
pub fn let_pass(time: Duration) {
    let end = now() + time;
    loop {
        let left = end.saturating_duration_since(now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}
