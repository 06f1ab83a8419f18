//! Boards that are split and merged, and projects that begin like others.

use recordplayer::id::SpaceId;
use recordplayer::membership::Membership;
use recordplayer::testing::FOUNDER;

use super::*;
use crate::board::{BoardCommand as Do, BoardEvent, BoardRefusal as R};
use crate::card::CardCommand as C;
use crate::column::ColumnEvent;
use crate::ids::{FieldId, LabelId, RoleId, RowId, TypeId};
use crate::project::{FieldKind, FieldLimits, FieldUse};
use crate::role::Role;
use crate::template::template;
use crate::view::BoardView;

const DONE: ColumnId = ColumnId(Id([0xc9; 16]));
const OTHER: BoardId = BoardId(Id([0xbb; 16]));
const NEW: SpaceId = SpaceId(Id([0x11; 16]));

/// Cards 1 to 4 in "To do", "Doing" and "Done": 2 in the middle, 3 archived there, 4 at the end.
fn full() -> Given {
    cards(4)
        .sent::<Column>(DONE, add_column("Done", ColumnKind::Done))
        .sent::<Card>(card(2), move_to(DOING, None))
        .sent::<Card>(card(3), move_to(DOING, None))
        .sent::<Card>(card(3), C::Archive {})
        .sent::<Card>(card(4), move_to(DONE, None))
}

fn split(columns: &[ColumnId]) -> Do {
    Do::Split { columns: columns.iter().copied().collect(), into: OTHER, title: "Later".into() }
}

/// The cards that a board shows, by the column.
fn shown(given: &Given, board: BoardId) -> Vec<(String, Vec<u8>)> {
    let view = given.view::<BoardView>(board);
    let columns = view.columns().into_iter();
    columns.map(|column| (column.row.name.clone(), column.cards.iter().map(|(id, _)| id.0.0[0]).collect())).collect()
}

#[test]
fn a_board_is_split_and_the_columns_take_their_cards_along() {
    let given = full();
    let split_off = given
        .when::<Board>(BOARD, split(&[DOING, DONE]))
        .then([BoardEvent::Split { columns: [DOING, DONE].into(), into: OTHER }])
        .then_emits::<Column>(DOING, [ColumnEvent::BoardSet { board: OTHER }]);
    let given = split_off.after();
    assert_eq!(shown(&given, BOARD), [("To do".to_owned(), vec![1])]);
    assert_eq!(shown(&given, OTHER), [("Doing".to_owned(), vec![2, 3]), ("Done".to_owned(), vec![4])]);
    assert_eq!(given.model::<Project>(SPACE.0).boards, [BOARD, OTHER]);
    // They live on there: moved, renamed, restored.
    let given = given
        .sent::<Card>(card(2), move_to(DONE, None))
        .sent::<Card>(card(3), C::Restore { column: None, exempt: false })
        .sent::<Card>(card(4), C::Rename { title: "Fourth".into() });
    assert_eq!(shown(&given, OTHER), [("Doing".to_owned(), vec![3]), ("Done".to_owned(), vec![4, 2])]);
    assert_eq!(shown(&given, BOARD), [("To do".to_owned(), vec![1])]);
}

#[test]
fn what_cannot_be_split_off_stays() {
    let foreign = ColumnId(Id([0xee; 16]));
    full().when::<Board>(BOARD, split(&[foreign])).refused(R::NoSuchColumn { column: foreign });
    full().when::<Board>(BOARD, split(&[])).refused(R::NothingToSplit {});
    full().when::<Board>(BOARD, split(&[TODO, DOING, DONE])).refused(R::NothingToSplit {});
    let title = "Turntable".to_owned();
    let taken = Do::Split { columns: [DONE].into(), into: OTHER, title: title.clone() };
    full().when::<Board>(BOARD, taken).refused(R::NameTaken { title: title.clone(), board: BOARD });
    let itself = Do::Split { columns: [DONE].into(), into: BOARD, title };
    full().when::<Board>(BOARD, itself).refused(R::AddedAlready {});
    full().when::<Board>(OTHER, split(&[DONE])).refused(R::NoSuchBoard {});
}

