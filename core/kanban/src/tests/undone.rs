//! What is taken back, and what stays and why.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::id::{ActId, CommandId};
use recordplayer::record::{Record, StreamId};
use recordplayer::testing::FOUNDER;

use super::*;
use crate::card::{CardCommand as C, CardEvent as E, CardRefusal as R, Stage};
use crate::comment::{Comment, CommentCommand};
use crate::ids::{ChecklistId, CommentId, ItemId, PersonId};
use crate::role::Role;
use crate::undo::{Undo, UndoAct, undo};
use crate::view::ActivityView;

const BO: ActorId = ActorId(Id([0xb2; 16]));
const CY: ActorId = ActorId(Id([0xc3; 16]));
const DONE: ColumnId = ColumnId(Id([0xc9; 16]));

fn role(name: &str) -> BTreeSet<Role> {
    BTreeSet::from([Role::by_key(name)])
}

/// Card 1 is in "Doing", where workers work and reviewers review; the founder acts.
fn reviewed() -> Given {
    let given = cards(3).sent::<Column>(DONE, add_column("Done", ColumnKind::Done));
    let given = given.by(ANN).role("worker").by(BO).role("worker").by(CY).role("reviewer").by(FOUNDER);
    let given = given.sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: role("worker") });
    let given = given.sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: role("reviewer") });
    given.sent::<Card>(card(1), move_to(DOING, None))
}

fn work_of(given: &Given) -> (Stage, Option<PersonId>) {
    let card = given.model::<Card>(card(1));
    (card.stage, card.taken_by)
}

/// Plans taking back all that is ours, on the streams that it touched.
fn planned_of(given: &Given, is_ours: &dyn Fn(&Record) -> bool) -> Undo {
    let streams: BTreeSet<StreamId> =
        given.records().iter().filter(|record| is_ours(record)).map(|record| record.stream.clone()).collect();
    let of_stream = |stream: StreamId| {
        let records = given.records().iter().filter(|record| record.stream == stream).cloned().collect();
        (stream, records)
    };
    let streams: Vec<(StreamId, Vec<Record>)> = streams.into_iter().map(of_stream).collect();
    undo(&streams, &given.models(), is_ours).unwrap()
}

fn planned(given: &Given, command: CommandId) -> Undo {
    planned_of(given, &|record| record.origin.command == command)
}

/// Takes the command back, as whoever acts; each step of it must be accepted. Answers with the last one, by which it is done again.
fn taken_back(mut given: Given, command: CommandId) -> (Given, CommandId) {
    let mut last = command;
    for step in planned(&given, command).steps {
        let UndoAct::Send { intent } = step.what else { panic!("no text was written") };
        last = given.next_command();
        given = given.claiming(Claims { undoes: Some(step.undoes), ..Claims::default() }).sent_intent(&intent);
    }
    (given.claiming(Claims::default()), last)
}

/// Sends a command, and says which it was.
fn sent(given: Given, command: C) -> (Given, CommandId) {
    let id = given.next_command();
    (given.sent::<Card>(card(1), command), id)
}

fn why(given: &Given, command: CommandId) -> Vec<String> {
    planned(given, command).left.into_iter().map(|(_, why)| why).collect()
}

/// It was the manager's then, who had only looked after what somebody else had begun.
#[test]
fn work_that_is_taken_back_is_again_whose_it_was() {
    let (ann, founder) = (PersonId::from(ANN), PersonId::from(FOUNDER));
    let by_ann = || reviewed().by(ANN).sent::<Card>(card(1), C::Take {});
    for (command, then) in [
        (C::Take {}, (Stage::Doing, Some(founder))),
        (C::PutBack {}, (Stage::ToDo, None)),
        (C::Submit {}, (Stage::ToReview, Some(ann))),
    ] {
        let (given, id) = sent(by_ann().by(FOUNDER), command.clone());
        assert_eq!(work_of(&given), then, "{command:?}");
        let (given, back) = taken_back(given, id);
        assert_eq!(work_of(&given), (Stage::Doing, Some(ann)), "{command:?}");
        assert_eq!(given.model::<Card>(card(1)).members, BTreeSet::from([ann]), "{command:?}");
        // And once more, which is to do it again.
        let stage = |record: &&Record| matches!(record.event::<Card>(), Some(E::Taken { .. }));
        let back = given.records().iter().rfind(stage).map_or(back, |record| record.origin.command);
        assert_eq!(work_of(&taken_back(given, back).0), then, "{command:?}");
    }
    let submitted = by_ann().sent::<Card>(card(1), C::Submit {});
    let (rejected, id) = sent(submitted.by(CY), C::Reject { reason: "It hums".into() });
    let (given, _) = taken_back(rejected, id);
    assert_eq!(work_of(&given), (Stage::ToReview, Some(ann)));
    assert_eq!(given.model::<Card>(card(1)).comments, 0, "and the reason is gone");
}

