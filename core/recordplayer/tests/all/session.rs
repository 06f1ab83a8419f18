//! A device and what its authority says at odd moments.

use crate::machines::{Authority, Device, MINE, SPACE};
use crate::todo::{add, domain};
use recordplayer::id::{Id, ReplicaId};
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::record::Position;
use recordplayer::time::Timestamp;

const LIST: u8 = 100;

/// A device that is in step with its authority.
fn in_step() -> (Device, Authority) {
    let authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    device.sent.clear();
    (device, authority)
}

fn answer(number: u64, code: AnswerCode, value: u64) -> ServerFrame {
    ServerFrame::Answer { space: SPACE, replica: MINE, number, code, at: Position::START, value }
}

fn subscriptions(device: &mut Device) -> usize {
    let sent = std::mem::take(&mut device.sent);
    sent.iter().filter(|frame| matches!(frame, ClientFrame::Subscribe { .. })).count()
}

/// Long after any pause.
fn wake(device: &mut Device) {
    let later = Timestamp(86_400_000);
    assert!(device.replica.is_due(later), "it wants to be woken");
    device.replica.handle_wakeup(later);
    device.work();
}

#[test]
fn an_answer_about_what_waits_no_more_makes_nobody_a_copy() {
    let (mut device, mut authority) = in_step();
    device.submit(1, add(1, LIST, "decided")).unwrap();
    device.talk(&mut authority, |_| true);
    device.take(authority.everything());
    assert_eq!(device.replica.outbox().count(), 0, "it is decided");
    // It starts again, and has drawn an identity in case that it needs another one.
    let mut device = device.copied(domain(), ReplicaId(Id([0x77; 16])));
    device.replica.handle_connected();
    device.take(authority.everything());
    device.sent.clear();
    device.take(answer(1, AnswerCode::Answered, 0));
    assert_eq!(subscriptions(&mut device), 0, "it need not know more than it does");
    device.take(authority.everything());
    device.submit(2, add(2, LIST, "goes on")).unwrap();
    assert_eq!(device.replica.replica(), MINE);
}

#[test]
fn who_waits_for_an_authority_that_cannot_read_asks_it_again() {
    let (mut device, _) = in_step();
    device.take(ServerFrame::Unavailable { space: SPACE });
    assert!(device.is_told_to_wait && subscriptions(&mut device) == 0, "not at once");
    wake(&mut device);
    assert_eq!(subscriptions(&mut device), 1);
}

#[test]
fn who_waits_to_send_again_is_in_step_all_the_while() {
    let (mut device, _) = in_step();
    device.submit(1, add(1, LIST, "too early")).unwrap();
    device.sent.clear();
    device.take(answer(1, AnswerCode::RetryAfter, 1_000));
    wake(&mut device);
    let sent = &device.sent;
    assert!(sent.iter().any(|frame| matches!(frame, ClientFrame::Submit { .. })), "it is sent again: {sent:?}");
    assert_eq!(subscriptions(&mut device), 0);
}
