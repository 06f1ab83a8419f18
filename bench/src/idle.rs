//! What a thousand clients cost who are connected and quiet.

use std::time::Duration;

use crate::Outcome;
use crate::fan_out::SUBSCRIBERS;
use crate::line::{Error, Line};
use crate::peer::Peer;
use crate::report::Row;

/// What tungstenite's default buffers cost for each idle connection.
const DEFAULT_BUFFERS_BYTES: f64 = 136.0 * 1024.0;

pub fn measure(_: Duration) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (before, after) = runtime.block_on(run()).map_err(|error| error.to_string())?;
    let each = (after - before) / SUBSCRIBERS as f64;
    Ok(vec![
        Row::new("server memory with 1,000 idle clients", after / 1024.0 / 1024.0, "MiB"),
        Row::new("of it for each idle client", each, "bytes").beside(DEFAULT_BUFFERS_BYTES),
    ])
}

async fn run() -> Result<(f64, f64), Error> {
    let server = Peer::start("serve").map_err(|error| error.to_string())?;
    Line::open(server.address, &server.token, 0).await?.found().await?;
    let memory = || server.resident_bytes().map_err(|error| Error::from(error.to_string()));
    let before = memory()?;
    let mut lines = Vec::new();
    for seed in 1..=SUBSCRIBERS {
        let mut line = Line::open(server.address, &server.token, seed).await?;
        line.subscribe().await?;
        // The answer has come: the session is at rest.
        while !matches!(line.next().await?, recordplayer::protocol::ServerFrame::Commits { .. }) {}
        lines.push(line);
    }
    let after = memory()?;
    drop(lines);
    Ok((before, after))
}
