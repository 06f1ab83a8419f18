//! A program that runs: what it says, its end, and the signals that end or stop it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::clock::{PATIENCE, now};

/// The path of one of the product's programs, in the folder that `RECORDPLAYER_BIN` names.
///
/// # Panics
///
/// When nobody has built it and said where it is, which is what `cargo xtask test` does.
pub fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("RECORDPLAYER_BIN").map(PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| panic!("RECORDPLAYER_BIN does not say where {name} is; run cargo xtask test"));
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = tests.ancestors().nth(2).unwrap_or(tests);
    let program = root.join(folder).join(name);
    assert!(program.is_file(), "the program {name} was not built; run cargo xtask test: {}", program.display());
    program
}

/// What stands around a program when it is started.
#[derive(Clone, Debug, Default)]
pub enum Around {
    #[default]
    Nothing,
    /// `strace` with these arguments lets one of its system calls fail, or kills it at one.
    Strace(Vec<String>),
    /// None of its files may become larger than so many bytes.
    FileBytesMax(u64),
}

impl Around {
    fn command(&self, program: &Path) -> Command {
        match self {
            Self::Nothing => Command::new(program),
            Self::Strace(arguments) => {
                let mut command = Command::new("strace");
                // As a grandchild: the program stays this process's child, and its end is the program's own.
                command.args(["-D", "-f", "-qq", "-o", "/dev/null"]).args(arguments).arg(program);
                command
            }
            Self::FileBytesMax(bytes) => {
                // The signal would end it; without, the write fails, as on a full disk.
                let mut command = Command::new("env");
                command.args(["--ignore-signal=XFSZ", "prlimit"]).arg(format!("--fsize={bytes}")).arg(program);
                command
            }
        }
    }
}

/// A program that runs; killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    what: String,
    lines: Receiver<String>,
    is_stopped: bool,
    ended: bool,
}

/// How a program ended.
#[derive(Clone, Debug)]
pub struct End {
    pub what: String,
    /// Nothing where a signal ended it.
    pub code: Option<i32>,
    pub was_killed: bool,
    pub lines: Vec<String>,
}

impl End {
    /// The last whole JSON object of what it said.
    pub fn json(&self) -> Value {
        self.lines.iter().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null)
    }
}

impl Process {
    /// Starts a program with nothing of the person who runs this; what it says to people goes to the end of `stderr`.
    pub fn start(name: &str, arguments: &[&str], around: &Around, stderr: &Path) -> Self {
        let what = format!("{name} {}", arguments.join(" "));
        let log = OpenOptions::new().create(true).append(true).open(stderr);
        let log = log.unwrap_or_else(|error| panic!("{}: {error}", stderr.display()));
        let mut command = around.command(&program(name));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("RUST_BACKTRACE", "0").env("NO_COLOR", "1");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{what} cannot be started: {error}"));
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (line, lines) = channel();
        std::thread::spawn(move || {
            for text in stdout.lines().map_while(Result::ok) {
                // Who does not listen any more need not be told.
                if line.send(text).is_err() {
                    return;
                }
            }
        });
        Self { child, what, lines, is_stopped: false, ended: false }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Its next line; nothing once it has ended.
    pub fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("{} says nothing and does not end", self.what),
        }
    }

    /// Whether it has ended by itself, or by a signal that came from elsewhere.
    pub fn has_ended(&mut self) -> bool {
        self.ended |= self.child.try_wait().expect("a child can be asked").is_some();
        self.ended
    }

    /// How many lines it has said since they were read last.
    pub fn lines_so_far(&self) -> usize {
        self.lines.try_iter().count()
    }

    /// Waits until it has ended, if that happens within this time.
    pub fn wait_for_end(&mut self, at_most: Duration) -> bool {
        let deadline = now() + at_most;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return self.has_ended(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // Its output closes a moment before the system says that it has ended.
        self.child.wait().expect("a child can be waited for");
        self.ended = true;
        true
    }

    /// As the kernel kills: it can do nothing about it.
    pub fn kill(mut self) -> End {
        self.signal(Signal::KILL);
        self.wait()
    }

    /// Asks it to end, as the system does.
    pub fn end(mut self) -> End {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Stops it where it stands; its connections stay open, and nothing comes from it.
    pub fn stop(&mut self) {
        self.signal(Signal::STOP);
        self.is_stopped = true;
    }

    pub fn go_on(&mut self) {
        if std::mem::take(&mut self.is_stopped) {
            self.signal(Signal::CONT);
        }
    }

    fn signal(&mut self, signal: Signal) {
        // A child that was not waited for keeps its id, so the signal meets nobody else; one that has ended takes none.
        if !self.has_ended() {
            let _ = kill_process(self.pid(), signal);
        }
    }

    /// Waits for its end.
    pub fn wait(mut self) -> End {
        let mut lines = Vec::new();
        let deadline = now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(now())) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("{} does not end; it said {lines:?}", self.what),
            }
        }
        let status = self.child.wait().expect("a child can be waited for");
        self.ended = true;
        End { what: std::mem::take(&mut self.what), code: status.code(), was_killed: status.signal() == Some(9), lines }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Lines of a log that no program may write: panics always, and what speaks of failures where none was made.
pub fn bad_lines(log: &Path, are_failures_meant: bool) -> Vec<String> {
    let Ok(file) = File::open(log) else { return Vec::new() };
    let is_bad = |line: &str| {
        line.contains("panicked") || !are_failures_meant && (line.contains("ERROR") || line.contains("damaged"))
    };
    BufReader::new(file).lines().map_while(Result::ok).filter(|line| is_bad(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_whose_output_closes_before_it_ends_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let closes_and_works = "exec >&-; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 5";
        let log = folder.path().join("log");
        let mut shell = Process::start("/bin/sh", &["-c", closes_and_works], &Around::Nothing, &log);
        assert!(shell.wait_for_end(PATIENCE));
        assert_eq!(shell.wait().code, Some(5));
    }
}
