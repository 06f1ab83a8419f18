//! What the screen shows, as a person's eye tells it apart: by the colours of the palette.

use egui::Color32;

/// The screen's size in pixels; the window is as large and lies in its corner.
pub const WIDTH: usize = 1280;
pub const HEIGHT: usize = 800;

/// What the screen shows at one moment.
#[derive(PartialEq, Eq)]
pub struct Picture {
    rgb: Vec<u8>,
}

/// A part of the screen, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x: (usize, usize),
    pub y: (usize, usize),
}

impl Picture {
    /// Three bytes for each pixel, row by row; nothing where it is of another size.
    pub fn of(rgb: Vec<u8>) -> Option<Self> {
        (rgb.len() == WIDTH * HEIGHT * 3).then_some(Self { rgb })
    }

    /// The rows of an area.
    fn rows(&self, area: Area) -> impl Iterator<Item = &[u8]> {
        (area.y.0..area.y.1).map(move |y| &self.rgb[(y * WIDTH + area.x.0) * 3..(y * WIDTH + area.x.1) * 3])
    }

    /// How many pixels of an area are of exactly this colour. What lies in the shade of something has another one.
    pub fn count(&self, area: Area, colour: Color32) -> usize {
        let wanted = [colour.r(), colour.g(), colour.b()];
        self.rows(area).flat_map(|row| row.chunks_exact(3)).filter(|pixel| **pixel == wanted).count()
    }

    /// Whether an area looks otherwise than in another picture.
    pub fn differs(&self, other: &Self, area: Area) -> bool {
        !self.rows(area).eq(other.rows(area))
    }
}
