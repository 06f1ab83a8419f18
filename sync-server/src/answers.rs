//! What the server answers over HTTP, beside the web socket.

use std::io;

use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::limits::FILE_FRAME_BYTES;
use crate::turns::Turn;

pub(crate) type Body = BoxBody<Bytes, io::Error>;
pub(crate) type Answer = Response<Body>;

/// Why something is not done: `code` is for programs, the rest for people, as in the answers of the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    help: &'static str,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl ToString, help: &'static str) -> Self {
        Self { status, code, message: message.to_string(), help }
    }

    /// The disk does not do what it should; the log of the server says more.
    pub fn of_the_disk(error: &io::Error) -> Self {
        tracing::error!(%error, "a file of a project cannot be read or written");
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            let message = "the disk of the server is full";
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message, "ask the admin to free space");
        }
        let message = "the server cannot read or write its files just now";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "disk", message, "try again in a while, or tell the admin")
    }

    pub fn answer(&self) -> Answer {
        let Self { status, code, message, help } = self;
        json_answer(*status, &json!({ "error": { "code": code, "message": message, "help": help } }))
    }
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Answer {
    with_bytes(status, Bytes::new())
}

pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Answer {
    typed(with_bytes(status, value.to_string().into()), "application/json")
}

pub(crate) fn text_answer(status: StatusCode, text: &'static str) -> Answer {
    typed(with_bytes(status, Bytes::from_static(text.as_bytes())), "text/plain; charset=utf-8")
}

/// So many bytes of a file, from where it stands. Nobody knows what they are, so no browser is to guess.
pub(crate) fn file_answer(status: StatusCode, file: tokio::fs::File, bytes: u64, turn: Turn) -> Answer {
    let frames = stream::unfold((file, bytes, turn), |(mut file, left, turn)| async move {
        if left == 0 {
            return None;
        }
        let mut frame = vec![0; FILE_FRAME_BYTES.min(usize::try_from(left).unwrap_or(usize::MAX))];
        let read = match file.read(&mut frame).await {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        match read {
            Ok(length) => {
                frame.truncate(length);
                Some((Ok(Frame::data(Bytes::from(frame))), (file, left - length as u64, turn)))
            }
            Err(error) => Some((Err(error), (file, 0, turn))),
        }
    });
    let mut answer = typed(Response::new(StreamBody::new(frames).boxed()), "application/octet-stream");
    *answer.status_mut() = status;
    answer.headers_mut().insert("content-length", bytes.into());
    answer.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    answer
}

fn with_bytes(status: StatusCode, bytes: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(bytes).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer
}

fn typed(mut answer: Answer, content_type: &'static str) -> Answer {
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
