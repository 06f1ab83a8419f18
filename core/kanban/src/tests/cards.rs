//! What stands on cards, and comments.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::context::Assigned;
use recordplayer::id::ReplicaId;
use recordplayer::refusal::{CoreRefusal, Refused};
use recordplayer::testing::FOUNDER;
use recordplayer::text::{TextActor, TextDocument, TextRefusal};
use recordplayer::time::Timestamp;

use super::*;
use crate::GuardRefusal;
use crate::card::{CardCommand as C, CardEvent as E, CardRefusal as R, FieldValue};
use crate::comment::{Comment, CommentCommand, CommentEvent, CommentKind, CommentRefusal};
use crate::ids::{AttachmentId, ChecklistId, CommentId, FieldId, ItemId, LabelId, PersonId};
use crate::limits::TITLE_BYTES_MAX;
use crate::project::{BadValue, FieldKind, FieldLimits, ProjectEvent};
use crate::refusal::LimitExceeded;

const BUG: LabelId = LabelId(Id([0x1b; 16]));
const GHOST: PersonId = PersonId(Id([0x6e; 16]));
const LIST: ChecklistId = ChecklistId(Id([0xcc; 16]));
const ITEM: ItemId = ItemId(Id([0x11; 16]));
const SIZE: FieldId = FieldId(Id([0xf1; 16]));
const LINK: AttachmentId = AttachmentId(Id([0xaa; 16]));
const WORDS: CommentId = CommentId(Id([0xcd; 16]));

fn furnished() -> Given {
    let placeholder = ProjectCommand::SetPlaceholder { person: GHOST, name: "Ghost".into(), username: "ghost".into() };
    let field = ProjectCommand::SetField {
        twin: false,
        field: SIZE,
        name: "Size".into(),
        kind: FieldKind::Number,
        options: std::collections::BTreeMap::new(),
        limits: FieldLimits::default(),
    };
    cards(1)
        .sent::<Project>(
            SPACE.0,
            ProjectCommand::SetLabel { twin: false, label: BUG, name: "bug".into(), colour: "red".into() },
        )
        .sent::<Project>(SPACE.0, placeholder)
        .sent::<Project>(SPACE.0, field)
}

fn set_list() -> C {
    C::SetChecklist { checklist: LIST, name: "Steps".into() }
}

fn set_item(done: bool) -> C {
    C::SetItem { checklist: LIST, item: ITEM, text: "Solder".into(), done, before: None }
}

/// Accepted with this one event, and the second time with none.
fn happens_once(given: Given, command: C, event: E) {
    let again = command.clone();
    let given = given.sent::<Card>(card(1), C::Rename { title: "Before".into() });
    let done = given.when::<Card>(card(1), command).then([event]);
    done.and_when::<Card>(card(1), again).then_nothing();
}

#[test]
fn the_authority_numbers_cards_in_order_and_a_device_leaves_it_open() {
    let given = cards(2);
    assert_eq!(given.model::<Card>(card(2)).number, Assigned::Final { value: 2 });
    let number = Assigned::Provisional {};
    given
        .on_a_device()
        .when::<Card>(card(3), create(TODO, "Offline"))
        .then_emits::<Project>(SPACE.0, [ProjectEvent::NumberGiven { number }]);
}

#[test]
fn a_card_is_created_once_and_in_a_project_that_is_set_up() {
    cards(1).when::<Card>(card(1), create(TODO, "Again")).refused(R::CreatedAlready {});
    given(domain()).when::<Card>(card(1), create(TODO, "Early")).refused(R::ProjectNotSetUp {});
}

#[test]
fn a_title_is_neither_empty_nor_endless() {
    let limit = LimitExceeded::Empty { what: "The title".into() };
    cards(1).when::<Card>(card(1), C::Rename { title: "  ".into() }).refused(R::OutOfLimits { limit });
    let limit = LimitExceeded::TooLarge { what: "The title".into(), bytes: 65_537, max: TITLE_BYTES_MAX as u64 };
    let title = "x".repeat(TITLE_BYTES_MAX + 1);
    cards(1).when::<Card>(card(1), create(TODO, "x")).refused(R::CreatedAlready {});
    cards(1).when::<Card>(card(1), C::Rename { title }).refused(R::OutOfLimits { limit });
}

