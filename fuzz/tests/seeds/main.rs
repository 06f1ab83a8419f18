//! The inputs that everything began with, made of our own fixtures. `RECORDPLAYER_GOLDEN=write` writes them anew.

mod boards;
mod exports;
mod links;
mod machines;
mod markdown;
mod records;
mod rows;
mod texts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use recordplayer_fuzz::TARGETS;

/// One input: its target, its name among the seeds of that, and its bytes.
#[derive(Clone, Debug)]
pub struct Seed {
    pub target: &'static str,
    pub name: String,
    pub bytes: Vec<u8>,
}

pub fn seed(target: &'static str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Seed {
    Seed { target, name: name.into(), bytes: bytes.into() }
}

/// A file of the workspace.
pub fn workspace_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// Bytes that are written as hex, in as many lines as it takes.
pub fn from_hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    data_encoding::HEXLOWER.decode(digits.as_bytes()).expect("a golden file is hex")
}

fn all() -> Vec<Seed> {
    let links = links::seeds();
    [
        boards::seeds(),
        exports::seeds(),
        links,
        machines::seeds(),
        markdown::seeds(),
        records::seeds(),
        rows::seeds(),
        texts::seeds(),
    ]
    .concat()
}

#[test]
fn the_seeds_of_the_corpus_are_what_they_are_made_of() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (mut made, mut wrong) = (BTreeSet::new(), Vec::new());
    for Seed { target, name, bytes } in all() {
        assert!(TARGETS.iter().any(|known| known.name == target), "there is no target {target:?}");
        let path = corpus.join(target).join(format!("seed-{name}"));
        if std::env::var_os("RECORDPLAYER_GOLDEN").is_some() {
            fs::create_dir_all(corpus.join(target)).expect("the corpus can be written");
            fs::write(&path, &bytes).expect("the corpus can be written");
        }
        if fs::read(&path).ok().as_ref() != Some(&bytes) {
            wrong.push(path.display().to_string());
        }
        assert!(made.insert(path), "two seeds of {target} have the name {name}");
    }
    for target in TARGETS {
        let entries = fs::read_dir(corpus.join(target.name)).expect("each target has a corpus");
        let paths = entries.map(|entry| entry.expect("a folder can be read to its end").path());
        let is_seed = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-"));
        let stale = paths.filter(is_seed).filter(|path| !made.contains(path));
        wrong.extend(stale.map(|path| path.display().to_string()));
    }
    assert!(wrong.is_empty(), "RECORDPLAYER_GOLDEN=write makes these anew, or take them away: {wrong:#?}");
}
