//! How projects answer.

use std::collections::BTreeMap;

use recordplayer::context::Context;
use recordplayer::membership::Membership;

use super::calendar::is_time_zone;
use super::field::{CardType, FieldDefinition, FieldKind};
use super::{Calendar, Label, Project, ProjectCommand as C, ProjectEvent as E, ProjectRefusal as R};
use crate::answer::unless;
use crate::board::Board;
use crate::column::Column;
use crate::key::is_prefix;
use crate::limits::NAME_BYTES_MAX;
use crate::name::{Names, is_same_name};
use crate::refusal::{LimitExceeded, fits, has_room_in_project, is_name, is_written};
use crate::role::Role;

impl Project {
    /// What a column is called whose workers or reviewers have this role.
    fn column_with(&self, role: &Role, cx: &Context<'_>) -> Option<String> {
        let columns = self.boards.iter().flat_map(|board| cx.get::<Board>(*board).columns.clone());
        let mut known = columns.map(|column| cx.get::<Column>(column)).filter(|column| column.exists());
        let names = |column: &Column| column.rights.workers.contains(role) || column.rights.reviewers.contains(role);
        known.find(|column| names(column)).map(|column| column.name.clone())
    }

    pub(super) fn answer(&self, command: &C, cx: &Context<'_>) -> Result<Vec<E>, R> {
        let wished = match command {
            C::SetUp { key } => Some(key.as_str()),
            C::SetUpFrom { keys } => Some(cx.claimed_name().or(keys.first().map(String::as_str)).unwrap_or_default()),
            _ => None,
        };
        if let Some(key) = wished {
            return match () {
                () if !is_prefix(key) => Err(R::BadKey {}),
                () if self.key == key => Ok(Vec::new()),
                () if self.is_set_up() => Err(R::SetUpAlready { key: self.key.clone() }),
                () => Ok(vec![E::KeySet { key: key.to_owned() }]),
            };
        }
        if !self.is_set_up() {
            return Err(R::NotSetUp {});
        }
        if let C::ChangeKey { keys } = command {
            let key = cx.claimed_name().or(keys.first().map(String::as_str)).unwrap_or_default();
            return match () {
                () if !is_prefix(key) => Err(R::BadKey {}),
                () if self.key == key => Ok(Vec::new()),
                () if !self.former_keys.contains(key) => {
                    has_room_in_project("former keys", self.former_keys.len())?;
                    Ok(vec![E::KeySet { key: key.to_owned() }])
                }
                () => Ok(vec![E::KeySet { key: key.to_owned() }]),
            };
        }
        match command.clone() {
            C::SetUp { .. } | C::SetUpFrom { .. } | C::ChangeKey { .. } => unreachable!("answered above"),
            C::SetLabel { label, name, colour, twin } => {
                fits("The name of a label", &name, NAME_BYTES_MAX)?;
                fits("The colour of a label", &colour, NAME_BYTES_MAX)?;
                let set = Label { name, colour };
                if self.labels.get(&label) == Some(&set) {
                    return Ok(Vec::new());
                }
                if !twin {
                    is_written("The name of a label", set.shown(), NAME_BYTES_MAX)?;
                    is_free("label", (label, set.shown()), self.labels.iter().map(|(id, known)| (*id, known.shown())))?;
                }
                room_for("labels", &self.labels, &label)?;
                Ok(vec![E::LabelSet { label, name: set.name, colour: set.colour }])
            }
            C::RemoveLabel { label } => {
                self.labels.get(&label).ok_or(R::NoSuchLabel { label })?;
                Ok(vec![E::LabelRemoved { label }])
            }
            C::SetPlaceholder { person, name, username } => {
                is_name("The name of a person", &name)?;
                fits("The user name of a person", &username, NAME_BYTES_MAX)?;
                let known = self.placeholders.get(&person);
                if known.is_some_and(|known| known.name == name && known.username == username) {
                    return Ok(Vec::new());
                }
                room_for("placeholders", &self.placeholders, &person)?;
                Ok(vec![E::PlaceholderSet { person, name, username }])
            }
            C::ClaimPlaceholder { person } => {
                let placeholder = self.placeholders.get(&person).ok_or(R::NoSuchPlaceholder { person })?;
                match placeholder.claimed_by {
                    Some(by) if by == cx.actor() => Ok(Vec::new()),
                    Some(by) => Err(R::ClaimedAlready { by }),
                    None => Ok(vec![E::PlaceholderClaimed { person, by: cx.actor() }]),
                }
            }
            C::FreePlaceholder { person } => {
                let placeholder = self.placeholders.get(&person).ok_or(R::NoSuchPlaceholder { person })?;
                match placeholder.claimed_by {
                    None => Ok(Vec::new()),
                    Some(by) if by == cx.actor() || cx.is_manager() => Ok(vec![E::PlaceholderFreed { person }]),
                    Some(by) => Err(R::ClaimedAlready { by }),
                }
            }
            C::SetField { field, name, kind, options, limits, twin } => {
                is_name("The name of a field", &name)?;
                has_room_in_project("choices", options.len())?;
                for option in options.values() {
                    fits("The name of a choice", &option.name, NAME_BYTES_MAX)?;
                }
                if !limits.are_sound() {
                    return Err(R::BadLimits {});
                }
                let set = FieldDefinition { name, kind, options, limits };
                if self.fields.get(&field) == Some(&set) {
                    return Ok(Vec::new());
                }
                if !twin {
                    has_choices(&set)?;
                    is_free("field", (field, &set.name), self.fields.iter().map(|(id, known)| (*id, &*known.name)))?;
                }
                room_for("fields", &self.fields, &field)?;
                let FieldDefinition { name, kind, options, limits } = set;
                Ok(vec![E::FieldSet { field, name, kind, options, limits }])
            }
            C::RemoveField { field } if !self.fields.contains_key(&field) => Ok(Vec::new()),
            C::RemoveField { field } => Ok(vec![E::FieldRemoved { field }]),
            C::SetType { card_type, name, fields, twin } => {
                is_name("The name of a type", &name)?;
                if let Some(field) = fields.keys().find(|field| !self.fields.contains_key(field)) {
                    return Err(R::NoSuchField { field: *field });
                }
                let set = CardType { name, fields };
                if self.types.get(&card_type) == Some(&set) {
                    return Ok(Vec::new());
                }
                if !twin {
                    is_free("type", (card_type, &set.name), self.types.iter().map(|(id, known)| (*id, &*known.name)))?;
                }
                room_for("types", &self.types, &card_type)?;
                Ok(vec![E::TypeSet { card_type, name: set.name, fields: set.fields }])
            }
            C::RemoveType { card_type } if !self.types.contains_key(&card_type) => Ok(Vec::new()),
            C::RemoveType { card_type } => Ok(vec![E::TypeRemoved { card_type }]),
            C::SetRole { role, name } => {
                is_name("The name of a role", &name)?;
                if self.roles.get(&role) == Some(&name) {
                    return Ok(Vec::new());
                }
                let other = Role::named(&name, self).filter(|other| *other != Role::from(role));
                if other.is_some() {
                    return Err(R::RoleNameTaken { name });
                }
                room_for("roles", &self.roles, &role)?;
                Ok(vec![E::RoleSet { role, name }])
            }
            C::SetCalendar { time_zone, .. } if !is_time_zone(&time_zone) => {
                Err(R::BadTimeZone { zone: time_zone.chars().take(64).collect() })
            }
            C::SetCalendar { time_zone, week_starts } => {
                let set = Calendar { time_zone: time_zone.clone(), week_starts };
                Ok(unless(self.calendar == set, E::CalendarSet { time_zone, week_starts }))
            }
            C::RemoveRole { role } => {
                if !self.roles.contains_key(&role) {
                    return Ok(Vec::new());
                }
                let key = Role::from(role);
                let members = cx.get::<Membership>(cx.space().0);
                let members = members.members().filter(|(_, other)| *other == key.key()).count();
                match self.column_with(&key, cx) {
                    _ if members > 0 => Err(R::RoleInUse { role, members: members as u64 }),
                    Some(column) => Err(R::RoleOfColumn { role, column }),
                    None => Ok(vec![E::RoleRemoved { role }]),
                }
            }
        }
    }
}

