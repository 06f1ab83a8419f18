//! Steps with a name and a time, so that a long run says where it is and where it went.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A run of named steps: announces each, measures it, and stops at the first that fails.
#[derive(Debug)]
pub struct Steps {
    started: Instant,
    done: Vec<(&'static str, Duration)>,
    left_out: Vec<&'static str>,
}

impl Steps {
    pub fn begin() -> Steps {
        Steps { started: now(), done: Vec::new(), left_out: Vec::new() }
    }

    /// Runs one step. `repeat` is the command that does the same again, shown before the step and when it fails.
    pub fn step(
        &mut self,
        name: &'static str,
        repeat: &str,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        println!("\n=== {name}: {repeat}");
        let started = now();
        let outcome = work();
        let took = now().duration_since(started);
        self.done.push((name, took));
        match outcome {
            Ok(()) => {
                println!("=== {name}: done in {}", seconds(took));
                Ok(())
            }
            Err(failure) => {
                let took = seconds(took);
                Err(Failure::failed(format!("\n=== {name}: stopped after {took}: {failure}\n=== again: {repeat}")))
            }
        }
    }

    /// Says that a step is left out, and why.
    pub fn leave_out(&mut self, name: &'static str, why: &str) {
        self.left_out.push(name);
        println!("\n=== {name}: left out: {why}");
    }

    /// Prints the time of each step, and of all.
    pub fn print_times(&self) {
        println!("\n=== times");
        for (name, took) in &self.done {
            println!("{:>9}  {name}", seconds(*took));
        }
        for name in &self.left_out {
            println!("{:>9}  {name}", "left out");
        }
        println!("{:>9}  in all", seconds(now().duration_since(self.started)));
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "this is the one clock of xtask, which measures real work")]
fn now() -> Instant {
    Instant::now()
}