#[test]
fn work_that_has_gone_on_is_left_with_its_reason() {
    let submitted = reviewed().by(ANN).sent::<Card>(card(1), C::Take {}).sent::<Card>(card(1), C::Submit {});
    let (given, id) = sent(submitted.by(CY), C::Reject { reason: "It hums".into() });
    let given = given.by(BO).sent::<Card>(card(1), C::Take {}).by(CY);
    assert_eq!(why(&given, id), ["Card 1: somebody has changed it since"]);
    let (given, _) = taken_back(given, id);
    assert_eq!(work_of(&given), (Stage::Doing, Some(PersonId::from(BO))));
    assert_eq!(given.model::<Card>(card(1)).comments, 1, "the reason stays with what it is the reason of");
    // A device that has not heard of it asks all the same.
    let asks = given.claiming(Claims { undoes: Some(id), ..Claims::default() });
    asks.when::<Card>(card(1), C::WorkBack {}).refused(R::WorkWentOn {});
    // Of an approval, too.
    let submitted = reviewed().by(ANN).sent::<Card>(card(1), C::Take {}).sent::<Card>(card(1), C::Submit {});
    let (given, id) = sent(submitted.by(CY), C::Approve { to: DONE, reason: "It runs".into(), project: None });
    let given = given.by(FOUNDER).sent::<Card>(card(1), move_to(TODO, None)).by(CY);
    let (given, _) = taken_back(given, id);
    let left = given.model::<Card>(card(1));
    assert_eq!((left.column(), left.comments), (Some(TODO), 1));
}

#[test]
fn only_what_one_did_oneself_brings_work_back() {
    let (given, id) = sent(reviewed().by(ANN), C::Take {});
    let claims = Claims { undoes: Some(id), ..Claims::default() };
    given.by(BO).claiming(claims).when::<Card>(card(1), C::WorkBack {}).refused(R::WorkWentOn {});
    let (given, id) = sent(reviewed().by(ANN), C::Take {});
    let elsewhere = given.sent::<Card>(card(1), C::PutBack {}).by(FOUNDER).sent::<Card>(card(1), move_to(DONE, None));
    let claims = Claims { undoes: Some(id), ..Claims::default() };
    elsewhere.by(ANN).claiming(claims).when::<Card>(card(1), C::WorkBack {}).refused(R::WorkWentOn {});
    let (given, id) = sent(reviewed().by(ANN), C::Take {});
    let claims = Claims { undoes: Some(id), ..Claims::default() };
    let plain = given.by(FOUNDER).sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: BTreeSet::new() });
    let plain = plain.sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: BTreeSet::new() });
    let refused = R::PlainColumn { name: "Doing".into() };
    plain.by(ANN).claiming(claims).when::<Card>(card(1), C::WorkBack {}).refused(refused);
    let (given, id) = sent(reviewed().by(ANN), C::Take {});
    let claims = Claims { undoes: Some(id), ..Claims::default() };
    given
        .by(FOUNDER)
        .sent::<Column>(DOING, ColumnCommand::SetWorkers { roles: role("reviewer") })
        .by(ANN)
        .claiming(claims)
        .when::<Card>(card(1), C::WorkBack {})
        .refused(R::NotAWorker { column: DOING, name: "Doing".into(), roles: "reviewer and manager".into() });
    let archived = sent(reviewed().by(ANN), C::Take {}).0.sent::<Card>(card(1), C::Archive {});
    archived.when::<Card>(card(1), C::WorkBack {}).refused(R::CardArchived {});
}

