//! The marks of commands that are tried after a crash, in a file that is there while a server runs.
//!
//! A server that ends in order takes the file away. So whoever finds it knows that the one before died, and with which commands in hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use recordplayer::id::SpaceId;
use recordplayer::space::{Ending, Mark};

const MARKS_FILE: &str = "deciding.json";

/// The marks of all spaces of one server.
#[derive(Debug)]
pub(crate) struct Marks {
    path: PathBuf,
    after_crash: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    marks: BTreeMap<SpaceId, Mark>,
    /// The spaces that have been opened since the start: only the first time counts as after the crash.
    opened: BTreeSet<SpaceId>,
}

impl Marks {
    /// Reads what the server before has left, and says from now on that this one runs.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(MARKS_FILE);
        let (after_crash, marks) = match std::fs::read(&path) {
            // What cannot be read was being written: the server died, and no command was in its hand.
            Ok(bytes) => (true, serde_json::from_slice::<Vec<(SpaceId, Mark)>>(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (false, Vec::new()),
            Err(error) => return Err(error),
        };
        let state = State { marks: marks.into_iter().collect(), opened: BTreeSet::new() };
        let marks = Self { path, after_crash, state: Mutex::new(state) };
        marks.write(&marks.lock().marks)?;
        Ok(marks)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the server before has left a space.
    pub fn ending_before(&self, space: SpaceId) -> Ending {
        let mut state = self.lock();
        let is_first = state.opened.insert(space);
        let has_died = self.after_crash && is_first;
        if has_died { Ending::Crash { mark: state.marks.get(&space).copied() } } else { Ending::InOrder }
    }

    /// Makes the mark of a space durable, or its absence.
    pub fn put(&self, space: SpaceId, mark: Option<Mark>) -> io::Result<()> {
        let mut state = self.lock();
        match mark {
            Some(mark) => drop(state.marks.insert(space, mark)),
            None => drop(state.marks.remove(&space)),
        }
        self.write(&state.marks)
    }

    fn write(&self, marks: &BTreeMap<SpaceId, Mark>) -> io::Result<()> {
        let unfinished = self.path.with_extension("json.new");
        let mut file = File::create(&unfinished)?;
        let rows: Vec<_> = marks.iter().collect();
        file.write_all(&serde_json::to_vec(&rows)?)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// The server ends in order.
    pub fn close(&self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "the next start takes this one for a crash");
        }
    }
}

#[cfg(test)]
mod tests {
    use recordplayer::id::{CommandId, Id, ReplicaId};

    use super::*;

    #[test]
    fn a_mark_is_found_after_a_crash_once_and_not_after_an_end_in_order() {
        let (folder, space) = (tempfile::tempdir().unwrap(), SpaceId(Id([1; 16])));
        let mark = Mark { replica: ReplicaId(Id([2; 16])), number: 3, command: CommandId(Id([4; 16])), attempts: 1 };
        let first = Marks::open(folder.path()).unwrap();
        assert_eq!(first.ending_before(space), Ending::InOrder);
        first.put(space, Some(mark)).unwrap();
        drop(first);
        let after_crash = Marks::open(folder.path()).unwrap();
        assert_eq!(after_crash.ending_before(space), Ending::Crash { mark: Some(mark) });
        assert_eq!(after_crash.ending_before(space), Ending::InOrder, "opened again later, it is a space as any other");
        assert_eq!(after_crash.ending_before(SpaceId(Id([9; 16]))), Ending::Crash { mark: None });
        after_crash.close();
        assert_eq!(Marks::open(folder.path()).unwrap().ending_before(space), Ending::InOrder);
    }

    #[test]
    fn a_torn_file_of_marks_is_a_crash_without_marks() {
        let (folder, space) = (tempfile::tempdir().unwrap(), SpaceId(Id([1; 16])));
        std::fs::write(folder.path().join(MARKS_FILE), b"[[\"").unwrap();
        assert_eq!(Marks::open(folder.path()).unwrap().ending_before(space), Ending::Crash { mark: None });
    }
}
