//! The demo with a window: a server, a sample project, and the board of whoever looks on. Started again, it goes on where it was.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::stage::{Stage, cannot_write, found, title};

const FOLDER: &str = "demo-window";

/// Opens the window of one person, or of two beside each other, and ends with them.
pub fn show(programs: &Path, two: bool) -> Result<(), Failure> {
    if !has_display() {
        let message = "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set); see it work with cargo xtask run --headless";
        return Err(Failure::wrong_use(message));
    }
    let stage = Stage::open(programs, FOLDER)?;
    let address_file = stage.folder.join("address");
    let (server, is_new) = if let Ok(address) = fs::read_to_string(&address_file) {
        println!("the demo goes on where it was; remove target/{FOLDER} to begin anew");
        (stage.serve(address.trim())?, false)
    } else {
        let stage = Stage::begin(programs, FOLDER)?;
        let [ada, ben] = [stage.person("ada", "Ada")?, stage.person("ben", "Ben")?];
        let server = stage.settle(&[&ada, &ben])?;
        found(&ada, &ben)?;
        // The last thing, so that what is half made is made anew.
        fs::write(&address_file, server.url.trim_start_matches("http://")).map_err(cannot_write)?;
        (server, true)
    };
    let people = [stage.person("ada", "Ada")?, stage.person("ben", "Ben")?];
    let shown = if two { &people[..] } else { &people[..1] };
    title("The window opens; the server ends with it");
    let arguments: &[&str] = if is_new { &["--from-the-beginning"] } else { &[] };
    let opened = shown.iter().zip(["left", "right"]).map(|(person, half)| {
        let halves: &[&str] = if two { &["--half", half] } else { &[] };
        person.window(&[arguments, halves].concat(), None)
    });
    let windows = opened.collect::<Result<Vec<_>, _>>()?;
    for mut window in windows {
        let ended = window.wait().map_err(|error| Failure::failed(format!("cannot wait for the window: {error}")))?;
        if !ended.success() {
            return Err(Failure::failed(format!("the window ended with {ended}")));
        }
    }
    server.kill().map(drop)
}

fn has_display() -> bool {
    !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}
