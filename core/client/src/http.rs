//! Requests to a server over HTTP, beside the web socket: one connection, one request at a time.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderName};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::address::Address;
use crate::limits::ANSWER_BYTES_MAX;

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server does not answer")]
    Silent,
    /// `code` is for programs.
    #[error("{message}; {help}")]
    Refused { code: String, message: String, help: String },
    #[error("this is no answer of a RecordPlayer server: {0}")]
    NotOurs(String),
}

impl RequestError {
    /// Whether the same may be done in a while, without anybody doing anything.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Silent | Self::NotOurs(_) => true,
            Self::Refused { code, .. } => {
                matches!(code.as_str(), "arriving" | "busy" | "unavailable" | "disk" | "disk_full" | "on_its_way")
            }
        }
    }
}

/// What a server says where it does not do something.
#[derive(Deserialize)]
struct Refused {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    code: String,
    message: String,
    help: String,
}

/// A connection to a server, in the name of an account.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    token: String,
    patience: Duration,
}

fn unreachable(error: impl ToString) -> RequestError {
    RequestError::Unreachable(error.to_string())
}

impl Connection {
    /// Connects; this and each answer must come within `patience`.
    pub async fn open(address: &Address, token: &str, patience: Duration) -> Result<Self, RequestError> {
        let connecting = async {
            let stream = TcpStream::connect(address.target()).await.map_err(unreachable)?;
            handshake(TokioIo::new(stream)).await.map_err(unreachable)
        };
        let (sender, connection) = timeout(patience, connecting).await.unwrap_or(Err(RequestError::Silent))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection for files is broken");
            }
        });
        let host = format!("{}:{}", address.target().0, address.target().1);
        Ok(Self { sender, host, token: token.to_owned(), patience })
    }

    /// Asks for something; answers with the head of what the server says where it does it.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, u64)],
        body: Vec<u8>,
    ) -> Result<Response<Incoming>, RequestError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.send(request, body).await
    }

    /// Asks for what follows the first bytes of something.
    pub async fn ask_behind(&mut self, path: &str, from: u64) -> Result<Response<Incoming>, RequestError> {
        let request = Request::builder()
            .uri(path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(hyper::header::RANGE, format!("bytes={from}-"));
        self.send(request, Vec::new()).await
    }

    async fn send(
        &mut self,
        request: hyper::http::request::Builder,
        body: Vec<u8>,
    ) -> Result<Response<Incoming>, RequestError> {
        let request = request.header(CONTENT_LENGTH, body.len()).body(Full::new(Bytes::from(body)));
        let request = request.map_err(unreachable)?;
        let asking = async {
            self.sender.ready().await.map_err(unreachable)?;
            self.sender.send_request(request).await.map_err(unreachable)
        };
        let answer = timeout(self.patience, asking).await.unwrap_or(Err(RequestError::Silent))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        Err(match serde_json::from_slice::<Refused>(&self.read(answer).await?) {
            Ok(Refused { error: Said { code, message, help } }) => RequestError::Refused { code, message, help },
            Err(_) => told_by(status),
        })
    }

    /// All that an answer says, where that is little.
    pub async fn read(&self, answer: Response<Incoming>) -> Result<Bytes, RequestError> {
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
        let body = timeout(self.patience, body).await.map_err(|_| RequestError::Silent)?;
        Ok(body.map_err(|error| RequestError::NotOurs(error.to_string()))?.to_bytes())
    }

    /// The next bytes of an answer; nothing at its end.
    pub async fn next(&self, answer: &mut Response<Incoming>) -> Result<Option<Bytes>, RequestError> {
        loop {
            let frame = timeout(self.patience, answer.body_mut().frame()).await.map_err(|_| RequestError::Silent)?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(unreachable(error)),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }
}

fn told_by(status: StatusCode) -> RequestError {
    RequestError::NotOurs(format!("it answers with {status}"))
}
