//! What requires a refused command is refused with it, wherever the two are when that happens (rule 10).

use crate::machines::{Authority, Device, FIRST, MINE, SPACE, entry};
use crate::todo::{ItemCommand, OPEN_MAX, add, command, domain};
use recordplayer::decide::Intent;
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::protocol::{AnswerCode, ClientFrame, CommandEntry, ServerFrame};
use recordplayer::record::Position;
use recordplayer::refusal::{CoreRefusal, Refused};
use recordplayer::replica::{CommandState, ReplicaOutput, SubmitError, Wish};
use recordplayer::time::Timestamp;

const FULL: u8 = 100;
const ROOMY: u8 = 101;

fn named(command: u8) -> CommandId {
    CommandId(Id([command; 16]))
}

fn requiring(command: u8, required: u8, intent: Intent) -> Wish {
    Wish { requires: vec![named(required)], ..Wish::new(named(command), intent) }
}

/// A device that has not seen that a list has become full, and the authority that has.
fn start() -> (Device, Authority) {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.take(authority.everything());
    for item in 1..=OPEN_MAX as u8 {
        assert_eq!(
            authority.submit(FIRST, None, u64::from(item) + 1, item, add(item, FULL, "x")),
            AnswerCode::Accepted
        );
    }
    (device, authority)
}

/// The commands that the device has sent since, and what it acknowledged with them.
fn sent(device: &mut Device) -> Vec<(u64, CommandEntry)> {
    let frames = std::mem::take(&mut device.sent);
    let submits = frames.into_iter().filter_map(|frame| match frame {
        ClientFrame::Submit { commands, answered_up_to, .. } => Some((answered_up_to, commands)),
        _ => None,
    });
    submits.flat_map(|(answered, commands)| commands.into_iter().map(move |entry| (answered, entry))).collect()
}

fn decide(authority: &mut Authority, (answered, entry): (u64, CommandEntry)) -> AnswerCode {
    authority.submit_answered(MINE, None, answered, entry)
}

fn state(device: &Device, command: u8) -> Option<CoreRefusal> {
    match device.replica.command_state(named(command)) {
        CommandState::Refused(refused) => Refused::typed(&refused),
        _ => None,
    }
}

/// A verdict that the device had acknowledged was forgotten, and what required the refused command was decided as if nothing had been.
#[test]
fn on_its_way_it_is_refused_although_the_verdict_was_acknowledged_before_it_came() {
    let (mut device, mut authority) = start();
    device.submit(20, add(50, FULL, "one too many")).unwrap();
    device.submit(21, add(60, ROOMY, "something else")).unwrap();
    device.replica.submit(Timestamp(0), requiring(22, 20, add(70, ROOMY, "builds on it"))).unwrap();
    device.work();
    let mut first = sent(&mut device);
    assert_eq!(first.len(), 3);
    assert_eq!(decide(&mut authority, first.remove(0)), AnswerCode::Refused);
    // The others are lost with the line; the device hears of the refusal and sends them again.
    device.replica.handle_disconnected();
    device.replica.handle_connected();
    device.take(authority.everything());
    let mut again = sent(&mut device);
    assert_eq!(again.len(), 2);
    assert_eq!(decide(&mut authority, again.remove(0)), AnswerCode::Accepted);
    assert_eq!(decide(&mut authority, again.remove(0)), AnswerCode::Refused);
    device.take(authority.everything());
    assert_eq!(state(&device, 22), Some(CoreRefusal::RequiredRefused { command: named(20) }));
    // From here on the authority need keep nothing of it.
    device.submit(23, add(61, ROOMY, "more")).unwrap();
    assert_eq!(sent(&mut device)[0].0, 3);
}

/// A copy of the device says that it has heard of the refusal, and knows nothing of what the original has sent meanwhile. (Simulation, kanban, seed
/// 20261129423195.)
#[test]
fn what_the_original_has_sent_is_refused_although_a_copy_has_acknowledged_the_verdict() {
    let (mut device, mut authority) = start();
    device.submit(20, add(50, FULL, "one too many")).unwrap();
    device.submit(21, add(60, ROOMY, "something else")).unwrap();
    let mut first = sent(&mut device);
    assert_eq!(decide(&mut authority, first.remove(0)), AnswerCode::Refused);
    let mut copy = device.copied(domain(), ReplicaId(Id([0x77; 16])));
    device.replica.submit(Timestamp(0), requiring(22, 20, add(70, ROOMY, "builds on it"))).unwrap();
    device.work();
    let mut of_original = sent(&mut device);
    copy.replica.handle_connected();
    copy.take(authority.everything());
    let mut of_copy = sent(&mut copy);
    assert_eq!(of_copy[0].0, 1, "it has heard the first verdict");
    assert_eq!(decide(&mut authority, of_copy.remove(0)), AnswerCode::Accepted);
    assert_eq!(decide(&mut authority, of_original.remove(0)), AnswerCode::Refused);
}

