//! Durable commands a second, beside a hub of nothing but sockets and redb.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use recordplayer_kanban::Card;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::Outcome;
use crate::clock::now;
use crate::line::{Error, Line, connect, rename};
use crate::peer::Peer;
use crate::report::Row;
use crate::size::Size;

pub fn measure(size: &Size) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut rows = Vec::new();
    for clients in size.clients {
        let naked = runtime.block_on(naked(clients, size.time)).map_err(|error| error.to_string())?;
        let ours = runtime.block_on(ours(clients, size.time)).map_err(|error| error.to_string())?;
        rows.push(Row::new(format!("durable commands, {clients} clients"), ours, "commands/s").beside(naked));
    }
    Ok(rows)
}

async fn naked(clients: u64, time: Duration) -> Result<f64, Error> {
    let hub = Peer::start("hub").map_err(|error| error.to_string())?;
    let mut sockets = Vec::new();
    for _ in 0..clients {
        let mut socket = connect(hub.address).await?;
        socket.send(Message::Binary(Bytes::from_static(b"command"))).await?;
        sockets.push(socket);
    }
    let (began, mut running) = (now(), JoinSet::new());
    for mut socket in sockets {
        running.spawn(async move {
            let mut count = 0_u64;
            while began.elapsed() < time {
                socket.send(Message::Binary(Bytes::from_static(&[3; 200]))).await?;
                socket.next().await.ok_or("the hub has closed the line")??;
                count += 1;
            }
            Ok(count)
        });
    }
    rate(began, running).await
}

async fn ours(clients: u64, time: Duration) -> Result<f64, Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    Line::open(server.address, &server.token, 0).await?.found().await?;
    let mut lines = Vec::new();
    for client in 1..=clients {
        let mut line = Line::open(server.address, &server.token, client).await?;
        let card = line.write_card().await?;
        lines.push((line, card));
    }
    let (began, mut running) = (now(), JoinSet::new());
    for (mut line, card) in lines {
        running.spawn(async move {
            let mut count = 0_u64;
            while began.elapsed() < time {
                count += 1;
                line.done::<Card>(card, &rename(count)).await?;
            }
            Ok(count)
        });
    }
    rate(began, running).await
}

/// Commands a second over all clients. They began together when all were connected: with a window of its own for each, the first would
/// be measured before the last is there, and the slower it is to connect the better the figure would be.
async fn rate(began: Instant, mut running: JoinSet<Result<u64, Error>>) -> Result<f64, Error> {
    let mut count = 0;
    while let Some(done) = running.join_next().await {
        count += done??;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
