//! What stands on cards, set on as many as are named, as one act.

use std::collections::BTreeMap;

use recordplayer::id::ActorId;
use recordplayer::membership::Membership;
use recordplayer::time::Timestamp;
use recordplayer_kanban::card::{CardCommand as Do, Day, Effort, FieldValue, Priority, Typed};
use recordplayer_kanban::ids::{FieldId, PersonId};
use recordplayer_kanban::project::FieldKind;

use super::answer::{Failure, WRONG_USE, line};
use super::arguments::{Urgency, What};
use super::definitions::{card_type, field, label};
use super::place::Place;
use crate::links::is_of_web;
use crate::references;

/// What stands for "nothing" where a value is asked for.
pub(crate) const NONE: &str = "none";

/// The commands that make a card be so.
pub(crate) fn commands(place: &Place<'_>, what: &What) -> Result<Vec<Do>, Failure> {
    let mut commands = Vec::new();
    let fields = what.fields.iter().map(|text| named_value(place, text)).collect::<Result<Vec<_>, _>>()?;
    match what.card_type.as_deref() {
        // A type comes with the values that it requires.
        Some(name) if name != NONE => {
            let (filled, emptied): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(_, value)| value.is_some());
            let values = filled.into_iter().filter_map(|(field, value)| Some((field, value?)));
            let typed = Typed { card_type: card_type(place, name)?, fields: values.collect::<BTreeMap<_, _>>() };
            commands.push(Do::SetType { typed: Some(typed) });
            commands.extend(emptied.into_iter().map(|(field, _)| Do::SetField { field, value: None }));
        }
        none => {
            commands.extend(none.map(|_| Do::SetType { typed: None }));
            commands.extend(fields.into_iter().map(|(field, value)| Do::SetField { field, value }));
        }
    }
    if let Some(priority) = what.priority {
        commands.push(Do::SetPriority { priority: priority.into() });
    }
    if let Some(due) = &what.due {
        commands.push(Do::SetDue { due: read::<Day>(due, "bad_day")? });
    }
    if let Some(estimate) = &what.estimate {
        commands.push(Do::SetEstimate { estimate: read::<Effort>(estimate, "bad_effort")? });
    }
    if let Some(remaining) = &what.remaining {
        commands.push(Do::SetRemaining { remaining: read::<Effort>(remaining, "bad_effort")? });
    }
    for name in &what.add_label {
        commands.push(Do::AddLabel { label: label(place, name)? });
    }
    for name in &what.remove_label {
        commands.push(Do::RemoveLabel { label: label(place, name)? });
    }
    for name in &what.assign {
        commands.push(Do::Assign { person: person(place, name)? });
    }
    for name in &what.unassign {
        commands.extend(assigned(place, name)?.into_iter().map(|person| Do::Unassign { person }));
    }
    if let Some(reason) = &what.block {
        commands.push(Do::Block { reason: references::kept(&place.names(), reason) });
    }
    if what.unblock {
        commands.push(Do::Unblock {});
    }
    Ok(commands)
}

/// A value, or `none`.
fn read<T: std::str::FromStr<Err: std::error::Error>>(text: &str, code: &str) -> Result<Option<T>, Failure> {
    if text == NONE {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| Failure::new(WRONG_USE, code, error, "Or write \"none\" to take it away"))
}

