//! What managers make of columns: who works in them, where their cards go, what becomes of them.

use recordplayer::testing::FOUNDER;

use super::*;
use crate::board::BoardEvent;
use crate::card::{CardCommand as C, CardEvent as E, CardRefusal};
use crate::column::{ColumnCommand as Do, ColumnEvent, ColumnFull, ColumnRefusal as R, Permission as P, Row};
use crate::ids::{RoleId, RowId};
use crate::permissions::permissions;
use crate::role::Role;

const DONE: ColumnId = ColumnId(Id([0xc9; 16]));
const OTHER_BOARD: BoardId = BoardId(Id([0xbb; 16]));
const FAR: ColumnId = ColumnId(Id([0xcf; 16]));
const LEFT: RowId = RowId(Id([0x71; 16]));
const RIGHT: RowId = RowId(Id([0x72; 16]));

/// Three cards in "To do", "Doing", "Done", and another board with a column "Far".
fn boards() -> Given {
    cards(3)
        .sent::<Column>(DONE, add_column("Done", ColumnKind::Done))
        .sent::<Board>(OTHER_BOARD, BoardCommand::Add { title: "Amplifier".into() })
        .sent::<Column>(FAR, Do::Add { board: OTHER_BOARD, name: "Far".into(), kind: ColumnKind::Ready, before: None })
}

fn roles(names: &[&str]) -> std::collections::BTreeSet<Role> {
    names.iter().map(|name| Role::by_key(name)).collect()
}

fn happens_once(command: &Do, event: ColumnEvent) {
    let done = boards().when::<Column>(DOING, command.clone()).then([event]);
    done.and_when::<Column>(DOING, command.clone()).then_nothing();
}

#[test]
fn what_is_said_of_a_column_happens_once() {
    let workers = roles(&["worker", "reviewer"]);
    happens_once(&Do::SetWorkers { roles: workers.clone() }, ColumnEvent::WorkersSet { roles: workers });
    let reviewers = roles(&["manager"]);
    happens_once(&Do::SetReviewers { roles: reviewers.clone() }, ColumnEvent::ReviewersSet { roles: reviewers });
    happens_once(&Do::SetAutoMove { to: Some(DONE) }, ColumnEvent::AutoMoveSet { to: Some(DONE) });
    let to = Some([TODO, FAR].into());
    happens_once(&Do::SetWorkflow { to: to.clone() }, ColumnEvent::WorkflowSet { to });
    let name = "Left".to_owned();
    happens_once(&Do::SetRow { row: LEFT, name: name.clone() }, ColumnEvent::RowSet { row: LEFT, name });
    let limit = Some(2);
    happens_once(&Do::SetLimit { limit, warns: true }, ColumnEvent::LimitSet { limit, warns: true });
}

#[test]
fn workers_and_reviewers_are_roles_of_the_project_and_no_viewers() {
    let unknown = Role::from(RoleId(Id([9; 16])));
    let named =
        |role: Role| [Do::SetWorkers { roles: [role.clone()].into() }, Do::SetReviewers { roles: [role].into() }];
    for command in named(unknown) {
        boards().when::<Column>(DOING, command).refused(R::NoSuchRole {});
    }
    for command in named(Role::by_key("viewer")) {
        boards().when::<Column>(DOING, command).refused(R::ViewersOnlyLook {});
    }
    let role = RoleId(Id([9; 16]));
    let given = boards().sent::<Project>(SPACE.0, ProjectCommand::SetRole { role, name: "Tester".into() });
    given.sent::<Column>(DOING, Do::SetWorkers { roles: [Role::from(role)].into() });
}

#[test]
fn without_a_list_cards_go_to_any_column_of_their_board() {
    let given = boards().sent::<Card>(card(1), move_to(DONE, None)).sent::<Card>(card(1), move_to(TODO, None));
    let refusal = CardRefusal::WorkflowForbids { from: "To do".into(), to: "Far".into(), column: FAR };
    given.when::<Card>(card(1), move_to(FAR, None)).refused(refusal);
}

