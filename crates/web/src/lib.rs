//! Pages and the JSON API.

pub mod advocacy;
pub mod api;
pub mod assets;
pub mod error;
pub mod experience;
pub mod follow_ups;
pub mod form;
pub mod health;
pub mod imports;
pub mod insight;
pub mod interactions;
pub mod layers;
pub mod lifecycle;
pub mod live;
pub mod notifications;
pub mod opportunities;
pub mod page;
pub mod parties;
pub mod purchases;
pub mod request;
pub mod segments;
pub mod service;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod today;
pub mod undo;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use peyvand_core::{App, Operations};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// Largest body of an ordinary request; uploads set their own.
const BODY_MAX: usize = 2 * 1024 * 1024;

/// How the pages are served.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Take the caller's address from `X-Forwarded-For`: only behind a proxy that sets it.
    pub behind_proxy: bool,
    /// Mark cookies `Secure`: when pages are reached through HTTPS.
    pub secure_cookies: bool,
}

/// What all handlers share.
#[derive(Clone)]
pub struct State(pub Arc<Shared>);

/// The parts of [`State`].
pub struct Shared {
    /// The program.
    pub app: App,
    /// Every operation.
    pub ops: Operations,
    /// How the pages are served.
    pub options: Options,
    /// Figures for `/metrics`; absent when the program records none.
    pub metrics: Option<PrometheusHandle>,
    /// Event streams that are open.
    pub streams: live::Streams,
}

impl std::ops::Deref for State {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// All addresses of the program.
pub fn router(app: App, options: Options, metrics: Option<PrometheusHandle>) -> Router {
    let state = State(Arc::new(Shared { app, ops: peyvand_core::operations(), options, metrics, streams: live::Streams::default() }));
    let pages = pages();
    Router::new()
        .merge(pages)
        .nest("/api/v1", api::router(&state.ops))
        .fallback(error::no_such_page)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(state.clone(), layers::enter))
        .route("/static/{file}", get(assets::serve))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(CompressionLayer::new())
        .layer(from_fn(layers::headers))
        .layer(CatchPanicLayer::custom(error::panicked))
        .with_state(state)
}

/// The pages of all rooms.
fn pages() -> Router<State> {
    Router::new()
        .merge(sign_in::routes())
        .merge(set_up::routes())
        .merge(today::routes())
        .merge(parties::routes())
        .merge(interactions::routes())
        .merge(follow_ups::routes())
        .merge(lifecycle::routes())
        .merge(opportunities::routes())
        .merge(purchases::routes())
        .merge(insight::routes())
        .merge(notifications::routes())
        .merge(live::routes())
        .merge(undo::routes())
        .merge(segments::routes())
        .merge(experience::routes())
        .merge(advocacy::routes())
        .merge(service::routes())
        .merge(imports::routes())
        .merge(settings::routes())
}
