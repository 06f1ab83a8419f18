//! What a project defines for its cards: labels, fields, types.

use std::collections::BTreeMap;

use recordplayer_kanban::ids::{FieldId, LabelId, OptionId, TypeId};
use recordplayer_kanban::project::{
    CardType, FieldDefinition, FieldKind, FieldLimits, FieldUse, Label, ProjectCommand,
};
use recordplayer_kanban::{Project, is_same_name};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::arguments::{FieldCommand, LabelCommand, TypeCommand, ValueKind};
use super::place::Place;
use super::{edit, send};

pub(crate) fn labels(place: &Place<'_>, command: &LabelCommand) -> Result<Answer, Failure> {
    match command {
        LabelCommand::List => {
            let project = place.project();
            let one = |(id, label): (&LabelId, &Label)| json!({ "id": id.to_string(), "name": label.name, "colour": label.colour });
            let json: Vec<Value> = project.labels.iter().map(one).collect();
            let names = project.labels.iter().map(|(id, label)| (id.to_string(), label.shown()));
            Ok(Answer::new(json!({ "labels": json }), listed(names.collect())))
        }
        LabelCommand::New { name, colour } => {
            let label = LabelId(place.space.fresh_id());
            let colour = colour.clone().unwrap_or_default();
            let set = ProjectCommand::SetLabel { label, name: name.clone(), colour, twin: false };
            sent(place, "label", name, label.0, &set, format!("Added the label {}", line(name)))
        }
        LabelCommand::Change { label: named, name, colour } => {
            something_to_change(name.is_some() || colour.is_some())?;
            let label = label(place, named)?;
            let known = place.project().labels[&label].clone();
            let name = name.clone().unwrap_or(known.name);
            let colour = changed(colour.as_ref(), Some(known.colour)).unwrap_or_default();
            let set = ProjectCommand::SetLabel { label, name: name.clone(), colour, twin: false };
            sent(place, "label", &name, label.0, &set, format!("Changed the label {}", line(named)))
        }
        LabelCommand::Remove { label: name } => {
            let label = label(place, name)?;
            let remove = ProjectCommand::RemoveLabel { label };
            sent(place, "label", name, label.0, &remove, format!("Removed the label {}", line(name)))
        }
    }
}

pub(crate) fn fields(place: &Place<'_>, command: &FieldCommand) -> Result<Answer, Failure> {
    match command {
        FieldCommand::List => {
            let project = place.project();
            let one = |(id, field): (&FieldId, &FieldDefinition)| {
                let choices: Vec<&str> = field.options.values().map(Label::shown).collect();
                json!({ "id": id.to_string(), "name": field.name, "kind": field.kind, "choices": choices, "limits": field.limits })
            };
            let json: Vec<Value> = project.fields.iter().map(one).collect();
            let names = project.fields.iter().map(|(id, field)| (id.to_string(), &*field.name));
            Ok(Answer::new(json!({ "fields": json }), listed(names.collect())))
        }
        FieldCommand::New { name, kind, choices, least, most, bytes_max } => {
            let field = FieldId(place.space.fresh_id());
            let choice =
                |name: &String| (OptionId(place.space.fresh_id()), Label { name: name.clone(), colour: String::new() });
            let options: BTreeMap<OptionId, Label> = choices.iter().map(choice).collect();
            let limits = FieldLimits { least: least.clone(), most: most.clone(), bytes_max: *bytes_max };
            let kind = (*kind).into();
            let set = ProjectCommand::SetField { field, name: name.clone(), kind, options, limits, twin: false };
            sent(place, "field", name, field.0, &set, format!("Defined the field {}", line(name)))
        }
        FieldCommand::Change { field: named, .. } => {
            let id = field(place, named)?;
            let set = changed_field(place, id, command)?;
            let name = set.name.clone();
            let FieldDefinition { name: new, kind, options, limits } = set;
            let set = ProjectCommand::SetField { field: id, name: new, kind, options, limits, twin: false };
            sent(place, "field", &name, id.0, &set, format!("Changed the field {}", line(named)))
        }
        FieldCommand::Remove { field: name } => {
            let field = field(place, name)?;
            let remove = ProjectCommand::RemoveField { field };
            sent(place, "field", name, field.0, &remove, format!("Removed the field {}", line(name)))
        }
    }
}