#[test]
fn what_does_not_exist_cannot_be_changed() {
    let rename = C::Rename { title: "x".into() };
    board().when::<Card>(card(9), rename).refused(R::NoSuchCard { card: card(9) });
    cards(1).when::<Card>(card(1), C::AddLabel { label: BUG }).refused(R::NoSuchLabel { label: BUG });
    cards(1).when::<Card>(card(1), C::Assign { person: GHOST }).refused(R::NoSuchPerson { person: GHOST });
    cards(1).when::<Card>(card(1), set_item(true)).refused(R::NoSuchChecklist { checklist: LIST });
    let tick = C::TickItem { checklist: LIST, item: ITEM, done: true };
    cards(1).sent::<Card>(card(1), set_list()).when::<Card>(card(1), tick).refused(R::NoSuchItem { item: ITEM });
    let set = C::SetField { field: SIZE, value: None };
    cards(1).when::<Card>(card(1), set).refused(R::NoSuchField { field: SIZE });
}

#[test]
fn a_number_is_written_in_digits() {
    let set = |number: &str| C::SetField { field: SIZE, value: Some(FieldValue::Number { number: number.into() }) };
    furnished().sent::<Card>(card(1), set("-100.32")).sent::<Card>(card(1), set("1e6"));
    furnished().when::<Card>(card(1), set("many")).refused(R::BadValue { value: BadValue::NotANumber {} });
}

#[test]
fn each_thing_on_a_card_happens_once_however_often_it_is_asked_for() {
    happens_once(furnished(), C::Rename { title: "After".into() }, E::Renamed { title: "After".into() });
    happens_once(furnished(), C::AddLabel { label: BUG }, E::LabelAdded { label: BUG });
    happens_once(furnished(), C::Assign { person: GHOST }, E::Assigned { person: GHOST });
    let founder = PersonId::from(FOUNDER);
    happens_once(furnished(), C::Assign { person: founder }, E::Assigned { person: founder });
    let due: Option<crate::card::Day> = "2026-03-31".parse().ok();
    happens_once(furnished(), C::SetDue { due: due.clone() }, E::DueSet { due });
    happens_once(furnished(), C::SetDone { done: true }, E::DoneSet { done: true });
    happens_once(furnished(), C::Archive {}, E::Archived {});
    happens_once(furnished(), set_list(), E::ChecklistSet { checklist: LIST, name: "Steps".into() });
    let listed = || furnished().sent::<Card>(card(1), set_list());
    let set = E::ItemSet { checklist: LIST, item: ITEM, text: "Solder".into(), done: false, before: None };
    happens_once(listed(), set_item(false), set);
    let itemed = || listed().sent::<Card>(card(1), set_item(false));
    let ticked = E::ItemTicked { checklist: LIST, item: ITEM, done: true };
    happens_once(itemed(), C::TickItem { checklist: LIST, item: ITEM, done: true }, ticked);
    let removed = E::ItemRemoved { checklist: LIST, item: ITEM };
    happens_once(itemed(), C::RemoveItem { checklist: LIST, item: ITEM }, removed);
    happens_once(itemed(), C::RemoveChecklist { checklist: LIST }, E::ChecklistRemoved { checklist: LIST });
    let (name, url) = ("Plan".to_owned(), "https://example.org/plan".to_owned());
    let attach = C::AttachLink { attachment: LINK, name: name.clone(), url: url.clone() };
    happens_once(furnished(), attach.clone(), E::LinkAttached { attachment: LINK, name, url });
    let attached = furnished().sent::<Card>(card(1), attach);
    happens_once(attached, C::RemoveAttachment { attachment: LINK }, E::AttachmentRemoved { attachment: LINK });
    let value = Some(FieldValue::Number { number: "3".into() });
    let set = C::SetField { field: SIZE, value: value.clone() };
    happens_once(furnished(), set, E::FieldSet { field: SIZE, value });
    let labelled = furnished().sent::<Card>(card(1), C::AddLabel { label: BUG });
    happens_once(labelled, C::RemoveLabel { label: BUG }, E::LabelRemoved { label: BUG });
    let assigned = furnished().sent::<Card>(card(1), C::Assign { person: GHOST });
    happens_once(assigned, C::Unassign { person: GHOST }, E::Unassigned { person: GHOST });
}

#[test]
fn viewers_and_strangers_change_nothing() {
    let refused = Refused::of(&GuardRefusal::ViewersMayNotWrite {}).unwrap();
    cards(1).by(ANN).role("viewer").when::<Card>(card(1), C::Archive {}).refused_with(&refused);
    let refused = CoreRefusal::MayNotWrite {}.into();
    cards(1).by(ANN).when::<Card>(card(1), C::Archive {}).refused_with(&refused);
}

