//! Another process of this program, and what the system says of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Both ends of a thousand connections take a thousand sockets each.
pub fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        eprintln!("the number of open files cannot be raised ({error}); measurements with many clients may fail");
    }
}

/// A server in a process of its own, ended when this is dropped.
pub struct Peer {
    child: Child,
    pub address: SocketAddr,
    pub token: String,
}

impl Peer {
    /// Starts this program in a role; its first line is its address and a token.
    pub fn start(role: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(role).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("the peer's output is piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let (address, token) = line.trim().split_once(' ').ok_or("the peer says its address and a token")?;
        Ok(Self { address: address.parse()?, token: token.to_owned(), child })
    }

    /// The memory that the process holds, in bytes.
    pub fn resident_bytes(&self) -> Result<f64, Box<dyn std::error::Error>> {
        resident_bytes(self.child.id())
    }
}

/// The memory that a process holds, in bytes.
pub fn resident_bytes(process: u32) -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the system tells the memory")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kilobytes * 1024.0)
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
