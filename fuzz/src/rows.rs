//! Rows of the store whose digest is right: nothing says that who wrote them was us.
//!
//! A script is `table (1) ‖ key (bytes) ‖ value`. For the packed log it is what the segment unpacks to.

use recordplayer_store::read_row;

use crate::script::Script;

/// The tables, in the order of a script's numbers.
pub const TABLES: &[&str] =
    &["log", "packed", "spaces", "log_index", "stream_index", "checkpoints", "rows", "texts", "outbox"];
const LEVEL: i32 = 1;

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (number, key, value) = (script.byte(), script.bytes(), script.rest());
    let table = TABLES[usize::from(number) % TABLES.len()];
    // In every second script of the packed log, its content is compressed and its length told as it is.
    let is_packed = table == "packed" && (usize::from(number) / TABLES.len()).is_multiple_of(2);
    let value = if is_packed { packed(value) } else { value.to_vec() };
    match read_row(table, key, &value) {
        Ok(written) => {
            let again = read_row(table, key, &written).expect("what was written is read");
            assert_eq!(again, written, "a row of {table} has one written form");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut value = Vec::new();
    let mut length = content.len();
    while length >= 0x80 {
        value.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    value.push(length as u8);
    value.extend(zstd::bulk::compress(content, LEVEL).expect("memory takes all that is written"));
    value
}
