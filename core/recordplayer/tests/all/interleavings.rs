//! What the search of all interleavings of small cases has found (`exhaustive`), each as its own story.

use crate::machines::{self, Authority, Device};
use crate::shelf;
use crate::todo::{add, domain};
use recordplayer::commit::Head;
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::protocol::{AnswerCode, CommandEntry, ServerFrame};
use recordplayer::record::{Position, Seen};
use recordplayer::replica::{CommandState, Wish};
use recordplayer::testing::{Act, Bounds, Search};
use recordplayer::time::Timestamp;

/// An authority was restored to before anything that a device had ever sent. The device went back, took a new identity and sent its commands
/// by that. Then its old session's last frame arrived, with the same commands by the old identity, of which the restored log had never
/// heard: so it had no children there, and the commands were decided once more.
#[test]
fn a_late_frame_of_an_identity_that_the_log_has_lost_decides_nothing_twice() {
    let mut authority = Authority::founded(domain());
    let (old, new) = (ReplicaId(Id([7; 16])), ReplicaId(Id([8; 16])));
    let commands = [(1, 50, add(1, 100, "once")), (2, 51, add(2, 100, "once as well"))];
    for (number, command, intent) in commands.clone() {
        assert_eq!(authority.submit(new, Some(old), number, command, intent), AnswerCode::Accepted);
    }
    for (number, command, intent) in commands {
        let head = authority.head();
        assert_eq!(authority.submit(old, None, number, command, intent), AnswerCode::Refused);
        assert_eq!(authority.head().position, head.position.plus(1), "a refusal, and no event");
    }
}

/// A device was cloned, and the authority restored to before anything that both had sent. Each took a new identity, descended from one that the
/// log had lost. The first one's command was accepted, and it told that it had heard so; then the second one sent the same command, and it
/// was decided once more. (Simulation, shelf, seed 218 at 70b9a7c.)
#[test]
fn what_one_clone_has_sent_is_not_decided_again_for_the_other() {
    let mut authority = Authority::founded(domain());
    let [lost, one, other] = [7, 8, 9].map(|n| ReplicaId(Id([n; 16])));
    let commands = [(50, add(1, 100, "first")), (51, add(2, 100, "second")), (52, add(3, 100, "third"))];
    for (number, (command, intent)) in (1..).zip(commands.clone()) {
        let entry = machines::entry(number, CommandId(Id([command; 16])), intent);
        assert_eq!(authority.submit_answered(one, Some(lost), number - 1, entry), AnswerCode::Accepted);
    }
    for (number, (command, intent)) in (1..).zip(commands) {
        let head = authority.head();
        assert_eq!(authority.submit(other, Some(lost), number, command, intent), AnswerCode::Refused);
        assert_eq!(authority.head().position, head.position.plus(1), "a refusal, and no event");
    }
    let fresh = add(4, 100, "the other's own");
    assert_eq!(authority.submit(other, Some(lost), 4, 53, fresh), AnswerCode::Accepted);
}

/// A command was accepted, and its device did not hear of that; a copy of the device did. The authority was restored to before it, and the copy
/// said it again by a new identity. Then the device sent it as it had before: its identity had no relatives in the log, and the command was
/// decided twice. (Simulation, shelf, seed 20261128140815 at 5db01aa.)
#[test]
fn what_another_device_has_said_again_after_a_restore_is_not_decided_for_who_had_not_heard_of_either() {
    let mut authority = Authority::founded(domain());
    let [own, lost, copy] = [7, 8, 9].map(|n| ReplicaId(Id([n; 16])));
    assert_eq!(authority.submit(own, None, 1, 50, add(1, 100, "kept")), AnswerCode::Accepted);
    let entry = |number, command: u8, intent| {
        let seen = Seen { epoch: 1, position: Position(1_000) };
        CommandEntry { seen, ..machines::entry(number, CommandId(Id([command; 16])), intent) }
    };
    authority.recover(domain(), 0);
    authority.reopen();
    assert_eq!(
        authority.submit_answered(copy, Some(lost), 0, entry(1, 51, add(2, 100, "twice"))),
        AnswerCode::Accepted
    );
    let head = authority.head();
    assert_eq!(authority.submit_answered(own, None, 1, entry(2, 51, add(2, 100, "twice"))), AnswerCode::Refused);
    assert_eq!(authority.head().position, head.position.plus(1), "a refusal, and no event");
}

/// A person gave a command just when the device learnt that the authority had been restored. The device said at once that all that waits was
/// saved, while the save was still on its way; it crashed, and the command was gone.
#[test]
fn a_device_that_goes_back_says_of_nothing_that_it_is_saved_before_it_is() {
    let authority = Authority::founded(domain());
    let mut device = Device::new(domain());
    device.take(authority.everything());
    let (saved, unsaved) = (CommandId(Id([50; 16])), CommandId(Id([51; 16])));
    device.submit(50, add(1, 100, "saved")).unwrap();
    device.replica.submit(Timestamp(0), Wish::new(unsaved, add(2, 100, "not yet"))).unwrap();
    let (space, places) = (machines::SPACE, vec![authority.head()]);
    let parted = ServerFrame::Parted { space, epoch: 2, head: Head::START, places };
    device.replica.handle_frames(Timestamp(0), [parted]);
    assert_eq!(device.replica.command_state(saved), CommandState::Waiting);
    assert_eq!(device.replica.command_state(unsaved), CommandState::Unsaved);
}

/// A copy of a device's outbox was made while its command was on its way. The authority was restored to before that; the device went back, and
/// its command was accepted by its new identity. Then the copy of the outbox came back, with the old identity, of which the log knew nothing
/// any more. The device sent its command once more, and told the person that it was refused, for it had been decided already.
#[test]
fn an_outbox_that_comes_back_does_not_call_refused_what_is_accepted() {
    let case = Search::new(&shelf::domain()).founded_with([shelf::build(1)]).acts(0, [Act::new(shelf::put("a"))]);
    let bounds = Bounds { restores_of_authority: 1, restores_of_devices: 1, ..Bounds::default() };
    let accepted_and_lost = "submit.0 save.0 save.0 up.0 copy write down.0 restore reopen write";
    let goes_back = "connect.0 up.0 down.0 copy.0 save.0 save.0";
    let accepted_again = "connect.0 up.0 down.0 save.0 save.0 save.0 up.0 write write down.0 save.0";
    let found =
        case.within(bounds).replay(&format!("{accepted_and_lost} {goes_back} {accepted_again} restore-outbox.0"));
    assert_eq!(found, Ok(()));
}
