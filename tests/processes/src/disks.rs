//! Histories of disks that fail: the server's or a command's, from some system call on or once.

use crate::accident::{Mishap, Round};
use crate::chance::Chance;
use crate::faults::DiskError;
use crate::history::Outcome;
use crate::town::Town;

const ROUNDS: u64 = 4;

/// Plays a history out; needs `strace`.
///
/// # Panics
///
/// When something does not hold that was promised.
pub fn play_out(seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut town = Town::new(&mut chance);
    town.expect_failures();
    for _ in 0..ROUNDS {
        let error = DiskError::drawn(&mut chance);
        let mut round = Round::of_work(&mut chance);
        if chance.one_in(2) {
            town.end_server();
            town.tell(format_args!("the server's disk: {error:?}"));
            let around = error.around(town.server.folder().as_ref());
            town.serve_around(&around);
        } else {
            let plan = &mut round.plans[chance.below(2) as usize];
            plan.steps.iter_mut().for_each(|step| step.mishap = Mishap::Disk(error));
        }
        town.play(&round);
        town.serve_anew();
    }
    town.heal();
    let records = town.check();
    let disk_failures = town.disk_failures();
    Outcome { kills: town.kills(), promised: town.ledger.promised(), disk_failures, records }
}
