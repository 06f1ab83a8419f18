//! How urgent and how large a card is, what it belongs to, what it is copied from, and who is called in its comments.

use std::collections::BTreeSet;

use recordplayer::testing::FOUNDER;

use super::*;
use crate::card::{
    CardCommand as C, CardEvent as E, CardRefusal as R, Effort, Priority, Relation, RelationKind as Kind,
};
use crate::comment::{Comment, CommentCommand, CommentEvent, CommentKind, CommentRefusal};
use crate::ids::{ChecklistId, CommentId, ItemId, LabelId, PersonId};
use crate::limits::PARTS_DEPTH_MAX;
use crate::refusal::LimitExceeded;

const WORDS: CommentId = CommentId(Id([0xcd; 16]));
const STRANGER: PersonId = PersonId(Id([0x57; 16]));

#[track_caller]
fn happens_once(command: &C, event: E) {
    let done = cards(2).when::<Card>(card(1), command.clone()).then([event]);
    done.and_when::<Card>(card(1), command.clone()).then_nothing();
}

fn to(number: u8, kind: Kind) -> Relation {
    Relation { kind, to: card(number) }
}

fn relate(kind: Kind, number: u8) -> C {
    C::Relate { relation: to(number, kind) }
}

#[test]
fn what_is_said_of_a_card_happens_once() {
    let priority = Some(Priority::High);
    happens_once(&C::SetPriority { priority }, E::PrioritySet { priority });
    let effort = Some(Effort { hundredths: 250 });
    happens_once(&C::SetEstimate { estimate: effort }, E::EstimateSet { estimate: effort });
    happens_once(&C::SetRemaining { remaining: effort }, E::RemainingSet { remaining: effort });
    let reason = "Waits for the motor".to_owned();
    happens_once(&C::Block { reason: reason.clone() }, E::Blocked { reason });
    happens_once(&relate(Kind::Blocks, 2), E::RelationAdded { relation: to(2, Kind::Blocks) });
}

#[test]
fn a_blocked_card_says_why_until_it_is_unblocked() {
    let empty = R::OutOfLimits { limit: LimitExceeded::Empty { what: "The reason".into() } };
    cards(1).when::<Card>(card(1), C::Block { reason: " ".into() }).refused(empty);
    cards(1).when::<Card>(card(1), C::Unblock {}).then_nothing();
    let given = cards(1).sent::<Card>(card(1), C::Block { reason: "Waits".into() });
    assert_eq!(given.model::<Card>(card(1)).blocked.as_deref(), Some("Waits"));
    given.when::<Card>(card(1), C::Unblock {}).then([E::Unblocked {}]);
}

#[test]
fn a_relation_stands_on_both_cards_and_goes_from_both() {
    for kind in Kind::ALL {
        let given = cards(2).sent::<Card>(card(1), relate(kind, 2));
        let of = |given: &Given, number: u8| given.model::<Card>(card(number)).relations.clone();
        assert_eq!((of(&given, 1), of(&given, 2)), ([to(2, kind)].into(), [to(1, kind.inverse())].into()));
        // The other card knows it already, and may end it.
        let given = given.when::<Card>(card(2), relate(kind.inverse(), 1)).then_nothing();
        let ended = given.and_when::<Card>(card(2), C::Unrelate { relation: to(1, kind.inverse()) });
        let given = ended.after();
        assert_eq!((of(&given, 1), of(&given, 2)), (BTreeSet::new(), BTreeSet::new()));
    }
}

#[test]
fn a_card_belongs_to_cards_that_are_there_and_not_to_itself() {
    cards(1).when::<Card>(card(1), relate(Kind::Blocks, 1)).refused(R::RelatesToItself {});
    cards(1).when::<Card>(card(1), relate(Kind::Blocks, 9)).refused(R::NoSuchCard { card: card(9) });
    cards(1).when::<Card>(card(1), C::Unrelate { relation: to(9, Kind::Blocks) }).then_nothing();
}

#[test]
fn a_card_is_part_of_one_other_and_never_of_itself() {
    let given = || cards(3).sent::<Card>(card(1), relate(Kind::PartOf, 2));
    let refusal = || R::PartOfAnother { card: card(1), of: card(2) };
    given().when::<Card>(card(1), relate(Kind::PartOf, 3)).refused(refusal());
    given().when::<Card>(card(3), relate(Kind::HasPart, 1)).refused(refusal());
    given().when::<Card>(card(2), relate(Kind::PartOf, 1)).refused(R::PartOfItself {});
    let given = given().sent::<Card>(card(2), relate(Kind::PartOf, 3));
    given.when::<Card>(card(3), relate(Kind::PartOf, 1)).refused(R::PartOfItself {});
}

