//! What things are called in a project. The index knows ids alone: names are looked up when a query is run, so that renaming costs nothing.

use std::collections::BTreeSet;

use recordplayer::Models;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer_kanban::ids::{BoardId, ColumnId, LabelId, OptionId, PersonId, TypeId};
use recordplayer_kanban::project::Label;
use recordplayer_kanban::{Board, Column, Project};

use crate::words::folded;

/// The names of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceNames {
    pub space: SpaceId,
    pub title: String,
    /// The prefix of its cards' keys.
    pub prefix: String,
    /// Whoever asks: in person, and the placeholders that they have claimed.
    pub me: BTreeSet<PersonId>,
    pub labels: Vec<(LabelId, String)>,
    pub types: Vec<(TypeId, String)>,
    /// The choices of all its fields.
    pub options: Vec<(OptionId, String)>,
    pub people: Vec<(PersonId, String)>,
    pub boards: Vec<BoardNames>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardNames {
    pub board: BoardId,
    pub title: String,
    pub is_archived: bool,
    pub columns: Vec<ColumnNames>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames {
    pub column: ColumnId,
    pub name: String,
    pub is_archived: bool,
    /// What is in it is finished with.
    pub is_end: bool,
}

impl SpaceNames {
    /// The names of a project as they are now. `name_of` knows the members, whose names stand in no log.
    pub fn of(space: SpaceId, me: ActorId, models: &Models<'_>, name_of: impl Fn(ActorId) -> Option<String>) -> Self {
        let (project, membership) = (models.get::<Project>(space.0), models.get::<Membership>(space.0));
        // Who worked on a project before it was at a server is a person of the server now.
        let members = membership.members().map(|(person, _)| (person, person));
        let of_now = members.chain(membership.former().map(|person| (person, person))).chain(membership.claimed());
        let placeholders = project.placeholders.iter().map(|(id, placeholder)| (*id, placeholder));
        let mine = |(_, now): &(ActorId, ActorId)| *now == me;
        let claimed = membership.claimed().filter(mine).map(|(before, _)| PersonId::from(before));
        let claimed_placeholders =
            placeholders.clone().filter(|(_, placeholder)| placeholder.claimed_by == Some(me)).map(|(id, _)| id);
        let named = of_now.filter_map(|(person, now)| Some((PersonId::from(person), name_of(now)?)));
        let placeholders = placeholders.map(|(id, placeholder)| {
            (id, placeholder.claimed_by.and_then(&name_of).unwrap_or_else(|| placeholder.name.clone()))
        });
        let shown = |label: &Label| label.shown().to_owned();
        let board = |board: &BoardId| {
            let model = models.get::<Board>(*board);
            BoardNames {
                board: *board,
                title: model.title().to_owned(),
                is_archived: model.archived,
                columns: model.columns.iter().map(|column| ColumnNames::of(*column, models)).collect(),
            }
        };
        Self {
            space,
            title: membership.title().to_owned(),
            prefix: project.key.clone(),
            me: claimed.chain(claimed_placeholders).chain([PersonId::from(me)]).collect(),
            labels: project.labels.iter().map(|(id, label)| (*id, shown(label))).collect(),
            types: project.types.iter().map(|(id, kind)| (*id, kind.name.clone())).collect(),
            options: project
                .fields
                .values()
                .flat_map(|field| field.options.iter().map(|(id, option)| (*id, shown(option))))
                .collect(),
            people: named.chain(placeholders).collect(),
            boards: project.boards.iter().map(board).collect(),
        }
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = (&BoardNames, &ColumnNames)> {
        self.boards.iter().flat_map(|board| board.columns.iter().map(move |column| (board, column)))
    }
}

impl ColumnNames {
    fn of(column: ColumnId, models: &Models<'_>) -> Self {
        let model = models.get::<Column>(column);
        Self { column, name: model.name.clone(), is_archived: model.archived, is_end: model.kind.is_end() }
    }
}

/// Those that are called so; where nothing is, those of whose names the words of this one begin the words: `ann` is Ann Lee.
pub(crate) fn called<T: Copy>(names: &[(T, String)], name: &str) -> Vec<T> {
    let name = folded(name);
    let exact = matching(names, |other| other == name);
    if exact.is_empty() && !name.is_empty() { matching(names, |other| begins_words(other, &name)) } else { exact }
}

/// Those whose names hold the words, one behind the other; the last one may go on where it is open.
pub(crate) fn holding<T: Copy>(names: &[(T, String)], words: &str, is_open: bool) -> Vec<T> {
    let padded = if is_open { format!(" {words}") } else { format!(" {words} ") };
    matching(names, |other| format!(" {other} ").contains(&padded))
}

fn matching<T: Copy>(names: &[(T, String)], is_meant: impl Fn(&str) -> bool) -> Vec<T> {
    names.iter().filter(|(_, other)| is_meant(&folded(other))).map(|(id, _)| *id).collect()
}

fn begins_words(name: &str, beginnings: &str) -> bool {
    beginnings.split(' ').all(|beginning| name.split(' ').any(|word| word.starts_with(beginning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_exactly_so_comes_before_what_begins_so() {
        let names = [(1, "Bug"), (2, "Bug in the wild"), (3, "Ann Lee"), (4, "José Á."), (5, "")]
            .map(|(id, name)| (id, name.to_owned()));
        for (name, expected) in [
            ("bug", vec![1]),
            ("wild", vec![2]),
            ("ann", vec![3]),
            ("lee a", vec![3]),
            ("jose", vec![4]),
            ("x", vec![]),
            ("", vec![5]),
        ] {
            assert_eq!(called(&names, name), expected, "{name}");
        }
    }

    #[test]
    fn words_stand_in_a_name_one_behind_the_other() {
        let names = [(1, "not now".to_owned()), (2, "Now, not later".to_owned())];
        assert_eq!(holding(&names, "not", false), [1, 2]);
        assert_eq!(holding(&names, "not now", false), [1]);
        assert_eq!(holding(&names, "no", false), Vec::<i32>::new());
        assert_eq!(holding(&names, "not l", true), [2]);
    }
}
