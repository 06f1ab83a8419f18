//! The door of a folder: whoever works with it takes requests of those who come second (rule 18).
//!
//! A socket in the folder or, on Windows, a named pipe, which only its owner may enter; never a port, where any page in a browser could knock.
//! One request, one answer, each with its length in front.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::limits::{DOOR_ANSWER_BYTES_MAX, DOOR_REQUEST_BYTES_MAX, DOOR_VISITORS_MAX};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// A visitor that sends nothing of its request for so long, or takes nothing of its answer, is shown out: the door does not close before it has
/// left.
const PATIENCE: Duration = Duration::from_secs(10);

type Handler = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// The open door of a folder. Dropping it closes it: who is inside is served first, who comes later finds none.
#[derive(Debug)]
pub struct Door {
    latch: system::Latch,
    room: Arc<Room>,
    receiving: Option<JoinHandle<()>>,
}

/// Who is inside, and how long they are waited for.
struct Room {
    patience: Duration,
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

    fn wait_until_empty(&self) {
        let mut visitors = self.visitors();
        while *visitors > 0 {
            visitors = self.left.wait(visitors).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Door {
    /// Opens the door of a folder whose files this process has open: what lies there of a door is a dead process's.
    pub fn open(folder: &Path, handler: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> io::Result<Self> {
        Self::open_with(PATIENCE, folder, handler)
    }

    fn open_with(
        patience: Duration,
        folder: &Path,
        handler: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (latch, entrance) = system::open(folder)?;
        let room = Arc::new(Room { patience, visitors: Mutex::default(), left: Condvar::default() });
        let receiving = {
            let (room, handler): (_, Arc<Handler>) = (Arc::clone(&room), Arc::new(handler));
            std::thread::Builder::new().name("door".to_owned()).spawn(move || receive(entrance, &room, &handler))?
        };
        Ok(Self { latch, room, receiving: Some(receiving) })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let Some(receiving) = self.receiving.take() else { return };
        if let Err(error) = self.latch.close() {
            tracing::warn!(%error, "the door of the folder cannot be closed in order");
            return;
        }
        if receiving.join().is_err() {
            tracing::error!("the door ended by a panic");
        }
        self.room.wait_until_empty();
    }
}

/// Hands a request to whoever has the folder open; nothing where nobody takes requests there.
pub fn hand_over(folder: &Path, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let Some(mut stream) = system::enter(folder)? else { return Ok(None) };
    write_block(&mut stream, request)?;
    read_block(&mut stream, DOOR_ANSWER_BYTES_MAX).map(Some)
}

/// Takes visitors until the door is closed.
fn receive(entrance: system::Entrance, room: &Arc<Room>, handler: &Arc<Handler>) {
    loop {
        match entrance.next() {
            Ok(Some(visitor)) => admit(visitor, room, handler),
            Ok(None) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!(%error, "the door takes no visitors any more");
                return;
            }
        }
    }
}

fn admit(visitor: system::Visitor, room: &Arc<Room>, handler: &Arc<Handler>) {
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
        let inside = inside;
        if let Err(error) = serve(visitor, &handler, inside.0.patience) {
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

fn serve(visitor: system::Visitor, handler: &Arc<Handler>, patience: Duration) -> io::Result<()> {
    let mut stream = visitor.welcome(patience)?;
    let request = read_block(&mut stream, DOOR_REQUEST_BYTES_MAX)?;
    write_block(&mut stream, &handler(&request))
}

fn write_block(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(&(bytes.len() as u64).to_be_bytes())?;
    stream.write_all(bytes)?;
    stream.flush()
}

fn read_block(stream: &mut impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
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
    use std::sync::mpsc;

    use super::*;

    const BRIEFLY: Duration = Duration::from_millis(50);

    /// Requests that are not all there.
    const UNFINISHED: [&[u8]; 3] = [b"", b"x", &[0, 0, 0, 0, 0, 0, 0, 9, 1]];

    fn echo(request: &[u8]) -> Vec<u8> {
        [b"you said ", request].concat()
    }

    /// What comes until the other side hangs up.
    fn all_of(mut stream: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is as good as an end.
        let _ = stream.read_to_end(&mut bytes);
        bytes
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
    fn a_folder_that_is_not_there_has_no_door() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(hand_over(&folder.path().join("none"), b"hi").unwrap(), None);
    }

    #[test]
    fn a_door_that_was_closed_can_be_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..10 {
            let _door = Door::open(folder.path(), echo).unwrap();
            assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
        }
    }

    #[test]
    fn two_folders_have_two_doors() {
        let (ann, bo) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let _of_ann = Door::open(ann.path(), |_| b"ann".to_vec()).unwrap();
        let _of_bo = Door::open(bo.path(), |_| b"bo".to_vec()).unwrap();
        assert_eq!(hand_over(ann.path(), b"who").unwrap().unwrap(), b"ann");
        assert_eq!(hand_over(bo.path(), b"who").unwrap().unwrap(), b"bo");
    }

    #[test]
    fn many_come_at_once_and_each_gets_its_own_answer() {
        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open(folder.path(), echo).unwrap();
        std::thread::scope(|scope| {
            for visitor in 0..DOOR_VISITORS_MAX as u8 / 2 {
                let folder = folder.path();
                scope.spawn(move || {
                    assert_eq!(hand_over(folder, &[visitor]).unwrap().unwrap(), echo(&[visitor]));
                });
            }
        });
    }

    #[test]
    fn large_requests_and_answers_go_through() {
        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open(folder.path(), echo).unwrap();
        let request: Vec<u8> = (0..3 << 20_u32).map(|at: u32| (at % 251) as u8).collect();
        assert!(hand_over(folder.path(), &request).unwrap().unwrap() == echo(&request), "the answer is another");
    }

    #[test]
    fn who_is_inside_is_served_before_the_door_closes() {
        let folder = tempfile::tempdir().unwrap();
        let (came, waits) = mpsc::channel();
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
        let folder = tempfile::tempdir().unwrap();
        let (came, waits) = mpsc::channel();
        let door = Door::open_with(Duration::from_secs(1), folder.path(), move |_| {
            came.send(()).unwrap();
            vec![0; 16 << 20]
        })
        .unwrap();
        let mut stream = system::enter(folder.path()).unwrap().unwrap();
        write_block(&mut stream, b"all of it").unwrap();
        waits.recv().unwrap();
        drop(door);
        assert_eq!(
            hand_over(folder.path(), b"hi").unwrap(),
            None,
            "nothing is left of the door while that visitor lives"
        );
        let _ = read_block(&mut stream, DOOR_ANSWER_BYTES_MAX).unwrap_err();
    }

    #[test]
    fn who_sends_nothing_or_not_all_of_its_request_is_shown_out() {
        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open_with(BRIEFLY, folder.path(), echo).unwrap();
        for unfinished in UNFINISHED {
            let mut stream = system::enter(folder.path()).unwrap().unwrap();
            let _ = stream.write_all(unfinished);
            assert_eq!(all_of(stream), b"");
        }
    }

    #[test]
    fn who_finds_the_room_full_gets_no_answer_and_finds_room_later() {
        let folder = tempfile::tempdir().unwrap();
        let door = Door::open_with(Duration::from_mins(1), folder.path(), echo).unwrap();
        let inside: Vec<_> = (0..DOOR_VISITORS_MAX).map(|_| system::enter(folder.path()).unwrap().unwrap()).collect();
        assert!(!matches!(hand_over(folder.path(), b"hi"), Ok(Some(_))));
        drop(inside);
        door.room.wait_until_empty();
        assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
    }

    #[test]
    fn garbage_at_the_door_costs_its_sender_the_answer_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let _door = Door::open(folder.path(), echo).unwrap();
        let mut stream = system::enter(folder.path()).unwrap().unwrap();
        stream.write_all(&u64::MAX.to_be_bytes()).unwrap();
        assert_eq!(all_of(stream), b"");
        for unfinished in UNFINISHED {
            system::enter(folder.path()).unwrap().unwrap().write_all(unfinished).unwrap();
        }
        assert!(hand_over(folder.path(), b"hi").unwrap().is_some());
    }
}
