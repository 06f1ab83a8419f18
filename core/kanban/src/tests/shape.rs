//! Projects, boards and columns.

use std::collections::BTreeMap;

use recordplayer::refusal::Refused;
use recordplayer::testing::FOUNDER;

use super::*;
use crate::board::{BoardEvent, BoardRefusal};
use crate::column::{ColumnEvent, ColumnRefusal};
use crate::domain::GuardRefusal;
use crate::ids::{FieldId, LabelId, OptionId, PersonId, RowId, TypeId};
use crate::project::{FieldKind, FieldLimits, Label, ProjectEvent, ProjectRefusal};

const OTHER: ColumnId = ColumnId(Id([0xc3; 16]));
const GHOST: PersonId = PersonId(Id([0x6e; 16]));

fn set_up(key: &str) -> ProjectCommand {
    ProjectCommand::SetUp { key: key.into() }
}

#[test]
fn a_project_gets_its_key_once() {
    given(domain()).when::<Project>(SPACE.0, set_up("REC")).then([ProjectEvent::KeySet { key: "REC".into() }]);
    project().when::<Project>(SPACE.0, set_up("REC")).then_nothing();
    project().when::<Project>(SPACE.0, set_up("OTH")).refused(ProjectRefusal::SetUpAlready { key: "REC".into() });
}

/// What people have written down leads to its cards still.
#[test]
fn a_project_may_take_another_key_and_is_known_by_the_one_before() {
    let change = |key: &str| ProjectCommand::ChangeKey { keys: vec![key.into()] };
    given(domain()).when::<Project>(SPACE.0, change("OTH")).refused(ProjectRefusal::NotSetUp {});
    project().when::<Project>(SPACE.0, change("oth")).refused(ProjectRefusal::BadKey {});
    project().when::<Project>(SPACE.0, change("REC")).then_nothing();
    let given = project().sent::<Project>(SPACE.0, change("OTH"));
    let known = given.model::<Project>(SPACE.0);
    assert_eq!(known.key, "OTH");
    for (named, card) in [("REC-3", "OTH-3"), ("OTH-3", "OTH-3"), ("ELS-3", "ELS-3"), ("REC-~7f3a", "OTH-~7f3a")] {
        assert_eq!(known.by_its_key(named.parse().unwrap()).to_string(), card, "{named}");
    }
    let back = given.sent::<Project>(SPACE.0, change("REC")).model::<Project>(SPACE.0);
    assert_eq!(
        (back.key.as_str(), back.former_keys.iter().map(String::as_str).collect::<Vec<_>>()),
        ("REC", vec!["OTH"])
    );
    let refused = Refused::of(&GuardRefusal::ManagersShapeProjects {}).unwrap();
    project().by(ANN).role("worker").when::<Project>(SPACE.0, change("OTH")).refused_with(&refused);
}

#[test]
fn a_key_is_two_to_five_capital_letters() {
    for key in ["", "R", "rec", "TOOLNG", "R2", "ÄÖ"] {
        given(domain()).when::<Project>(SPACE.0, set_up(key)).refused(ProjectRefusal::BadKey {});
    }
}

#[test]
fn nothing_is_made_before_the_project_is_set_up() {
    let label = LabelId(Id([1; 16]));
    let set = ProjectCommand::SetLabel { twin: false, label, name: "bug".into(), colour: String::new() };
    given(domain()).when::<Project>(SPACE.0, set).refused(ProjectRefusal::NotSetUp {});
    let add = BoardCommand::Add { title: "Early".into() };
    given(domain()).when::<Board>(BOARD, add).refused(BoardRefusal::ProjectNotSetUp {});
    let add = add_column("Early", ColumnKind::Ready);
    given(domain()).when::<Column>(TODO, add).refused(ColumnRefusal::ProjectNotSetUp {});
}

#[test]
fn labels_that_are_not_there_cannot_be_removed() {
    let label = LabelId(Id([1; 16]));
    let refusal = ProjectRefusal::NoSuchLabel { label };
    project().when::<Project>(SPACE.0, ProjectCommand::RemoveLabel { label }).refused(refusal);
}

