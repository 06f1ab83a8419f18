//! The server at its own border: real sockets on loopback, frames in and frames out.

mod crowding;
mod effects;
mod files;
mod garbage;
mod kit;
mod slow_reader;

use kit::{Client, Town, founding, submit_frame, todo_command};
use recordplayer::commit::{Head, Seal};
use recordplayer::hash::Hash;
use recordplayer::id::{Id, SpaceId};
use recordplayer::membership::MembershipCommand;
use recordplayer::protocol::{AnswerCode, ClientFrame, Goodbye, Knowledge, PublishEnd, ServerFrame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SPACE: SpaceId = SpaceId(Id([7; 16]));

fn subscribe() -> ClientFrame {
    ClientFrame::Subscribe { space: SPACE, knowledge: Knowledge { epoch: 0, head: Head::START } }
}

#[test]
fn what_one_client_submits_reaches_both_as_the_same_bytes() {
    let town = Town::new();
    town.run(async |address, control| {
        let (ann, bo) = (control.accounts().new_token("ann").unwrap(), control.accounts().new_token("bo").unwrap());
        let bo_id = control.accounts().person("bo").unwrap();
        let (mut ann, mut bo) = (Client::welcomed(address, &ann).await, Client::welcomed(address, &bo).await);
        let add = MembershipCommand::AddMember { person: bo_id, role: "member".to_owned() };
        ann.send(&submit_frame(SPACE, 1, &[founding("shared"), add])).await;
        assert_eq!(ann.answer().await, (1, AnswerCode::Accepted));
        assert_eq!(ann.answer().await, (2, AnswerCode::Accepted));
        let spaces = bo.until(|frame| match frame {
            ServerFrame::MySpaces { spaces } if !spaces.is_empty() => Some(spaces),
            _ => None,
        });
        assert_eq!(spaces.await[0].title, "shared");

        ann.send(&subscribe()).await;
        bo.send(&subscribe()).await;
        assert_eq!(ann.commits_bytes().await, bo.commits_bytes().await);
        ann.send(&submit_frame(SPACE, 3, &[todo_command("renamed")])).await;
        let live = ann.commits_bytes().await;
        assert_eq!(live, bo.commits_bytes().await);
        assert!(!live.is_empty());
        assert_eq!(ann.answer().await, (3, AnswerCode::Accepted));
    });
}

#[test]
fn garbage_is_answered_with_goodbye() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut client = Client::welcomed(address, &token).await;
        client.send_bytes(vec![0xff; 64]).await;
        assert_eq!(client.goodbye().await, Goodbye::Malformed);
        let mut client = Client::connect(address).await;
        client.send_text("hello").await;
        assert_eq!(client.goodbye().await, Goodbye::Malformed);
        // And the others go on.
        Client::welcomed(address, &token).await;
    });
}

#[test]
fn a_wrong_token_a_foreign_domain_and_a_newer_protocol_are_sent_away() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        assert_eq!(Client::refused(address, "rp_0000", "todo", (1, 1)).await, Goodbye::BadToken);
        assert_eq!(Client::refused(address, &token, "other", (1, 1)).await, Goodbye::Incompatible);
        assert_eq!(Client::refused(address, &token, "todo", (99, 100)).await, Goodbye::Incompatible);
    });
}

#[test]
fn a_revoked_token_ends_its_session() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut client = Client::welcomed(address, &token).await;
        control.accounts().revoke(&control.accounts().device(&token).unwrap()).unwrap();
        client.send(&ClientFrame::Ping { nonce: 1 }).await;
        assert_eq!(client.goodbye().await, Goodbye::BadToken);
    });
}

#[test]
fn a_page_of_a_foreign_origin_is_refused() {
    let town = Town::new();
    town.run(async |address, _| {
        assert_eq!(Client::status_with_origin(address, "https://evil.example").await, 403);
        assert_eq!(Client::status_with_origin(address, "https://boards.example").await, 101);
    });
}

/// Somebody opens the address in a browser.
#[test]
fn whoever_asks_for_a_page_is_told_what_this_is() {
    let town = Town::new();
    town.run(async |address, _| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: boards.example\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
        assert!(answer.ends_with("there is no page here.\n"), "{answer}");
    });
}

#[test]
fn who_is_no_member_learns_nothing() {
    let town = Town::new();
    town.run(async |address, control| {
        let (ann, bo) = (control.accounts().new_token("ann").unwrap(), control.accounts().new_token("bo").unwrap());
        let (mut ann, mut bo) = (Client::welcomed(address, &ann).await, Client::welcomed(address, &bo).await);
        bo.send(&subscribe()).await;
        assert!(bo.has_no_access().await, "a space that does not exist");
        ann.send(&submit_frame(SPACE, 1, &[founding("own")])).await;
        assert_eq!(ann.answer().await, (1, AnswerCode::Accepted));
        bo.send(&subscribe()).await;
        assert!(bo.has_no_access().await, "a space of somebody else");
        bo.send(&submit_frame(SPACE, 1, &[todo_command("mine")])).await;
        assert!(bo.has_no_access().await, "a command into it");
    });
}

