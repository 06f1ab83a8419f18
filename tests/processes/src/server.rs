//! The server of a town: the real program on a folder, killed, stopped, ended and started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::process::{Around, End, Process};

const PROGRAM: &str = "recordplayer-server";

/// So little memory for the pages of a store that they are read from the disk again.
pub const CACHE_MIB: u32 = 2;

/// A server's folder, and the program that serves it, if it does.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    log: PathBuf,
    running: Option<Process>,
}

impl Server {
    /// Makes the folder of a new server. What the program says to its admin goes to `log`.
    pub fn init(folder: &Path, log: &Path) -> Self {
        let server = Self::at(folder, log);
        server.done_with(&["init"], &[]);
        server
    }

    /// A folder that may not be there yet.
    pub fn at(folder: &Path, log: &Path) -> Self {
        Self { folder: folder.to_owned(), log: log.to_owned(), running: None }
    }

    pub fn folder(&self) -> &str {
        self.folder.to_str().expect("folders of histories have plain names")
    }

    /// One of the admin's commands, which are words before the folder and words behind it.
    pub fn ask(&self, before: &[&str], behind: &[&str]) -> End {
        self.ask_around(&Around::Nothing, before, behind)
    }

    pub fn ask_around(&self, around: &Around, before: &[&str], behind: &[&str]) -> End {
        let words = [before, &[self.folder()], behind, &["--json"]].concat();
        Process::start(PROGRAM, &words, around, &self.log).wait()
    }

    /// An admin's command that is done.
    #[track_caller]
    pub fn done_with(&self, before: &[&str], behind: &[&str]) -> Value {
        let end = self.ask(before, behind);
        assert_eq!(end.code, Some(0), "{}: {:?}", end.what, end.lines);
        end.json()
    }

    fn start(&self, around: &Around) -> Process {
        let cache = CACHE_MIB.to_string();
        let words = ["serve", self.folder(), "--listen", "127.0.0.1:0", "--cache", &cache];
        Process::start(PROGRAM, &words, around, &self.log)
    }

    /// Starts to serve; nothing where the program ends before it listens.
    pub fn try_to_serve(&mut self, around: &Around) -> Result<SocketAddr, End> {
        let process = self.start(around);
        let Some(line) = process.line() else { return Err(process.wait()) };
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let url = said["listening"].as_str().unwrap_or_else(|| panic!("the server says where it listens: {line}"));
        self.running = Some(process);
        Ok(url.trim_start_matches("http://").parse().expect("it listens at an address"))
    }

    /// Starts to serve.
    #[track_caller]
    pub fn serve(&mut self) -> SocketAddr {
        let address = self.try_to_serve(&Around::Nothing);
        address.unwrap_or_else(|end| panic!("the server does not start: {end:?}; its log: {}", self.log_text()))
    }

    /// Starts, and is killed so soon that it may not have come to listen.
    pub fn serve_and_kill(&mut self, soon: Duration) -> End {
        let process = self.start(&Around::Nothing);
        crate::clock::let_pass(soon);
        process.kill()
    }

    pub fn running(&mut self) -> Option<&mut Process> {
        self.running.as_mut()
    }

    /// Whether it runs still; it may have been killed at one of its system calls.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|process| !process.has_ended())
    }

    pub fn kill(&mut self) -> Option<End> {
        self.running.take().map(Process::kill)
    }

    /// Waits until it has ended by itself; nothing where it does not within this time.
    pub fn wait_for_end(&mut self, at_most: Duration) -> Option<End> {
        let has_ended = self.running.as_mut()?.wait_for_end(at_most);
        if has_ended { self.running.take().map(Process::wait) } else { None }
    }

    /// Ends it in order.
    pub fn end(&mut self) -> End {
        self.running.take().expect("it runs").end()
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}