#[test]
fn what_has_no_number_is_refused_here_and_so_is_what_requires_that() {
    let (mut device, _) = refused_group();
    assert_eq!(state(&device, 21), Some(CoreRefusal::RequiredRefused { command: named(20) }));
    assert_eq!(state(&device, 22), Some(CoreRefusal::RequiredRefused { command: named(21) }));
    let sent: Vec<_> = sent(&mut device).into_iter().map(|(_, entry)| entry.command).collect();
    assert_eq!(sent, [named(23)], "and nothing that was refused here is sent");
    // It is on the disk too, and what comes later is told at once.
    let mut device = device.upgraded(domain());
    assert_eq!(device.replica.outbox().filter(|entry| entry.refused.is_some()).count(), 3);
    let late = device.replica.submit(Timestamp(0), requiring(24, 22, add(90, ROOMY, "too late")));
    let Err(SubmitError::Refused(refused)) = late else { panic!("{late:?}") };
    assert_eq!(refused.typed(), Some(CoreRefusal::RequiredRefused { command: named(22) }));
}

/// The authority does not rely on devices.
#[test]
fn the_authority_refuses_it_whatever_the_device_is() {
    let (_, mut authority) = start();

    let refused = authority.submit(MINE, None, 1, 20, add(50, FULL, "one too many"));
    assert_eq!(refused, AnswerCode::Refused);
    let dependent = CommandEntry { requires: vec![named(20)], ..entry(2, named(21), add(60, ROOMY, "x")) };
    assert_eq!(authority.submit_answered(MINE, None, 0, dependent), AnswerCode::Refused);
}

/// A device came back from a backup as another one. What it had sent as its parent was refused, and what required that was decided all the same.
#[test]
fn the_authority_knows_what_was_refused_under_another_identity_of_the_device() {
    let (_, mut authority) = start();
    let child = ReplicaId(Id([0x77; 16]));
    assert_eq!(authority.submit(MINE, None, 1, 20, add(50, FULL, "one too many")), AnswerCode::Refused);
    let dependent = |number, command, requires| CommandEntry {
        requires: vec![named(requires)],
        ..entry(number, named(command), add(command, ROOMY, "x"))
    };
    assert_eq!(authority.submit_answered(child, Some(MINE), 0, dependent(1, 60, 20)), AnswerCode::Refused);
    assert_eq!(authority.submit_answered(child, Some(MINE), 0, dependent(2, 61, 60)), AnswerCode::Refused);
    assert_eq!(authority.submit_answered(MINE, None, 0, dependent(2, 62, 61)), AnswerCode::Refused, "nor the parent");
}

/// A device whose first command was refused, and with it two that build on it, the second by way of the first; others stand between.
fn refused_group() -> (Device, Authority) {
    let (mut device, mut authority) = start();
    device.submit(20, add(50, FULL, "one too many")).unwrap();
    let first = sent(&mut device).remove(0);
    assert_eq!(decide(&mut authority, first), AnswerCode::Refused);
    device.replica.handle_disconnected();
    device.replica.submit(Timestamp(0), requiring(21, 20, add(60, ROOMY, "builds on it"))).unwrap();
    device.submit(23, add(80, ROOMY, "stands alone")).unwrap();
    device.replica.submit(Timestamp(0), requiring(22, 21, add(70, ROOMY, "builds on that"))).unwrap();
    device.replica.handle_connected();
    device.take(authority.everything());
    device.replica.handle_disconnected();
    (device, authority)
}

fn in_order(device: &Device) -> Vec<CommandId> {
    device.replica.outbox().map(|entry| entry.command).collect()
}

