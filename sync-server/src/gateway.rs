//! The door: accepts connections, lets web sockets of the right origin in, gives files to whoever may have them, and tells people in a browser where
//! they are.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, ORIGIN, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, on};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::answers::{Answer, Refusal, empty, text_answer};
use crate::files;
use crate::hub::Hub;
use crate::limits::{
    HANDSHAKE_TIMEOUT, MESSAGE_BYTES_MAX, REQUEST_HEAD_BYTES_MAX, REQUESTS_TIMEOUT, SOCKET_BUFFER_BYTES,
    SOCKET_WRITE_BYTES_MAX,
};
use crate::session;

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES)
        .max_write_buffer_size(SOCKET_WRITE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// What a connection becomes once its requests are answered.
type Becomes = Arc<Mutex<Option<OnUpgrade>>>;

/// Serves one connection to its end.
pub(crate) async fn serve(hub: Arc<Hub>, stream: TcpStream, origins: Arc<[String]>) {
    // Small frames go out at once: an answer is what somebody waits for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the socket keeps its delay");
    }
    let becomes: Becomes = Arc::default();
    let answering = {
        let (hub, becomes) = (Arc::clone(&hub), Arc::clone(&becomes));
        service_fn(move |request| {
            let (hub, origins, becomes) = (Arc::clone(&hub), Arc::clone(&origins), Arc::clone(&becomes));
            async move { Ok::<_, Infallible>(answer(&hub, request, &origins, &becomes).await) }
        })
    };
    // In a box, which goes when it is over: a session lives for long.
    let connection = Box::pin(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HANDSHAKE_TIMEOUT)
            .max_buf_size(REQUEST_HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), answering)
            .with_upgrades(),
    );
    match timeout(REQUESTS_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return tracing::debug!(%error, "a connection speaks no HTTP of ours"),
        Err(_) => return tracing::debug!("a connection asked for longer than it may"),
    }
    let upgrade = becomes.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(upgrade) = upgrade else { return };
    match upgrade.await.map(hyper::upgrade::Upgraded::downcast::<TokioIo<TcpStream>>) {
        Ok(Ok(parts)) => {
            let (stream, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
            let socket = WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config())).await;
            session::run(hub, socket).await;
        }
        Ok(Err(_)) => unreachable!("it is the stream that was served"),
        Err(error) => tracing::debug!(%error, "a connection did not become a web socket"),
    }
}

async fn answer(hub: &Arc<Hub>, mut request: Request<Incoming>, origins: &[String], becomes: &Becomes) -> Answer {
    if !is_origin_allowed(&request, origins) {
        return text_answer(StatusCode::FORBIDDEN, "this origin may not connect here\n");
    }
    if request.headers().contains_key(UPGRADE) {
        return upgraded(&mut request, becomes);
    }
    if request.uri().path().starts_with("/spaces/") {
        return files::answer(hub, request).await;
    }
    tell_people()
}

/// The answer to who wants a web socket; the connection is one as soon as it is given.
fn upgraded(request: &mut Request<Incoming>, becomes: &Becomes) -> Answer {
    let asked = {
        let mut asked = Request::new(());
        *asked.method_mut() = request.method().clone();
        *asked.version_mut() = request.version();
        asked.headers_mut().clone_from(request.headers());
        asked
    };
    match create_response(&asked) {
        Ok(accepted) => {
            *becomes.lock().unwrap_or_else(PoisonError::into_inner) = Some(on(request));
            let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
            answer.headers_mut().clone_from(accepted.headers());
            answer
        }
        Err(error) => {
            let help = "connect as a web socket of version 13";
            Refusal::new(StatusCode::BAD_REQUEST, "malformed", error, help).answer()
        }
    }
}

fn tell_people() -> Answer {
    let text = "This is the address of a RecordPlayer server. Log in with it in RecordPlayer; there is no page here.\n";
    let mut answer = text_answer(StatusCode::UPGRADE_REQUIRED, text);
    answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// Programs send no origin; a browser sends that of the page, and no page may use the person's server behind their back.
fn is_origin_allowed<T>(request: &Request<T>, origins: &[String]) -> bool {
    request.headers().get_all(ORIGIN).iter().all(|origin| origins.iter().any(|allowed| origin == allowed.as_str()))
}
