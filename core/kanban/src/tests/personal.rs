//! What is a person's own, and what they hear of.

use std::collections::BTreeSet;

use recordplayer::claims::Claims;
use recordplayer::id::{CommandId, Id};
use recordplayer::refusal::Refused;
use recordplayer::testing::{FOUNDER, Given, SPACE, given_personal};
use recordplayer::time::Timestamp;

use super::{ANN, TODO, card, cards, create};
use crate::card::CardCommand;
use crate::comment::{CommentCommand, CommentKind};
use crate::desk::{DeskCommand, DeskEvent, DeskRefusal};
use crate::ids::{CardId, CommentId, PersonId, SearchId};
use crate::limits::{INBOX_ENTRIES_MAX, MARKED_MAX};
use crate::marks::{MarksCommand, MarksEvent, MarksRefusal};
use crate::refusal::LimitExceeded;
use crate::view::{InboxView, News, WorkView};
use crate::{Card, Comment, Desk, GuardRefusal, Marks, domain};

const ENTRY: CommandId = CommandId(Id([1; 16]));
const OTHER: CommandId = CommandId(Id([2; 16]));
const MORNING: Timestamp = Timestamp(1_700_000_000_000);
const EVENING: Timestamp = Timestamp(1_700_040_000_000);

fn desk() -> Given {
    given_personal(domain())
}

/// The founder assigns, Ann works.
fn team() -> Given {
    cards(2).by(ANN).role("worker").by(FOUNDER)
}

fn ann() -> PersonId {
    PersonId::from(ANN)
}

fn news_of(given: &Given, person: PersonId) -> Vec<(CardId, News)> {
    given.view::<InboxView>(person).entries.iter().map(|entry| (entry.card, entry.news)).collect()
}

fn comment(number: u8) -> CommentId {
    CommentId(Id([number; 16]))
}

fn write(on: u8, mentions: &[PersonId]) -> CommentCommand {
    let mentions = mentions.iter().copied().collect();
    CommentCommand::Write { card: card(on), text: "Well".into(), author: None, kind: CommentKind::Talk, mentions }
}

#[test]
fn what_is_personal_is_in_a_personal_space_and_nothing_else_is() {
    let see = MarksCommand::See { upto: MORNING };
    desk().when::<Marks>(SPACE.0, see.clone()).then([MarksEvent::Seen { upto: MORNING }]);
    cards(0).when::<Marks>(SPACE.0, see).refused_with(&Refused::of(&GuardRefusal::BelongsInPersonalSpace {}).unwrap());
    let like = DeskCommand::Set { setting: "density".into(), value: Some("compact".into()) };
    desk()
        .when::<Desk>(FOUNDER.0, like.clone())
        .then([DeskEvent::Set { setting: "density".into(), value: Some("compact".into()) }]);
    cards(0).when::<Desk>(SPACE.0, like).refused_with(&Refused::of(&GuardRefusal::BelongsInPersonalSpace {}).unwrap());
    desk()
        .when::<Card>(card(1), create(TODO, "Mine"))
        .refused_with(&Refused::of(&GuardRefusal::BelongsInProject {}).unwrap());
}

#[test]
fn what_is_marked_twice_is_marked_once() {
    let read = |entries: &[CommandId]| MarksCommand::Read { entries: entries.to_vec() };
    let marked = || desk().sent::<Marks>(SPACE.0, read(&[ENTRY]));
    marked().when::<Marks>(SPACE.0, read(&[ENTRY])).then([]);
    marked().when::<Marks>(SPACE.0, read(&[OTHER, ENTRY, OTHER])).then([MarksEvent::Read { entries: vec![OTHER] }]);
    let unread = MarksCommand::Unread { entries: vec![ENTRY, OTHER] };
    marked().when::<Marks>(SPACE.0, unread).then([MarksEvent::Unread { entries: vec![ENTRY] }]);
    let forget = MarksCommand::Forget { entries: vec![OTHER, ENTRY] };
    marked().when::<Marks>(SPACE.0, forget).then([MarksEvent::Forgotten { entries: vec![ENTRY] }]);
    // Who was here in the evening has seen the morning.
    let seen = desk().sent::<Marks>(SPACE.0, MarksCommand::See { upto: EVENING });
    seen.when::<Marks>(SPACE.0, MarksCommand::See { upto: MORNING }).then([]);
}

#[test]
fn an_entry_that_is_put_off_is_new_again_then() {
    let snooze = MarksCommand::Snooze { entry: ENTRY, until: EVENING };
    let put_off = desk().sent::<Marks>(SPACE.0, snooze.clone());
    let marks = put_off.model::<Marks>(SPACE.0);
    assert!(!marks.is_new(ENTRY, MORNING) && marks.is_new(ENTRY, EVENING));
    put_off.when::<Marks>(SPACE.0, snooze).then([]);
    let put_off = desk().sent::<Marks>(SPACE.0, MarksCommand::Snooze { entry: ENTRY, until: EVENING });
    let woken = put_off.sent::<Marks>(SPACE.0, MarksCommand::Wake { entry: ENTRY });
    assert!(woken.model::<Marks>(SPACE.0).is_new(ENTRY, MORNING));
    woken.when::<Marks>(SPACE.0, MarksCommand::Wake { entry: ENTRY }).then([]);
}

