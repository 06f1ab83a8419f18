//! How work goes in columns that have workers and reviewers.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::id::CommandId;
use recordplayer::testing::FOUNDER;

use super::*;
use crate::card::{CardCommand as C, CardEvent as E, CardRefusal as R, Stage};
use crate::comment::{Comment, CommentEvent, CommentKind};
use crate::ids::{CommentId, PersonId, RowId};
use crate::refusal::LimitExceeded;
use crate::role::Role;
use crate::view::{BoardView, Turn};

const BO: ActorId = ActorId(Id([0xb2; 16]));
const CY: ActorId = ActorId(Id([0xc3; 16]));
const DONE: ColumnId = ColumnId(Id([0xc9; 16]));

fn roles(names: &[&str]) -> BTreeSet<Role> {
    names.iter().map(|name| Role::by_key(name)).collect()
}

/// Three columns, three cards in "To do"; Ann and Bo are workers, Cy is a reviewer. The founder acts.
fn desk() -> Given {
    let given = cards(3).sent::<Column>(DONE, add_column("Done", ColumnKind::Done));
    let given = given.by(ANN).role("worker").by(BO).role("worker").by(CY).role("reviewer");
    given.by(FOUNDER)
}

fn worked() -> Given {
    desk().sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: roles(&["worker"]) })
}

fn reviewed() -> Given {
    worked().sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: roles(&["reviewer"]) })
}

/// Card 1 in "Doing", taken by Ann, who acts.
fn taken(given: Given) -> Given {
    given.sent::<Card>(card(1), move_to(DOING, None)).by(ANN).sent::<Card>(card(1), C::Take {})
}

/// Card 1 waits for a review; Cy acts.
fn submitted() -> Given {
    taken(reviewed()).sent::<Card>(card(1), C::Submit {}).by(CY)
}

fn approve(to: ColumnId) -> C {
    C::Approve { to, reason: "Runs quietly".into(), project: None }
}

fn reject() -> C {
    C::Reject { reason: "It hums".into() }
}

fn ann() -> PersonId {
    ANN.into()
}

#[test]
fn a_worker_takes_a_card_and_it_is_assigned_to_them() {
    let given = reviewed().sent::<Card>(card(1), move_to(DOING, None)).by(ANN);
    given
        .when::<Card>(card(1), C::Take {})
        .then([E::Taken { by: ann() }, E::Assigned { person: ann() }])
        .and_when::<Card>(card(1), C::Take {})
        .then_nothing();
}

#[test]
fn what_somebody_works_on_is_not_taken_from_them_but_by_a_manager() {
    let refusal = || R::TakenAlready { by: Some(ann()) };
    taken(reviewed()).by(BO).when::<Card>(card(1), C::Take {}).refused(refusal());
    taken(reviewed()).by(BO).when::<Card>(card(1), C::Submit {}).refused(refusal());
    taken(reviewed()).by(BO).when::<Card>(card(1), C::PutBack {}).refused(refusal());
    let founder = PersonId::from(FOUNDER);
    let events = [E::Taken { by: founder }, E::Assigned { person: founder }];
    taken(reviewed()).by(FOUNDER).when::<Card>(card(1), C::Take {}).then(events);
}

#[test]
fn a_card_that_is_put_back_is_nobodys() {
    let events = [E::PutBack {}, E::Unassigned { person: ann() }];
    let given = taken(reviewed()).when::<Card>(card(1), C::PutBack {}).then(events);
    given.and_when::<Card>(card(1), C::PutBack {}).then_nothing();
    let given = taken(reviewed()).sent::<Card>(card(1), C::PutBack {});
    assert_eq!((given.model::<Card>(card(1)).stage, given.model::<Card>(card(1)).taken_by), (Stage::ToDo, None));
}

#[test]
fn who_submitted_a_card_may_take_it_again_before_it_is_reviewed() {
    let given = submitted().by(ANN);
    given.when::<Card>(card(1), C::Take {}).then([E::Taken { by: ann() }]);
}

