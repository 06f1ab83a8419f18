//! How much may go wrong in a small case.

/// Each number is how often it may happen in one history; each flag whether it may at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// Of devices, within a save as well, and of the authority.
    pub crashes: u8,
    /// Whose crashes they are: where a case is too large, it is searched for one machine after the other.
    pub crashing: Crashing,
    /// Appends without an answer, written or not, or fenced.
    pub failures: u8,
    /// Sessions that end, for one device at a time.
    pub breaks: u8,
    /// A copy of the authority's store, made at any earlier moment, that comes back and is opened in a new epoch.
    pub restores_of_authority: u8,
    /// A copy of a device's files, made at any earlier moment: both come back or one of them, or both come over the other device.
    pub restores_of_devices: u8,
    /// Pings beside those of the healing.
    pub pings: u8,
    /// Whether frames may come together, to be merged with one rebase.
    pub batches: bool,
    /// Histories are followed up to so many steps; without it, to their ends.
    pub steps_max: Option<u32>,
}

/// Who may crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crashing {
    #[default]
    Anybody,
    Authority,
    Device(u8),
}

impl Crashing {
    pub(super) fn may_be_authority(self) -> bool {
        matches!(self, Self::Anybody | Self::Authority)
    }

    pub(super) fn may_be(self, device: u8) -> bool {
        self == Self::Anybody || self == Self::Device(device)
    }
}
