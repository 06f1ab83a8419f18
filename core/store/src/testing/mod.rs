//! What stores on redb are tested with: a disk that remembers, fails and rots.

mod disk;
mod images;
mod pages;

use std::sync::Once;

pub use disk::{Cut, Disk};
pub use images::{Boundary, Images};

/// redb 4.6 panics on some rotten pages. The store catches that; the reports would only fill the output.
pub fn keep_quiet_about_redb() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|at| at.file().contains("redb-")) {
                report(info);
            }
        }));
    });
}