#[test]
fn what_was_refused_with_a_command_stands_behind_it_and_leaves_with_it() {
    let (mut device, _) = refused_group();
    assert_eq!(in_order(&device), [20, 21, 22, 23].map(named), "grouped, and not as they were submitted");
    let causes: Vec<_> = device.replica.outbox().map(recordplayer::replica::OutboxEntry::refused_with).collect();
    assert_eq!(causes, [None, Some(named(20)), Some(named(21)), None]);
    let gone = device.replica.discard(named(20)).unwrap();
    assert_eq!(gone.iter().map(|entry| entry.command).collect::<Vec<_>>(), [20, 21, 22].map(named));
    assert_eq!(in_order(&device), [named(23)]);
    device.work();
    assert_eq!(in_order(&device.upgraded(domain())), [named(23)], "on disk too");
}

#[test]
fn part_of_a_group_can_be_discarded_with_what_hangs_on_it() {
    let (mut device, _) = refused_group();
    assert_eq!(device.replica.discard(named(21)).unwrap().len(), 2);
    assert_eq!(in_order(&device), [20, 23].map(named));
}

/// The new command and the leaving of the old one were two saves: after a crash between them both were there.
#[test]
fn a_group_is_tried_again_as_one_and_in_one_save() {
    let (mut device, mut authority) = refused_group();
    assert_eq!(
        authority.submit(FIRST, None, OPEN_MAX as u64 + 2, 90, command(1, &ItemCommand::Finish {})),
        AnswerCode::Accepted
    );
    device.replica.handle_connected();
    device.take(authority.everything());
    device.work();
    sent(&mut device);
    device.replica.handle_disconnected();
    device.replica.retry(Timestamp(0), named(20), named(30)).unwrap();
    let saves = std::iter::from_fn(|| device.replica.poll_output());
    let saves: Vec<_> = saves.filter(|output| matches!(output, ReplicaOutput::Save { .. })).collect();
    let [ReplicaOutput::Save { outbox, .. }] = saves.as_slice() else { panic!("{saves:?}") };
    assert_eq!(outbox.len(), 6, "three come and three leave: {outbox:?}");
    let requires: Vec<_> = device.replica.outbox().map(|entry| (entry.command, entry.requires.clone())).collect();
    assert_eq!(requires[0].0, named(23));
    assert_eq!(requires[1], (named(30), Vec::new()));
    assert_eq!(requires[2].1, [named(30)]);
    assert_eq!(requires[3].1, [requires[2].0]);
    assert_eq!(requires.len(), 4);
}

#[test]
fn what_is_refused_again_leaves_everything_as_it_was() {
    let (mut device, _) = refused_group();
    let before: Vec<_> = device.replica.outbox().cloned().collect();
    let again = device.replica.retry(Timestamp(0), named(20), named(30));
    assert!(matches!(again, Err(SubmitError::Refused(_))), "{again:?}");
    assert_eq!(device.replica.outbox().cloned().collect::<Vec<_>>(), before);
    assert!(device.replica.poll_output().is_none_or(|output| !matches!(output, ReplicaOutput::Save { .. })));
}

/// A copy of a device sends what it had, and what it made on top of it. Its numbers were answered, to the original, and it takes another identity;
/// the refusal of what it requires was heard there long ago, and the authority does not keep it any more.
#[test]
fn what_a_copy_requires_is_refused_to_its_new_identity_too() {
    let (mut device, mut authority) = start();
    let before = authority.everything();
    device.submit(20, add(50, FULL, "one too many")).unwrap();
    let mut copy = device.copied(domain(), ReplicaId(Id([0x77; 16])));
    copy.replica.handle_connected();
    copy.take(before);
    copy.replica.submit(Timestamp(0), requiring(22, 20, add(70, ROOMY, "builds on it"))).unwrap();
    copy.work();
    assert_eq!(sent(&mut copy).len(), 2, "it is on its way, together with what it requires");

    assert_eq!(decide(&mut authority, sent(&mut device).remove(0)), AnswerCode::Refused);
    device.take(authority.everything());
    for item in 60..62 {
        device.submit(item, add(item, ROOMY, "by the original")).unwrap();
        assert_eq!(decide(&mut authority, sent(&mut device).remove(0)), AnswerCode::Accepted);
        device.take(authority.everything());
    }

    for number in 1..=2 {
        let (code, at) = (AnswerCode::Answered, Position::START);
        copy.take(ServerFrame::Answer { space: SPACE, replica: MINE, number, code, at, value: 0 });
    }
    copy.take(authority.everything());
    assert_eq!(state(&copy, 22), Some(CoreRefusal::RequiredRefused { command: named(20) }));
    assert_eq!(sent(&mut copy), [], "nothing is left to be sent");
}
