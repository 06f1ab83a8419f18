//! Projects that go on where exported ones were, begun on this computer.
//!
//! ```text
//!  told commit by commit ─► the whole log, in memory ─► the copy's file, in one write ─► the book ─► the authority takes it from the copy
//!  pieces of files ─► the folder of the new project
//! ```
//! Until the log is written, nothing of it shows, and what was begun is taken away again: by whoever gives up, else by the next start.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use recordplayer::Models;
use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, Id, SpaceId};
use recordplayer::retelling::{Retelling, RetellingError, Told};
use recordplayer::storage::Write;

use crate::book::{Account, BookError, SpaceInfo};
use crate::clock::now;
use crate::copy::SpaceCopy;
use crate::device::Device;
use crate::files::FileError;
use crate::inner::Inner;
use crate::local::{HERE, LocalError};
use crate::random::{fresh_id, random};
use crate::space::{SendError, Space};

/// Why an export does not become a project.
#[derive(Debug, thiserror::Error)]
pub enum ContinueError {
    #[error(transparent)]
    Retelling(#[from] RetellingError),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("it cannot be written: {}; free space or check the disk, and start again", why.as_deref().unwrap_or("this device is closing"))]
    NotWritten { why: Option<String> },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("what came as the file {0} is another one")]
    WrongContent(Hash),
}

/// A project that is being made of an export; given up where it is dropped before [`Self::end`].
#[derive(Debug)]
pub struct Continuing {
    device: Device,
    account: Account,
    space: SpaceId,
    retelling: Option<Retelling>,
    part: Option<(Hash, File)>,
    files: Vec<Hash>,
}

impl Device {
    /// Begins a project on this computer that goes on where an exported one was.
    pub fn continue_here(&self) -> Result<Continuing, ContinueError> {
        let account = self.person_on_this_computer()?;
        self.decide_here(&account)?;
        let space = SpaceId(fresh_id());
        self.inner().book().change(|content| content.continuing.insert(space))?;
        let retelling = Some(Retelling::new(Arc::clone(&self.inner().domain), space, random()));
        Ok(Continuing { device: self.clone(), account, space, retelling, part: None, files: Vec::new() })
    }
}

impl Continuing {
    /// The next commit of the export.
    pub fn tell(&mut self, told: Told) -> Result<(), RetellingError> {
        self.retelling().tell(told)
    }

    /// The title that the project has by now.
    pub fn title(&mut self) -> String {
        self.retelling().title()
    }

    fn retelling(&mut self) -> &mut Retelling {
        self.retelling.as_mut().expect("it is there until the end")
    }

    /// A piece of a file, behind the last one of the same file.
    pub fn file_piece(&mut self, file: Hash, piece: &[u8]) -> Result<(), ContinueError> {
        let disk = |error: std::io::Error| FileError::of_the_disk(&error);
        if self.part.as_ref().is_none_or(|(hash, _)| *hash != file) {
            self.end_file()?;
            self.part = Some((file, self.device.inner().files.folder.open_part(self.space, &file).map_err(disk)?));
        }
        let (_, part) = self.part.as_mut().expect("just opened");
        Ok(part.write_all(piece).map_err(disk)?)
    }

    /// All of the last file has come.
    pub fn end_file(&mut self) -> Result<(), ContinueError> {
        let Some((hash, part)) = self.part.take() else { return Ok(()) };
        let disk = |error: std::io::Error| FileError::of_the_disk(&error);
        part.sync_all().map_err(disk)?;
        drop(part);
        if !self.device.inner().files.folder.end_part(self.space, &hash).map_err(disk)? {
            return Err(ContinueError::WrongContent(hash));
        }
        self.files.push(hash);
        Ok(())
    }

    /// All was told: from here on the project goes on, as its person's.
    pub fn goes_on(&mut self) -> Result<(), ContinueError> {
        self.end_file()?;
        let person = self.account.person;
        Ok(self.retelling().goes_on(now(), person)?)
    }

    /// One command of its person, behind [`Self::goes_on`]: it is there with all the rest.
    pub fn say<E: Entity>(
        &mut self,
        id: impl Into<Id>,
        claims: Claims,
        command: &E::Command,
    ) -> Result<(), ContinueError> {
        let intent = Intent::of::<E>(id, command).map_err(SendError::from)?;
        Ok(self.retelling().say(now(), claims, &intent)?)
    }

    /// The entities as they are by now.
    pub fn read<T>(&mut self, read: impl FnOnce(&Models<'_>) -> T) -> T {
        read(&self.retelling().models())
    }

    pub fn space(&self) -> SpaceId {
        self.space
    }

    pub fn person(&self) -> ActorId {
        self.account.person
    }

    /// From now on the project is here, as [`Space::glance`] tells once all of it is read.
    pub fn end(mut self) -> Result<Space, ContinueError> {
        let title = self.title();
        let append = self.retelling.take().expect("it ends once").end();
        let (device, space) = (self.device.clone(), self.space);
        let inner = device.inner();
        let not_written = || ContinueError::NotWritten { why: inner.saver.failure() };
        if !inner.saver.put(Write::Append(append)) {
            return Err(not_written());
        }
        let info = SpaceInfo { space, title, role: String::new(), url: HERE.to_owned() };
        inner.book().change(|content| {
            content.continuing.remove(&space);
            content.spaces.insert(space, info);
        })?;
        // From here on the next start finds it, whatever comes.
        self.files.drain(..).for_each(|hash| inner.files.note(space, hash));
        device.take_here(space)?;
        let copy: Arc<SpaceCopy> =
            inner.open_copy(space, &self.account).map_err(|error| SendError::Unreadable(error.to_string()))?;
        if let Some(frames) = inner.session_of(HERE) {
            copy.connect(frames);
        }
        inner.bell.ring();
        Ok(Space::new(Arc::clone(inner), space))
    }
}

impl Drop for Continuing {
    fn drop(&mut self) {
        give_up(self.device.inner(), self.space);
    }
}

/// Takes away what was begun and did not end; nothing where it did.
pub(crate) fn give_up(inner: &Arc<Inner>, space: SpaceId) {
    if !inner.content().continuing.contains(&space) {
        return;
    }
    inner.files.forget(space);
    let done = {
        let inner = Arc::clone(inner);
        move || {
            inner.note(|content| {
                content.continuing.remove(&space);
            });
        }
    };
    inner.saver.forget(space, true, done);
}
