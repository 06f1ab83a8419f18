//! The colours that labels have here, which are words.

/// The word that comes nearest to a colour such as `d73a4a`; `None` for greys and for what is no colour.
pub(in crate::import) fn word_of(hex: &str) -> Option<&'static str> {
    let hex = hex.strip_prefix('#').unwrap_or(hex);
    if hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |at: usize| i32::from_str_radix(&hex[at..at + 2], 16).ok();
    let (red, green, blue) = (part(0)?, part(2)?, part(4)?);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread * 8 <= most {
        return None;
    }
    // Degrees on the circle of hues, red at 0, green at 120, blue at 240.
    let hue = if most == red {
        60 * (green - blue) / spread
    } else if most == green {
        120 + 60 * (blue - red) / spread
    } else {
        240 + 60 * (red - green) / spread
    };
    Some(match hue.rem_euclid(360) {
        0..=14 | 346..=359 => "red",
        15..=39 => "orange",
        40..=69 => "yellow",
        70..=159 => "green",
        160..=199 => "sky",
        200..=249 => "blue",
        250..=289 => "purple",
        _ => "pink",
    })
}

#[cfg(test)]
mod tests {
    use super::word_of;

    #[test]
    fn a_colour_has_the_word_that_comes_nearest() {
        let words = [
            ("d73a4a", Some("red")),
            ("#fbca04", Some("yellow")),
            ("0e8a16", Some("green")),
            ("a2eeef", Some("sky")),
            ("0075ca", Some("blue")),
            ("5319e7", Some("purple")),
            ("d876e3", Some("pink")),
            ("ff7f00", Some("orange")),
            ("ededed", None),
            ("000000", None),
            ("red", None),
            ("日本", None),
        ];
        for (hex, word) in words {
            assert_eq!(word_of(hex), word, "{hex}");
        }
    }
}
