//! One connection of a client: the hello, then frames in and frames out until one side ends it.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use recordplayer::commit::Head;
use recordplayer::id::{Id, SpaceId};
use recordplayer::limits::IN_FLIGHT_COMMANDS_MAX;
use recordplayer::membership::Membership;
use recordplayer::protocol::{ClientFrame, Goodbye, PROTOCOL_VERSIONS, PublishEnd, ServerFrame};
use recordplayer::space::{OfferedTail, Publication, SpaceInput, Submission, Tail};
use recordplayer::view::ViewKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::accounts::Device;
use crate::clock::now;
use crate::hub::{Hub, Link};
use crate::limits::{
    GOODBYE_TIMEOUT, HANDSHAKE_TIMEOUT, PING_INTERVAL, PUBLICATION_BYTES_MAX, PUBLICATION_COMMIT_BYTES,
    PUBLICATION_PINGS_MAX, SILENCE_TIMEOUT, SUBSCRIPTIONS_MAX, VIEWS_MAX, WRITE_TIMEOUT,
};
use crate::outbound::goodbye;
use crate::publications::Room;
use crate::space_actor::Call;

type Incoming = SplitStream<WebSocketStream<TcpStream>>;
type Outgoing = SplitSink<WebSocketStream<TcpStream>, Message>;

/// Serves a connection to its end.
pub(crate) async fn run(hub: Arc<Hub>, socket: WebSocketStream<TcpStream>) {
    let (mut outgoing, mut incoming) = socket.split();
    let greeted = match timeout(HANDSHAKE_TIMEOUT, next_frame(&mut incoming)).await {
        Ok(Ok(frame)) => greet(&hub, frame),
        Ok(Err(end)) => Err(end),
        Err(_) => Err(Some(goodbye(Goodbye::Malformed, "no hello came", "send a hello as the first frame"))),
    };
    let link = match greeted {
        Ok(link) => link,
        Err(end) => {
            if let Some(end) = end {
                let last = Message::Binary(end.encode().into());
                let _ = timeout(GOODBYE_TIMEOUT, outgoing.send(last)).await;
            }
            return close(outgoing, incoming).await;
        }
    };
    tracing::info!(session = link.id.0, person = %link.device.person, "a session begins");
    let mut session = Session {
        hub: Arc::clone(&hub),
        link: Arc::clone(&link),
        bringing: None,
        not_taken: None,
        spaces: BTreeSet::new(),
        views: BTreeSet::new(),
    };
    {
        let mut writing = pin!(write_frames(&hub, &link, &mut outgoing));
        let is_writing = tokio::select! {
            end = session.read_frames(&mut incoming) => {
                link.out.end(end.as_deref());
                true
            }
            () = &mut writing => false,
        };
        if is_writing {
            let _ = timeout(GOODBYE_TIMEOUT, writing).await;
        }
    }
    hub.leave(link.id);
    for space in session.spaces {
        hub.send_if_active(space, Call::Input(SpaceInput::Gone { session: link.id })).await;
    }
    tracing::info!(session = link.id.0, "the session ends");
    close(outgoing, incoming).await;
}

/// Ends the socket in order: what was said last is read before the connection goes.
///
/// What still comes is read as mere bytes: behind a frame that is too large nothing can be told apart, and a connection that is dropped
/// with something unread is reset, which can take the last words with it.
async fn close(mut outgoing: Outgoing, incoming: Incoming) {
    let closing = async {
        let _ = outgoing.close().await;
        let Ok(mut socket) = outgoing.reunite(incoming) else { return };
        let stream = socket.get_mut();
        let _ = stream.shutdown().await;
        let mut rest = vec![0; 4096];
        while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
    };
    let _ = timeout(GOODBYE_TIMEOUT, closing).await;
}

/// The next frame, or what is to be said when there is none.
async fn next_frame(incoming: &mut Incoming) -> Result<ClientFrame, Option<Box<ServerFrame>>> {
    let malformed = |why: &str| Some(goodbye(Goodbye::Malformed, why, "upgrade the program, or report this"));
    loop {
        match incoming.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                return ClientFrame::decode(&bytes).map_err(|error| malformed(&error.to_string()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Text(_) | Message::Frame(_))) => return Err(malformed("frames are binary messages")),
            Some(Err(Error::Capacity(error))) => {
                return Err(Some(goodbye(Goodbye::TooMuch, &error.to_string(), "send less in one frame")));
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
        }
    }
}

