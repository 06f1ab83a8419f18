//! One client takes a bounded part of the server, whatever it asks for, and holds up nobody else.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use recordplayer::claims::Claims;
use recordplayer::commit::{Commit, Draft, Header};
use recordplayer::context::Context;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::hash::Hash;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::name::Name;
use recordplayer::protocol::{AnswerCode, ClientFrame, Goodbye, PublishEnd, ServerFrame};
use recordplayer::record::{Position, RecordKind, StreamId};
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, ViewKey};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

use crate::kit::{Client, Town, founding, submit_frame};

const SPACE: SpaceId = SpaceId(Id([7; 16]));
const PUBLICATION: Id = Id([8; 16]);

fn part(part: u32, ends: Option<PublishEnd>, commits: Vec<Arc<[u8]>>) -> ClientFrame {
    ClientFrame::Publish { space: SPACE, publication: PUBLICATION, part, ends, commits }
}

async fn not_published(client: &mut Client) -> (String, bool) {
    let said = client.until(|frame| match frame {
        ServerFrame::NotPublished { message, again, .. } => Some((message, again)),
        _ => None,
    });
    said.await
}

/// What was brought counted by its bytes: commits without any cost the server what it holds them by, and nothing stopped them.
#[test]
fn commits_of_no_bytes_take_room_as_well() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut client = Client::welcomed(address, &token).await;
        let nothing: Arc<[u8]> = Arc::default();
        // Each costs 64 bytes: 128 frames of 8,192 of them, and one more, are too much.
        for number in 0..=128 {
            client.send(&part(number, None, vec![Arc::clone(&nothing); 8_192])).await;
        }
        let (message, again) = not_published(&mut client).await;
        assert!(message.contains("more than 64 MiB"), "{message}");
        assert!(!again);
    });
}

/// Five who brought as much as one may took five times the room.
#[test]
fn all_who_bring_something_share_one_room() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let large: Vec<Arc<[u8]>> = vec![vec![0; 500_000].into(), vec![0; 500_000].into()];
        let mut bringing = Vec::new();
        loop {
            let mut client = Client::welcomed(address, &token).await;
            for number in 0..67 {
                client.send(&part(number, None, large.clone())).await;
            }
            client.send(&ClientFrame::Ping { nonce: 1 }).await;
            let refused = client.until(|frame| match frame {
                ServerFrame::NotPublished { again, .. } => Some(Some(again)),
                ServerFrame::Pong { .. } => Some(None),
                _ => None,
            });
            match refused.await {
                Some(again) => {
                    assert!(again, "there is room later");
                    // The rest of it was on its way, and costs nothing.
                    client.until(|frame| matches!(frame, ServerFrame::Pong { .. }).then_some(())).await;
                    break;
                }
                None => bringing.push(client),
            }
            assert!(bringing.len() < 8, "there is room for everybody");
        }
        // Whoever leaves makes room.
        drop(bringing);
        let mut client = Client::welcomed(address, &token).await;
        loop {
            client.send(&part(0, Some(PublishEnd::Rehearse), large.clone())).await;
            let (message, again) = not_published(&mut client).await;
            if !again {
                assert!(message.contains("damaged"), "{message}");
                break;
            }
        }
    });
}

#[test]
fn a_session_looks_at_so_many_views_and_may_let_go_of_some() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut client = Client::welcomed(address, &token).await;
        client.send(&submit_frame(SPACE, 1, &[founding("looked at")])).await;
        assert_eq!(client.answer().await, (1, AnswerCode::Accepted));
        let view = |number: u64| {
            ViewKey::of_stream(&StreamId::of::<Membership>(Id::derived("view", &[&number.to_be_bytes()])))
        };
        for number in 0..2_000 {
            client.send(&ClientFrame::SubscribeView { space: SPACE, view: view(number), after: None }).await;
            client.send(&ClientFrame::Unsubscribe { space: SPACE, view: Some(view(number)) }).await;
        }
        for number in 0..1_024 {
            client.send(&ClientFrame::SubscribeView { space: SPACE, view: view(number), after: None }).await;
        }
        client.send(&ClientFrame::Ping { nonce: 1 }).await;
        client.until(|frame| matches!(frame, ServerFrame::Pong { .. }).then_some(())).await;
        let one_more = ViewKey { name: Name::of("board"), key: Key::text("one more") };
        client.send(&ClientFrame::SubscribeView { space: SPACE, view: one_more, after: None }).await;
        assert_eq!(client.goodbye().await, Goodbye::TooMuch);
    });
}

/// Where the play of a [`Slow`] says that it has begun, and waits until it may go on.
static PLAYING: Mutex<Option<(Sender<()>, Receiver<()>)>> = Mutex::new(None);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Slow {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum SlowCommand {
    Begin {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum SlowEvent {
    Begun {},
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Never {}

impl Entity for Slow {
    const KIND: &'static str = "slow";
    type Command = SlowCommand;
    type Event = SlowEvent;
    type Refusal = Never;

    fn decide(&self, _: &SlowCommand, _: &mut Context<'_>) -> Result<Vec<SlowEvent>, Never> {
        Ok(vec![SlowEvent::Begun {}])
    }

    fn play(&mut self, _: &SlowEvent, _: &Stamp) {
        if let Some((begun, go_on)) = PLAYING.lock().unwrap().take() {
            begun.send(()).unwrap();
            go_on.recv().unwrap();
        }
    }
}

/// A log of one event, which takes long to be played.
fn slow_log() -> Vec<Arc<[u8]>> {
    let header = Header {
        space: SPACE,
        epoch: 1,
        first: Position(1),
        time: Timestamp(0),
        actor: ActorId(Id([2; 16])),
        replica: ReplicaId(Id([3; 16])),
        number: 1,
        command: CommandId(Id([4; 16])),
        answered_up_to: 0,
        claims: Claims::default(),
        parent: None,
        requires: Vec::new(),
        domain_version: 1,
        over: Vec::new(),
        trigger: None,
        errand: None,
    };
    let stream = StreamId::of::<Slow>(Id([5; 16]));
    let draft =
        |kind, name: &'static str| Draft { kind, stream: stream.clone(), name: Name::of(name), payload: [0xa0].into() };
    let drafts = vec![draft(RecordKind::Command, "slow.begin"), draft(RecordKind::Event, "slow.begun")];
    vec![Commit::new(header, drafts, &Hash::ZERO, |_| [0; 16]).unwrap().bytes]
}

/// A long history was looked at by the very thread on which others are served.
#[test]
fn others_are_served_while_a_project_is_looked_at() {
    let (begun, has_begun) = channel();
    let (may_go_on, go_on) = channel();
    *PLAYING.lock().unwrap() = Some((begun, go_on));
    let town = Town::new();
    town.run_on_one_thread(Domain::new("todo", 1).entity::<Slow>(), async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut brings = Client::welcomed(address, &token).await;
        let mut other = Client::welcomed(address, &token).await;
        brings.send(&part(0, Some(PublishEnd::Rehearse), slow_log())).await;
        has_begun.recv().unwrap();
        other.send(&ClientFrame::Ping { nonce: 1 }).await;
        other.until(|frame| matches!(frame, ServerFrame::Pong { .. }).then_some(())).await;
        may_go_on.send(()).unwrap();
        brings.until(|frame| matches!(frame, ServerFrame::Published { .. }).then_some(())).await;
    });
}
