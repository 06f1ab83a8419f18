//! What an admin asks, the same while the server serves (through a socket in its folder) and while it does not.
//!
//! The socket belongs to the owner of the folder alone: whoever may open it may read the files as well.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recordplayer::domain::Domain;
use recordplayer_store::with_short_path;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

use crate::accounts::AccountError;
use crate::limits::{ADMIN_LINE_BYTES_MAX, HANDSHAKE_TIMEOUT, WRITE_RETRY};
use crate::server::{Control, DiskFailed, Server, StartError};

/// The socket of a serving server.
pub const ADMIN_SOCKET: &str = "admin.sock";

/// One request, one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    UserAdd { name: String },
    DeviceToken { name: String },
    Hash { project: String },
    Reopen,
}

/// Why there is no answer. `code` is for programs, the rest for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: String,
    pub message: String,
    pub help: String,
    pub details: Value,
}

impl Failure {
    pub fn new(code: &str, message: impl ToString, help: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_string(), help: help.to_owned(), details: Value::Null }
    }

    /// What the program ends with: 1 refused, 2 wrong use, 5 damaged or unreadable.
    pub fn exit_code(&self) -> u8 {
        match self.code.as_str() {
            "exists" | "unknown_user" | "bad_name" => 1,
            "wrong_use" | "unknown_project" | "ambiguous_project" | "in_use" => 2,
            _ => 5,
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match &error {
            AccountError::Exists(_) => Self::new("exists", error, "use the user that is there"),
            AccountError::Unknown(_) => Self::new("unknown_user", error, "add the user first"),
            AccountError::BadName(_) => Self::new("bad_name", error, "choose another name"),
            AccountError::Store(recordplayer_store::OpenError::InUse { .. }) => {
                Self::new("in_use", error, "end the other process, or wait until it is done")
            }
            AccountError::Store(recordplayer_store::OpenError::Io { .. }) | AccountError::Write(_) => {
                Self::new("unreadable", error, "free space or check the disk, and start again")
            }
            AccountError::Store(_) | AccountError::Row => {
                Self::new("unreadable", error, "check the disk, or restore a backup")
            }
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Accounts(error) => error.into(),
            StartError::Store(recordplayer_store::OpenError::InUse { .. }) => {
                Self::new("in_use", error, "end the other process, or wait until it is done")
            }
            // The files may be as good as ever.
            StartError::Store(recordplayer_store::OpenError::Io { .. }) | StartError::Marks(_) => {
                Self::new("unreadable", error, "free space or check the disk, and start again")
            }
            StartError::NoAccounts | StartError::Store(_) | StartError::Spaces(_) => {
                Self::new("unreadable", error, "set the folder aside and restore a backup")
            }
        }
    }
}

impl From<DiskFailed> for Failure {
    fn from(error: DiskFailed) -> Self {
        Self::new("disk", error, "what was acknowledged is kept")
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new("unreadable", error, "check the folder's rights and free space")
    }
}