/// Checks who comes and what they speak, and says welcome.
fn greet(hub: &Hub, frame: ClientFrame) -> Result<Arc<Link>, Option<Box<ServerFrame>>> {
    let ClientFrame::Hello { protocol_min, protocol_max, domain, domain_version, token, program } = frame else {
        return Err(Some(goodbye(Goodbye::Malformed, "the first frame is no hello", "send a hello first")));
    };
    let (oldest, newest) = PROTOCOL_VERSIONS;
    let protocol = newest.min(protocol_max);
    if protocol < oldest.max(protocol_min) {
        let message =
            format!("the server speaks protocol {oldest} to {newest}, the client {protocol_min} to {protocol_max}");
        let help = if protocol_min > newest { "upgrade the server" } else { "upgrade the program on this device" };
        return Err(Some(goodbye(Goodbye::Incompatible, &message, help)));
    }
    if domain != *hub.domain.name() {
        let message = format!("this is a server for {:?}, not for {domain:?}", hub.domain.name());
        return Err(Some(goodbye(Goodbye::Incompatible, &message, "connect to a server of this application")));
    }
    let Some(device) = hub.accounts.device(&token) else {
        return Err(Some(goodbye(
            Goodbye::BadToken,
            "the token is not known here",
            "ask the admin for a new device token",
        )));
    };
    let program: String = program.chars().filter(|letter| !letter.is_control()).take(64).collect();
    tracing::debug!(person = %device.person, program, "hello");
    let welcome = welcome(hub, &device, protocol);
    let Some(link) = hub.join(device, domain_version, &welcome) else {
        return Err(Some(goodbye(Goodbye::TooMuch, "the server has too many connections", "try again in a while")));
    };
    hub.tell_spaces(&link);
    Ok(link)
}

fn welcome(hub: &Hub, device: &Device, protocol: u32) -> ServerFrame {
    ServerFrame::Welcome {
        protocol,
        domain_version: hub.domain.version(),
        person: device.person,
        name: device.name.clone(),
        time: now(),
    }
}

fn bad_token() -> Box<ServerFrame> {
    goodbye(Goodbye::BadToken, "the token was revoked", "ask the admin for a new device token")
}

fn silent() -> Box<ServerFrame> {
    let message = format!("nothing came from the client for {} seconds", SILENCE_TIMEOUT.as_secs());
    goodbye(Goodbye::Silent, &message, "answer each ping, and connect again")
}

/// Writes what waits together, then asks the spaces for more.
async fn write_frames(hub: &Arc<Hub>, link: &Link, outgoing: &mut Outgoing) {
    loop {
        let batch = link.out.next().await;
        if !batch.is_last && !hub.accounts.is_valid(&link.device.token) {
            link.out.end(Some(&*bad_token()));
            continue;
        }
        let writing = async {
            for frame in batch.frames {
                outgoing.feed(Message::Binary(Bytes::from_owner(frame))).await?;
            }
            outgoing.flush().await
        };
        if !matches!(timeout(WRITE_TIMEOUT, writing).await, Ok(Ok(()))) || batch.is_last {
            return;
        }
        for space in batch.pulls {
            hub.send_if_active(space, Call::Input(SpaceInput::Pull { session: link.id })).await;
        }
    }
}

/// A space on its way here.
struct Bringing {
    space: SpaceId,
    publication: Id,
    parts: u32,
    bytes: usize,
    commits: Vec<Arc<[u8]>>,
    /// What it takes of the room for all who bring something.
    room: Room,
    /// The pings of the server since the last part.
    pings: u32,
}

struct Session {
    hub: Arc<Hub>,
    link: Arc<Link>,
    /// One at a time.
    bringing: Option<Bringing>,
    /// What was not taken last: parts of it may be on their way still.
    not_taken: Option<(SpaceId, Id)>,
    /// The spaces that know of this session.
    spaces: BTreeSet<SpaceId>,
    /// The views that it looks at.
    views: BTreeSet<(SpaceId, ViewKey)>,
}

