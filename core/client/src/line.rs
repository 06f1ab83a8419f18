//! The line of one account: connects, keeps the session alive, and connects again for as long as the device is online.
//!
//! ```text
//!           ┌──────────── pause, longer each time, with jitter ◄───────────┐
//!           ▼                                                              │
//!  Connecting ─► hello, welcome ─► Online: frames in, frames out ─► broken, silent, goodbye
//!                                     └─ no frame for a while ─► ping ─► no answer ─► silent
//! ```

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use recordplayer::id::SpaceId;
use recordplayer::protocol::{ClientFrame, ServerFrame};
use recordplayer::time::Timestamp;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, sleep_until, timeout};

use crate::address::Address;
use crate::book::Account;
use crate::clock::{instant, now};
use crate::inner::Inner;
use crate::limits::{BATCH_FRAMES, FLUSH_FRAMES, Timing};
use crate::publish::PublishAnswer;
use crate::random::below;
use crate::socket::{LineError, Socket};

/// How often the time of day is compared with the time that went by: a laptop that slept has lines that are dead and do not know it.
const SLEEP_CHECK: Duration = Duration::from_secs(5);
/// From here on the device must have slept.
const SLEPT_MS: i64 = 20_000;
/// How long a socket may take to end in order.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Where an account's line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineState {
    Connecting,
    Online,
    /// The next try comes at that time.
    Retrying {
        at: Timestamp,
        why: LineError,
    },
    /// The server said no: only the person can change that.
    Refused {
        why: LineError,
    },
}

/// What the rest of the device holds of a line.
#[derive(Debug)]
pub(crate) struct Line {
    pub state: LineState,
    /// Frames for the session that lives now.
    pub frames: Option<UnboundedSender<ClientFrame>>,
    /// How many sessions there have been.
    pub sessions: u64,
    /// When something came from the server.
    pub heard: Option<Timestamp>,
    /// Whether the server has told this session which spaces there are.
    pub knows_spaces: bool,
    /// Ends a pause at once.
    pub hurry: Arc<Notify>,
}

impl Line {
    pub fn new() -> Self {
        Self {
            state: LineState::Connecting,
            frames: None,
            sessions: 0,
            heard: None,
            knows_spaces: false,
            hurry: Arc::default(),
        }
    }
}

/// Runs the line of an account until the task is ended.
pub(crate) async fn run(inner: Arc<Inner>, url: String) {
    let mut backoff = Backoff::new(&inner.timing);
    loop {
        // The account may have got a new token meanwhile.
        let Some(account) = inner.content().account(&url).cloned() else { return };
        let Ok(address) = Address::parse(&url) else { return };
        inner.set_line(&url, |line| line.state = LineState::Connecting);
        let opened = Socket::open(&address, &inner.domain, &account.token, inner.timing.handshake).await;
        let why = match opened {
            Ok((socket, _)) => {
                backoff.reset();
                session(&inner, &account, socket).await
            }
            Err(why) => why,
        };
        tracing::debug!(url, %why, "the line is down");
        let wait = if why.is_final() { inner.timing.retry_refused } else { backoff.next() };
        let ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let hurry = inner.set_line(&url, |line| {
            line.state = if why.is_final() {
                LineState::Refused { why }
            } else {
                LineState::Retrying { at: now().plus_ms(ms), why }
            };
            Arc::clone(&line.hurry)
        });
        let Some(hurry) = hurry else { return };
        tokio::select! {
            () = sleep(wait) => {}
            () = hurry.notified() => backoff.reset(),
        }
    }
}

/// Pauses between tries: each twice as long as the one before, up to a longest one, and none exactly so long.
#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    pause: Duration,
}

impl Backoff {
    pub fn new(timing: &Timing) -> Self {
        Self { min: timing.retry_min, max: timing.retry_max, pause: timing.retry_min }
    }

    /// A try went well.
    pub fn reset(&mut self) {
        self.pause = self.min;
    }