/// Only the last move found its way back into a column that was full by then.
#[test]
fn moves_out_of_full_columns_are_taken_back_one_after_the_other() {
    let given = cards(1).sent::<Column>(DONE, add_column("Done", ColumnKind::Done));
    let given = given.by(ANN).role("worker").by(FOUNDER);
    let (given, first) = sent(given, move_to(DOING, None));
    let (mut given, second) = sent(given, move_to(DONE, None));
    for (column, number) in [(TODO, 7), (DOING, 8)] {
        given = given.sent::<Card>(card(number), create(column, "Another"));
        given = given.sent::<Column>(column, ColumnCommand::SetLimit { limit: Some(1), warns: false });
    }
    let (given, second_back) = taken_back(given, second);
    let (given, first_back) = taken_back(given, first);
    assert_eq!(given.model::<Card>(card(1)).column(), Some(TODO));
    assert_eq!((order(&given, TODO).len(), order(&given, DOING).len()), (2, 1));
    // And done again.
    let (given, _) = taken_back(given, first_back);
    let (given, _) = taken_back(given, second_back);
    assert_eq!(given.model::<Card>(card(1)).column(), Some(DONE));
    // What somebody else did in between ends it: the way back is a move as any other then.
    let given = given.by(FOUNDER).sent::<Column>(DOING, ColumnCommand::SetLimit { limit: None, warns: false });
    let given = given.by(ANN).sent::<Card>(card(1), move_to(DOING, None)).by(FOUNDER);
    let full = given.model::<Column>(TODO).has_room(TODO, 1).unwrap_err();
    let claims = Claims { undoes: Some(first), ..Claims::default() };
    given.claiming(claims).when::<Card>(card(1), move_to(TODO, None)).refused(R::from(full));
}

/// So many of them, and no more: the card would grow with its history.
#[test]
fn a_card_remembers_so_much_of_what_was_done_with_it() {
    let mut given = cards(1);
    let first = given.next_command();
    for number in 0..20 {
        given = given.sent::<Card>(card(1), move_to(if number % 2 == 0 { DOING } else { TODO }, None));
    }
    let claims = |undoes| Claims { undoes: Some(undoes), ..Claims::default() };
    let full = given.sent::<Column>(DOING, ColumnCommand::SetLimit { limit: Some(1), warns: false });
    let full = full.sent::<Card>(card(9), create(DOING, "Another"));
    let bytes = recordplayer::codec::encode(&full.model::<Card>(card(1)).lately).unwrap().len();
    assert!(bytes < 1_000, "{bytes}");
    let full = full.claiming(claims(first));
    let taken = full.model::<Column>(DOING).has_room(DOING, 1).unwrap_err();
    full.when::<Card>(card(1), move_to(DOING, None)).refused(R::from(taken));
}

