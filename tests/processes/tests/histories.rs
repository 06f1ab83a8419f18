//! Histories from fresh seeds, and all that have failed before; many more by `cargo xtask processes`.

use std::io::Write;

use recordplayer_processes::chance::fresh_seed;
use recordplayer_processes::faults::has_strace;
use recordplayer_processes::runs::{Kind, Run, run};

/// Kinds and seeds of the file of those that have failed.
fn past(kind: Kind) -> Vec<(Kind, u64)> {
    let lines = include_str!("../failing_seeds.txt").lines().filter(|line| !line.starts_with('#'));
    let seeds = lines.map(|line| {
        let (name, seed) = line.split_once(' ').expect("a line is KIND SEED");
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).expect("a kind of histories");
        (kind, seed.parse().expect("a seed is a number"))
    });
    seeds.filter(|(of, _)| *of == kind).collect()
}

fn play(kind: Kind, is_enough: impl Fn(&Run) -> bool + Sync) -> Run {
    let seed = fresh_seed();
    // Not `println!`: what a passing test prints that way is swallowed, and this must be seen.
    let _ = writeln!(std::io::stdout(), "{} from seed {seed}", kind.name());
    let run = run(&past(kind), kind, seed, is_enough);
    run.expect_good();
    run
}

#[test]
fn nothing_that_was_promised_is_lost_to_forty_kills() {
    let run = play(Kind::Kills, |run| run.will_have_killed(40));
    assert!(run.sum.promised >= 100, "they do next to nothing: {run:?}");
}

#[test]
fn nothing_that_was_promised_is_lost_to_bad_lines_and_programs_that_stand_still() {
    let run = play(Kind::Lines, |run| run.has_begun(2));
    assert!(run.sum.promised >= 40, "they do next to nothing: {run:?}");
}

#[test]
fn nothing_that_was_promised_is_lost_to_disks_that_fail() {
    let run = play(Kind::Disks, |run| run.has_begun(4));
    assert!(run.sum.disk_failures > 0 || !has_strace(), "no disk fails: {run:?}");
}
