//! The place of a card among others: a text between two texts.
//!
//! ```text
//!   n b        an integer part, whose first letter tells its length: n is 1 digit, o is 2 … z is 13, and below zero m is 1 … a is 13
//!   n b n t    and behind it a fraction, which never ends with the digit a
//! ```
//! So cards that are always put at one end get ranks that grow with the logarithm of their count, and cards that are always put into one
//! gap get one digit more for every fourth or fifth of them. Two cards may have the same rank; then their ids order them. After
//! "Implementing fractional indexing" by David Greenspan, with lower-case letters alone.

use std::fmt;

use serde::{Deserialize, Serialize};

const BASE: u8 = 26;
const ZERO: u8 = b'a';
const LAST: u8 = b'z';

/// A fractional rank of lower-case letters; ranks are ordered as texts are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rank(String);

impl Rank {
    /// A rank behind `before` and in front of `after`; `None` is the end of the row. Where two neighbours have the same rank, or stand the
    /// wrong way round, it is that of `before`, and the ids decide.
    pub fn between(before: Option<&Self>, after: Option<&Self>) -> Self {
        let before = before.map(|rank| Parts::of(&rank.0));
        let after = after.map(|rank| Parts::of(&rank.0));
        let parts = match (before, after) {
            (None, None) => Parts { integer: "na".to_owned(), fraction: Vec::new() },
            (Some(before), None) => match stepped(&before.integer, true) {
                Some(integer) => Parts { integer, fraction: Vec::new() },
                None => Parts { fraction: middle(&before.fraction, None), integer: before.integer },
            },
            (None, Some(after)) => match stepped(&after.integer, false) {
                Some(integer) => Parts { integer, fraction: Vec::new() },
                // The very first rank that can be written.
                None if after.fraction.is_empty() => after,
                None => Parts { fraction: middle(&[], Some(&after.fraction)), integer: after.integer },
            },
            (Some(before), Some(after)) if before.joined() >= after.joined() => before,
            (Some(before), Some(after)) if before.integer == after.integer => {
                Parts { fraction: middle(&before.fraction, Some(&after.fraction)), integer: before.integer }
            }
            (Some(before), Some(after)) => match stepped(&before.integer, true) {
                Some(integer) if integer < after.joined() => Parts { integer, fraction: Vec::new() },
                Some(_) | None => Parts { fraction: middle(&before.fraction, None), integer: before.integer },
            },
        };
        Self(parts.joined())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rank({})", self.0)
    }
}

struct Parts {
    integer: String,
    fraction: Vec<u8>,
}

impl Parts {
    /// Whatever the text: digits that are no letters count as the nearest letter, and a missing one as zero.
    fn of(rank: &str) -> Self {
        let digits: Vec<u8> = rank.bytes().map(|digit| digit.clamp(ZERO, LAST)).collect();
        let head = digits.first().copied().unwrap_or(b'n');
        let length = integer_length(head);
        let integer =
            (0..length).map(|at| char::from(digits.get(at).copied().unwrap_or(if at == 0 { head } else { ZERO })));
        let mut fraction = digits.get(length..).unwrap_or_default().to_vec();
        while fraction.last() == Some(&ZERO) {
            fraction.pop();
        }
        Self { integer: integer.collect(), fraction }
    }

    fn joined(&self) -> String {
        self.integer.chars().chain(self.fraction.iter().copied().map(char::from)).collect()
    }
}

/// The bytes of an integer part, its head included.
fn integer_length(head: u8) -> usize {
    usize::from(if head >= b'n' { head - b'n' + 2 } else { b'm' - head + 2 })
}

/// The integer after or before this one; `None` at the end of what can be written.
fn stepped(integer: &str, up: bool) -> Option<String> {
    let (over, fresh) = if up { (LAST, ZERO) } else { (ZERO, LAST) };
    let mut bytes = integer.as_bytes().to_vec();
    for digit in bytes[1..].iter_mut().rev() {
        if *digit != over {
            *digit = if up { *digit + 1 } else { *digit - 1 };
            return String::from_utf8(bytes).ok();
        }
        *digit = fresh;
    }
    let head = bytes[0];
    let head = match (head, up) {
        (LAST, true) | (ZERO, false) => return None,
        (_, true) => head + 1,
        (_, false) => head - 1,
    };
    let digits = std::iter::repeat_n(fresh, integer_length(head) - 1);
    String::from_utf8(std::iter::once(head).chain(digits).collect()).ok()
}

/// A short fraction between `low` and `high`; `None` is one.
fn middle(low: &[u8], high: Option<&[u8]>) -> Vec<u8> {
    let mut fraction = Vec::new();
    let mut high = high;
    for at in 0.. {
        let floor = low.get(at).copied().unwrap_or(ZERO) - ZERO;
        let ceiling = high.map_or(BASE, |high| high.get(at).copied().unwrap_or(ZERO) - ZERO);
        if ceiling > floor + 1 {
            fraction.push(ZERO + u8::midpoint(floor, ceiling));
            break;
        }
        fraction.push(ZERO + floor);
        if ceiling > floor {
            // The digit below the ceiling is taken, so anything may follow it.
            high = None;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rank_lies_between_its_neighbours_wherever_cards_are_put() {
        proptest!(|(places in proptest::collection::vec(any::<prop::sample::Index>(), 1..200))| {
            let mut row: Vec<Rank> = Vec::new();
            for place in places {
                let at = place.index(row.len() + 1);
                let rank = Rank::between(at.checked_sub(1).map(|before| &row[before]), row.get(at));
                row.insert(at, rank);
            }
            prop_assert!(row.is_sorted_by(|a, b| a < b), "{row:?}");
            prop_assert!(row.iter().all(|rank| rank.0.bytes().all(|digit| digit.is_ascii_lowercase())));
        });
    }

    #[test]
    fn any_text_from_elsewhere_is_taken_for_a_rank() {
        proptest!(|(a in ".{0,20}", b in ".{0,20}")| {
            let (a, b) = (Rank(a), Rank(b));
            for (before, after) in [(Some(&a), Some(&b)), (Some(&a), None), (None, Some(&b))] {
                prop_assert!(Rank::between(before, after).0.len() < 100);
            }
        });
    }

    #[test]
    fn ranks_at_one_end_stay_short() {
        for up in [true, false] {
            let mut rank = Rank::between(None, None);
            for _ in 0..100_000 {
                let next = if up { Rank::between(Some(&rank), None) } else { Rank::between(None, Some(&rank)) };
                assert!((next > rank) == up && next != rank);
                rank = next;
            }
            assert!(rank.0.len() <= 6, "{rank:?}");
        }
    }

    #[test]
    fn ranks_in_one_gap_grow_by_a_digit_for_every_fourth_card() {
        let low = Rank::between(None, None);
        for toward_low in [true, false] {
            let (mut left, mut right) = (low.clone(), Rank::between(Some(&low), None));
            for count in 1..1_000 {
                let rank = Rank::between(Some(&left), Some(&right));
                assert!(left < rank && rank < right);
                assert!(rank.0.len() <= 4 + count / 4, "{} after {count}", rank.0.len());
                if toward_low { right = rank } else { left = rank }
            }
        }
    }

    #[test]
    fn equal_neighbours_share_their_rank() {
        let rank = Rank::between(None, None);
        assert_eq!(Rank::between(Some(&rank), Some(&rank)), rank);
    }
}
