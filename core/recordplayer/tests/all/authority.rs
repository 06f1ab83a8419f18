//! The space machine alone: what it answers, whatever comes.

use crate::machines::{Authority, FIRST, HeldBack, SPACE, entry};
use crate::todo::{Item, ItemCommand, List, ListView, add, command, domain, id};
use recordplayer::commit::{Commit, Head};
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::limits::{REQUIRES_MAX, VERDICTS_MAX};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, CommandEntry, Knowledge, ServerFrame};
use recordplayer::record::Seen;
use recordplayer::refusal::CoreRefusal;
use recordplayer::response::Response;
use recordplayer::saving::Saving;
use recordplayer::space::Ending;
use recordplayer::thresholds::Thresholds;
use recordplayer::view::ViewKey;

fn rename(number: u64) -> Intent {
    if number == 2 { add(1, 100, "one") } else { command(1, &ItemCommand::Rename { title: number.to_string() }) }
}

const CLONE: ReplicaId = ReplicaId(Id([4; 16]));

/// A device changed its identity and sent again what it had not heard of. A frame of its old session, which had been on its way all the time,
/// arrived after that: the same command was decided under both identities, and the item was there twice.
#[test]
fn a_command_is_decided_once_whichever_identity_of_the_device_sends_it() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "once")), AnswerCode::Accepted);
    assert_eq!(authority.submit(CLONE, Some(FIRST), 1, 7, add(1, 100, "once")), AnswerCode::Refused);
    // The other way round: the old frame comes last.
    assert_eq!(authority.submit(CLONE, Some(FIRST), 2, 8, add(2, 100, "twice?")), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 3, 8, add(2, 100, "twice?")), AnswerCode::Refused);
    // Both go on.
    assert_eq!(authority.submit(FIRST, None, 4, 9, add(3, 100, "first")), AnswerCode::Accepted);
    assert_eq!(authority.submit(CLONE, Some(FIRST), 3, 10, add(4, 100, "clone")), AnswerCode::Accepted);
}

/// A restored log had lost whom two copies of a device descend from, and the same command was refused under both identities, each for a reason of
/// its own.
#[test]
fn a_command_is_decided_once_where_the_log_does_not_say_that_two_identities_are_copies() {
    let mut authority = Authority::founded(domain());
    let command = |number| entry(number, CommandId(Id([7; 16])), add(1, 100, "once"));
    assert_eq!(authority.submit_answered(FIRST, None, 0, command(2)), AnswerCode::Accepted);
    assert_eq!(authority.submit_answered(CLONE, None, 0, command(1)), AnswerCode::Refused);
    // The verdict was heard and let go of, so the log is asked.
    let heard = entry(3, CommandId(Id([8; 16])), add(2, 100, "heard"));
    assert_eq!(authority.submit_answered(FIRST, None, 2, heard), AnswerCode::Accepted);
    assert_eq!(authority.submit_answered(CLONE, None, 1, command(2)), AnswerCode::Refused);
    let repeated = Some(CoreRefusal::DecidedAlready {});
    let why = |commit: &Commit| Some(Response::of(commit)?.refused.typed::<CoreRefusal>());
    assert_eq!(authority.log().iter().filter_map(why).collect::<Vec<_>>(), [repeated.clone(), repeated]);
}

/// A restore was undone by another one, with a clock that was set back: what somebody had seen of the first epoch was taken for places of the
/// second one, whose number was smaller, and a command was decided again.
#[test]
fn what_was_seen_of_an_abandoned_epoch_with_a_later_number_is_no_place_of_this_log() {
    let mut authority = Authority::founded(domain());
    authority.reopen();
    let command = |number| entry(number, CommandId(Id([7; 16])), add(1, 100, "once"));
    assert_eq!(authority.submit_answered(CLONE, None, 0, command(1)), AnswerCode::Accepted);
    let heard = entry(2, CommandId(Id([8; 16])), add(2, 100, "heard"));
    assert_eq!(authority.submit_answered(CLONE, None, 1, heard), AnswerCode::Accepted);
    let mut again = command(2);
    again.seen = Seen { epoch: authority.space.epoch() + 100, position: authority.head().position.plus(50) };
    assert_eq!(authority.submit_answered(FIRST, None, 0, again), AnswerCode::Refused);
    let refused = Response::of(authority.log().last().unwrap()).unwrap().refused;
    assert_eq!(refused.typed(), Some(CoreRefusal::DecidedAlready {}));
}

