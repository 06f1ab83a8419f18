//! The door: accepts connections and lets only web sockets of the right origin in.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::hub::Hub;
use crate::limits::{HANDSHAKE_TIMEOUT, MESSAGE_BYTES_MAX, SOCKET_BUFFER_BYTES, SOCKET_WRITE_BYTES_MAX};
use crate::session;

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

/// Programs send no origin; a browser sends that of the page, and no page may use the person's server behind their back.
fn is_origin_allowed(request: &Request, origins: &[String]) -> bool {
    request.headers().get_all("origin").iter().all(|origin| origins.iter().any(|allowed| origin == allowed.as_str()))
}

fn forbidden() -> ErrorResponse {
    let mut response = ErrorResponse::new(Some("this origin may not connect here\n".to_owned()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