#[test]
fn a_merged_board_gives_its_columns_to_the_other_and_names_stay_apart() {
    let add = ColumnCommand::Add { board: OTHER, name: "Doing".into(), kind: ColumnKind::Active, before: None };
    let doing = ColumnId(Id([0xcd; 16]));
    let given = || {
        full()
            .sent::<Board>(OTHER, Do::Add { title: "Amplifier".into() })
            .sent::<Column>(doing, add.clone())
            .sent::<Card>(card(9), create(doing, "Elsewhere"))
            .sent::<Board>(OTHER, Do::Merge { into: BOARD })
    };
    let expected = [
        ("To do".to_owned(), vec![1]),
        ("Doing".to_owned(), vec![2, 3]),
        ("Done".to_owned(), vec![4]),
        ("Doing (Amplifier)".to_owned(), vec![9]),
    ];
    assert_eq!(shown(&given(), BOARD), expected);
    assert_eq!(shown(&given(), OTHER), []);
    // What is asked of the merged board is asked of the other, or refused aloud.
    let late = ColumnCommand::Add { board: OTHER, name: "Late".into(), kind: ColumnKind::Ready, before: None };
    let after = given().sent::<Column>(ColumnId(Id([0xce; 16])), late);
    assert_eq!(after.model::<Board>(BOARD).columns.len(), 5);
    given().when::<Board>(OTHER, Do::Restore {}).refused(R::MergedAlready { into: BOARD });
    given().when::<Board>(BOARD, Do::Merge { into: OTHER }).refused(R::MergedAlready { into: BOARD });
    full().when::<Board>(BOARD, Do::Merge { into: BOARD }).refused(R::IntoItself {});
    full().when::<Board>(BOARD, Do::Merge { into: OTHER }).refused(R::NoSuchBoard {});
}

/// Nobody looks there, and a card would wait for nobody.
#[test]
fn what_is_archived_takes_no_new_work() {
    let given = cards(1).sent::<Board>(BOARD, Do::Archive {});
    let title = given.model::<Board>(BOARD).title().to_owned();
    let create = C::Create { column: TODO, title: "Late".into(), before: None, exempt: false, typed: None };
    let refusal = || crate::card::CardRefusal::BoardArchived { title: title.clone() };
    given.when::<Card>(card(9), create).refused(refusal());
    let given = cards(1).sent::<Board>(BOARD, Do::Archive {});
    given.when::<Card>(card(1), move_to(DOING, None)).refused(refusal());
    // What an import brings is exempt, and says so.
    let exempt = C::Create { column: TODO, title: "Late".into(), before: None, exempt: true, typed: None };
    let given = cards(1).sent::<Board>(BOARD, Do::Archive {}).sent::<Card>(card(9), exempt);
    assert!(given.model::<Card>(card(9)).exists());
}

/// A column that was removed is who inherited its cards, in the new project as in the old one.
#[test]
fn in_a_template_a_workflow_leads_to_who_inherited_a_column() {
    let heir = ColumnId(Id([0xc8; 16]));
    let given = cards(1)
        .sent::<Column>(heir, add_column("Heir", ColumnKind::Ready))
        .sent::<Column>(TODO, ColumnCommand::SetWorkflow { to: Some([DOING].into()) })
        .sent::<Column>(TODO, ColumnCommand::SetAutoMove { to: Some(DOING) })
        .sent::<Column>(DOING, ColumnCommand::Remove { into: Some(heir) });
    let new = SpaceId(Id([0x5e; 16]));
    let intents = template(SPACE, new, &given.models()).unwrap();
    let said: Vec<ColumnCommand> = intents.iter().filter_map(recordplayer::decide::Intent::typed::<Column>).collect();
    let id_of = |name: &str| {
        intents.iter().find_map(|intent| match intent.typed::<Column>() {
            Some(ColumnCommand::Add { name: called, .. }) if called == name => Some(ColumnId(intent.stream.id)),
            _ => None,
        })
    };
    let there = id_of("Heir").unwrap();
    assert!(said.contains(&ColumnCommand::SetAutoMove { to: Some(there) }), "{said:?}");
    assert!(said.contains(&ColumnCommand::SetWorkflow { to: Some([there].into()) }), "{said:?}");
}

