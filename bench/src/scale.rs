//! What grows with the size of a project that should not: each figure at several sizes, beside the same at the smallest one.

mod made;
mod project;
mod role;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use made::{ADDRESS, Made};
use recordplayer::id::Id;
use recordplayer_kanban::Comment;
use recordplayer_kanban::ids::CommentId;
use role::{LARGE, SMALL};
pub use role::{Plan, device, serve};

use crate::Outcome;
use crate::clock::now;
use crate::line::Line;
use crate::peer::resident_bytes;
use crate::report::{Row, grouped};
use crate::size::Size;

type Failure = Box<dyn std::error::Error>;

/// How often a start is timed; the middle one counts.
const STARTS: u64 = 5;

/// After so long without work, a process holds what it holds at rest.
const QUIET: Duration = Duration::from_secs(2);

/// What was seen at one size.
struct AtSize {
    cards: u64,
    figures: Vec<Figure>,
}

struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
}

fn figure(what: impl Into<String>, value: f64, unit: &'static str) -> Figure {
    Figure { what: what.into(), value, unit }
}

pub fn measure(size: &Size) -> Outcome {
    let mut sizes = Vec::new();
    for cards in size.project_cards {
        sizes.push(at_size(cards, size)?);
    }
    let (smallest, larger) = sizes.split_first().ok_or("there is a smallest size")?;
    let mut rows = Vec::new();
    for at in larger {
        for Figure { what, value, unit } in &at.figures {
            let row = Row::new(format!("{what}, {} cards", grouped(at.cards)), *value, unit);
            // What is about a large board is compared with the small one of the same project.
            let is_large = what.contains(LARGE);
            let (among, of) = if is_large { (at, what.replace(LARGE, SMALL)) } else { (smallest, what.clone()) };
            let peer = among.figures.iter().find(|figure| figure.what == of).ok_or("each size has the same figures")?;
            rows.push(row.beside(peer.value));
        }
    }
    Ok(rows)
}

fn at_size(cards: u64, size: &Size) -> Result<AtSize, Failure> {
    let made = Made::of(cards)?;
    let mut figures = vec![figure("server, start to first answer", server_start(&made)?, "ms")];
    figures.extend(at_server(&made, size)?);
    figures.extend(alone(&made, size)?);
    Ok(AtSize { cards, figures })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// From the start of the process to the answer to a first command.
fn server_start(made: &Made) -> Result<f64, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let card = project::boards(made.cards)[0].card(0);
    let mut times = Vec::new();
    for start in 0..STARTS {
        let began = now();
        let server = Process::server(made, false)?;
        let answered = runtime.block_on(async {
            let mut line = Line::open(ADDRESS.parse()?, &made.token, 1 + start).await?;
            line.done::<Comment>(CommentId(Id::derived("start", &[&start.to_be_bytes()])), &project::remark(card)).await
        });
        answered.map_err(|error| error.to_string())?;
        times.push(milliseconds(began.elapsed()));
        drop(server);
    }
    Ok(middle(times))
}

/// A device and its server: the memory of both at rest, and commands on their way between them.
fn at_server(made: &Made, size: &Size) -> Result<Vec<Figure>, Failure> {
    let server = Process::server(made, false)?;
    let mut opened = Vec::new();
    for _ in 1..STARTS {
        opened.push(Process::device(&made.device(), made.cards, size, false)?.opened()?);
    }
    let mut device = Process::device(&made.device(), made.cards, size, false)?;
    opened.push(device.opened()?);
    std::thread::park_timeout(QUIET);
    let mut figures = vec![
        figure("device, open to first board", middle(opened), "ms"),
        figure("memory of the server", server.memory_mib()?, "MiB"),
        figure("memory of the device", device.memory_mib()?, "MiB"),
    ];
    figures.extend(device.commands("at a server")?);
    drop((device, server));
    let _server = Process::server(made, true)?;
    let mut device = Process::device(&made.device(), made.cards, size, true)?;
    device.opened()?;
    figures.extend(device.commands("at a server")?);
    Ok(figures)
}

/// A device that decides for itself.
fn alone(made: &Made, size: &Size) -> Result<Vec<Figure>, Failure> {
    let mut opened = Vec::new();
    for _ in 1..STARTS {
        opened.push(Process::device(&made.alone(), made.cards, size, false)?.opened()?);
    }
    let mut device = Process::device(&made.alone(), made.cards, size, false)?;
    opened.push(device.opened()?);
    std::thread::park_timeout(QUIET);
    let mut figures = vec![
        figure("device alone, open to first board", middle(opened), "ms"),
        figure("memory of the device alone", device.memory_mib()?, "MiB"),
    ];
    figures.extend(device.commands("alone")?);
    drop(device);
    let mut device = Process::device(&made.alone(), made.cards, size, true)?;
    device.opened()?;
    figures.extend(device.commands("alone")?);
    Ok(figures)
}

/// Another process of this program, ended when this is dropped.
struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self, Failure> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("its output is piped")?);
        Ok(Self { child, lines })
    }

    /// A server that takes connections.
    fn server(made: &Made, is_rested: bool) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("scale-serve").arg(made.server()).arg(ADDRESS);
        if is_rested {
            command.arg("--rested");
        }
        let mut process = Self::start(&mut command)?;
        process.line()?;
        Ok(process)
    }

    fn device(folder: &Path, cards: u64, size: &Size, is_rested: bool) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let milliseconds = size.time.as_millis().to_string();
        command.arg("scale-device").arg(folder).args(["--cards", &cards.to_string(), "--milliseconds", &milliseconds]);
        if is_rested {
            command.args(["--rests", &size.rests.to_string()]);
        }
        Self::start(&mut command)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        if line.is_empty() { Err("the process has ended before it was measured".into()) } else { Ok(line) }
    }

    /// Once the device is in step: how long it took to open to its first board.
    fn opened(&mut self) -> Result<f64, Failure> {
        Ok(self.line()?.trim().parse()?)
    }

    fn memory_mib(&self) -> Result<f64, Failure> {
        Ok(resident_bytes(self.child.id())? / 1024.0 / 1024.0)
    }

    /// Lets the device send its commands.
    fn commands(&mut self, way: &str) -> Result<Vec<Figure>, Failure> {
        self.child.stdin.as_mut().ok_or("its input is piped")?.write_all(b"\n")?;
        let seen: Vec<role::Seen> = serde_json::from_str(&self.line()?)?;
        Ok(seen.into_iter().map(|seen| figure(format!("{way}: {}", seen.what), seen.ms, "ms")).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // With its input it ends, in order: what was killed checks its whole file at its next start.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
