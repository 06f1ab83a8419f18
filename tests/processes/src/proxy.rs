//! The bad line between devices and the server: a TCP proxy that cuts, delays, trickles, and swallows one direction, drawn from the seed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::chance::Chance;
use crate::clock::now;

/// Who waits for an answer through a bad line pauses longer and longer between tries: a storm is over before that takes minutes.
const STORM: Duration = Duration::from_secs(3);
const CHUNK_BYTES: usize = 2_048;
/// So many pieces of a chunk trickle; the rest comes at once, so that a history does not take for ever.
const PIECES_MAX: usize = 24;

/// How bad the line is: each chunk of bytes has one of these fates, once in so many chunks (0 is never).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    pub cut_one_in: u64,
    pub late_one_in: u64,
    pub trickle_one_in: u64,
    pub swallow_one_in: u64,
}

impl Weather {
    /// Every byte passes at once.
    pub const CALM: Self = Self { cut_one_in: 0, late_one_in: 0, trickle_one_in: 0, swallow_one_in: 0 };

    /// Bad in some ways, and good in others.
    pub fn drawn(chance: &mut Chance) -> Self {
        let mut one_in = |all: &[u64]| chance.pick(all);
        Self {
            cut_one_in: one_in(&[0, 5, 20, 60]),
            late_one_in: one_in(&[0, 2, 10]),
            trickle_one_in: one_in(&[0, 3, 15]),
            swallow_one_in: one_in(&[0, 0, 15, 40]),
        }
    }

    fn fate(self, bytes: usize, chance: &mut Chance) -> Fate {
        let mut strikes = |one_in: u64| one_in > 0 && chance.one_in(one_in);
        if strikes(self.cut_one_in) {
            return Fate::Cut { passes: chance.below(bytes as u64) as usize };
        }
        if strikes(self.swallow_one_in) {
            return Fate::Swallow { lasts: chance.up_to_ms(1_200) };
        }
        if strikes(self.trickle_one_in) {
            return Fate::Trickle { piece: 1 + chance.below(7) as usize };
        }
        if strikes(self.late_one_in) {
            return Fate::Late { by: chance.up_to_ms(60) };
        }
        Fate::Pass
    }
}

/// What becomes of a chunk of bytes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Pass,
    Late {
        by: Duration,
    },
    /// It comes a few bytes at a time.
    Trickle {
        piece: usize,
    },
    /// The connection breaks in the middle of it.
    Cut {
        passes: usize,
    },
    /// Nothing comes through in this direction any more, and nobody is told; after a while the connection breaks.
    Swallow {
        lasts: Duration,
    },
}

/// The proxy, at one address for its whole life, whatever becomes of the server behind it.
#[derive(Debug)]
pub struct Proxy {
    runtime: Runtime,
    address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    target: Mutex<Option<SocketAddr>>,
    /// The weather, and how long it lasts.
    weather: Mutex<(Weather, Instant)>,
    /// How many chunks have come to the proxy.
    chunks: watch::Sender<u64>,
}

impl Line {
    fn weather(&self) -> Weather {
        let (weather, until) = *self.weather.lock().unwrap_or_else(PoisonError::into_inner);
        if now() < until { weather } else { Weather::CALM }
    }
}

impl Proxy {
    pub fn start(mut chance: Chance) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("the system can start a thread");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let line = Arc::new(Line {
            target: Mutex::default(),
            weather: Mutex::new((Weather::CALM, now())),
            chunks: watch::Sender::new(0),
        });
        let of_task = Arc::clone(&line);
        runtime.spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, Arc::clone(&of_task), chance.branch(), chance.branch()));
            }
        });
        Self { runtime, address, line }
    }

    /// The address that devices log in with.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where new connections are passed on to.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.line.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(target);
    }

    /// From now on the line is as bad as this, until the storm is over.
    pub fn set_weather(&self, weather: Weather) {
        *self.line.weather.lock().unwrap_or_else(PoisonError::into_inner) = (weather, now() + STORM);
    }

    /// Waits until so many more chunks have come, or this time is over.
    pub fn wait_for_chunks(&self, more: u64, at_most: Duration) {
        let mut chunks = self.line.chunks.subscribe();
        let goal = *chunks.borrow() + more;
        // Less traffic than that: the accident comes now.
        let _ = self.runtime.block_on(async { timeout(at_most, chunks.wait_for(|count| *count >= goal)).await });
    }
}

