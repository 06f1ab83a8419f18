//! What the tests of the whole product share: where the programs are and how they are driven, and where the
//! real inputs are.
//!
//! Programs and inputs come from outside: `cargo xtask test` builds the programs and names their folder in `RECORDPLAYER_BIN`, and
//! the inputs are files of other people's making that do not lie in this repository (`RECORDPLAYER_INPUTS`).

pub mod stage;

use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the inputs lie when nothing says otherwise, from the workspace's root.
const INPUTS_BESIDE: &str = "../shared/inputs";

/// The path of one of the real inputs, or nothing where the inputs are absent.
///
/// The folder is `RECORDPLAYER_INPUTS`, else `../shared/inputs` beside the workspace. Where it is absent, this says so
/// in a line that `cargo xtask test` counts, and the check that asked returns without having checked anything:
///
/// ```no_run
/// let Some(board) = recordplayer_tests::inputs("trello-wekan-project100.json") else { return };
/// ```
///
/// # Panics
///
/// When `RECORDPLAYER_INPUTS` names no folder, or when the folder is there and does not hold the file: a check must
/// not be left out by a spelling mistake.
pub fn inputs(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("RECORDPLAYER_INPUTS").map(PathBuf::from);
    let file = find_input(named.as_deref(), workspace_root(), name);
    if file.is_none() {
        // Not `println!`: what a passing test prints that way is swallowed, and this must be seen.
        let _ = writeln!(std::io::stdout(), "inputs absent: 1 checks not run");
    }
    file
}

fn find_input(named: Option<&Path>, root: &Path, name: &str) -> Option<PathBuf> {
    let folder = root.join(named.unwrap_or(Path::new(INPUTS_BESIDE)));
    if !folder.is_dir() {
        assert!(named.is_none(), "RECORDPLAYER_INPUTS is not a folder: {}", folder.display());
        return None;
    }
    let file = folder.join(name);
    assert!(file.is_file(), "the folder of inputs holds no {name}: {}", folder.display());
    Some(file)
}

/// The path of one of the product's programs, `recordplayer` or `recordplayer-server`.
///
/// # Panics
///
/// When nobody has built it and said where it is, which is what `cargo xtask test` does.
pub fn binary(name: &str) -> PathBuf {
    let folder = std::env::var_os("RECORDPLAYER_BIN").map(PathBuf::from);
    find_binary(folder.as_deref(), workspace_root(), name)
}

fn find_binary(folder: Option<&Path>, root: &Path, name: &str) -> PathBuf {
    let Some(folder) = folder else {
        panic!(
            "this test needs the program {name}, and RECORDPLAYER_BIN does not say where it is; run cargo xtask test"
        );
    };
    let program = root.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "the program {name} was not built; run cargo xtask test: {}", program.display());
    program
}

/// The folder that holds the workspace's `Cargo.toml`.
pub fn workspace_root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_folder_there_is_no_input() {
        assert_eq!(find_input(None, Path::new("no-such-folder"), "any.json"), None);
    }

    #[test]
    #[should_panic(expected = "RECORDPLAYER_INPUTS is not a folder")]
    fn a_named_folder_must_exist() {
        find_input(Some(Path::new("no-such-folder")), workspace_root(), "any.json");
    }

    #[test]
    #[should_panic(expected = "holds no such-file.json")]
    fn a_folder_must_hold_the_file() {
        find_input(Some(Path::new("tests")), workspace_root(), "such-file.json");
    }

    #[test]
    fn a_named_folder_counts_from_the_root_of_the_workspace() {
        let found = find_input(Some(Path::new("tests")), workspace_root(), "Cargo.toml");
        assert_eq!(found, Some(workspace_root().join("tests/Cargo.toml")));
    }

    #[test]
    #[should_panic(expected = "run cargo xtask test")]
    fn a_program_without_a_folder_names_the_command_to_run() {
        find_binary(None, workspace_root(), "recordplayer");
    }

    #[test]
    #[should_panic(expected = "was not built; run cargo xtask test")]
    fn a_program_that_was_not_built_names_the_command_to_run() {
        find_binary(Some(Path::new("tests")), workspace_root(), "recordplayer");
    }
}