/// A client that never said what it had heard made the table of verdicts grow by a row for each command, for ever, and each checkpoint with it.
#[test]
fn who_acknowledges_nothing_is_asked_to_wait() {
    let mut authority = Authority::founded(domain());
    let command =
        |number: u64| entry(number, CommandId(Id::derived("test", &[&number.to_be_bytes()])), add(1, 100, "x"));
    for number in 2..=VERDICTS_MAX {
        let code = authority.submit_answered(FIRST, None, 0, command(number));
        assert!(matches!(code, AnswerCode::Accepted | AnswerCode::Refused), "{number}: {code:?}");
    }
    let next = VERDICTS_MAX + 1;
    assert_eq!(authority.submit_answered(FIRST, None, 0, command(next)), AnswerCode::RetryAfter);
    let code = authority.submit_answered(FIRST, None, next - 1, command(next));
    assert!(matches!(code, AnswerCode::Accepted | AnswerCode::Refused), "{code:?}");
}

/// A client that sent its command again and again while the disk stalled made the server keep an answer for each time.
#[test]
fn who_asks_again_while_the_disk_stalls_is_told_to_wait() {
    let mut authority = Authority::founded(domain());
    authority.holds_back = Some(HeldBack::Appends);
    let command = || entry(2, CommandId(Id([7; 16])), add(1, 100, "x"));
    let waits = |authority: &mut Authority| authority.try_to(FIRST, None, 0, command());
    assert_eq!(waits(&mut authority), None, "it waits for the disk");
    let told = (0..10_000).find_map(|_| waits(&mut authority));
    assert_eq!(told, Some(AnswerCode::RetryAfter));
    authority.let_appends_pass();
    assert_eq!(waits(&mut authority), Some(AnswerCode::Accepted));
}

/// A command that overflowed the stack killed the server, was sent again at once, killed it again, and nobody else was served any more.
#[test]
fn a_command_that_kills_the_process_is_quarantined_and_the_others_go_on() {
    let mut authority = Authority::founded(domain());
    authority.deadly = Some(CommandId(Id([66; 16])));
    // The first time nobody knows; then it is tried under a mark, and dies with it twice.
    let mut deaths = 0;
    let verdict = loop {
        authority.start_again(domain(), Ending::Crash { mark: authority.mark });
        // Others are served before and behind it, each tried in its turn.
        let before =
            authority.submit(CLONE, None, deaths + 1, 200 + deaths as u8, add(50 + deaths as u8, 100, "other"));
        assert_eq!(before, AnswerCode::Accepted);
        match authority.try_to(FIRST, None, 0, entry(2, CommandId(Id([66; 16])), add(1, 100, "deadly"))) {
            Some(code) => break code,
            None => deaths += 1,
        }
    };
    assert_eq!((verdict, deaths), (AnswerCode::Refused, 2));
    assert_eq!(authority.submit(FIRST, None, 3, 9, add(3, 100, "behind it")), AnswerCode::Accepted);
}

/// After a crash commands wait to be tried one by one, and what may wait was counted by the number: so many of the largest ones were half a gigabyte.
#[test]
fn what_waits_to_be_tried_after_a_crash_is_bounded_by_what_it_says() {
    let thresholds = Thresholds { in_flight_bytes_max: 1_000, ..Thresholds::default() };
    let domain = || Domain::new("todo", 1).entity::<Item>().entity::<List>().with_thresholds(thresholds).shared();
    let mut authority = Authority::founded(domain());
    authority.start_again(domain(), Ending::Crash { mark: None });
    authority.holds_back = Some(HeldBack::Appends);
    // The first one is decided, and those behind it wait for it.
    let says = |bytes: usize| add(1, 100, &"x".repeat(bytes));
    let mut told =
        |number: u64| authority.try_to(FIRST, None, 0, entry(number, CommandId(Id([number as u8; 16])), says(900)));
    assert_eq!([2, 3, 4].map(&mut told), [None; 3]);
    assert_eq!([5, 6, 7].map(told), [Some(AnswerCode::RetryAfter); 3]);
    authority.let_appends_pass();
    // One that says more than all that may wait is tried as well.
    assert_eq!(authority.submit(CLONE, None, 1, 99, says(3_000)), AnswerCode::Accepted);
}

