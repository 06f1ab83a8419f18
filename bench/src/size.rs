//! How much is measured.

use std::time::Duration;

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How long each rate is measured.
    pub time: Duration,
    /// Clients who send commands at the same time; a row for each.
    pub clients: [u64; 2],
    /// Clients who follow one space, and clients who are idle.
    pub subscribers: u64,
    /// Commits that are written to see what they take, and commits that are played.
    pub commits: usize,
    /// Cards among which these are.
    pub cards: u64,
    /// Cards on a board that is drawn; a row for each.
    pub board_cards: [u64; 2],
    /// Records of a long history.
    pub history: u64,
    /// Cards of whole projects, with ten records for each; the others are compared with the first.
    pub project_cards: [u64; 3],
    /// How often a command is sent after a rest, each of which takes a second.
    pub rests: u64,
}

impl Size {
    /// What the figures are about.
    pub fn full(time: Duration) -> Self {
        Self {
            time,
            clients: [1, 64],
            subscribers: 1_000,
            commits: 20_000,
            cards: 500,
            board_cards: [1_000, 5_000],
            history: 100_000,
            project_cards: [1_000, 10_000, 100_000],
            rests: 15,
        }
    }

    /// Shows that everything is measured, and nothing of how fast it is. Fifty idle clients take so much memory that the system notices.
    pub fn smallest() -> Self {
        Self {
            time: Duration::from_millis(100),
            clients: [1, 4],
            subscribers: 50,
            commits: 400,
            cards: 10,
            board_cards: [20, 40],
            history: 400,
            project_cards: [60, 80, 100],
            rests: 1,
        }
    }
}
