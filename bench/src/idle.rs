//! What a thousand clients cost who are connected and quiet.

use std::time::Duration;

use crate::Outcome;
use crate::fan_out::SUBSCRIBERS;
use crate::line::{Error, Line, listeners};
use crate::peer::Peer;
use crate::report::Row;

pub fn measure(_: Duration) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let naked = runtime.block_on(naked()).map_err(|error| error.to_string())?;
    let (before, after) = runtime.block_on(ours()).map_err(|error| error.to_string())?;
    let each = (after - before) / SUBSCRIBERS as f64;
    Ok(vec![
        Row::new("server memory with 1,000 idle clients", after / 1024.0 / 1024.0, "MiB"),
        Row::new("of it for each idle client", each, "bytes").beside(naked),
    ])
}

/// What each listener of the naked hub costs: a socket with small buffers and its task.
async fn naked() -> Result<f64, Error> {
    let hub = Peer::start("hub").map_err(|error| error.to_string())?;
    let memory = || hub.resident_bytes().map_err(|error| Error::from(error.to_string()));
    let before = memory()?;
    let sockets = listeners(hub.address, SUBSCRIBERS).await?;
    let after = memory()?;
    drop(sockets);
    Ok((after - before) / SUBSCRIBERS as f64)
}

async fn ours() -> Result<(f64, f64), Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    Line::open(server.address, &server.token, 0).await?.found().await?;
    let memory = || server.resident_bytes().map_err(|error| Error::from(error.to_string()));
    let before = memory()?;
    let mut lines = Vec::new();
    for seed in 1..=SUBSCRIBERS {
        let mut line = Line::open(server.address, &server.token, seed).await?;
        line.follow().await?;
        lines.push(line);
    }
    let after = memory()?;
    drop(lines);
    Ok((before, after))
}
