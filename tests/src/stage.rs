//! Starts the programs, gives them commands, kills them, and reads what they say.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::binary;

/// Far more than anything here takes, so that a hanging test ends.
pub const PATIENCE: Duration = Duration::from_mins(1);
const PATIENCE_S: &str = "60";

/// The folders of a server and of the devices of its people.
#[derive(Debug)]
pub struct Stage {
    folder: tempfile::TempDir,
}

/// What a program answered.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub json: Value,
    pub stderr: String,
}

impl Answer {
    fn of(output: Output, what: &str) -> Self {
        let stdout = String::from_utf8(output.stdout).unwrap_or_else(|_| panic!("{what} prints UTF-8"));
        let json = match stdout.trim() {
            "" => Value::Null,
            text => {
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: one JSON object ({error}): {text}"))
            }
        };
        let code = output.status.code().unwrap_or_else(|| panic!("{what} was killed"));
        Self { code, json, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    #[track_caller]
    pub fn expect_code(self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}\n{}", self.json, self.stderr);
        self.json
    }
}

impl Stage {
    /// With a server's folder, and nobody in it.
    #[expect(clippy::new_without_default, reason = "it makes folders")]
    pub fn new() -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        Self::server(&["init", &stage.server_folder()]).expect_code(0);
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn server_folder(&self) -> String {
        text(&self.path("server"))
    }

    /// One of the admin's commands, answered as JSON.
    pub fn server(arguments: &[&str]) -> Answer {
        let mut command = clean(&binary("recordplayer-server"));
        let output = command.args(arguments).arg("--json").output().unwrap();
        Answer::of(output, &arguments.join(" "))
    }

    /// Serves at an address (port 0 takes a free one).
    pub fn serve(&self, listen: &str) -> Server {
        self.serve_with(listen, &[])
    }

    /// As [`Self::serve`], with further arguments.
    pub fn serve_with(&self, listen: &str, further: &[&str]) -> Server {
        let mut command = clean(&binary("recordplayer-server"));
        command.args(["serve", &self.server_folder(), "--listen", listen]).args(further);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        let first: Value =
            serde_json::from_str(&first).unwrap_or_else(|_| panic!("the server says where it listens: {first:?}"));
        let url = first["listening"].as_str().unwrap().to_owned();
        Server { child, url, _stdout: stdout }
    }

    /// A person with an account and a device that is logged in.
    pub fn person(&self, name: &str, server: &Server) -> Person {
        let person = self.newcomer(name);
        self.let_in(&person, server);
        person
    }

    /// Another device of a person, whose folder has this name.
    pub fn another_device(&self, name: &str, folder: &str, server: &Server) -> Person {
        let device = Person { folder: self.path(folder), ..self.newcomer(name) };
        self.log_in(&device, server);
        device
    }

    /// Gives somebody an account, perhaps beside the one at another server.
    pub fn let_in(&self, person: &Person, server: &Server) {
        Self::server(&["user", "add", &self.server_folder(), &person.name]).expect_code(0);
        self.log_in(person, server);
    }

    fn log_in(&self, person: &Person, server: &Server) {
        let name = person.name.as_str();
        let token = Self::server(&["device", "token", &self.server_folder(), name]).expect_code(0);
        let file = self.path(&format!("{name}.token"));
        std::fs::write(&file, token["token"].as_str().unwrap()).unwrap();
        person.tell(&["login", &server.url, "--token-file", &text(&file)]);
    }

    /// Somebody whose device has never been used.
    pub fn newcomer(&self, name: &str) -> Person {
        Person { name: name.to_owned(), folder: self.path(name), files: self.folder.path().to_owned() }
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub url: String,
    _stdout: BufReader<std::process::ChildStdout>,
}

impl Server {
    /// Kills it at once, as a power cut does; answers with its address.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.url.trim_start_matches("http://").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody with a device.
#[derive(Debug)]
pub struct Person {
    pub name: String,
    folder: PathBuf,
    files: PathBuf,
}

impl Person {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = clean(&binary("recordplayer"));
        command.args(arguments).arg("--json").arg("--data").arg(&self.folder);
        command
    }

    /// The window, as it starts on a display; it has not been started yet.
    pub fn window(&self, display: &str) -> Command {
        let mut command = clean(&binary("recordplayer"));
        command.arg("--data").arg(&self.folder).env("DISPLAY", display);
        command
    }

    /// Where this person's device keeps what it knows.
    pub fn device(&self) -> &Path {
        &self.folder
    }

    /// Gives a command, whatever comes of it.
    pub fn try_to(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(arguments).output().unwrap(), &arguments.join(" "))
    }

    /// Gives a command that is done.
    #[track_caller]
    pub fn tell(&self, arguments: &[&str]) -> Value {
        let answer = self.try_to(arguments);
        assert_eq!(answer.code, 0, "{}> {}\n{}\n{}", self.name, arguments.join(" "), answer.json, answer.stderr);
        answer.json
    }

    /// The lines of a command that answers with several.
    #[track_caller]
    pub fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Syncs; answers with the exit code.
    pub fn sync(&self) -> i32 {
        self.try_to(&["sync", "--timeout", PATIENCE_S]).code
    }

    /// Starts a command and lets it run.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (line, lines) = channel();
        std::thread::spawn(move || {
            for text in stdout.lines().map_while(Result::ok) {
                if line.send(serde_json::from_str(&text).unwrap()).is_err() {
                    return;
                }
            }
        });
        Running { child, lines, seen: Vec::new() }
    }

    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.files.join(format!("{}-{name}", self.name));
        std::fs::write(&path, content).unwrap();
        text(&path)
    }

    /// The key of the card with this title.
    #[track_caller]
    pub fn key_of(&self, title: &str) -> String {
        let board = self.tell(&["board"]);
        let card = cards(&board).into_iter().find(|card| card["title"] == title);
        card.unwrap_or_else(|| panic!("no card {title:?} on {board}"))["key"].as_str().unwrap().to_owned()
    }

    pub fn describe(&self, key: &str, text: &str) {
        let file = self.file("description.md", text);
        self.tell(&["card", "describe", key, "--text-file", &file]);
    }

    pub fn description_of(&self, key: &str) -> String {
        self.tell(&["card", key])["description"].as_str().unwrap().to_owned()
    }

    pub fn hash(&self) -> (Value, Value) {
        let hash = self.tell(&["hash"]);
        (hash["record"].clone(), hash["state"].clone())
    }
}

/// A command that runs; killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<Value>,
    pub seen: Vec<Value>,
}

impl Running {
    /// Reads lines until there is one like that.
    #[track_caller]
    pub fn read_until(&mut self, is_it: impl Fn(&Value) -> bool) {
        while !self.seen.last().is_some_and(&is_it) {
            let line = self.lines.recv_timeout(PATIENCE);
            self.seen.push(line.unwrap_or_else(|error| panic!("{error}; seen so far: {:#?}", self.seen)));
        }
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it at once.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All cards of a board's answer.
pub fn cards(board: &Value) -> Vec<Value> {
    let columns = board["columns"].as_array().into_iter().flatten();
    columns.flat_map(|column| column["cards"].as_array().cloned().unwrap_or_default()).collect()
}

/// Without anything of the person who runs the tests.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    command
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
