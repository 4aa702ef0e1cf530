//! For those who watch over the program: does it live, can it serve, what are its figures.

use crate::State;
use axum::extract::{ConnectInfo, State as FromState};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;

/// The process answers.
pub async fn alive() -> &'static str {
    "ok"
}

/// The database answers.
pub async fn ready(FromState(state): FromState<State>) -> Response {
    match peyvand_core::ping(&state.app).await {
        Ok(()) => "ready".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

/// Figures in the text form of Prometheus, for who asks from this machine.
pub async fn metrics(FromState(state): FromState<State>, caller: Option<axum::Extension<ConnectInfo<SocketAddr>>>) -> Response {
    if caller.is_some_and(|caller| !caller.0.0.ip().is_loopback()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match &state.metrics {
        Some(handle) => handle.render().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
