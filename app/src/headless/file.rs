//! Files that a person names, and texts that must not be lost.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::answer::{DAMAGED, Failure, WRONG_USE};
use crate::whole::Whole;

/// The bytes of a file, at most so many.
pub(crate) fn bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| {
        let exit = if error.kind() == io::ErrorKind::NotFound { WRONG_USE } else { DAMAGED };
        let message = format!("The file cannot be read: {error}: {}", path.display());
        Failure::new(exit, "unreadable_file", message, "Check the path and its rights")
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > bytes_max {
        let message = format!("The file has more than {bytes_max} bytes: {}", path.display());
        return Err(Failure::new(DAMAGED, "file_too_large", message, "Is it the right file?"));
    }
    Ok(bytes)
}

/// The text of a file in UTF-8.
pub(crate) fn text(path: &Path, bytes_max: u64) -> Result<String, Failure> {
    String::from_utf8(bytes(path, bytes_max)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("The file is not text in UTF-8 (byte {at}): {}", path.display());
        Failure::new(DAMAGED, "not_text", message, "Save it as UTF-8")
    })
}

/// Writes a file in the place of one that is there; whoever finds it finds all of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = Whole::create(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.finish()));
    written.map_err(|error| unwritable(&error, path))
}

/// Why a file could not be written, for the person.
pub(crate) fn unwritable(error: &io::Error, path: &Path) -> Failure {
    let message = format!("The file cannot be written: {error}: {}", path.display());
    let help = if error.kind() == io::ErrorKind::AlreadyExists {
        "Name a folder that is not there yet"
    } else {
        "Check the folder and its free space"
    };
    Failure::new(WRONG_USE, "unwritable_file", message, help)
}

/// Keeps a text that was refused, so that nothing that a person typed is lost; answers with where it lies.
pub(crate) fn keep_text(folder: &Path, what: &str, text: &str) -> io::Result<PathBuf> {
    let drafts = folder.join("drafts");
    std::fs::create_dir_all(&drafts)?;
    let mut number = 1_u64;
    let (mut file, path) = loop {
        let path = drafts.join(name(what, number));
        match File::create_new(&path) {
            Ok(file) => break (file, path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    };
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(path)
}

fn name(what: &str, number: u64) -> String {
    let safe: String = what.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("{safe}-{number}.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_texts_are_kept_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let first = keep_text(folder.path(), "comment TT-~1/..", "one").unwrap();
        let second = keep_text(folder.path(), "comment TT-~1/..", "two").unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(second).unwrap(), "two");
    }

    #[test]
    fn a_file_that_is_no_text_or_too_large_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, b"ok \xff").unwrap();
        assert_eq!(text(&path, 100).unwrap_err().code, "not_text");
        assert_eq!(text(&path, 3).unwrap_err().code, "file_too_large");
        assert_eq!(text(&folder.path().join("missing"), 3).unwrap_err().exit, WRONG_USE);
    }
}