    /// How long to wait now: between half the pause and the whole.
    pub fn next(&mut self) -> Duration {
        let ms = u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
        self.pause = (self.pause * 2).min(self.max);
        Duration::from_millis(ms / 2 + below(ms / 2 + 1))
    }
}

/// One session, from the welcome to its end.
async fn session(inner: &Arc<Inner>, account: &Account, mut socket: Socket) -> LineError {
    let (frames, mut outgoing) = unbounded_channel();
    inner.set_line(&account.url, |line| {
        line.state = LineState::Online;
        line.sessions += 1;
        line.heard = Some(now());
        line.frames = Some(frames.clone());
        line.knows_spaces = false;
    });
    let why = converse(inner, account, &mut socket, &frames, &mut outgoing).await;
    inner.set_line(&account.url, |line| line.frames = None);
    for copy in inner.copies_of(&account.url) {
        copy.disconnect();
    }
    if !matches!(why, LineError::Broken(_) | LineError::Silent) {
        socket.close(CLOSE_WITHIN).await;
    }
    why
}

async fn converse(
    inner: &Arc<Inner>,
    account: &Account,
    socket: &mut Socket,
    frames: &UnboundedSender<ClientFrame>,
    outgoing: &mut UnboundedReceiver<ClientFrame>,
) -> LineError {
    let mut asked = false;
    let mut deadline = instant() + inner.timing.ping_after;
    let mut looked_at = now();
    loop {
        let slept = pin!(sleep(SLEEP_CHECK));
        tokio::select! {
            biased;
            frame = socket.next() => {
                let frame = match frame {
                    Ok(frame) => frame,
                    Err(why) => return why,
                };
                asked = false;
                deadline = instant() + inner.timing.ping_after;
                inner.heard(&account.url);
                // What has arrived together is taken together, so that what waits is rebased once.
                let (batch, end) = arrived(socket, frame);
                if let Some(end) = take_all(inner, account, frames, batch).or(end) {
                    return end;
                }
                // What the disk does not keep up with waits at the server.
                while inner.saver.is_full() && inner.saver.failure().is_none() {
                    inner.saver.written.notified().await;
                }
            }
            Some(frame) = outgoing.recv() => {
                // A peer that takes nothing is as dead as one that says nothing.
                let patience = inner.timing.ping_after + inner.timing.answer_within;
                if let Err(why) = timeout(patience, send(socket, frame, outgoing)).await.unwrap_or(Err(LineError::Silent)) {
                    return why;
                }
            }
            () = sleep_until(deadline) => {
                if asked {
                    return LineError::Silent;
                }
                asked = true;
                deadline = instant() + inner.timing.answer_within;
                let _ = frames.send(ClientFrame::Ping { nonce: 0 });
            }
            () = slept => {
                let passed = now().0.saturating_sub(looked_at.0);
                looked_at = now();
                if passed > SLEPT_MS && !asked {
                    asked = true;
                    deadline = instant() + inner.timing.answer_within;
                    let _ = frames.send(ClientFrame::Ping { nonce: 0 });
                }
            }
        }
    }
}

/// Sends what waits, together.
async fn send(
    socket: &mut Socket,
    first: ClientFrame,
    outgoing: &mut UnboundedReceiver<ClientFrame>,
) -> Result<(), LineError> {
    let mut next = Some(first);
    let mut count = 0;
    while let Some(frame) = next {
        socket.feed(&frame).await?;
        count += 1;
        next = if count < FLUSH_FRAMES { outgoing.try_recv().ok() } else { None };
    }
    socket.flush().await
}

/// A frame and those that are there behind it already, up to as many as may be; and why the session ends, if it does.
fn arrived(socket: &mut Socket, first: ServerFrame) -> (Vec<ServerFrame>, Option<LineError>) {
    let mut batch = vec![first];
    while batch.len() < BATCH_FRAMES {
        match socket.next().now_or_never() {
            Some(Ok(frame)) => batch.push(frame),
            Some(Err(why)) => return (batch, Some(why)),
            None => break,
        }
    }
    (batch, None)
}

