//! The thin way: one view over a web socket, nothing stored. It comes back by itself and goes on where it was.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use recordplayer::domain::Domain;
use recordplayer::id::SpaceId;
use recordplayer::protocol::{ClientFrame, MySpace, ServerFrame};
use recordplayer::record::{Position, Record};
use recordplayer::thin::{ThinOutput, ThinView};
use recordplayer::view::{View, ViewKey};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::address::{Address, AddressError};
use crate::book::{Account, Book, BookError};
use crate::limits::{Timing, WATCH_EVENTS_MAX};
use crate::line::Backoff;
use crate::socket::{LineError, Socket};

/// What happens to a view that is watched.
#[derive(Clone, Debug)]
pub enum Watched<V> {
    /// The view as it was at a record; records follow.
    Started { at: Position, view: Arc<V> },
    /// A record that touched it.
    Record(Box<Record>),
    /// The line is down, and why; it is tried again.
    Offline(LineError),
    /// It cannot be watched, and why; nothing follows.
    Ended(String),
}

/// Why nothing can be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("a connection cannot be prepared: {0}")]
    System(#[from] std::io::Error),
}

/// The accounts of a device's folder, whoever works with it: who watches needs no more of it.
pub fn accounts_of(folder: &Path) -> Result<Vec<Account>, BookError> {
    Ok(Book::open(folder)?.content.accounts)
}

/// One view that is watched until this is dropped.
#[derive(Debug)]
pub struct Watch<V> {
    /// Ends the task with it.
    _runtime: Runtime,
    events: Receiver<Watched<V>>,
}

impl<V: View> Watch<V> {
    /// Begins to watch a view of a space.
    pub fn start(domain: Arc<Domain>, account: &Account, space: SpaceId, key: ViewKey) -> Result<Self, WatchError> {
        let address = Address::parse(&account.url)?;
        let runtime = runtime()?;
        let (told, events) = sync_channel(WATCH_EVENTS_MAX);
        let thin = ThinView::new(Arc::clone(&domain), space, key);
        let token = account.token.clone();
        runtime.spawn(async move { run(domain, address, token, thin, told).await });
        Ok(Self { _runtime: runtime, events })
    }

    /// What happens next; nothing in that time.
    pub fn next(&self, timeout: Duration) -> Option<Watched<V>> {
        match self.events.recv_timeout(timeout) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Watched::Ended("the watch has ended".to_owned())),
        }
    }
}

/// Asks a server for the spaces of an account, but for the personal one.
pub fn spaces_at(domain: &Domain, account: &Account, timeout: Duration) -> Result<Vec<MySpace>, WatchError> {
    let address = Address::parse(&account.url)?;
    let asking = async {
        let (mut socket, _) = Socket::open(&address, domain, &account.token, timeout).await?;
        loop {
            if let ServerFrame::MySpaces { mut spaces } = socket.next().await? {
                spaces.retain(|space| space.space != SpaceId::personal(account.person));
                socket.close(Duration::from_secs(1)).await;
                return Ok(spaces);
            }
        }
    };
    let asked = runtime()?.block_on(async { tokio::time::timeout(timeout, asking).await });
    Ok(asked.unwrap_or(Err(LineError::Silent))?)
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("watch").enable_all().build()
}

async fn run<V: View>(
    domain: Arc<Domain>,
    address: Address,
    token: String,
    mut thin: ThinView,
    told: SyncSender<Watched<V>>,
) {
    let timing = Timing::default();
    let mut backoff = Backoff::new(&timing);
    loop {
        let why = match Socket::open(&address, &domain, &token, timing.handshake).await {
            Ok((socket, _)) => {
                backoff.reset();
                match session(socket, &mut thin, &told, &timing).await {
                    Ok(why) => why,
                    Err(Ended) => return,
                }
            }
            Err(why) => why,
        };
        let is_final = why.is_final();
        if is_final {
            let _ = told.send(Watched::Ended(why.to_string()));
            return;
        }
        if told.send(Watched::Offline(why)).is_err() {
            return;
        }
        sleep(backoff.next()).await;
    }
}

/// Nobody watches any more, or nothing is to be seen.
struct Ended;

async fn session<V: View>(
    mut socket: Socket,
    thin: &mut ThinView,
    told: &SyncSender<Watched<V>>,
    timing: &Timing,
) -> Result<LineError, Ended> {
    thin.handle_connected();
    let mut asked = false;
    loop {
        if let Err(why) = tell(&mut socket, thin, told).await? {
            return Ok(why);
        }
        let patience = if asked { timing.answer_within } else { timing.ping_after };
        let sent = match tokio::time::timeout(patience, socket.next()).await {
            Ok(Ok(ServerFrame::Ping { nonce, heads })) => {
                thin.handle_frame(ServerFrame::Ping { nonce, heads });
                socket.feed(&ClientFrame::Pong { nonce }).await
            }
            Ok(Ok(ServerFrame::Goodbye { code, message, help })) => {
                return Ok(LineError::Goodbye { code, message, help });
            }
            Ok(Ok(frame)) => {
                thin.handle_frame(frame);
                Ok(())
            }
            Ok(Err(why)) => return Ok(why),
            Err(_) if asked => return Ok(LineError::Silent),
            Err(_) => {
                asked = true;
                if let Err(why) = socket.feed(&ClientFrame::Ping { nonce: 0 }).await {
                    return Ok(why);
                }
                continue;
            }
        };
        asked = false;
        if let Err(why) = sent {
            return Ok(why);
        }
    }
}

/// Does the machine's work: frames to the server, news to whoever watches.
async fn tell<V: View>(
    socket: &mut Socket,
    thin: &mut ThinView,
    told: &SyncSender<Watched<V>>,
) -> Result<Result<(), LineError>, Ended> {
    while let Some(output) = thin.poll_output() {
        let event = match output {
            ThinOutput::Send(frame) => {
                if let Err(why) = socket.feed(&frame).await {
                    return Ok(Err(why));
                }
                continue;
            }
            ThinOutput::Started { at } => Watched::Started { at, view: thin.get::<V>() },
            ThinOutput::Record(record) => Watched::Record(Box::new(record)),
            ThinOutput::AccessEnded => {
                Watched::Ended("you are not a member of this project, or it does not exist".to_owned())
            }
            ThinOutput::Unreadable(why) => Watched::Ended(why),
        };
        let is_end = matches!(event, Watched::Ended(_));
        // A reader that does not keep up holds up this line alone, and the server then reads the log for it.
        let is_gone = tokio::task::block_in_place(|| told.send(event)).is_err();
        if is_end || is_gone {
            return Err(Ended);
        }
    }
    Ok(socket.flush().await)
}
