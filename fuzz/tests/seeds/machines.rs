//! Scripts for machines and files: some that do one thing after the other, and some that nobody has thought of.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Seed, seed};

/// Long enough that something comes of it.
const SCRIPT_BYTES: usize = 240;
const OF_EACH: u64 = 6;

pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for target in ["space", "replica", "thin_view", "store_file", "outbox_file"] {
        let length = if target.ends_with("_file") { 36 } else { SCRIPT_BYTES };
        for number in 0..OF_EACH {
            let mut bytes = vec![0; length];
            ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut bytes);
            bytes[0] = number as u8;
            seeds.push(seed(target, format!("any_{number}"), bytes));
        }
    }
    // A store is an older copy, and somebody brings back what it lacks: all of it, with what took something out, or only some of it; then its time is
    // over, and people go on.
    for (name, count, with_redaction) in [("restored", 15, 1), ("restored_in_part", 5, 0)] {
        let restored = [1, 0, 19, 1];
        let offered = [0, 21, 20, 7, 1];
        let brought = [0, 22, 0, count, 0xff, with_redaction];
        let over = [0, 14, 0xff];
        let mut bytes = [&restored[..], &offered, &brought, &offered, &brought, &over].concat();
        let from = bytes.len();
        bytes.resize(SCRIPT_BYTES, 0);
        ChaCha8Rng::seed_from_u64(u64::from(count)).fill_bytes(&mut bytes[from..]);
        seeds.push(seed("space", name, bytes));
    }
    // One flipped bit, far behind the header; a sector of zeros; a file cut short; a block in another one's place.
    for (name, change) in [
        ("bit", [0, 0x10, 0x90, 0, 0, 4]),
        ("sector", [1, 0, 0xa0, 0, 0, 0]),
        ("cut", [2, 0, 0xc0, 0, 0, 0]),
        ("swap", [4, 0, 0xa0, 0, 3, 0]),
        ("state", [0, 0, 2, 0, 0, 1]),
    ] {
        seeds.push(seed("store_file", name, change));
        seeds.push(seed("outbox_file", name, change));
    }
    seeds
}