/// The command with this number of a replica comes to an authority, which may not answer yet.
fn comes(authority: &mut Authority, replica: ReplicaId, number: u8) -> Option<AnswerCode> {
    let of_replica = if replica == FIRST { 10 } else { 20 };
    let entry = entry(number.into(), CommandId(Id([of_replica + number; 16])), add(of_replica + number, 100, "x"));
    authority.try_to(replica, None, 0, entry)
}

fn decided(authority: &Authority) -> Vec<(ReplicaId, u64)> {
    authority.log().iter().skip(1).map(|commit| (commit.header.replica, commit.header.number)).collect()
}

/// After a crash a command waits for its mark to be on the disk. What comes meanwhile waits behind it, whoever sends it.
#[test]
fn what_comes_while_a_mark_is_on_its_way_is_decided_behind_it_in_order() {
    let mut authority = Authority::founded(domain());
    authority.start_again(domain(), Ending::Crash { mark: None });
    authority.holds_back = Some(HeldBack::Marks);
    for (replica, number) in [(FIRST, 2), (CLONE, 1), (FIRST, 3)] {
        assert_eq!(comes(&mut authority, replica, number), None);
    }
    assert_eq!(decided(&authority), []);
    authority.let_the_mark_pass();
    assert_eq!(comes(&mut authority, CLONE, 2), None, "the mark of the second one is on its way");
    assert_eq!(decided(&authority), [(FIRST, 2)]);
    while let Some(mark) = authority.held_mark {
        authority.let_the_mark_pass();
        assert_eq!(decided(&authority).last(), Some(&(mark.replica, mark.number)), "the one that it names");
    }
    assert_eq!(decided(&authority), [(FIRST, 2), (CLONE, 1), (FIRST, 3), (CLONE, 2)]);
}

/// Without its mark a command is not tried, for nobody would know at the next start that it was the one; and what its replica sent behind it is not
/// decided before it.
#[test]
fn a_command_whose_mark_cannot_be_written_comes_again_and_those_behind_it() {
    let mut authority = Authority::founded(domain());
    authority.start_again(domain(), Ending::Crash { mark: None });
    authority.holds_back = Some(HeldBack::Marks);
    for (replica, number) in [(FIRST, 2), (FIRST, 3), (CLONE, 1)] {
        assert_eq!(comes(&mut authority, replica, number), None);
    }
    assert_eq!(authority.fail_the_mark(), Some(AnswerCode::Expect), "and the one behind it was told so");
    assert_eq!(authority.held_mark.map(|mark| mark.replica), Some(CLONE), "others go on");
    authority.let_the_mark_pass();
    authority.holds_back = None;
    for number in [2, 3] {
        assert_eq!(comes(&mut authority, FIRST, number), Some(AnswerCode::Accepted));
    }
    assert_eq!(decided(&authority), [(CLONE, 1), (FIRST, 2), (FIRST, 3)]);
}

/// A device finds the last place that it shares with a restored authority without a word back: each place lies about twice as far back.
#[test]
fn who_holds_another_history_is_told_places_of_this_one() {
    let mut authority = Authority::founded(domain());
    for number in 2..40 {
        assert_eq!(authority.submit(FIRST, None, number, 100 + number as u8, rename(number)), AnswerCode::Accepted);
    }
    let ends: Vec<Head> = authority.log().iter().map(Commit::head).collect();
    let end = authority.head();
    let mut expected = vec![end];
    let mut back = 1;
    while back < end.position.0 {
        // The commit with that record.
        let place = *ends.iter().find(|place| place.position.0 >= end.position.0 - back).unwrap();
        if expected.last() != Some(&place) {
            expected.push(place);
        }
        back *= 2;
    }
    assert!(expected.len() > 4, "{expected:?}");
    let other = Head { position: end.position, hash: Hash([9; 32]) };
    match authority.told_of(Knowledge { epoch: 1, head: other }) {
        ServerFrame::Parted { epoch: 1, head, places, .. } => assert_eq!((head, places), (end, expected)),
        told => panic!("{told:?}"),
    }
}

