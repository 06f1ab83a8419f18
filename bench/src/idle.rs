//! What clients cost who are connected and quiet.

use crate::Outcome;
use crate::line::{Error, Line, listeners};
use crate::peer::Peer;
use crate::report::{Row, grouped};
use crate::size::Size;

pub fn measure(size: &Size) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let naked = runtime.block_on(naked(size.subscribers)).map_err(|error| error.to_string())?;
    let (before, after) = runtime.block_on(ours(size.subscribers)).map_err(|error| error.to_string())?;
    let each = (after - before) / size.subscribers as f64;
    let name = format!("server memory with {} idle clients", grouped(size.subscribers));
    Ok(vec![
        Row::new(name, after / 1024.0 / 1024.0, "MiB"),
        Row::new("of it for each idle client", each, "bytes").beside(naked),
    ])
}

/// What each listener of the naked hub costs: a socket with small buffers and its task.
async fn naked(clients: u64) -> Result<f64, Error> {
    let hub = Peer::start("hub").map_err(|error| error.to_string())?;
    let memory = || hub.resident_bytes().map_err(|error| Error::from(error.to_string()));
    let before = memory()?;
    let sockets = listeners(hub.address, clients).await?;
    let after = memory()?;
    drop(sockets);
    Ok((after - before) / clients as f64)
}

async fn ours(clients: u64) -> Result<(f64, f64), Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    Line::open(server.address, &server.token, 0).await?.found().await?;
    let memory = || server.resident_bytes().map_err(|error| Error::from(error.to_string()));
    let before = memory()?;
    let mut lines = Vec::new();
    for seed in 1..=clients {
        let mut line = Line::open(server.address, &server.token, seed).await?;
        line.follow().await?;
        lines.push(line);
    }
    let after = memory()?;
    drop(lines);
    Ok((before, after))
}
