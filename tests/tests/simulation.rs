//! Histories of the product from seeds; many more by `cargo xtask simulate`.

use recordplayer_tests::history::{Outcome, play_out};

#[test]
fn four_people_agree_whatever_happens_and_nothing_that_was_taken_is_lost() {
    let mut sum = Outcome::default();
    for seed in 0..40 {
        let outcome = std::panic::catch_unwind(|| play_out(seed));
        let outcome = outcome.unwrap_or_else(|_| panic!("again by: cargo xtask simulate --seeds 1 --seed {seed}"));
        assert!(outcome.records > 20, "seed {seed} does next to nothing: {outcome:?}");
        sum = sum + outcome;
    }
    assert!(sum.taken > 40 * 15 && sum.refused_there > 40, "they do next to nothing: {sum:?}");
}

/// A failure is replayed by its seed.
#[test]
fn one_seed_is_one_history() {
    assert_eq!(play_out(7), play_out(7));
    assert_ne!(play_out(7), play_out(8));
}