#[test]
fn only_a_manager_shapes_the_project() {
    let refused = Refused::of(&GuardRefusal::ManagersShapeProjects {}).unwrap();
    for role in ["worker", "reviewer"] {
        let member = || cards(1).by(ANN).role(role);
        let limit = ColumnCommand::SetLimit { limit: Some(9), warns: false };
        member().when::<Column>(DOING, limit).refused_with(&refused);
        member().when::<Board>(BOARD, BoardCommand::Archive {}).refused_with(&refused);
        let label = ProjectCommand::SetLabel { twin: false, label: BUG, name: "Bug".into(), colour: "red".into() };
        let set = ProjectEvent::LabelSet { label: BUG, name: "Bug".into(), colour: "red".into() };
        member().when::<Project>(SPACE.0, label).then([set]);
        member().when::<Card>(card(1), C::Archive {}).then([E::Archived {}]);
    }
}

fn write(text: &str, author: Option<PersonId>) -> CommentCommand {
    CommentCommand::Write {
        card: card(1),
        text: text.into(),
        author,
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    }
}

#[test]
fn a_comment_is_written_edited_and_deleted_by_its_author() {
    let author = PersonId::from(FOUNDER);
    let written = CommentEvent::Written {
        card: card(1),
        author,
        text: "Why?".into(),
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    cards(1).when::<Comment>(WORDS, write("Why?", None)).then([written]);
    let given = cards(1).sent::<Comment>(WORDS, write("Why?", None));
    let given =
        given.sent::<Comment>(WORDS, CommentCommand::Edit { text: "Because".into(), mentions: BTreeSet::new() });
    let given = given.sent::<Comment>(WORDS, CommentCommand::Delete {});
    let refusal = CommentRefusal::NoSuchComment { comment: WORDS };
    given.when::<Comment>(WORDS, CommentCommand::Delete {}).refused(refusal);
}

#[test]
fn nobody_changes_the_comment_of_somebody_else() {
    let given = cards(1).sent::<Comment>(WORDS, write("Mine", None)).by(ANN).role("worker");
    let refusal = CommentRefusal::NotTheAuthor { author: PersonId::from(FOUNDER) };
    given.when::<Comment>(WORDS, CommentCommand::Delete {}).refused(refusal);
}

#[test]
fn a_comment_needs_a_card_and_a_known_author_and_is_written_once() {
    let nowhere = CommentCommand::Write {
        card: card(9),
        text: "Hello".into(),
        author: None,
        kind: CommentKind::Talk,
        mentions: BTreeSet::new(),
    };
    cards(1).when::<Comment>(WORDS, nowhere).refused(CommentRefusal::NoSuchCard { card: card(9) });
    let refusal = CommentRefusal::NoSuchPlaceholder { person: GHOST };
    cards(1).when::<Comment>(WORDS, write("Boo", Some(GHOST))).refused(refusal);
    let given = furnished()
        .claiming(Claims { happened_at: Some(Timestamp(5)), ..Claims::default() })
        .sent::<Comment>(WORDS, write("Boo", Some(GHOST)));
    assert_eq!(given.model::<Comment>(WORDS).at, Timestamp(5));
    given.when::<Comment>(WORDS, write("Boo", Some(GHOST))).refused(CommentRefusal::WrittenAlready {});
}

/// The first change of a description, written at a replica.
fn written(text: &str, replica: ReplicaId) -> C {
    let actor = TextActor { replica, generation: 0 };
    let change = TextDocument::new().edit(actor, text).expect("the text fits").remove(0);
    C::Describe { change }
}

#[test]
fn a_description_takes_the_changes_of_the_device_that_sends_them() {
    let given = cards(1);
    let command = written("Warm up the valves", given.replica());
    let C::Describe { change } = command.clone() else { panic!("a description is asked for") };
    given.when::<Card>(card(1), command).then([E::Described { change }]);
}

#[test]
fn a_description_refuses_what_another_device_wrote() {
    let given = cards(1);
    let (expected, found) = (given.replica(), ReplicaId(Id([9; 16])));
    let text = TextRefusal::WrongActor { expected, found };
    given.when::<Card>(card(1), written("Not mine", found)).refused(R::BadText { text });
}

#[test]
fn an_archived_card_can_still_be_described() {
    let given = cards(1).sent::<Card>(card(1), C::Archive {});
    let command = written("It was worth it", given.replica());
    assert!(!given.sent::<Card>(card(1), command).model::<Card>(card(1)).description.is_empty());
}
