//! The colours, by what they mean.

use egui::Color32;

/// The tokens of one appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub canvas: Color32,
    /// Sidebar, columns, bars.
    pub surface: Color32,
    /// Cards.
    pub raised: Color32,
    /// Menus and dialogs.
    pub overlay: Color32,
    /// Under the pointer, and the selected row.
    pub hover: Color32,
    pub border: Color32,
    pub border_input: Color32,
    pub text: Color32,
    pub muted: Color32,
    pub faint: Color32,
    /// Focus rings and links.
    pub accent: Color32,
    /// The primary button.
    pub accent_fill: Color32,
    pub on_accent: Color32,
    pub success: Color32,
    pub warning: Color32,
    pub danger: Color32,
    pub info: Color32,
    /// Playback alone.
    pub past: Color32,
    /// Behind what is open over everything else.
    pub shade: Color32,
    /// Labels, boards and people: equally light.
    pub labels: [Color32; 8],
    /// Initials on a label's colour.
    pub on_label: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Palette {
    pub const DARK: Self = Self {
        canvas: rgb(0x0E_0F11),
        surface: rgb(0x15_171A),
        raised: rgb(0x1D_2024),
        overlay: rgb(0x24_282D),
        hover: rgb(0x2A_2E34),
        border: rgb(0x2E_3238),
        border_input: rgb(0x73_7A86),
        text: rgb(0xE8_EAED),
        muted: rgb(0xA4_A9B1),
        faint: rgb(0x94_9BA5),
        accent: rgb(0x8C_9BFF),
        accent_fill: rgb(0x4C_5BD4),
        on_accent: rgb(0xFF_FFFF),
        success: rgb(0x4C_C38A),
        warning: rgb(0xF0_B429),
        danger: rgb(0xFF_6B6B),
        info: rgb(0x5E_B1EF),
        past: rgb(0xC9_A66B),
        shade: Color32::from_black_alpha(102),
        labels: [
            rgb(0xE8_8F87),
            rgb(0xE0_9865),
            rgb(0xC6_A853),
            rgb(0x7D_BD7F),
            rgb(0x41_C1BA),
            rgb(0x73_B0EE),
            rgb(0xAA_9FEC),
            rgb(0xD9_8FC1),
        ],
        on_label: rgb(0x0E_0F11),
    };

    pub const LIGHT: Self = Self {
        canvas: rgb(0xF4_F5F7),
        surface: rgb(0xFB_FBFC),
        raised: rgb(0xFF_FFFF),
        overlay: rgb(0xFF_FFFF),
        hover: rgb(0xEC_EEF1),
        border: rgb(0xE1_E4E8),
        border_input: rgb(0x7F_8691),
        text: rgb(0x1B_1E22),
        muted: rgb(0x55_5B65),
        faint: rgb(0x63_6974),
        accent: rgb(0x3F_4FC9),
        accent_fill: rgb(0x4C_5BD4),
        on_accent: rgb(0xFF_FFFF),
        success: rgb(0x18_794E),
        warning: rgb(0x8F_5A00),
        danger: rgb(0xC6_2A2F),
        info: rgb(0x0B_68B1),
        past: rgb(0x7A_5A1E),
        shade: Color32::from_black_alpha(31),
        labels: [
            rgb(0xA3_4945),
            rgb(0x9C_5313),
            rgb(0x84_6400),
            rgb(0x35_7A3A),
            rgb(0x00_7E78),
            rgb(0x28_6CAB),
            rgb(0x69_5BA9),
            rgb(0x95_4A7E),
        ],
        on_label: rgb(0xFF_FFFF),
    };
}

/// The colour of a label by the name that its source gave it, else one that follows from its own name.
pub fn label_colour(palette: &Palette, colour: &str, name: &str) -> Color32 {
    let shade = colour.split(['_', '-']).next().unwrap_or_default();
    let at = match shade {
        "red" => 0,
        "orange" => 1,
        "yellow" => 2,
        "green" | "lime" => 3,
        "sky" | "teal" => 4,
        "blue" => 5,
        "purple" => 6,
        "pink" => 7,
        _ => place_of(name.as_bytes()),
    };
    palette.labels[at]
}

/// The colour of a person or a board: by its name, so that it is the same on every device, and for somebody in every project.
pub fn name_colour(palette: &Palette, name: &str) -> Color32 {
    palette.labels[place_of(name.as_bytes())]
}

fn place_of(bytes: &[u8]) -> usize {
    // FNV-1a: any spread will do, as long as it is the same everywhere and for ever.
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (hash >> 13) as usize % 8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(colour: Color32) -> f64 {
        let linear = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn what_is_to_be_read_can_be_read_on_every_background() {
        for palette in [Palette::DARK, Palette::LIGHT] {
            for background in [palette.canvas, palette.surface, palette.raised, palette.overlay, palette.hover] {
                let read = [
                    ("text", palette.text),
                    ("muted", palette.muted),
                    ("faint", palette.faint),
                    ("success", palette.success),
                    ("warning", palette.warning),
                    ("danger", palette.danger),
                    ("info", palette.info),
                ];
                for (name, colour) in read {
                    let contrast = contrast(colour, background);
                    assert!(contrast >= 4.5, "{name} on {background:?}: {contrast:.2}");
                }
                for label in palette.labels {
                    let contrast = contrast(label, background);
                    assert!(contrast >= 4.1, "{label:?} on {background:?}: {contrast:.2}");
                }
                let input = contrast(palette.border_input, background);
                assert!(input >= 3.0, "a field's outline on {background:?}: {input:.2}");
            }
            assert!(contrast(palette.on_accent, palette.accent_fill) >= 5.5);
            for label in palette.labels {
                assert!(contrast(palette.on_label, label) >= 4.5, "initials on {label:?}");
            }
        }
    }

    #[test]
    fn a_label_has_the_colour_that_its_source_names() {
        let palette = Palette::DARK;
        assert_eq!(label_colour(&palette, "red_dark", "Bug"), palette.labels[0]);
        assert_eq!(label_colour(&palette, "sky", "Bug"), palette.labels[4]);
        assert_eq!(label_colour(&palette, "", "Bug"), label_colour(&palette, "none", "Bug"));
    }
}
