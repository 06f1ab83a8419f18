//! Refusals that have one cause, which are one thing to deal with.

use recordplayer::id::CommandId;
use recordplayer::replica::OutboxEntry;

/// What waits alone, or what was refused for one cause, in the order of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alike<'a> {
    pub entries: Vec<&'a OutboxEntry>,
    /// What was refused only because one of these was: it goes with them.
    pub under: Vec<&'a OutboxEntry>,
}

impl Alike<'_> {
    pub fn commands(&self) -> impl Iterator<Item = CommandId> {
        self.entries.iter().map(|entry| entry.command)
    }

    /// Whether it is several, so that one action is for all of them.
    pub fn is_several(&self) -> bool {
        self.entries.len() > 1
    }
}

/// An outbox by causes: each stands where its first command does.
pub(crate) fn alike(outbox: &[OutboxEntry]) -> Vec<Alike<'_>> {
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for entry in outbox {
        let holds = |group: &&mut Alike<'_>, cause: CommandId| {
            group.entries.iter().chain(&group.under).any(|other| other.command == cause)
        };
        let cause = entry.refused_with();
        if let Some(group) = cause.and_then(|cause| groups.iter_mut().find(|group| holds(group, cause))) {
            group.under.push(entry);
            continue;
        }
        let has_cause_of = |group: &&mut Alike<'_>| match (&group.entries[0].refused, &entry.refused) {
            (Some(first), Some(this)) => (&first.code, &first.message) == (&this.code, &this.message),
            _ => false,
        };
        match groups.iter_mut().find(has_cause_of) {
            Some(group) => group.entries.push(entry),
            None => groups.push(Alike { entries: vec![entry], under: Vec::new() }),
        }
    }
    groups
}