#[test]
fn a_placeholder_is_claimed_by_one_person() {
    let claim = ProjectCommand::ClaimPlaceholder { person: GHOST };
    let refusal = ProjectRefusal::NoSuchPlaceholder { person: GHOST };
    project().when::<Project>(SPACE.0, claim.clone()).refused(refusal);
    let set = ProjectCommand::SetPlaceholder { person: GHOST, name: "Ghost".into(), username: String::new() };
    let given = project().sent::<Project>(SPACE.0, set).sent::<Project>(SPACE.0, claim.clone());
    let refusal = ProjectRefusal::ClaimedAlready { by: FOUNDER };
    given.by(ANN).role("worker").when::<Project>(SPACE.0, claim.clone()).refused(refusal);
    // Who has claimed it takes that back, or a manager does; nobody else.
    let free = ProjectCommand::FreePlaceholder { person: GHOST };
    let set = ProjectCommand::SetPlaceholder { person: GHOST, name: "Ghost".into(), username: String::new() };
    let claimed = || project().sent::<Project>(SPACE.0, set.clone()).by(ANN).role("worker");
    let by_ann = || claimed().sent::<Project>(SPACE.0, claim.clone());
    by_ann().when::<Project>(SPACE.0, free.clone()).then([ProjectEvent::PlaceholderFreed { person: GHOST }]);
    by_ann().by(FOUNDER).sent::<Project>(SPACE.0, free.clone()).sent::<Project>(SPACE.0, claim.clone());
    let other = ActorId(Id([0xb5; 16]));
    let refusal = ProjectRefusal::ClaimedAlready { by: ANN };
    by_ann().by(other).role("worker").when::<Project>(SPACE.0, free.clone()).refused(refusal);
    claimed().when::<Project>(SPACE.0, free).then_nothing();
}

#[test]
fn a_board_is_added_once_under_a_free_name() {
    let add = || BoardCommand::Add { title: "Turntable".into() };
    project()
        .when::<Board>(BOARD, add())
        .then([BoardEvent::Added { title: "Turntable".into() }])
        .then_emits::<Project>(SPACE.0, [ProjectEvent::BoardAdded { board: BOARD }]);
    board().when::<Board>(BOARD, add()).refused(BoardRefusal::AddedAlready {});
    let taken = || BoardRefusal::NameTaken { title: "Turntable".into(), board: BOARD };
    let other = BoardId(Id([0xb1; 16]));
    board().when::<Board>(other, add()).refused(taken());
    let given = board().sent::<Board>(other, BoardCommand::Add { title: "Amplifier".into() });
    given.when::<Board>(other, BoardCommand::Rename { title: "Turntable".into() }).refused(taken());
    let given = board().sent::<Board>(BOARD, BoardCommand::Archive {}).sent::<Board>(other, add());
    let refusal = BoardRefusal::NameTaken { title: "Turntable".into(), board: other };
    given.when::<Board>(BOARD, BoardCommand::Restore {}).refused(refusal);
    project().when::<Board>(BOARD, BoardCommand::Archive {}).refused(BoardRefusal::NoSuchBoard {});
}