#[test]
fn submitting_waits_for_a_review_and_needs_work() {
    let given = taken(reviewed()).when::<Card>(card(1), C::Submit {}).then([E::Submitted {}]);
    given.and_when::<Card>(card(1), C::Submit {}).then_nothing();
    let given = reviewed().sent::<Card>(card(1), move_to(DOING, None)).by(ANN);
    given.when::<Card>(card(1), C::Submit {}).refused(R::NotTaken {});
}

#[test]
fn an_approved_card_goes_on_and_the_reason_is_a_comment() {
    let given = submitted();
    let command = given.next_command();
    let comment = CommentId(reason_of(command));
    let rank = given.model::<Column>(DONE).rank_for(None, card(1));
    let moved = E::Moved { column: DONE, rank, row: None, exempt: false };
    let (text, kind) = ("Runs quietly".to_owned(), CommentKind::Review);
    let written = CommentEvent::Written { card: card(1), author: CY.into(), text, kind, mentions: BTreeSet::new() };
    given
        .when::<Card>(card(1), approve(DONE))
        .then([E::Approved {}, E::CommentAdded { comment }, moved])
        .then_emits::<Comment>(comment, [written]);
    let given = submitted().sent::<Card>(card(1), approve(DONE));
    assert_eq!((order(&given, DOING), order(&given, DONE)), (vec![], vec![1]));
    assert_eq!(given.model::<Card>(card(1)).stage, Stage::ToDo);
}

fn reason_of(command: CommandId) -> Id {
    Id::derived("new id", &[command.bytes(), b"reason", &1_u64.to_be_bytes()])
}

#[test]
fn a_rejected_card_is_to_do_in_the_same_column_and_says_why() {
    let given = submitted();
    let comment = CommentId(reason_of(given.next_command()));
    given.when::<Card>(card(1), reject()).then([E::Rejected {}, E::CommentAdded { comment }]);
    let given = submitted().sent::<Card>(card(1), reject());
    let rejected = given.model::<Card>(card(1));
    assert_eq!((rejected.stage, rejected.column(), rejected.comments), (Stage::ToDo, Some(DOING), 1));
    assert!(rejected.members.contains(&ann()), "whose work it was is still told");
}

#[test]
fn a_review_gives_a_reason() {
    let empty = || R::OutOfLimits { limit: LimitExceeded::Empty { what: "The reason".into() } };
    submitted().when::<Card>(card(1), C::Reject { reason: " ".into() }).refused(empty());
    submitted().when::<Card>(card(1), C::Approve { to: DONE, reason: String::new(), project: None }).refused(empty());
}

#[test]
fn nothing_is_reviewed_that_was_not_submitted() {
    let given = || taken(reviewed()).by(CY);
    given().when::<Card>(card(1), approve(DONE)).refused(R::NotSubmitted {});
    given().when::<Card>(card(1), reject()).refused(R::NotSubmitted {});
}

#[test]
fn only_reviewers_review_and_only_workers_work() {
    let reviewer = || R::NotAReviewer { column: DOING, name: "Doing".into(), roles: "reviewer and manager".into() };
    submitted().by(BO).when::<Card>(card(1), approve(DONE)).refused(reviewer());
    submitted().by(BO).when::<Card>(card(1), reject()).refused(reviewer());
    let worker = R::NotAWorker { column: DOING, name: "Doing".into(), roles: "worker and manager".into() };
    let given = reviewed().sent::<Card>(card(1), move_to(DOING, None)).by(CY);
    given.when::<Card>(card(1), C::Take {}).refused(worker);
}

#[test]
fn a_column_with_reviewers_alone_lets_every_member_work() {
    let given = desk().sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: roles(&["reviewer"]) });
    taken(given);
}

#[test]
fn in_a_plain_column_nobody_takes_submits_or_reviews() {
    let plain = || R::PlainColumn { name: "To do".into() };
    for command in [C::Take {}, C::PutBack {}, C::Submit {}] {
        desk().when::<Card>(card(1), command).refused(plain());
    }
    // Who decides about it may have seen it elsewhere.
    for command in [approve(DONE), reject()] {
        desk().when::<Card>(card(1), command).refused(R::NotReviewed { name: "To do".into() });
    }
    let unreviewed = R::NotReviewed { name: "Doing".into() };
    taken(worked()).by(FOUNDER).when::<Card>(card(1), approve(DONE)).refused(unreviewed);
}