#[test]
fn a_history_is_this_one_where_the_chain_says_so_and_its_epoch_has_been() {
    let mut authority = Authority::founded(domain());
    let middle = authority.head();
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted);
    let end = authority.head();
    let beyond = Head { position: end.position.plus(1), hash: Hash([9; 32]) };
    let within = Head { position: middle.position, hash: Hash([9; 32]) };
    for (epoch, head, is_this) in [
        (0, Head::START, true),
        (9, Head::START, true),
        (1, middle, true),
        (0, middle, true),
        (1, end, true),
        (2, middle, false),
        (2, end, false),
        (1, beyond, false),
        (0, beyond, false),
        (1, within, false),
    ] {
        let told = authority.told_of(Knowledge { epoch, head });
        assert_eq!(!matches!(told, ServerFrame::Parted { .. }), is_this, "{epoch} {head:?}: {told:?}");
    }
}

/// Undecided work is bounded: whoever sends beyond it is asked to wait, and loses nothing.
#[test]
fn while_the_disk_is_slow_only_so_much_is_decided() {
    let large = "x".repeat(200 * 1024);
    for (title, least, most) in [("x", 4_096, 4_096), (large.as_str(), 60, 110)] {
        let mut authority = Authority::founded(domain());
        authority.holds_back = Some(HeldBack::Appends);
        let command = |number: u64| {
            let content = ItemCommand::Add { list: id(100 + (number / 10 % 100) as u8), title: title.to_owned() };
            let command = CommandId(Id::derived("test", &[&number.to_be_bytes()]));
            let item = Id::derived("item", &[&number.to_be_bytes()]);
            entry(number, command, Intent::of::<Item>(item, &content).unwrap())
        };
        let mut taken = 0;
        let asked = (2..6_000).find(|number| {
            taken = number - 2;
            authority.try_to(FIRST, None, number - 1, command(*number)) == Some(AnswerCode::RetryAfter)
        });
        assert!((least..=most).contains(&taken), "{taken}");
        authority.let_appends_pass();
        let next = asked.unwrap();
        assert_ne!(authority.submit_answered(FIRST, None, next - 1, command(next)), AnswerCode::RetryAfter);
    }
}

#[test]
fn a_space_is_saved_when_its_strategy_says_so() {
    let saved_at = |saving: Saving, command: &dyn Fn(u64) -> Intent| {
        let saving = Saving { after_ms: None, ..saving };
        let domain = Domain::new("todo", 1).entity::<Item>().entity::<List>().view::<ListView>().saving(saving);
        let mut authority = Authority::founded(domain.shared());
        let mut saved = Vec::new();
        for number in 2..9 {
            assert_eq!(
                authority.submit(FIRST, None, number, 100 + number as u8, command(number)),
                AnswerCode::Accepted
            );
            let at = authority.reader().checkpoint().unwrap().map(|checkpoint| checkpoint.head);
            if at == Some(authority.head()) {
                saved.push(number);
            }
        }
        saved
    };
    // To found it was one event, an item is added with two, and named with one.
    let every = |events| Saving { every_events: Some(events), ..Saving::default() };
    assert_eq!(saved_at(every(3), &rename), [2, 5, 8]);
    assert_eq!(saved_at(every(5), &rename), [4]);
    let rare = Saving { every_events: None, on_events: &["item.finished"], ..Saving::default() };
    let finish = |number| if number == 5 { command(1, &ItemCommand::Finish {}) } else { rename(number) };
    assert_eq!(saved_at(rare, &finish), [5]);
}

/// Who is no member changes nothing and hears nothing; into a space that nobody has founded, whoever comes first sends what founds it.
#[test]
fn a_stranger_sends_nothing_but_what_founds_a_new_space() {
    let stranger = ActorId(Id([0x99; 16]));
    let of = |space: SpaceId, command: &MembershipCommand| Intent::of::<Membership>(space.0, command).unwrap();
    let found = MembershipCommand::Found { title: "mine".to_owned() };
    let rename = MembershipCommand::Rename { title: "mine".to_owned() };
    let other = SpaceId(Id([0x55; 16]));
    let strange = [add(1, 100, "x"), of(SPACE, &rename), of(other, &found)];
    for mut authority in [Authority::founded(domain()), Authority::empty(domain())] {
        let before = authority.log().len();
        for intent in &strange {
            let told = authority.told_to(stranger, CLONE, intent.clone());
            assert!(matches!(told, ServerFrame::NoAccess { .. }), "{told:?}");
        }
        assert_eq!(authority.log().len(), before);
    }
    let told = Authority::founded(domain()).told_to(stranger, CLONE, of(SPACE, &found));
    assert!(matches!(told, ServerFrame::NoAccess { .. }), "it is founded: {told:?}");
    let told = Authority::empty(domain()).told_to(stranger, CLONE, of(SPACE, &found));
    assert!(matches!(told, ServerFrame::Answer { code: AnswerCode::Accepted, .. }), "{told:?}");
}