impl Session {
    /// Takes frames until the session ends; then what is to be said.
    async fn read_frames(&mut self, incoming: &mut Incoming) -> Option<Box<ServerFrame>> {
        let mut pings = interval(PING_INTERVAL);
        pings.tick().await;
        let mut silent_at = Instant::now() + SILENCE_TIMEOUT;
        let mut nonce = 0;
        loop {
            let frame = tokio::select! {
                frame = timeout_at(silent_at, next_frame(incoming)) => match frame {
                    Ok(Ok(frame)) => frame,
                    Ok(Err(end)) => return end,
                    Err(_) => return Some(silent()),
                },
                _ = pings.tick() => {
                    nonce += 1;
                    self.link.out.push(&ServerFrame::Ping { nonce, heads: self.heads() }, None);
                    self.let_go_of_what_is_not_brought();
                    continue;
                }
            };
            silent_at = Instant::now() + SILENCE_TIMEOUT;
            if !self.hub.accounts.is_valid(&self.link.device.token) {
                return Some(bad_token());
            }
            if let Err(end) = self.take(frame).await {
                return Some(end);
            }
        }
    }

    /// Where the logs end that this session follows and may see.
    fn heads(&self) -> Vec<(SpaceId, Head)> {
        let person = self.link.device.person;
        self.spaces.iter().filter_map(|space| Some((*space, self.hub.head_for(*space, person)?))).collect()
    }

    async fn take(&mut self, frame: ClientFrame) -> Result<(), Box<ServerFrame>> {
        let (session, actor) = (self.link.id, self.link.device.person);
        match frame {
            ClientFrame::Hello { .. } => {
                Err(goodbye(Goodbye::Malformed, "a second hello came", "say hello once for each connection"))
            }
            ClientFrame::Subscribe { space, knowledge } => {
                self.ask(space, SpaceInput::Subscribe { session, actor, knowledge }).await
            }
            ClientFrame::SubscribeView { space, view, after } => {
                self.views.insert((space, view.clone()));
                if self.views.len() > VIEWS_MAX {
                    return Err(goodbye(Goodbye::TooMuch, "too many views in one session", "look at fewer at a time"));
                }
                self.ask(space, SpaceInput::SubscribeView { session, actor, view, after }).await
            }
            ClientFrame::Unsubscribe { space, view } => {
                if let Some(view) = &view {
                    self.views.remove(&(space, view.clone()));
                }
                self.hub.send_if_active(space, Call::Input(SpaceInput::Unsubscribe { session, view })).await;
                Ok(())
            }
            ClientFrame::FetchSnapshot { space, at, cursor } => {
                self.ask(space, SpaceInput::FetchSnapshot { session, actor, at, cursor }).await
            }
            ClientFrame::FetchCommits { space, after, upto } => {
                self.ask(space, SpaceInput::FetchCommits { session, actor, after, upto }).await
            }
            ClientFrame::Submit { space, replica, parent, answered_up_to, commands } => {
                if commands.len() > IN_FLIGHT_COMMANDS_MAX {
                    let message = format!("{} commands in one frame; at most {IN_FLIGHT_COMMANDS_MAX}", commands.len());
                    return Err(goodbye(Goodbye::TooMuch, &message, "send fewer at a time"));
                }
                let founds = commands
                    .first()
                    .is_some_and(|first| first.number == 1 && Membership::founds(space, &first.stream, &first.name));
                let is_of_newer = self.link.is_newer;
                let input = SpaceInput::Submit(Submission {
                    session,
                    actor,
                    replica,
                    parent,
                    is_of_newer,
                    answered_up_to,
                    commands,
                });
                if founds && self.hub.is_personal_of_another(space, actor) {
                    self.link.out.push(&ServerFrame::NoAccess { space }, None);
                    return Ok(());
                }
                if founds { self.enter(space, Call::Input(input)).await } else { self.ask(space, input).await }
            }
            ClientFrame::Publish { space, publication, part, ends, commits } => {
                self.receive(space, publication, part, ends, commits).await
            }
            ClientFrame::OfferTail { space, place, seal, epoch, follows } => {
                // Nobody wakes a space, or makes one, without a seal of this server.
                let is_mine = self.hub.accounts.seal_key().is_seal_of(space, epoch, &place, &seal);
                if is_mine && !self.hub.is_unreadable(space) {
                    let offered = OfferedTail { session, place, seal, epoch, follows };
                    return self.enter(space, Call::Input(SpaceInput::OfferTail(offered))).await;
                }
                self.link.out.push(&ServerFrame::WantTail { space, after: None }, None);
                Ok(())
            }
            ClientFrame::BringTail { space, after, commits, redactions } => {
                let tail = Tail { session, after, commits, redactions };
                self.hub.send_if_active(space, Call::Input(SpaceInput::BringTail(tail))).await;
                Ok(())
            }
            ClientFrame::Ping { nonce } => {
                self.link.out.push(&ServerFrame::Pong { nonce, heads: self.heads() }, None);
                Ok(())
            }
            ClientFrame::FindPerson { name } => {
                let found = self.hub.accounts.person(&name).map(|person| (person, name));
                self.link.out.push(&ServerFrame::People { people: found.into_iter().collect() }, None);
                Ok(())
            }
            ClientFrame::Pong { .. } => Ok(()),
        }
    }

