//! Sizes in points. There are no others.

/// Distances.
pub mod space {
    pub const HAIR: f32 = 2.0;
    pub const TINY: f32 = 4.0;
    pub const SMALL: f32 = 6.0;
    pub const GAP: f32 = 8.0;
    pub const WIDE: f32 = 12.0;
    pub const LARGE: f32 = 16.0;
    pub const HUGE: f32 = 24.0;
    pub const ROW: f32 = 28.0;
    pub const BAR: f32 = 48.0;
    pub const PLAYBACK: f32 = 56.0;
    pub const PLAYBACK_PAST: f32 = 72.0;
    pub const SIDEBAR: f32 = 240.0;
    pub const COLUMN: f32 = 248.0;
    pub const PANEL: f32 = 480.0;
    pub const PALETTE: f32 = 640.0;
}

/// Corners.
pub mod radius {
    pub const CHIP: u8 = 4;
    pub const CARD: u8 = 6;
    pub const COLUMN: u8 = 8;
    pub const DIALOG: u8 = 12;
}