/// One connection: it ends on both sides where it ends on one.
async fn connect(near: TcpStream, line: Arc<Line>, up: Chance, down: Chance) {
    let target = *line.target.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(target) = target else { return };
    let Ok(far) = TcpStream::connect(target).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pass(near_in, far_out, &line, up) => {}
        () = pass(far_in, near_out, &line, down) => {}
    }
}

/// Passes one direction on until it ends.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: &Line, mut chance: Chance) {
    let mut bytes = vec![0; CHUNK_BYTES];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 {
            return;
        }
        let chunk = &bytes[..count];
        line.chunks.send_modify(|chunks| *chunks += 1);
        let passed = match line.weather().fate(count, &mut chance) {
            Fate::Pass => to.write_all(chunk).await,
            Fate::Late { by } => {
                sleep(by).await;
                to.write_all(chunk).await
            }
            Fate::Trickle { piece } => trickle(&mut to, chunk, piece).await,
            Fate::Cut { passes } => {
                let _ = to.write_all(&chunk[..passes]).await;
                return;
            }
            Fate::Swallow { lasts } => {
                let _ = timeout(lasts, swallow(&mut from)).await;
                return;
            }
        };
        if passed.is_err() {
            return;
        }
    }
}

async fn trickle(to: &mut OwnedWriteHalf, chunk: &[u8], piece: usize) -> std::io::Result<()> {
    let (slow, rest) = chunk.split_at(chunk.len().min(piece * PIECES_MAX));
    for piece in slow.chunks(piece) {
        to.write_all(piece).await?;
        sleep(Duration::from_millis(1)).await;
    }
    to.write_all(rest).await
}

async fn swallow(from: &mut OwnedReadHalf) {
    let mut bytes = vec![0; CHUNK_BYTES];
    while from.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// Somebody who says everything back.
    fn echo() -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || {
                    let mut from = stream.try_clone().unwrap();
                    let _ = std::io::copy(&mut from, &mut &stream);
                });
            }
        });
        address
    }

    fn said_back(weather: Weather) -> Vec<u8> {
        let proxy = Proxy::start(Chance::new(7));
        proxy.lead_to(echo());
        proxy.set_weather(weather);
        let mut stream = std::net::TcpStream::connect(proxy.address).unwrap();
        // Where the line is cut this fails, as it should.
        let _ = stream.write_all(&[b'x'; 300]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        all
    }

    #[test]
    fn each_fate_does_what_it_says() {
        let always = |weather: Weather| said_back(weather).len();
        assert!(always(Weather { cut_one_in: 1, ..Weather::CALM }) < 300);
        assert_eq!(always(Weather { swallow_one_in: 1, ..Weather::CALM }), 0);
    }

    #[test]
    fn what_is_late_or_trickles_comes_whole() {
        let proxy = Proxy::start(Chance::new(7));
        proxy.lead_to(echo());
        let mut stream = std::net::TcpStream::connect(proxy.address).unwrap();
        for weather in
            [Weather::CALM, Weather { late_one_in: 1, ..Weather::CALM }, Weather { trickle_one_in: 1, ..Weather::CALM }]
        {
            proxy.set_weather(weather);
            let said: Vec<u8> = (0..200).collect();
            stream.write_all(&said).unwrap();
            let mut back = [0; 200];
            stream.read_exact(&mut back).unwrap();
            assert_eq!(back.to_vec(), said, "{weather:?}");
        }
    }
}
