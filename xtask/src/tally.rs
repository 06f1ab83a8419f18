//! Counts tests by reading what `cargo test` prints.

use std::collections::BTreeMap;

/// The sums over every test program of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    /// Checks that did not run, by what they lack: `inputs`, `strace`, `tmpfs`.
    pub absent: BTreeMap<String, u64>,
}

impl Tally {
    /// Takes one line of the output: a test program ends with one `test result:` line, and says in a line of its own, as
    /// often as it happens, how many checks it leaves out because something is absent.
    pub fn read(&mut self, line: &str) {
        if let Some((what, checks)) = left_out(line) {
            *self.absent.entry(what.to_owned()).or_default() += checks;
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split([';', '.']) {
            let part = part.trim();
            let count = leading_number(part).unwrap_or(0);
            if part.ends_with(" passed") {
                self.passed += count;
            } else if part.ends_with(" failed") {
                self.failed += count;
            }
        }
    }
}

impl Tally {
    /// How many checks did not run, whatever they lack.
    pub fn not_run(&self) -> u64 {
        self.absent.values().sum()
    }
}

/// What a line says is absent, and how many checks did not run for it: `strace absent: 1 checks not run`.
fn left_out(line: &str) -> Option<(&str, u64)> {
    let (before, rest) = line.split_once(" absent: ")?;
    let checks = rest.trim_end().strip_suffix(" checks not run")?.parse().ok()?;
    Some((before.rsplit(' ').next()?, checks))
}

fn leading_number(text: &str) -> Option<u64> {
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_are_summed() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.52s");
        tally.read("test some::test ... ok");
        tally.read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s");
        assert_eq!((tally.passed, tally.failed), (15, 2));
    }

    #[test]
    fn checks_that_did_not_run_are_summed_by_what_they_lack_wherever_the_line_begins() {
        let mut tally = Tally::default();
        tally.read("inputs absent: 7 checks not run");
        tally.read("test one ... inputs absent: 1 checks not run");
        tally.read("test two ... strace absent: 2 checks not run");
        tally.read("tmpfs absent: 1 checks not run");
        tally.read("the file absent: 3 bytes");
        tally.read("test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        let absent: Vec<_> = tally.absent.iter().map(|(what, checks)| (what.as_str(), *checks)).collect();
        assert_eq!(absent, [("inputs", 8), ("strace", 2), ("tmpfs", 1)]);
        assert_eq!(tally.not_run(), 11);
    }
}
