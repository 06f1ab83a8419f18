//! A screen that nobody looks at, with a keyboard and a mouse.

use std::cell::Cell;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use recordplayer_tests::workspace_root;

use crate::picture::{HEIGHT, Picture, WIDTH};

/// The programs that this needs, and the Debian packages that bring them.
const XVFB: (&str, &str) = ("Xvfb", "xvfb");
const XDOTOOL: (&str, &str) = ("xdotool", "xdotool");
const IMPORT: (&str, &str) = ("import", "imagemagick");

/// A running Xvfb; it ends with this value.
pub struct Screen {
    xvfb: Child,
    pub display: String,
    /// How many pictures were kept.
    kept: Cell<usize>,
}

impl Screen {
    /// Starts one on the first free display number. Keys do not repeat on it (`-r`): a test that is held up does not hold them down. And it
    /// does not begin anew when nothing shows on it for a moment (`-noreset`): a window that comes just then would lose it.
    pub fn start() -> Self {
        for tool in [XDOTOOL, IMPORT] {
            let _ = found(tool, Command::new(tool.0).arg("-version").stdin(Stdio::null()).output());
        }
        let mut command = Command::new(XVFB.0);
        command.args([
            "-displayfd",
            "1",
            "-r",
            "-noreset",
            "-nolisten",
            "tcp",
            "-screen",
            "0",
            &format!("{WIDTH}x{HEIGHT}x24"),
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut xvfb = found(XVFB, command.spawn());
        let mut number = String::new();
        BufReader::new(xvfb.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let screen = Self { xvfb, display: format!(":{}", number.trim()), kept: Cell::new(0) };
        assert!(!number.trim().is_empty(), "Xvfb ended without naming a display");
        screen
    }

    fn run(&self, program: (&str, &str), arguments: &[&str]) -> Output {
        let mut command = Command::new(program.0);
        found(program, command.args(arguments).env("DISPLAY", &self.display).stdin(Stdio::null()).output())
    }

    /// Keyboard and mouse, in the words of xdotool; answers with what it prints.
    #[track_caller]
    pub fn hand(&self, words: &[&str]) -> String {
        let output = self.run(XDOTOOL, words);
        assert!(output.status.success(), "xdotool {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same for what may find nothing yet.
    pub fn ask(&self, words: &[&str]) -> Option<String> {
        let output = self.run(XDOTOOL, words);
        let said = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        (output.status.success() && !said.is_empty()).then_some(said)
    }

    #[track_caller]
    pub fn press(&self, key: &str) {
        self.hand(&["key", key]);
    }

    #[track_caller]
    pub fn write(&self, words: &str) {
        self.hand(&["type", "--delay", "8", words]);
    }

    #[track_caller]
    pub fn point(&self, (x, y): (usize, usize)) {
        self.hand(&["mousemove", &x.to_string(), &y.to_string()]);
    }

    pub fn look(&self) -> Option<Picture> {
        Picture::of(self.run(IMPORT, &["-window", "root", "-depth", "8", "rgb:-"]).stdout)
    }

    /// Leaves a picture in `target/desktop`, with its number before its name.
    pub fn keep(&self, name: &str) {
        self.kept.set(self.kept.get() + 1);
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        let folder = workspace_root().join(target).join("desktop");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{:02}-{name}.png", self.kept.get()));
        self.run(IMPORT, &["-window", "root", file.to_str().unwrap()]);
        assert!(file.is_file(), "no picture was left: {}", file.display());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.xvfb.kill();
        let _ = self.xvfb.wait();
    }
}

/// What came of starting a program, which may not be installed.
fn found<T>((program, package): (&str, &str), started: std::io::Result<T>) -> T {
    started.unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound => panic!(
            "this test needs {program}, of the Debian package {package}; cargo xtask test installs it, or apt-get install {package}"
        ),
        _ => panic!("cannot start {program}: {error}"),
    })
}

#[test]
#[should_panic(expected = "of the Debian package xdotool; cargo xtask test installs it")]
fn a_missing_program_names_its_package() {
    found(XDOTOOL, Command::new("no-such-program-as-this").output());
}
