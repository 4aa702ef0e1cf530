//! Customers: the list, adding and changing one, finding one.

mod form;

use crate::State;
use axum::Router;
use axum::routing::get;

/// The pages of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/parties/new", get(form::fresh))
        .route("/parties", axum::routing::post(form::create))
        .route("/parties/{id}/edit", get(form::edit).post(form::update))
}