pub(crate) fn types(place: &Place<'_>, command: &TypeCommand) -> Result<Answer, Failure> {
    match command {
        TypeCommand::List => {
            let project = place.project();
            let one = |(id, card_type): (&TypeId, &CardType)| {
                let name = |field: &FieldId| project.fields.get(field).map(|field| field.name.clone());
                let named = card_type.fields.iter().filter_map(|(field, usage)| Some((name(field)?, usage.required)));
                let fields: Vec<Value> =
                    named.map(|(name, required)| json!({ "name": name, "required": required })).collect();
                json!({ "id": id.to_string(), "name": card_type.name, "fields": fields })
            };
            let json: Vec<Value> = project.types.iter().map(one).collect();
            let names = project.types.iter().map(|(id, card_type)| (id.to_string(), &*card_type.name));
            Ok(Answer::new(json!({ "types": json }), listed(names.collect())))
        }
        TypeCommand::New { name, fields, required } => {
            let card_type = TypeId(place.space.fresh_id());
            let fields = usage(place, fields, required)?;
            let set = ProjectCommand::SetType { card_type, name: name.clone(), fields, twin: false };
            sent(place, "type", name, card_type.0, &set, format!("Added the type {}", line(name)))
        }
        TypeCommand::Change { card_type: named, name, fields, required, without } => {
            let says = [fields, required, without].iter().any(|names| !names.is_empty());
            something_to_change(name.is_some() || says)?;
            let id = card_type(place, named)?;
            let mut known = place.project().types[&id].clone();
            known.fields.extend(usage(place, fields, required)?);
            for name in without {
                known.fields.remove(&field(place, name)?);
            }
            let name = name.clone().unwrap_or(known.name);
            let set = ProjectCommand::SetType { card_type: id, name: name.clone(), fields: known.fields, twin: false };
            sent(place, "type", &name, id.0, &set, format!("Changed the type {}", line(named)))
        }
        TypeCommand::Remove { card_type: name } => {
            let card_type = card_type(place, name)?;
            let remove = ProjectCommand::RemoveType { card_type };
            sent(place, "type", name, card_type.0, &remove, format!("Removed the type {}", line(name)))
        }
    }
}

/// Which fields a type has, and which of them must have a value.
fn usage(place: &Place<'_>, fields: &[String], required: &[String]) -> Result<BTreeMap<FieldId, FieldUse>, Failure> {
    let named = fields.iter().map(|name| (name, false)).chain(required.iter().map(|name| (name, true)));
    named.map(|(name, required)| Ok((field(place, name)?, FieldUse { required }))).collect()
}

/// The field as it shall be.
fn changed_field(place: &Place<'_>, id: FieldId, command: &FieldCommand) -> Result<FieldDefinition, Failure> {
    let FieldCommand::Change { name, add_choice, rename_choice, remove_choice, least, most, bytes_max, .. } = command
    else {
        unreachable!("asked for a change alone")
    };
    let says = [add_choice, rename_choice, remove_choice].iter().any(|names| !names.is_empty());
    something_to_change(says || [name, least, most, bytes_max].iter().any(|value| value.is_some()))?;
    let mut field = place.project().fields[&id].clone();
    field.name = name.clone().unwrap_or(field.name);
    field.limits.least = changed(least.as_ref(), field.limits.least);
    field.limits.most = changed(most.as_ref(), field.limits.most);
    let bytes = changed(bytes_max.as_ref(), field.limits.bytes_max.map(|bytes| bytes.to_string()));
    let read = |bytes: String| {
        let message = format!("{bytes:?} is no number of bytes");
        bytes.parse::<u32>().map_err(|_| Failure::new(WRONG_USE, "bad_bytes", message, "Write it as 200, or none"))
    };
    field.limits.bytes_max = bytes.map(read).transpose()?;
    for both in rename_choice {
        let Some((old, new)) = both.split_once('=') else {
            let message = format!("{both:?} does not say which choice is called how");
            return Err(Failure::new(WRONG_USE, "bad_choice", message, "Write OLD=NEW"));
        };
        let option = choice(&field, old)?;
        field.options.entry(option).and_modify(|choice| new.clone_into(&mut choice.name));
    }
    for name in remove_choice {
        field.options.remove(&choice(&field, name)?);
    }
    for name in add_choice {
        let option = OptionId(place.space.fresh_id());
        field.options.insert(option, Label { name: name.clone(), colour: String::new() });
    }
    Ok(field)
}