#[test]
fn an_archived_card_is_not_worked_on() {
    let given = reviewed().sent::<Card>(card(1), move_to(DOING, None)).sent::<Card>(card(1), C::Archive {});
    given.by(ANN).when::<Card>(card(1), C::Take {}).refused(R::CardArchived {});
}

#[test]
fn what_is_worked_on_leaves_a_reviewed_column_by_a_review() {
    let refusal = || R::NotAReviewer { column: DOING, name: "Doing".into(), roles: "reviewer and manager".into() };
    taken(reviewed()).when::<Card>(card(1), move_to(DONE, None)).refused(refusal());
    submitted().by(ANN).when::<Card>(card(1), move_to(DONE, None)).refused(refusal());
    taken(reviewed()).by(CY).sent::<Card>(card(1), move_to(DONE, None));
    taken(reviewed()).by(FOUNDER).sent::<Card>(card(1), move_to(DONE, None));
    // What nobody has begun, or is to do again, goes back as it came, and on by a review alone.
    submitted().sent::<Card>(card(1), reject()).by(BO).when::<Card>(card(1), move_to(DONE, None)).refused(refusal());
    let archived = submitted().sent::<Card>(card(1), reject()).by(BO).sent::<Card>(card(1), C::Archive {});
    archived.when::<Card>(card(1), C::Restore { column: Some(DONE), exempt: false }).refused(refusal());
    reviewed().sent::<Card>(card(1), move_to(DOING, None)).by(BO).sent::<Card>(card(1), move_to(TODO, None));
}

#[test]
fn only_who_works_in_a_column_moves_its_cards() {
    let refusal = || R::NotAWorker { column: DOING, name: "Doing".into(), roles: "worker and manager".into() };
    let given = || {
        let given = worked().sent::<Card>(card(1), move_to(DOING, None)).sent::<Card>(card(2), move_to(DOING, None));
        given.by(CY)
    };
    given().when::<Card>(card(1), move_to(DONE, None)).refused(refusal());
    given().when::<Card>(card(2), move_to(DOING, Some(card(1)))).refused(refusal());
    given().by(ANN).sent::<Card>(card(2), move_to(DOING, Some(card(1)))).sent::<Card>(card(1), move_to(DONE, None));
    // Into it, everybody brings cards.
    given().sent::<Card>(card(3), move_to(DOING, None));
}

#[test]
fn an_approved_card_goes_only_where_the_workflow_leads_and_has_room() {
    let leads = ColumnCommand::SetWorkflow { to: Some([TODO].into()) };
    let given = submitted().by(FOUNDER).sent::<Column>(DOING, leads).by(CY);
    let refusal = R::WorkflowForbids { from: "Doing".into(), to: "Done".into(), column: DONE };
    given.when::<Card>(card(1), approve(DONE)).refused(refusal);
    submitted().when::<Card>(card(1), approve(DOING)).refused(R::LeadsToItself {});
    let limited = ColumnCommand::SetLimit { limit: Some(0), warns: false };
    let given = submitted().by(FOUNDER).sent::<Column>(DONE, limited).by(CY);
    let full = crate::column::ColumnFull { column: DONE, name: "Done".into(), limit: 0, count: 0, last: None };
    given.when::<Card>(card(1), approve(DONE)).refused(R::ColumnFull { full });
}

#[test]
fn submitting_without_reviewers_finishes_and_the_card_goes_on_by_itself() {
    taken(worked()).when::<Card>(card(1), C::Submit {}).then([E::DoneSet { done: true }]);
    let given = taken(worked()).by(FOUNDER).sent::<Column>(DOING, ColumnCommand::SetAutoMove { to: Some(DONE) });
    let given = given.by(ANN).sent::<Card>(card(1), C::Submit {});
    assert_eq!(order(&given, DONE), [1]);
    assert!(given.model::<Card>(card(1)).done, "in the last column it stays finished");
}

