//! Beginning a project that goes on where an exported one was.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::domain::Domain;
use recordplayer::entity::Entity;
use recordplayer::hash::Hash;
use recordplayer::id::{ActId, ActorId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::retelling::{Retelling, RetellingError, Told};
use recordplayer_client::{ContinueError, Continuing, Device, HERE, Space, now};
use recordplayer_kanban::Project;
use recordplayer_kanban::ids::PersonId;
use recordplayer_kanban::project::ProjectCommand;

use crate::founding::{key_taken, keys_at, keys_like};
use crate::records::{self, Heard, Listener, NotReadable};

/// Why an export did not become a project.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotContinued {
    #[error(transparent)]
    Read(#[from] NotReadable),
    #[error(transparent)]
    Continue(#[from] ContinueError),
}

/// What an export would become.
#[derive(Debug)]
pub(crate) struct Preview {
    pub title: String,
    pub heard: Heard,
}

/// What an export has become.
#[derive(Debug)]
pub(crate) struct Continued {
    pub space: Space,
    pub title: String,
    pub key: String,
    pub heard: Heard,
}

/// Reads an export as if it were taken in: all of it is played, and nothing is kept.
pub(crate) fn preview(domain: &Arc<Domain>, file: &Path, progress: &dyn Fn(u64, u64)) -> Result<Preview, NotContinued> {
    let retelling = Retelling::new(Arc::clone(domain), SpaceId::default(), [0; 32]);
    let mut nowhere = Nowhere { retelling, file: None };
    let heard = records::read(file, &mut nowhere, progress)?;
    let title = nowhere.retelling.title();
    nowhere.retelling.goes_on(now(), ActorId::default()).map_err(ContinueError::from)?;
    Ok(Preview { title, heard })
}

/// Begins the project on this computer. `title` and `key` are what it shall be called instead; a key that another project here has gives way.
/// It may be published then to the server at `url`, where its person is somebody else.
pub(crate) fn take_in(
    device: &Device,
    (file, url): (&Path, &str),
    (title, key): (Option<&str>, Option<&str>),
    progress: &dyn Fn(u64, u64),
) -> Result<Continued, NotContinued> {
    let mut here = Here { continuing: device.continue_here()?, failed: None };
    let read = records::read(file, &mut here, progress);
    if let Some(error) = here.failed {
        return Err(error.into());
    }
    let heard = read?;
    let mut continuing = here.continuing;
    continuing.goes_on()?;
    let mut beginning = Beginning { device, continuing };
    let title = beginning.call(title)?;
    let key = beginning.set_key(key, url)?;
    beginning.name_people(url, &heard)?;
    let space = beginning.continuing.end()?;
    Ok(Continued { space, title, key, heard })
}

/// What is said of the project before it is here: with all the rest, or not at all.
struct Beginning<'a> {
    device: &'a Device,
    continuing: Continuing,
}

impl Beginning<'_> {
    fn say<E: Entity>(&mut self, claims: Claims, command: &E::Command) -> Result<(), ContinueError> {
        self.continuing.say::<E>(self.continuing.space().0, claims, command)
    }

    /// Calls it as somebody wishes; else so that it is told apart from the others here.
    fn call(&mut self, wished: Option<&str>) -> Result<String, ContinueError> {
        let own = self.continuing.title();
        let title = wished.map_or_else(|| title_here(self.device, &own), str::to_owned);
        if title != own {
            self.say::<Membership>(Claims::default(), &MembershipCommand::Rename { title: title.clone() })?;
        }
        Ok(title)
    }

    /// Its key, or one like it where another project here has that.
    fn set_key(&mut self, wished: Option<&str>, url: &str) -> Result<String, ContinueError> {
        let space = self.continuing.space();
        let own = self.continuing.read(|models| models.get::<Project>(space.0).key.clone());
        let taken: BTreeSet<String> = &keys_at(self.device, url) | &keys_at(self.device, HERE);
        let key = match wished {
            Some(wished) if taken.contains(wished) => return Err(key_taken(wished).into()),
            Some(wished) => wished.to_owned(),
            None => keys_like(&own).into_iter().find(|key| !taken.contains(key)).unwrap_or_else(|| own.clone()),
        };
        if key != own && !own.is_empty() {
            self.say::<Project>(Claims::default(), &ProjectCommand::ChangeKey { keys: vec![key.clone()] })?;
        }
        Ok(key)
    }

    /// Who did something in it is nobody here: they stay by their names, and can say that they are meant.
    fn name_people(&mut self, url: &str, heard: &Heard) -> Result<(), ContinueError> {
        let owners = self.device.accounts().into_iter().filter(|account| account.url == url);
        let owners: Vec<ActorId> = owners.map(|account| account.person).chain([self.continuing.person()]).collect();
        let (space, act) = (self.continuing.space(), ActId::derived("people", &[self.continuing.space().0.bytes()]));
        let known = self.continuing.read(|models| models.get::<Project>(space.0).placeholders.clone());
        for (person, name) in &heard.people {
            let id = PersonId::from(*person);
            if owners.contains(person) || known.contains_key(&id) {
                continue;
            }
            let command = ProjectCommand::SetPlaceholder { person: id, name: name.clone(), username: String::new() };
            match self.say::<Project>(Claims::of_act(act), &command) {
                // A name that no placeholder can have is nobody's loss: they stay somebody.
                Ok(()) | Err(ContinueError::Retelling(RetellingError::Refused(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The title, with a number behind it where it is taken.
pub(crate) fn title_here(device: &Device, title: &str) -> String {
    let others: Vec<String> = device.spaces().into_iter().map(|info| info.title).collect();
    let numbered = (2..).map(|number: u64| format!("{title} ({number})"));
    let mut all = std::iter::once(title.to_owned()).chain(numbered);
    all.find(|title| !others.contains(title)).expect("there are enough numbers")
}

/// The project that is being made.
struct Here {
    continuing: Continuing,
    failed: Option<ContinueError>,
}

impl Here {
    fn kept(&mut self, done: Result<(), ContinueError>) -> Result<(), String> {
        match done {
            // It is the file's fault, and its line is told.
            Err(error @ (ContinueError::Retelling(_) | ContinueError::WrongContent(_))) => Err(error.to_string()),
            Err(error) => {
                let why = error.to_string();
                self.failed = Some(error);
                Err(why)
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Listener for Here {
    fn commit(&mut self, told: Told) -> Result<(), String> {
        let done = self.continuing.tell(told).map_err(ContinueError::from);
        self.kept(done)
    }

    fn piece(&mut self, file: Hash, piece: &[u8]) -> Result<(), String> {
        let done = self.continuing.file_piece(file, piece);
        self.kept(done)
    }

    fn end_of_file(&mut self) -> Result<(), String> {
        let done = self.continuing.end_file();
        self.kept(done)
    }
}

/// Nothing is kept.
struct Nowhere {
    retelling: Retelling,
    file: Option<(Hash, blake3::Hasher)>,
}

impl Listener for Nowhere {
    fn commit(&mut self, told: Told) -> Result<(), String> {
        self.retelling.tell(told).map_err(|error| error.to_string())
    }

    fn piece(&mut self, file: Hash, piece: &[u8]) -> Result<(), String> {
        let (_, hasher) = self.file.get_or_insert_with(|| (file, blake3::Hasher::new()));
        hasher.update(piece);
        Ok(())
    }

    fn end_of_file(&mut self) -> Result<(), String> {
        match self.file.take() {
            Some((hash, hasher)) if hash.0 != *hasher.finalize().as_bytes() => {
                Err(ContinueError::WrongContent(hash).to_string())
            }
            Some(_) | None => Ok(()),
        }
    }
}
