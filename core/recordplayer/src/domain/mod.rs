//! The domain: one value that lists the entities, views and guards of an application.
//!
//! The server, the client and the tests all take the same one. Inside, each entity and view becomes a table of functions over states whose
//! type is erased (`erased`), so that the machines need no type parameters.

mod erased;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub(crate) use erased::{DecideError, EntityType, Played, ViewType};

use crate::context::Context;
use crate::decide::Intent;
use crate::entity::Entity;
use crate::errand::{Ask, ErrandKind};
use crate::file::{FileRef, FileView, Files};
use crate::hash::Hash;
use crate::id::SpaceId;
use crate::limits::FRAME_COMMITS_BYTES_MAX;
use crate::membership::Membership;
use crate::models::Models;
use crate::name::Name;
use crate::policy::{Cause, EffectKind, Policy, React};
use crate::record::StreamId;
use crate::refusal::Refused;
use crate::saving::Saving;
use crate::thresholds::Thresholds;
use crate::view::{ENTITY_VIEW, View, ViewKey};

/// A rule that holds for every command, asked before `decide`: the command's stream and name, and the context.
pub type Guard = fn(&StreamId, &str, &Context<'_>) -> Result<(), Refused>;

/// A name that is unique across the spaces of one server.
#[derive(Clone, Copy, Debug)]
pub struct UniqueName {
    /// The names that a command claims for its space, the dearest first: it gets the first that is free. Mostly none.
    pub claimed: fn(&Intent) -> Vec<String>,
    /// The name that a space holds.
    pub held: fn(SpaceId, &Models<'_>) -> Option<String>,
    /// What who comes second is told.
    pub taken: fn(&str) -> Refused,
}

/// A role that a space has beside those of its domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRole {
    /// What stands for it among the members, for ever.
    pub key: String,
    /// What people call it.
    pub name: String,
}

/// The roles that a space has of its own, as its entities are.
pub type OwnRoles = fn(SpaceId, &Models<'_>) -> Vec<OwnRole>;

/// What an application is made of.
pub struct Domain {
    name: Name,
    version: u32,
    entities: BTreeMap<Name, EntityType>,
    views: BTreeMap<Name, ViewType>,
    guards: Vec<Guard>,
    policies: Vec<Policy>,
    effects: Vec<EffectKind>,
    errands: Vec<ErrandKind>,
    files: Option<Files>,
    unique_name: Option<UniqueName>,
    roles: &'static [&'static str],
    own_roles: Option<OwnRoles>,
    saving: Saving,
    thresholds: Thresholds,
}

impl Domain {
    /// An application by its name, and the version of its rules: bump it with every change of what records mean or may be.
    pub fn new(name: &'static str, version: u32) -> Self {
        let domain = Self {
            name: Name::of(name),
            version,
            entities: BTreeMap::new(),
            views: BTreeMap::new(),
            guards: Vec::new(),
            policies: Vec::new(),
            effects: Vec::new(),
            errands: Vec::new(),
            files: None,
            unique_name: None,
            roles: &["owner", "member"],
            own_roles: None,
            saving: Saving::default(),
            thresholds: Thresholds::default(),
        };
        domain.entity::<Membership>()
    }

    /// Lists an entity.
    pub fn entity<E: Entity>(mut self) -> Self {
        let before = self.entities.insert(Name::of(E::KIND), EntityType::of::<E>());
        assert!(before.is_none(), "the domain lists the kind {:?} twice", E::KIND);
        self
    }

    /// Lists a view.
    pub fn view<V: View>(self) -> Self {
        self.add_view::<V>(false)
    }

    /// Lists a view that `decide` may read.
    pub fn consistent_view<V: View>(self) -> Self {
        self.add_view::<V>(true)
    }

    fn add_view<V: View>(mut self, is_consistent: bool) -> Self {
        assert!(V::NAME != ENTITY_VIEW, "every entity is a view of itself by the name {ENTITY_VIEW:?}");
        let before = self.views.insert(Name::of(V::NAME), ViewType::of::<V>(is_consistent));
        assert!(before.is_none(), "the domain lists the view {:?} twice", V::NAME);
        self
    }

    /// Adds a rule for every command but those of membership itself.
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    /// Adds a rule that answers to events with commands. Its name is for ever: its commands' ids follow from it.
    pub fn policy(mut self, name: &'static str, react: React) -> Self {
        assert!(self.policies.iter().all(|policy| policy.name != name), "the domain lists the policy {name:?} twice");
        self.policies.push(Policy::new(name, react));
        self
    }

    /// Adds a kind of thing that happens outside of the logs because of events. Whoever runs the authority carries it out.
    pub fn effect(mut self, name: &'static str, cause: Cause) -> Self {
        assert!(self.effects.iter().all(|effect| &*effect.name != name), "the domain lists the effect {name:?} twice");
        self.effects.push(EffectKind { name: Name::of(name), cause });
        self
    }

    /// Adds what events ask of other spaces of the same authority. Its name is for ever: its commands' ids follow from it.
    pub fn errand(mut self, name: &'static str, ask: Ask) -> Self {
        assert!(self.errands.iter().all(|errand| errand.name != name), "the domain lists the errand {name:?} twice");
        self.errands.push(ErrandKind { name, ask });
        self
    }

    /// Lets records speak of files, whose bytes lie beside the log: the view that tells which, by their hashes, and the file that a command
    /// speaks of.
    pub fn files<V: FileView>(mut self, in_command: fn(&Intent) -> Option<FileRef>) -> Self {
        assert!(self.files.is_none(), "a domain says once how its records speak of files");
        self.files = Some(Files::of::<V>(in_command));
        self.view::<V>()
    }

    /// Gives each space of a server a name that no other one has.
    pub fn unique_name(mut self, name: UniqueName) -> Self {
        self.unique_name = Some(name);
        self
    }

    /// The names of the roles of members; the first one manages the members, and each space always keeps one of it.
    pub fn roles(mut self, roles: &'static [&'static str]) -> Self {
        assert!(!roles.is_empty(), "a domain has at least the role that manages");
        self.roles = roles;
        self
    }

    /// Lets spaces have roles of their own beside those of the domain.
    pub fn own_roles(mut self, roles: OwnRoles) -> Self {
        self.own_roles = Some(roles);
        self
    }

    /// When models and views are saved.
    pub fn saving(mut self, saving: Saving) -> Self {
        self.saving = saving;
        self
    }

    /// From where on the machines work otherwise. Only tests have a reason to say so.
    pub fn with_thresholds(mut self, thresholds: Thresholds) -> Self {
        assert!(
            thresholds.verdicts_max >= thresholds.in_flight_commands_max as u64
                && thresholds.frame_commits_bytes_max <= FRAME_COMMITS_BYTES_MAX,
            "thresholds that fit each other, and the frames of every peer: {thresholds:?}"
        );
        self.thresholds = thresholds;
        self
    }

    pub fn name(&self) -> &Name {
        &self.name
    }

    pub fn version(&self) -> u32 {
        self.version
    }

    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    pub fn role_names(&self) -> &'static [&'static str] {
        self.roles
    }

    /// The roles of a space's own, as its entities are.
    pub(crate) fn own_roles_of(&self, space: SpaceId, models: &Models<'_>) -> Vec<OwnRole> {
        self.own_roles.map_or_else(Vec::new, |roles| roles(space, models))
    }

    pub(crate) fn saving_strategy(&self) -> &Saving {
        &self.saving
    }

    pub(crate) fn unique(&self) -> Option<&UniqueName> {
        self.unique_name.as_ref()
    }

    pub(crate) fn guards(&self) -> &[Guard] {
        &self.guards
    }

    pub(crate) fn policies(&self) -> &[Policy] {
        &self.policies
    }

    pub(crate) fn effects(&self) -> &[EffectKind] {
        &self.effects
    }

    pub(crate) fn errands(&self) -> &[ErrandKind] {
        &self.errands
    }

    pub(crate) fn files_kind(&self) -> Option<&Files> {
        self.files.as_ref()
    }

    pub(crate) fn entity_type(&self, kind: &str) -> Option<&EntityType> {
        self.entities.get(kind)
    }

    pub(crate) fn view_type(&self, name: &str) -> Option<&ViewType> {
        self.views.get(name)
    }

    /// Whether there is such a view: a listed one, or an entity's own.
    pub(crate) fn has_view(&self, view: &ViewKey) -> bool {
        let is_entity = || view.as_stream().is_some_and(|stream| self.entities.contains_key(&stream.kind));
        self.views.contains_key(&view.name) || is_entity()
    }

    /// Whether an entity shows in a view, with the models as they are.
    pub(crate) fn shows(&self, view: &ViewKey, stream: &StreamId, models: &Models<'_>) -> bool {
        match self.views.get(&view.name) {
            Some(view_type) => (view_type.keys)(stream, models).contains(&view.key),
            None => view.as_stream().as_ref() == Some(stream),
        }
    }

    pub(crate) fn view_types(&self) -> impl Iterator<Item = (&Name, &ViewType)> {
        self.views.iter()
    }

    /// Whether something is decided or told by the views of this name: `decide` reads them, or they say which files a log speaks of.
    fn rests_on(&self, name: &Name, view: &ViewType) -> bool {
        view.is_consistent || self.files.as_ref().is_some_and(|files| files.view() == name)
    }

    /// The same entities with some of the views, to play a log with: nothing can be decided by it.
    pub(crate) fn with_views(&self, wanted: &BTreeSet<Name>) -> Self {
        let views = self.views.iter().filter(|(name, _)| wanted.contains(*name));
        Self {
            name: self.name.clone(),
            version: self.version,
            entities: self.entities.clone(),
            views: views.map(|(name, view)| (name.clone(), *view)).collect(),
            guards: Vec::new(),
            policies: Vec::new(),
            effects: Vec::new(),
            errands: Vec::new(),
            files: None,
            unique_name: None,
            roles: self.roles,
            own_roles: None,
            saving: self.saving.clone(),
            thresholds: self.thresholds,
        }
    }

    /// What saved models depend on, and the saved views that something is decided by: when it differs, all of it is made of the log before a space
    /// opens. The other views have their versions beside it, for they can be made anew while it is open.
    pub(crate) fn fingerprint(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &str, number: u32| {
            hasher.update(&(text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
            hasher.update(&number.to_be_bytes());
        };
        part(&self.name, self.version);
        for (kind, entity) in &self.entities {
            part(kind, entity.shape);
        }
        part("/views", 0);
        for (name, view) in self.views.iter().filter(|(name, view)| self.rests_on(name, view)) {
            part(name, view.version);
        }
        Hash(*hasher.finalize().as_bytes())
    }

    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("entities", &self.entities.keys())
            .field("views", &self.views.keys())
            .finish_non_exhaustive()
    }
}
