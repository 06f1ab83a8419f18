//! A server on a loopback socket, and a client of nothing but frames.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use recordplayer::claims::Claims;
use recordplayer::codec::encode_named;
use recordplayer::domain::Domain;
use recordplayer::entity::Entity;
use recordplayer::id::{CommandId, Id, ReplicaId, SpaceId};
use recordplayer::membership::{Membership, MembershipCommand};
use recordplayer::name::Name;
use recordplayer::policy::Effect;
use recordplayer::protocol::{AnswerCode, ClientFrame, CommandEntry, Goodbye, ServerFrame};
use recordplayer::record::StreamId;
use recordplayer_server::{Control, DiskFailed, Server};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Far more than anything here takes, so that a hanging test ends.
const PATIENCE: Duration = Duration::from_secs(50);

/// A server's folder with two people, ann and bo.
pub struct Town(tempfile::TempDir);

impl Town {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Serves while the test runs, then drops everything where it stands, as a kill would.
    pub fn run<T>(&self, test: impl AsyncFnOnce(SocketAddr, &Control) -> T) -> T {
        self.serve(std::future::pending(), async |address, control, _| test(address, control).await)
    }

    /// As [`Self::run`], in one thread, so that the clock can be stopped.
    pub fn run_alone<T>(&self, test: impl AsyncFnOnce(SocketAddr, &Control) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.serve_in(&runtime, std::future::pending(), async |address, control, _| test(address, control).await)
    }

    /// Serves until `shutdown`, and then to the end.
    pub fn run_until(
        &self,
        shutdown: impl Future<Output = ()> + Send + 'static,
        test: impl AsyncFnOnce(SocketAddr, &Control),
    ) {
        self.serve(shutdown, async |address, control, serving| {
            test(address, control).await;
            timeout(PATIENCE, serving).await.expect("an end in time").unwrap().unwrap();
        });
    }

    fn serve<T>(
        &self,
        shutdown: impl Future<Output = ()> + Send + 'static,
        test: impl AsyncFnOnce(SocketAddr, &Control, JoinHandle<Result<(), DiskFailed>>) -> T,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        self.serve_in(&runtime, shutdown, test)
    }

    /// As [`Self::run`], for another application, of which something happens outside of the logs.
    pub fn run_with<T>(
        &self,
        domain: Domain,
        carry_out: impl Fn(&Effect) -> Result<(), String> + Send + Sync + 'static,
        test: impl AsyncFnOnce(SocketAddr, &Control) -> T,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = Server::open(domain.shared(), self.0.path()).unwrap().carry_out(carry_out);
        let test = async |address, control: &Control, _| test(address, control).await;
        serve_with(&runtime, server, std::future::pending(), test)
    }

    /// As [`Self::run`], for another application, by a server that has one thread.
    pub fn run_on_one_thread<T>(&self, domain: Domain, test: impl AsyncFnOnce(SocketAddr, &Control) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = Server::open(domain.shared(), self.0.path()).unwrap();
        let test = async |address, control: &Control, _| test(address, control).await;
        serve_with(&runtime, server, std::future::pending(), test)
    }

    fn serve_in<T>(
        &self,
        runtime: &Runtime,
        shutdown: impl Future<Output = ()> + Send + 'static,
        test: impl AsyncFnOnce(SocketAddr, &Control, JoinHandle<Result<(), DiskFailed>>) -> T,
    ) -> T {
        let server = Server::open(Domain::new("todo", 1).shared(), self.0.path()).unwrap();
        serve_with(runtime, server.allow_origin("https://boards.example"), shutdown, test)
    }
}

fn serve_with<T>(
    runtime: &Runtime,
    server: Server,
    shutdown: impl Future<Output = ()> + Send + 'static,
    test: impl AsyncFnOnce(SocketAddr, &Control, JoinHandle<Result<(), DiskFailed>>) -> T,
) -> T {
    let control = server.control();
    for name in ["ann", "bo"] {
        // The second time they are there already.
        let _ = control.accounts().add_user(name);
    }
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(server.serve(listener, shutdown));
        test(address, &control, serving).await
    })
}

pub fn founding(title: &str) -> MembershipCommand {
    MembershipCommand::Found { title: title.to_owned() }
}

