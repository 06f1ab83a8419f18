//! The two programs on a stage of their own: a server, people and their devices, driven by command lines as a person or a script would.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::cargo::workspace_root;
use crate::failure::Failure;

pub const PROJECT: &str = "Turntable";
pub const BOARD: &str = "Turntable firmware";
pub const SAMPLE: &str = "assets/sample/turntable.json";
/// A column with a limit that leaves just one place beside the sample's cards.
pub const LIMITED_COLUMN: &str = "In progress";
pub const LIMIT: &str = "3";

/// The most seconds that a device waits for the server to answer everything.
const SYNC_TIMEOUT_S: &str = "30";

/// The folders of the demo and the programs it plays with.
#[derive(Debug)]
pub struct Stage {
    pub folder: PathBuf,
    recordplayer: PathBuf,
    recordplayer_server: PathBuf,
}

impl Stage {
    /// A stage in a folder of `target` that begins anew.
    pub fn begin(programs: &Path, folder: &str) -> Result<Self, Failure> {
        let stage = Self::open(programs, folder)?;
        if stage.folder.exists() {
            println!("what an earlier run left lies in target/{folder}; it is removed, and the demo begins anew");
            fs::remove_dir_all(&stage.folder).map_err(cannot_write)?;
        }
        fs::create_dir_all(&stage.folder).map_err(cannot_write)?;
        Ok(stage)
    }

    /// A stage as it was left; it may not be there yet.
    pub fn open(programs: &Path, folder: &str) -> Result<Self, Failure> {
        let program = |name: &str| {
            let program = programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if program.is_file() { Ok(program) } else { Err(Failure::failed(format!("{name} was not built"))) }
        };
        Ok(Self {
            recordplayer: program("recordplayer")?,
            recordplayer_server: program("recordplayer-server")?,
            folder: workspace_root().join("target").join(folder),
        })
    }

    /// Makes the server's folder, with an account and a device for each person.
    pub fn settle(&self, people: &[&Person]) -> Result<Server, Failure> {
        title("A server starts on a free port of this machine");
        self.server(&["init", &self.server_data()])?;
        let server = self.serve("127.0.0.1:0")?;
        title("Everybody gets an account, and a device of their own");
        for person in people {
            self.server(&["user", "add", &self.server_data(), person.user])?;
            let token = self.server(&["device", "token", &self.server_data(), person.user])?;
            fs::write(person.folder.join("token"), token_of(&token)).map_err(cannot_write)?;
            person.tell(&["login", &server.url, "--token-file", &person.path("token")])?;
        }
        Ok(server)
    }

    pub fn server_data(&self) -> String {
        self.folder.join("server").display().to_string()
    }

    pub fn person(&self, user: &'static str, name: &'static str) -> Result<Person, Failure> {
        let folder = self.folder.join(user);
        fs::create_dir_all(&folder).map_err(cannot_write)?;
        Ok(Person { user, name, program: self.recordplayer.clone(), folder })
    }

    /// Runs one of the server's commands, shows it, and returns what it printed.
    pub fn server(&self, arguments: &[&str]) -> Result<String, Failure> {
        println!("admin> recordplayer-server {}", shown(arguments));
        let output = Command::new(&self.recordplayer_server).args(arguments).current_dir(workspace_root()).output();
        stdout_of(output, "recordplayer-server", arguments)
    }

    pub fn server_json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let arguments = [arguments, &["--json"]].concat();
        let output = Command::new(&self.recordplayer_server).args(&arguments).current_dir(workspace_root()).output();
        parse(&stdout_of(output, "recordplayer-server", &arguments)?)
    }

    /// Starts the server and waits until it says where it listens, which is the first line that it prints.
    pub fn serve(&self, listen: &str) -> Result<Server, Failure> {
        let data = self.server_data();
        let arguments = ["serve", &data, "--listen", listen];
        println!("admin> recordplayer-server {}", shown(&arguments));
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("server.log"));
        let child = Command::new(&self.recordplayer_server)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.map_err(cannot_write)?)
            .spawn()
            .map_err(|error| Failure::failed(format!("cannot start recordplayer-server: {error}")))?;
        let mut server = Server { child, url: String::new() };
        let mut line = String::new();
        if let Some(stdout) = server.child.stdout.take() {
            let mut stdout = BufReader::new(stdout);
            stdout.read_line(&mut line).map_err(|error| Failure::failed(format!("cannot read the server: {error}")))?;
            // What the server prints later is of no interest here, but somebody must take it.
            std::thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
        }
        if line.is_empty() {
            return Err(Failure::failed("the server stopped before it listened; see server.log under target"));
        }
        server.url = text(&parse(&line)?["listening"]);
        println!("    it listens at {}", server.url);
        Ok(server)
    }
}

