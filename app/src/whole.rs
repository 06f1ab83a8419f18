//! A file that is there as a whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file on its way; dropped before [`Self::finish`], nothing of it stays.
#[derive(Debug)]
pub(crate) struct Whole {
    out: Option<BufWriter<File>>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl Whole {
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        let out = Some(BufWriter::new(File::create(&unfinished)?));
        Ok(Self { out, unfinished, path: path.to_owned() })
    }

    /// All of it is on disk, and has its name.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(mut out) = self.out.take() {
            let written = out.flush().and_then(|()| out.get_ref().sync_all());
            let written = written.and_then(|()| std::fs::rename(&self.unfinished, &self.path));
            if written.is_err() {
                let _ = std::fs::remove_file(&self.unfinished);
            }
            written?;
        }
        Ok(())
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().map_or(Ok(bytes.len()), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            let _ = std::fs::remove_file(&self.unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cards.csv");
        let mut file = Whole::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut file = Whole::create(&path).unwrap();
        file.write_all(b"all").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
