//! What an export tells becomes a space that is as the exported one was, under another id, with nobody in it but who brought the export.

use std::sync::Arc;

use crate::machines::{Authority, FIRST, MINE, PERSON, SPACE, person};
use crate::todo::{Item, ItemCommand, List, add, command, domain, id};
use recordplayer::commit::Commit;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::id::{ActorId, Id, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::AnswerCode;
use recordplayer::record::{Payload, Position};
use recordplayer::replica::Replica;
use recordplayer::retelling::{Retelling, RetellingError, Told};
use recordplayer::storage::{Append, OutboxContent};
use recordplayer::time::Timestamp;

/// What the exported space was called, where the new one takes the id that all tests use.
const OTHER: SpaceId = SpaceId(Id([0x0e; 16]));
const LIST: u8 = 100;

/// A log as an export of another space tells it.
pub fn told(log: &[Commit]) -> Vec<Told> {
    let elsewhere = |commit| {
        let mut told = Told::from(commit);
        (told.header.space, told.header.epoch) = (OTHER, 3);
        let own = told.records.iter_mut().filter(|record| record.stream.id == SPACE.0);
        own.for_each(|record| record.stream.id = OTHER.0);
        told
    };
    log.iter().map(elsewhere).collect()
}

/// The log of the space that this becomes.
pub fn retold(domain: &Arc<Domain>, told: Vec<Told>, by: ActorId) -> Result<Append, RetellingError> {
    let mut retelling = Retelling::new(Arc::clone(domain), SPACE, [7; 32]);
    told.into_iter().try_for_each(|told| retelling.tell(told))?;
    retelling.goes_on(Timestamp(5), by)?;
    Ok(retelling.end())
}

fn membership(command: &MembershipCommand) -> Intent {
    Intent::of::<Membership>(SPACE.0, command).unwrap()
}

/// Two items, a refused command, another member, and a name that was redacted.
fn exported() -> Authority {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 101, add(1, LIST, "one")), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 3, 102, add(2, LIST, "a secret")), AnswerCode::Accepted);
    let secret = authority.head().position;
    assert_eq!(authority.submit(FIRST, None, 4, 103, command(9, &ItemCommand::Finish {})), AnswerCode::Refused);
    let member = MembershipCommand::AddMember { person: person(9), role: "member".to_owned() };
    assert_eq!(authority.submit(FIRST, None, 5, 104, membership(&member)), AnswerCode::Accepted);
    let redact = MembershipCommand::Redact { records: vec![Position(secret.0 - 1), secret], reopened: None };
    assert_eq!(authority.submit(FIRST, None, 6, 105, membership(&redact)), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 7, 106, command(1, &ItemCommand::Finish {})), AnswerCode::Accepted);
    authority
}

/// What somebody holds who has all of it.
fn replica(authority: &Authority) -> Replica {
    Replica::open(domain(), SPACE, PERSON, authority.reader(), OutboxContent::default(), MINE).unwrap()
}

#[test]
fn what_is_told_again_is_as_it_was_but_for_who_is_in_it() {
    let before = exported();
    let append = retold(&domain(), told(&before.log()), person(8)).unwrap();
    let is_gone = |commit: &Commit| commit.records.iter().any(|record| record.payload == Payload::Erased);
    assert!(append.commits.iter().any(|commit| is_gone(commit)), "what is gone is so before the log says it");
    let mut after = Authority::over_log(domain(), append);
    let (was, is) = (replica(&before), replica(&after));
    for item in [1, 2] {
        let (was, is) = (was.confirmed_models().get::<Item>(id(item)), is.confirmed_models().get::<Item>(id(item)));
        assert_eq!(was, is);
    }
    let open = |replica: &Replica| replica.confirmed_models().get::<List>(id(LIST)).open.clone();
    assert_eq!(open(&was), open(&is));
    assert_eq!(is.confirmed_models().get::<Item>(id(2)).title, "", "what was redacted is gone");

    // Record by record it is the same log, under another id.
    let (old, new) = (before.log(), after.log());
    assert_eq!(new.len(), old.len() + 1);
    for (old, new) in old.iter().zip(&new) {
        assert_eq!((new.header.space, new.header.epoch), (SPACE, 1));
        assert_eq!(new.header.origin(), old.header.origin());
        let payloads = |commit: &Commit| commit.records.iter().map(|it| it.payload.clone()).collect::<Vec<_>>();
        assert_eq!(payloads(new), payloads(old));
        assert_eq!(new.head().position, old.head().position);
    }
    assert!(new.iter().any(is_gone));

    // Who brought it manages it, and whoever was in it is out.
    let members = after.space.members();
    assert_eq!(members.members().collect::<Vec<_>>(), [(person(8), "owner")]);
    assert!(members.was_member(PERSON) && members.was_member(person(9)) && !members.was_member(person(8)));
    let continued = members.continued().unwrap();
    assert_eq!((continued.first, continued.at), (OTHER, after.head().position));
    assert!(members.is_of_export(before.head().position) && !members.is_of_export(after.head().position));

    // It goes on: a new command of the one who brought it is decided on what was told.
    let entry = crate::machines::entry(1, recordplayer::id::CommandId(Id([0x90; 16])), add(3, LIST, "three"));
    assert_eq!(after.submit_as(person(8), MINE, None, 0, entry), Some(AnswerCode::Accepted));
    after.start_again(domain(), recordplayer::space::Ending::InOrder);
    assert_eq!(replica(&after).confirmed_models().get::<Item>(id(3)).title, "three");
}

