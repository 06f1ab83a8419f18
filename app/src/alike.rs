//! Refusals that have one cause, which are one thing to deal with.

use recordplayer::id::CommandId;
use recordplayer::refusal::Refused;
use recordplayer::replica::OutboxEntry;
use recordplayer_kanban::card::CardRefusal;

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
            (Some(first), Some(this)) => cause_of(first) == cause_of(this),
            _ => false,
        };
        match groups.iter_mut().find(has_cause_of) {
            Some(group) => group.entries.push(entry),
            None => groups.push(Alike { entries: vec![entry], under: Vec::new() }),
        }
    }
    groups
}

/// What stands in the way. The sentence says more than that where it tells how full a column was just then, and who had come last.
fn cause_of(refused: &Refused) -> (&str, String) {
    let cause = match refused.typed::<CardRefusal>() {
        Some(CardRefusal::ColumnFull { full }) => full.column.to_string(),
        _ => refused.message.clone(),
    };
    (&refused.code, cause)
}

#[cfg(test)]
mod tests {
    use recordplayer::id::{Id, SpaceId};
    use recordplayer::refusal::Refused;
    use recordplayer_kanban::card::CardRefusal;
    use recordplayer_kanban::column::ColumnFull;
    use recordplayer_kanban::ids::ColumnId;

    use super::cause_of;

    /// How full it was just then differed from one to the next, and each was a row of its own.
    #[test]
    fn a_full_column_is_one_cause_however_full_it_was() {
        let full = |column: u8, count| {
            let column = ColumnId(Id([column; 16]));
            let full = ColumnFull { column, name: "Doing".into(), limit: 2, count, last: None };
            Refused::of(&CardRefusal::ColumnFull { full }).unwrap()
        };
        assert_eq!(cause_of(&full(1, 2)), cause_of(&full(1, 3)));
        assert_ne!(cause_of(&full(1, 2)), cause_of(&full(2, 2)));
        let elsewhere =
            |project: u8| Refused::of(&CardRefusal::InAnotherProject { project: SpaceId(Id([project; 16])) }).unwrap();
        assert_eq!(cause_of(&elsewhere(1)), cause_of(&elsewhere(2)), "the same thing is to be done about them");
    }
}