#[test]
fn a_list_leads_to_its_columns_and_to_no_other_also_on_another_board() {
    let given = boards().sent::<Column>(TODO, Do::SetWorkflow { to: Some([DOING, FAR].into()) });
    let refusal = CardRefusal::WorkflowForbids { from: "To do".into(), to: "Done".into(), column: DONE };
    given.when::<Card>(card(1), move_to(DONE, None)).refused(refusal);
    let given = boards().sent::<Column>(TODO, Do::SetWorkflow { to: Some([FAR].into()) });
    let given = given.sent::<Card>(card(1), move_to(FAR, None));
    assert_eq!(given.model::<Card>(card(1)).board(&given.models()), Some(OTHER_BOARD));
    // Within its column a card is always put in order.
    let given = boards().sent::<Column>(TODO, Do::SetWorkflow { to: Some([].into()) });
    given.sent::<Card>(card(3), move_to(TODO, Some(card(1))));
}

#[test]
fn the_workflow_leads_to_columns_that_are_there() {
    let nowhere = ColumnId(Id([0xee; 16]));
    let refusal = || R::NoSuchColumn { column: nowhere };
    boards().when::<Column>(TODO, Do::SetWorkflow { to: Some([DOING, nowhere].into()) }).refused(refusal());
    let itself = Do::SetWorkflow { to: Some([DOING, TODO].into()) };
    boards().when::<Column>(TODO, itself).refused(R::LeadsToItself {});
    boards().when::<Column>(TODO, Do::SetAutoMove { to: Some(nowhere) }).refused(refusal());
    boards().when::<Column>(TODO, Do::SetAutoMove { to: Some(TODO) }).refused(R::LeadsToItself {});
}

#[test]
fn a_limit_that_warns_lets_cards_in() {
    let given = boards().sent::<Column>(DOING, Do::SetLimit { limit: Some(1), warns: true });
    let given = given.sent::<Card>(card(1), move_to(DOING, None)).sent::<Card>(card(2), move_to(DOING, None));
    assert_eq!(order(&given, DOING), [1, 2]);
}

#[test]
fn a_limit_counts_all_that_is_in_the_column_whatever_its_stage() {
    let given = boards()
        .sent::<Column>(DOING, Do::SetReviewers { roles: roles(&["reviewer"]) })
        .sent::<Column>(DOING, Do::SetLimit { limit: Some(2), warns: false })
        .sent::<Card>(card(1), move_to(DOING, None))
        .sent::<Card>(card(2), move_to(DOING, None))
        .sent::<Card>(card(1), C::Take {})
        .sent::<Card>(card(1), C::Submit {});
    let last = Some(crate::column::Entry { card: card(2), by: FOUNDER });
    let full = ColumnFull { column: DOING, name: "Doing".into(), limit: 2, count: 2, last };
    given.when::<Card>(card(3), move_to(DOING, None)).refused(CardRefusal::ColumnFull { full });
}

#[test]
fn a_column_is_split_into_rows() {
    let given = boards()
        .sent::<Column>(DOING, Do::SetRow { row: LEFT, name: "Left".into() })
        .sent::<Column>(DOING, Do::SetRow { row: RIGHT, name: "Right".into() });
    let rows = given.model::<Column>(DOING).rows.clone();
    assert_eq!(rows, [Row { id: LEFT, name: "Left".into() }, Row { id: RIGHT, name: "Right".into() }]);
    let into = C::MoveTo { column: DOING, before: None, row: Some(RIGHT), exempt: false };
    let given = given.sent::<Card>(card(1), into);
    assert_eq!(given.model::<Card>(card(1)).row, Some(RIGHT));
    let given = given.when::<Card>(card(1), C::SetRow { row: Some(LEFT) }).then([E::RowSet { row: Some(LEFT) }]);
    let given = given.and_when::<Card>(card(1), C::SetRow { row: Some(LEFT) }).then_nothing();
    let nowhere = RowId(Id([0x7e; 16]));
    given.and_when::<Card>(card(1), C::SetRow { row: Some(nowhere) }).refused(CardRefusal::NoSuchRow { row: nowhere });
}