#[test]
fn an_export_of_what_was_told_again_names_the_first_space_still() {
    let append = retold(&domain(), told(&exported().log()), person(8)).unwrap();
    let once = Authority::over_log(domain(), append);
    let mut twice = told(&once.log());
    for told in &mut twice {
        told.header.space = SpaceId(Id([0x0f; 16]));
        for record in told.records.iter_mut().filter(|record| record.stream.id == OTHER.0) {
            record.stream.id = Id([0x0f; 16]);
        }
    }
    let again = Authority::over_log(domain(), retold(&domain(), twice, PERSON).unwrap());
    let members = again.space.members();
    assert_eq!(members.continued().unwrap().first, OTHER);
    assert_eq!(members.first_space(SPACE), OTHER);
    assert!(members.role_of(PERSON).is_some() && members.role_of(person(8)).is_none());
    assert!(!members.was_member(PERSON), "who is in it again is no former member");
}

#[test]
fn what_is_no_whole_log_of_one_space_becomes_none() {
    let domain = domain();
    let all = told(&exported().log());
    let why = |told: Vec<Told>| retold(&domain, told, PERSON).unwrap_err();
    assert!(matches!(why(Vec::new()), RetellingError::Empty));
    let mut gap = all.clone();
    gap.remove(2);
    assert!(matches!(why(gap), RetellingError::Gap { .. }));
    let mut mixed = all.clone();
    mixed[1].header.space = SPACE;
    assert!(matches!(why(mixed), RetellingError::Mixed));
    let mut unfounded = all.clone();
    unfounded.truncate(1);
    unfounded[0].records.truncate(1);
    assert!(matches!(why(unfounded), RetellingError::NotFounded));
    let mut personal = all.clone();
    let own = SpaceId::personal(PERSON);
    for told in &mut personal {
        told.header.space = own;
        told.records.iter_mut().filter(|it| it.stream.id == OTHER.0).for_each(|it| it.stream.id = own.0);
    }
    assert!(matches!(why(personal), RetellingError::Personal));
    // What no commit can be: no records, an event in front, a number of nothing, a policy that answers to what comes later.
    for spoil in [
        |told: &mut Told| told.records.clear(),
        |told: &mut Told| drop(told.records.remove(0)),
        |told: &mut Told| told.header.number = 0,
        |told: &mut Told| told.header.trigger = Some(Position(1_000)),
        |told: &mut Told| told.records[0].payload = Payload::Plain([0xff].into()),
    ] {
        let mut spoilt = all.clone();
        spoil(&mut spoilt[1]);
        assert!(matches!(why(spoilt), RetellingError::Commit(_)), "a commit of it can be no commit");
    }
    assert!(retold(&domain, all, PERSON).is_ok());
}

#[test]
fn nobody_says_that_a_space_goes_on_but_the_authority() {
    let mut authority = exported();
    let says = membership(&MembershipCommand::Continue { from: OTHER });
    assert_eq!(authority.submit(FIRST, None, 8, 107, says), AnswerCode::Refused);
}
