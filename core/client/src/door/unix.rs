//! A socket in the folder.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use recordplayer_store::with_short_path;

const SOCKET: &str = "door.sock";
/// A socket that is being opened, or closed: nobody looks for it here.
const HIDDEN: &str = "door.sock.hidden";

/// What closes the door.
#[derive(Debug)]
pub(super) struct Latch {
    folder: PathBuf,
    is_closing: Arc<AtomicBool>,
}

/// Where visitors come in.
pub(super) struct Entrance {
    listener: UnixListener,
    is_closing: Arc<AtomicBool>,
}

/// Somebody who has come in and was not spoken to yet.
pub(super) struct Visitor(UnixStream);

pub(super) fn open(folder: &Path) -> io::Result<(Latch, Entrance)> {
    let hidden = folder.join(HIDDEN);
    let _ = std::fs::remove_file(&hidden);
    // Under a name that nobody looks for, so that it is never open to others under its own.
    let listener = with_short_path(folder, HIDDEN, |path| UnixListener::bind(path))?;
    std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&hidden, folder.join(SOCKET))?;
    let is_closing: Arc<AtomicBool> = Arc::default();
    Ok((Latch { folder: folder.to_owned(), is_closing: Arc::clone(&is_closing) }, Entrance { listener, is_closing }))
}

/// Goes in; nothing where there is no open door.
pub(super) fn enter(folder: &Path) -> io::Result<Option<UnixStream>> {
    match with_short_path(folder, SOCKET, |path| UnixStream::connect(path)) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Latch {
    pub(super) fn close(&self) -> io::Result<()> {
        self.is_closing.store(true, Ordering::SeqCst);
        let hidden = self.folder.join(HIDDEN);
        // Nobody new finds it; a last knock lets the thread look up.
        let knocked = std::fs::rename(self.folder.join(SOCKET), &hidden)
            .and_then(|()| with_short_path(&self.folder, HIDDEN, |path| UnixStream::connect(path)))
            .map(drop);
        let _ = std::fs::remove_file(&hidden);
        knocked
    }
}

impl Entrance {
    /// The next visitor; nothing once the door is closed and those who stood before it at that moment have come in.
    pub(super) fn next(&self) -> io::Result<Option<Visitor>> {
        if self.is_closing.load(Ordering::SeqCst) {
            self.listener.set_nonblocking(true)?;
        }
        match self.listener.accept() {
            Ok((stream, _)) => Ok(Some(Visitor(stream))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Visitor {
    pub(super) fn welcome(self, patience: Duration) -> io::Result<UnixStream> {
        self.0.set_read_timeout(Some(patience))?;
        self.0.set_write_timeout(Some(patience))?;
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Door, hand_over};
    use super::*;

    #[test]
    fn only_the_owner_may_enter_and_a_dead_door_is_no_door() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join(SOCKET);
        drop(UnixListener::bind(&socket).unwrap());
        assert_eq!(
            hand_over(folder.path(), b"hi").unwrap(),
            None,
            "nobody listens behind the socket of a dead process"
        );
        let _door = Door::open(folder.path(), <[u8]>::to_vec).unwrap();
        assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
    }

    #[test]
    fn a_folder_with_a_long_name_has_a_door_too() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let _door = Door::open(&deep, <[u8]>::to_vec).unwrap();
        assert!(hand_over(&deep, b"hi").unwrap().is_some());
    }
}
