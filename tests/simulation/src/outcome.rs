//! What histories come to.

use std::ops::Add;

use recordplayer::testing::Reached;

/// What one history came to, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The records of the authority's log.
    pub records: u64,
    /// Commands that people made and their device took.
    pub taken: u64,
    /// Commands that the device refused at once.
    pub refused_here: u64,
    /// Commands that the authority refused: they lie in outboxes, with the reason.
    pub refused_there: u64,
    /// How often a program ended, or did not start, for its disk had failed.
    pub disks_failed: u64,
    /// How often a file was found to have rotted.
    pub rot_found: u64,
    /// What only large spaces do, and histories with small thresholds.
    pub reached: Reached,
}

impl Add for Outcome {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            taken: self.taken + other.taken,
            refused_here: self.refused_here + other.refused_here,
            refused_there: self.refused_there + other.refused_there,
            disks_failed: self.disks_failed + other.disks_failed,
            rot_found: self.rot_found + other.rot_found,
            reached: self.reached + other.reached,
        }
    }
}
