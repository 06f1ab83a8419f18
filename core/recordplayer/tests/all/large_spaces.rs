//! A new device joins a space, whatever that holds: no frame is larger than a frame may be.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::machines::{Authority, Device, FIRST, PERSON, SPACE, entry};
use crate::todo::{Item, ItemCommand, ListView, OPEN_MAX, add, command, domain, id};
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::{CommandId, Id, ReplicaId};
use recordplayer::limits::FRAME_BYTES_MAX;
use recordplayer::protocol::{AnswerCode, ClientFrame, ServerFrame};
use recordplayer::space::Ending;
use recordplayer::view::Key;

/// The command with this number of all that are sent.
fn numbered(of: u64) -> CommandId {
    CommandId(Id::derived("a command", &[&of.to_be_bytes()]))
}

fn rename(title: u64) -> Intent {
    command(1, &ItemCommand::Rename { title: title.to_string() })
}

/// A space of one item, in which so many replicas have each sent so many commands and acknowledged none of them.
fn with_replicas(replicas: u64, each: u64) -> Authority {
    let mut authority = Authority::founded(domain());
    assert_eq!(authority.submit(FIRST, None, 2, 7, add(1, 100, "one")), AnswerCode::Accepted);
    for replica in 0..replicas {
        let id = ReplicaId(Id::derived("a replica", &[&replica.to_be_bytes()]));
        for number in 1..=each {
            let place = replica * each + number;
            let code = authority.submit_answered(id, None, 0, entry(number, numbered(place), rename(place)));
            assert_eq!(code, AnswerCode::Accepted);
        }
    }
    authority
}

/// Joins by the state, over a line that brings each frame twice and is cut behind each chunk.
fn joined(authority: &mut Authority, domain: Arc<Domain>) -> Device {
    let mut device = Device::new(domain);
    for cuts in 0.. {
        assert!(cuts < 1_000, "it never ends");
        device.replica.handle_connected();
        device.work();
        // It subscribes and is offered the state; it asks for a chunk and gets that.
        for _ in 0..2 {
            for frame in std::mem::take(&mut device.sent) {
                authority.hear(frame);
            }
            for frame in std::mem::take(&mut authority.said) {
                let is_of_history = matches!(frame, ServerFrame::Commits { .. });
                assert!(!is_of_history, "it joins by the state");
                device.take(frame.clone());
                device.take(frame);
            }
        }
        if device.replica.confirmed() == authority.head() {
            break;
        }
        device.replica.handle_disconnected();
        device.sent.clear();
    }
    device.talk(authority, |_| true);
    assert_eq!(device.replica.state_hash(), authority.state_hash());
    device
}

/// All of them, and what was decided for each, stood in one frame: no device could join any more.
#[test]
fn a_space_of_more_replicas_than_a_frame_holds_is_joined() {
    let mut authority = with_replicas(10_001, 1);
    let mut device = joined(&mut authority, domain());
    // What was decided for whom came with it.
    let again = entry(1, numbered(10_001), rename(10_001));
    let last = ReplicaId(Id::derived("a replica", &[&10_000_u64.to_be_bytes()]));
    authority.start_again(domain(), Ending::InOrder);
    assert_eq!(authority.submit_answered(last, None, 0, again), AnswerCode::Accepted);
    assert_eq!(device.replica.entity::<Item>(id(1)).title, "10001");
    device.replica.handle_disconnected();
    device.submit(50, rename(50)).unwrap();
    device.replica.handle_connected();
    device.talk(&mut authority, |_| true);
    assert_eq!(device.replica.state_hash(), authority.state_hash());
}

#[test]
fn a_space_of_more_open_verdicts_than_a_frame_holds_is_joined() {
    let mut authority = with_replicas(15, 2_000);
    joined(&mut authority, domain());
}

/// A checkpoint wrote all that was ever decided for anybody.
#[test]
fn a_checkpoint_writes_what_was_decided_since_the_last_one() {
    let mut authority = with_replicas(100, 10);
    authority.save();
    let before = authority.checkpoint_bytes;
    assert!(before > 20_000, "{before}");
    assert_eq!(authority.submit(FIRST, None, 3, 8, rename(1)), AnswerCode::Accepted);
    authority.save();
    assert!(authority.checkpoint_bytes < before + 4_000, "{} behind {before}", authority.checkpoint_bytes);
}

