//! A refusal advances, a hiccup does not (rule 3), as a device follows it: what is asked to wait keeps its number and its place, also over a
//! restart, and nothing behind it overtakes.

use crate::machines::{Authority, Device, MINE, SPACE};
use crate::todo::{add, application, domain};
use recordplayer::decide::Intent;
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::record::Position;
use recordplayer::refusal::CoreRefusal;
use recordplayer::replica::{CommandState, SubmitError};
use recordplayer::thresholds::Thresholds;
use recordplayer::time::Timestamp;

const LIST: u8 = 100;

/// A device that has sent three commands.
fn three_sent() -> (Device, Authority) {
    let authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    for item in 1..=3 {
        device.submit(20 + item, add(item, LIST, "x")).unwrap();
    }
    assert_eq!(sent(&mut device), [1, 2, 3]);
    (device, authority)
}

/// The numbers of the commands sent since the last call, in their order.
fn sent(device: &mut Device) -> Vec<u64> {
    let frames = std::mem::take(&mut device.sent);
    let submits = frames.into_iter().filter_map(|frame| match frame {
        ClientFrame::Submit { commands, .. } => Some(commands),
        _ => None,
    });
    submits.flatten().map(|entry| entry.number).collect()
}

fn answer(number: u64, code: AnswerCode, value: u64) -> ServerFrame {
    ServerFrame::Answer { space: SPACE, replica: MINE, number, code, at: Position::START, value }
}

fn wake(device: &mut Device, at_ms: i64) {
    device.replica.handle_wakeup(Timestamp(0).plus_ms(at_ms));
    device.work();
}

/// Were it the same, the numbers of the one machine would be those of the other.
#[test]
fn the_same_files_on_two_machines_never_take_the_same_new_identity() {
    let (device, authority) = three_sent();
    let identities = [31, 32].map(|fresh| {
        let mut copy = device.copied(domain(), ReplicaId(Id([fresh; 16])));
        copy.replica.handle_connected();
        copy.take(authority.everything());
        assert_eq!(sent(&mut copy), [1, 2, 3]);
        copy.take(answer(1, AnswerCode::Conflict, 0));
        copy.take(authority.everything());
        assert_eq!(sent(&mut copy), [1, 2, 3], "by the new identity");
        copy.replica.replica()
    });
    assert!(identities[0] != identities[1] && !identities.contains(&MINE), "{identities:?}");
}

/// The log tells before the authority has to: what another copy of the device has sent is in it.
#[test]
fn who_finds_in_the_log_what_it_never_sent_sends_by_another_identity_at_once() {
    let founded = || {
        let authority = Authority::founded(domain());
        let mut device = Device::new(domain());
        device.replica.handle_connected();
        device.take(authority.everything());
        device.sent.clear();
        (device, authority)
    };
    let by = |device: &mut Device| {
        let frames = std::mem::take(&mut device.sent);
        frames.into_iter().find_map(|frame| match frame {
            ClientFrame::Submit { replica, .. } => Some(replica),
            _ => None,
        })
    };
    // Nothing waits here, and the log holds a number of this device.
    let (mut device, mut authority) = founded();
    assert_eq!(authority.submit(MINE, None, 1, 40, add(8, LIST, "of the copy")), AnswerCode::Accepted);
    device.take(authority.everything());
    device.submit(21, add(1, LIST, "x")).unwrap();
    assert!(by(&mut device).is_some_and(|replica| replica != MINE));
    // What waits here has that number.
    let (mut device, mut authority) = founded();
    device.submit(21, add(1, LIST, "x")).unwrap();
    assert_eq!(by(&mut device), Some(MINE));
    assert_eq!(authority.submit(MINE, None, 1, 40, add(8, LIST, "of the copy")), AnswerCode::Accepted);
    device.take(authority.everything());
    assert!(by(&mut device).is_some_and(|replica| replica != MINE), "it is sent again by the new one");
    // What waits here is what the log holds: it was this device that sent it.
    let (mut device, mut authority) = founded();
    device.submit(21, add(1, LIST, "x")).unwrap();
    assert_eq!(authority.submit(MINE, None, 1, 21, add(1, LIST, "x")), AnswerCode::Accepted);
    device.take(authority.everything());
    device.sent.clear();
    device.submit(22, add(2, LIST, "x")).unwrap();
    assert_eq!(by(&mut device), Some(MINE));
}

/// How far it has heard is on the disk with what it heard: the authority forgets up to there, and is not told less after a restart.
#[test]
fn how_far_a_device_has_heard_outlives_a_restart() {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.submit(21, add(1, LIST, "x")).unwrap();
    device.talk(&mut authority, |_| true);
    let identity = device.saved_identity();
    assert_eq!((identity.last_number, identity.answered_up_to), (1, 1));
}

#[test]
fn a_full_outbox_takes_nothing_more() {
    let wish = |item: u8| add(item, LIST, "as long as the others");
    let bytes = wish(1).payload.len();
    for (outbox_commands_max, outbox_bytes_max) in [(2, usize::MAX), (usize::MAX, 2 * bytes)] {
        let thresholds = Thresholds { outbox_commands_max, outbox_bytes_max, ..Thresholds::default() };
        let mut device = Device::new(application().with_thresholds(thresholds).shared());
        for item in [1, 2] {
            device.submit(20 + item, wish(item)).unwrap();
        }
        let Err(SubmitError::Refused(refused)) = device.submit(23, wish(3)) else { panic!("there is no room") };
        assert_eq!(refused.typed(), Some(CoreRefusal::OutboxFull { commands: 2 }));
    }
}