/// Who looks at two things and lets go of one looks at the other one still.
#[test]
fn who_lets_go_of_a_view_still_follows_the_rest() {
    let view = |list: u8| ViewKey::of::<ListView>(id(list));
    let mut authority = Authority::founded(domain());
    let mut number = 1;
    let mut is_told = |authority: &mut Authority, list: u8| {
        number += 1;
        authority.said.clear();
        assert_eq!(
            authority.submit(FIRST, None, number, number as u8, add(number as u8, list, "x")),
            AnswerCode::Accepted
        );
        !std::mem::take(&mut authority.said).is_empty()
    };
    authority.look_at(view(100));
    authority.look_at(view(101));
    assert!(is_told(&mut authority, 100) && is_told(&mut authority, 101) && !is_told(&mut authority, 102));
    authority.let_go_of(Some(view(100)));
    assert!(!is_told(&mut authority, 100) && is_told(&mut authority, 101));
    let knowledge = Knowledge { epoch: 1, head: authority.head() };
    authority.follow_all(knowledge);
    authority.let_go_of(Some(view(101)));
    assert!(is_told(&mut authority, 102), "it follows all");
    authority.look_at(view(100));
    authority.let_go_of(None);
    assert!(is_told(&mut authority, 100) && !is_told(&mut authority, 101));
    authority.let_go_of(Some(view(100)));
    assert!(!is_told(&mut authority, 100));
}

#[test]
fn a_number_is_answered_by_what_the_log_says_of_it() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted);
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "a")), AnswerCode::Accepted, "again the same");
    assert_eq!(authority.submit(FIRST, None, 2, 8, add(2, 100, "b")), AnswerCode::Conflict, "another command's number");
    assert_eq!(authority.submit(FIRST, None, 5, 9, add(3, 100, "c")), AnswerCode::Expect);
    assert_eq!(authority.submit(CLONE, None, 2, 9, add(3, 100, "c")), AnswerCode::Expect, "a replica begins with 1");
    // What was heard of is kept no longer, but for the last one.
    let heard = |number, command| entry(number, CommandId(Id([command; 16])), add(3, 100, "c"));
    assert_eq!(authority.submit_answered(FIRST, None, 2, heard(3, 10)), AnswerCode::Accepted);
    assert_eq!(authority.submit_answered(FIRST, None, 2, heard(2, 7)), AnswerCode::Answered);
    assert_eq!(authority.submit_answered(FIRST, None, 2, heard(2, 8)), AnswerCode::Answered, "nobody knows any more");
    assert_eq!(authority.submit_answered(FIRST, None, 3, heard(3, 10)), AnswerCode::Accepted);
    assert_eq!(authority.submit_answered(FIRST, None, 3, heard(3, 11)), AnswerCode::Conflict);
    // Nobody has heard of what they are just sending.
    assert_eq!(authority.submit_answered(FIRST, None, 9, heard(4, 12)), AnswerCode::Accepted);
    assert_eq!(authority.log().last().unwrap().header.answered_up_to, 3);
}

/// A copy of a device has taken a number, and the device has sent what comes behind that already: it is not decided before what it follows, which
/// is on its way under another identity.
#[test]
fn what_follows_another_command_than_the_log_has_is_a_conflict() {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(CLONE, None, 1, 1, add(1, 100, "a")), AnswerCode::Accepted);
    assert_eq!(authority.submit(CLONE, None, 2, 2, add(2, 100, "the copy's")), AnswerCode::Accepted);
    let named = |command: u8| CommandId(Id([command; 16]));
    let behind = |follows: u8| CommandEntry { follows: Some(named(follows)), ..entry(3, named(4), add(4, 100, "c")) };
    assert_eq!(authority.submit_answered(CLONE, None, 1, behind(3)), AnswerCode::Conflict);
    assert_eq!(authority.submit_answered(CLONE, None, 1, behind(2)), AnswerCode::Accepted);
}

