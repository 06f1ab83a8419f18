//! Histories from seeds, and what must hold after them.
//!
//! A history is a world ([`recordplayer::testing::World`]) in which people do things while everything goes wrong that can. There are two kinds:
//! [`shelf`] is a domain of a few lines, whose every verdict is compared with a model that knows nothing of records, on stores in memory;
//! [`kanban`] is the product's own domain, on the real store and disks that fail ([`files`]).

pub mod files;
pub mod kanban;
mod outcome;
mod rules;
pub mod shelf;

pub use outcome::Outcome;

/// A kind of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Shelf,
    Kanban,
}

impl Kind {
    /// Plays one history out.
    ///
    /// # Panics
    ///
    /// When something does not hold that must.
    pub fn play_out(self, seed: u64) -> Outcome {
        match self {
            Self::Shelf => shelf::play_out(seed),
            Self::Kanban => kanban::play_out(seed),
        }
    }

    /// As it is named on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shelf => "shelf",
            Self::Kanban => "kanban",
        }
    }
}
