//! Customers: the list, adding and changing one, finding one.

mod form;
mod index;
pub mod palette;

use crate::State;
use axum::Router;
use axum::routing::get;

/// The pages of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/parties/new", get(form::fresh))
        .route("/parties", get(index::index).post(form::create))
        .route("/palette", get(palette::palette))
        .route("/parties/duplicates", get(form::duplicates))
        .route("/parties/file/{file}", get(index::export))
        .route("/parties/count", get(index::count))
        .route("/parties/filters", get(index::filters))
        .route("/parties/columns", get(index::columns).post(index::choose_columns))
        .route("/parties/{id}/edit", get(form::edit).post(form::update))
}
