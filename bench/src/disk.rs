//! What the disk can do, and what a record takes on it.

use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use recordplayer::storage::{Append, Store, Write as StoreWrite};
use recordplayer_store::RedbStore;

use crate::Outcome;
use crate::clock::now;
use crate::hydrate::{Made, made_commits};
use crate::line::SPACE;
use crate::report::Row;
use crate::size::Size;

/// Commits of one transaction.
const GROUP: usize = 256;

pub fn measure(size: &Size) -> Outcome {
    let mut rows = vec![Row::new("append of 4 KiB and fdatasync (probe)", probe(size.time)?, "appends/s")];
    rows.extend(records(size)?);
    Ok(rows)
}

fn probe(time: Duration) -> Result<f64, Box<dyn std::error::Error>> {
    let mut file = tempfile::tempfile()?;
    file.seek(SeekFrom::Start(0))?;
    let (began, mut count) = (now(), 0_u64);
    while began.elapsed() < time {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn records(size: &Size) -> Outcome {
    // So many that most of them lie far behind the end.
    let made = made_commits(&Size { commits: 5 * size.commits, ..*size })?;
    let encoded: usize = made.commits.iter().map(|commit| commit.bytes.len()).sum();
    let encoded = encoded as f64 / made.records as f64;
    let busy = written(&made, false)?;
    let quiet = written(&made, true)?;
    Ok(vec![
        Row::new("bytes on disk per record", busy.bytes_per_record, "bytes").beside(encoded),
        Row::new("bytes on disk per record, packed between groups", quiet.bytes_per_record, "bytes").beside(encoded),
        Row::new("durable records, 256 commits a group", busy.records_per_s, "records/s"),
    ])
}

struct OnDisk {
    bytes_per_record: f64,
    records_per_s: f64,
}

/// Writes the commits, in groups; a quiet store has the time to pack what lies far behind between two of them.
fn written(made: &Made, is_quiet: bool) -> Result<OnDisk, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let mut store = RedbStore::open(&path)?;
    let empty = std::fs::metadata(&path)?.len();
    let began = now();
    let mut expected = recordplayer::commit::Head::START;
    for group in made.commits.chunks(GROUP) {
        let append = Append::new(SPACE, 1, expected, group.iter().map(Arc::clone).collect());
        let written = store.write(vec![StoreWrite::Append(append)]);
        expected = match written.as_slice() {
            [recordplayer::storage::Written::Durable(head)] => *head,
            other => return Err(format!("the store answers {other:?}").into()),
        };
        while is_quiet && store.tidy() {}
    }
    let records_per_s = made.records as f64 / began.elapsed().as_secs_f64();
    drop(store);
    let bytes = std::fs::metadata(&path)?.len().saturating_sub(empty) as f64;
    Ok(OnDisk { bytes_per_record: bytes / made.records as f64, records_per_s })
}