/// As people tell names apart: neither by letters of the other case nor by blanks around them.
#[test]
fn names_that_only_look_different_are_the_same() {
    let other = BoardId(Id([0xb1; 16]));
    let add = |title: &str| BoardCommand::Add { title: title.into() };
    let taken = BoardRefusal::NameTaken { title: " turnTABLE".into(), board: BOARD };
    board().when::<Board>(other, add(" turnTABLE")).refused(taken);
    let named = |title: &str| BoardCommand::Rename { title: title.into() };
    board().when::<Board>(BOARD, named("TURNTABLE")).then([BoardEvent::Renamed { title: "TURNTABLE".into() }]);

    let taken = ColumnRefusal::NameTaken { name: "dOING ".into(), column: DOING };
    board().when::<Column>(OTHER, add_column("dOING ", ColumnKind::Active)).refused(taken);
    let rename = |name: &str| ColumnCommand::Rename { name: name.into() };
    board().when::<Column>(DOING, rename("doing")).then([ColumnEvent::Renamed { name: "doing".into() }]);
    let row = |number: u8, name: &str| ColumnCommand::SetRow { row: RowId(Id([number; 16])), name: name.into() };
    let given = board().sent::<Column>(DOING, row(1, "Ann"));
    given.when::<Column>(DOING, row(2, "ann")).refused(ColumnRefusal::RowNameTaken { name: "ann".into() });

    // Columns that come together get names of their own.
    let given = board().sent::<Board>(other, add("Amplifier"));
    let add = ColumnCommand::Add { board: other, name: "doing".into(), kind: ColumnKind::Active, before: None };
    let given = given.sent::<Column>(OTHER, add).sent::<Board>(other, BoardCommand::Merge { into: BOARD });
    assert_eq!(given.model::<Column>(OTHER).name, "doing (Amplifier)");
}

#[test]
fn columns_stand_where_they_are_put() {
    let before = Some(DOING);
    let add = ColumnCommand::Add { board: BOARD, name: "Ready".into(), kind: ColumnKind::Ready, before };
    let given = board().sent::<Column>(OTHER, add);
    assert_eq!(given.model::<Board>(BOARD).columns, [TODO, OTHER, DOING]);
    let given = given.sent::<Column>(TODO, ColumnCommand::Move { before: None });
    assert_eq!(given.model::<Board>(BOARD).columns, [OTHER, DOING, TODO]);
}

#[test]
fn a_column_needs_a_board_and_a_free_name() {
    let add = add_column("Doing", ColumnKind::Active);
    project().when::<Column>(TODO, add.clone()).refused(ColumnRefusal::NoSuchBoard { board: BOARD });
    board().when::<Column>(DOING, add.clone()).refused(ColumnRefusal::AddedAlready {});
    let taken = || ColumnRefusal::NameTaken { name: "Doing".into(), column: DOING };
    board().when::<Column>(OTHER, add.clone()).refused(taken());
    board().when::<Column>(TODO, ColumnCommand::Rename { name: "Doing".into() }).refused(taken());
    let given = board().sent::<Column>(DOING, ColumnCommand::Archive {}).sent::<Column>(OTHER, add);
    let refusal = ColumnRefusal::NameTaken { name: "Doing".into(), column: OTHER };
    given.when::<Column>(DOING, ColumnCommand::Restore {}).refused(refusal);
    let refusal = ColumnRefusal::NoSuchColumn { column: OTHER };
    board().when::<Column>(OTHER, ColumnCommand::Archive {}).refused(refusal);
}

#[test]
fn a_column_changes_its_name_kind_and_limit() {
    let rename = ColumnCommand::Rename { name: "Now".into() };
    board().when::<Column>(DOING, rename).then([ColumnEvent::Renamed { name: "Now".into() }]);
    let kind = ColumnKind::Done;
    board().when::<Column>(DOING, ColumnCommand::SetKind { kind }).then([ColumnEvent::KindSet { kind }]);
    let limit = Some(3);
    board()
        .when::<Column>(DOING, ColumnCommand::SetLimit { limit, warns: false })
        .then([ColumnEvent::LimitSet { limit, warns: false }]);
    board().when::<Column>(DOING, ColumnCommand::SetLimit { limit: None, warns: false }).then_nothing();
}

