//! A client of nothing but frames.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use recordplayer::claims::Claims;
use recordplayer::commit::Head;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{ActorId, CommandId, Id, ReplicaId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::name::Name;
use recordplayer::protocol::{AnswerCode, ClientFrame, CommandEntry, Knowledge, ServerFrame};
use recordplayer::record::{Position, Seen};
use recordplayer_kanban::board::BoardCommand;
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::column::{ColumnCommand, ColumnKind};
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::project::ProjectCommand;
use recordplayer_kanban::{Board, Card, Column, Project};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Socket = WebSocketStream<TcpStream>;

pub const SPACE: SpaceId = SpaceId(Id([0xbe; 16]));
pub const BOARD: BoardId = BoardId(Id([1; 16]));
pub const COLUMN: ColumnId = ColumnId(Id([2; 16]));

/// Opens a socket with small buffers, as many of them are.
pub async fn connect(address: SocketAddr) -> Result<Socket, Error> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(4096);
    Ok(client_async_with_config(format!("ws://{address}/"), stream, Some(config)).await?.0)
}

/// Sockets that the naked hub sends everything to. One command has reached all of them: the hub serves each.
pub async fn listeners(hub: SocketAddr, count: u64) -> Result<Vec<Socket>, Error> {
    let mut sockets = Vec::new();
    for _ in 0..count {
        let mut socket = connect(hub).await?;
        socket.send(Message::Binary(Bytes::from_static(b"listen"))).await?;
        sockets.push(socket);
    }
    let mut writer = connect(hub).await?;
    for bytes in [&b"command"[..], &[3; 200]] {
        writer.send(Message::Binary(Bytes::from_static(bytes))).await?;
    }
    for socket in &mut sockets {
        socket.next().await.ok_or("the hub has closed the line")??;
    }
    Ok(sockets)
}

/// One session with the product's server, and one replica that sends commands through it.
pub struct Line {
    socket: Socket,
    pub person: ActorId,
    replica: ReplicaId,
    number: u64,
    answered: u64,
    /// The record of the last answer: what this line knows when it sends the next command.
    seen: Position,
}

impl Line {
    /// A session; `seed` tells the replicas apart.
    pub async fn open(address: SocketAddr, token: &str, seed: u64) -> Result<Self, Error> {
        let replica = ReplicaId::derived("bench", &[&seed.to_be_bytes()]);
        let socket = connect(address).await?;
        let mut line =
            Self { socket, person: ActorId::default(), replica, number: 0, answered: 0, seen: Position::START };
        let hello = ClientFrame::Hello {
            protocol_min: 1,
            protocol_max: 1,
            domain: Name::new("kanban")?,
            domain_version: recordplayer_kanban::domain().version(),
            token: token.to_owned(),
            program: "bench".to_owned(),
        };
        line.send(&hello).await?;
        match line.next().await? {
            ServerFrame::Welcome { person, .. } => line.person = person,
            other => return Err(format!("{other:?}").into()),
        }
        Ok(line)
    }

    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), Error> {
        Ok(self.socket.send(Message::Binary(frame.encode().into())).await?)
    }

    pub async fn next(&mut self) -> Result<ServerFrame, Error> {
        loop {
            match self.socket.next().await.ok_or("the server has closed the line")?? {
                Message::Binary(bytes) => return Ok(ServerFrame::decode(&bytes)?),
                Message::Close(_) => return Err("the server has closed the line".into()),
                _ => {}
            }
        }
    }

    /// Follows the space from its first record; done when the log so far has come.
    pub async fn follow(&mut self) -> Result<(), Error> {
        let knowledge = Knowledge { epoch: 0, head: Head::START };
        self.send(&ClientFrame::Subscribe { space: SPACE, knowledge }).await?;
        loop {
            if let ServerFrame::Commits { upto, head, .. } = self.next().await?
                && upto == head
            {
                return Ok(());
            }
        }
    }

    /// Sends a command without waiting for its answer.
    pub async fn submit<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) -> Result<u64, Error> {
        let intent = Intent::of::<E>(id, command)?;
        self.number += 1;
        let entry = CommandEntry {
            number: self.number,
            command: CommandId::derived("bench", &[self.replica.bytes(), &self.number.to_be_bytes()]),
            stream: intent.stream,
            name: intent.name,
            payload: intent.payload,
            claims: Claims::default(),
            requires: Vec::new(),
            seen: Seen { epoch: 1, position: self.seen },
            follows: None,
        };
        let commands = vec![entry];
        let (replica, answered_up_to) = (self.replica, self.answered);
        self.send(&ClientFrame::Submit { space: SPACE, replica, parent: None, answered_up_to, commands }).await?;
        Ok(self.number)
    }

    /// The next answer; an error where a command was not accepted.
    pub async fn answer(&mut self) -> Result<u64, Error> {
        loop {
            if let ServerFrame::Answer { number, code, at, .. } = self.next().await? {
                if code != AnswerCode::Accepted {
                    return Err(format!("command {number} was answered by {code:?}").into());
                }
                self.answered = self.answered.max(number);
                self.seen = self.seen.max(at);
                return Ok(number);
            }
        }
    }

    /// Sends a command and waits until it is durable.
    pub async fn done<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) -> Result<(), Error> {
        self.submit::<E>(id, command).await?;
        self.answer().await.map(drop)
    }

    /// Founds the project that everything is measured on.
    pub async fn found(&mut self) -> Result<(), Error> {
        self.done::<Membership>(SPACE.0, &MembershipCommand::Found { title: "bench".to_owned() }).await?;
        self.done::<Project>(SPACE.0, &ProjectCommand::SetUp { key: "BEN".to_owned() }).await?;
        self.done::<Board>(BOARD, &BoardCommand::Add { title: "Board".to_owned() }).await?;
        let add =
            ColumnCommand::Add { board: BOARD, name: "Column".to_owned(), kind: ColumnKind::Active, before: None };
        self.done::<Column>(COLUMN, &add).await
    }

    /// Writes a card of this line's own.
    pub async fn write_card(&mut self) -> Result<CardId, Error> {
        let card = CardId(Id::derived("bench card", &[self.replica.bytes()]));
        let create = CardCommand::Create { column: COLUMN, title: title(0), before: None, exempt: false, typed: None };
        self.done::<Card>(card, &create).await?;
        Ok(card)
    }
}

/// A title that makes a command and its event about as large as records are on average.
pub fn title(number: u64) -> String {
    format!("{number:>20} A title of a usual length, as people write them on their cards")
}

pub fn rename(number: u64) -> CardCommand {
    CardCommand::Rename { title: title(number) }
}
