//! Why a file cannot be opened.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::path::PathBuf;

use recordplayer::storage::ReadError;

/// What a file of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Store,
    Outbox,
    Accounts,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Store => "store",
            Self::Outbox => "outbox",
            Self::Accounts => "file of accounts",
        })
    }
}

/// A file that cannot be opened. None of these changes the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another process has the {kind} open; close it or let it do the work: {}", path.display())]
    InUse { kind: FileKind, path: PathBuf },
    #[error("this is no RecordPlayer {kind}: {found}; check the path, nothing was changed: {}", path.display())]
    Foreign { kind: FileKind, found: String, path: PathBuf },
    #[error("the {kind} has the format {found}, this program knows {known}; upgrade the program: {}", path.display())]
    NewerFormat { kind: FileKind, found: u32, known: u32, path: PathBuf },
    #[error("the {kind} is damaged: {what}; set the file aside and restore a backup, or let a server's copy be fetched anew: {}", path.display())]
    Damaged { kind: FileKind, what: String, path: PathBuf },
    #[error("the {kind} cannot be opened: {source}; check the folder's rights and free space: {}", path.display())]
    Io { kind: FileKind, source: io::Error, path: PathBuf },
}

pub(crate) fn damaged(what: impl Into<String>) -> ReadError {
    ReadError::Damaged(what.into())
}

/// A failure of redb while reading.
pub(crate) fn read_error(error: impl Into<redb::Error>) -> ReadError {
    match error.into() {
        redb::Error::Io(error) => ReadError::Io(error.to_string()),
        redb::Error::DatabaseClosed => ReadError::Io("the store was closed".to_owned()),
        redb::Error::PreviousIo => ReadError::Io("the disk failed before; open the store again".to_owned()),
        other => ReadError::Damaged(other.to_string()),
    }
}

/// Runs what may panic inside redb when a file has rotted (4.6 does, in 12 of 1,500 single flipped bits), and makes an answer of it.
pub(crate) fn without_panic<T>(work: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    caught(work).unwrap_or_else(|why| Err(damaged(why)))
}

thread_local! {
    /// How many of those who wait in this thread for work to end make an answer of its panic.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
}

/// What a panic says, where the work ends with one.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    CATCHING.set(CATCHING.get() + 1);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    CATCHING.set(CATCHING.get() - 1);
    outcome.map_err(|panic| panic_text(&*panic))
}

/// For programs: a panic of which an answer is made is told by that answer, and by nothing else. Every other one is reported as before.
pub fn keep_quiet_about_caught_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if CATCHING.get() == 0 {
            report(panic);
        }
    }));
}

/// Lets go of a database that is of no use. redb writes as it closes, and may panic at what has rotted.
pub(crate) fn let_go(database: redb::Database) {
    // What went wrong with it is told already.
    drop(without_panic(|| database.close().map_err(read_error)));
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the database met what it never wrote ({})", text.unwrap_or("no reason given"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_which_an_answer_is_made_is_known_to_be_one() {
        assert_eq!(caught(|| CATCHING.get()), Ok(1));
        let why = caught::<()>(|| panic!("it has rotted")).unwrap_err();
        assert!(why.contains("it has rotted"), "{why}");
        assert_eq!(CATCHING.get(), 0, "the next one is nobody's answer");
    }
}