/// A seal is all that a server that knows nothing of a space goes by: without one nothing is made of it, and nobody learns anything.
#[test]
fn a_tail_without_a_seal_of_this_server_makes_no_space() {
    let town = Town::new();
    town.run(async |address, control| {
        let token = control.accounts().new_token("bo").unwrap();
        let mut bo = Client::welcomed(address, &token).await;
        let place = Head { position: recordplayer::record::Position(9), hash: Hash([1; 32]) };
        let unwanted = |frame| match frame {
            ServerFrame::WantTail { after, .. } => Some(after),
            _ => None,
        };
        bo.send(&ClientFrame::OfferTail { space: SPACE, place, seal: Seal(Hash([2; 32])), epoch: 1, follows: true })
            .await;
        assert_eq!(bo.until(unwanted).await, None);
        bo.send(&ClientFrame::BringTail {
            space: SPACE,
            after: Head::START,
            commits: vec![vec![0x83; 40].into()],
            redactions: Vec::new(),
        })
        .await;
        bo.send(&subscribe()).await;
        assert!(bo.has_no_access().await, "there is no such space");
    });
}

#[test]
fn a_killed_server_opens_again_with_everything() {
    let town = Town::new();
    let (token, before) = town.run(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut ann = Client::welcomed(address, &token).await;
        ann.send(&submit_frame(SPACE, 1, &[founding("kept"), todo_command("renamed")])).await;
        assert_eq!(ann.answer().await, (1, AnswerCode::Accepted));
        assert_eq!(ann.answer().await, (2, AnswerCode::Accepted));
        (token, control.hash(SPACE).await.unwrap())
    });
    town.run(async |address, control| {
        assert_eq!(control.hash(SPACE).await, Some(before));
        assert_eq!(control.find_spaces("renamed").len(), 1);
        let mut ann = Client::welcomed(address, &token).await;
        ann.send(&submit_frame(SPACE, 2, &[todo_command("renamed")])).await;
        assert_eq!(ann.answer().await, (2, AnswerCode::Accepted), "the stored verdict");
    });
}

#[test]
fn a_server_that_shuts_down_says_goodbye_and_saves() {
    let town = Town::new();
    let (stop, stopping) = tokio::sync::oneshot::channel();
    town.run_until(
        async {
            let _ = stopping.await;
        },
        async |address, control| {
            let token = control.accounts().new_token("ann").unwrap();
            let mut ann = Client::welcomed(address, &token).await;
            ann.send(&submit_frame(SPACE, 1, &[founding("kept")])).await;
            assert_eq!(ann.answer().await, (1, AnswerCode::Accepted));
            stop.send(()).unwrap();
            assert_eq!(ann.goodbye().await, Goodbye::ShuttingDown);
        },
    );
    town.run(async |_, control| assert_eq!(control.find_spaces("kept").len(), 1));
}

/// The clock runs ahead while nothing else is to be done, so a minute of silence takes no time.
#[test]
fn who_answers_no_ping_is_sent_away_for_its_silence() {
    let town = Town::new();
    town.run_alone(async |address, control| {
        let token = control.accounts().new_token("ann").unwrap();
        let mut client = Client::welcomed(address, &token).await;
        tokio::time::pause();
        assert_eq!(client.goodbye().await, Goodbye::Silent);
    });
}

/// A personal space has its person's id, which is no secret: whoever knows it cannot begin the space in their place.
#[test]
fn nobody_begins_the_personal_space_of_somebody_else() {
    let town = Town::new();
    town.run(async |address, control| {
        let (ann, bo) = (control.accounts().new_token("ann").unwrap(), control.accounts().new_token("bo").unwrap());
        let space = SpaceId::personal(control.accounts().person("ann").unwrap());
        let (mut ann, mut bo) = (Client::welcomed(address, &ann).await, Client::welcomed(address, &bo).await);
        bo.send(&submit_frame(space, 1, &[founding("Personal")])).await;
        let refused = |frame| match frame {
            ServerFrame::NoAccess { space } => Some(space),
            _ => None,
        };
        assert_eq!(bo.until(refused).await, space);
        bo.send(&publish_frame(space)).await;
        let refused = |frame| match frame {
            ServerFrame::NotPublished { again, .. } => Some(again),
            _ => None,
        };
        assert!(!bo.until(refused).await);
        // It is still hers to begin.
        ann.send(&submit_frame(space, 1, &[founding("Personal")])).await;
        assert_eq!(ann.answer().await, (1, AnswerCode::Accepted));
    });
}

fn publish_frame(space: SpaceId) -> ClientFrame {
    let (publication, ends) = (Id([9; 16]), Some(PublishEnd::TakeOn));
    ClientFrame::Publish { space, publication, part: 0, ends, commits: Vec::new() }
}
