//! What the window costs that is only open: its memory, beside a window of egui with one word, and the processor's time while nothing happens.
//!
//! Both are processes of their own on a screen that nobody looks at (Xvfb), drawn by the same driver.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use recordplayer_app::headless;

use crate::Outcome;
use crate::clock::now;
use crate::peer::resident_bytes;
use crate::report::{Row, grouped};
use crate::size::Size;
use crate::window::project;

type Failure = Box<dyn std::error::Error>;

/// A window that still does something after so long is never at rest.
const SETTLES_WITHIN: Duration = Duration::from_mins(3);
/// It is at rest once it has done next to nothing for so long, so many times in a row.
const QUIET: Duration = Duration::from_secs(2);
const QUIET_TIMES: u32 = 3;

pub fn measure(size: &Size) -> Outcome {
    let screen = Screen::start()?;
    let naked = at_rest(&screen, &["naked-window"], size)?;
    let folder = tempfile::tempdir()?;
    let cards = size.board_cards[1];
    let (device, space) = project(folder.path(), cards)?;
    device.close();
    drop((device, space));
    let folder = folder.path().join("device");
    let folder = folder.to_str().ok_or("the system's folder of temporary files has a name in UTF-8")?;
    let ours = at_rest(&screen, &["window", folder], size)?;
    let cards = grouped(cards);
    Ok(vec![
        Row::new(format!("memory of the window, {cards} cards"), ours.memory_mib, "MiB").beside(naked.memory_mib),
        Row::new(format!("processor, window at rest, {cards} cards"), ours.busy_ms, "ms/s"),
    ])
}

/// The desktop on a folder, until it is killed.
pub fn run(folder: &Path) -> Result<(), Failure> {
    let words = ["recordplayer".into(), "--data".into(), folder.into()];
    if headless::main(words) == ExitCode::SUCCESS { Ok(()) } else { Err("the window could not be opened".into()) }
}

/// A window with one word in it, until it is killed.
pub fn run_naked() -> Result<(), Failure> {
    let options = eframe::NativeOptions { renderer: eframe::Renderer::Glow, ..eframe::NativeOptions::default() };
    eframe::run_native("naked", options, Box::new(|_| Ok(Box::new(Naked)))).map_err(|error| error.to_string().into())
}

struct Naked;

impl eframe::App for Naked {
    fn ui(&mut self, ui: &mut eframe::egui::Ui, _: &mut eframe::Frame) {
        ui.label("Naked");
    }
}

/// What a window takes once it does nothing any more.
struct AtRest {
    memory_mib: f64,
    /// Of each second.
    busy_ms: f64,
}

fn at_rest(screen: &Screen, role: &[&str], size: &Size) -> Result<AtRest, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(role).env("DISPLAY", &screen.display).env_remove("WAYLAND_DISPLAY");
    let window = Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let began = now();
    // At first it starts, and looks through its file for rot.
    let (mut before, mut quiet) = (Duration::ZERO, 0);
    while quiet < QUIET_TIMES && began.elapsed() < SETTLES_WITHIN {
        std::thread::park_timeout(QUIET);
        let busy = window.busy()?;
        quiet = if busy.saturating_sub(before) < QUIET / 1_000 { quiet + 1 } else { 0 };
        before = busy;
    }
    let (before, began) = (window.busy()?, now());
    std::thread::park_timeout(size.time);
    let (spent, passed) = (window.busy()?.saturating_sub(before), began.elapsed());
    let memory_mib = resident_bytes(window.0.id())? / 1024.0 / 1024.0;
    Ok(AtRest { memory_mib, busy_ms: spent.as_secs_f64() * 1_000.0 / passed.as_secs_f64() })
}

/// A process that ends with this.
struct Process(Child);

impl Process {
    /// The processor's time that its threads have taken so far, to the nanosecond: a tick of the clock would hide what comes seldom.
    fn busy(&self) -> Result<Duration, Failure> {
        let mut busy = Duration::ZERO;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            // One that has ended meanwhile took next to nothing.
            let Ok(stat) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            let spent = stat.split_whitespace().next().ok_or("the system tells of the thread")?;
            busy += Duration::from_nanos(spent.parse()?);
        }
        Ok(busy)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A screen that nobody looks at.
struct Screen {
    _xvfb: Process,
    display: String,
}

impl Screen {
    fn start() -> Result<Self, Failure> {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x800x24"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut xvfb = Process(child.map_err(|error| format!("Xvfb, of the Debian package xvfb: {error}"))?);
        let mut number = String::new();
        let stdout = xvfb.0.stdout.take().ok_or("its output is piped")?;
        BufReader::new(stdout).read_line(&mut number)?;
        Ok(Self { _xvfb: xvfb, display: format!(":{}", number.trim()) })
    }
}
