//! One edit as it was made in two ways, by a device and by its copy.

use super::diff::difference;

/// The text as it is `meant`, of one that was `said`; but what was written to say it, over `base`, is not taken out again: somebody else may have
/// written it.
pub(crate) fn meant_beside(base: &str, said: &str, meant: &str) -> String {
    let is_written = written(base, said);
    let characters: Vec<char> = said.chars().collect();
    let (mut text, mut done) = (String::new(), 0);
    for hunk in difference(said, meant) {
        let behind = hunk.at + hunk.delete;
        text.extend(&characters[done..hunk.at]);
        text.extend((hunk.at..behind).filter(|at| is_written[*at]).map(|at| characters[at]));
        text.push_str(hunk.insert);
        done = behind;
    }
    text.extend(&characters[done..]);
    text
}

/// Which characters of the text were written over what it was before.
fn written(base: &str, text: &str) -> Vec<bool> {
    let mut is_written = Vec::new();
    let mut base_done = 0;
    for hunk in difference(base, text) {
        is_written.resize(is_written.len() + (hunk.at - base_done), false);
        is_written.resize(is_written.len() + hunk.insert.chars().count(), true);
        base_done = hunk.at + hunk.delete;
    }
    is_written.resize(text.chars().count(), false);
    is_written
}

#[cfg(test)]
mod tests {
    use super::meant_beside;

    #[test]
    fn what_was_joined_is_there_and_what_the_copy_wrote_stays() {
        for (base, said, meant, expected) in [
            ("one", "one two", "one two three", "one two three"),
            ("one", "one two", "on two", "on two"),
            ("", "left right", "right and more", "left right and more"),
            ("", "ä漢", "漢z", "ä漢z"),
            ("gone stays", "stays", "gone stays", "gone stays"),
            ("a b c", "a b c", "c", "c"),
            ("", "", "", ""),
        ] {
            assert_eq!(meant_beside(base, said, meant), expected, "{base:?} {said:?} {meant:?}");
        }
    }
}