/// Not one more, and not one less: what is behind them goes as soon as one of them is decided.
#[test]
fn as_many_commands_are_on_their_way_as_may_be() {
    let thresholds = Thresholds { in_flight_commands_max: 2, ..Thresholds::default() };
    let domain = || application().with_thresholds(thresholds).shared();
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    for item in 1..=4 {
        device.submit(20 + item, add(item, LIST, "x")).unwrap();
    }
    assert_eq!(sent(&mut device), [1, 2]);
    assert_eq!(authority.submit(MINE, None, 1, 21, add(1, LIST, "x")), AnswerCode::Accepted);
    device.take(authority.everything());
    assert_eq!(sent(&mut device), [3]);
}

#[test]
fn what_shall_be_tried_later_is_sent_again_when_it_is_time_and_in_order() {
    let (mut device, authority) = three_sent();
    device.take(answer(2, AnswerCode::RetryAfter, 500));
    device.submit(30, add(4, LIST, "comes later")).unwrap();
    device.take(authority.everything());
    assert!(sent(&mut device).is_empty(), "nothing overtakes, whatever else is heard");
    assert_eq!(device.replica.status().sending, 1, "the first is still on its way");
    wake(&mut device, 499);
    assert!(sent(&mut device).is_empty(), "not yet");
    assert_eq!(device.replica.wake_at(), Some(Timestamp(0).plus_ms(500)));
    wake(&mut device, 500);
    assert_eq!(sent(&mut device), [2, 3, 4]);
}

/// The clock was set back by years while a device waited for some milliseconds: it waited for years.
#[test]
fn a_clock_that_is_set_back_makes_no_pause_longer() {
    let (mut device, _) = three_sent();
    device.take(answer(2, AnswerCode::RetryAfter, 500));
    wake(&mut device, -1_000_000_000_000);
    assert_eq!(sent(&mut device), [2, 3]);
}

#[test]
fn a_new_line_does_not_wait_for_what_the_old_one_asked() {
    let (mut device, authority) = three_sent();
    device.take(answer(1, AnswerCode::RetryAfter, 60_000));
    device.replica.handle_disconnected();
    device.replica.handle_connected();
    device.take(authority.everything());
    assert_eq!(sent(&mut device), [1, 2, 3]);
}

#[test]
fn what_waits_for_an_upgrade_keeps_its_number_and_its_place_over_a_restart() {
    let (mut device, authority) = three_sent();
    device.take(answer(2, AnswerCode::WaitForUpgrade, 0));
    assert_eq!(device.replica.status().refused, 0, "it is not refused");
    let before: Vec<_> = device.replica.outbox().map(|entry| (entry.command, entry.number)).collect();
    let mut device = device.upgraded(domain());
    device.submit(30, add(4, LIST, "made meanwhile")).unwrap();
    let after: Vec<_> = device.replica.outbox().map(|entry| (entry.command, entry.number)).collect();
    assert_eq!(after[..3], before[..]);
    device.replica.handle_connected();
    device.take(authority.everything());
    assert_eq!(sent(&mut device), [1, 2, 3, 4], "the authority was perhaps upgraded: it is asked again");
    device.take(answer(2, AnswerCode::WaitForUpgrade, 0));
    wake(&mut device, 59_999);
    assert!(sent(&mut device).is_empty());
    wake(&mut device, 60_000);
    assert_eq!(sent(&mut device), [2, 3, 4]);
}

/// Whoever founds a space hears of many commands at once and knows nothing of the log yet. It asked for the space with each answer, and was
/// offered the state of it as often.
#[test]
fn who_founds_a_space_asks_for_it_once() {
    let mut device = Device::new(domain());
    let found = MembershipCommand::Found { title: "space".to_owned() };
    device.submit(1, Intent::of::<Membership>(SPACE.0, &found).unwrap()).unwrap();
    for item in 1..=20 {
        device.submit(20 + item, add(item % 10, LIST + item, "x")).unwrap();
    }
    device.replica.handle_connected();
    device.work();
    assert_eq!(sent(&mut device).len(), 21);
    for number in 1..=21 {
        device.take(answer(number, AnswerCode::Accepted, 0));
    }
    let asked = device.sent.iter().filter(|frame| matches!(frame, ClientFrame::Subscribe { .. })).count();
    assert_eq!(asked, 1);
}

/// Nobody but its author could hear of it: there is no log to read it in. It waited for ever, and everything behind it.
#[test]
fn who_may_not_found_a_space_is_told_and_can_try_again() {
    let mut device = Device::new(domain());
    let found = MembershipCommand::Found { title: "space".to_owned() };
    let founding = device.submit(1, Intent::of::<Membership>(SPACE.0, &found).unwrap()).unwrap();
    let item = device.submit(2, add(1, LIST, "x")).unwrap();
    device.replica.handle_connected();
    device.work();
    assert_eq!(sent(&mut device), [1, 2]);
    device.take(answer(1, AnswerCode::Refused, 0));
    device.work();
    let why = |device: &Device, command| match device.replica.command_state(command) {
        CommandState::Refused(refused) => refused.typed::<CoreRefusal>().unwrap(),
        state => panic!("{state:?}"),
    };
    assert_eq!(why(&device, founding), CoreRefusal::FoundingRefused {});
    assert_eq!(why(&device, item), CoreRefusal::RequiredRefused { command: founding });
    assert_eq!(sent(&mut device), [], "nothing is left to be sent");
    device.replica.retry(Timestamp(9), founding, CommandId(Id([7; 16]))).unwrap();
    device.work();
    assert_eq!(sent(&mut device), [1, 2], "the numbers begin anew");
    let mut authority = Authority::empty(domain());
    device.replica.handle_disconnected();
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    device.take(answer(1, AnswerCode::Accepted, 0));
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.outbox().count(), 0);
    assert_eq!(authority.log().len(), 2);
}
