//! Durable commands a second, beside a hub of nothing but sockets and redb.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use recordplayer_kanban::Card;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::Outcome;
use crate::clock::now;
use crate::line::{Error, Line, connect, rename};
use crate::peer::Peer;
use crate::report::Row;

pub fn measure(time: Duration) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut rows = Vec::new();
    for clients in [1, 64] {
        let naked = runtime.block_on(naked(clients, time)).map_err(|error| error.to_string())?;
        let ours = runtime.block_on(ours(clients, time)).map_err(|error| error.to_string())?;
        rows.push(Row::new(format!("durable commands, {clients} clients"), ours, "1/s").beside(naked));
    }
    Ok(rows)
}

async fn naked(clients: u64, time: Duration) -> Result<f64, Error> {
    let hub = Peer::start("hub").map_err(|error| error.to_string())?;
    let mut running = Vec::new();
    for _ in 0..clients {
        let mut socket = connect(hub.address).await?;
        socket.send(Message::Binary(Bytes::from_static(b"command"))).await?;
        running.push(tokio::spawn(async move {
            let (began, mut count) = (now(), 0_u64);
            while began.elapsed() < time {
                socket.send(Message::Binary(Bytes::from_static(&[3; 200]))).await?;
                socket.next().await.ok_or("the hub has closed the line")??;
                count += 1;
            }
            Ok::<u64, Error>(count)
        }));
    }
    let mut count = 0;
    for task in running {
        count += task.await??;
    }
    Ok(count as f64 / time.as_secs_f64())
}

async fn ours(clients: u64, time: Duration) -> Result<f64, Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    Line::open(server.address, &server.token, 0).await?.found().await?;
    let mut running = Vec::new();
    for client in 1..=clients {
        let mut line = Line::open(server.address, &server.token, client).await?;
        let card = line.write_card().await?;
        running.push(tokio::spawn(async move {
            let (began, mut count) = (now(), 0_u64);
            while began.elapsed() < time {
                count += 1;
                line.done::<Card>(card, &rename(count)).await?;
            }
            Ok::<u64, Error>(count)
        }));
    }
    let mut count = 0;
    for task in running {
        count += task.await??;
    }
    Ok(count as f64 / time.as_secs_f64())
}
