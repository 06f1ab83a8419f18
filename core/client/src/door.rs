//! The door of a folder: whoever works with it takes requests of those who come second (rule 18).
//!
//! A socket in the folder, which only its owner may enter; never a port, where any page in a browser could knock. One request, one answer,
//! each with its length in front.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use recordplayer_store::with_short_path;

use crate::limits::{DOOR_ANSWER_BYTES_MAX, DOOR_REQUEST_BYTES_MAX, DOOR_VISITORS_MAX};

const SOCKET: &str = "door.sock";
/// A socket that is being opened, or closed: nobody looks for it here.
const HIDDEN: &str = "door.sock.hidden";

/// A visitor that sends nothing of its request for so long, or takes nothing of its answer, is shown out: the door does not close before it has
/// left.
const PATIENCE: Duration = Duration::from_secs(10);

type Handler = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// The open door of a folder. Dropping it closes it: who is inside is served first, who comes later finds none.
#[derive(Debug)]
pub struct Door {
    folder: PathBuf,
    room: Arc<Room>,
    receiving: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Room {
    is_closing: AtomicBool,
    visitors: Mutex<usize>,
    left: Condvar,
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} visitors", *self.visitors())
    }
}

impl Room {
    fn visitors(&self) -> MutexGuard<'_, usize> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// Opens the door of a folder whose files this process has open: a socket that lies there is a dead process's.
    pub fn open(folder: &Path, handler: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> io::Result<Self> {
        let hidden = folder.join(HIDDEN);
        let _ = std::fs::remove_file(&hidden);
        // Under a name that nobody looks for, so that it is never open to others under its own.
        let listener = with_short_path(folder, HIDDEN, |path| UnixListener::bind(path))?;
        std::fs::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&hidden, folder.join(SOCKET))?;
        let room: Arc<Room> = Arc::default();
        let receiving = {
            let (room, handler): (_, Arc<Handler>) = (Arc::clone(&room), Arc::new(handler));
            std::thread::Builder::new().name("door".to_owned()).spawn(move || receive(&listener, &room, &handler))?
        };
        Ok(Self { folder: folder.to_owned(), room, receiving: Some(receiving) })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.room.is_closing.store(true, Ordering::SeqCst);
        let hidden = self.folder.join(HIDDEN);
        // Nobody new finds it; a last knock lets the thread look up.
        let knocked = std::fs::rename(self.folder.join(SOCKET), &hidden)
            .and_then(|()| with_short_path(&self.folder, HIDDEN, |path| UnixStream::connect(path)))
            .map(drop);
        let _ = std::fs::remove_file(&hidden);
        let Some(receiving) = self.receiving.take() else { return };
        if let Err(error) = knocked {
            tracing::warn!(%error, "the door of the folder cannot be closed in order");
            return;
        }
        if receiving.join().is_err() {
            tracing::error!("the door ended by a panic");
        }
        let mut visitors = self.room.visitors();
        while *visitors > 0 {
            visitors = self.room.left.wait(visitors).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Hands a request to whoever has the folder open; nothing where nobody takes requests there.
pub fn hand_over(folder: &Path, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut stream = match with_short_path(folder, SOCKET, |path| UnixStream::connect(path)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    write_block(&mut stream, request)?;
    read_block(&mut stream, DOOR_ANSWER_BYTES_MAX).map(Some)
}

/// Takes visitors until the door is closed, those included that stood before it at that moment.
fn receive(listener: &UnixListener, room: &Arc<Room>, handler: &Arc<Handler>) {
    loop {
        if room.is_closing.load(Ordering::SeqCst) && listener.set_nonblocking(true).is_err() {
            return;
        }
        match listener.accept() {
            Ok((stream, _)) => admit(stream, room, handler),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!(%error, "the door takes no visitors any more");
                return;
            }
        }
    }
}

fn admit(stream: UnixStream, room: &Arc<Room>, handler: &Arc<Handler>) {
    {
        let mut visitors = room.visitors();
        if *visitors >= DOOR_VISITORS_MAX {
            return;
        }
        *visitors += 1;
    }
    let inside = Inside(Arc::clone(room));
    let handler = Arc::clone(handler);
    let served = std::thread::Builder::new().name("door visitor".to_owned()).spawn(move || {
        let _inside = inside;
        if let Err(error) = serve(stream, &handler, PATIENCE) {
            tracing::debug!(%error, "a visitor left without an answer");
        }
    });
    if let Err(error) = served {
        tracing::warn!(%error, "a visitor cannot be served");
    }
}

/// One visitor; leaves when it is dropped.
struct Inside(Arc<Room>);

impl Drop for Inside {
    fn drop(&mut self) {
        *self.0.visitors() -= 1;
        self.0.left.notify_all();
    }
}

fn serve(mut stream: UnixStream, handler: &Arc<Handler>, patience: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let request = read_block(&mut stream, DOOR_REQUEST_BYTES_MAX)?;
    write_block(&mut stream, &handler(&request))
}

fn write_block(stream: &mut UnixStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(&(bytes.len() as u64).to_be_bytes())?;
    stream.write_all(bytes)?;
    stream.flush()
}

fn read_block(stream: &mut UnixStream, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let length = u64::from_be_bytes(length);
    if length > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{length} bytes; at most {bytes_max} are taken"),
        ));
    }
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(request: &[u8]) -> Vec<u8> {
        [b"you said ", request].concat()
    }

