//! How the desktop looks: one file of colours, one of sizes, fonts and icons. Colours exist nowhere else.
//!
//! ```text
//!  Palette (tokens by name) ─► Theme (what is drawn now) ─► egui::Style (what egui's own widgets draw)
//! ```

mod fonts;
mod icon;
mod palette;
mod size;
mod style;

pub use fonts::{Type, install_fonts};
pub use icon::Icon;
pub use palette::{Palette, label_colour, name_colour};
pub use size::{radius, space};
pub use style::{Theme, install};