#[test]
fn a_card_leaves_its_row_with_its_column() {
    let given = boards().sent::<Column>(DOING, Do::SetRow { row: LEFT, name: "Left".into() });
    let into = C::MoveTo { column: DOING, before: None, row: Some(LEFT), exempt: false };
    let given = given.sent::<Card>(card(1), into).sent::<Card>(card(1), move_to(DONE, None));
    assert_eq!(given.model::<Card>(card(1)).row, None);
}

/// Whoever moved it there had not heard yet that the row is gone: the card is where they meant it, in the first row that is left.
#[test]
fn a_card_comes_into_its_column_whatever_became_of_the_row() {
    let given = boards().sent::<Column>(DOING, Do::SetRow { row: LEFT, name: "Left".into() });
    let given = given.sent::<Column>(DOING, Do::SetRow { row: RIGHT, name: "Right".into() });
    let given = given.sent::<Column>(DOING, Do::RemoveRow { row: LEFT });
    let into = C::MoveTo { column: DOING, before: None, row: Some(LEFT), exempt: false };
    assert_eq!(given.sent::<Card>(card(2), into).model::<Card>(card(2)).column(), Some(DOING));
}

#[test]
fn rows_of_a_column_have_names_of_their_own() {
    let given = boards().sent::<Column>(DOING, Do::SetRow { row: LEFT, name: "Left".into() });
    let command = Do::SetRow { row: RIGHT, name: "Left".into() };
    given.when::<Column>(DOING, command).refused(R::RowNameTaken { name: "Left".into() });
    let given = boards().sent::<Column>(DOING, Do::SetRow { row: LEFT, name: "Left".into() });
    let removed =
        given.when::<Column>(DOING, Do::RemoveRow { row: LEFT }).then([ColumnEvent::RowRemoved { row: LEFT }]);
    removed.and_when::<Column>(DOING, Do::RemoveRow { row: LEFT }).then_nothing();
}

#[test]
fn the_cards_of_a_removed_column_go_to_the_end_of_another_in_their_order() {
    let given = boards().sent::<Card>(card(2), move_to(DOING, None));
    let removed = given
        .when::<Column>(TODO, Do::Remove { into: Some(DOING) })
        .then([ColumnEvent::Removed { into: Some(DOING) }])
        .then_emits::<Board>(BOARD, [BoardEvent::ColumnRemoved { column: TODO }]);
    removed.and_when::<Column>(TODO, Do::Rename { name: "Back".into() }).refused(R::NoSuchColumn { column: TODO });
    let given = boards().sent::<Card>(card(2), move_to(DOING, None));
    let given = given.sent::<Column>(TODO, Do::Remove { into: Some(DOING) });
    assert_eq!((order(&given, TODO), order(&given, DOING)), (vec![], vec![2, 1, 3]));
    assert_eq!(given.model::<Board>(BOARD).columns, [DOING, DONE]);
}

#[test]
fn a_column_that_holds_cards_is_not_removed_without_an_heir_and_an_empty_one_is() {
    boards().when::<Column>(TODO, Do::Remove { into: None }).refused(R::StillHoldsCards { cards: 3 });
    boards().sent::<Column>(DOING, Do::Remove { into: None });
    boards().when::<Column>(TODO, Do::Remove { into: Some(TODO) }).refused(R::LeadsToItself {});
    let nowhere = ColumnId(Id([0xee; 16]));
    let refusal = R::NoSuchColumn { column: nowhere };
    boards().when::<Column>(TODO, Do::Remove { into: Some(nowhere) }).refused(refusal);
    let given = boards().sent::<Column>(DOING, Do::Archive {});
    let refusal = R::ColumnArchived { column: DOING, name: "Doing".into() };
    given.when::<Column>(TODO, Do::Remove { into: Some(DOING) }).refused(refusal);
    let given = boards().sent::<Column>(DOING, Do::SetLimit { limit: Some(2), warns: false });
    let full = ColumnFull { column: DOING, name: "Doing".into(), limit: 2, count: 0, last: None };
    assert!(full.to_string().contains("\"Doing\" has room for 2 more: its limit is 2 and it holds 0"), "{full}");
    given.when::<Column>(TODO, Do::Remove { into: Some(DOING) }).refused(R::ColumnFull { full });
}

