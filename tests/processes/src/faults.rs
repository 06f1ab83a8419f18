//! What the system is made to do: system calls that fail or kill, and disks that are small.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::chance::Chance;
use crate::process::Around;

/// The system calls by which a program changes files.
pub const CALLS: &[&str] = &["pwrite64", "fdatasync", "fsync", "write", "rename"];

/// Whether `strace` is here, and may look at programs.
pub fn has_strace() -> bool {
    static IS_HERE: OnceLock<bool> = OnceLock::new();
    *IS_HERE.get_or_init(|| {
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "true"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|end| end.success())
    })
}

/// Says that checks are left out: `cargo test` swallows what a passing test prints with `println!`, and this must be seen.
pub fn say_absent(what: &str, checks: u64) {
    let _ = writeln!(std::io::stdout(), "{what} absent: {checks} checks not run");
}

/// Kills the program at a system call, counted in each of its threads, before the call does anything.
pub fn kill_at(call: &str, number: u64) -> Around {
    Around::Strace(vec![
        "-e".to_owned(),
        format!("trace=?{call}"),
        "-e".to_owned(),
        format!("inject=?{call}:signal=KILL:when={number}"),
    ])
}

/// A disk that fails a program.
#[derive(Clone, Copy, Debug)]
pub struct DiskError {
    pub call: &'static str,
    pub error: &'static str,
    /// The first call that fails, counted in each thread.
    pub from: u64,
    /// Whether all calls fail from then on.
    pub for_ever: bool,
}

impl DiskError {
    pub fn drawn(chance: &mut Chance) -> Self {
        // A store that is open writes and syncs; the other calls come at its beginning and end, and few of each.
        let (call, calls) = chance.pick(&[
            ("pwrite64", 40),
            ("pwrite64", 10),
            ("pwrite64", 20),
            ("fdatasync", 4),
            ("fdatasync", 10),
            ("fdatasync", 20),
            ("fsync", 3),
            ("write", 3),
            ("ftruncate", 3),
            ("pread64", 60),
            ("pread64", 15),
        ]);
        let errors: &[&str] = if call == "pread64" { &["EIO"] } else { &["EIO", "ENOSPC"] };
        Self { call, error: chance.pick(errors), from: 1 + chance.below(calls), for_ever: chance.one_in(2) }
    }

    /// Around a program whose files lie in that folder.
    pub fn around(&self, folder: &Path) -> Around {
        let Self { call, error, from, for_ever } = self;
        let and_more = if *for_ever { "+" } else { "" };
        let mut arguments = vec![
            "-e".to_owned(),
            format!("trace=?{call}"),
            "-e".to_owned(),
            format!("inject=?{call}:error={error}:when={from}{and_more}"),
        ];
        let files: &[&str] = match *call {
            // Pipes, sockets and the threads' own bells are written likewise, and are no disk; nor is what a program is loaded from.
            "write" => &["device.json.new", "deciding.json", "deciding.json.new"],
            "pread64" => &["store.redb", "outbox.redb", "accounts.redb"],
            _ => &[],
        };
        for file in files {
            arguments.extend(["-P".to_owned(), folder.join(file).display().to_string()]);
        }
        Around::Strace(arguments)
    }
}

/// A file system in memory of so many bytes, mounted at a folder; gone when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Nothing where this process may not mount.
    pub fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]).arg(folder);
        let mounted = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|end| end.success()).then(|| Self { folder: folder.to_owned() })
    }

    /// Takes all the room that is left, but for so many bytes.
    pub fn fill(&self, left: u64) {
        let ballast = self.ballast();
        let mut file = std::fs::File::create(&ballast).unwrap_or_else(|error| panic!("{}: {error}", ballast.display()));
        let block = [0x55; 4_096];
        let mut bytes = 0;
        while file.write_all(&block).is_ok() {
            bytes += block.len() as u64;
        }
        file.set_len(bytes.saturating_sub(left)).unwrap_or_else(|error| panic!("{}: {error}", ballast.display()));
    }

    /// Gives the room back.
    pub fn clear(&self) {
        let ballast = self.ballast();
        std::fs::remove_file(&ballast).unwrap_or_else(|error| panic!("{}: {error}", ballast.display()));
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}