#[test]
fn a_template_brings_the_shape_of_a_project_and_neither_cards_nor_members() {
    let (tester, row) = (RoleId(Id([0x7e; 16])), RowId(Id([0x71; 16])));
    let (label, field, bug) = (LabelId(Id([0x1b; 16])), FieldId(Id([0xf1; 16])), TypeId(Id([0x7b; 16])));
    let fields = std::collections::BTreeMap::from([(field, FieldUse { required: true })]);
    let source = full()
        .sent::<Project>(SPACE.0, ProjectCommand::SetRole { role: tester, name: "Tester".into() })
        .sent::<Project>(
            SPACE.0,
            ProjectCommand::SetLabel { twin: false, label, name: "bug".into(), colour: "red".into() },
        )
        .sent::<Project>(
            SPACE.0,
            ProjectCommand::SetField {
                twin: false,
                field,
                name: "Speed".into(),
                kind: FieldKind::Number,
                options: std::collections::BTreeMap::new(),
                limits: FieldLimits { least: Some("0".into()), ..FieldLimits::default() },
            },
        )
        .sent::<Project>(SPACE.0, ProjectCommand::SetType { twin: false, card_type: bug, name: "Bug".into(), fields })
        .sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(3), warns: true })
        .sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: [Role::from(tester)].into() })
        .sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: [Role::by_key("reviewer")].into() })
        .sent::<Column>(DOING, ColumnCommand::SetWorkflow { to: Some([DONE, TODO].into()) })
        .sent::<Column>(DOING, ColumnCommand::SetRow { row, name: "Left".into() })
        .sent::<Column>(TODO, ColumnCommand::SetAutoMove { to: Some(DOING) })
        .by(ANN)
        .role("worker");
    let intents = template(SPACE, NEW, &source.models()).unwrap();
    // The intents are of the other space; what they say of its project is said here of this one.
    let here = |intent: &recordplayer::decide::Intent| {
        let mut intent = intent.clone();
        if intent.stream.id == NEW.0 {
            intent.stream.id = SPACE.0;
        }
        intent
    };
    let made = intents.iter().map(here).fold(project(), |given, intent| given.sent_intent(&intent));
    let (old, new) = (source.model::<Project>(SPACE.0), made.model::<Project>(SPACE.0));
    let names = |project: &Project| {
        let types = project.types.values().map(|card_type| (card_type.name.clone(), card_type.fields.len()));
        (project.labels.values().cloned().collect::<Vec<_>>(), types.collect::<Vec<_>>(), project.roles.len())
    };
    assert_eq!(names(&old), names(&new));
    assert!(new.boards.len() == 1 && new.boards[0] != BOARD && new.last_number == 0);
    let board = made.model::<Board>(new.boards[0]);
    let columns: Vec<_> = board.columns.iter().map(|column| made.model::<Column>(*column)).collect();
    assert_eq!(columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["To do", "Doing", "Done"]);
    let doing = &columns[1];
    assert_eq!((doing.limit, doing.limit_warns, doing.rows.len()), (Some(3), true, 1));
    assert_eq!(doing.leads_to, Some([board.columns[0], board.columns[2]].into()));
    assert_eq!(columns[0].auto_move, Some(board.columns[1]));
    assert!(doing.rights.workers.iter().all(|role| role.is_known(&new) && *role != Role::from(tester)));
    assert!(columns.iter().all(|column| column.count() == 0), "no card comes along");
    let members: Vec<_> = made.model::<Membership>(SPACE.0).members().map(|(person, _)| person).collect();
    assert_eq!(members, [FOUNDER]);
}

/// Each is three events of one commit, and a commit has room for so many.
#[test]
fn a_board_of_very_many_columns_is_split_in_several_steps() {
    let max = crate::limits::STEP_COLUMNS_MAX;
    let column = |number: usize| ColumnId(Id::derived("column", &[&number.to_be_bytes()]));
    let many = (0..=max).fold(board(), |given, number| {
        given.sent::<Column>(column(number), add_column(&format!("Column {number}"), ColumnKind::Ready))
    });
    let into = BoardId(Id([0xb7; 16]));
    let split = |count: usize| Do::Split { columns: (0..count).map(column).collect(), into, title: "Other".into() };
    let refused = R::TooManyColumns { columns: max as u64 + 1, max: max as u64 };
    many.when::<Board>(BOARD, split(max + 1)).refused(refused);
}

/// The board's own columns count, too.
#[test]
fn a_board_of_very_many_columns_is_merged_in_several_steps() {
    let max = crate::limits::STEP_COLUMNS_MAX;
    let into = BoardId(Id([0xb7; 16]));
    let given = board().sent::<Board>(into, BoardCommand::Add { title: "Other".into() });
    let many = (2..=max).fold(given, |given, number| {
        let column = ColumnId(Id::derived("column", &[&number.to_be_bytes()]));
        given.sent::<Column>(column, add_column(&format!("Column {number}"), ColumnKind::Ready))
    });
    let refused = R::TooManyColumns { columns: max as u64 + 1, max: max as u64 };
    many.when::<Board>(BOARD, Do::Merge { into }).refused(refused);
}
