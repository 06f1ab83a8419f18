//! Frames, commits, records and payloads: from the golden files of the formats, and from a project that has lived a little.

use std::fs;

use recordplayer::commit::Commit;
use recordplayer::protocol::SnapshotRow;
use recordplayer::record::{Payload, RecordKind};
use recordplayer_fuzz::project::lived_log;
use recordplayer_fuzz::records::KINDS;
use recordplayer_fuzz::replica::honest_rows;
use recordplayer_fuzz::script::{put_bytes, put_text};

use crate::{Seed, from_hex, seed, workspace_file};

pub fn seeds() -> Vec<Seed> {
    let log = lived_log();
    let mut seeds = golden();
    seeds.extend(payloads(&log));
    seeds.extend(records(&log));
    seeds.extend(models(&log));
    seeds.push(seed("words", "id", "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0"));
    seeds.push(seed("words", "stream", "card/d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0"));
    for (name, text) in [
        ("name", "card.moved_to"),
        ("card", "REC-12"),
        ("provisional", "rec-~7F3A"),
        ("address", " http://Example.org:7717/ "),
        ("address_of_six", "ws://[::1]:9"),
        ("encrypted", "https://example.org"),
        ("login", "http://u:p@a"),
    ] {
        seeds.push(seed("words", name, text));
    }
    seeds
}

fn golden() -> Vec<Seed> {
    let folder = workspace_file("core/recordplayer/tests/golden");
    let entries = fs::read_dir(&folder).expect("the golden files of the formats");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a folder can be read to its end").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let read = |name: &str| from_hex(&fs::read_to_string(folder.join(name)).expect("a golden file is text"));
    let of = |name: &str| match name.strip_suffix(".hex")?.split_once('.') {
        Some(("client", frame)) => Some(seed("client_frame", frame, read(name))),
        Some(("server", frame)) => Some(seed("server_frame", frame, read(name))),
        Some(_) => None,
        None => Some(seed("commit", "golden", commit_script(&read(name)))),
    };
    names.iter().filter_map(|name| of(name)).collect()
}

/// No byte is changed, but one is there to be.
fn commit_script(commit: &[u8]) -> Vec<u8> {
    [&[7, 0, 0x40], commit].concat()
}

fn payloads(log: &[Commit]) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (number, commit) in log.iter().enumerate() {
        if commit.is_refusal() || number % 4 == 0 {
            seeds.push(seed("commit", format!("lived_{number:02}"), commit_script(&commit.bytes)));
        }
        if let (0, Payload::Plain(payload)) = (number % 5, &commit.records[0].payload) {
            seeds.push(seed("payload", format!("lived_{number:02}"), &**payload));
        }
    }
    // {"a": [1, -1, null, true, h'00'], "b": {}}
    seeds.push(seed("payload", "each_kind", from_hex("a2616185 01 20 f6 f5 4100 6162 a0")));
    seeds
}

/// For each kind of entity everything that happened to one of its kind, first the commands and then the events.
fn records(log: &[Commit]) -> Vec<Seed> {
    let of_kind = |(number, kind): (usize, &&'static str)| {
        let mut script = Vec::new();
        let all = log.iter().flat_map(|commit| &commit.records).filter(|record| *record.stream.kind == **kind);
        let (commands, events): (Vec<_>, Vec<_>) = all
            .filter(|record| record.kind != RecordKind::Response)
            .partition(|record| record.kind == RecordKind::Command);
        for record in commands.into_iter().chain(events) {
            if let Payload::Plain(payload) = &record.payload {
                script.push(number as u8);
                put_text(&mut script, record.variant());
                put_bytes(&mut script, payload);
            }
        }
        seed("record", *kind, script)
    };
    KINDS.iter().enumerate().map(of_kind).collect()
}

/// Each row of a snapshot, and the last thing that happened to such an entity on top.
fn models(log: &[Commit]) -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    for row in honest_rows() {
        let (kind, name, state) = match &row {
            SnapshotRow::Model { stream, bytes, .. } => (&*stream.kind, stream.kind.to_string(), bytes),
            SnapshotRow::View { view, bytes, .. } => ("", format!("view_{}", view.name), bytes),
            SnapshotRow::Replica { .. }
            | SnapshotRow::Newer { .. }
            | SnapshotRow::Text { .. }
            | SnapshotRow::More { .. } => continue,
        };
        let number = KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len());
        let mut script = vec![number as u8];
        put_bytes(&mut script, &view_state(&row, state));
        let events = log.iter().flat_map(Commit::events).filter(|record| *record.stream.kind == *kind);
        if let Some(record) = events.last()
            && let Payload::Plain(payload) = &record.payload
        {
            put_text(&mut script, record.variant());
            put_bytes(&mut script, payload);
        }
        if seeds.iter().all(|seed| seed.name != name) {
            seeds.push(seed("model", name, script));
        }
    }
    seeds
}

/// A row of a view holds its members, too: its state alone is what a view reads.
fn view_state(row: &SnapshotRow, bytes: &[u8]) -> Vec<u8> {
    let SnapshotRow::View { .. } = row else { return bytes.to_vec() };
    let value: ciborium::Value = ciborium::from_reader(bytes).expect("a row of a view is CBOR");
    let parts = value.into_array().expect("a row of a view is a pair");
    parts[1].as_bytes().expect("a state is bytes").clone()
}
