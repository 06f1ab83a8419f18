//! Cells that hold several things.

use std::borrow::Cow;

/// What parts the things in the cells of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// Each cell is one thing.
    Nothing,
    Spaces,
    By(char),
    /// Commas, and what has one in it stands between quotes: `red, "loud, very"`.
    Quoted,
}

/// As the cells of a whole column show it.
pub(super) fn parting_of<'a>(cells: impl Iterator<Item = &'a str>) -> Parting {
    const SIGNS: [char; 5] = [',', ';', '|', '\n', '/'];
    let (mut holding, mut written) = ([0_usize; SIGNS.len()], 0_usize);
    for cell in cells.filter(|cell| !cell.is_empty()) {
        written += 1;
        for (count, sign) in holding.iter_mut().zip(SIGNS) {
            *count += usize::from(cell.contains(sign));
        }
    }
    let mut best = (Parting::Nothing, 0);
    for (count, sign) in holding.into_iter().zip(SIGNS) {
        // A name may have a stroke in it; where half of the cells have one, it parts names.
        let is_sound = sign != '/' || count * 2 >= written;
        if is_sound && count > best.1 {
            best = (Parting::By(sign), count);
        }
    }
    best.0
}

impl Parting {
    /// The things in a cell, without empty ones.
    pub fn split(self, cell: &str) -> Vec<Cow<'_, str>> {
        let parts: Vec<&str> = match self {
            Self::Nothing => vec![cell],
            Self::Spaces => cell.split_whitespace().collect(),
            Self::By(sign) => cell.split(sign).collect(),
            Self::Quoted => return quoted(cell).into_iter().map(Cow::Owned).collect(),
        };
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(Cow::Borrowed).collect()
    }
}

/// The things of a list as [`list_of`] writes it.
fn quoted(cell: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = cell.trim();
    while !rest.is_empty() {
        let mut part = String::new();
        if let Some(mut inside) = rest.strip_prefix('"') {
            // A quote in it is doubled.
            while let Some((piece, behind)) = inside.split_once('"') {
                part.push_str(piece);
                inside = behind;
                match inside.strip_prefix('"') {
                    Some(more) => {
                        part.push('"');
                        inside = more;
                    }
                    None => break,
                }
            }
            rest = inside;
        }
        let (more, behind) = rest.split_once(',').unwrap_or((rest, ""));
        part.push_str(more.trim());
        rest = behind.trim_start();
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}

/// Several things in one cell, so that they are the same when they are read.
pub fn list_of<'a>(things: impl IntoIterator<Item = &'a str>) -> String {
    let quote = |thing: &str| format!("\"{}\"", thing.replace('"', "\"\""));
    let needs_quotes = |thing: &str| thing.contains(',') || thing.starts_with('"');
    let written = things.into_iter().map(|thing| if needs_quotes(thing) { quote(thing) } else { thing.to_owned() });
    written.collect::<Vec<_>>().join(", ")
}

/// The name and the colour of a label such as `Support-yellow`.
pub(super) fn label_and_colour(word: &str) -> (&str, Option<&str>) {
    const COLOURS: [&str; 25] = [
        "white",
        "green",
        "yellow",
        "orange",
        "red",
        "purple",
        "blue",
        "sky",
        "lime",
        "pink",
        "black",
        "silver",
        "peachpuff",
        "crimson",
        "plum",
        "darkgreen",
        "slateblue",
        "magenta",
        "gold",
        "navy",
        "gray",
        "saddlebrown",
        "paleturquoise",
        "mistyrose",
        "indigo",
    ];
    let parts = word.rsplit_once('-').filter(|(name, colour)| !name.is_empty() && COLOURS.contains(colour));
    parts.map_or((word, None), |(name, colour)| (name, Some(colour)))
}

#[cfg(test)]
mod tests {
    use super::{Parting, label_and_colour, list_of, parting_of};

    #[test]
    fn a_list_that_is_written_is_read_again() {
        for list in [vec!["red"], vec!["loud, very", "red"], vec!["a \"b\"", "\"c\", d", "e,"], vec![]] {
            assert_eq!(Parting::Quoted.split(&list_of(list.iter().copied())), list);
        }
        assert_eq!(list_of(["loud, very", "red"]), "\"loud, very\", red");
        assert_eq!(Parting::Quoted.split(" \"a, b , c"), ["a", "b", "c"], "somebody has lost a quote");
    }

    #[test]
    fn a_column_shows_what_parts_its_cells() {
        assert_eq!(parting_of(["a,b", "c"].into_iter()), Parting::By(','));
        assert_eq!(parting_of(["a/b/", "c/"].into_iter()), Parting::By('/'));
        assert_eq!(parting_of(["UI/UX", "Bug", "Idea"].into_iter()), Parting::Nothing);
        assert_eq!(parting_of(["a; b, c", "d; e"].into_iter()), Parting::By(';'));
        assert_eq!(Parting::By('/').split("label1/lebel2/ "), ["label1", "lebel2"]);
        assert_eq!(Parting::Spaces.split(" ann  bo "), ["ann", "bo"]);
    }

    #[test]
    fn a_colour_stands_behind_a_label() {
        assert_eq!(label_and_colour("Support-yellow"), ("Support", Some("yellow")));
        assert_eq!(label_and_colour("follow-up"), ("follow-up", None));
        assert_eq!(label_and_colour("-red"), ("-red", None));
    }
}