#[test]
fn a_finished_card_of_a_plain_column_goes_on_and_is_to_do_there() {
    let given = desk().sent::<Column>(TODO, ColumnCommand::SetAutoMove { to: Some(DOING) });
    let given = given.sent::<Card>(card(2), C::SetDone { done: true });
    assert_eq!((order(&given, TODO), order(&given, DOING)), (vec![1, 3], vec![2]));
    assert!(!given.model::<Card>(card(2)).done);
}

#[test]
fn a_finished_card_waits_where_there_is_no_room_for_it() {
    let given = desk()
        .sent::<Column>(TODO, ColumnCommand::SetAutoMove { to: Some(DOING) })
        .sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(0), warns: false });
    given.when::<Card>(card(1), C::SetDone { done: true }).then([E::DoneSet { done: true }]);
}

#[test]
fn a_column_with_reviewers_moves_nothing_by_itself() {
    let given = reviewed().sent::<Column>(DOING, ColumnCommand::SetAutoMove { to: Some(DONE) });
    let given = given.sent::<Card>(card(1), move_to(DOING, None));
    given.when::<Card>(card(1), C::SetDone { done: true }).then([E::DoneSet { done: true }]);
}

#[test]
fn only_who_moved_a_card_takes_that_back_past_limits_and_workflow() {
    let given = || {
        let given = desk().by(ANN);
        let moves = given.next_command();
        let given = given.sent::<Card>(card(1), move_to(DOING, None)).by(FOUNDER);
        let given = given.sent::<Column>(DOING, ColumnCommand::SetWorkflow { to: Some([DONE].into()) });
        (given.claiming(Claims { undoes: Some(moves), ..Claims::default() }), moves)
    };
    let (by_bo, moves) = given();
    let refused = by_bo.by(BO).when::<Card>(card(1), move_to(TODO, None));
    refused.refused(R::WorkflowForbids { from: "Doing".into(), to: "To do".into(), column: TODO });
    let (by_ann, _) = given();
    by_ann
        .by(ANN)
        .claiming(Claims { undoes: Some(moves), ..Claims::default() })
        .sent::<Card>(card(1), move_to(TODO, None));
}

/// It was to do again, and whoever had submitted it had to take it once more.
#[test]
fn an_approval_that_is_taken_back_leaves_the_card_to_be_reviewed() {
    let given = submitted();
    let approval = given.next_command();
    let given = given.sent::<Card>(card(1), approve(DONE));
    let given = given.claiming(Claims { undoes: Some(approval), ..Claims::default() });
    let given = given.sent::<Card>(card(1), move_to(DOING, None));
    let back = given.model::<Card>(card(1));
    assert_eq!((back.stage, back.taken_by, back.column()), (Stage::ToReview, Some(ann()), Some(DOING)));
}

/// What was archived comes back to its column; into another one it goes as a card that is moved.
#[test]
fn no_card_gets_past_a_review_by_the_archive() {
    let archived = || submitted().by(ANN).sent::<Card>(card(1), C::Archive {});
    let elsewhere = C::Restore { column: Some(DONE), exempt: false };
    let reviewer = R::NotAReviewer { column: DOING, name: "Doing".into(), roles: "reviewer and manager".into() };
    archived().when::<Card>(card(1), elsewhere.clone()).refused(reviewer);
    archived().when::<Card>(card(1), C::Restore { column: None, exempt: false }).then([E::Restored {}]);
    let only = ColumnCommand::SetWorkflow { to: Some([TODO].into()) };
    let given = archived().by(FOUNDER).sent::<Column>(DOING, only).by(CY);
    let refusal = R::WorkflowForbids { from: "Doing".into(), to: "Done".into(), column: DONE };
    given.when::<Card>(card(1), elsewhere.clone()).refused(refusal);
    // Where its own column is in use no more, any other one will do.
    let given = archived().by(FOUNDER).sent::<Column>(DOING, ColumnCommand::Archive {}).by(ANN);
    let restored = given.sent::<Card>(card(1), elsewhere).model::<Card>(card(1));
    assert_eq!((restored.archived, restored.column()), (false, Some(DONE)));
}

