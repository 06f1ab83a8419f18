//! What holds for files: their length, what they name, and what they do not.

use std::fs;
use std::path::{Path, PathBuf};

use recordplayer_tests::workspace_root;

/// The most lines of a file of the core. A longer one holds more than one concept, and is split by phase.
const LINES_MAX: usize = 600;

/// Files of the core that are longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// Folders that hold what machines make, and not what people write.
const MADE: &[&str] = &["target", "node_modules"];

/// Hidden folders that belong to the project; others belong to somebody's tools.
const HIDDEN: &[&str] = &[".cargo", ".ci", ".github"];

/// Where the folders of people and of their machines begin. Written in two parts, so that this file does not name them.
const WORKPLACES: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/work", "space/"),
    concat!(r"C:\Us", r"ers\"),
];

#[test]
fn files_of_the_core_are_short() {
    let mut wrong = Vec::new();
    for file in files_under(&workspace_root().join("core")).into_iter().filter(|file| is_source(file)) {
        let lines = read(&file).map_or(0, |text| text.lines().count());
        let may_be_longer = LONGER.iter().any(|(longer, _)| *longer == shown(&file));
        if lines > LINES_MAX && !may_be_longer {
            wrong.push(format!("{} has {lines} lines: split it by phase", shown(&file)));
        }
        if lines <= LINES_MAX && may_be_longer {
            wrong.push(format!("{} has {lines} lines: take it out of LONGER", shown(&file)));
        }
    }
    assert!(wrong.is_empty(), "files of the core have at most {LINES_MAX} lines:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_program_of_the_server_names_the_kanban_domain() {
    let sources = files_under(&workspace_root().join("sync-server/src"));
    let library = sources.iter().filter(|file| shown(file) != "sync-server/src/main.rs");
    let naming = library.filter(|file| read(file).is_some_and(|text| text.contains("recordplayer_kanban")));
    let naming: Vec<String> = naming.map(|file| shown(file)).collect();
    assert!(naming.is_empty(), "the library of the server takes any domain, but these files name one: {naming:?}");
}

#[test]
fn no_file_names_a_folder_of_a_workplace() {
    let mut wrong = Vec::new();
    for file in files_under(workspace_root()) {
        let Some(text) = read(&file) else { continue };
        let lines = text.lines().enumerate().filter(|(_, line)| names_a_workplace(line));
        wrong.extend(lines.map(|(number, line)| format!("{}:{}: {}", shown(&file), number + 1, line.trim())));
    }
    assert!(wrong.is_empty(), "these lines name a folder that exists on one machine only:\n{}", wrong.join("\n"));
}

fn names_a_workplace(line: &str) -> bool {
    WORKPLACES.iter().any(|workplace| {
        line.match_indices(workplace).any(|(at, _)| {
            // After a name or a brace it is the middle of some other path, or of an address.
            let before = line[..at].chars().next_back();
            before.is_none_or(|before| !before.is_alphanumeric() && !"._-~)}>*".contains(before))
        })
    })
}

#[test]
fn folders_of_workplaces_are_told_from_other_paths() {
    for workplace in WORKPLACES {
        assert!(names_a_workplace(&format!("{workplace}project/file.rs")));
        assert!(names_a_workplace(&format!("file = \"{workplace}project/file.rs\"")));
        assert!(names_a_workplace(&format!("file://{workplace}project/file.rs")));
    }
    for workplace in WORKPLACES {
        assert!(!names_a_workplace(&format!("see docs{workplace}plan.md and https://example.org{workplace}page")));
    }
}

/// Every file below a folder that people write and that belongs to the project, in order.
pub fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read to its end").path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_foreign = name.starts_with('.') && !HIDDEN.contains(&name.as_str()) || MADE.contains(&name.as_str());
        if path.is_dir() && !is_foreign {
            files.extend(files_under(&path));
        } else if path.is_file() && !name.starts_with('.') {
            files.push(path);
        }
    }
    files
}

/// The text of a file, or nothing where it is none.
pub fn read(file: &Path) -> Option<String> {
    String::from_utf8(fs::read(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))).ok()
}

/// A file's path from the workspace's root, with forward slashes.
pub fn shown(file: &Path) -> String {
    file.strip_prefix(workspace_root()).unwrap_or(file).display().to_string().replace('\\', "/")
}

fn is_source(file: &Path) -> bool {
    shown(file).contains("/src/") && file.extension().is_some_and(|extension| extension == "rs")
}
