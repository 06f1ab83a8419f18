//! Counts tests by reading what `cargo test` prints.

/// The sums over every test program of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    /// Checks that did not run because their inputs are absent.
    pub inputs_absent: u64,
}

impl Tally {
    /// Takes one line of the output: a test program ends with one `test result:` line, and says in a line of its own, as
    /// often as it happens, how many checks it leaves out because their inputs are absent.
    pub fn read(&mut self, line: &str) {
        if let Some((_, rest)) = line.split_once("inputs absent: ") {
            self.inputs_absent += leading_number(rest).unwrap_or(0);
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
    fn checks_without_inputs_are_summed_wherever_the_line_begins() {
        let mut tally = Tally::default();
        tally.read("inputs absent: 7 checks not run");
        tally.read("test one ... inputs absent: 1 checks not run");
        tally.read("test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        assert_eq!(tally.inputs_absent, 8);
    }
}