#[test]
fn what_is_saved_already_is_not_saved_again() {
    let mut authority = with_replicas(10, 1);
    authority.save();
    let before = authority.checkpoint_bytes;
    authority.save();
    assert_eq!(authority.checkpoint_bytes, before);
}

/// A board of some thousand cards is one saved view, and larger than a frame.
#[test]
fn a_saved_row_that_is_larger_than_a_frame_comes_in_pieces() {
    let mut authority = Authority::founded(domain());
    let title = |letter: u8| char::from(letter).to_string().repeat(200_000);
    for item in 0..OPEN_MAX as u8 {
        let code = authority.submit(FIRST, None, u64::from(item) + 2, item, add(item, 100, &title(b'a' + item)));
        assert_eq!(code, AnswerCode::Accepted);
    }
    for number in 0..2_000 {
        let entry = entry(number + OPEN_MAX as u64 + 2, numbered(number), rename(number));
        assert_eq!(authority.submit_answered(FIRST, None, number, entry), AnswerCode::Accepted);
    }
    let device = joined(&mut authority, domain());
    let list = device.replica.view::<ListView>(Key::from(id(100)));
    assert!(list.titles.values().map(String::len).sum::<usize>() > FRAME_BYTES_MAX);
    assert_eq!(list.titles[&id(9)], title(b'a' + 9));
}

/// The state was frozen for whoever had begun to join, for as long as their line was open: all that was written since then stayed in the file twice.
#[test]
fn who_does_not_go_on_joining_is_offered_the_state_anew() {
    let mut authority = with_replicas(1_000, 1);
    let mut device = Device::new(domain());
    device.replica.handle_connected();
    assert!(matches!(authority.answers(&mut device), ServerFrame::SnapshotOffer { .. }));
    assert!(!authority.space.is_idle());
    let ServerFrame::SnapshotOffer { at, .. } = authority.subscribe(PERSON) else { panic!("it offers the state") };
    authority.said.clear();
    let asks = |authority: &mut Authority| {
        authority.hear(ClientFrame::FetchSnapshot { space: SPACE, at, cursor: None });
        authority.said.pop()
    };
    assert!(matches!(asks(&mut authority), Some(ServerFrame::SnapshotChunk { .. })));
    let code = authority.submit_answered(FIRST, None, 2, entry(3, numbered(5_000), rename(5_000)));
    assert_eq!(code, AnswerCode::Accepted);
    authority.save();
    assert!(matches!(asks(&mut authority), Some(ServerFrame::SnapshotChunk { .. })), "it stays as it was");
    let until = authority.space.wake_at().expect("it looks again");
    authority.now = until;
    authority.wake();
    assert!(authority.space.is_idle(), "nothing is held for anybody");
    assert!(matches!(asks(&mut authority), Some(ServerFrame::SnapshotOffer { .. })), "and it begins anew");
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tick {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TickCommand {
    Spread { from: u64, count: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TickEvent {
    Ticked {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum TickRefusal {}

impl Entity for Tick {
    const KIND: &'static str = "tick";
    type Command = TickCommand;
    type Event = TickEvent;
    type Refusal = TickRefusal;

    fn decide(&self, command: &TickCommand, cx: &mut Context<'_>) -> Result<Vec<TickEvent>, TickRefusal> {
        let TickCommand::Spread { from, count } = command;
        for place in *from..from + count {
            cx.emit::<Self>(Id::derived("a tick", &[&place.to_be_bytes()]), &TickEvent::Ticked {});
        }
        Ok(Vec::new())
    }

    fn play(&mut self, _: &TickEvent, _: &Stamp) {}
}

/// A chunk was counted by what its rows hold, and not by what they are of: so many of one byte made a frame that nobody takes.
#[test]
fn many_saved_rows_of_one_byte_come_in_frames() {
    let domain = Domain::new("ticks", 1).entity::<Tick>().shared();
    let mut authority = Authority::founded(Arc::clone(&domain));
    for number in 0..20 {
        let spread = TickCommand::Spread { from: number * 1_999, count: 1_999 };
        let entry = entry(number + 2, numbered(number), Intent::of::<Tick>(id(1), &spread).unwrap());
        assert_eq!(authority.submit_answered(FIRST, None, number + 1, entry), AnswerCode::Accepted);
    }
    joined(&mut authority, domain);
}
