//! How one text becomes another: which characters go and which come, in a form that merges well.
//!
//! Three steps, each of bounded cost. What both texts begin and end with is left alone, which answers nearly every keystroke. What remains is
//! compared by graphemes, so that an accent never parts from its letter. Where too much differs for that, lines are compared first and
//! graphemes only within changed lines; and where even that is too much, the middle is replaced.

use super::splice::Splice;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// One stretch of the old text that gives way to another. Positions and lengths count code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk<'a> {
    /// The position in the old text.
    pub at: usize,
    pub delete: usize,
    pub insert: &'a str,
}

impl<'a> From<&'a Splice> for Hunk<'a> {
    fn from(splice: &'a Splice) -> Self {
        Self { at: splice.at, delete: splice.delete, insert: &splice.insert }
    }
}

/// Steps that one comparison may take: a few milliseconds.
const WORK_MAX: usize = 4 * 1024 * 1024;
/// Edits that one comparison looks for; it keeps memory in proportion to the square of this.
const EDITS_MAX: usize = 1_024;

/// The hunks, ascending and apart from each other, that make `new` of `old`.
pub(super) fn difference<'a>(old: &str, new: &'a str) -> Vec<Hunk<'a>> {
    let start = common_prefix(old, new);
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = common_suffix(old_rest, new_rest);
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let mut hunks = Vec::new();
    compare(old_middle, new_middle, old[..start].chars().count(), &mut hunks);
    hunks
}

/// The length in bytes of what both begin with, cut where both have the boundary of a grapheme.
fn common_prefix(old: &str, new: &str) -> usize {
    let equal = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    boundary_before(old, new, equal, usize::min)
}

/// The length in bytes of what both end with, cut likewise.
fn common_suffix(old: &str, new: &str) -> usize {
    let equal = old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    boundary_before(old, new, equal, |length, cut| length - cut.min(length))
}

/// The largest `cut <= equal` at which both texts may be cut, `at(length, cut)` being the place in a text of that length.
fn boundary_before(old: &str, new: &str, equal: usize, at: fn(usize, usize) -> usize) -> usize {
    let may_cut = |text: &str, cut: usize| {
        let at = at(text.len(), cut);
        text.is_char_boundary(at)
            && GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).expect("the whole text is given")
    };
    (0..=equal).rev().find(|cut| may_cut(old, *cut) && may_cut(new, *cut)).unwrap_or(0)
}

fn compare<'a>(old: &str, new: &'a str, at: usize, hunks: &mut Vec<Hunk<'a>>) {
    if compare_by(old, new, at, hunks, |text| text.graphemes(true).collect(), push) {
        return;
    }
    let within_lines = |old: &str, new: &'a str, at: usize, hunks: &mut Vec<Hunk<'a>>| {
        if !compare_by(old, new, at, hunks, |text| text.graphemes(true).collect(), push) {
            push(old, new, at, hunks);
        }
    };
    if !compare_by(old, new, at, hunks, |text| text.split_inclusive('\n').collect(), within_lines) {
        push(old, new, at, hunks);
    }
}

fn push<'a>(old: &str, new: &'a str, at: usize, hunks: &mut Vec<Hunk<'a>>) {
    if !old.is_empty() || !new.is_empty() {
        hunks.push(Hunk { at, delete: old.chars().count(), insert: new });
    }
}

/// Compares in pieces and hands each stretch that differs to `differs`; false, with nothing handed over, where it is too much work.
fn compare_by<'a>(
    old: &str,
    new: &'a str,
    at: usize,
    hunks: &mut Vec<Hunk<'a>>,
    pieces: impl for<'t> Fn(&'t str) -> Vec<&'t str>,
    differs: impl Fn(&str, &'a str, usize, &mut Vec<Hunk<'a>>),
) -> bool {
    if old.is_empty() || new.is_empty() {
        differs(old, new, at, hunks);
        return true;
    }
    let (old_pieces, new_pieces) = (pieces(old), pieces(new));
    let Some(equals) = equal_runs(&old_pieces, &new_pieces) else { return false };
    let end = Run { old: old_pieces.len(), new: new_pieces.len(), length: 0 };
    let (mut at, mut old_done, mut new_done) = (at, 0, 0);
    let (mut old_rest, mut new_rest) = (old, new);
    for run in equals.into_iter().chain([end]) {
        let (old_gap, new_gap) = (bytes(&old_pieces[old_done..run.old]), bytes(&new_pieces[new_done..run.new]));
        if old_gap + new_gap > 0 {
            differs(&old_rest[..old_gap], &new_rest[..new_gap], at, hunks);
        }
        let equal = bytes(&old_pieces[run.old..run.old + run.length]);
        at += old_rest[..old_gap + equal].chars().count();
        (old_rest, new_rest) = (&old_rest[old_gap + equal..], &new_rest[new_gap + equal..]);
        (old_done, new_done) = (run.old + run.length, run.new + run.length);
    }
    true
}

fn bytes(pieces: &[&str]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

/// A stretch of pieces that both texts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    old: usize,
    new: usize,
    length: usize,
}

/// The longest common subsequence as runs, by Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986), or `None` where the texts differ
/// by more edits than [`WORK_MAX`] and [`EDITS_MAX`] allow to look for.
fn equal_runs(old: &[&str], new: &[&str]) -> Option<Vec<Run>> {
    let edits_max = (WORK_MAX / (old.len() + new.len()).max(1)).min(EDITS_MAX);
    // `reached[edits][k]`: how far in `old` the diagonal `old - new = 2k - edits` gets with so many edits.
    let mut reached: Vec<Vec<usize>> = Vec::new();
    for edits in 0..=edits_max {
        let mut row = Vec::with_capacity(edits + 1);
        for k in 0..=edits {
            let start = reached.last().map_or(0, |last| furthest(last, k, edits));
            let mut x = start.min(old.len());
            // A diagonal that has left the table stays where it is: nothing is equal there.
            if let Some(mut y) = (x + edits).checked_sub(2 * k).filter(|y| *y <= new.len()) {
                while x < old.len() && y < new.len() && old[x] == new[y] {
                    (x, y) = (x + 1, y + 1);
                }
                if x == old.len() && y == new.len() {
                    row.push(x);
                    reached.push(row);
                    return Some(trace_back(&reached, old.len(), new.len()));
                }
            }
            row.push(x);
        }
        reached.push(row);
    }
    None
}

/// Where diagonal `k` begins with one edit more than `last` has: below a deletion (`k - 1`, one further in `old`) or an insertion (`k`).
fn furthest(last: &[usize], k: usize, edits: usize) -> usize {
    let deleted = k.checked_sub(1).map(|k| last[k] + 1);
    let inserted = (k < edits).then(|| last[k]);
    deleted.max(inserted).expect("one of the two exists")
}

/// Follows the edits back to the beginning and collects the runs between them, ascending.
fn trace_back(reached: &[Vec<usize>], old: usize, new: usize) -> Vec<Run> {
    let (mut x, mut y) = (old, new);
    let mut runs = Vec::new();
    for edits in (0..reached.len()).rev() {
        let k = (x + edits - y) / 2;
        let start = if edits == 0 { 0 } else { furthest(&reached[edits - 1], k, edits) };
        let length = x - start;
        if length > 0 {
            runs.push(Run { old: start, new: y - length, length });
        }
        (x, y) = (start, y - length);
        if edits > 0 {
            let by_deletion = k > 0 && (k == edits || reached[edits - 1][k - 1] + 1 >= reached[edits - 1][k]);
            (x, y) = if by_deletion { (x - 1, y) } else { (x, y - 1) };
        }
    }
    runs.reverse();
    runs
}
