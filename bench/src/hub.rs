//! The naked hub: what sockets and redb alone can do. Two records a command, many commands a transaction, an answer when it is durable, and
//! the same bytes to everybody who listens.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use redb::{Database, Durability, TableDefinition};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};

const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
/// The size of a record, as the product's are on average.
const RECORD_BYTES: usize = 200;

type Written = (Bytes, oneshot::Sender<()>);

/// Serves until it is killed.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = Database::create(folder.path().join("log.redb"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{} none", listener.local_addr()?);
        let (append, waiting) = mpsc::channel(65_536);
        let (fan_out, _) = broadcast::channel(65_536);
        let told = fan_out.clone();
        std::thread::spawn(move || write(&database, waiting, &told));
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(serve(stream, append.clone(), fan_out.subscribe()));
        }
    })
}

/// Everything that waits in one transaction with one sync.
fn write(database: &Database, mut waiting: mpsc::Receiver<Written>, fan_out: &broadcast::Sender<Bytes>) {
    let mut next = 0;
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while let Ok(more) = waiting.try_recv() {
            group.push(more);
        }
        let mut transaction = database.begin_write().expect("redb begins");
        transaction.set_durability(Durability::Immediate).expect("redb is durable");
        {
            let mut log = transaction.open_table(LOG).expect("redb opens a table");
            for _ in &group {
                for record in [[1; RECORD_BYTES], [2; RECORD_BYTES]] {
                    log.insert(next, &record[..]).expect("redb inserts");
                    next += 1;
                }
            }
        }
        transaction.commit().expect("redb commits");
        for (bytes, answer) in group {
            let _ = fan_out.send(bytes);
            let _ = answer.send(());
        }
    }
}

/// A client that says nothing but its first frame listens; every frame behind that is a command.
async fn serve(stream: TcpStream, append: mpsc::Sender<Written>, mut news: broadcast::Receiver<Bytes>) {
    let _ = stream.set_nodelay(true);
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(4096);
    let Ok(socket) = accept_async_with_config(stream, Some(config)).await else { return };
    let (mut out, mut incoming) = socket.split();
    let Some(Ok(first)) = incoming.next().await else { return };
    if first.into_data().as_ref() == b"listen" {
        let _keeps_the_line = incoming;
        while let Ok(bytes) = news.recv().await {
            if out.feed(Message::Binary(bytes)).await.is_err() {
                return;
            }
            while let Ok(more) = news.try_recv() {
                if out.feed(Message::Binary(more)).await.is_err() {
                    return;
                }
            }
            if out.flush().await.is_err() {
                return;
            }
        }
        return;
    }
    drop(news);
    let append = Arc::new(append);
    while let Some(Ok(command)) = incoming.next().await {
        let (answer, durable) = oneshot::channel();
        if append.send((command.into_data(), answer)).await.is_err() || durable.await.is_err() {
            return;
        }
        if out.send(Message::Binary(Bytes::from_static(b"done"))).await.is_err() {
            return;
        }
    }
}
