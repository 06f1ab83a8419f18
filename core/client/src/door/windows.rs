//! A named pipe. Pipes lie in no folder: its name follows from the folder's path, and whoever answers there proves by a key that lies in the
//! folder that it is the door of this folder, and not a pipe that somebody else has put in its place.
//!
//! What a pipe holds untaken when it is closed is lost, and what waits for room in it keeps it open. Therefore no more is written than it has
//! room for, and whoever came says how much it has taken.

use std::ffi::OsString;
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use interprocess::os::windows::named_pipe::tokio::{DuplexPipeStream, PipeListener};
use interprocess::os::windows::named_pipe::{PipeListenerOptions, pipe_mode::Bytes};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::time::timeout;
use widestring::{U16CStr, u16cstr};

use super::PATIENCE;
use crate::book::private_file;
use crate::random::random;

/// Only the owner may do anything with the pipe, and nothing else is inherited.
const ONLY_OWNER: &U16CStr = u16cstr!("D:P(A;;GA;;;OW)");

const KEY_FILE: &str = "door.key";
const KEY_BYTES: usize = 32;
type Key = [u8; KEY_BYTES];

/// What a pipe has room for in each direction.
const ROOM_BYTES: u32 = 64 * 1024;

/// All ways in are taken for the moment in which one comes in.
const ERROR_PIPE_BUSY: i32 = 231;
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// What closes the door.
#[derive(Debug)]
pub(super) struct Latch {
    folder: PathBuf,
    closing: Arc<Notify>,
}

/// Where visitors come in.
pub(super) struct Entrance {
    listener: PipeListener<Bytes, Bytes>,
    closing: Arc<Notify>,
    key: Key,
    runtime: Arc<Runtime>,
}

/// Somebody who has come in and was not spoken to yet.
pub(super) struct Visitor {
    pipe: DuplexPipeStream<Bytes>,
    key: Key,
    runtime: Arc<Runtime>,
}

pub(super) fn open(folder: &Path) -> io::Result<(Latch, Entrance)> {
    // One thread looks after all pipes: the threads of visitors end while others' pipes are still read.
    let runtime =
        Arc::new(Builder::new_multi_thread().worker_threads(1).thread_name("door pipes").enable_all().build()?);
    let key = random();
    let listener = {
        let _inside = runtime.enter();
        // It fails where there is a pipe of that name: nobody else's is taken for ours.
        PipeListenerOptions::new()
            .path(name(folder)?)
            .security_descriptor(Some(SecurityDescriptor::deserialize(ONLY_OWNER)?))
            .accept_remote(false)
            .input_buffer_size_hint(ROOM_BYTES)
            .output_buffer_size_hint(ROOM_BYTES)
            .create_tokio_duplex()?
    };
    private_file(&folder.join(KEY_FILE))?.write_all(&key)?;
    let closing: Arc<Notify> = Arc::default();
    Ok((
        Latch { folder: folder.to_owned(), closing: Arc::clone(&closing) },
        Entrance { listener, closing, key, runtime },
    ))
}

/// Goes in; nothing where there is no open door.
pub(super) fn enter(folder: &Path) -> io::Result<Option<Guest>> {
    let name = match name(folder) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let Some(pipe) = runtime.block_on(within(Some(PATIENCE), connect(&name)))? else { return Ok(None) };
    let mut guest = Guest { pipe, patience: Some(PATIENCE), runtime };
    let mut shown = Key::default();
    // The door closes: nobody is inside who was not welcomed.
    match guest.read_exact(&mut shown) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error),
        Err(_) => return Ok(None),
        Ok(()) => {}
    }
    match std::fs::read(folder.join(KEY_FILE)) {
        Ok(key) if key == shown => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(_) => {
            let message = "the pipe that has the name of this folder's door is somebody else's";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
    }
    guest.patience = None;
    Ok(Some(guest))
}

fn name(folder: &Path) -> io::Result<OsString> {
    let path = folder.canonicalize()?;
    Ok(format!(r"\\.\pipe\recordplayer-{}", blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex()).into())
}

/// Whoever answers learns who comes, but cannot act in its name: that is what tokio opens pipes with.
async fn connect(name: &OsString) -> io::Result<Option<NamedPipeClient>> {
    loop {
        match ClientOptions::new().open(name) {
            Ok(pipe) => return Ok(Some(pipe)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY) => tokio::time::sleep(TRY_AGAIN).await,
            Err(error) => return Err(error),
        }
    }
}

