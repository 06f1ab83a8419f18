//! From one client's command to another client's view, both over real sockets, the view really played.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use recordplayer::id::ReplicaId;
use recordplayer::replica::{Replica, ReplicaOutput};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{OutboxContent, Store};
use recordplayer::time::Timestamp;
use recordplayer_kanban::Card;
use recordplayer_kanban::ids::CardId;
use recordplayer_kanban::view::BoardView;

use crate::Outcome;
use crate::clock::now;
use crate::line::{BOARD, Error, Line, SPACE, rename, title};
use crate::peer::Peer;
use crate::report::Row;

pub fn measure(time: Duration) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let times = runtime.block_on(run(time)).map_err(|error| error.to_string())?;
    let ms = |quantile: f64| times.value_at_quantile(quantile) as f64 / 1_000.0;
    Ok(vec![
        Row::new("from a command to another's view, p50", ms(0.5), "ms"),
        Row::new("from a command to another's view, p99", ms(0.99), "ms"),
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
                ReplicaOutput::Changed(_) => {}
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

async fn run(time: Duration) -> Result<Histogram<u64>, Error> {
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
