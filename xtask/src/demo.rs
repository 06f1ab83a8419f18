//! The headless demo: two people, two devices and a server that goes away while both of them work.
//!
//! It drives the two programs by their command lines only, as a person or a script would, and ends with what each
//! side holds: both boards, all three hashes, and what was refused.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::cargo::workspace_root;
use crate::failure::Failure;

const PROJECT: &str = "Turntable";
const BOARD: &str = "Turntable firmware";
const SAMPLE: &str = "assets/sample/turntable.json";
/// The column that both people want the last place of, and the limit that leaves just one beside the sample's cards.
const LIMITED_COLUMN: &str = "In progress";
const LIMIT: &str = "3";
/// The cards of the sample that the two people work on.
const MOVED_BY_ADA: &str = "Detect 33 or 45 from the record's size";
const MOVED_BY_BEN: &str = "Save the pitch setting when the lid closes";
const DESCRIBED_BY_BOTH: &str = "Start the motor without wow";

/// The most seconds that a device waits for the server to answer everything.
const SYNC_TIMEOUT_S: &str = "30";

/// Plays the demo with the programs of one folder, under `target/demo`, which it begins anew.
pub fn play(programs: &Path) -> Result<(), Failure> {
    let stage = Stage::begin(programs)?;

    title("A server starts on a free port of this machine");
    stage.server(&["init", &stage.server_data()])?;
    let server = stage.serve("127.0.0.1:0")?;
    let [ada, ben] = [stage.person("ada", "Ada")?, stage.person("ben", "Ben")?];

    title("Two people get an account, and each a device of their own");
    for person in [&ada, &ben] {
        stage.server(&["user", "add", &stage.server_data(), person.user])?;
        let token = stage.server(&["device", "token", &stage.server_data(), person.user])?;
        fs::write(person.folder.join("token"), token_of(&token)).map_err(cannot_write)?;
        person.tell(&["login", &server.url, "--token-file", &person.path("token")])?;
    }

    title("Ada makes a project from the sample, and Ben joins it");
    ada.tell(&["project", "new", PROJECT])?;
    ada.tell(&["import", "trello", SAMPLE, "--project", PROJECT])?;
    ada.tell(&["column", "limit", LIMITED_COLUMN, LIMIT, "--board", BOARD])?;
    ada.tell(&["member", "add", ben.user, "--role", "worker"])?;
    ada.sync()?;
    ben.sync()?;
    ben.tell(&["board", BOARD])?;

    title("The server is killed, and both go on working without it");
    let address = server.kill()?;
    for (person, card, new, end) in [
        (&ada, MOVED_BY_ADA, "Write the release notes", End::First),
        (&ben, MOVED_BY_BEN, "Order a second test record", End::Last),
    ] {
        person.tell(&["card", "new", new, "--column", "Backlog", "--board", BOARD])?;
        person.tell(&["card", "move", &person.key_of(card)?, "--to", LIMITED_COLUMN])?;
        person.describe(DESCRIBED_BY_BOTH, end)?;
        person.tell(&["outbox"])?;
    }

    title("The server is back, and both sync");
    let server = stage.serve(&address)?;
    ada.sync()?;
    // One of the two moves must be refused; Ada's came first, so it is Ben whose sync ends with a refusal.
    ben.sync_with_a_refusal()?;
    ada.sync()?;

    title("What both hold now");
    for person in [&ada, &ben] {
        person.tell(&["board", BOARD])?;
    }
    let description = ada.description_of(DESCRIBED_BY_BOTH)?;
    println!("\n\"{DESCRIBED_BY_BOTH}\" holds what both of them wrote:");
    description.lines().for_each(|line| println!("    {line}"));

    let hashes = [
        (ada.name, ada.json(&["hash"])?),
        (ben.name, ben.json(&["hash"])?),
        ("the server", stage.server_json(&["hash", &stage.server_data(), PROJECT])?),
    ];
    let refused = [(ada.name, ada.refused()?), (ben.name, ben.refused()?)];
    server.kill()?;
    report(&hashes, &refused, &description)
}

/// Prints the hashes and the refusals, and holds them against what must be true.
fn report(hashes: &[(&str, Value)], refused: &[(&str, Vec<Value>)], description: &str) -> Result<(), Failure> {
    println!("\nhashes of the project:");
    for (who, hash) in hashes {
        println!("    {who:<12} record {:<6} {}", text(&hash["record"]), text(&hash["state"]));
    }
    println!("\nrefused:");
    for (who, entries) in refused {
        for entry in entries {
            println!("    {who}: {}: {}", text(&entry["what"]), text(&entry["reason"]["message"]));
            println!("    (by the server; it stands in {who}'s outbox until {who} deals with it)");
        }
    }

    let first = &hashes[0].1;
    if hashes.iter().any(|(_, hash)| hash["state"] != first["state"] || hash["record"] != first["record"]) {
        return Err(Failure::failed("the demo failed: the hashes differ"));
    }
    let count: usize = refused.iter().map(|(_, entries)| entries.len()).sum();
    if count != 1 {
        return Err(Failure::failed(format!("the demo failed: one move must be refused, and {count} commands were")));
    }
    if [End::First, End::Last].iter().any(|end| !description.contains(end.line())) {
        return Err(Failure::failed("the demo failed: a line that was typed is missing from the merged text"));
    }
    println!("\nAll three hold the same, one move was refused, and nothing that was typed is lost.");
    Ok(())
}

/// Where somebody adds a line to a text.
#[derive(Debug, Clone, Copy)]
enum End {
    First,
    Last,
}

