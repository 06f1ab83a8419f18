//! Positions and times of a log: no gap, no other history, no step back.

use crate::machines::{self, Authority, Device, FIRST, SPACE};
use crate::todo::{add, domain};
use recordplayer::commit::{Commit, Head};
use recordplayer::hash::{Hash, StateHash};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, Knowledge, ServerFrame, StateMark};
use recordplayer::replica::ReplicaOutput;
use recordplayer::time::Timestamp;

/// Rule 4: a replica that holds another history says so, and plays nothing of it.
#[test]
fn another_history_is_told_and_not_played() {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    let (head, hash) = (authority.head(), device.replica.state_hash());
    let others = [
        ServerFrame::Parted { space: SPACE, epoch: 1, head: Head { hash: Hash([7; 32]), ..head }, places: Vec::new() },
        // The same stretch with another end.
        ServerFrame::Commits {
            space: SPACE,
            epoch: 1,
            after: Head { hash: Hash([7; 32]), ..head },
            upto: Head { hash: Hash([8; 32]), ..head },
            commits: Vec::new(),
            head: Head { hash: Hash([8; 32]), ..head },
            is_backfill: false,
            state: None,
        },
        // Nobody there knows the space.
        ServerFrame::NoAccess { space: SPACE },
    ];
    for frame in others {
        device.replica.handle_connected();
        while device.replica.poll_output().is_some() {}
        device.replica.handle_frames(Timestamp(0), [frame.clone()]);
        let outputs: Vec<_> = std::iter::from_fn(|| device.replica.poll_output()).collect();
        let tells = outputs.iter().any(|output| matches!(output, ReplicaOutput::Parted { .. }));
        assert!(tells, "{frame:?}: {outputs:?}");
        assert_eq!(
            (device.replica.confirmed().position, device.replica.state_hash()),
            (head.position, hash),
            "{frame:?}"
        );
    }
    // And what really follows is played.
    assert_eq!(authority.submit(FIRST, None, 2, 1, add(1, 100, "x")), AnswerCode::Accepted);
    device.replica.handle_connected();
    device.take(authority.everything());
    assert_eq!(device.replica.confirmed().position, authority.head().position);
}

/// Rule 12: the authority's clock may be set back by years; the times in its log never are.
#[test]
fn the_time_of_a_record_is_never_less_than_that_of_the_one_before() {
    let mut authority = Authority::founded(domain());
    for (number, now) in [(2, 5_000), (3, 1_000), (4, -9_000_000_000), (5, 5_001)] {
        authority.now = Timestamp(now);
        let intent = add(number as u8, 100, "x");
        assert_eq!(authority.submit(FIRST, None, number, number as u8, intent), AnswerCode::Accepted);
    }
    let ServerFrame::Commits { commits, .. } = authority.everything() else { panic!("commits") };
    let mut previous = Hash::default();
    let times: Vec<i64> = commits
        .into_iter()
        .map(|bytes| {
            let commit = Commit::open(bytes, &previous).unwrap();
            previous = commit.hash;
            commit.header.time.0
        })
        .collect();
    assert_eq!(times, [0, 5_000, 5_000, 5_000, 5_001]);
}

/// Rule 13: who was a member is told that it is over; who never was learns nothing, not even that the space exists.
#[test]
fn who_was_a_member_is_told_and_others_learn_nothing() {
    let mut authority = Authority::founded(domain());
    let (was, never) = (machines::person(5), machines::person(6));
    let manage =
        |command: &MembershipCommand| recordplayer::decide::Intent::of::<Membership>(SPACE.0, command).unwrap();
    let add = manage(&MembershipCommand::AddMember { person: was, role: "member".to_owned() });
    assert_eq!(authority.submit(FIRST, None, 2, 1, add), AnswerCode::Accepted);
    let remove = manage(&MembershipCommand::RemoveMember { person: was });
    assert_eq!(authority.submit(FIRST, None, 3, 2, remove), AnswerCode::Accepted);
    assert!(matches!(authority.subscribe(was), ServerFrame::AccessEnded { .. }));
    assert!(matches!(authority.subscribe(never), ServerFrame::NoAccess { .. }));
}

/// A device's saved state was wrong, by a bug or a bad bit, and stayed so for years: nobody ever compared it.
#[test]
fn a_state_that_is_not_the_authoritys_is_found_with_the_next_subscription() {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    let told = authority.told_of(Knowledge { epoch: 1, head: device.replica.confirmed() });
    let ServerFrame::Commits { upto, state: Some(mark), .. } = &told else { panic!("{told:?}") };
    assert_eq!((*upto, mark.state), (device.replica.confirmed(), device.replica.state_hash()));
    let tells = |device: &mut Device, other: StateMark| {
        let ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill, .. } = told.clone() else {
            unreachable!("just seen")
        };
        let frame = ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill, state: Some(other) };
        device.replica.handle_frames(Timestamp(0), [frame]);
        let outputs: Vec<_> = std::iter::from_fn(|| device.replica.poll_output()).collect();
        outputs.iter().any(|output| matches!(output, ReplicaOutput::Damaged(_)))
    };
    let state = StateHash::from_bytes(&[3; 32]);
    assert!(!tells(&mut device, *mark));
    assert!(!tells(&mut device, StateMark { domain: Hash([7; 32]), state }), "another version has other models");
    assert!(tells(&mut device, StateMark { state, ..*mark }));
}
