//! The framework and the kanban domain run anywhere: they are given time, randomness and bytes, and reach for nothing.

use recordplayer_tests::workspace_root;

use crate::metadata::METADATA;
use crate::sources::{files_under, read, shown};

/// The crates without I/O, and their sources.
const SANS_IO: &[(&str, &str)] =
    &[("recordplayer", "core/recordplayer/src"), ("recordplayer-kanban", "core/kanban/src")];

/// Crates whose whole purpose is sockets, files, threads or the time.
const IO_CRATES: &[&str] = &[
    "async-io",
    "async-std",
    "directories",
    "fd-lock",
    "hyper",
    "memmap2",
    "mio",
    "redb",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "tokio-tungstenite",
    "tungstenite",
    "ureq",
];

/// Modules of the standard library that reach outside, and what stands in their place.
const IO_MODULES: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

/// Names that reach outside from modules that are harmless otherwise.
const IO_NAMES: &[&str] = &["stdin", "stdout", "stderr", "print", "println", "eprint", "eprintln", "dbg"];

/// The test kit runs inside tests only, and without I/O as well; but it may print.
const TEST_KIT: &str = "core/recordplayer/src/testing/";
const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln"];

#[test]
fn crates_without_io_depend_on_no_crate_that_does_io() {
    for (name, _) in SANS_IO {
        let built_with = METADATA.built_with(name);
        let io: Vec<_> = IO_CRATES.iter().filter(|io| built_with.contains(*io)).collect();
        assert!(io.is_empty(), "{name} is built with crates that do I/O: {io:?}; see cargo tree -p {name} -i CRATE");
    }
}

#[test]
fn crates_without_io_reach_for_nothing_in_the_standard_library() {
    let mut wrong = Vec::new();
    for (_, folder) in SANS_IO {
        let files = files_under(&workspace_root().join(folder));
        for file in files.into_iter().filter(|file| !is_test(&shown(file))) {
            let Some(source) = read(&file) else { continue };
            let may_print = shown(&file).starts_with(TEST_KIT);
            let reaches = reaches(&source).into_iter().filter(|what| !may_print || !PRINTING.contains(&what.as_str()));
            wrong.extend(reaches.map(|what| format!("{} uses {what}", shown(&file))));
        }
    }
    assert!(wrong.is_empty(), "files without I/O reach outside:\n{}", wrong.join("\n"));
}

/// Whether a file holds only tests. Those may read what they check.
fn is_test(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("/tests.rs")
}

/// What a source text uses of the modules and names that reach outside.
fn reaches(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).copied();
        if *token == "std" && next == Some("::") {
            let modules = first_segments(&tokens[at + 2..]).into_iter().filter(|module| IO_MODULES.contains(module));
            found.extend(modules.map(|module| format!("std::{module}")));
        } else if IO_NAMES.contains(token) && matches!(next, Some("!" | "(" | "," | ";" | "}")) {
            found.push((*token).to_owned());
        }
    }
    found
}

/// The names right after `std::`: one, or those of the braces that follow.
fn first_segments<'a>(after: &[&'a str]) -> Vec<&'a str> {
    if after.first() != Some(&"{") {
        return after.first().copied().into_iter().collect();
    }
    let (mut segments, mut depth, mut begins) = (Vec::new(), 0, false);
    for token in after {
        match *token {
            "{" => depth += 1,
            "}" => depth -= 1,
            name if begins && depth == 1 => segments.push(name),
            _ => {}
        }
        if depth == 0 {
            break;
        }
        begins = matches!(*token, "{" | ",");
    }
    segments
}

/// Names, `::` and single other characters, without line comments and white space.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for line in source.lines() {
        let mut rest = line.split("//").next().unwrap_or_default().trim_start();
        while let Some(first) = rest.chars().next() {
            let is_name = |character: char| character.is_alphanumeric() || character == '_';
            let length = match first {
                _ if is_name(first) => rest.find(|character| !is_name(character)).unwrap_or(rest.len()),
                _ if rest.starts_with("::") => 2,
                other => other.len_utf8(),
            };
            let (token, after) = rest.split_at(length);
            tokens.push(token);
            rest = after.trim_start();
        }
    }
    tokens
}

#[test]
fn reaching_outside_is_seen_however_it_is_written() {
    assert_eq!(reaches("let all = std::fs::read(path);"), ["std::fs"]);
    assert_eq!(
        reaches("use std::{\n    collections::{BTreeMap, fs_like},\n    net::TcpStream, thread,\n};"),
        ["std::net", "std::thread"]
    );
    assert_eq!(reaches("println!(\"{card}\"); std::io::stdout().flush();"), ["println", "stdout"]);
    assert!(reaches("use std::collections::BTreeMap; // never std::fs\nlet process = state.process();").is_empty());
}
