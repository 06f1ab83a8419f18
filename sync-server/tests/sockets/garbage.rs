//! Whatever comes in costs its sender a clear word, and nobody else anything (rule 14).

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recordplayer::claims::Claims;
use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::{CommandId, Id, ReplicaId, SpaceId};
use recordplayer::name::Name;
use recordplayer::protocol::{AnswerCode, ClientFrame, CommandEntry, Goodbye, Knowledge, ServerFrame};
use recordplayer::record::{Position, Seen, StreamId};
use recordplayer::view::{Key, ViewKey};

use crate::kit::{Client, Town, founding, submit_frame, todo_command};

const SPACE: SpaceId = SpaceId(Id([7; 16]));

fn head(position: u64) -> Head {
    Head { position: Position(position), hash: Hash([9; 32]) }
}

/// Frames that are well made, and ask for what is not there.
fn absurd() -> Vec<ClientFrame> {
    let view = ViewKey { name: Name::new("no_such_view").unwrap(), key: Key::text(&"k".repeat(500)) };
    let knowledge = Knowledge { epoch: u32::MAX, head: head(u64::MAX / 2) };
    vec![
        ClientFrame::Subscribe { space: SPACE, knowledge },
        ClientFrame::Subscribe { space: SpaceId(Id([8; 16])), knowledge },
        ClientFrame::SubscribeView { space: SPACE, view: view.clone(), after: Some(knowledge) },
        ClientFrame::Unsubscribe { space: SPACE, view: Some(view) },
        ClientFrame::FetchSnapshot { space: SPACE, at: head(12), cursor: Some(vec![0xff; 300]) },
        ClientFrame::FetchSnapshot { space: SPACE, at: head(u64::MAX / 2), cursor: None },
        ClientFrame::FetchCommits { space: SPACE, after: Position(u64::MAX / 2), upto: Position(0) },
        ClientFrame::FetchCommits { space: SPACE, after: Position(0), upto: Position(u64::MAX / 2) },
        ClientFrame::FindPerson { name: "\u{202e}nobody".repeat(50) },
    ]
}

/// A command whose payload is no payload.
fn bad_command(payload: &[u8], number: u64) -> ClientFrame {
    let command = CommandEntry {
        number,
        command: CommandId(Id([number as u8; 16])),
        stream: StreamId { kind: Name::new("space").unwrap(), id: SPACE.0 },
        name: Name::new("space.rename").unwrap(),
        payload: payload.into(),
        claims: Claims::default(),
        requires: Vec::new(),
        seen: Seen::default(),
        follows: None,
    };
    let (replica, commands) = (ReplicaId(Id([5; 16])), vec![command]);
    ClientFrame::Submit { space: SPACE, replica, parent: None, answered_up_to: number - 1, commands }
}

#[test]
fn payloads_that_are_none_are_refused_for_good_and_the_next_command_is_decided() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut client = Client::welcomed(address, &token).await;
        client.send(&submit_frame(SPACE, 1, &[founding("a list")])).await;
        assert_eq!(client.answer().await, (1, AnswerCode::Accepted));
        let deep = [&[0x81; 200][..], &[0xa0]].concat();
        let twice = [0xa2, 0x61, b'a', 0x01, 0x61, b'a', 0x02];
        let payloads: [&[u8]; 8] = [
            b"",
            b"\xff\xff",
            b"\x01",
            // A map that says it is endless, a text that says it is longer than everything, a float, a key twice, and too deep.
            b"\xbf\xff",
            b"\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa1\x61\x61\xf9\x3c\x00",
            &twice,
            &deep,
        ];
        let mut number = 0;
        for payload in payloads {
            number += 1;
            client.send(&bad_command(payload, number)).await;
            assert_eq!(client.answer().await, (number, AnswerCode::Refused), "{payload:?}");
        }
        let large = vec![0x40; 300 * 1024];
        client.send(&bad_command(&large, number + 1)).await;
        assert_eq!(client.answer().await, (number + 1, AnswerCode::Refused), "too large");
        client.send(&submit_frame(SPACE, 2, &[todo_command("still here")])).await;
        assert_eq!(client.answer().await, (2, AnswerCode::Accepted));
    });
}

#[test]
fn absurd_and_broken_frames_end_their_own_session_at_most() {
    let town = Town::new();
    town.run(async |address, control| {
        let (ann, bo) = (control.accounts().new_token("ann").unwrap(), control.accounts().new_token("bo").unwrap());
        let mut owner = Client::welcomed(address, &ann).await;
        owner.send(&submit_frame(SPACE, 1, &[founding("a list")])).await;
        assert_eq!(owner.answer().await, (1, AnswerCode::Accepted));
        let mut rng = ChaCha8Rng::seed_from_u64(14);
        let mut of_another_device = submit_frame(SPACE, 1, &[todo_command("x"), todo_command("y")]);
        let ClientFrame::Submit { replica, commands, .. } = &mut of_another_device else {
            unreachable!("it was just made")
        };
        *replica = ReplicaId(Id([6; 16]));
        for entry in commands {
            entry.command = CommandId::derived("another device", &[&entry.number.to_be_bytes()]);
        }
        let frames: Vec<Vec<u8>> =
            absurd().iter().chain([&of_another_device, &bad_command(&[0xa0], 3)]).map(ClientFrame::encode).collect();
        for round in 0..400 {
            // Half of them by a member, half by a stranger.
            let token = if round % 2 == 0 { &ann } else { &bo };
            let mut client = Client::welcomed(address, token).await;
            let mut bytes = frames.choose(&mut rng).unwrap().clone();
            for _ in 0..rng.random_range(0..4) {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random();
            }
            if rng.random_ratio(1, 4) {
                bytes.truncate(rng.random_range(0..bytes.len()));
            }
            client.send_bytes(bytes).await;
            client.send(&ClientFrame::Ping { nonce: round }).await;
            let answered = client.until(|frame| match frame {
                ServerFrame::Pong { nonce, .. } if nonce == round => Some(None),
                ServerFrame::Goodbye { code, .. } => Some(Some(code)),
                _ => None,
            });
            let end = answered.await;
            assert!(matches!(end, None | Some(Goodbye::Malformed | Goodbye::TooMuch)), "round {round}: {end:?}");
        }
        // The others go on as if nothing had been.
        owner.send(&submit_frame(SPACE, 2, &[todo_command("still here")])).await;
        assert_eq!(owner.answer().await, (2, AnswerCode::Accepted));
    });
}

#[test]
fn a_frame_that_is_too_large_is_named_as_such() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        for bytes in [1024 * 1024 + 1, 1024 * 1024 + 8 * 1024] {
            let mut client = Client::welcomed(address, &token).await;
            client.send_bytes(vec![0; bytes]).await;
            assert!(matches!(client.goodbye().await, Goodbye::Malformed | Goodbye::TooMuch), "{bytes}");
        }
        Client::welcomed(address, &token).await;
    });
}
