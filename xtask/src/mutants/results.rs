//! What is known of the mutants of a package, kept in its folder from run to run, so that a run goes on where the one before was stopped.
//!
//! ```text
//!  known/{caught,timeout,missed,unviable}.txt ◄── gathered from ── mutants.out/…txt, which the next run of cargo-mutants clears
//!         └── what need not be tried ──► mutants.out/previously_caught.txt ──► cargo mutants --iterate
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Names of mutants, each with its file and line, by what became of them.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub caught: BTreeSet<String>,
    /// A test did not end in its time: it has noticed, too.
    pub timeout: BTreeSet<String>,
    pub missed: BTreeSet<String>,
    pub unviable: BTreeSet<String>,
}

impl Results {
    /// What was known before, and what the last run has found since, be it that it was stopped.
    pub fn gather(folder: &Path) -> Result<Self, Failure> {
        let mut results = Self::read(&known(folder))?;
        let found = Self::read(&folder.join("mutants.out"))?;
        for (_, names) in found.lists() {
            results.forget(names);
        }
        results.add(found);
        results.write(&known(folder))?;
        Ok(results)
    }

    /// Of these, what concerns mutants that there still are.
    pub fn of(mut self, mutants: &BTreeSet<String>) -> Self {
        self.lists_mut().for_each(|(_, names)| names.retain(|name| mutants.contains(name)));
        self
    }

    pub fn add(&mut self, other: Self) {
        let Self { caught, timeout, missed, unviable } = other;
        self.caught.extend(caught);
        self.timeout.extend(timeout);
        self.missed.extend(missed);
        self.unviable.extend(unviable);
    }

    /// Those that can be built, and were tried.
    pub fn viable(&self) -> usize {
        self.noticed() + self.missed.len()
    }

    /// Those that a test has noticed.
    pub fn noticed(&self) -> usize {
        self.caught.len() + self.timeout.len()
    }

    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.lists().into_iter().flat_map(|(_, names)| names)
    }

    fn forget(&mut self, tried_again: &BTreeSet<String>) {
        self.lists_mut().for_each(|(_, names)| names.retain(|name| !tried_again.contains(name)));
    }

    fn read(folder: &Path) -> Result<Self, Failure> {
        let mut results = Self::default();
        for (file, names) in results.lists_mut() {
            *names = lines(&folder.join(file))?;
        }
        Ok(results)
    }

    fn write(&self, folder: &Path) -> Result<(), Failure> {
        fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        for (file, names) in self.lists() {
            put_lines(&folder.join(file), names)?;
        }
        Ok(())
    }

    fn lists(&self) -> [(&'static str, &BTreeSet<String>); 4] {
        let Self { caught, timeout, missed, unviable } = self;
        [("caught.txt", caught), ("timeout.txt", timeout), ("missed.txt", missed), ("unviable.txt", unviable)]
    }

    fn lists_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut BTreeSet<String>)> {
        let Self { caught, timeout, missed, unviable } = self;
        [("caught.txt", caught), ("timeout.txt", timeout), ("missed.txt", missed), ("unviable.txt", unviable)]
            .into_iter()
    }
}

/// Begins anew: nothing is known.
pub(super) fn forget(folder: &Path) -> Result<(), Failure> {
    for folder in [known(folder), folder.join("mutants.out")] {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&folder, &error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Lets the next `cargo mutants --iterate` pass these over.
pub(super) fn pass_over<'a>(folder: &Path, names: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    let last = folder.join("mutants.out");
    fs::create_dir_all(&last).map_err(|error| cannot_write(&last, &error))?;
    // It passes over what stands in these as well.
    for file in ["caught.txt", "unviable.txt"] {
        put_lines(&last.join(file), [])?;
    }
    put_lines(&last.join("previously_caught.txt"), names)
}

fn known(folder: &Path) -> PathBuf {
    folder.join("known")
}

fn lines(path: &Path) -> Result<BTreeSet<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
    }
}

fn put_lines<'a>(path: &Path, lines: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
    let text: String = lines.into_iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    fs::write(path, text).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// A folder of the test's own, empty.
    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("recordplayer-xtask-{}-{test}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join("mutants.out")).expect("a folder can be made");
        folder
    }

    #[test]
    fn what_a_stopped_run_has_found_is_known_in_the_next_one() {
        let folder = folder("stopped");
        let last = folder.join("mutants.out");
        put_lines(&last.join("caught.txt"), &names(&["a:1", "b:2"])).expect("a file can be written");
        put_lines(&last.join("missed.txt"), &names(&["c:3"])).expect("a file can be written");
        let known = Results::gather(&folder).expect("what was found can be read");
        assert_eq!((known.caught.len(), known.missed.len(), known.viable()), (2, 1, 3));

        pass_over(&folder, known.all()).expect("a file can be written");
        let passed_over = lines(&last.join("previously_caught.txt")).expect("a file can be read");
        assert_eq!(passed_over, names(&["a:1", "b:2", "c:3"]));

        // As cargo-mutants does: the folder of the run before goes, and what is missed is tried once more.
        fs::remove_dir_all(&last).expect("a folder can be taken away");
        fs::create_dir_all(&last).expect("a folder can be made");
        put_lines(&last.join("caught.txt"), &names(&["c:3"])).expect("a file can be written");
        put_lines(&last.join("timeout.txt"), &names(&["d:4"])).expect("a file can be written");
        let known = Results::gather(&folder).expect("what was found can be read");
        assert_eq!((&known.caught, &known.timeout), (&names(&["a:1", "b:2", "c:3"]), &names(&["d:4"])));
        assert_eq!(known.missed, names(&[]), "it is caught now");
        let of_today = known.of(&names(&["a:1", "d:4"]));
        assert_eq!((of_today.noticed(), of_today.viable()), (2, 2), "the others are no mutants any more");
        drop(fs::remove_dir_all(&folder));
    }
}
