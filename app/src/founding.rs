//! Founding projects.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::id::{ActId, CommandId};
use recordplayer::refusal::Refused;
use recordplayer::replica::Wish;
use recordplayer_client::{Device, HERE, SendError, Space, Ticket};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::{BoardId, ColumnId};
use recordplayer_kanban::project::{ProjectCommand, ProjectRefusal};
use recordplayer_kanban::template::template;
use recordplayer_kanban::{Board, Column, Project};

/// The columns of a new board.
const FIRST_COLUMNS: [(&str, ColumnKind); 4] = [
    ("Backlog", ColumnKind::Backlog),
    ("Ready", ColumnKind::Ready),
    ("In progress", ColumnKind::Active),
    ("Done", ColumnKind::Done),
];

/// The longest key of a project.
const KEY_LETTERS_MAX: usize = 5;

/// Held by whoever founds a project.
static FOUNDING: Mutex<()> = Mutex::new(());

/// A project that was just founded.
#[derive(Debug)]
pub(crate) struct Founded {
    pub space: Space,
    pub key: String,
    pub tickets: Vec<Ticket>,
    act: ActId,
    /// The command that whatever comes next requires.
    last: CommandId,
}

/// Founds a project and sets its key up: at the server of an account, else where this device works.
pub(crate) fn found(device: &Device, url: Option<&str>, name: &str, key: Option<String>) -> Result<Founded, SendError> {
    // Two at once would both find their key free.
    let _turn = FOUNDING.lock().unwrap_or_else(PoisonError::into_inner);
    let url = url.map(str::to_owned).or_else(|| device.accounts().first().map(|account| account.url.clone()));
    if let Some(key) = key.as_ref().filter(|key| keys_at(device, url.as_deref().unwrap_or(HERE)).contains(*key)) {
        return Err(key_taken(key));
    }
    let wished = match &key {
        Some(key) => ProjectCommand::SetUp { key: key.clone() },
        None => ProjectCommand::SetUpFrom { keys: default_keys(name) },
    };
    let key = key.unwrap_or_else(|| default_key(name));
    let (space, founded) = match url.as_deref() {
        Some(HERE) | None => device.found_here(name)?,
        Some(url) => device.found(url, name)?,
    };
    let (act, last) = (space.fresh_act(), founded.command());
    let mut founded = Founded { space, key: key.clone(), tickets: vec![founded], act, last };
    let id = founded.space.id().0;
    founded.send(Intent::of::<Project>(id, &wished)?)?;
    Ok(founded)
}

impl Founded {
    /// The first board, with the columns that a new board has.
    pub fn add_board(&mut self, title: &str) -> Result<BoardId, SendError> {
        let (board, intents) = board_like_new(&self.space, title)?;
        intents.into_iter().try_for_each(|intent| self.send(intent))?;
        Ok(board)
    }

    /// The boards and all that another project defines, without its cards and members.
    pub fn begin_like(&mut self, other: &Space) -> Result<(), SendError> {
        let (from, into) = (other.id(), self.space.id());
        let intents = other.read(|models| template(from, into, models))??;
        intents.into_iter().try_for_each(|intent| self.send(intent))
    }

    /// One command of the act, which requires the one before.
    fn send(&mut self, intent: Intent) -> Result<(), SendError> {
        let command = self.space.fresh_command();
        let (claims, requires) = (Claims::of_act(self.act), vec![self.last]);
        self.tickets.push(self.space.submit(Wish { claims, requires, ..Wish::new(command, intent) })?);
        self.last = command;
        Ok(())
    }
}

/// One more board of a project, with the columns that a new board has, as one act.
pub(crate) fn add_board(space: &Space, title: &str) -> Result<(BoardId, Vec<Ticket>), SendError> {
    let (board, intents) = board_like_new(space, title)?;
    let act = space.fresh_act();
    let mut tickets: Vec<Ticket> = Vec::new();
    for intent in intents {
        let (claims, requires) = (Claims::of_act(act), tickets.last().map(Ticket::command).into_iter().collect());
        tickets.push(space.submit(Wish { claims, requires, ..Wish::new(space.fresh_command(), intent) })?);
    }
    Ok((board, tickets))
}

fn board_like_new(space: &Space, title: &str) -> Result<(BoardId, Vec<Intent>), SendError> {
    let board = BoardId(space.fresh_id());
    let mut intents = vec![Intent::of::<Board>(board, &BoardCommand::Add { title: title.to_owned() })?];
    for (name, kind) in FIRST_COLUMNS {
        let add = ColumnCommand::Add { board, name: name.to_owned(), kind, before: None };
        intents.push(Intent::of::<Column>(ColumnId(space.fresh_id()), &add)?);
    }
    Ok((board, intents))
}

/// The key of a project that nobody has chosen one for: the first letters of its words, else of its first word, filled up.
fn default_key(name: &str) -> String {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
    let words: Vec<String> =
        name.split(|letter: char| !letter.is_alphanumeric()).map(letters).filter(|word| !word.is_empty()).collect();
    let initials: String = words.iter().filter_map(|word| word.chars().next()).take(5).collect();
    match words.as_slice() {
        [] => "PRO".to_owned(),
        [word] if word.len() >= 2 => word.chars().take(3).collect(),
        [word] => format!("{word}X"),
        _ => initials,
    }
}

/// The keys for it, the dearest first: others of the server may have chosen the same.
fn default_keys(name: &str) -> Vec<String> {
    keys_like(&default_key(name))
}

/// The keys of the projects of a server, as far as they are known here: another one needs one of its own.
pub(crate) fn keys_at(device: &Device, url: &str) -> BTreeSet<String> {
    let there = device.spaces().into_iter().filter(|info| info.url == url);
    let spaces = there.filter_map(|info| device.space(info.space));
    let keys = spaces.map(|space| space.entity::<Project>(space.id().0).key.clone());
    keys.filter(|key| !key.is_empty()).collect()
}

/// What the server would say of it, once it is asked.
pub(crate) fn key_taken(key: &str) -> SendError {
    let refused = Refused::of(&ProjectRefusal::KeyTaken { key: key.to_owned() });
    refused.map_or_else(SendError::Unwritable, SendError::Refused)
}

/// A key, and others that look like it.
pub(crate) fn keys_like(key: &str) -> Vec<String> {
    let stem: String = key.chars().take(KEY_LETTERS_MAX - 1).collect();
    let more = ('A'..='Z').map(|letter| format!("{stem}{letter}"));
    std::iter::once(key.to_owned()).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_gets_a_key_from_its_name() {
        for (name, key) in [
            ("Turntable", "TUR"),
            ("Turntable firmware", "TF"),
            ("The very long name of a project", "TVLNO"),
            ("x", "XX"),
            ("日本語", "PRO"),
            ("日本 Audio", "AUD"),
            ("42", "PRO"),
            ("", "PRO"),
        ] {
            assert_eq!(default_key(name), key, "{name}");
            let keys = default_keys(name);
            assert!(keys.len() > 20 && keys[0] == key, "{name}");
            assert!(keys.iter().all(|key| recordplayer_kanban::key::is_prefix(key)), "{keys:?}");
        }
    }
}
