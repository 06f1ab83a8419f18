//! What a person keeps for themselves: searches to be done again, and how they like things. There is one in each personal space, with its id.

use std::collections::BTreeMap;

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use serde::{Deserialize, Serialize};

use crate::answer::unless;
use crate::ids::SearchId;
use crate::limits::{NAME_BYTES_MAX, OF_DESK_MAX, QUERY_BYTES_MAX, SETTING_BYTES_MAX};
use crate::refusal::{LimitExceeded, fits, is_name, is_written};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    pub searches: BTreeMap<SearchId, SavedSearch>,
    /// How this person likes things, each by its name.
    pub settings: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    pub name: String,
    /// As it is typed.
    pub query: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskCommand {
    /// Keeps a search, or changes it to be so.
    SaveSearch {
        search: SearchId,
        name: String,
        query: String,
    },
    RemoveSearch {
        search: SearchId,
    },
    /// Without a value, as it is for everybody.
    Set {
        setting: String,
        #[serde(default)]
        value: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskEvent {
    SearchSaved {
        search: SearchId,
        name: String,
        query: String,
    },
    SearchRemoved {
        search: SearchId,
    },
    Set {
        setting: String,
        #[serde(default)]
        value: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DeskRefusal {
    #[error("A search is called {name:?} already. Choose another name")]
    NameTaken { name: String },
    #[error("There is no such search any more")]
    NoSuchSearch { search: SearchId },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for DeskRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}

fn has_room(what: &str, count: usize) -> Result<(), LimitExceeded> {
    if count < OF_DESK_MAX {
        return Ok(());
    }
    Err(LimitExceeded::TooMany { what: what.to_owned(), max: OF_DESK_MAX as u64 })
}

impl Entity for Desk {
    const KIND: &'static str = "desk";
    const IS_ALWAYS_THERE: bool = true;

    type Command = DeskCommand;
    type Event = DeskEvent;
    type Refusal = DeskRefusal;

    fn decide(&self, command: &DeskCommand, _: &mut Context<'_>) -> Result<Vec<DeskEvent>, DeskRefusal> {
        use DeskCommand as C;
        use DeskEvent as E;
        match command {
            C::SaveSearch { search, name, query } => {
                is_name("The name of a search", name)?;
                is_written("A search", query, QUERY_BYTES_MAX)?;
                let saved = SavedSearch { name: name.clone(), query: query.clone() };
                let known = self.searches.get(search);
                if self.searches.iter().any(|(other, kept)| other != search && kept.name == *name) {
                    return Err(DeskRefusal::NameTaken { name: name.clone() });
                }
                if known.is_none() {
                    has_room("saved searches", self.searches.len())?;
                }
                let SavedSearch { name, query } = saved.clone();
                Ok(unless(known == Some(&saved), E::SearchSaved { search: *search, name, query }))
            }
            C::RemoveSearch { search } if self.searches.contains_key(search) => {
                Ok(vec![E::SearchRemoved { search: *search }])
            }
            C::RemoveSearch { search } => Err(DeskRefusal::NoSuchSearch { search: *search }),
            C::Set { setting, value } => {
                is_written("The name of a setting", setting, NAME_BYTES_MAX)?;
                if let Some(value) = value {
                    fits("A setting", value, SETTING_BYTES_MAX)?;
                    if !self.settings.contains_key(setting) {
                        has_room("settings", self.settings.len())?;
                    }
                }
                let is_so = self.settings.get(setting) == value.as_ref();
                Ok(unless(is_so, E::Set { setting: setting.clone(), value: value.clone() }))
            }
        }
    }

    fn play(&mut self, event: &DeskEvent, _: &Stamp) {
        match event.clone() {
            DeskEvent::SearchSaved { search, name, query } => {
                self.searches.insert(search, SavedSearch { name, query });
            }
            DeskEvent::SearchRemoved { search } => {
                self.searches.remove(&search);
            }
            DeskEvent::Set { setting, value: Some(value) } => {
                self.settings.insert(setting, value);
            }
            DeskEvent::Set { setting, value: None } => {
                self.settings.remove(&setting);
            }
        }
    }
}
