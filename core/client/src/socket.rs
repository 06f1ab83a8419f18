//! One web socket to a server: opened, greeted, and then frames in both directions.

use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use recordplayer::domain::Domain;
use recordplayer::id::ActorId;
use recordplayer::protocol::{ClientFrame, Goodbye, PROTOCOL_VERSIONS, ServerFrame};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::address::Address;
use crate::limits::{MESSAGE_BYTES_MAX, SOCKET_BUFFER_BYTES, SOCKET_WRITE_BYTES_MAX};

/// Why there is no line to the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("this is no RecordPlayer server: {0}")]
    NotOurs(String),
    #[error("the server does not answer")]
    Silent,
    #[error("{message}; {help}")]
    Goodbye { code: Goodbye, message: String, help: String },
    #[error("the line broke: {0}")]
    Broken(String),
}

impl LineError {
    /// Whether only a person can change that.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Goodbye { code: Goodbye::BadToken | Goodbye::Incompatible, .. })
    }
}

/// A greeted socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
}

/// Who the server says that we are.
#[derive(Clone, Debug)]
pub(crate) struct Welcome {
    pub person: ActorId,
    pub name: String,
}

impl Socket {
    /// Opens a socket and says hello; all of it within `within`.
    pub async fn open(
        address: &Address,
        domain: &Domain,
        token: &str,
        within: Duration,
    ) -> Result<(Self, Welcome), LineError> {
        timeout(within, Self::open_and_greet(address, domain, token)).await.unwrap_or(Err(LineError::Silent))
    }

    async fn open_and_greet(address: &Address, domain: &Domain, token: &str) -> Result<(Self, Welcome), LineError> {
        let unreachable = |error: io::Error| LineError::Unreachable(error.to_string());
        let stream = TcpStream::connect(address.target()).await.map_err(unreachable)?;
        // Small frames go out at once: somebody waits for them.
        stream.set_nodelay(true).map_err(unreachable)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(SOCKET_BUFFER_BYTES)
            .write_buffer_size(SOCKET_BUFFER_BYTES)
            .max_write_buffer_size(SOCKET_WRITE_BYTES_MAX)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let opened = tokio_tungstenite::client_async_with_config(address.web_socket(), stream, Some(config)).await;
        let (stream, _) = opened.map_err(|error| match error {
            Error::Io(error) => LineError::Unreachable(error.to_string()),
            other => LineError::NotOurs(other.to_string()),
        })?;
        let mut socket = Self { stream };
        socket.feed(&hello(domain, token)).await?;
        socket.flush().await?;
        match socket.next().await? {
            ServerFrame::Welcome { person, name, .. } => Ok((socket, Welcome { person, name })),
            ServerFrame::Goodbye { code, message, help } => Err(LineError::Goodbye { code, message, help }),
            other => Err(LineError::NotOurs(format!("it greets with {}", name_of(&other)))),
        }
    }

    /// Puts a frame into the socket's buffer.
    pub async fn feed(&mut self, frame: &ClientFrame) -> Result<(), LineError> {
        self.stream.feed(Message::Binary(frame.encode().into())).await.map_err(broken)
    }

    pub async fn flush(&mut self) -> Result<(), LineError> {
        self.stream.flush().await.map_err(broken)
    }

    /// The next frame. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Result<ServerFrame, LineError> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    return ServerFrame::decode(&bytes).map_err(|error| LineError::NotOurs(error.to_string()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Frame(_))) => {
                    return Err(LineError::NotOurs("it sends what is no frame".to_owned()));
                }
                Some(Ok(Message::Close(_))) | None => return Err(LineError::Broken("the server closed it".to_owned())),
                Some(Err(error)) => return Err(broken(error)),
            }
        }
    }

    /// Ends the socket in order, as far as the other side goes along.
    pub async fn close(mut self, within: Duration) {
        let _ = timeout(within, self.stream.close(None)).await;
    }
}

fn hello(domain: &Domain, token: &str) -> ClientFrame {
    let (protocol_min, protocol_max) = PROTOCOL_VERSIONS;
    ClientFrame::Hello {
        protocol_min,
        protocol_max,
        domain: domain.name().clone(),
        domain_version: domain.version(),
        token: token.to_owned(),
        program: concat!("recordplayer ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

fn broken(error: Error) -> LineError {
    LineError::Broken(error.to_string())
}

/// A frame's name, never its content.
fn name_of(frame: &ServerFrame) -> String {
    format!("{frame:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}
