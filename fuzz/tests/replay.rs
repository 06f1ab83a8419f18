//! Every input of the corpus goes through its target, and so do some that are made of it.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer_fuzz::{TARGETS, Target};

/// What is made of the corpus is made the same way each time, and once more in a new way.
const FIXED_SEED: u64 = 1;
/// Larger ones only take longer.
const MADE_BYTES_MAX: usize = 8 * 1024;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The names in a folder, without their endings.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    entries.map(|entry| stem(&entry.expect("a folder can be read to its end").path())).collect()
}

/// The inputs of a target, in the order of their names.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("corpus").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read to its end").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a file of the corpus can be read"))).collect()
}

fn holds(target: &Target, bytes: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_ok()
}

/// The command that gives an input to its target again.
fn again(target: &Target, path: &Path) -> String {
    format!("again: cargo run --package recordplayer-fuzz -- {} {}", target.name, path.display())
}

#[test]
fn each_target_has_a_corpus_and_a_program_of_libfuzzer_and_nothing_else_has() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&folder("corpus")), targets, "a folder of corpus/ for each target");
    assert_eq!(names(&folder("libfuzzer/fuzz_targets")), targets, "a file of libfuzzer/fuzz_targets/ for each target");
    let manifest = fs::read_to_string(folder("libfuzzer/Cargo.toml")).expect("the manifest of libfuzzer/");
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let programs = manifest["bin"].as_array().expect("programs are a list").iter();
    let programs: BTreeSet<String> = programs.filter_map(|bin| bin["name"].as_str().map(str::to_owned)).collect();
    assert_eq!(programs, targets, "a program of libfuzzer/Cargo.toml for each target");
    for target in TARGETS {
        assert!(!corpus(target).is_empty(), "the corpus of {} is empty", target.name);
    }
}

#[test]
fn every_input_of_the_corpus_holds() {
    for target in TARGETS {
        for (path, bytes) in corpus(target) {
            assert!(holds(target, &bytes), "{}", again(target, &path));
        }
    }
}

#[test]
fn what_is_made_of_the_corpus_holds() {
    let fresh_seed = getrandom::u64().expect("the system has randomness");
    for target in TARGETS {
        let corpus: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, bytes)| bytes).collect();
        for seed in [FIXED_SEED, fresh_seed] {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..inputs_of(target) {
                let bytes = made(&mut rng, &corpus);
                if !holds(target, &bytes) {
                    let path = folder("artifacts").join(target.name).join(format!("from-seed-{seed}"));
                    fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("artifacts can be kept");
                    fs::write(&path, bytes).expect("artifacts can be kept");
                    panic!("{}", again(target, &path));
                }
            }
        }
    }
}

/// How many inputs are made: all of them together take some seconds.
fn inputs_of(target: &Target) -> usize {
    match target.name {
        "store_file" | "outbox_file" => 15,
        "replica" | "space" => 40,
        "markdown" => 50,
        "github" | "jira" | "table" | "trello" | "trello_comments" | "text_change" | "text_base" | "thin_view" => 100,
        _ => 500,
    }
}

/// An input like one of the corpus.
fn made(rng: &mut ChaCha8Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[rng.random_range(0..corpus.len())].clone();
    for _ in 0..rng.random_range(1..8) {
        let at = rng.random_range(0..=bytes.len());
        let count = rng.random_range(0..=(bytes.len() - at).min(64));
        match rng.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][rng.random_range(0..6)],
            2 => drop(bytes.drain(at..at + count)),
            3 => drop(bytes.splice(at..at, (0..rng.random_range(0..16)).map(|_| rng.random()).collect::<Vec<u8>>())),
            4 => {
                let part = bytes[at..at + count].to_vec();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, part);
            }
            5 => {
                let other = &corpus[rng.random_range(0..corpus.len())];
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => bytes.iter_mut().skip(at).take(count.min(8)).for_each(|byte| *byte = rng.random()),
        }
    }
    bytes.truncate(MADE_BYTES_MAX);
    bytes
}
