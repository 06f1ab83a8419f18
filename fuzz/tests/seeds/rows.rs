//! Rows of the store, from its golden file; and segments, which are compressed by the target.

use std::fs;

use recordplayer_fuzz::rows::TABLES;
use recordplayer_fuzz::script::put_bytes;

use crate::{Seed, from_hex, seed, workspace_file};

const DIGEST_BYTES: usize = 8;

pub fn seeds() -> Vec<Seed> {
    let text = fs::read_to_string(workspace_file("core/store/tests/golden/rows.txt")).expect("the golden rows");
    let lines: Vec<&str> = text.lines().collect();
    let mut seeds = Vec::new();
    for (number, row) in lines.chunks_exact(3).enumerate() {
        if TABLES.contains(&row[0]) {
            let (key, value) = (from_hex(row[1]), from_hex(row[2]));
            let script = script(row[0], &key, &value[DIGEST_BYTES..]);
            seeds.push(seed("store_row", format!("{}_{number}", row[0]), script));
        }
    }
    // Two rows, at 7 and at 9.
    let segment = [&[7, 5][..], b"seven", &[9, 4], b"nine"].concat();
    seeds.push(seed("store_row", "packed", script("packed", &9_u64.to_be_bytes(), &segment)));
    let key = [&[1; 16][..], &[1], &5_u64.to_be_bytes()].concat();
    seeds.push(seed("store_row", "outbox", script("outbox", &key, &[3; 40])));
    seeds
}

fn script(table: &str, key: &[u8], value: &[u8]) -> Vec<u8> {
    let number = TABLES.iter().position(|known| *known == table).expect("a table of the store");
    let mut script = vec![number as u8];
    put_bytes(&mut script, key);
    script.extend(value);
    script
}
