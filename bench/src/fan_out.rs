//! One space, many who follow it: deliveries to all of them a second, beside the same bytes sent by nothing but sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{SinkExt, StreamExt};
use recordplayer::protocol::ServerFrame;
use recordplayer_kanban::Card;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::Outcome;
use crate::clock::now;
use crate::line::{Error, Line, connect, listeners, rename};
use crate::peer::Peer;
use crate::report::{Row, grouped};
use crate::size::Size;

/// Commands in flight: enough to fill groups, few enough that nobody falls behind for long.
const IN_FLIGHT: u64 = 16;

pub fn measure(size: &Size) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let naked = runtime.block_on(naked(size)).map_err(|error| error.to_string())?;
    let ours = runtime.block_on(ours(size)).map_err(|error| error.to_string())?;
    let name = format!("deliveries to {} subscribers", grouped(size.subscribers));
    Ok(vec![Row::new(name, ours, "deliveries/s").beside(naked)])
}

async fn ours(size: &Size) -> Result<f64, Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    let mut writer = Line::open(server.address, &server.token, 0).await?;
    writer.found().await?;
    let card = writer.write_card().await?;
    let delivered = Arc::new(AtomicU64::new(0));
    for seed in 1..=size.subscribers {
        let mut line = Line::open(server.address, &server.token, seed).await?;
        line.follow().await?;
        let delivered = Arc::clone(&delivered);
        tokio::spawn(async move {
            while let Ok(frame) = line.next().await {
                if let ServerFrame::Commits { commits, .. } = frame {
                    delivered.fetch_add(commits.len() as u64, Ordering::Relaxed);
                }
            }
        });
    }
    let (began, mut number, mut open) = (now(), 0, 0);
    while began.elapsed() < size.time {
        while open < IN_FLIGHT {
            number += 1;
            open += 1;
            writer.submit::<Card>(card, &rename(number)).await?;
        }
        writer.answer().await?;
        open -= 1;
    }
    Ok(delivered.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
}

async fn naked(size: &Size) -> Result<f64, Error> {
    let hub = Peer::start("hub").map_err(|error| error.to_string())?;
    let delivered = Arc::new(AtomicU64::new(0));
    for mut socket in listeners(hub.address, size.subscribers).await? {
        let delivered = Arc::clone(&delivered);
        tokio::spawn(async move {
            while let Some(Ok(_)) = socket.next().await {
                delivered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let mut writers = Vec::new();
    for _ in 0..IN_FLIGHT {
        let mut socket = connect(hub.address).await?;
        socket.send(Message::Binary(Bytes::from_static(b"command"))).await?;
        writers.push(socket);
    }
    let (began, time) = (now(), size.time);
    let mut running = Vec::new();
    for mut socket in writers {
        running.push(tokio::spawn(async move {
            while began.elapsed() < time {
                socket.send(Message::Binary(Bytes::from_static(&[3; 400]))).await?;
                socket.next().await.ok_or("the hub has closed the line")??;
            }
            Ok::<(), Error>(())
        }));
    }
    for task in running {
        task.await??;
    }
    Ok(delivered.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
}