/// More would not fit a commit: it is refused, and says why.
#[test]
fn a_command_requires_only_so_many_others() {
    let mut authority = Authority::founded(domain());
    let requiring = |number: u64, count: usize| {
        let requires = (0..count).map(|other| CommandId(Id([200 + other as u8; 16]))).collect();
        CommandEntry { requires, ..entry(number, CommandId(Id([number as u8; 16])), add(number as u8, 100, "x")) }
    };
    assert_eq!(authority.submit_answered(FIRST, None, 0, requiring(2, REQUIRES_MAX)), AnswerCode::Accepted);
    for (number, count) in [(3, REQUIRES_MAX + 1), (4, REQUIRES_MAX + 20)] {
        assert_eq!(authority.submit_answered(FIRST, None, 0, requiring(number, count)), AnswerCode::Refused);
        let why = Response::of(authority.log().last().unwrap()).unwrap().refused.message;
        assert!(why.contains(&format!("it requires {count} commands")), "{why}");
    }
}

/// What was lost may be those very numbers: while it may come in again, nobody is told to count anew.
#[test]
fn in_recovery_nobody_is_told_that_their_numbers_are_wrong() {
    let mut authority = Authority::founded(domain());
    authority.recover(domain(), 60_000);
    assert_eq!(authority.submit(FIRST, None, 9, 9, add(3, 100, "c")), AnswerCode::RetryAfter);
    assert_eq!(authority.submit(FIRST, None, 1, 9, add(3, 100, "c")), AnswerCode::RetryAfter, "another's number");
    assert_eq!(authority.submit(FIRST, None, 2, 9, add(3, 100, "c")), AnswerCode::RetryAfter);
}

/// Whoever is taken out gets what they had not got yet, up to the commit that says so, and no byte more.
#[test]
fn who_is_behind_and_is_taken_out_gets_the_rest_up_to_that() {
    let mut authority = Authority::founded(domain());
    let bo = ActorId(Id([0x99; 16]));
    let manage = |command: &MembershipCommand| Intent::of::<Membership>(SPACE.0, command).unwrap();
    let role = domain().role_names()[0].to_owned();
    let mut number = 1;
    let mut send = |authority: &mut Authority, intent: Intent| {
        number += 1;
        assert_eq!(authority.submit(FIRST, None, number, number as u8, intent), AnswerCode::Accepted);
        authority.head()
    };
    let joined = send(&mut authority, manage(&MembershipCommand::AddMember { person: bo, role }));
    authority.falls_behind(bo, Knowledge { epoch: 1, head: joined });
    send(&mut authority, add(1, 100, "missed"));
    send(&mut authority, add(2, 100, "missed"));
    let out = send(&mut authority, manage(&MembershipCommand::RemoveMember { person: bo }));
    send(&mut authority, add(3, 100, "none of their business"));
    let told = std::mem::take(&mut authority.said);
    let [ServerFrame::Commits { after, upto, commits, .. }, ServerFrame::AccessEnded { at, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((*after, *upto, commits.len(), *at), (joined, out, 3, out.position));
}

/// What should have founded the space was refused, and the refusal was its first record: nobody was a member, and nobody could found it any more.
#[test]
fn a_founding_that_is_refused_leaves_nothing_behind() {
    let found = |title: &str| {
        let command = MembershipCommand::Found { title: title.to_owned() };
        Intent::of::<Membership>(SPACE.0, &command).unwrap()
    };
    let mut authority = Authority::empty(domain());
    for ending in [Ending::InOrder, Ending::Crash { mark: None }] {
        authority.start_again(domain(), ending);
        assert_eq!(authority.submit(FIRST, None, 1, 100, found(" ")), AnswerCode::Refused);
        assert_eq!(authority.head(), Head::START);
    }
    assert_eq!(authority.submit(ReplicaId(Id([4; 16])), None, 1, 101, found("space")), AnswerCode::Accepted);
}
