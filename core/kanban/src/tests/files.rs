//! Files on cards: what the log says of them, for as long as it can be played.

use recordplayer::file::{FileRef, FileView, NamedFile, key_of};
use recordplayer::hash::Hash;
use recordplayer::id::{CommandId, SpaceId};

use super::*;
use crate::card::{Attachment, CardCommand as C, CardEvent as E, CardRefusal as R, Carried, Journey};
use crate::ids::{AttachmentId, PersonId};
use crate::limits::FILE_BYTES_MAX;
use crate::refusal::LimitExceeded;
use crate::view::FilesView;

const PLAN: AttachmentId = AttachmentId(Id([0x41; 16]));

fn plan() -> FileRef {
    FileRef { hash: Hash::of(b"a plan"), bytes: 6 }
}

fn attach(name: &str, file: FileRef) -> C {
    C::AttachFile { attachment: PLAN, name: name.into(), file }
}

fn named(given: &Given, file: FileRef) -> Option<NamedFile> {
    given.view::<FilesView>(key_of(&file.hash)).named()
}

#[test]
fn a_file_is_attached_once_and_taken_off_again() {
    let event = E::FileAttached { attachment: PLAN, name: "plan.pdf".into(), file: plan() };
    let done = cards(1).when::<Card>(card(1), attach("plan.pdf", plan())).then([event]);
    done.and_when::<Card>(card(1), attach("plan.pdf", plan())).then_nothing();
    let attached = cards(1).sent::<Card>(card(1), attach("plan.pdf", plan()));
    let kept = Attachment::File { name: "plan.pdf".into(), file: plan() };
    assert_eq!(attached.model::<Card>(card(1)).attachments, [(PLAN, kept)].into());
    attached
        .when::<Card>(card(1), C::RemoveAttachment { attachment: PLAN })
        .then([E::AttachmentRemoved { attachment: PLAN }]);
}

#[test]
fn a_file_that_is_too_large_is_refused_and_so_is_one_without_a_name() {
    let large = FileRef { bytes: FILE_BYTES_MAX + 1, ..plan() };
    let refusal = R::FileTooLarge { name: "film".into(), bytes: large.bytes, max: FILE_BYTES_MAX };
    cards(1).when::<Card>(card(1), attach("film", large)).refused(refusal);
    let limit = LimitExceeded::Empty { what: "The name of a file".into() };
    cards(1).when::<Card>(card(1), attach(" ", plan())).refused(R::OutOfLimits { limit });
    let largest = FileRef { bytes: FILE_BYTES_MAX, ..plan() };
    let attached = E::FileAttached { attachment: PLAN, name: "film".into(), file: largest };
    cards(1).when::<Card>(card(1), attach("film", largest)).then([attached]);
}

#[test]
fn a_file_is_one_of_the_project_as_soon_as_a_card_has_it_and_for_as_long_as_the_history_shows_it() {
    let before = cards(1);
    assert_eq!(named(&before, plan()), None);
    let attached = before.sent::<Card>(card(1), attach("plan.pdf", plan()));
    assert_eq!(named(&attached, plan()), Some(NamedFile { from: None }));
    let removed = attached.sent::<Card>(card(1), C::RemoveAttachment { attachment: PLAN });
    assert_eq!(named(&removed, plan()), Some(NamedFile { from: None }));
    assert_eq!(named(&removed, FileRef { hash: Hash::of(b"another"), bytes: 7 }), None);
}

#[test]
fn a_copy_of_a_card_has_its_files() {
    let given = cards(1).sent::<Card>(card(1), attach("plan.pdf", plan()));
    let copy = C::Copy { of: card(1), column: DOING, before: None };
    let copied = given.sent::<Card>(card(5), copy);
    assert_eq!(copied.model::<Card>(card(5)).attachments, copied.model::<Card>(card(1)).attachments);
}

#[test]
fn of_a_file_that_came_with_a_card_it_is_known_where_its_bytes_may_be() {
    let from = SpaceId(Id([0xee; 16]));
    let kept = Attachment::File { name: "plan.pdf".into(), file: plan() };
    let arrival = C::Arrive {
        journey: Journey { id: CommandId(Id([0x77; 16])), number: 1 },
        by: PersonId::from(recordplayer::testing::FOUNDER),
        column: TODO,
        former: [(from, "OTH-7".to_owned())].into(),
        card: Box::new(Carried {
            title: "From elsewhere".into(),
            attachments: [(PLAN, kept)].into(),
            ..Carried::default()
        }),
        outfit: Box::default(),
        was_here: false,
    };
    let given = board().errand_with(from).sent::<Card>(card(9), arrival);
    assert_eq!(named(&given, plan()), Some(NamedFile { from: Some(from) }));
}
