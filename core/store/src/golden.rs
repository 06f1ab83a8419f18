//! The encodings of keys and values as they stand in files, kept as hex in `tests/golden`: what changes them breaks every file there is.

use std::fmt::Write as _;
use std::sync::Arc;

use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::{Id, ReplicaId, SpaceId};
use recordplayer::name::Name;
use recordplayer::record::{Position, StreamId};
use recordplayer::storage::{Checkpoint, Gap, Row, RowKey, TextKey, TextRow};
use recordplayer::testing::conformance::History;
use recordplayer::view::{Key, ViewKey};

use crate::encoding::seal;
use crate::postings::{LOG_POSTINGS, STREAM_POSTINGS};
use crate::rows::{
    decode_checkpoint, decode_log, decode_row, decode_text, encode_checkpoint, encode_log, encode_row, encode_text,
};
use crate::space::SpaceEntry;
use crate::tables::{
    CHECKPOINTS, LOG, LOG_INDEX, LocalSpace, META, META_INDEXED_TO, ROWS, SPACES, STREAM_INDEX, TEXTS, parse_row_key,
    parse_text_key, row_key, stream_prefix, text_prefix, with_number,
};

const GOLDEN: &str = include_str!("../tests/golden/rows.txt");

fn head(position: u64) -> Head {
    Head { position: Position(position), hash: Hash([0xaa; 32]) }
}

/// One row of each table: its name, its key, its sealed value.
fn rows() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let space = LocalSpace(300);
    let stream = StreamId { kind: Name::of("card"), id: Id([0x11; 16]) };
    let text = TextKey { stream: stream.clone(), field: Name::of("description") };
    let commit = History::new(1).commit(&[2]);
    let entry = SpaceEntry {
        epoch: 2,
        head: head(500),
        gap: Some(Gap { lower: head(7), base: head(400) }),
        ..SpaceEntry::new(space, 1_000)
    };
    let (replica, newer) = (RowKey::Replica(ReplicaId(Id([0x33; 16]))), RowKey::Newer(stream.clone()));
    let model = RowKey::Model(stream.clone());
    let view = RowKey::View(ViewKey { name: Name::of("board"), key: Key::text("ä") });
    let row = Row { head: head(200), version: 3, bytes: Arc::from(&b"state"[..]) };
    let checkpoint = Checkpoint { epoch: 2, head: head(200), meta: Arc::from(&b"meta"[..]) };
    let change = TextRow { index: 9, is_base: false, bytes: Arc::from(&b"change"[..]) };
    let base = TextRow { index: 8, is_base: true, bytes: Arc::from(&b"base base base base"[..]) };
    let global = 77_u64.to_be_bytes().to_vec();

    assert_eq!(decode_log(&encode_log(space, &commit, true)).unwrap().bytes, commit.bytes);
    assert_eq!(decode_row(&encode_row(&row)).as_ref(), Ok(&row));
    assert_eq!(decode_checkpoint(&encode_checkpoint(&checkpoint)).as_ref(), Ok(&checkpoint));
    assert_eq!(decode_text(9, &encode_text(&change)).as_ref(), Ok(&change));
    assert_eq!(decode_text(8, &encode_text(&base)).as_ref(), Ok(&base));
    for key in [&replica, &newer, &model, &view] {
        assert_eq!(parse_row_key(&row_key(space, key)).as_ref(), Ok(key));
    }
    assert_eq!(parse_text_key(&with_number(&text_prefix(space, &text), 9)), Ok((text.clone(), 9)));
    assert_eq!(SpaceEntry::decode(&entry.encode()).unwrap().gap, entry.gap);

    vec![
        (META, META_INDEXED_TO.to_vec(), 77_u64.to_be_bytes().to_vec()),
        (LOG, global, encode_log(space, &commit, false)),
        (SPACES, SpaceId(Id([1; 16])).bytes().to_vec(), entry.encode()),
        (LOG_INDEX, with_number(&space.key(), 5), LOG_POSTINGS.encode(&[(5, 70), (8, 71), (300, 9)])),
        (STREAM_INDEX, with_number(&stream_prefix(space, &stream), 5), STREAM_POSTINGS.encode(&[(5, 0), (300, 0)])),
        (CHECKPOINTS, space.key().to_vec(), encode_checkpoint(&checkpoint)),
        (ROWS, row_key(space, &replica), encode_row(&row)),
        (ROWS, row_key(space, &newer), encode_row(&row)),
        (ROWS, row_key(space, &model), encode_row(&row)),
        (ROWS, row_key(space, &view), encode_row(&row)),
        (TEXTS, with_number(&text_prefix(space, &text), 9), encode_text(&change)),
        (TEXTS, with_number(&text_prefix(space, &text), 8), encode_text(&base)),
    ]
}

#[test]
fn rows_stand_in_files_as_they_always_did() {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let mut found = String::new();
    for (table, key, value) in rows() {
        writeln!(found, "{table}\n  {}\n  {}", hex(&key), hex(&seal(table, &key, &value))).unwrap();
    }
    // To accept a new format before 0.1.0 is tagged: put what this prints into the file.
    assert_eq!(found, GOLDEN, "found:\n{found}");
}