    #[test]
    fn a_second_process_hands_its_request_to_the_first() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(hand_over(folder.path(), b"hi").unwrap(), None);
        let door = Door::open(folder.path(), echo).unwrap();
        assert_eq!(hand_over(folder.path(), b"hi").unwrap().unwrap(), b"you said hi");
        drop(door);
        assert_eq!(hand_over(folder.path(), b"hi").unwrap(), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a closed door leaves nothing behind");
    }

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
        let _door = Door::open(folder.path(), echo).unwrap();
        assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
    }

    #[test]
    fn who_is_inside_is_served_before_the_door_closes() {
        let folder = tempfile::tempdir().unwrap();
        let (came, waits) = std::sync::mpsc::channel();
        let door = Door::open(folder.path(), move |request| {
            came.send(()).unwrap();
            echo(request)
        });
        let path = folder.path().to_owned();
        let visitor = std::thread::spawn(move || hand_over(&path, b"slowly"));
        waits.recv().unwrap();
        drop(door);
        assert_eq!(visitor.join().unwrap().unwrap().unwrap(), b"you said slowly");
    }

    /// Somebody asked for more than a socket holds and read none of it: the program that has the door could not end any more.
    #[test]
    fn who_takes_nothing_of_the_answer_is_shown_out() {
        let (mut visitor, stream) = UnixStream::pair().unwrap();
        let handler: Arc<Handler> = Arc::new(|_: &[u8]| vec![0; 16 << 20]);
        write_block(&mut visitor, b"all of it").unwrap();
        let left = serve(stream, &handler, Duration::from_millis(50)).unwrap_err();
        assert_eq!(left.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn garbage_at_the_door_costs_its_sender_the_answer_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open(folder.path(), echo).unwrap();
        for garbage in [&b""[..], b"x", &u64::MAX.to_be_bytes(), &[0, 0, 0, 0, 0, 0, 0, 9, 1]] {
            let mut stream = UnixStream::connect(folder.path().join(SOCKET)).unwrap();
            stream.write_all(garbage).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            // A reset is as good as an end.
            let _ = stream.read_to_end(&mut answer);
            assert_eq!(answer, b"");
        }
        assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
    }

    #[test]
    fn a_folder_with_a_long_name_has_a_door_too() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let _door = Door::open(&deep, echo).unwrap();
        assert!(hand_over(&deep, b"hi").unwrap().is_some());
    }
}
