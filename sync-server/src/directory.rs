//! Which person is in which space: kept from what the spaces say of their members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use recordplayer::id::{ActorId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::protocol::MySpace;

/// The members of all spaces, as they are durable.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    spaces: BTreeMap<SpaceId, Arc<Membership>>,
    of_person: BTreeMap<ActorId, BTreeSet<SpaceId>>,
    /// Those that the store holds and that could not be read at the start.
    unreadable: BTreeSet<SpaceId>,
}

impl Directory {
    /// Takes the members of a space; answers who is concerned: everybody who was, or is now, a member.
    pub fn put(&mut self, space: SpaceId, members: Arc<Membership>) -> BTreeSet<ActorId> {
        let now: BTreeSet<ActorId> = members.members().map(|(person, _)| person).collect();
        let before = self.spaces.insert(space, members);
        let before: BTreeSet<ActorId> =
            before.iter().flat_map(|members| members.members()).map(|(person, _)| person).collect();
        for person in before.difference(&now) {
            if let Some(spaces) = self.of_person.get_mut(person) {
                spaces.remove(&space);
            }
        }
        for person in &now {
            self.of_person.entry(*person).or_default().insert(space);
        }
        before.union(&now).copied().collect()
    }

    pub fn put_unreadable(&mut self, space: SpaceId) {
        self.unreadable.insert(space);
    }

    pub fn is_unreadable(&self, space: SpaceId) -> bool {
        self.unreadable.contains(&space)
    }

    pub fn unreadable_count(&self) -> usize {
        self.unreadable.len()
    }

    pub fn spaces(&self) -> Vec<SpaceId> {
        self.spaces.keys().copied().collect()
    }

    pub fn holds(&self, space: SpaceId) -> bool {
        self.spaces.contains_key(&space)
    }

    pub fn is_member(&self, space: SpaceId, person: ActorId) -> bool {
        self.spaces.get(&space).is_some_and(|members| members.role_of(person).is_some())
    }

    /// The spaces of the person, with title and role.
    pub fn spaces_of(&self, person: ActorId) -> Vec<MySpace> {
        let mine = self.of_person.get(&person).into_iter().flatten();
        mine.filter_map(|space| {
            let members = self.spaces.get(space)?;
            let role = members.role_of(person)?.to_owned();
            Some(MySpace { space: *space, title: members.title().to_owned(), role })
        })
        .collect()
    }

    /// Everybody with whom the person shares a space.
    pub fn people_of(&self, person: ActorId) -> BTreeSet<ActorId> {
        let mine = self.of_person.get(&person).into_iter().flatten();
        let members = mine.filter_map(|space| self.spaces.get(space)).flat_map(|members| members.members());
        members.map(|(person, _)| person).chain([person]).collect()
    }

    /// The spaces with this id or title.
    pub fn find(&self, text: &str) -> Vec<(SpaceId, String)> {
        let id: Option<SpaceId> = text.parse().ok();
        let fits = |(space, members): &(&SpaceId, &Arc<Membership>)| Some(**space) == id || members.title() == text;
        self.spaces.iter().filter(fits).map(|(space, members)| (*space, members.title().to_owned())).collect()
    }
}
