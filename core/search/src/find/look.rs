//! What of a card matched: its title, and one more place, with the words marked.

use std::collections::BTreeSet;
use std::ops::Range;

use recordplayer::id::Id;
use recordplayer_kanban::ids::CommentId;
use tantivy::TantivyDocument;
use tantivy::schema::Value as _;

use super::{Excerpt, Marked, Place};
use crate::index::Fields;
use crate::limits::{BEFORE_MATCH_CHARACTERS, EXCERPT_CHARACTERS, LOOKED_THROUGH_BYTES_MAX};
use crate::query::{Query, Sought};
use crate::words::{words, words_sought};

/// The words of a query that stand in what is found.
pub struct Look {
    words: Vec<SoughtWord>,
}

struct SoughtWord {
    text: String,
    is_open: bool,
}

impl SoughtWord {
    fn is(&self, word: &str) -> bool {
        if self.is_open { word.starts_with(&self.text) } else { word == self.text }
    }
}

/// Where the words stand in one text, and how many of them do.
struct Seen {
    ranges: Vec<Range<usize>>,
    count: usize,
}

impl Look {
    pub fn new(query: &Query) -> Self {
        let mut sought = Vec::new();
        for clause in query.clauses.iter().filter(|clause| !clause.is_negated) {
            let Sought::Text { text, is_open } = &clause.sought else { continue };
            let words = words_sought(text);
            let last = words.len().saturating_sub(1);
            sought.extend(
                words
                    .into_iter()
                    .enumerate()
                    .map(|(at, word)| SoughtWord { is_open: word.is_open || *is_open && at == last, text: word.text }),
            );
        }
        Self { words: sought }
    }

    /// The title and the best of the other places.
    pub fn through(&self, document: &TantivyDocument, fields: &Fields) -> (Marked, Option<Excerpt>) {
        let title = document.get_first(fields.title).and_then(|title| title.as_str()).unwrap_or_default();
        let title = Marked { text: title.to_owned(), ranges: self.seen(title).ranges };
        (title, if self.words.is_empty() { None } else { self.best(document, fields) })
    }

    fn best(&self, document: &TantivyDocument, fields: &Fields) -> Option<Excerpt> {
        let texts = |field| document.get_all(field).filter_map(|value| value.as_str());
        let comments = document.get_all(fields.comment_ids).map(|id| {
            let id = id.as_bytes().and_then(|bytes| bytes.try_into().ok());
            Place::Comment(CommentId(Id(id.unwrap_or_default())))
        });
        let places = texts(fields.description)
            .map(|text| (Place::Description, text))
            .chain(comments.zip(texts(fields.comments)))
            .chain(texts(fields.rest).map(|text| (Place::Rest, text)));
        let mut left = LOOKED_THROUGH_BYTES_MAX;
        let mut best: Option<(Place, &str, Seen)> = None;
        for (place, text) in places {
            let text = &text[..text.floor_char_boundary(left)];
            left -= text.len();
            let seen = self.seen(text);
            if seen.count > best.as_ref().map_or(0, |(_, _, best)| best.count) {
                best = Some((place, text, seen));
            }
        }
        best.map(|(place, text, seen)| Excerpt { place, text: excerpt(text, &seen.ranges) })
    }

    fn seen(&self, text: &str) -> Seen {
        let (mut ranges, mut found): (Vec<Range<usize>>, BTreeSet<usize>) = (Vec::new(), BTreeSet::new());
        for word in words(text) {
            let matched = (0..self.words.len()).filter(|number| self.words[*number].is(&word.text)).collect::<Vec<_>>();
            if matched.is_empty() {
                continue;
            }
            found.extend(matched);
            match ranges.last_mut() {
                // Pairs of characters overlap.
                Some(last) if last.end >= word.range.start => last.end = last.end.max(word.range.end),
                Some(_) | None => ranges.push(word.range),
            }
        }
        Seen { ranges, count: found.len() }
    }
}

/// The part of a text around its first match, in one line.
fn excerpt(text: &str, ranges: &[Range<usize>]) -> Marked {
    let first = ranges.first().map_or(0, |range| range.start);
    let start = text[..first].char_indices().rev().take(BEFORE_MATCH_CHARACTERS).last().map_or(first, |(at, _)| at);
    let end = text[start..].char_indices().nth(EXCERPT_CHARACTERS).map_or(text.len(), |(at, _)| start + at);
    let within =
        ranges.iter().filter(|range| range.start < end).map(|range| range.start - start..range.end.min(end) - start);
    // Each of these is one byte, so the ranges stay where they are.
    let line = text[start..end].replace(['\n', '\r', '\t'], " ");
    Marked { text: line, ranges: within.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(query: &str) -> Look {
        Look::new(&query.parse().unwrap())
    }

    fn marked(query: &str, text: &str) -> Vec<String> {
        look(query).seen(text).ranges.into_iter().map(|range| text[range].to_owned()).collect()
    }

    #[test]
    fn what_was_looked_for_is_marked_as_it_is_written() {
        for (query, text, expected) in [
            ("crash ", "A Crash, crashes: CRASH", vec!["Crash", "CRASH"]),
            ("crash", "A Crash, crashes", vec!["Crash", "crashes"]),
            ("-crash x ", "crash x", vec!["x"]),
            ("creme ", "Crème", vec!["Crème"]),
            ("東京都 ", "私は東京都庁に行く", vec!["東京都"]),
            ("都 ", "東京都庁", vec!["都庁"]),
            ("label:bug", "bug", vec![]),
        ] {
            assert_eq!(marked(query, text), expected, "{query}");
        }
    }

    #[test]
    fn an_excerpt_is_a_line_around_its_first_match() {
        let text = format!("{}\nhere is the crash\n{}", "before é ".repeat(50), "behind 東 ".repeat(50));
        let seen = look("crash ").seen(&text);
        let Marked { text: line, ranges } = excerpt(&text, &seen.ranges);
        assert_eq!(line.chars().count(), EXCERPT_CHARACTERS);
        assert!(!line.contains('\n'));
        assert_eq!(ranges.into_iter().map(|range| &line[range]).collect::<Vec<_>>(), ["crash"]);
    }
}
