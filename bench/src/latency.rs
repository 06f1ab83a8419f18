//! From one client's command to another client's view, both over real sockets, the view really played.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use recordplayer::id::ReplicaId;
use recordplayer::replica::{Replica, ReplicaOutput};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{OutboxContent, Store};
use recordplayer::time::Timestamp;
use recordplayer_kanban::Card;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::view::BoardView;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::Outcome;
use crate::clock::now;
use crate::line::{BOARD, Error, Line, SPACE, connect, rename, title};
use crate::peer::Peer;
use crate::report::Row;
use crate::size::Size;

pub fn measure(size: &Size) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let naked = runtime.block_on(naked(size.time)).map_err(|error| error.to_string())?;
    let ours = runtime.block_on(ours(size.time)).map_err(|error| error.to_string())?;
    let ms = |times: &Histogram<u64>, quantile: f64| times.value_at_quantile(quantile) as f64 / 1_000.0;
    Ok(vec![
        Row::new("from a command to another's view, p50", ms(&ours, 0.5), "ms").beside(ms(&naked, 0.5)),
        Row::new("from a command to another's view, p99", ms(&ours, 0.99), "ms").beside(ms(&naked, 0.99)),
    ])
}

/// A device of nothing but memory.
struct Looker {
    line: Line,
    replica: Replica,
    store: MemoryStore,
}

impl Looker {
    async fn open(server: &Peer) -> Result<Self, Error> {
        let line = Line::open(server.address, &server.token, 1_000).await?;
        let mut store = MemoryStore::new();
        let domain = recordplayer_kanban::domain().shared();
        let (content, fresh) = (OutboxContent::default(), ReplicaId::derived("looker", &[]));
        let replica = Replica::open(Arc::clone(&domain), SPACE, line.person, store.reader(SPACE), content, fresh)?;
        store.write(Vec::new());
        let mut looker = Self { line, replica, store };
        looker.replica.handle_connected();
        looker.work().await?;
        Ok(looker)
    }

    async fn work(&mut self) -> Result<(), Error> {
        while let Some(output) = self.replica.poll_output() {
            match output {
                ReplicaOutput::Save { token, main, .. } => {
                    let written = self.store.write(main);
                    self.replica.handle_saved(token, &written);
                }
                ReplicaOutput::Send(frame) => self.line.send(&frame).await?,
                ReplicaOutput::Changed(_) | ReplicaOutput::AllChanged | ReplicaOutput::CompactTexts(_) => {}
                other => return Err(format!("{other:?}").into()),
            }
        }
        Ok(())
    }

    /// Takes frames until the board shows the card with that title.
    async fn until_shown(&mut self, card: CardId, title: &str) -> Result<(), Error> {
        while self.replica.view::<BoardView>(BOARD).cards.get(&card).is_none_or(|card| card.title != title) {
            let frame = self.line.next().await?;
            self.replica.handle_frames(Timestamp(0), [frame]);
            self.work().await?;
        }
        Ok(())
    }
}

/// From a socket through redb to the socket of one who listens, where nothing is played.
async fn naked(time: Duration) -> Result<Histogram<u64>, Error> {
    let hub = Peer::start("hub").map_err(|error| error.to_string())?;
    let (mut writer, mut listener) = (connect(hub.address).await?, connect(hub.address).await?);
    writer.send(Message::Binary(Bytes::from_static(b"command"))).await?;
    listener.send(Message::Binary(Bytes::from_static(b"listen"))).await?;
    let mut times = Histogram::new(3)?;
    let began = now();
    while began.elapsed() < time {
        let sent = now();
        writer.send(Message::Binary(Bytes::from_static(&[3; 200]))).await?;
        listener.next().await.ok_or("the hub has closed the line")??;
        times.record(u64::try_from(sent.elapsed().as_micros())?)?;
        writer.next().await.ok_or("the hub has closed the line")??;
    }
    Ok(times)
}

async fn ours(time: Duration) -> Result<Histogram<u64>, Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    let mut writer = Line::open(server.address, &server.token, 1).await?;
    writer.found().await?;
    let card = writer.write_card().await?;
    let mut looker = Looker::open(&server).await?;
    looker.until_shown(card, &title(0)).await?;
    let mut times = Histogram::new(3)?;
    let (began, mut number) = (now(), 0);
    while began.elapsed() < time {
        number += 1;
        let sent = now();
        writer.submit::<Card>(card, &rename(number)).await?;
        looker.until_shown(card, &title(number)).await?;
        times.record(u64::try_from(sent.elapsed().as_micros())?)?;
        writer.answer().await?;
    }
    Ok(times)
}