/// Takes frames in order; those of one space that follow each other together.
fn take_all(
    inner: &Arc<Inner>,
    account: &Account,
    frames: &UnboundedSender<ClientFrame>,
    batch: Vec<ServerFrame>,
) -> Option<LineError> {
    let mut of_space: Option<(SpaceId, Vec<ServerFrame>)> = None;
    for frame in batch {
        let space = space_of(&frame);
        match (&mut of_space, space) {
            (Some((before, together)), Some(space)) if *before == space => together.push(frame),
            _ => {
                if let Some((space, together)) = of_space.take() {
                    inner.to_one(&account.url, space, together);
                }
                match space {
                    Some(space) => of_space = Some((space, vec![frame])),
                    None => {
                        if let Some(end) = take(inner, account, frames, frame) {
                            return Some(end);
                        }
                    }
                }
            }
        }
    }
    if let Some((space, together)) = of_space {
        inner.to_one(&account.url, space, together);
    }
    None
}

/// The space that a frame is about, of those that a replica takes.
fn space_of(frame: &ServerFrame) -> Option<SpaceId> {
    match frame {
        ServerFrame::Commits { space, .. }
        | ServerFrame::Answer { space, .. }
        | ServerFrame::SnapshotOffer { space, .. }
        | ServerFrame::SnapshotChunk { space, .. }
        | ServerFrame::AccessEnded { space, .. }
        | ServerFrame::NoAccess { space }
        | ServerFrame::Unavailable { space }
        | ServerFrame::WantTail { space, .. }
        | ServerFrame::Parted { space, .. } => Some(*space),
        ServerFrame::Welcome { .. }
        | ServerFrame::Goodbye { .. }
        | ServerFrame::ViewStart { .. }
        | ServerFrame::ViewNews { .. }
        | ServerFrame::Ping { .. }
        | ServerFrame::Pong { .. }
        | ServerFrame::MySpaces { .. }
        | ServerFrame::Published { .. }
        | ServerFrame::NotPublished { .. }
        | ServerFrame::People { .. } => None,
    }
}

/// Takes one frame that is not a space's; answers with why the session ends, if it does.
fn take(
    inner: &Arc<Inner>,
    account: &Account,
    frames: &UnboundedSender<ClientFrame>,
    frame: ServerFrame,
) -> Option<LineError> {
    match frame {
        ServerFrame::Goodbye { code, message, help } => return Some(LineError::Goodbye { code, message, help }),
        ServerFrame::MySpaces { spaces } => inner.my_spaces(account, frames, spaces),
        ServerFrame::People { people } => inner.people(account, people),
        ServerFrame::Published { space, publication, end } => {
            inner.publish_answered(&account.url, space, publication, PublishAnswer::Taken(end));
        }
        ServerFrame::NotPublished { space, publication, message, again } => {
            let answer = PublishAnswer::NotTaken { message, again };
            inner.publish_answered(&account.url, space, publication, answer);
        }
        ServerFrame::Ping { nonce, .. } => {
            let _ = frames.send(ClientFrame::Pong { nonce });
            inner.to_all(&account.url, &frame);
        }
        ServerFrame::Pong { .. } => inner.to_all(&account.url, &frame),
        ServerFrame::Commits { .. }
        | ServerFrame::Answer { .. }
        | ServerFrame::SnapshotOffer { .. }
        | ServerFrame::SnapshotChunk { .. }
        | ServerFrame::AccessEnded { .. }
        | ServerFrame::NoAccess { .. }
        | ServerFrame::Unavailable { .. }
        | ServerFrame::WantTail { .. }
        | ServerFrame::Parted { .. }
        | ServerFrame::Welcome { .. }
        | ServerFrame::ViewStart { .. }
        | ServerFrame::ViewNews { .. } => {}
    }
    None
}

/// Whether it is worth hurrying to the server again.
pub(crate) fn is_waiting(state: &LineState) -> bool {
    matches!(state, LineState::Retrying { .. } | LineState::Refused { .. })
}
