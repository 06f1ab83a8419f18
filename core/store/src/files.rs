//! The files that records speak of, in a folder: by their space and their hash.
//!
//! ```text
//! <space>/<hash>          all of it, and it is what its hash says
//! <space>/<hash>.part     as much of it as has come
//! <space>/new-<number>    being added; its hash is not known yet
//! ```
//! A file lies here once for each space whose log speaks of it, however many cards have it; so that who may look at one space alone learns nothing of
//! another one, it lies here again for that. A part is as long as what has been written to it, durable or not: its hash is looked at when all has come.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use recordplayer::file::FileRef;
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;

use crate::limits::FILE_PIECE_BYTES;

const PART: &str = ".part";
const NEW: &str = "new-";

/// How much of a file is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Whole { bytes: u64 },
    Part { bytes: u64 },
}

/// A folder of files. Whoever brings a file to it has to be alone with that file.
#[derive(Debug)]
pub struct FileFolder {
    folder: PathBuf,
    next: AtomicU64,
}

impl FileFolder {
    /// The folder need not exist.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, next: AtomicU64::new(0) }
    }

    fn of_space(&self, space: SpaceId) -> PathBuf {
        self.folder.join(space.to_string())
    }

    /// Where a file lies once all of it is here.
    pub fn path(&self, space: SpaceId, hash: &Hash) -> PathBuf {
        self.of_space(space).join(hash.to_string())
    }

    fn part(&self, space: SpaceId, hash: &Hash) -> PathBuf {
        self.of_space(space).join(format!("{hash}{PART}"))
    }

    pub fn held(&self, space: SpaceId, hash: &Hash) -> io::Result<Held> {
        match length(&self.path(space, hash))? {
            Some(bytes) => Ok(Held::Whole { bytes }),
            None => Ok(Held::Part { bytes: length(&self.part(space, hash))?.unwrap_or_default() }),
        }
    }

    /// Copies what can be read into the folder.
    pub fn add(&self, space: SpaceId, from: &mut impl Read) -> io::Result<FileRef> {
        let folder = self.of_space(space);
        fs::create_dir_all(&folder)?;
        let new = folder.join(format!("{NEW}{}", self.next.fetch_add(1, Ordering::Relaxed)));
        let added = copy(from, &new).and_then(|file| {
            let whole = self.path(space, &file.hash);
            fs::rename(&new, &whole)?;
            sync_folder_of(&whole)?;
            Ok(file)
        });
        if added.is_err() {
            // What cannot be removed either is removed by the next sweep.
            let _ = fs::remove_file(&new);
        }
        added
    }

    /// Opens the part, to write behind what is there.
    pub fn open_part(&self, space: SpaceId, hash: &Hash) -> io::Result<File> {
        fs::create_dir_all(self.of_space(space))?;
        OpenOptions::new().create(true).append(true).open(self.part(space, hash))
    }

    /// All has come, and is durable: true where it is what its hash says, and lies under it from now on. Else it is gone, and may come again.
    pub fn end_part(&self, space: SpaceId, hash: &Hash) -> io::Result<bool> {
        let (part, whole) = (self.part(space, hash), self.path(space, hash));
        if hash_of(&part)? != *hash {
            fs::remove_file(&part)?;
            return Ok(false);
        }
        fs::rename(&part, &whole)?;
        sync_folder_of(&whole)?;
        Ok(true)
    }

    /// Lets a file that another space has lie in this one too; false where that has it not.
    pub fn take_over(&self, from: SpaceId, space: SpaceId, hash: &Hash) -> io::Result<bool> {
        let (there, here) = (self.path(from, hash), self.path(space, hash));
        if length(&there)?.is_none() {
            return Ok(false);
        }
        fs::create_dir_all(self.of_space(space))?;
        match fs::hard_link(&there, &here) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            // Or somebody else was faster.
            Ok(()) | Err(_) => {}
        }
        sync_folder_of(&here)?;
        Ok(true)
    }

    /// How many bytes the files of a space take, with those of which not all has come.
    pub fn taken(&self, space: SpaceId) -> io::Result<u64> {
        let mut taken = 0;
        for path in entries(&self.of_space(space))? {
            taken += length(&path)?.unwrap_or_default();
        }
        Ok(taken)
    }

    /// The spaces that have files.
    pub fn spaces(&self) -> io::Result<Vec<SpaceId>> {
        let paths = entries(&self.folder)?.into_iter();
        Ok(paths.filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect())
    }

    /// The files of a space, whole or not.
    pub fn hashes(&self, space: SpaceId) -> io::Result<BTreeSet<Hash>> {
        Ok(entries(&self.of_space(space))?.iter().filter_map(|path| named_by(path)).collect())
    }

    /// Removes a file, and what there is of its part.
    pub fn remove(&self, space: SpaceId, hash: &Hash) -> io::Result<()> {
        remove(&self.part(space, hash))?;
        remove(&self.path(space, hash))
    }

    /// Removes what was being added when a process ended. Nobody may be adding anything.
    pub fn sweep(&self) -> io::Result<()> {
        for space in self.spaces()? {
            for path in entries(&self.of_space(space))? {
                if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(NEW)) {
                    remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Removes all files of a space.
    pub fn forget(&self, space: SpaceId) -> io::Result<()> {
        match fs::remove_dir_all(self.of_space(space)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Copies what can be read to a new file, durably.
fn copy(from: &mut impl Read, to: &Path) -> io::Result<FileRef> {
    let mut file = File::create(to)?;
    let file_ref = read_all(from, |piece| file.write_all(piece))?;
    file.sync_all()?;
    Ok(file_ref)
}

fn hash_of(path: &Path) -> io::Result<Hash> {
    Ok(read_all(&mut File::open(path)?, |_| Ok(()))?.hash)
}

fn read_all(from: &mut impl Read, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<FileRef> {
    let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0);
    let mut piece = vec![0; FILE_PIECE_BYTES];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(FileRef { hash: Hash(*hasher.finalize().as_bytes()), bytes }),
            Ok(length) => {
                hasher.update(&piece[..length]);
                take(&piece[..length])?;
                bytes += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A name is durable when its folder is. On Windows a folder cannot be synced, and a rename is durable by itself.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    if cfg!(unix) { path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()) } else { Ok(()) }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn named_by(path: &Path) -> Option<Hash> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(PART).unwrap_or(name).parse().ok()
}

#[cfg(test)]
mod tests {
    use recordplayer::id::Id;

    use super::*;

    const HERE: SpaceId = SpaceId(Id([1; 16]));
    const THERE: SpaceId = SpaceId(Id([2; 16]));

    fn folder() -> (tempfile::TempDir, FileFolder) {
        let folder = tempfile::tempdir().unwrap();
        let files = FileFolder::new(folder.path().join("files"));
        (folder, files)
    }

    #[test]
    fn a_file_lies_under_its_hash_once() {
        let (_folder, files) = folder();
        let file = files.add(HERE, &mut &b"a plan"[..]).unwrap();
        assert_eq!(file, FileRef { hash: Hash::of(b"a plan"), bytes: 6 });
        assert_eq!(files.add(HERE, &mut &b"a plan"[..]).unwrap(), file);
        assert_eq!(files.hashes(HERE).unwrap(), [file.hash].into());
        assert_eq!(files.held(HERE, &file.hash).unwrap(), Held::Whole { bytes: 6 });
        assert_eq!(files.taken(HERE).unwrap(), 6);
        assert_eq!(fs::read(files.path(HERE, &file.hash)).unwrap(), b"a plan");
        assert_eq!(files.held(THERE, &file.hash).unwrap(), Held::Part { bytes: 0 });
    }

    #[test]
    fn a_file_comes_part_by_part_and_is_looked_at_when_all_is_here() {
        let (_folder, files) = folder();
        let hash = Hash::of(b"a plan");
        files.open_part(HERE, &hash).unwrap().write_all(b"a p").unwrap();
        assert_eq!(files.held(HERE, &hash).unwrap(), Held::Part { bytes: 3 });
        files.open_part(HERE, &hash).unwrap().write_all(b"lan").unwrap();
        assert!(files.end_part(HERE, &hash).unwrap());
        assert_eq!(files.held(HERE, &hash).unwrap(), Held::Whole { bytes: 6 });
    }

    #[test]
    fn what_is_not_what_its_hash_says_goes() {
        let (_folder, files) = folder();
        let hash = Hash::of(b"a plan");
        files.open_part(HERE, &hash).unwrap().write_all(b"another").unwrap();
        assert!(!files.end_part(HERE, &hash).unwrap());
        assert_eq!(files.held(HERE, &hash).unwrap(), Held::Part { bytes: 0 });
        assert_eq!(files.hashes(HERE).unwrap(), [].into());
    }

    #[test]
    fn a_file_of_another_space_lies_in_this_one_too() {
        let (_folder, files) = folder();
        let hash = Hash::of(b"a plan");
        assert!(!files.take_over(HERE, THERE, &hash).unwrap(), "it is nowhere");
        files.add(HERE, &mut &b"a plan"[..]).unwrap();
        assert!(files.take_over(HERE, THERE, &hash).unwrap());
        assert!(files.take_over(HERE, THERE, &hash).unwrap(), "again");
        files.remove(HERE, &hash).unwrap();
        assert_eq!(files.held(THERE, &hash).unwrap(), Held::Whole { bytes: 6 }, "it stays where it is still spoken of");
        files.forget(THERE).unwrap();
        assert_eq!(files.spaces().unwrap(), [HERE]);
    }

    /// A reader that breaks left a file behind that nobody knew the name of.
    #[test]
    fn what_was_not_added_to_its_end_goes() {
        struct Breaks;
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let (_folder, files) = folder();
        files.add(HERE, &mut Breaks).unwrap_err();
        assert_eq!(entries(&files.of_space(HERE)).unwrap(), [] as [PathBuf; 0]);
        // As a process leaves it that is killed.
        fs::write(files.of_space(HERE).join("new-7"), "half").unwrap();
        files.sweep().unwrap();
        assert_eq!(files.taken(HERE).unwrap(), 0);
    }
}
