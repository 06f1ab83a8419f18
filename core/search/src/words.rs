//! The words of a text, as they are indexed and looked for.
//!
//! ```text
//!  "Crème brûlée, 東京都 v2"   creme · brulee · 東京 · 京都 · 都 · v2
//! ```
//! A word is a run of letters and digits, in lower case and without diacritics. Where people write without spaces (Chinese, Japanese, Korean,
//! Thai, …) each pair of neighbours is a word, and the last character of a run stands alone too: so what is looked for by one character begins
//! a word wherever it stands. A run of one character is a word as it is.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use crate::limits::WORD_BYTES_MAX;

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case, without diacritics.
    pub text: String,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
    /// Its number among the words that follow each other.
    pub position: usize,
    /// Others go on from here: a single character of a script without spaces.
    pub is_open: bool,
}

/// The words of a text that is to be found.
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    each_run(text, |run, is_spaced| {
        let position = words.last().map_or(0, |word: &Word| word.position + 1);
        if is_spaced {
            words.push(spaced(text, run, position));
            return;
        }
        let units = units(text, run);
        for (at, (unit, range)) in units.iter().enumerate() {
            let next = units.get(at + 1);
            let end = next.map_or(range.end, |(_, next)| next.end);
            let joined = next.map_or_else(|| unit.clone(), |(next, _)| format!("{unit}{next}"));
            let is_open = next.is_none();
            words.push(Word { text: joined, range: range.start..end, position: position + at, is_open });
        }
    });
    words
}

/// The words of what somebody looks for: where a run has pairs, its last character says nothing more.
pub fn words_sought(text: &str) -> Vec<Word> {
    let all = words(text);
    let is_said = |at: usize, word: &Word| {
        let before: Option<&Word> = at.checked_sub(1).and_then(|before| all.get(before));
        !word.is_open || before.is_none_or(|before| before.range.end <= word.range.start)
    };
    all.iter().enumerate().filter(|(at, word)| is_said(*at, word)).map(|(_, word)| word.clone()).collect()
}

/// A text as its words would be written: what two texts have in common that are called the same.
pub fn folded(text: &str) -> String {
    words(text).into_iter().map(|word| word.text).collect::<Vec<_>>().join(" ")
}

/// What a character is to the words around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Of a script that puts spaces between words.
    Spaced,
    Unspaced,
    /// Belongs to the character in front of it.
    Mark,
    Between,
}

fn role(character: char) -> Role {
    match character {
        '\0'..='\u{7f}' if character.is_ascii_alphanumeric() => Role::Spaced,
        '\0'..='\u{7f}' => Role::Between,
        // The vowels and ends of a syllable of Korean, and the marks of voice of narrow Japanese.
        '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}' => Role::Mark,
        _ if is_unspaced(character) => Role::Unspaced,
        _ if canonical_combining_class(character) != 0 || is_combining_mark(character) => Role::Mark,
        _ if character.is_alphanumeric() => Role::Spaced,
        _ => Role::Between,
    }
}

/// Whether a character is of a script that is written without spaces, or whose spaces do not part words.
fn is_unspaced(character: char) -> bool {
    matches!(character,
        // Thai, Lao, Burmese, Korean, Khmer.
        '\u{0e01}'..='\u{0e4e}' | '\u{0e81}'..='\u{0ece}' | '\u{1000}'..='\u{103f}' | '\u{1050}'..='\u{109f}'
        | '\u{1100}'..='\u{115f}' | '\u{1780}'..='\u{17d3}' | '\u{3131}'..='\u{318e}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7fb}' | '\u{ffa1}'..='\u{ffdc}'
        // Japanese kana, and the Chinese signs of sounds.
        | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9d}'
        // Chinese characters, wherever they are used.
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}' | '\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303b}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Tells each run of characters that belong together, and whether its script has spaces.
fn each_run(text: &str, mut tell: impl FnMut(Range<usize>, bool)) {
    let mut run: Option<(Range<usize>, Role)> = None;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let role = role(character);
        match (&mut run, role) {
            (Some((range, _)), Role::Mark) => range.end = end,
            (Some((range, of)), Role::Spaced | Role::Unspaced) if *of == role => range.end = end,
            (before, Role::Spaced | Role::Unspaced | Role::Between | Role::Mark) => {
                if let Some((range, of)) = before.take() {
                    tell(range, of == Role::Spaced);
                }
                if matches!(role, Role::Spaced | Role::Unspaced) {
                    run = Some((at..end, role));
                }
            }
        }
    }
    if let Some((range, of)) = run {
        tell(range, of == Role::Spaced);
    }
}