/// A name leads to one thing. What comes from elsewhere is as it was there, and may be changed further without another name.
#[test]
fn labels_fields_and_types_have_names_of_their_own() {
    let label = |number: u8, name: &str, colour: &str, twin| ProjectCommand::SetLabel {
        label: LabelId(Id([number; 16])),
        name: name.into(),
        colour: colour.into(),
        twin,
    };
    let field = |number: u8, name: &str, twin| ProjectCommand::SetField {
        field: FieldId(Id([number; 16])),
        name: name.into(),
        kind: FieldKind::Text,
        options: BTreeMap::new(),
        limits: FieldLimits::default(),
        twin,
    };
    let card_type = |number: u8, name: &str, twin| ProjectCommand::SetType {
        card_type: TypeId(Id([number; 16])),
        name: name.into(),
        fields: BTreeMap::new(),
        twin,
    };
    let named = |what: &str, name: &str| ProjectRefusal::NameTaken { what: what.into(), name: name.into() };
    let given = || {
        project()
            .sent::<Project>(SPACE.0, label(1, "Bug", "red", false))
            .sent::<Project>(SPACE.0, field(1, "Serial", false))
            .sent::<Project>(SPACE.0, card_type(1, "Machine", false))
    };
    given().when::<Project>(SPACE.0, label(2, "bug ", "blue", false)).refused(named("label", "bug "));
    given().when::<Project>(SPACE.0, label(2, "", "BUG", false)).refused(named("label", "BUG"));
    given().when::<Project>(SPACE.0, field(2, "SERIAL", false)).refused(named("field", "SERIAL"));
    given().when::<Project>(SPACE.0, card_type(2, "machine", false)).refused(named("type", "machine"));
    let nameless = crate::refusal::LimitExceeded::Empty { what: "The name of a label".into() };
    given().when::<Project>(SPACE.0, label(2, " ", "", false)).refused(ProjectRefusal::from(nameless));

    let twins = given()
        .sent::<Project>(SPACE.0, label(2, "Bug", "blue", true))
        .sent::<Project>(SPACE.0, label(3, "", "", true))
        .sent::<Project>(SPACE.0, field(2, "Serial", true))
        .sent::<Project>(SPACE.0, card_type(2, "Machine", true))
        .sent::<Project>(SPACE.0, label(2, "Bug", "green", false));
    let project = twins.model::<Project>(SPACE.0);
    assert_eq!((project.labels.len(), project.fields.len(), project.types.len()), (3, 2, 2));
    assert_eq!(project.labels[&LabelId(Id([2; 16]))].colour, "green");
}

#[test]
fn a_field_of_choices_has_some_and_each_by_its_own_name() {
    let set = |names: &[&str], twin| ProjectCommand::SetField {
        field: FieldId(Id([1; 16])),
        name: "Size".into(),
        kind: FieldKind::Choice,
        options: names
            .iter()
            .zip(1_u8..)
            .map(|(name, number)| (OptionId(Id([number; 16])), Label { name: (*name).into(), colour: String::new() }))
            .collect(),
        limits: FieldLimits::default(),
        twin,
    };
    project().when::<Project>(SPACE.0, set(&[], false)).refused(ProjectRefusal::NoChoices {});
    let twice = ProjectRefusal::ChoiceTwice { name: "s".into() };
    project().when::<Project>(SPACE.0, set(&["S", "s"], false)).refused(twice);
    let nameless = crate::refusal::LimitExceeded::Empty { what: "The name of a choice".into() };
    project().when::<Project>(SPACE.0, set(&[" "], false)).refused(ProjectRefusal::from(nameless));
    let as_elsewhere = project().sent::<Project>(SPACE.0, set(&["S", "S"], true));
    assert_eq!(as_elsewhere.model::<Project>(SPACE.0).fields.len(), 1);
}

/// A limit of how many there may be is none of changing one of them.
#[test]
fn a_project_that_is_full_of_labels_can_change_them() {
    let label = |number: usize, name: String| ProjectCommand::SetLabel {
        label: LabelId(Id::derived("label", &[&number.to_be_bytes()])),
        name,
        colour: String::new(),
        twin: false,
    };
    let max = crate::limits::OF_PROJECT_MAX;
    let full = (0..max)
        .fold(project(), |given, number| given.sent::<Project>(SPACE.0, label(number, format!("Label {number}"))));
    let refused = crate::refusal::LimitExceeded::TooMany { what: "labels".into(), max: max as u64 };
    let changed = full.sent::<Project>(SPACE.0, label(7, "Another name".into()));
    changed.when::<Project>(SPACE.0, label(max, "One more".into())).refused(ProjectRefusal::from(refused));
}
