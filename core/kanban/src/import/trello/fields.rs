//! Custom fields: their definitions, and the values on cards.

use std::collections::{BTreeMap, BTreeSet};

use super::super::source::loose::Position;
use super::super::source::time::millis;
use super::super::source::{
    LeftOut, Origin, SourceField, SourceFieldKind, SourceFieldOption, SourceFieldValue, SourceId, SourceValue,
    first_of_each,
};
use super::wire::{WireField, WireFieldOption, WireFieldValue, WireValue};

/// The definitions by position, growing by placeholders as values refer to fields and options that they lack.
pub(super) struct Fields {
    definitions: Vec<SourceField>,
    index: BTreeMap<SourceId, usize>,
    options: BTreeSet<(usize, SourceId)>,
    placeholders: usize,
}

impl Fields {
    pub(super) fn new(wire: Vec<WireField>, left_out: &mut LeftOut) -> Self {
        let mut wire = first_of_each(wire, "custom fields", |field| &field.id, left_out);
        wire.sort_by(|a, b| Position::order((a.pos, &a.id), (b.pos, &b.id)));
        let fields: Vec<SourceField> = wire.into_iter().map(|field| as_field(field, left_out)).collect();
        let index = fields.iter().enumerate().map(|(index, field)| (field.id.clone(), index)).collect();
        let options = fields.iter().enumerate();
        let options =
            options.flat_map(|(index, field)| field.options.iter().map(move |option| (index, option.id.clone())));
        Self { index, options: options.collect(), placeholders: 0, definitions: fields }
    }

    pub(super) fn into_vec(self) -> Vec<SourceField> {
        self.definitions
    }

    /// The values of one card, in the order of the fields. A value that was cleared is no value.
    pub(super) fn values(&mut self, wire: Vec<WireFieldValue>, left_out: &mut LeftOut) -> Vec<SourceFieldValue> {
        let mut values: BTreeMap<usize, SourceFieldValue> = BTreeMap::new();
        for item in wire {
            let Some(value) = as_value(item.id_value, item.value, left_out) else { continue };
            let index = self.field_for(&item.id_custom_field, &value, left_out);
            if let SourceValue::Option(option) = &value {
                self.require_option(index, option, left_out);
            }
            let earlier = values.insert(index, SourceFieldValue { field_id: item.id_custom_field, value });
            left_out.add(
                "field values",
                "a later value of the same card and field came in",
                u64::from(earlier.is_some()),
            );
        }
        values.into_values().collect()
    }

    fn field_for(&mut self, id: &SourceId, value: &SourceValue, left_out: &mut LeftOut) -> usize {
        if let Some(index) = self.index.get(id) {
            return *index;
        }
        left_out.add("definitions of custom fields", "the file does not hold the field; one stands in for it", 1);
        let kind = value.kind();
        self.placeholders += 1;
        let number = self.placeholders;
        let name = if number == 1 { "Unknown field".to_owned() } else { format!("Unknown field {number}") };
        self.index.insert(id.clone(), self.definitions.len());
        self.definitions.push(SourceField {
            id: id.clone(),
            name,
            kind,
            options: Vec::new(),
            origin: Origin::Placeholder,
        });
        self.definitions.len() - 1
    }

    fn require_option(&mut self, field: usize, id: &SourceId, left_out: &mut LeftOut) {
        if !self.options.insert((field, id.clone())) {
            return;
        }
        left_out.add("options of custom fields", "the file does not hold the option; one stands in for it", 1);
        let option = SourceFieldOption {
            id: id.clone(),
            name: "Unknown option".to_owned(),
            colour: None,
            origin: Origin::Placeholder,
        };
        self.definitions[field].options.push(option);
    }
}

fn as_field(wire: WireField, left_out: &mut LeftOut) -> SourceField {
    let kind = match wire.kind.as_str() {
        "text" => SourceFieldKind::Text,
        "number" => SourceFieldKind::Number,
        "date" => SourceFieldKind::Date,
        "checkbox" => SourceFieldKind::Checkbox,
        "list" => SourceFieldKind::List,
        other => SourceFieldKind::Other(other.to_owned()),
    };
    let before = wire.options.len();
    let mut options: Vec<(Position, SourceFieldOption)> = wire.options.into_iter().filter_map(as_option).collect();
    left_out.add(
        "options of custom fields",
        "they have no id, so no value can mean them",
        (before - options.len()) as u64,
    );
    options = first_of_each(options, "options of custom fields", |(_, option)| &option.id, left_out);
    options.sort_by(|a, b| Position::order((a.0, &a.1.id), (b.0, &b.1.id)));
    let options = options.into_iter().map(|(_, option)| option).collect();
    SourceField { id: wire.id, name: wire.name, kind, options, origin: Origin::Listed }
}

fn as_option(wire: WireFieldOption) -> Option<(Position, SourceFieldOption)> {
    let id = wire.id.or(wire.underscore_id)?;
    let name = wire.value.map_or_else(String::new, |value| value.text);
    let colour = Some(wire.color).filter(|colour| !colour.is_empty() && colour != "none");
    Some((wire.pos, SourceFieldOption { id, name, colour, origin: Origin::Listed }))
}

/// What an item of a card says, `None` when it was cleared. A date that is none stays as its text.
fn as_value(option: Option<SourceId>, value: Option<Box<WireValue>>, left_out: &mut LeftOut) -> Option<SourceValue> {
    if let Some(option) = option {
        return Some(SourceValue::Option(option));
    }
    let value = *value?;
    if let Some(checked) = value.checked {
        return Some(SourceValue::Checked(checked == "true"));
    }
    if let Some(number) = value.number {
        return Some(SourceValue::Number(number));
    }
    if !value.date.is_empty() {
        return Some(millis(&value.date).map_or_else(
            || {
                left_out.add("dates of custom fields", "they are not dates that can be read; they come in as text", 1);
                SourceValue::Text(value.date.clone())
            },
            SourceValue::Date,
        ));
    }
    (!value.text.is_empty()).then_some(SourceValue::Text(value.text))
}
