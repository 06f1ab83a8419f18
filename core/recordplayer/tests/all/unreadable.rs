//! A disk that cannot be read: nobody goes by what was not read, and nobody is sent away for it.

use crate::machines::{self, Authority, Device, FIRST};
use crate::todo::{Item, add, domain, id};
use recordplayer::protocol::AnswerCode;
use recordplayer::replica::ReplicaOutput;
use recordplayer::space::Ending;

/// An authority whose saved members could not be read took the space for one of nobody. Everybody was told that they have no access, and a
/// device that was just fetching the space anew left it, with what it had in its outbox. (Simulation, kanban, seed 245146301231530.)
#[test]
fn an_authority_that_cannot_read_who_its_members_are_does_not_open() {
    let mut authority = Authority::founded(domain());
    authority.save();
    authority.fail_rows(true);
    let outcome = authority.try_to_start_again(domain(), Ending::InOrder);
    assert_eq!(outcome.unwrap_err().to_string(), "the store cannot be read: a bad sector");
    authority.fail_rows(false);
    authority.start_again(domain(), Ending::InOrder);
    assert!(authority.space.members().role_of(machines::PERSON).is_some());
}

/// What could not be read was kept in memory as if it had never been born, and nobody was told.
#[test]
fn a_device_says_that_it_could_not_read_and_reads_again() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 10, add(1, 100, "milk")), AnswerCode::Accepted);
    authority.save();
    let mut device = Device::copy_of(&authority, domain());
    device.fail_rows(true);
    let unread = device.replica.entity::<Item>(id(1));
    assert_eq!(unread.title, "");
    assert!(matches!(device.replica.poll_output(), Some(ReplicaOutput::Damaged(_))));
    device.fail_rows(false);
    assert_eq!(device.replica.entity::<Item>(id(1)).title, "milk");
    assert!(device.replica.poll_output().is_none());
}

/// Who looks at something asks at once whether it was read, and does not wait for what the machine has to say.
#[test]
fn who_looks_at_what_cannot_be_read_can_ask_for_the_reason() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 10, add(1, 100, "milk")), AnswerCode::Accepted);
    authority.save();
    let mut device = Device::copy_of(&authority, domain());
    device.fail_rows(true);
    assert_eq!(device.replica.take_failure(), None, "nobody has looked");
    assert_eq!(device.replica.entity::<Item>(id(1)).title, "");
    let why = device.replica.take_failure().map(|error| error.to_string());
    assert_eq!(why.as_deref(), Some("the store cannot be read: a bad sector"));
    assert!(device.replica.poll_output().is_none(), "it is told once");
}