fn spaced(text: &str, range: Range<usize>, position: usize) -> Word {
    let mut word = fold(&text[range.clone()]);
    if word.len() > WORD_BYTES_MAX {
        let end = (0..=WORD_BYTES_MAX).rev().find(|end| word.is_char_boundary(*end)).unwrap_or_default();
        word.truncate(end);
    }
    Word { text: word, range, position, is_open: false }
}

/// The characters of a run, each with the marks that belong to it.
fn units(text: &str, run: Range<usize>) -> Vec<(String, Range<usize>)> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, character) in text[run.clone()].char_indices() {
        let (start, end) = (run.start + at, run.start + at + character.len_utf8());
        match ranges.last_mut() {
            Some(last) if role(character) == Role::Mark => last.end = end,
            Some(_) | None => ranges.push(start..end),
        }
    }
    ranges.into_iter().map(|range| (fold(&text[range.clone()]), range)).collect()
}

fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare = text.nfkd().filter(|character| !is_diacritic(*character)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for character in bare.filter(|character| !is_diacritic(*character)).nfc() {
        match character {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            _ => folded.push(character),
        }
    }
    folded
}

/// What Latin, Greek, Cyrillic, Hebrew and Arabic letters carry and people leave out when they look for something. Marks of other scripts are
/// letters to those who write them.
fn is_diacritic(character: char) -> bool {
    matches!(character, '\u{0300}'..='\u{036f}' | '\u{0591}'..='\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &str) -> Vec<String> {
        words(of).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_in_lower_case_without_diacritics() {
        for (text, expected) in [
            ("Fix the LOGIN", vec!["fix", "the", "login"]),
            ("Crème brûlée", vec!["creme", "brulee"]),
            ("cre\u{301}me", vec!["creme"]),
            ("Straße Łódź Ærø", vec!["strasse", "lodz", "aero"]),
            ("İstanbul ILIK", vec!["istanbul", "ilik"]),
            ("ΟΔΥΣΣΕΎΣ", vec!["οδυσσευσ"]),
            ("Ёлка", vec!["елка"]),
            ("foo_bar-baz.rs", vec!["foo", "bar", "baz", "rs"]),
            ("v2.10 (x86)", vec!["v2", "10", "x86"]),
            ("ＲＥＣ１２", vec!["rec12"]),
            ("हिन्दी", vec!["हिन्दी"]),
            ("!?… —", vec![]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_pairs_and_the_last_character() {
        for (text, expected) in [
            ("東京都庁", vec!["東京", "京都", "都庁", "庁"]),
            ("車", vec!["車"]),
            ("한국어", vec!["한국", "국어", "어"]),
            ("\u{1112}\u{1161}\u{11ab}국", vec!["한국", "국"]),
            ("ｶﾞｽ", vec!["ガス", "ス"]),
            ("か\u{3099}す", vec!["がす", "す"]),
            ("iPhone15の設定", vec!["iphone15", "の設", "設定", "定"]),
            ("中文, 日本", vec!["中文", "文", "日本", "本"]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_sought_ends_with_its_last_pair() {
        let sought = |text| words_sought(text).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(sought("東京都"), ["東京", "京都"]);
        assert_eq!(sought("都"), ["都"]);
        assert_eq!(sought("都 a"), ["都", "a"]);
    }

    #[test]
    fn ranges_lead_back_into_the_text() {
        let text = "Dé-jà 東京都 ﬁn";
        let ranges: Vec<&str> = words(text).into_iter().map(|word| &text[word.range]).collect();
        assert_eq!(ranges, ["Dé", "jà", "東京", "京都", "都", "ﬁn"]);
    }

    #[test]
    fn a_word_without_end_is_cut() {
        let long = "é".repeat(10_000);
        assert_eq!(texts(&long), ["e".repeat(WORD_BYTES_MAX)]);
    }
}
