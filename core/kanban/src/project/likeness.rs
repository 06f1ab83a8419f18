//! What of another project is the same here, by what it is called.

use super::{FieldDefinition, FieldKind, Label, Project};
use crate::card::FieldValue;
use crate::ids::{FieldId, LabelId, OptionId, TypeId};
use crate::name::is_same_name;

impl Project {
    /// The label that is called so, if possible in the same colour; one without a name is called by its colour.
    pub fn label_like(&self, id: LabelId, label: &Label) -> Option<LabelId> {
        let like =
            |is_it: &dyn Fn(&Label) -> bool| self.labels.iter().find(|(_, other)| is_it(other)).map(|(id, _)| *id);
        like(&|other| other == label)
            .or_else(|| like(&|other| is_same_name(other.shown(), label.shown())))
            .or(Some(id).filter(|id| self.labels.contains_key(id)))
    }

    /// The field of that name and kind.
    pub fn field_like(&self, id: FieldId, field: &FieldDefinition) -> Option<(FieldId, &FieldDefinition)> {
        let is_same = |other: &&FieldDefinition| is_same_name(&other.name, &field.name) && other.kind == field.kind;
        let came_along = self.fields.get(&id).map(|field| (id, field));
        came_along.or_else(|| self.fields.iter().find(|(_, other)| is_same(other)).map(|(id, field)| (*id, field)))
    }

    /// The type of cards that is called so.
    pub fn type_like(&self, id: Option<TypeId>, name: Option<&str>) -> Option<TypeId> {
        let named =
            |name: &str| self.types.iter().find(|(_, other)| is_same_name(&other.name, name)).map(|(id, _)| *id);
        id.filter(|id| self.types.contains_key(id)).or_else(|| named(name?))
    }
}

impl FieldDefinition {
    /// A value of another project's field as this one has it: a choice is that of the same name.
    pub fn translated(&self, value: &FieldValue, there: &Self) -> Option<FieldValue> {
        match value {
            FieldValue::Choice { option } if self.kind == FieldKind::Choice && !self.options.contains_key(option) => {
                let named = there.options.get(option)?;
                let same = |(_, other): &(&OptionId, &Label)| is_same_name(other.shown(), named.shown());
                let (option, _) = self.options.iter().find(same)?;
                Some(FieldValue::Choice { option: *option })
            }
            _ => Some(value.clone()),
        }
    }
}