fn choice(field: &FieldDefinition, name: &str) -> Result<OptionId, Failure> {
    found(field.options.iter().map(|(id, choice)| (*id, choice.shown())).collect(), name, ("choice", "field"))
}

/// What is said, or what is there: `none` takes it away.
fn changed(said: Option<&String>, known: Option<String>) -> Option<String> {
    match said {
        None => known,
        Some(said) => Some(said.clone()).filter(|said| said != edit::NONE),
    }
}

fn something_to_change(says: bool) -> Result<(), Failure> {
    if says {
        return Ok(());
    }
    Err(Failure::new(WRONG_USE, "nothing_to_change", "Say what to change", "See it with --help"))
}

/// One in a line; where several are called so, with what tells them apart.
fn listed(all: Vec<(String, &str)>) -> String {
    let is_alone = |name: &str| all.iter().filter(|(_, other)| *other == name).count() == 1;
    let one = |(id, name): &(String, &str)| if is_alone(name) { line(name) } else { format!("{}  {id}", line(name)) };
    all.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn sent(
    place: &Place<'_>,
    what: &str,
    name: &str,
    id: recordplayer::id::Id,
    command: &ProjectCommand,
    done: String,
) -> Result<Answer, Failure> {
    let ticket = send::one::<Project>(place, place.space.id().0, command)?;
    let json = json!({ what: name, "id": id.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, done))
}

pub(crate) fn label(place: &Place<'_>, text: &str) -> Result<LabelId, Failure> {
    let project = place.project();
    let named = project.labels.iter().map(|(id, label)| (*id, label.shown()));
    found(named.collect(), text, ("label", "project"))
}

pub(crate) fn field(place: &Place<'_>, text: &str) -> Result<FieldId, Failure> {
    let project = place.project();
    found(project.fields.iter().map(|(id, field)| (*id, field.name.as_str())).collect(), text, ("field", "project"))
}

pub(crate) fn card_type(place: &Place<'_>, text: &str) -> Result<TypeId, Failure> {
    let project = place.project();
    found(
        project.types.iter().map(|(id, card_type)| (*id, card_type.name.as_str())).collect(),
        text,
        ("type", "project"),
    )
}

/// The one of this name or id.
fn found<T: Copy + std::fmt::Display>(all: Vec<(T, &str)>, text: &str, (what, of): (&str, &str)) -> Result<T, Failure> {
    let is_it = |(id, name): &&(T, &str)| *name == text || id.to_string() == text;
    let mut meant: Vec<T> = all.iter().filter(is_it).map(|(id, _)| *id).collect();
    if meant.is_empty() {
        meant.extend(all.iter().filter(|(_, name)| is_same_name(name, text)).map(|(id, _)| *id));
    }
    let known: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
    let (code, message, help) = match meant.as_slice() {
        [one] => return Ok(*one),
        [] => ("unknown", format!("There is no {what} {text:?} in this {of}"), "Name one that is there"),
        _ => ("ambiguous", format!("There are several of the name {text:?}"), "Name it by its id"),
    };
    Err(Failure::new(WRONG_USE, &format!("{code}_{what}"), message, help).with_details(json!(known)))
}

impl From<ValueKind> for FieldKind {
    fn from(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Text => Self::Text,
            ValueKind::Number => Self::Number,
            ValueKind::Date => Self::Date,
            ValueKind::Checkbox => Self::Checkbox,
            ValueKind::Choice => Self::Choice,
            ValueKind::Person => Self::Person,
            ValueKind::Link => Self::Link,
        }
    }
}
