//! What the search of all interleavings of small cases has found (`tests/exhaustive.rs`), each as its own story.

mod machines;
mod todo;

use machines::{Authority, Device};
use recordplayer::commit::Head;
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::protocol::{AnswerCode, ServerFrame};
use recordplayer::replica::{CommandState, Wish};
use recordplayer::time::Timestamp;
use todo::{add, domain};

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