#[test]
fn what_is_asked_of_a_removed_column_is_asked_of_its_heir() {
    let given = || {
        boards()
            .sent::<Card>(card(3), C::Archive {})
            .sent::<Column>(DONE, Do::SetWorkflow { to: Some([TODO].into()) })
            .sent::<Card>(card(1), move_to(DONE, None))
            .sent::<Column>(TODO, Do::Remove { into: Some(DOING) })
    };
    let created = given().sent::<Card>(card(9), create(TODO, "Late"));
    assert_eq!(order(&created, DOING), [2, 9]);
    let moved = given().sent::<Card>(card(1), move_to(TODO, None));
    assert_eq!(order(&moved, DOING), [2, 1]);
    let restored = given().sent::<Card>(card(3), C::Restore { column: None, exempt: false });
    assert_eq!(restored.model::<Card>(card(3)).column(), Some(DOING));
    // And of the heir's heir.
    let given = given().sent::<Column>(DOING, Do::Remove { into: Some(DONE) });
    let created = given.sent::<Card>(card(9), create(TODO, "Later"));
    assert_eq!(order(&created, DONE), [1, 2, 9]);
}

#[test]
fn a_card_whose_column_is_gone_is_restored_into_another_one() {
    let given = || {
        let given = boards().sent::<Card>(card(1), move_to(DOING, None)).sent::<Card>(card(1), C::Archive {});
        given.sent::<Column>(DOING, Do::Remove { into: None })
    };
    let gone = CardRefusal::NoSuchColumn { column: DOING };
    given().when::<Card>(card(1), C::Restore { column: None, exempt: false }).refused(gone);
    let given = given().sent::<Card>(card(1), C::Restore { column: Some(TODO), exempt: false });
    assert!(order(&given, TODO).contains(&1));
}

#[test]
fn the_report_lists_what_each_role_may_do_in_each_column() {
    let given = boards()
        .sent::<Column>(DOING, Do::SetWorkers { roles: roles(&["worker"]) })
        .sent::<Column>(DOING, Do::SetReviewers { roles: roles(&["reviewer"]) });
    let report = permissions(SPACE, &given.models());
    let of = |column: &str, role: &str| {
        let lines = report.iter().filter(|line| line.column == column && line.role == role);
        lines.map(|line| line.permission).collect::<Vec<_>>()
    };
    assert_eq!(of("To do", "worker"), [P::Look, P::Write, P::Move]);
    assert_eq!(of("To do", "viewer"), [P::Look]);
    assert_eq!(of("Doing", "worker"), [P::Look, P::Write, P::Move, P::Work]);
    assert_eq!(of("Doing", "reviewer"), [P::Look, P::Write, P::Move, P::Review]);
    assert_eq!(of("Doing", "manager"), [P::Look, P::Write, P::Move, P::Work, P::Review, P::Shape]);
    assert_eq!(of("Far", "manager"), [P::Look, P::Write, P::Move, P::Shape]);
}

/// Each is two events of one commit, and a commit has room for so many.
#[test]
fn a_column_with_very_many_cards_is_emptied_before_it_is_removed() {
    let max = crate::limits::REMOVED_CARDS_MAX;
    let id = |number: usize| CardId(Id::derived("card", &[&number.to_be_bytes()]));
    let full = (0..=max)
        .fold(board(), |given, number| given.sent::<Card>(id(number), create(TODO, &format!("Card {number}"))));
    let refused = R::TooManyCards { cards: max as u64 + 1, max: max as u64 };
    let remove = Do::Remove { into: Some(DOING) };
    full.when::<Column>(TODO, remove).refused(refused);
}
