//! A screen that nobody looks at, for machines without a display; and pictures of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::failure::Failure;

/// The size that the window's sketches have.
const SIZE: &str = "1280x800x24";
/// A window that takes longer to draw than so many looks is not drawing.
const LOOKS: u32 = 150;
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// A picture of an empty screen is far smaller, one of a board far larger.
const DRAWN_BYTES: u64 = 20_000;

/// A running Xvfb; it ends with this value.
#[derive(Debug)]
pub struct Screen {
    xvfb: Child,
    /// What `DISPLAY` must be for a window on it.
    pub display: String,
}

impl Screen {
    /// Starts one on the first free display number.
    pub fn start() -> Result<Self, Failure> {
        let failed = |what: String| Failure::failed(format!("cannot start Xvfb: {what}"));
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", SIZE]);
        let mut xvfb = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut number = String::new();
        let stdout = xvfb.stdout.take().ok_or_else(|| failed("it has no output".to_owned()))?;
        let read = BufReader::new(stdout).read_line(&mut number);
        let screen = Self { xvfb, display: format!(":{}", number.trim()) };
        match read {
            Ok(0) => Err(failed("it ended without naming a display".to_owned())),
            Ok(_) => Ok(screen),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Writes a picture of the screen once something is drawn on it.
    pub fn picture(&self, path: &Path) -> Result<(), Failure> {
        for _ in 0..LOOKS {
            let shot = Command::new("import")
                .args(["-display", &self.display, "-window", "root"])
                .arg(path)
                .status()
                .map_err(|error| Failure::failed(format!("cannot start import, of ImageMagick: {error}")))?;
            let bytes = path.metadata().map_or(0, |metadata| metadata.len());
            if shot.success() && bytes > DRAWN_BYTES {
                return Ok(());
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        Err(Failure::failed("the window drew nothing on the screen"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.xvfb.kill();
        let _ = self.xvfb.wait();
    }
}