/// A running server, killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    /// Kills the server as a power cut would, and returns the address to start it at again.
    pub fn kill(mut self) -> Result<String, Failure> {
        let stopped = self.child.kill().and_then(|()| self.child.wait());
        stopped.map_err(|error| Failure::failed(format!("cannot stop the server: {error}")))?;
        println!("the server is stopped");
        Ok(self.url.trim_start_matches("http://").to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be stopped already, and at the end of a failed demo there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody with a device: a folder of data, and the commands given on it.
#[derive(Debug)]
pub struct Person {
    pub user: &'static str,
    pub name: &'static str,
    program: PathBuf,
    pub folder: PathBuf,
}

impl Person {
    pub fn path(&self, file: &str) -> String {
        self.folder.join(file).display().to_string()
    }

    /// Opens the person's window, which stays until it is closed.
    pub fn window(&self, arguments: &[&str], display: Option<&str>) -> Result<Child, Failure> {
        let mut command = Command::new(&self.program);
        if let Some(display) = display {
            command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY");
        }
        command.args(arguments).arg("--data").arg(self.folder.join("device")).current_dir(workspace_root());
        command.spawn().map_err(|error| cannot_start("recordplayer", &error))
    }

    fn call(&self, arguments: &[&str]) -> io::Result<Output> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--data").arg(self.folder.join("device")).current_dir(workspace_root());
        command.output()
    }

    /// Gives a command, and shows it with its answer.
    pub fn tell(&self, arguments: &[&str]) -> Result<(), Failure> {
        println!("{}> recordplayer {}", self.user, shown(arguments));
        let answer = stdout_of(self.call(arguments), "recordplayer", arguments)?;
        answer.lines().for_each(|line| println!("    {line}"));
        Ok(())
    }

    pub fn json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let arguments = [arguments, &["--json"]].concat();
        parse(&stdout_of(self.call(&arguments), "recordplayer", &arguments)?)
    }

    pub fn sync(&self) -> Result<(), Failure> {
        self.tell(&["sync", "--timeout", SYNC_TIMEOUT_S])
    }

    /// Syncs where one of this person's commands is refused, which `sync` says by its exit code 1.
    pub fn sync_with_a_refusal(&self) -> Result<(), Failure> {
        let arguments = ["sync", "--timeout", SYNC_TIMEOUT_S];
        println!("{}> recordplayer {}", self.user, shown(&arguments));
        let output = self.call(&arguments).map_err(|error| cannot_start("recordplayer", &error))?;
        String::from_utf8_lossy(&output.stdout).lines().for_each(|line| println!("    {line}"));
        match output.status.code() {
            Some(1) => Ok(()),
            _ => Err(Failure::failed(format!(
                "{}'s sync should have ended with a refusal: {}",
                self.name, output.status
            ))),
        }
    }

    /// The key of the card with a title, on the sample's board.
    pub fn key_of(&self, title: &str) -> Result<String, Failure> {
        let board = self.json(&["board", BOARD])?;
        let columns = board["columns"].as_array().into_iter().flatten();
        let mut cards = columns.flat_map(|column| column["cards"].as_array().into_iter().flatten());
        let card = cards.find(|card| card["title"] == title);
        card.map(|card| text(&card["key"])).ok_or_else(|| Failure::failed(format!("the board has no card {title:?}")))
    }

    pub fn description_of(&self, title: &str) -> Result<String, Failure> {
        Ok(text(&self.json(&["card", &self.key_of(title)?])?["description"]))
    }

    pub fn refused(&self) -> Result<Vec<Value>, Failure> {
        Ok(self.json(&["outbox"])?["refused"].as_array().cloned().unwrap_or_default())
    }
}

/// The first one makes a project from the sample, and the second joins it.
pub fn found(first: &Person, second: &Person) -> Result<(), Failure> {
    title(&format!("{} makes a project from the sample, and {} joins it", first.name, second.name));
    first.tell(&["project", "new", PROJECT])?;
    first.tell(&["import", "trello", SAMPLE, "--project", PROJECT])?;
    first.tell(&["column", "limit", LIMITED_COLUMN, LIMIT, "--board", BOARD])?;
    first.tell(&["member", "add", second.user, "--role", "worker"])?;
    first.sync()?;
    second.sync()
}

pub fn title(text: &str) {
    println!("\n--- {text}");
}

/// A command's arguments as a person would type them; paths are shown from the workspace's root.
fn shown(arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| {
        let root = format!("{}/", workspace_root().display());
        let argument = argument.replace(&root, "");
        if argument.contains(' ') { format!("\"{argument}\"") } else { argument }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn stdout_of(output: io::Result<Output>, program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let output = output.map_err(|error| cannot_start(program, &error))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let text = format!("failed ({}): {program} {}\n{stdout}{stderr}", output.status, shown(arguments));
    Err(Failure::failed(text.trim_end()))
}

fn parse(answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(|error| Failure::failed(format!("not one JSON object ({error}): {answer}")))
}

/// The token that `device token` printed: alone on its line.
fn token_of(answer: &str) -> &str {
    answer.trim()
}

/// A JSON value as it is shown: texts without quotes.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cannot_start(program: &str, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot start {program}: {error}"))
}

pub fn cannot_write(error: io::Error) -> Failure {
    Failure::failed(format!("cannot write under target: {error}"))
}
