//! What of another project is the same here, by what it is called.

use super::{FieldDefinition, FieldKind, Label, Project};
use crate::card::FieldValue;
use crate::ids::{FieldId, LabelId, OptionId, TypeId};

impl Project {
    /// The label that looks like that one.
    pub fn label_like(&self, id: LabelId, label: &Label) -> Option<LabelId> {
        let same = self.labels.iter().find(|(_, other)| *other == label).map(|(id, _)| *id);
        same.or(Some(id).filter(|id| self.labels.contains_key(id)))
    }

    /// The field of that name and kind.
    pub fn field_like(&self, id: FieldId, field: &FieldDefinition) -> Option<(FieldId, &FieldDefinition)> {
        let is_same = |other: &&FieldDefinition| other.name == field.name && other.kind == field.kind;
        let came_along = self.fields.get(&id).map(|field| (id, field));
        came_along.or_else(|| self.fields.iter().find(|(_, other)| is_same(other)).map(|(id, field)| (*id, field)))
    }

    /// The type of cards that is called so.
    pub fn type_like(&self, id: Option<TypeId>, name: Option<&str>) -> Option<TypeId> {
        let named = |name: &str| self.types.iter().find(|(_, other)| other.name == name).map(|(id, _)| *id);
        id.filter(|id| self.types.contains_key(id)).or_else(|| named(name?))
    }
}

impl FieldDefinition {
    /// A value of another project's field as this one has it: a choice is that of the same name.
    pub fn translated(&self, value: &FieldValue, there: &Self) -> Option<FieldValue> {
        match value {
            FieldValue::Choice { option } if self.kind == FieldKind::Choice && !self.options.contains_key(option) => {
                let named = there.options.get(option)?;
                let same = |(_, other): &(&OptionId, &Label)| *other == named;
                let (option, _) = self.options.iter().find(same)?;
                Some(FieldValue::Choice { option: *option })
            }
            _ => Some(value.clone()),
        }
    }
}