/// Asks the server that serves the folder, or opens the folder if none does.
pub fn ask(domain: Arc<Domain>, folder: &Path, request: &Request) -> Result<Value, Failure> {
    if let Ok(stream) = with_short_path(folder, ADMIN_SOCKET, |path| BlockingStream::connect(path)) {
        return ask_socket(stream, request);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = Server::open(domain, folder)?;
    let control = server.control();
    runtime.block_on(async {
        let answer = answer(&control, request).await;
        server.close().await;
        answer
    })
}

/// Notes that a backup was put in the place of the folder's store. A server that serves has its store open: nobody can have put one there.
pub fn recover(domain: Arc<Domain>, folder: &Path, hours: u32) -> Result<Value, Failure> {
    if with_short_path(folder, ADMIN_SOCKET, |path| BlockingStream::connect(path)).is_ok() {
        let message = "the server is running, on the store that it has";
        return Err(Failure::new("in_use", message, "end it, put the backup in place, and say this again"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = Server::open(domain, folder)?;
    let control = server.control();
    runtime.block_on(async {
        let noted = control.recover(i64::from(hours) * 3_600_000).await;
        server.close().await;
        Ok(json!({ "recovering": noted?, "hours": hours }))
    })
}

fn ask_socket(mut stream: BlockingStream, request: &Request) -> Result<Value, Failure> {
    let line = serde_json::to_string(request).map_err(|error| Failure::new("wrong_use", error, "report this"))?;
    writeln!(stream, "{line}")?;
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply)?;
    let reply: Result<Value, Failure> = serde_json::from_str(&reply)
        .map_err(|error| Failure::new("unreadable", error, "is the server of the same version?"))?;
    reply
}

/// Answers one request.
pub async fn answer(control: &Control, request: &Request) -> Result<Value, Failure> {
    match request {
        Request::UserAdd { name } => {
            let person = control.accounts().add_user(name)?;
            Ok(json!({ "user": name, "id": person.to_string() }))
        }
        Request::DeviceToken { name } => Ok(json!({ "user": name, "token": control.accounts().new_token(name)? })),
        Request::Reopen => Ok(json!({ "reopened": control.reopen().await? })),
        Request::Hash { project } => {
            let found = control.find_spaces(project);
            let unreadable = control.unreadable_count();
            if found.is_empty() && unreadable > 0 {
                let message =
                    format!("no project that can be read is called {project:?}, and {unreadable} cannot be read");
                return Err(Failure::new("unreadable", message, "read the server's log, and restore a backup"));
            }
            let [(space, title)] = found.as_slice() else {
                let code = if found.is_empty() { "unknown_project" } else { "ambiguous_project" };
                let message = format!("{} projects are called {project:?}", found.len());
                let mut failure = Failure::new(code, message, "name one project by its id");
                failure.details =
                    found.iter().map(|(id, title)| json!({ "id": id.to_string(), "title": title })).collect();
                return Err(failure);
            };
            let Some(hash) = control.hash(*space).await else {
                return Err(Failure::new("unreadable", "the project cannot be read", "read the server's log"));
            };
            let (record, epoch) = (hash.record.0, hash.epoch);
            let id = space.to_string();
            Ok(
                json!({ "project": id, "title": title, "record": record, "epoch": epoch, "state": hash.state.to_string() }),
            )
        }
    }
}

/// The socket of a folder; it is removed with this value.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Opens the socket. Call it only while the folder's store is open: then a socket that lies there is a dead server's.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(ADMIN_SOCKET);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Bound under a name that nobody knows yet, so that it is never open to others under its own.
        let name = "admin.sock.new";
        let unfinished = folder.join(name);
        let _ = std::fs::remove_file(&unfinished);
        let listener = with_short_path(folder, name, |path| UnixListener::bind(path))?;
        std::fs::set_permissions(&unfinished, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&unfinished, &path)?;
        Ok(Self { listener, path })
    }

    /// Answers requests until it is dropped.
    pub async fn serve(self, control: Control) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let control = control.clone();
                    tokio::spawn(async move {
                        if !matches!(timeout(HANDSHAKE_TIMEOUT, serve_one(stream, &control)).await, Ok(Ok(()))) {
                            tracing::warn!("an admin's request was not answered");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "an admin's connection was not accepted");
                    sleep(WRITE_RETRY).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // If it stays, the next start removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve_one(stream: UnixStream, control: &Control) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut line = String::new();
    tokio::io::BufReader::new(reading.take(ADMIN_LINE_BYTES_MAX)).read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(request) => answer(control, &request).await,
        Err(error) => Err(Failure::new("wrong_use", error, "is the server of the same version?")),
    };
    let mut reply = serde_json::to_vec(&reply).map_err(io::Error::other)?;
    reply.push(b'\n');
    writing.write_all(&reply).await
}
