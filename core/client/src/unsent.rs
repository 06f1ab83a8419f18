//! Work that will never be sent, as a file for its author.

use std::io;
use std::path::Path;
use std::sync::Arc;

use ciborium::Value as Cbor;
use recordplayer::commit::Commit;
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;
use recordplayer::record::Payload;
use recordplayer::replica::OutboxEntry;
use serde_json::{Map, Value, json};

use crate::book::{private_file, sync_folder};
use crate::clock::now;
use crate::inner::Inner;

/// The folder of what will never be sent.
const EXPORTS: &str = "exports";

/// Writes the commands, with the texts that edits made, to a file under `exports` in the device's folder; answers with its path.
pub(crate) fn export(
    folder: &Path,
    space: SpaceId,
    title: &str,
    unsent: &[(OutboxEntry, Option<String>)],
) -> io::Result<String> {
    let entries: Vec<_> = unsent.iter().map(entry_json).collect();
    write(folder, space, &json!({ "project": title, "space": space.to_string(), "unsent": entries }))
}

/// Keeps the files that unsent commands speak of beside that, by their hashes.
pub(crate) fn export_files(inner: &Inner, space: SpaceId, files: &[Hash]) -> io::Result<()> {
    for hash in files {
        if let Some(path) = inner.files.path(space, hash) {
            std::fs::copy(path, inner.folder.join(EXPORTS).join(hash.to_string()))?;
        }
    }
    Ok(())
}

/// Writes what others did, and what the server has lost, to a file beside those; answers with its path.
pub(crate) fn export_of_others(folder: &Path, space: SpaceId, commits: &[Arc<Commit>]) -> io::Result<String> {
    let commands = commits.iter().filter_map(|commit| {
        let command = commit.records.first()?;
        let (content, payload) = match &command.payload {
            Payload::Plain(payload) => (
                ciborium::from_reader::<Cbor, _>(&payload[..]).map_or(Value::Null, readable),
                Value::String(data_encoding::HEXLOWER.encode(payload)),
            ),
            Payload::Erased => (Value::Null, Value::Null),
        };
        Some(json!({
            "record": command.number.0,
            "command": commit.header.command.to_string(),
            "name": &*command.name,
            "stream": command.stream.to_string(),
            "actor": commit.header.actor.to_string(),
            "at_ms": commit.header.time.0,
            "content": content,
            "payload": payload,
        }))
    });
    let content = json!({ "space": space.to_string(), "lost": commands.collect::<Vec<_>>() });
    write(folder, space, &content)
}

fn write(folder: &Path, space: SpaceId, content: &Value) -> io::Result<String> {
    let exports = folder.join(EXPORTS);
    std::fs::create_dir_all(&exports)?;
    let path = exports.join(format!("{space}-{}.json", now().0));
    let file = private_file(&path)?;
    serde_json::to_writer_pretty(&file, content)?;
    file.sync_all()?;
    sync_folder(&path)?;
    Ok(path.display().to_string())
}

/// A command for people, with its words, and for programs, with its payload as it would have been sent.
fn entry_json((entry, text): &(OutboxEntry, Option<String>)) -> Value {
    let content = ciborium::from_reader::<Cbor, _>(&entry.payload[..]).map_or(Value::Null, readable);
    json!({
        "command": entry.command.to_string(),
        "name": &*entry.name,
        "stream": entry.stream.to_string(),
        "made_at_ms": entry.made_at.0,
        "refused": entry.refused.as_ref().map(|refused| &refused.message),
        "content": content,
        "text": text,
        "payload": data_encoding::HEXLOWER.encode(&entry.payload),
    })
}

/// Ids and other bytes as hex; what JSON has no word for is left out, for the payload has it.
fn readable(value: Cbor) -> Value {
    match value {
        Cbor::Text(text) => Value::String(text),
        Cbor::Bytes(bytes) => Value::String(data_encoding::HEXLOWER.encode(&bytes)),
        Cbor::Bool(is) => Value::Bool(is),
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Array(items) => items.into_iter().map(readable).collect(),
        Cbor::Map(entries) => {
            let named = entries.into_iter().filter_map(|(key, value)| Some((key.into_text().ok()?, readable(value))));
            Value::Object(named.collect::<Map<_, _>>())
        }
        _ => Value::Null,
    }
}