#[test]
fn who_does_not_work_in_a_column_finishes_nothing_there() {
    let finish = || C::SetDone { done: true };
    let refusal = || R::NotAWorker { column: DOING, name: "Doing".into(), roles: "worker and manager".into() };
    let given = || worked().sent::<Card>(card(1), move_to(DOING, None));
    given().by(CY).when::<Card>(card(1), finish()).refused(refusal());
    given().by(BO).when::<Card>(card(1), finish()).then([E::DoneSet { done: true }]);
    taken(worked()).by(BO).when::<Card>(card(1), finish()).refused(R::TakenAlready { by: Some(ann()) });
    taken(worked()).by(FOUNDER).when::<Card>(card(1), finish()).then([E::DoneSet { done: true }]);
    // Nor brings it into another row.
    let row = RowId(Id([0x4e; 16]));
    let set = ColumnCommand::SetRow { row, name: "Left".into() };
    let given = || given().by(FOUNDER).sent::<Column>(DOING, set.clone());
    given().by(CY).when::<Card>(card(1), C::SetRow { row: Some(row) }).refused(refusal());
    given().by(CY).when::<Card>(card(1), C::SetRow { row: None }).then_nothing();
    given().by(BO).when::<Card>(card(1), C::SetRow { row: Some(row) }).then([E::RowSet { row: Some(row) }]);
}

/// Nobody could say anything of it any more: who has submitted it finishes it.
#[test]
fn what_was_submitted_is_finished_where_the_reviewers_were_taken_away() {
    let given = submitted().by(FOUNDER).sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: BTreeSet::new() });
    let view = given.view::<BoardView>(BOARD);
    let turn = |person: ActorId, role: &str| view.turn(card(1), person.into(), &Role::by_key(role));
    assert_eq!((turn(ANN, "worker"), turn(FOUNDER, "manager")), (Some(Turn::Work), None));
    let given = given.by(BO);
    given.when::<Card>(card(1), C::Submit {}).refused(R::TakenAlready { by: Some(ann()) });
    let given = submitted().by(FOUNDER).sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: BTreeSet::new() });
    given.by(ANN).when::<Card>(card(1), C::Submit {}).then([E::DoneSet { done: true }]);
}

/// The workflow may lead into another project, and a review is no less of a review there.
#[test]
fn an_approved_card_goes_to_another_project_where_a_way_leads_there() {
    let elsewhere = recordplayer::id::SpaceId(Id([0xee; 16]));
    let approve = |reason: &str| C::Approve { to: DONE, reason: reason.into(), project: Some(elsewhere) };
    let no_way = R::NoWayOut { from: "Doing".into(), project: elsewhere, column: DONE };
    submitted().when::<Card>(card(1), approve("Runs")).refused(no_way);
    let ways = [crate::column::WayOut { project: elsewhere, column: DONE }];
    let given = || {
        let ways = ColumnCommand::SetWaysOut { to: ways.into() };
        submitted().by(FOUNDER).sent::<Column>(DOING, ways).by(CY)
    };
    let empty = LimitExceeded::Empty { what: "The reason".into() };
    given().when::<Card>(card(1), approve(" ")).refused(R::from(empty));
    let not_submitted = given().by(ANN).sent::<Card>(card(1), C::Take {}).by(CY);
    not_submitted.when::<Card>(card(1), approve("Runs")).refused(R::NotSubmitted {});
    let gone = given().sent::<Card>(card(1), approve("Runs"));
    let events: Vec<&str> = gone.records().iter().rev().take(6).map(recordplayer::record::Record::variant).collect();
    assert!(events.contains(&"approved") && events.contains(&"leaving"), "{events:?}");
    assert!(!gone.model::<Card>(card(1)).is_here());
}
