//! The door: accepts connections and lets only web sockets of the right origin in.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::hub::Hub;
use crate::limits::{HANDSHAKE_TIMEOUT, MESSAGE_BYTES_MAX, SOCKET_BUFFER_BYTES, SOCKET_WRITE_BYTES_MAX};
use crate::session;

/// As much of a request as tells a page from a socket.
const REQUEST_BYTES_LOOKED_AT: usize = 4_096;

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(SOCKET_BUFFER_BYTES)
        .write_buffer_size(SOCKET_BUFFER_BYTES)
        .max_write_buffer_size(SOCKET_WRITE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// Serves one connection to its end.
pub(crate) async fn serve(hub: Arc<Hub>, stream: TcpStream, origins: Arc<[String]>) {
    // Small frames go out at once: an answer is what somebody waits for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the socket keeps its delay");
    }
    match timeout(HANDSHAKE_TIMEOUT, is_for_people(&stream)).await {
        Ok(true) => return tell_people(stream).await,
        Ok(false) => {}
        Err(_) => return tracing::debug!("nothing came over a connection in time"),
    }
    #[allow(clippy::result_large_err, reason = "the type of the callback is tungstenite's")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        if is_origin_allowed(request, &origins) { Ok(response) } else { Err(forbidden()) }
    };
    match timeout(HANDSHAKE_TIMEOUT, accept_hdr_async_with_config(stream, check, Some(config()))).await {
        Ok(Ok(socket)) => session::run(hub, socket).await,
        Ok(Err(error)) => tracing::debug!(%error, "a connection is no web socket of ours"),
        Err(_) => tracing::debug!("a connection did not become a web socket in time"),
    }
}

/// Whether somebody asks for a page, as a browser does that was given this address.
async fn is_for_people(stream: &TcpStream) -> bool {
    let mut head = [0; REQUEST_BYTES_LOOKED_AT];
    let Ok(count) = stream.peek(&mut head).await else { return false };
    let head = String::from_utf8_lossy(&head[..count]).to_ascii_lowercase();
    let is_request = ["get ", "head ", "post "].iter().any(|method| head.starts_with(method));
    is_request && head.contains("\r\n\r\n") && !head.contains("upgrade: websocket")
}

async fn tell_people(mut stream: TcpStream) {
    let text = "This is the address of a RecordPlayer server. Log in with it in RecordPlayer; there is no page here.\n";
    let answer = format!(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    // Who does not wait for the answer does not want it.
    let _ = timeout(HANDSHAKE_TIMEOUT, stream.write_all(answer.as_bytes())).await;
    // What they sent is read first: closing on unread bytes would take the answer back.
    let mut sent = [0; REQUEST_BYTES_LOOKED_AT];
    let _ = timeout(HANDSHAKE_TIMEOUT, stream.read(&mut sent)).await;
    let _ = stream.shutdown().await;
}

/// Programs send no origin; a browser sends that of the page, and no page may use the person's server behind their back.
fn is_origin_allowed(request: &Request, origins: &[String]) -> bool {
    request.headers().get_all("origin").iter().all(|origin| origins.iter().any(|allowed| origin == allowed.as_str()))
}

fn forbidden() -> ErrorResponse {
    let mut response = ErrorResponse::new(Some("this origin may not connect here\n".to_owned()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