#[test]
fn parts_of_parts_end_somewhere() {
    let deep = PARTS_DEPTH_MAX as u8 + 1;
    let given =
        (2..deep).fold(cards(deep), |given, number| given.sent::<Card>(card(number), relate(Kind::PartOf, number - 1)));
    let refusal = R::PartsTooDeep { max: PARTS_DEPTH_MAX as u64 };
    given.when::<Card>(card(deep), relate(Kind::PartOf, deep - 1)).refused(refusal);
}

#[test]
fn a_copy_begins_as_the_other_card_is_and_nothing_is_done_on_it() {
    let (label, list, item) = (LabelId(Id([0x1b; 16])), ChecklistId(Id([0xcc; 16])), ItemId(Id([0x11; 16])));
    let set_label = ProjectCommand::SetLabel { twin: false, label, name: "bug".into(), colour: "red".into() };
    let given = cards(1)
        .sent::<Project>(SPACE.0, set_label)
        .sent::<Card>(card(1), C::AddLabel { label })
        .sent::<Card>(card(1), C::SetPriority { priority: Some(Priority::Urgent) })
        .sent::<Card>(card(1), C::SetEstimate { estimate: Some(Effort { hundredths: 100 }) })
        .sent::<Card>(card(1), C::SetChecklist { checklist: list, name: "Steps".into() })
        .sent::<Card>(card(1), C::SetItem { checklist: list, item, text: "Solder".into(), done: true, before: None })
        .sent::<Card>(card(1), C::Assign { person: FOUNDER.into() })
        .sent::<Card>(card(1), C::SetDone { done: true })
        .sent::<Card>(card(9), C::Copy { of: card(1), column: DOING, before: None });
    let (first, copy) = (given.model::<Card>(card(1)), given.model::<Card>(card(9)));
    assert_eq!((&copy.title, &copy.labels, copy.priority), (&first.title, &first.labels, first.priority));
    assert_eq!((copy.estimate, copy.column(), copy.done), (first.estimate, Some(DOING), false));
    assert!(copy.members.is_empty() && !copy.checklists[0].items[0].done);
    assert_eq!(copy.checklists[0].items[0].text, "Solder");
    given.when::<Card>(card(9), C::Copy { of: card(1), column: DOING, before: None }).refused(R::CreatedAlready {});
    let refusal = R::NoSuchCard { card: card(7) };
    cards(1).when::<Card>(card(9), C::Copy { of: card(7), column: DOING, before: None }).refused(refusal);
}

fn write(kind: CommentKind, mentions: &[PersonId]) -> CommentCommand {
    let mentions = mentions.iter().copied().collect();
    CommentCommand::Write { card: card(1), text: "Look".into(), author: None, kind, mentions }
}

#[test]
fn a_comment_calls_members_and_no_strangers() {
    let founder = PersonId::from(FOUNDER);
    let given = cards(1).sent::<Comment>(WORDS, write(CommentKind::Talk, &[founder]));
    assert_eq!(given.model::<Comment>(WORDS).mentions, [founder].into());
    let edit = CommentCommand::Edit { text: "Look".into(), mentions: BTreeSet::new() };
    let edited = CommentEvent::Edited { text: "Look".into(), mentions: BTreeSet::new() };
    given.when::<Comment>(WORDS, edit).then([edited]);
    let refusal = || CommentRefusal::NoSuchPerson { person: STRANGER };
    cards(1).when::<Comment>(WORDS, write(CommentKind::Talk, &[STRANGER])).refused(refusal());
    let given = cards(1).sent::<Comment>(WORDS, write(CommentKind::Talk, &[]));
    let edit = CommentCommand::Edit { text: "Look".into(), mentions: [STRANGER].into() };
    given.when::<Comment>(WORDS, edit).refused(refusal());
}

#[test]
fn a_journal_is_written_by_everybody_and_a_review_only_by_reviewing() {
    let given = cards(1).sent::<Comment>(WORDS, write(CommentKind::Journal, &[]));
    assert_eq!(given.model::<Comment>(WORDS).kind, CommentKind::Journal);
    let refusal = CommentRefusal::ReviewsComeFromReviewers {};
    cards(1).when::<Comment>(WORDS, write(CommentKind::Review, &[])).refused(refusal);
}