/// A comment of one's own is taken back by itself, whatever became of its card.
#[test]
fn a_comment_is_taken_back_whatever_became_of_its_card() {
    let given = reviewed();
    let id = given.next_command();
    let comment = CommentId(Id([0x77; 16]));
    let write = CommentCommand::Write {
        card: card(1),
        text: "Hm".into(),
        author: None,
        kind: crate::comment::CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let given = given.sent::<Comment>(comment, write).sent::<Card>(card(1), move_to(TODO, None));
    let (given, _) = taken_back(given, id);
    assert!(given.model::<Comment>(comment).deleted);
}

/// To do it again was to put the card back in a column where nobody works.
#[test]
fn what_went_on_by_itself_comes_back_and_goes_again() {
    let given = reviewed().sent::<Column>(DOING, ColumnCommand::SetReviewers { roles: BTreeSet::new() });
    let given = given.sent::<Column>(DOING, ColumnCommand::SetAutoMove { to: Some(DONE) });
    let (given, id) = sent(given.by(ANN).sent::<Card>(card(1), C::Take {}), C::Submit {});
    let stands = |given: &Given| {
        let card = given.model::<Card>(card(1));
        (card.column(), card.stage, card.done)
    };
    assert_eq!(stands(&given), (Some(DONE), Stage::ToDo, true));
    let (given, _) = taken_back(given, id);
    assert_eq!(stands(&given), (Some(DOING), Stage::Doing, false));
    let back = given.records().iter().rfind(|record| matches!(record.event::<Card>(), Some(E::Moved { .. })));
    let back = back.unwrap().origin.command;
    assert!(planned(&given, back).left.is_empty());
    let (given, _) = taken_back(given, back);
    assert_eq!(given.model::<Card>(card(1)).column(), Some(DONE));
}

/// The columns were on a board that was archived then, and on no other.
#[test]
fn a_split_that_is_taken_back_hides_no_column() {
    let into = BoardId(Id([0xb7; 16]));
    let given = board();
    let id = given.next_command();
    let split = BoardCommand::Split { columns: [DOING].into(), into, title: "Other".into() };
    let given = given.sent::<Board>(BOARD, split);
    assert_eq!(
        why(&given, id),
        [
            "Turntable: what was split off stays so; merge the boards",
            "Other: it has columns that stay; merge it into another board"
        ]
    );
    let (given, _) = taken_back(given, id);
    assert!(!given.model::<Board>(into).archived);
    // A board that was added with its columns goes with them.
    let given = board();
    let id = given.next_command();
    let given = given.sent::<Board>(into, BoardCommand::Add { title: "Other".into() });
    let (given, _) = taken_back(given, id);
    assert!(given.model::<Board>(into).archived);
}

/// What was put away was asked for before the column that it stands in.
#[test]
fn what_is_done_again_comes_back_from_below() {
    let comment = CommentId(Id([0x77; 16]));
    let write = CommentCommand::Write {
        card: card(9),
        text: "Hm".into(),
        author: None,
        kind: crate::comment::CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let other = ColumnId(Id([0xca; 16]));
    let act = ActId(Id([7; 16]));
    let given = board().claiming(Claims::of_act(act)).sent::<Column>(other, add_column("Other", ColumnKind::Ready));
    let given = given.sent::<Card>(card(9), create(other, "Nine")).sent::<Comment>(comment, write);
    let of_act = |given: Given, act, next| {
        let undo = planned_of(&given, &|record| record.origin.claims.act == Some(act));
        assert!(undo.left.is_empty(), "{:?}", undo.left);
        undo.steps.into_iter().fold(given, |given, step| {
            let UndoAct::Send { intent } = step.what else { panic!("no text was written") };
            given.claiming(Claims { undoes: Some(step.undoes), ..Claims::of_act(next) }).sent_intent(&intent)
        })
    };
    let [back, again] = [8, 9].map(|number| ActId(Id([number; 16])));
    let given = of_act(given, act, back);
    assert!(given.model::<Column>(other).archived && given.model::<Card>(card(9)).is_unmade);
    let given = of_act(given, back, again);
    assert!(!given.model::<Column>(other).archived && !given.model::<Card>(card(9)).archived);
    let said = given.model::<Comment>(comment);
    assert_eq!((said.text.as_str(), said.deleted, given.model::<Card>(card(9)).comments), ("Hm", false, 1));
}

#[test]
fn a_column_goes_back_to_where_it_stood() {
    let given = board().sent::<Column>(DONE, add_column("Done", ColumnKind::Done));
    let order = given.model::<Board>(BOARD).columns.clone();
    let id = given.next_command();
    let given = given.sent::<Column>(DONE, ColumnCommand::Move { before: Some(TODO) });
    assert_ne!(given.model::<Board>(BOARD).columns, order);
    let (given, _) = taken_back(given, id);
    assert_eq!(given.model::<Board>(BOARD).columns, order);
}

/// It would be somebody else's words then.
#[test]
fn a_deleted_comment_is_written_again_as_its_authors() {
    let ghost = PersonId(Id([0x6e; 16]));
    let comment = CommentId(Id([0x77; 16]));
    let write = |author| CommentCommand::Write {
        card: card(1),
        text: "Hm".into(),
        author,
        kind: crate::comment::CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    let set = ProjectCommand::SetPlaceholder { person: ghost, name: "Ghost".into(), username: String::new() };
    let given = || {
        let given = cards(1).sent::<Project>(SPACE.0, set.clone()).sent::<Comment>(comment, write(Some(ghost)));
        given.sent::<Comment>(comment, CommentCommand::Delete {})
    };
    given().when::<Comment>(comment, write(None)).refused(crate::comment::CommentRefusal::WrittenAlready {});
    let back = given().sent::<Comment>(comment, write(Some(ghost))).model::<Comment>(comment);
    assert_eq!((back.author, back.text.as_str(), back.deleted), (ghost, "Hm", false));
}

/// Who takes a decision back has not done the work.
#[test]
fn what_an_undo_gives_back_is_told_as_that() {
    let given = reviewed().by(ANN).sent::<Card>(card(1), C::Take {}).sent::<Card>(card(1), C::Submit {}).by(CY);
    let rejected = given.next_command();
    let given = given.sent::<Card>(card(1), C::Reject { reason: "No".into() });
    let claims = Claims { undoes: Some(rejected), ..Claims::default() };
    let given = given.claiming(claims).sent::<Card>(card(1), C::WorkBack {});
    let entries = given.view::<ActivityView>(card(1)).entries.clone();
    let told: Vec<String> = entries.iter().map(|entry| entry.what.clone()).collect();
    let last = [format!("gave it back to {ANN}"), "made it wait for a review again".to_owned()];
    assert_eq!(told[told.len() - 2..], last);
}

/// Where it stood: in front of what followed it, as far as that is there still.
#[test]
fn an_item_comes_back_to_its_place() {
    let list = ChecklistId(Id([0x11; 16]));
    let item = |number: u8| ItemId(Id([number; 16]));
    let set = |number: u8, before: Option<u8>| C::SetItem {
        checklist: list,
        item: item(number),
        text: format!("Step {number}"),
        done: false,
        before: before.map(item),
    };
    let given = cards(1).sent::<Card>(card(1), C::SetChecklist { checklist: list, name: "Steps".into() });
    let given = (1..=4).fold(given, |given, number| given.sent::<Card>(card(1), set(number, None)));
    let order = |given: &Given| -> Vec<u8> {
        given.model::<Card>(card(1)).checklists[0].items.iter().map(|item| item.id.0.0[0]).collect()
    };
    let removed = given.next_command();
    let without = given.sent::<Card>(card(1), C::RemoveItem { checklist: list, item: item(2) });
    assert_eq!(order(&without), [1, 3, 4]);
    let (back, _) = taken_back(without, removed);
    assert_eq!(order(&back), [1, 2, 3, 4]);

    let moved = back.sent::<Card>(card(1), set(4, Some(1)));
    assert_eq!(order(&moved), [4, 1, 2, 3]);
    let moved = moved.when::<Card>(card(1), set(4, Some(1)));
    let moved = moved.then_nothing();
    moved.and_when::<Card>(card(1), set(9, Some(9))).then([E::ItemSet {
        checklist: list,
        item: item(9),
        text: "Step 9".into(),
        done: false,
        before: None,
    }]);
}

/// Each goes in front of what followed it then: whoever comes first must be there first.
#[test]
fn cards_that_were_moved_together_come_back_in_their_order() {
    let mut given = cards(4).sent::<Column>(DONE, add_column("Done", ColumnKind::Done));
    let act = ActId(Id([0xac; 16]));
    let claims = Claims::of_act(act);
    for number in [4, 1, 3] {
        given = given.claiming(claims).sent::<Card>(card(number), move_to(DONE, None));
    }
    let undo = planned_of(&given, &|record| record.origin.claims.act == Some(act));
    for step in undo.steps {
        let UndoAct::Send { intent } = step.what else { panic!("no text was written") };
        given = given.claiming(Claims { undoes: Some(step.undoes), ..Claims::default() }).sent_intent(&intent);
    }
    assert_eq!(order(&given, TODO), [1, 2, 3, 4]);
}

/// They were set by what brought the list back, and by nobody else.
#[test]
fn the_items_of_a_list_that_came_back_are_taken_back_as_before() {
    let (list, item) = (ChecklistId(Id([0x11; 16])), ItemId(Id([1; 16])));
    let given = cards(1).sent::<Card>(card(1), C::SetChecklist { checklist: list, name: "Steps".into() });
    let set = C::SetItem { checklist: list, item, text: "Oil".into(), done: false, before: None };
    let (given, added) = sent(given, set);
    let (given, removed) = sent(given, C::RemoveChecklist { checklist: list });
    let (given, _) = taken_back(given, removed);
    assert_eq!(given.model::<Card>(card(1)).checklists[0].items.len(), 1);
    let (given, again) = taken_back(given, added);
    assert!(given.model::<Card>(card(1)).checklists[0].items.is_empty());
    let (given, _) = taken_back(given, again);
    assert_eq!(given.model::<Card>(card(1)).checklists[0].items[0].text, "Oil");
}

/// A redo of an import left cards in the archive that stand open in an archived list.
#[test]
fn a_card_comes_back_into_the_archived_column_that_it_was_in() {
    let given = cards(2).sent::<Column>(TODO, ColumnCommand::Archive {});
    let (given, archived) = sent(given, C::Archive {});
    let (back, _) = taken_back(given, archived);
    assert!(!back.model::<Card>(card(1)).archived);
    // Whoever restores it for another reason is told.
    let again = sent(back, C::Archive {}).0;
    let refusal = R::ColumnArchived { column: TODO, name: "To do".into() };
    again.when::<Card>(card(1), C::Restore { column: None, exempt: false }).refused(refusal);
}
