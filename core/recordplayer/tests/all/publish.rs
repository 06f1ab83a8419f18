//! A space that was begun elsewhere is taken on whole, once, or not at all.

use std::sync::Arc;

use crate::machines::{Authority, FIRST, PERSON, SPACE};
use crate::todo::{add, domain};
use recordplayer::commit::{Commit, Head};
use recordplayer::decide::Intent;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, Id};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, PublishEnd, ServerFrame};

/// Who the person is at the server.
const ACCOUNT: ActorId = ActorId(Id([0xac; 16]));
const PUBLICATION: Id = Id([0xb0; 16]);

fn membership(command: &MembershipCommand) -> Intent {
    Intent::of::<Membership>(SPACE.0, command).unwrap()
}

/// A log that was begun without a server, and given away where that is wished.
fn begun(is_given: bool) -> (Authority, Vec<Arc<[u8]>>) {
    let mut local = Authority::founded(domain());
    assert_eq!(local.submit(FIRST, None, 2, 101, add(1, 100, "one")), AnswerCode::Accepted);
    assert_eq!(local.submit(FIRST, None, 3, 102, add(2, 100, "two")), AnswerCode::Accepted);
    if is_given {
        let hand_over = MembershipCommand::HandOver { publication: PUBLICATION, server: "the server".to_owned() };
        assert_eq!(local.submit(FIRST, None, 4, 103, membership(&hand_over)), AnswerCode::Accepted);
    }
    let ServerFrame::Commits { commits, .. } = local.everything() else { panic!("it tells everything") };
    (local, commits)
}

fn why_not(frame: &ServerFrame) -> &str {
    let ServerFrame::NotPublished { message, again: false, .. } = frame else { panic!("{frame:?}") };
    message
}

#[test]
fn what_is_taken_on_is_the_log_as_it_was_and_its_person_is_the_one_who_brings_it() {
    let (mut local, commits) = begun(true);
    let mut server = Authority::empty(domain());
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, commits.clone());
    assert!(matches!(said, ServerFrame::Published { end: PublishEnd::TakeOn, .. }), "{said:?}");
    assert_eq!(server.space.epoch(), 2, "the server goes on in an epoch of its own");
    assert_eq!(server.head().position, local.head().position.plus(2));
    let ServerFrame::Commits { commits: there, .. } = server.everything() else { panic!("it tells everything") };
    assert_eq!(there[..commits.len()], commits[..], "byte for byte");
    let members = server.space.members();
    assert_eq!((members.role_of(ACCOUNT).is_some(), members.role_of(PERSON)), (true, None));
    assert_eq!(members.claimed_by(PERSON), Some(ACCOUNT));

    // The answer was lost: the same once more changes nothing, and another publication does not pass for it.
    let head = server.head();
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, commits.clone());
    assert!(matches!(said, ServerFrame::Published { .. }), "{said:?}");
    let said = server.bring(ACCOUNT, Id([0xb1; 16]), PublishEnd::TakeOn, commits);
    assert!(why_not(&said).contains("same id"), "{said:?}");
    assert_eq!(server.head(), head);

    // Where it was begun nothing is decided any more.
    assert_eq!(local.submit(FIRST, None, 5, 104, add(3, 100, "three")), AnswerCode::RetryAfter);
    // A restart reads both epochs.
    server.start_again(domain(), recordplayer::space::Ending::InOrder);
    assert_eq!((server.head(), server.space.epoch()), (head, 2));
}

#[test]
fn a_rehearsal_and_what_is_wrong_leave_nothing_behind() {
    let (_, given) = begun(true);
    let (_, kept) = begun(false);
    let mut server = Authority::empty(domain());
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::Rehearse, kept.clone());
    assert!(matches!(said, ServerFrame::Published { end: PublishEnd::Rehearse, .. }), "{said:?}");

    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, kept.clone());
    assert!(why_not(&said).contains("does not give it"), "{said:?}");
    let said = server.bring(ACCOUNT, Id([0xb1; 16]), PublishEnd::TakeOn, given.clone());
    assert!(why_not(&said).contains("does not give it"), "{said:?}");
    assert!(!why_not(&server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, Vec::new())).is_empty());

    // A commit is missing, or one of its bytes is another.
    let mut gap = given.clone();
    gap.remove(1);
    assert!(why_not(&server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, gap)).contains("damaged"));
    for at in [0, 2, 20] {
        let mut bytes = given[1].to_vec();
        let last = bytes.len() - 1;
        bytes[at.min(last)] ^= 0x55;
        let mut forged = given.clone();
        forged[1] = bytes.into();
        let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, forged);
        assert!(matches!(said, ServerFrame::NotPublished { again: false, .. }), "byte {at}: {said:?}");
    }
    assert_eq!(server.head(), Head::START);
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, given);
    assert!(matches!(said, ServerFrame::Published { .. }), "and what is right is taken on: {said:?}");
}

/// Whoever reads it would look for what took it out, for ever.
#[test]
fn a_log_out_of_which_something_is_gone_without_a_word_is_not_taken_on() {
    let (_, mut given) = begun(true);
    let mut previous = Hash::default();
    for bytes in &mut given {
        let commit = Commit::open(Arc::clone(bytes), &previous).unwrap();
        let records = commit.records.iter().map(|record| record.number).collect();
        if let Some(without) = commit.redacted(&records, &previous).unwrap() {
            *bytes = without.bytes;
        }
        previous = commit.hash;
    }
    let mut server = Authority::empty(domain());
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::Rehearse, given.clone());
    assert!(why_not(&said).contains("taken out"), "{said:?}");
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, given);
    assert!(why_not(&said).contains("taken out"), "{said:?}");
    assert_eq!(server.head(), Head::START);
}

/// What was decided behind a redaction is decided again, for it looked at what goes; but a log that comes in was decided long ago. Half of it was
/// taken on, and the space could be published no more.
#[test]
fn a_log_that_holds_a_redaction_is_taken_on_whole() {
    let mut local = Authority::founded(domain());
    assert_eq!(local.submit(FIRST, None, 2, 101, add(1, 100, "one")), AnswerCode::Accepted);
    let record = local.log().last().unwrap().events().next().unwrap().number;
    let redact = MembershipCommand::Redact { records: vec![record], reopened: None };
    assert_eq!(local.submit(FIRST, None, 3, 102, membership(&redact)), AnswerCode::Accepted);
    assert_eq!(local.submit(FIRST, None, 4, 103, add(2, 100, "two")), AnswerCode::Accepted);
    let hand_over = MembershipCommand::HandOver { publication: PUBLICATION, server: "the server".to_owned() };
    assert_eq!(local.submit(FIRST, None, 5, 104, membership(&hand_over)), AnswerCode::Accepted);
    let ServerFrame::Commits { commits, .. } = local.everything() else { panic!("it tells everything") };
    let mut server = Authority::empty(domain());
    let said = server.bring(ACCOUNT, PUBLICATION, PublishEnd::TakeOn, commits.clone());
    assert!(matches!(said, ServerFrame::Published { .. }), "{said:?}");
    assert_eq!(server.log().len(), commits.len() + 1);
}
