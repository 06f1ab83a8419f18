//! Types of cards, and fields with their limits.

use std::collections::BTreeMap;

use recordplayer::claims::Claims;
use recordplayer::testing::FOUNDER;
use recordplayer::time::Timestamp;

use super::*;
use crate::card::{CardCommand as C, CardEvent as E, CardRefusal as R, FieldValue, Typed};
use crate::ids::{FieldId, OptionId, TypeId};
use crate::project::{BadValue, FieldKind, FieldLimits, FieldUse, Label, ProjectEvent, ProjectRefusal};

const SPEED: FieldId = FieldId(Id([0xf1; 16]));
const NOTE: FieldId = FieldId(Id([0xf2; 16]));
const SIZE: FieldId = FieldId(Id([0xf3; 16]));
const OWNER: FieldId = FieldId(Id([0xf4; 16]));
const BUG: TypeId = TypeId(Id([0x7b; 16]));
const LARGE: OptionId = OptionId(Id([0x0a; 16]));

fn define(field: FieldId, name: &str, kind: FieldKind, limits: FieldLimits) -> ProjectCommand {
    let options = match kind {
        FieldKind::Choice => BTreeMap::from([(LARGE, Label { name: "Large".into(), colour: String::new() })]),
        _ => BTreeMap::new(),
    };
    ProjectCommand::SetField { twin: false, field, name: name.into(), kind, options, limits }
}

fn between(least: &str, most: &str) -> FieldLimits {
    FieldLimits { least: Some(least.into()), most: Some(most.into()), bytes_max: None }
}

fn set_type() -> ProjectCommand {
    let fields = BTreeMap::from([(SPEED, FieldUse { required: true }), (NOTE, FieldUse { required: false })]);
    ProjectCommand::SetType { twin: false, card_type: BUG, name: "Bug".into(), fields }
}

/// Fields, and the type "Bug" that requires a speed and may have a note; card 1.
fn defined() -> Given {
    let short = FieldLimits { bytes_max: Some(5), ..FieldLimits::default() };
    cards(1)
        .sent::<Project>(SPACE.0, define(SPEED, "Speed", FieldKind::Number, between("0", "78.26")))
        .sent::<Project>(SPACE.0, define(NOTE, "Note", FieldKind::Text, short))
        .sent::<Project>(SPACE.0, define(SIZE, "Size", FieldKind::Choice, FieldLimits::default()))
        .sent::<Project>(SPACE.0, define(OWNER, "Owner", FieldKind::Person, FieldLimits::default()))
        .sent::<Project>(SPACE.0, set_type())
}

fn number(text: &str) -> FieldValue {
    FieldValue::Number { number: text.into() }
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text { text: text.into() }
}

fn set(field: FieldId, value: FieldValue) -> C {
    C::SetField { field, value: Some(value) }
}

fn typed(fields: &[(FieldId, FieldValue)]) -> Typed {
    Typed { card_type: BUG, fields: fields.iter().cloned().collect() }
}

#[track_caller]
fn bad(field: FieldId, value: FieldValue, why: BadValue) {
    defined().when::<Card>(card(1), set(field, value)).refused(R::BadValue { value: why });
}

#[test]
fn a_number_stays_within_the_limits_of_its_field() {
    for fits in ["0", "33.333", "78.26", "4.5e1"] {
        defined().sent::<Card>(card(1), set(SPEED, number(fits)));
    }
    bad(SPEED, number("-0.1"), BadValue::TooSmall { field: "Speed".into(), least: "0".into() });
    bad(SPEED, number("78.27"), BadValue::TooGreat { field: "Speed".into(), most: "78.26".into() });
    bad(SPEED, number("1e99"), BadValue::NotANumber {});
}

#[test]
fn a_value_is_of_the_kind_of_its_field() {
    bad(NOTE, text("too long"), BadValue::TooLong { field: "Note".into(), bytes: 8, max: 5 });
    bad(SPEED, text("fast"), BadValue::WrongKind { field: "Speed".into(), takes: "a number".into() });
    let choice = FieldValue::Choice { option: OptionId(Id([9; 16])) };
    bad(SIZE, choice, BadValue::NoSuchChoice { field: "Size".into() });
    defined().sent::<Card>(card(1), set(SIZE, FieldValue::Choice { option: LARGE }));
    defined().sent::<Card>(card(1), set(OWNER, FieldValue::Person { person: FOUNDER.into() }));
}

