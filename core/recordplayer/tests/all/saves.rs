//! What a device writes to its disk, and what it holds for saved: a disk may take its time, and more is typed and heard meanwhile.

use crate::machines::{Authority, Device, MINE};
use crate::note::{self, Note, ban, domain, make, text_on};
use recordplayer::id::{Id, ReplicaId};
use recordplayer::limits::TEXT_ROWS_LOOSE;
use recordplayer::name::Name;
use recordplayer::protocol::{AnswerCode, ClientFrame};
use recordplayer::record::StreamId;
use recordplayer::replica::CommandState;
use recordplayer::storage::TextKey;

/// A device that is in step with its authority.
fn in_step() -> (Device, Authority) {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    (device, authority)
}

/// The files of the device on another machine, which sends what waits there.
fn a_copy_sends_what_waits(device: &Device, authority: &mut Authority) {
    let mut copy = device.copied(domain(), ReplicaId(Id([0x77; 16])));
    copy.replica.handle_connected();
    copy.talk(authority, |_| true);
    assert_eq!(copy.replica.outbox().count(), 0);
}

/// That what was typed before has reached the disk says nothing of what was joined with it since.
#[test]
fn an_edit_is_saved_when_the_whole_of_it_is() {
    let (mut device, _) = in_step();
    device.holds_saves_back = true;
    let edit = make(&mut device, 20, 1, "one");
    assert_eq!(make(&mut device, 21, 1, "one two"), edit, "it is joined");
    device.let_a_save_pass();
    assert_eq!(device.replica.command_state(edit), CommandState::Unsaved);
    device.let_a_save_pass();
    assert_eq!(device.replica.command_state(edit), CommandState::Waiting);
}

/// A copy of the device had sent an edit, and what was joined with it here was still on its way to the disk when that was heard. It went on under another
/// id, and the save was not known for its own any more: it waited to be saved until the next start, and everything behind it.
#[test]
fn what_a_copy_has_not_sent_of_an_edit_that_is_being_saved_is_sent() {
    let (mut device, mut authority) = in_step();
    device.replica.handle_disconnected();
    make(&mut device, 20, 1, "one");
    a_copy_sends_what_waits(&device, &mut authority);
    device.holds_saves_back = true;
    make(&mut device, 21, 1, "one two");
    device.replica.handle_connected();
    device.take(authority.everything());
    device.let_saves_pass();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.outbox().count(), 0, "nothing waits");
    assert_eq!(text_on(&device), "one two");
}

/// A number was on its way to the disk when the device had to take another identity. That it arrived was taken for the new one's, and the command was sent
/// while the disk still knew it by the old one.
#[test]
fn a_number_of_an_identity_that_was_given_up_says_nothing_of_the_new_one() {
    let (mut device, mut authority) = in_step();
    device.holds_saves_back = true;
    device.submit(20, ban(1)).unwrap();
    device.let_a_save_pass();
    assert_eq!(authority.submit(MINE, None, 1, 21, ban(2)), AnswerCode::Accepted, "a copy of the device was sooner");
    device.take(authority.everything());
    assert_ne!(device.replica.replica(), MINE);
    device.let_a_save_pass();
    let has_sent = device.sent.iter().any(|frame| matches!(frame, ClientFrame::Submit { .. }));
    assert!(!has_sent, "{:?}", device.sent);
    device.let_saves_pass();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.outbox().count(), 0);
}

/// Compacting a text is work for a quiet moment, and each end is told of it by its own checkpoint.
#[test]
fn a_text_of_many_changes_is_to_be_compacted_once_they_are_saved() {
    let (mut device, mut authority) = in_step();
    let mut letters = String::new();
    let mut type_letters = |device: &mut Device, authority: &mut Authority, count: u64| {
        for number in 0..count {
            letters.push('x');
            make(device, number as u8, number as u8, &letters);
            device.talk(authority, |_| true);
        }
        device.saved();
        authority.save();
    };
    type_letters(&mut device, &mut authority, 2);
    assert_eq!((device.ripe.len(), authority.ripe.len()), (0, 0), "they are few");
    type_letters(&mut device, &mut authority, TEXT_ROWS_LOOSE);
    let key = TextKey { stream: StreamId::of::<Note>(note::note()), field: Name::of(note::TEXT) };
    assert_eq!((&device.ripe, &authority.ripe), (&vec![vec![key.clone()]], &vec![vec![key]]));
}