impl Latch {
    #[expect(clippy::unnecessary_wraps, reason = "a socket cannot always be closed in order")]
    pub(super) fn close(&self) -> io::Result<()> {
        let removed = std::fs::remove_file(self.folder.join(KEY_FILE));
        self.closing.notify_one();
        if let Err(error) = removed {
            tracing::warn!(%error, "the key of a closed door is left");
        }
        Ok(())
    }
}

impl Entrance {
    /// The next visitor; nothing once the door is closed.
    pub(super) fn next(&self) -> io::Result<Option<Visitor>> {
        let accepted = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.closing.notified() => None,
                accepted = self.listener.accept() => Some(accepted),
            }
        });
        let Some(pipe) = accepted.transpose()? else { return Ok(None) };
        Ok(Some(Visitor { pipe, key: self.key, runtime: Arc::clone(&self.runtime) }))
    }
}

impl Visitor {
    /// Shows the key, and waits until it was taken.
    pub(super) fn welcome(self, patience: Duration) -> io::Result<Host> {
        let mut host = Host { pipe: self.pipe, untaken: 0, patience, runtime: self.runtime };
        host.write_all(&self.key)?;
        host.flush()?;
        Ok(host)
    }
}

/// The pipe to a visitor.
pub(super) struct Host {
    pipe: DuplexPipeStream<Bytes>,
    /// Bytes that were written, and of which the visitor has not said that it took them.
    untaken: u32,
    patience: Duration,
    runtime: Arc<Runtime>,
}

impl Host {
    fn hear_what_was_taken(&mut self) -> io::Result<()> {
        let mut taken = [0; 4];
        self.read_exact(&mut taken)?;
        let untaken = self.untaken.checked_sub(u32::from_be_bytes(taken));
        self.untaken = untaken.ok_or(io::ErrorKind::InvalidData)?;
        Ok(())
    }
}

impl Read for Host {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { pipe, patience, runtime, .. } = self;
        runtime.block_on(within(Some(*patience), async { pipe.read(buffer).await }))
    }
}

impl Write for Host {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while self.untaken >= ROOM_BYTES {
            self.hear_what_was_taken()?;
        }
        let piece = &bytes[..bytes.len().min((ROOM_BYTES - self.untaken) as usize)];
        let Self { pipe, patience, runtime, .. } = self;
        let written = runtime.block_on(within(Some(*patience), async { pipe.write(piece).await }))?;
        self.untaken += written as u32;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.untaken > 0 {
            self.hear_what_was_taken()?;
        }
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // All was taken, or whoever takes nothing is shown out: else a thread would wait for it with the pipe open.
        self.pipe.assume_flushed();
    }
}

/// A visitor's pipe to the door.
pub(super) struct Guest {
    pipe: NamedPipeClient,
    patience: Option<Duration>,
    runtime: Runtime,
}

impl Read for Guest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { pipe, patience, runtime } = self;
        runtime.block_on(within(*patience, async {
            let taken = pipe.read(buffer).await?;
            if taken > 0 {
                pipe.write_all(&(taken as u32).to_be_bytes()).await?;
            }
            Ok(taken)
        }))
    }
}

impl Write for Guest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { pipe, patience, runtime } = self;
        runtime.block_on(within(*patience, async { pipe.write(bytes).await }))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn within<T>(patience: Option<Duration>, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match patience {
        Some(patience) => timeout(patience, work).await?,
        None => work.await,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Door, hand_over};
    use super::*;

    #[test]
    fn the_pipe_of_somebody_else_is_not_taken_for_the_door() {
        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open(folder.path(), <[u8]>::to_vec).unwrap();
        std::fs::write(folder.path().join(KEY_FILE), [0; KEY_BYTES]).unwrap();
        let error = hand_over(folder.path(), b"hi").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn the_key_of_a_dead_process_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(KEY_FILE), [0; KEY_BYTES]).unwrap();
        assert_eq!(hand_over(folder.path(), b"hi").unwrap(), None);
        let _door = Door::open(folder.path(), <[u8]>::to_vec).unwrap();
        assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
    }
}
