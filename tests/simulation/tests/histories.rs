//! Some histories from seeds; many more by `cargo xtask simulate`.

use std::panic::catch_unwind;

use recordplayer_simulation::{Kind, Outcome};

/// Seeds that have found something once, by the kind of which it was; the table in `docs/reliability.md` tells what.
const FOUND_IN_KANBAN: [u64; 39] = [
    6,
    25,
    98,
    262,
    271,
    311,
    7087,
    4_000_000_001_584,
    30_981_588_365_837,
    81_998_809_443_884,
    119_101_870_974_186,
    187_928_878_368_436,
    210_874_655_888_302,
    233_261_358_586_234,
    245_146_301_231_530,
    597_023_584_519,
    597_023_586_685,
    20_261_129_012_047,
    20_261_129_019_825,
    20_261_129_423_195,
    20_261_129_423_248,
    20_261_129_423_252,
    20_261_129_423_844,
    20_261_129_429_988,
    20_261_129_444_938,
    20_261_129_452_669,
    20_261_129_452_688,
    20_261_129_459_933,
    20_261_129_464_416,
    20_261_129_471_410,
    20_261_129_960_764,
    20_261_130_001_342,
    20_261_130_027_140,
    20_261_130_033_999,
    20_261_130_122_010,
    20_261_202_012_592,
    20_261_204_109_053,
    20_261_204_317_548,
    20_261_204_500_277,
];

const FOUND_IN_SHELVES: [u64; 37] = [
    12,
    218,
    747,
    1006,
    1153,
    1747,
    2434,
    5138,
    7269,
    7637,
    7969,
    57_942_188_424_772,
    172_014_361_721_404,
    172_014_361_721_559,
    213_868_802_371_469,
    20_261_128_140_815,
    81_129_083_002_437,
    81_129_083_027_368,
    81_129_083_030_951,
    20_261_129_700_311,
    20_261_129_700_429,
    20_261_129_700_987,
    20_261_129_701_255,
    20_261_129_707_103,
    20_261_129_904_731,
    20_261_129_907_913,
    20_261_129_911_978,
    20_261_129_912_343,
    20_261_129_932_271,
    7_667_890_646_976,
    16_253_536_795_723,
    16_253_536_796_647,
    16_253_536_796_844,
    16_253_536_797_348,
    16_253_536_798_039,
    10_510_402_901_749,
    20_261_203_006_730,
];

/// As they were found before there were two kinds, or noted without it.
const FOUND_IN_SOME: [u64; 7] = [89, 99, 130, 184, 231, 1917, 193_610_397_106_924];

fn play_out(kind: Kind, seeds: impl IntoIterator<Item = u64>) -> Outcome {
    let mut sum = Outcome::default();
    for seed in seeds {
        let name = kind.name();
        let outcome = catch_unwind(|| kind.play_out(seed));
        let outcome =
            outcome.unwrap_or_else(|_| panic!("again by: cargo xtask simulate --kind {name} --seeds 1 --seed {seed}"));
        assert!(outcome.records > 20, "seed {seed} of {name} does next to nothing: {outcome:?}");
        sum = sum + outcome;
    }
    sum
}

#[test]
fn four_people_agree_whatever_happens_and_nothing_that_was_taken_is_lost() {
    let sum = play_out(Kind::Kanban, (0..30).chain(FOUND_IN_KANBAN).chain(FOUND_IN_SOME));
    assert!(sum.taken > 41 * 15 && sum.refused_there > 41, "they do next to nothing: {sum:?}");
    assert!(sum.disks_failed > 41 && sum.rot_found > 5, "their disks are as good as new: {sum:?}");
    // The product has no older version here.
    assert_all_reached(&sum, &["views remade"]);
}

#[test]
fn every_verdict_is_that_of_a_model_which_knows_nothing_of_records() {
    let sum = play_out(Kind::Shelf, (0..90).chain(FOUND_IN_SHELVES).chain(FOUND_IN_SOME));
    assert!(sum.taken > 71 * 20 && sum.refused_there > 71, "they do next to nothing: {sum:?}");
    assert_all_reached(&sum, &[]);
}

/// What only large spaces do is done in these histories, for some of them have small thresholds.
fn assert_all_reached(sum: &Outcome, except: &[&str]) {
    let each = sum.reached.each().into_iter();
    let missing: Vec<_> = each.filter(|(what, times)| *times == 0 && !except.contains(what)).collect();
    assert!(missing.is_empty(), "{missing:?} in all of these histories: {:?}", sum.reached);
}

/// A failure is replayed by its seed.
#[test]
fn one_seed_is_one_history() {
    for kind in [Kind::Shelf, Kind::Kanban] {
        assert_eq!(kind.play_out(7), kind.play_out(7));
        assert_ne!(kind.play_out(7), kind.play_out(8));
    }
}