pub fn todo_command(title: &str) -> MembershipCommand {
    MembershipCommand::Rename { title: title.to_owned() }
}

/// Commands of one replica, numbered from `first`.
pub fn submit_frame(space: SpaceId, first: u64, commands: &[MembershipCommand]) -> ClientFrame {
    let entries = (first..).zip(commands).map(|(number, command)| entry::<Membership>(number, space.0, command));
    submit_entries(space, first, entries.collect())
}

/// One command of that replica.
pub fn entry<E: Entity>(number: u64, id: Id, command: &E::Command) -> CommandEntry {
    let (variant, payload) = encode_named(command).unwrap();
    CommandEntry {
        number,
        command: CommandId::derived("test", &[&number.to_be_bytes()]),
        stream: StreamId::of::<E>(id),
        name: Name::new(&format!("{}.{variant}", E::KIND)).unwrap(),
        payload: payload.into(),
        claims: Claims::default(),
        requires: Vec::new(),
        seen: recordplayer::record::Seen::default(),
        follows: None,
    }
}

pub fn submit_entries(space: SpaceId, first: u64, commands: Vec<CommandEntry>) -> ClientFrame {
    ClientFrame::Submit {
        space,
        replica: ReplicaId::derived("test", &[]),
        parent: None,
        answered_up_to: first - 1,
        commands,
    }
}

/// One raw connection.
pub struct Client(WebSocketStream<TcpStream>);

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self(client_async(format!("ws://{address}/"), stream).await.unwrap().0)
    }

    pub async fn welcomed(address: SocketAddr, token: &str) -> Self {
        let mut client = Self::connect(address).await;
        client.hello(token, "todo", (1, 1)).await;
        assert!(matches!(client.next().await, ServerFrame::Welcome { .. }));
        client
    }

    pub async fn refused(address: SocketAddr, token: &str, domain: &str, protocol: (u32, u32)) -> Goodbye {
        let mut client = Self::connect(address).await;
        client.hello(token, domain, protocol).await;
        client.goodbye().await
    }

    pub async fn status_with_origin(address: SocketAddr, origin: &str) -> u16 {
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((_, response)) => response.status().as_u16(),
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    }

    async fn hello(&mut self, token: &str, domain: &str, protocol: (u32, u32)) {
        let hello = ClientFrame::Hello {
            protocol_min: protocol.0,
            protocol_max: protocol.1,
            domain: Name::new(domain).unwrap(),
            domain_version: 1,
            token: token.to_owned(),
            program: "test".to_owned(),
        };
        self.send(&hello).await;
    }

    pub async fn send(&mut self, frame: &ClientFrame) {
        self.send_bytes(frame.encode()).await;
    }

    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::Binary(bytes.into())).await.unwrap();
    }

    pub async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn next(&mut self) -> ServerFrame {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a frame in time").expect("no end").unwrap() {
                Message::Binary(bytes) => return ServerFrame::decode(&bytes).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// The next frame that is looked for; others are skipped.
    pub async fn until<T>(&mut self, look: impl Fn(ServerFrame) -> Option<T>) -> T {
        loop {
            if let Some(found) = look(self.next().await) {
                return found;
            }
        }
    }

    pub async fn answer(&mut self) -> (u64, AnswerCode) {
        self.until(|frame| match frame {
            ServerFrame::Answer { number, code, .. } => Some((number, code)),
            _ => None,
        })
        .await
    }

    pub async fn goodbye(&mut self) -> Goodbye {
        self.until(|frame| match frame {
            ServerFrame::Goodbye { code, .. } => Some(code),
            _ => None,
        })
        .await
    }

    pub async fn has_no_access(&mut self) -> bool {
        self.until(|frame| match frame {
            ServerFrame::NoAccess { .. } => Some(true),
            ServerFrame::Commits { .. } | ServerFrame::Answer { .. } => Some(false),
            _ => None,
        })
        .await
    }

    /// The next commits, encoded.
    pub async fn commits_bytes(&mut self) -> Vec<u8> {
        self.until(|frame| matches!(frame, ServerFrame::Commits { .. }).then(|| frame.encode())).await
    }
}