/// `NAME=VALUE`; `NAME=` empties the field.
fn named_value(place: &Place<'_>, text: &str) -> Result<(FieldId, Option<FieldValue>), Failure> {
    let Some((name, value)) = text.split_once('=') else {
        let message = format!("{text:?} does not say which value which field shall have");
        return Err(Failure::new(WRONG_USE, "bad_field", message, "Write NAME=VALUE"));
    };
    let id = field(place, name)?;
    if value.is_empty() {
        return Ok((id, None));
    }
    let project = place.project();
    let bad =
        |what: &str| Failure::new(WRONG_USE, "bad_value", format!("{value:?} is not {what}"), "Write another one");
    let definition = &project.fields[&id];
    let value = match definition.kind {
        FieldKind::Text => FieldValue::Text { text: references::kept(&place.names(), value) },
        FieldKind::Number => FieldValue::Number { number: value.to_owned() },
        FieldKind::Link if !is_of_web(value) => return Err(bad("an address of the web, as https://example.org")),
        FieldKind::Link => FieldValue::Link { url: value.to_owned() },
        FieldKind::Person => FieldValue::Person { person: person(place, value)? },
        FieldKind::Checkbox => FieldValue::Checked {
            checked: match value {
                "yes" => true,
                "no" => false,
                _ => return Err(bad("yes or no")),
            },
        },
        FieldKind::Date => {
            // A day alone is its beginning, where this computer is.
            let of_day = value.parse::<Day>().ok().and_then(|day| crate::time::start_of(&day));
            let at = of_day.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
            let at = at.map_or_else(|| value.parse::<jiff::Timestamp>(), Ok);
            let at = at.map_err(|_| bad("a day such as 2026-11-24, or a time such as 2026-11-24T09:00:00Z"))?;
            FieldValue::Date { at: Timestamp(at.as_millisecond()) }
        }
        FieldKind::Choice => {
            let found = definition.options.iter().find(|(_, option)| option.shown() == value);
            FieldValue::Choice { option: *found.ok_or_else(|| bad("one of its choices"))?.0 }
        }
    };
    Ok((id, Some(value)))
}

/// Whoever works on this device, as filters of searches say it.
const ME: &str = "me";

/// A member or a placeholder by name or id, or oneself.
pub(crate) fn person(place: &Place<'_>, text: &str) -> Result<PersonId, Failure> {
    let people = people(place);
    let is_it = |(id, name): &&(PersonId, String)| name == text || id.to_string() == text;
    let found: Vec<PersonId> = people.iter().filter(is_it).map(|(id, _)| *id).collect();
    match found.as_slice() {
        [person] => Ok(*person),
        [] => {
            // As whom an import names them who has said so since; or oneself.
            let me = || (text == ME).then(|| PersonId::from(place.space.actor()));
            if let Some(person) = claimant(place, text).or_else(me) {
                return Ok(person);
            }
            let message = format!("There is nobody called {text:?} in {}", line(&place.info.title));
            Err(Failure::new(WRONG_USE, "unknown_member", message, "See \"recordplayer member list\""))
        }
        _ => {
            let message = format!("There are several people called {text:?}");
            Err(Failure::new(WRONG_USE, "ambiguous_member", message, "Name them by their id"))
        }
    }
}

fn claimant(place: &Place<'_>, name: &str) -> Option<PersonId> {
    let project = place.project();
    let known = project.placeholders.values().find(|known| known.name == name && known.claimed_by.is_some())?;
    known.claimed_by.map(PersonId::from)
}

/// As whom a card may have been given to somebody: by name also those who are members no more, and a person as the placeholder that is them.
fn assigned(place: &Place<'_>, text: &str) -> Result<Vec<PersonId>, Failure> {
    let membership = place.space.entity::<Membership>(place.space.id().0);
    let former = membership.former().map(PersonId::from);
    let is_it = |person: &PersonId| place.name_of(*person).as_deref() == Some(text) || person.to_string() == text;
    let gone: Vec<PersonId> = former.filter(is_it).collect();
    match person(place, text) {
        Err(_) if !gone.is_empty() => Ok(gone),
        Err(failure) => Err(failure),
        Ok(person) => {
            let project = place.project();
            let by = ActorId(person.0);
            let claimed = project.placeholders.iter().filter(|(_, known)| known.claimed_by == Some(by));
            Ok(claimed.map(|(id, _)| *id).chain([person]).collect())
        }
    }
}

/// Everybody whom a card can be given to, as people call them. Of a placeholder that somebody is, that one is meant.
pub(crate) fn people(place: &Place<'_>) -> Vec<(PersonId, String)> {
    let (members, project) = (place.space.entity::<Membership>(place.space.id().0), place.project());
    let members = members.members().map(|(person, _): (ActorId, _)| PersonId::from(person));
    let open = project.placeholders.iter().filter(|(_, known)| known.claimed_by.is_none()).map(|(id, _)| *id);
    let all = members.chain(open);
    all.filter_map(|person| Some((person, place.name_of(person)?))).collect()
}

impl From<Urgency> for Option<Priority> {
    fn from(urgency: Urgency) -> Self {
        match urgency {
            Urgency::Low => Some(Priority::Low),
            Urgency::Medium => Some(Priority::Medium),
            Urgency::High => Some(Priority::High),
            Urgency::Urgent => Some(Priority::Urgent),
            Urgency::None => None,
        }
    }
}
