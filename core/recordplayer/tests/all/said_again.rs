//! Edits that are said again on another text, for one below them will not be in it.

use crate::machines::{Authority, Device, FIRST};
use crate::note::{ban, domain, make, text_on};
use recordplayer::id::{Id, ReplicaId};
use recordplayer::protocol::{AnswerCode, ServerFrame};

/// A copy of the device had written in the text, and what waited here was not signed by another identity yet, for more was still to come. Then an edit
/// was discarded, and the one behind it was said again as all of the text that it had been made on: what the copy had written was taken out.
#[test]
fn an_edit_that_is_said_again_takes_out_nothing_that_has_come_meanwhile() {
    let mut authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    make(&mut device, 20, 1, "Begin. ");
    device.talk(&mut authority, |_| true);
    device.replica.handle_disconnected();
    let mut copy = device.copied(domain(), ReplicaId(Id([0x77; 16])));
    copy.replica.handle_connected();
    make(&mut copy, 21, 2, "Begin. By the copy. ");
    copy.talk(&mut authority, |_| true);
    let ServerFrame::Commits { space, epoch, after, upto, commits, is_backfill, state, .. } = authority.everything()
    else {
        panic!("it tells its log")
    };
    assert_eq!(authority.submit(FIRST, None, 2, 22, ban(1)), AnswerCode::Accepted);
    let discarded = make(&mut device, 30, 3, "Begin. Away. ");
    make(&mut device, 31, 4, "Begin. Away. Stays. ");
    device.replica.handle_connected();
    let head = authority.head();
    device.take(ServerFrame::Commits { space, epoch, after, upto, commits, head, is_backfill, state });
    device.replica.discard(discarded).unwrap();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.outbox().count(), 0);
    assert_eq!(text_on(&device), "Begin. By the copy. Stays. ");
}
