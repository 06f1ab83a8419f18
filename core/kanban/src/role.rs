//! Roles of members: the product's, and those that a project adds.

use std::collections::BTreeMap;
use std::fmt;

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::domain::OwnRole;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::membership::Membership;
use serde::{Deserialize, Serialize};

use crate::ids::RoleId;
use crate::name::is_same_name;
use crate::project::Project;

/// The product's roles; the first one manages, and the last one looks on.
pub const ROLES: &[&str] = &["manager", "worker", "reviewer", "viewer"];

/// A role by what stands for it among the members: one of [`ROLES`], or the id of one of the project's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(String);

impl Role {
    pub fn of(person: ActorId, members: &Membership) -> Option<Self> {
        members.role_of(person).map(|role| Self(role.to_owned()))
    }

    /// The role that people call so in this project, whatever the case of its letters.
    pub fn named(name: &str, project: &Project) -> Option<Self> {
        let name = name.trim();
        let built_in = ROLES.iter().find(|role| role.eq_ignore_ascii_case(name));
        let own = || project.roles.iter().find(|(_, own)| is_same_name(own, name)).map(|(role, _)| Self::from(*role));
        built_in.map(|role| Self((*role).to_owned())).or_else(own)
    }

    /// The role that stands so among the members.
    pub fn by_key(key: &str) -> Self {
        Self(key.to_owned())
    }

    pub fn is_manager(&self) -> bool {
        self.0 == ROLES[0]
    }

    /// Who looks on changes nothing.
    pub fn is_viewer(&self) -> bool {
        self.0 == ROLES[3]
    }

    /// What stands for it among the members.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// Whether the project has it.
    pub fn is_known(&self, project: &Project) -> bool {
        ROLES.contains(&&*self.0) || self.own().is_some_and(|own| project.roles.contains_key(&own))
    }

    /// What people call it; a role that was removed has no name any more.
    pub fn name<'a>(&'a self, project: &'a Project) -> &'a str {
        self.name_in(&project.roles)
    }

    /// As [`Self::name`], given the roles of the project's own.
    pub fn name_in<'a>(&'a self, own: &'a BTreeMap<RoleId, String>) -> &'a str {
        let name = self.own().and_then(|role| own.get(&role));
        name.map_or(&*self.0, String::as_str)
    }

    /// Which of the project's own it is, if it is one.
    pub fn own(&self) -> Option<RoleId> {
        self.0.parse().ok()
    }
}

impl From<RoleId> for Role {
    fn from(role: RoleId) -> Self {
        Self(role.to_string())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All roles of a project, those of the product first.
pub fn roles(project: &Project) -> Vec<Role> {
    let built_in = ROLES.iter().map(|role| Role((*role).to_owned()));
    built_in.chain(project.roles.keys().map(|role| Role::from(*role))).collect()
}

/// The role of whoever sends the command.
pub(crate) fn role_of_sender(cx: &Context<'_>) -> Option<Role> {
    cx.role().map(Role)
}

/// What the framework asks about the roles of a project's own.
pub(crate) fn own_roles(space: SpaceId, models: &Models<'_>) -> Vec<OwnRole> {
    let project = models.get::<Project>(space.0);
    let own = project.roles.iter().map(|(role, name)| OwnRole { key: role.to_string(), name: name.clone() });
    own.collect()
}