#[test]
fn an_import_brings_values_as_they_were() {
    let past = Claims { happened_at: Some(Timestamp(7)), ..Claims::default() };
    defined().claiming(past).sent::<Card>(card(1), set(SPEED, text("fast")));
    let wrong = BadValue::WrongKind { field: "Speed".into(), takes: "a number".into() };
    let by_worker = defined().by(ANN).role("worker").claiming(past);
    by_worker.when::<Card>(card(1), set(SPEED, text("fast"))).refused(R::BadValue { value: wrong });
}

#[test]
fn a_card_of_a_type_has_what_the_type_requires() {
    let missing = || R::FieldMissing { field: SPEED, name: "Speed".into() };
    let create =
        |typed| C::Create { column: TODO, title: "Hum".into(), before: None, exempt: false, typed: Some(typed) };
    defined().when::<Card>(card(9), create(typed(&[]))).refused(missing());
    defined().when::<Card>(card(1), C::SetType { typed: Some(typed(&[])) }).refused(missing());
    let given = defined().sent::<Card>(card(9), create(typed(&[(SPEED, number("45"))])));
    let made = given.model::<Card>(card(9));
    assert_eq!((made.card_type, made.fields.get(&SPEED)), (Some(BUG), Some(&number("45"))));
    given.when::<Card>(card(9), C::SetField { field: SPEED, value: None }).refused(missing());
    // What the card has already need not come along.
    let given = defined().sent::<Card>(card(1), set(SPEED, number("45")));
    let given =
        given.when::<Card>(card(1), C::SetType { typed: Some(typed(&[])) }).then([E::TypeSet { card_type: Some(BUG) }]);
    let given = given.and_when::<Card>(card(1), C::SetType { typed: Some(typed(&[])) }).then_nothing();
    given.and_when::<Card>(card(1), C::SetType { typed: None }).then([E::TypeSet { card_type: None }]);
}

#[test]
fn a_card_of_a_type_has_no_fields_of_others() {
    let given = defined().sent::<Card>(card(1), C::SetType { typed: Some(typed(&[(SPEED, number("45"))])) });
    let other = R::FieldOfAnotherType { field: SIZE, name: "Size".into() };
    given.when::<Card>(card(1), set(SIZE, FieldValue::Choice { option: LARGE })).refused(other);
    let unknown = TypeId(Id([9; 16]));
    let command = C::SetType { typed: Some(Typed { card_type: unknown, fields: BTreeMap::new() }) };
    defined().when::<Card>(card(1), command).refused(R::NoSuchType { card_type: unknown });
}

#[test]
fn fields_and_types_are_defined_once_and_removed_once() {
    let definition = || define(SPEED, "Speed", FieldKind::Number, between("0", "78.26"));
    defined().when::<Project>(SPACE.0, definition()).then_nothing();
    defined().when::<Project>(SPACE.0, set_type()).then_nothing();
    for limits in [between("2", "1"), between("few", "1"), between("0", "many")] {
        let command = define(SPEED, "Speed", FieldKind::Number, limits);
        defined().when::<Project>(SPACE.0, command).refused(ProjectRefusal::BadLimits {});
    }
    let nowhere = FieldId(Id([9; 16]));
    let fields = BTreeMap::from([(nowhere, FieldUse::default())]);
    let command = ProjectCommand::SetType { twin: false, card_type: BUG, name: "Bug".into(), fields };
    defined().when::<Project>(SPACE.0, command).refused(ProjectRefusal::NoSuchField { field: nowhere });
    let remove = || ProjectCommand::RemoveField { field: SPEED };
    let given = defined().when::<Project>(SPACE.0, remove()).then([ProjectEvent::FieldRemoved { field: SPEED }]);
    given.and_when::<Project>(SPACE.0, remove()).then_nothing();
    let remove = || ProjectCommand::RemoveType { card_type: BUG };
    let given = defined().when::<Project>(SPACE.0, remove()).then([ProjectEvent::TypeRemoved { card_type: BUG }]);
    given.and_when::<Project>(SPACE.0, remove()).then_nothing();
}

#[test]
fn a_field_that_is_removed_is_required_no_more() {
    let given = defined().sent::<Project>(SPACE.0, ProjectCommand::RemoveField { field: SPEED });
    given.sent::<Card>(card(1), C::SetType { typed: Some(typed(&[])) });
}