    /// Gathers a space that is brought part by part; with the last part, the space itself looks at the whole.
    async fn receive(
        &mut self,
        space: SpaceId,
        publication: Id,
        part: u32,
        ends: Option<PublishEnd>,
        commits: Vec<Arc<[u8]>>,
    ) -> Result<(), Box<ServerFrame>> {
        if part > 0 && self.not_taken == Some((space, publication)) {
            return Ok(());
        }
        self.not_taken = None;
        if part == 0 {
            let (room, commits) = (Room::default(), Vec::new());
            self.bringing = Some(Bringing { space, publication, parts: 0, bytes: 0, commits, room, pings: 0 });
        }
        let is_next = |bringing: &Bringing| {
            bringing.space == space && bringing.publication == publication && bringing.parts == part
        };
        let Some(mut bringing) = self.bringing.take().filter(is_next) else {
            return Err(goodbye(Goodbye::Malformed, "a part of a project came out of turn", "bring it from part 0"));
        };
        let bytes = commits.iter().map(|commit| commit.len() + PUBLICATION_COMMIT_BYTES).sum::<usize>();
        bringing.parts += 1;
        bringing.bytes += bytes;
        bringing.pings = 0;
        if bringing.bytes > PUBLICATION_BYTES_MAX {
            let message = format!("The project has more than {} MiB of history", PUBLICATION_BYTES_MAX >> 20);
            self.not_published(&bringing, message, false);
            return Ok(());
        }
        if self.hub.is_personal_of_another(space, self.link.device.person) {
            self.not_published(&bringing, "This is the personal space of somebody else".to_owned(), false);
            return Ok(());
        }
        if !self.hub.publications.take(bytes, &mut bringing.room) {
            self.not_published(&bringing, "The server takes on other projects just now".to_owned(), true);
            return Ok(());
        }
        bringing.commits.extend(commits);
        let Some(end) = ends else {
            self.bringing = Some(bringing);
            return Ok(());
        };
        let (session, actor) = (self.link.id, self.link.device.person);
        let Bringing { commits, room, .. } = bringing;
        self.enter(space, Call::Publish(Publication { session, actor, publication, end, commits }, room)).await
    }

    /// Whoever does not go on bringing a space begins anew.
    fn let_go_of_what_is_not_brought(&mut self) {
        let Some(mut bringing) = self.bringing.take() else { return };
        bringing.pings += 1;
        if bringing.pings > PUBLICATION_PINGS_MAX {
            self.not_published(&bringing, "Nothing more of it came for too long".to_owned(), true);
        } else {
            self.bringing = Some(bringing);
        }
    }

    fn not_published(&mut self, bringing: &Bringing, message: String, again: bool) {
        let (space, publication) = (bringing.space, bringing.publication);
        self.not_taken = Some((space, publication));
        self.link.out.push(&ServerFrame::NotPublished { space, publication, message, again }, None);
    }

    /// Asks a space that exists; there is the same answer where it does not and where the person may not.
    async fn ask(&mut self, space: SpaceId, input: SpaceInput) -> Result<(), Box<ServerFrame>> {
        if self.hub.is_unreadable(space) {
            self.link.out.push(&ServerFrame::Unavailable { space }, None);
            return Ok(());
        }
        if !self.hub.knows(space) {
            let is_recovering = self.hub.is_recovering();
            let frame =
                if is_recovering { ServerFrame::Unavailable { space } } else { ServerFrame::NoAccess { space } };
            self.link.out.push(&frame, None);
            return Ok(());
        }
        self.enter(space, Call::Input(input)).await
    }

    async fn enter(&mut self, space: SpaceId, call: Call) -> Result<(), Box<ServerFrame>> {
        self.spaces.insert(space);
        if self.spaces.len() > SUBSCRIPTIONS_MAX {
            return Err(goodbye(Goodbye::TooMuch, "too many projects in one session", "follow fewer at a time"));
        }
        self.hub.send(space, call).await;
        Ok(())
    }
}