/// Room for this one, if it is not there yet.
fn room_for<K: Ord, V>(what: &str, all: &BTreeMap<K, V>, id: &K) -> Result<(), LimitExceeded> {
    if all.contains_key(id) { Ok(()) } else { has_room_in_project(what, all.len()) }
}

/// Whether nothing else is called so, or it was called so before: who changes something else of it need not find another name.
fn is_free<'a, T: Eq>(what: &str, (id, name): (T, &str), all: impl Iterator<Item = (T, &'a str)>) -> Result<(), R> {
    let alike: Vec<T> = all.filter(|(_, other)| is_same_name(other, name)).map(|(id, _)| id).collect();
    if alike.is_empty() || alike.contains(&id) {
        return Ok(());
    }
    Err(R::NameTaken { what: what.to_owned(), name: name.to_owned() })
}

/// Whether there is something to choose from, and each of it by another name.
fn has_choices(field: &FieldDefinition) -> Result<(), R> {
    if field.kind != FieldKind::Choice {
        return Ok(());
    }
    let mut names = Names::default();
    for choice in field.options.values() {
        is_written("The name of a choice", choice.shown(), NAME_BYTES_MAX)?;
        if !names.insert(choice.shown()) {
            return Err(R::ChoiceTwice { name: choice.shown().to_owned() });
        }
    }
    if field.options.is_empty() { Err(R::NoChoices {}) } else { Ok(()) }
}
