//! Types of cards, and the fields that they have.

use std::collections::BTreeMap;

use recordplayer::context::Context;
use serde::{Deserialize, Serialize};

use super::decide::project;
use super::{Card, CardEvent as E, CardRefusal as R, FieldValue};
use crate::answer::unless;
use crate::ids::{FieldId, TypeId};
use crate::project::{CardType, Project};
use crate::refusal::has_room_in_card;

/// A type for a card, with the values of its fields that come with it: those that it requires must be among them, or on the card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    pub card_type: TypeId,
    #[serde(default)]
    pub fields: BTreeMap<FieldId, FieldValue>,
}

impl Card {
    pub(super) fn set_type(&self, typed: Option<&Typed>, cx: &Context<'_>) -> Result<Vec<E>, R> {
        let Some(Typed { card_type, fields }) = typed else {
            return Ok(unless(self.card_type.is_none(), E::TypeSet { card_type: None }));
        };
        let project = project(cx);
        let found = project.types.get(card_type).ok_or(R::NoSuchType { card_type: *card_type })?;
        let mut events = unless(self.card_type == Some(*card_type), E::TypeSet { card_type: Some(*card_type) });
        for (field, value) in fields {
            check_field(*field, Some(value), Some(found), &project, cx)?;
            events.extend(unless(
                self.fields.get(field) == Some(value),
                E::FieldSet { field: *field, value: Some(value.clone()) },
            ));
        }
        let is_missing = |field: &FieldId| !fields.contains_key(field) && !self.fields.contains_key(field);
        let missing = found.fields.iter().find(|(field, usage)| usage.required && is_missing(field));
        if let Some((field, _)) = missing {
            return Err(missing_field(*field, &project));
        }
        has_room_in_card("fields", self.fields.len() + fields.len())?;
        Ok(events)
    }

    pub(super) fn set_field(&self, field: FieldId, value: Option<FieldValue>, cx: &Context<'_>) -> Result<Vec<E>, R> {
        let project = project(cx);
        let card_type = self.card_type.and_then(|card_type| project.types.get(&card_type));
        check_field(field, value.as_ref(), card_type, &project, cx)?;
        if value.is_some() && !self.fields.contains_key(&field) {
            has_room_in_card("fields", self.fields.len())?;
        }
        Ok(unless(self.fields.get(&field) == value.as_ref(), E::FieldSet { field, value }))
    }
}

/// Whether a card of the type may have this value for the field.
fn check_field(
    field: FieldId,
    value: Option<&FieldValue>,
    card_type: Option<&CardType>,
    project: &Project,
    cx: &Context<'_>,
) -> Result<(), R> {
    let definition = project.fields.get(&field).ok_or(R::NoSuchField { field })?;
    // Whoever records what happened elsewhere, as an import does, brings it as it was.
    let is_imported = cx.is_manager() && cx.happened_at().is_some();
    let usage = card_type.map(|card_type| card_type.fields.get(&field));
    match (value, usage) {
        (None, Some(Some(usage))) if usage.required => Err(missing_field(field, project)),
        (Some(_), Some(None)) if !is_imported => Err(R::FieldOfAnotherType { field, name: definition.name.clone() }),
        (Some(value), _) => Ok(definition.takes(value, is_imported)?),
        (None, _) => Ok(()),
    }
}

pub(super) fn missing_field(field: FieldId, project: &Project) -> R {
    R::FieldMissing { field, name: project.fields.get(&field).map(|field| field.name.clone()).unwrap_or_default() }
}
