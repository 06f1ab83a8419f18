//! Bases of texts: many changes in one row, as a snapshot brings them.
//!
//! A script is, for each row, `kind (1) ‖ content (bytes)`: a change, a base as it is, or what a base holds, which is then put behind the base
//! before it and compressed.

use recordplayer::hash::Hash;
use recordplayer::text::{TextDocument, TextPart, compact};

use crate::script::Script;

const ROWS_MAX: usize = 32;
/// The quickest one; what counts is what comes out again.
const LEVEL: i32 = 1;

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut rows: Vec<(bool, Vec<u8>)> = Vec::new();
    while !script.is_over() && rows.len() < ROWS_MAX {
        let (kind, content) = (script.below(3), script.bytes());
        let before = rows.iter().rev().find(|(is_base, _)| *is_base).map_or(Hash::ZERO, |(_, base)| Hash::of(base));
        rows.push(match kind {
            0 => (false, content.to_vec()),
            1 => (true, content.to_vec()),
            _ => (true, sealed(before, content)),
        });
    }
    let parts: Vec<TextPart<'_>> =
        rows.iter().map(|(is_base, row)| if *is_base { TextPart::Base(row) } else { TextPart::Change(row) }).collect();
    match TextDocument::open(parts.iter().copied()) {
        Ok(document) => {
            let joined = compact([], parts.iter().copied()).expect("what is read is compacted");
            let again = TextDocument::open([TextPart::Base(&joined)]).expect("what was compacted is read");
            assert_eq!((again.text(), again.skipped()), (document.text(), document.skipped()));
            assert!(again.heads().eq(document.heads()));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(compact([], parts.iter().copied()).err(), Some(error), "damage is told by all readers");
        }
    }
}

fn sealed(before: Hash, content: &[u8]) -> Vec<u8> {
    let stretch = [&before.0[..], content].concat();
    let mut base = vec![1];
    base.extend(zstd::bulk::compress(&stretch, LEVEL).expect("memory takes all that is written"));
    base
}