impl End {
    fn line(self) -> &'static str {
        match self {
            End::First => "Ada: the ramp must take at most 1.2 seconds.",
            End::Last => "Ben: measured with the strobe, 0.9 seconds at 33.",
        }
    }

    fn added_to(self, text: &str) -> String {
        match self {
            End::First => format!("{}\n\n{text}", self.line()),
            End::Last => format!("{text}\n\n{}", self.line()),
        }
    }
}

/// The folders of the demo and the programs it plays with.
#[derive(Debug)]
struct Stage {
    folder: PathBuf,
    recordplayer: PathBuf,
    recordplayer_server: PathBuf,
}

impl Stage {
    fn begin(programs: &Path) -> Result<Stage, Failure> {
        let program = |name: &str| {
            let program = programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if program.is_file() { Ok(program) } else { Err(Failure::failed(format!("{name} was not built"))) }
        };
        let folder = workspace_root().join("target/demo");
        let stage = Stage {
            recordplayer: program("recordplayer")?,
            recordplayer_server: program("recordplayer-server")?,
            folder,
        };
        if stage.folder.exists() {
            println!("the demo of an earlier run lies in target/demo; it is removed, and the demo begins anew");
            fs::remove_dir_all(&stage.folder).map_err(cannot_write)?;
        }
        fs::create_dir_all(&stage.folder).map_err(cannot_write)?;
        Ok(stage)
    }

    fn server_data(&self) -> String {
        self.folder.join("server").display().to_string()
    }

    fn person(&self, user: &'static str, name: &'static str) -> Result<Person, Failure> {
        let folder = self.folder.join(user);
        fs::create_dir_all(&folder).map_err(cannot_write)?;
        Ok(Person { user, name, program: self.recordplayer.clone(), folder })
    }

    /// Runs one of the server's commands, shows it, and returns what it printed.
    fn server(&self, arguments: &[&str]) -> Result<String, Failure> {
        println!("admin> recordplayer-server {}", shown(arguments));
        let output = Command::new(&self.recordplayer_server).args(arguments).current_dir(workspace_root()).output();
        stdout_of(output, "recordplayer-server", arguments)
    }

    fn server_json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let arguments = [arguments, &["--json"]].concat();
        let output = Command::new(&self.recordplayer_server).args(&arguments).current_dir(workspace_root()).output();
        parse(&stdout_of(output, "recordplayer-server", &arguments)?)
    }

    /// Starts the server and waits until it says where it listens, which is the first line that it prints.
    fn serve(&self, listen: &str) -> Result<Server, Failure> {
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
            return Err(Failure::failed("the server stopped before it listened; see target/demo/server.log"));
        }
        server.url = text(&parse(&line)?["listening"]);
        println!("    it listens at {}", server.url);
        Ok(server)
    }
}

/// A running server, killed when it is dropped.
#[derive(Debug)]
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Kills the server as a power cut would, and returns the address to start it at again.
    fn kill(mut self) -> Result<String, Failure> {
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
struct Person {
    user: &'static str,
    name: &'static str,
    program: PathBuf,
    folder: PathBuf,
}

impl Person {
    fn path(&self, file: &str) -> String {
        self.folder.join(file).display().to_string()
    }

    fn call(&self, arguments: &[&str]) -> io::Result<Output> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--data").arg(self.folder.join("device")).current_dir(workspace_root());
        command.output()
    }

    /// Gives a command, and shows it with its answer.
    fn tell(&self, arguments: &[&str]) -> Result<(), Failure> {
        println!("{}> recordplayer {}", self.user, shown(arguments));
        let answer = stdout_of(self.call(arguments), "recordplayer", arguments)?;
        answer.lines().for_each(|line| println!("    {line}"));
        Ok(())
    }

    fn json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let arguments = [arguments, &["--json"]].concat();
        parse(&stdout_of(self.call(&arguments), "recordplayer", &arguments)?)
    }

    fn sync(&self) -> Result<(), Failure> {
        self.tell(&["sync", "--timeout", SYNC_TIMEOUT_S])
    }

    /// Syncs where one of this person's commands is refused, which `sync` says by its exit code 1.
    fn sync_with_a_refusal(&self) -> Result<(), Failure> {
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
    fn key_of(&self, title: &str) -> Result<String, Failure> {
        let board = self.json(&["board", BOARD])?;
        let columns = board["columns"].as_array().into_iter().flatten();
        let mut cards = columns.flat_map(|column| column["cards"].as_array().into_iter().flatten());
        let card = cards.find(|card| card["title"] == title);
        card.map(|card| text(&card["key"])).ok_or_else(|| Failure::failed(format!("the board has no card {title:?}")))
    }

    fn description_of(&self, title: &str) -> Result<String, Failure> {
        Ok(text(&self.json(&["card", &self.key_of(title)?])?["description"]))
    }

    /// Adds this person's line to a card's description.
    fn describe(&self, title: &str, end: End) -> Result<(), Failure> {
        let file = self.path("description.md");
        fs::write(&file, end.added_to(&self.description_of(title)?)).map_err(cannot_write)?;
        self.tell(&["card", "describe", &self.key_of(title)?, "--text-file", &file])
    }

    fn refused(&self) -> Result<Vec<Value>, Failure> {
        Ok(self.json(&["outbox"])?["refused"].as_array().cloned().unwrap_or_default())
    }
}

fn title(text: &str) {
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
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cannot_start(program: &str, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot start {program}: {error}"))
}

fn cannot_write(error: io::Error) -> Failure {
    Failure::failed(format!("cannot write under target/demo: {error}"))
}
