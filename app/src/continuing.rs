//! Beginning a project that goes on where an exported one was.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::replica::Wish;
use recordplayer::retelling::{Retelling, Told};
use recordplayer_client::{ContinueError, Continuing, Device, SendError, Space, Ticket, now};
use recordplayer_kanban::Project;
use recordplayer_kanban::ids::PersonId;
use recordplayer_kanban::project::ProjectCommand;

use crate::founding::keys_like;
use crate::records::{self, Heard, Listener, NotReadable};

/// Why an export did not become a project.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotContinued {
    #[error(transparent)]
    Read(#[from] NotReadable),
    #[error(transparent)]
    Continue(#[from] ContinueError),
    #[error(transparent)]
    Send(#[from] SendError),
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
    pub tickets: Vec<Ticket>,
}

/// Reads an export as if it were taken in: all of it is played, and nothing is kept.
pub(crate) fn preview(domain: &Arc<Domain>, file: &Path, progress: &dyn Fn(u64, u64)) -> Result<Preview, NotContinued> {
    let retelling = Retelling::new(Arc::clone(domain), SpaceId::default(), [0; 32]);
    let mut nowhere = Nowhere { retelling, file: None };
    let heard = records::read(file, &mut nowhere, progress)?;
    let title = nowhere.retelling.title();
    let ended = nowhere.retelling.end(now(), ActorId::default());
    ended.map_err(ContinueError::from)?;
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
    let space = here.continuing.end()?;
    let mut continued = Continued { title: String::new(), key: String::new(), heard, tickets: Vec::new(), space };
    continued.call(device, title)?;
    continued.set_key(device, key)?;
    continued.name_people(device, url)?;
    Ok(continued)
}

impl Continued {
    fn send<E: recordplayer::entity::Entity>(&mut self, command: &E::Command) -> Result<(), SendError> {
        self.tickets.push(self.space.send::<E>(self.space.id().0, command)?);
        Ok(())
    }

    /// Calls it as somebody wishes; else so that it is told apart from the others here.
    fn call(&mut self, device: &Device, wished: Option<&str>) -> Result<(), SendError> {
        let own = self.space.entity::<Membership>(self.space.id().0).title().to_owned();
        let others: Vec<String> =
            device.spaces().into_iter().filter(|info| info.space != self.space.id()).map(|info| info.title).collect();
        let title = match wished {
            Some(wished) => wished.to_owned(),
            None => free(&own, |title| others.iter().any(|other| other == title)),
        };
        if title != own {
            self.send::<Membership>(&MembershipCommand::Rename { title: title.clone() })?;
        }
        self.title = title;
        Ok(())
    }

    fn set_key(&mut self, device: &Device, wished: Option<&str>) -> Result<(), SendError> {
        let own = self.space.entity::<Project>(self.space.id().0).key.clone();
        let is_taken = device
            .spaces()
            .iter()
            .filter(|info| info.space != self.space.id())
            .filter_map(|info| device.space(info.space))
            .any(|space| space.entity::<Project>(space.id().0).key == own);
        let keys = match wished {
            Some(wished) => vec![wished.to_owned()],
            None if is_taken => keys_like(&own).into_iter().filter(|key| *key != own).collect(),
            None => Vec::new(),
        };
        if !keys.is_empty() && !own.is_empty() {
            self.send::<Project>(&ProjectCommand::ChangeKey { keys })?;
        }
        self.key.clone_from(&self.space.entity::<Project>(self.space.id().0).key);
        Ok(())
    }

    /// Who did something in it is nobody here: they stay by their names, and can say that they are meant.
    fn name_people(&mut self, device: &Device, url: &str) -> Result<(), SendError> {
        let (project, act) = (self.space.entity::<Project>(self.space.id().0), self.space.fresh_act());
        let owners = device.accounts().into_iter().filter(|account| account.url == url);
        let owners: Vec<ActorId> = owners.map(|account| account.person).chain([self.space.actor()]).collect();
        let people: BTreeMap<ActorId, String> = self.heard.people.clone();
        for (person, name) in people {
            let id = PersonId::from(person);
            if owners.contains(&person) || project.placeholders.contains_key(&id) {
                continue;
            }
            let command = ProjectCommand::SetPlaceholder { person: id, name, username: String::new() };
            let intent = Intent::of::<Project>(self.space.id().0, &command)?;
            let wish = Wish { claims: Claims::of_act(act), ..Wish::new(self.space.fresh_command(), intent) };
            match self.space.submit(wish) {
                Ok(ticket) => self.tickets.push(ticket),
                // A name that no placeholder can have is nobody's loss: they stay somebody.
                Err(SendError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The title, with a number behind it where it is taken.
fn free(title: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u64| format!("{title} ({number})"));
    std::iter::once(title.to_owned()).chain(numbered).find(|title| !is_taken(title)).expect("there are enough numbers")
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
