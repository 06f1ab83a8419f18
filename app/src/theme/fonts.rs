//! Fonts: Inter in three weights, Hack for code, the icons; and the named text sizes.

use std::sync::Arc;

use egui::epaint::text::VariationCoords;
use egui::{Context, FontData, FontDefinitions, FontFamily, FontId, FontTweak};

const INTER: &[u8] = include_bytes!("../../../assets/fonts/InterVariable.ttf");
const HACK: &[u8] = include_bytes!("../../../assets/fonts/Hack-Regular.ttf");
const ICONS: &[u8] = include_bytes!("../../../assets/fonts/lucide-subset.ttf");

const REGULAR: &str = "inter 400";
const MEDIUM: &str = "inter 500";
const SEMIBOLD: &str = "inter 600";
pub(super) const ICON: &str = "icons";

/// What a text is; its size and weight follow. There are no other sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Ids and counts.
    Caption,
    Meta,
    Body,
    /// Titles of cards, rows.
    Emphasis,
    Section,
    Page,
    CardTitle,
    Welcome,
    Document,
    Mono,
}

impl Type {
    pub fn font(self) -> FontId {
        let (size, family) = match self {
            Self::Caption => (11.0, MEDIUM),
            Self::Meta => (12.0, MEDIUM),
            Self::Body => (13.0, REGULAR),
            Self::Emphasis => (13.0, MEDIUM),
            Self::Section => (13.0, SEMIBOLD),
            Self::Page => (15.0, SEMIBOLD),
            Self::CardTitle => (18.0, SEMIBOLD),
            Self::Welcome => (28.0, SEMIBOLD),
            Self::Document => (14.0, REGULAR),
            Self::Mono => return FontId::new(12.5, FontFamily::Monospace),
        };
        FontId::new(size, FontFamily::Name(family.into()))
    }

    pub fn line_height(self) -> f32 {
        match self {
            Self::Caption | Self::Meta => 16.0,
            Self::Body | Self::Emphasis | Self::Section | Self::Page | Self::Mono => 20.0,
            Self::CardTitle => 26.0,
            Self::Welcome => 36.0,
            Self::Document => 22.0,
        }
    }
}

/// Tells egui of the fonts. Fonts of the system come behind them, for the scripts that Inter has not.
pub fn install_fonts(ctx: &Context) {
    let mut fonts = FontDefinitions::empty();
    for (name, weight) in [(REGULAR, 400.0), (MEDIUM, 500.0), (SEMIBOLD, 600.0)] {
        let coords = VariationCoords::new([(b"wght", weight)]);
        let tweak = FontTweak { coords, ..FontTweak::default() };
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(INTER).tweak(tweak)));
        fonts.families.insert(FontFamily::Name(name.into()), vec![name.to_owned(), ICON.to_owned()]);
    }
    fonts.font_data.insert(ICON.to_owned(), Arc::new(FontData::from_static(ICONS)));
    fonts.families.insert(FontFamily::Name(ICON.into()), vec![ICON.to_owned()]);
    fonts.font_data.insert("hack".to_owned(), Arc::new(FontData::from_static(HACK)));
    fonts.families.insert(FontFamily::Proportional, vec![REGULAR.to_owned(), ICON.to_owned()]);
    fonts.families.insert(FontFamily::Monospace, vec!["hack".to_owned(), REGULAR.to_owned()]);
    ctx.set_fonts(fonts);
}
