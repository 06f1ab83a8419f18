//! What a person has marked of one project: in their personal space, by the project's id.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::CommandId;
use recordplayer::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::unless;
use crate::limits::MARKED_MAX;
use crate::refusal::LimitExceeded;

/// What is read, and what is put off. Entries of an inbox are named by the command that they came of: it is the same after each restore.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    pub read: BTreeSet<CommandId>,
    /// Until when each is put off.
    pub snoozed: BTreeMap<CommandId, Timestamp>,
    /// What was recorded up to then, this person has seen.
    pub seen: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarksCommand {
    Read {
        entries: Vec<CommandId>,
    },
    Unread {
        entries: Vec<CommandId>,
    },
    /// Not before then.
    Snooze {
        entry: CommandId,
        until: Timestamp,
    },
    Wake {
        entry: CommandId,
    },
    /// All that was recorded up to then was seen.
    See {
        upto: Timestamp,
    },
    /// These show in no inbox any more.
    Forget {
        entries: Vec<CommandId>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarksEvent {
    Read { entries: Vec<CommandId> },
    Unread { entries: Vec<CommandId> },
    Snoozed { entry: CommandId, until: Timestamp },
    Woken { entry: CommandId },
    Seen { upto: Timestamp },
    Forgotten { entries: Vec<CommandId> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MarksRefusal {
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl Marks {
    /// Whether an entry waits to be looked at.
    pub fn is_new(&self, entry: CommandId, now: Timestamp) -> bool {
        !self.read.contains(&entry) && !self.is_put_off(entry, now)
    }

    pub fn is_put_off(&self, entry: CommandId, now: Timestamp) -> bool {
        self.snoozed.get(&entry).is_some_and(|until| *until > now)
    }

    fn has_room(&self, more: usize) -> Result<(), MarksRefusal> {
        if self.read.len() + self.snoozed.len() + more <= MARKED_MAX {
            return Ok(());
        }
        let limit = LimitExceeded::TooMany { what: "marked entries of one project".to_owned(), max: MARKED_MAX as u64 };
        Err(MarksRefusal::OutOfLimits { limit })
    }
}

fn those(entries: &[CommandId], is_wanted: impl Fn(&CommandId) -> bool) -> Vec<CommandId> {
    entries.iter().filter(|entry| is_wanted(entry)).copied().collect::<BTreeSet<_>>().into_iter().collect()
}

impl Entity for Marks {
    const KIND: &'static str = "marks";
    const IS_ALWAYS_THERE: bool = true;

    type Command = MarksCommand;
    type Event = MarksEvent;
    type Refusal = MarksRefusal;

    fn decide(&self, command: &MarksCommand, _: &mut Context<'_>) -> Result<Vec<MarksEvent>, MarksRefusal> {
        use MarksCommand as C;
        use MarksEvent as E;
        match command {
            C::Read { entries } => {
                let entries = those(entries, |entry| !self.read.contains(entry));
                self.has_room(entries.len())?;
                Ok(unless(entries.is_empty(), E::Read { entries }))
            }
            C::Unread { entries } => {
                let entries = those(entries, |entry| self.read.contains(entry));
                Ok(unless(entries.is_empty(), E::Unread { entries }))
            }
            C::Snooze { entry, until } => {
                let known = self.snoozed.get(entry);
                self.has_room(usize::from(known.is_none()))?;
                Ok(unless(known == Some(until), E::Snoozed { entry: *entry, until: *until }))
            }
            C::Wake { entry } => Ok(unless(!self.snoozed.contains_key(entry), E::Woken { entry: *entry })),
            C::See { upto } => Ok(unless(*upto <= self.seen, E::Seen { upto: *upto })),
            C::Forget { entries } => {
                let is_marked = |entry: &CommandId| self.read.contains(entry) || self.snoozed.contains_key(entry);
                let entries = those(entries, is_marked);
                Ok(unless(entries.is_empty(), E::Forgotten { entries }))
            }
        }
    }

    fn play(&mut self, event: &MarksEvent, _: &Stamp) {
        match event {
            MarksEvent::Read { entries } => self.read.extend(entries),
            MarksEvent::Unread { entries } => self.read.retain(|entry| !entries.contains(entry)),
            MarksEvent::Snoozed { entry, until } => {
                self.snoozed.insert(*entry, *until);
            }
            MarksEvent::Woken { entry } => {
                self.snoozed.remove(entry);
            }
            MarksEvent::Seen { upto } => self.seen = self.seen.max(*upto),
            MarksEvent::Forgotten { entries } => {
                for entry in entries {
                    self.read.remove(entry);
                    self.snoozed.remove(entry);
                }
            }
        }
    }
}
