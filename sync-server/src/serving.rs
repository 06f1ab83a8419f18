//! A server that runs in the background of another program: for examples, tests, and applications that bring their server along.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::limits::SHUTDOWN_TIMEOUT;
use crate::server::{Control, DiskFailed, Server};

/// A running server. Dropping it stops it in order: goodbye to everybody, everything saved.
pub struct Serving {
    address: SocketAddr,
    control: Control,
    /// Taken only by the end.
    running: Option<(Runtime, oneshot::Sender<()>, Task)>,
}

type Task = tokio::task::JoinHandle<Result<(), DiskFailed>>;

impl Server {
    /// Serves at an address (`127.0.0.1:0` takes a free port) with threads of its own.
    pub fn start(self, address: impl ToSocketAddrs) -> io::Result<Serving> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let control = self.control();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            let stopped = async {
                // A sender that is gone stops the server too.
                let _ = stopped.await;
            };
            io::Result::Ok(tokio::spawn(self.serve(listener, stopped)))
        })?;
        Ok(Serving { address, control, running: Some((runtime, stop, serving)) })
    }
}

impl Serving {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as devices log in with it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Drops everything where it stands, as a crash does; only what is durable is there afterwards.
    pub fn kill(mut self) {
        if let Some((runtime, ..)) = self.running.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// Waits for something of the server's.
    pub fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        let (runtime, ..) = self.running.as_ref().expect("the server runs until it is dropped");
        runtime.block_on(task)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let Some((runtime, stop, serving)) = self.running.take() else { return };
        let _ = stop.send(());
        let ended = runtime.block_on(async { tokio::time::timeout(2 * SHUTDOWN_TIMEOUT, serving).await });
        match ended {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the server has ended"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the server did not end in order"),
        }
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serving({})", self.url())
    }
}