#[test]
fn marks_have_a_limit_and_forgetting_makes_room() {
    let entry = |number: usize| CommandId::derived("entry", &[&number.to_be_bytes()]);
    let all: Vec<CommandId> = (0..MARKED_MAX).map(entry).collect();
    let full = |given: Given| given.sent::<Marks>(SPACE.0, MarksCommand::Read { entries: all.clone() });
    let one_more = MarksCommand::Read { entries: vec![ENTRY] };
    let limit = LimitExceeded::TooMany { what: "marked entries of one project".into(), max: MARKED_MAX as u64 };
    full(desk()).when::<Marks>(SPACE.0, one_more.clone()).refused(MarksRefusal::OutOfLimits { limit });
    let room = full(desk()).sent::<Marks>(SPACE.0, MarksCommand::Forget { entries: vec![entry(7)] });
    room.when::<Marks>(SPACE.0, one_more).then([MarksEvent::Read { entries: vec![ENTRY] }]);
}

#[test]
fn a_search_is_kept_under_a_name_of_its_own() {
    let (mine, other) = (SearchId(Id([1; 16])), SearchId(Id([2; 16])));
    let save = |search, query: &str| DeskCommand::SaveSearch { search, name: "Bugs".into(), query: query.into() };
    let saved = || desk().sent::<Desk>(FOUNDER.0, save(mine, "label:bug"));
    let in_saved = |command| saved().when::<Desk>(FOUNDER.0, command);
    in_saved(save(other, "is:blocked")).refused(DeskRefusal::NameTaken { name: "Bugs".into() });
    in_saved(save(mine, "label:bug")).then([]);
    let (name, query) = ("Bugs".to_owned(), "label:bug is:open".to_owned());
    in_saved(save(mine, &query)).then([DeskEvent::SearchSaved { search: mine, name, query }]);
    in_saved(DeskCommand::RemoveSearch { search: mine }).then([DeskEvent::SearchRemoved { search: mine }]);
    in_saved(DeskCommand::RemoveSearch { search: other }).refused(DeskRefusal::NoSuchSearch { search: other });
}

#[test]
fn a_person_hears_what_others_do_to_what_is_theirs() {
    let given = team()
        .sent::<Comment>(comment(9), write(1, &[]))
        .sent::<Card>(card(1), CardCommand::Assign { person: ann() })
        .sent::<Comment>(comment(1), write(1, &[]))
        .sent::<Comment>(comment(2), write(1, &[ann()]))
        .sent::<Comment>(comment(3), write(2, &[ann()]))
        // What she does herself is no news for her, and what the founder did none for him.
        .by(ANN)
        .sent::<Comment>(comment(4), write(1, &[ann()]));
    assert_eq!(
        news_of(&given, ann()),
        [
            (card(1), News::Assigned {}),
            (card(1), News::Commented { comment: comment(1) }),
            (card(1), News::Mentioned { comment: comment(2) }),
            (card(2), News::Mentioned { comment: comment(3) }),
        ]
    );
    assert_eq!(news_of(&given, PersonId::from(FOUNDER)), []);
}

#[test]
fn who_was_called_is_not_called_again_by_the_next_version() {
    let edit = |mentions: &[PersonId]| CommentCommand::Edit {
        text: "Well, well".into(),
        mentions: mentions.iter().copied().collect::<BTreeSet<_>>(),
    };
    let called = team().sent::<Comment>(comment(1), write(1, &[])).sent::<Comment>(comment(1), edit(&[ann()]));
    let mentioned = [(card(1), News::Mentioned { comment: comment(1) })];
    assert_eq!(news_of(&called, ann()), mentioned);
    let again = CommentCommand::Edit { text: "Well!".into(), mentions: BTreeSet::from([ann()]) };
    assert_eq!(news_of(&called.sent::<Comment>(comment(1), again), ann()), mentioned);
}

#[test]
fn what_an_import_says_is_nobodys_news() {
    let told = |claims| {
        let given = team().claiming(claims).sent::<Card>(card(1), CardCommand::Assign { person: ann() });
        news_of(&given, ann()).len()
    };
    assert_eq!(told(Claims::default()), 1);
    assert_eq!(told(Claims { happened_at: Some(MORNING), ..Claims::default() }), 0, "nobody knows who did it");
    assert_eq!(told(Claims { actor: Some(ANN), happened_at: Some(MORNING), ..Claims::default() }), 0);
}

#[test]
fn an_inbox_holds_the_latest() {
    let mut given = team();
    for number in 0..=INBOX_ENTRIES_MAX {
        let id = CommentId(Id::derived("comment", &[&number.to_be_bytes()]));
        given = given.sent::<Comment>(id, write(1, &[ann()]));
    }
    let entries = given.view::<InboxView>(ann()).entries.clone();
    assert_eq!(entries.len(), INBOX_ENTRIES_MAX);
    let first = CommentId(Id::derived("comment", &[&1_usize.to_be_bytes()]));
    assert_eq!(entries.first().unwrap().news, News::Mentioned { comment: first });
}

#[test]
fn the_cards_of_a_person_are_those_that_they_have_to_do() {
    let assigned = |given: Given, number| given.sent::<Card>(card(number), CardCommand::Assign { person: ann() });
    let theirs = |given: &Given| given.view::<WorkView>(ann()).cards.iter().copied().collect::<Vec<_>>();
    let both = || assigned(assigned(team(), 1), 2);
    assert_eq!(theirs(&both()), [card(1), card(2)]);
    let unassigned = both().sent::<Card>(card(1), CardCommand::Unassign { person: ann() });
    assert_eq!(theirs(&unassigned), [card(2)]);
    let archived = both().sent::<Card>(card(2), CardCommand::Archive {});
    assert_eq!(theirs(&archived), [card(1)]);
    let restored = archived.sent::<Card>(card(2), CardCommand::Restore { column: None, exempt: false });
    assert_eq!(theirs(&restored), [card(1), card(2)]);
}
