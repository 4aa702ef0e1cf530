//! Customers: the list, adding and changing one, finding one.

mod act;
mod form;
mod index;
mod options;
pub mod palette;
mod show;
mod story;

pub use index::list_of;

use crate::State;
use axum::Router;
use axum::routing::{get, post};

/// The pages of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/parties/new", get(form::fresh))
        .route("/parties", get(index::index).post(form::create))
        .route("/palette", get(palette::palette))
        .route("/parties/options", get(options::options))
        .route("/parties/duplicates", get(form::duplicates))
        .route("/parties/bulk/tag", post(act::tag))
        .route("/parties/bulk/assign", post(act::assign))
        .route("/parties/bulk/follow-up", post(act::follow_up))
        .route("/parties/file/{file}", get(index::export))
        .route("/parties/count", get(index::count))
        .route("/parties/filters", get(index::filters))
        .route("/parties/columns", get(index::columns).post(index::choose_columns))
        .route("/parties/{id}/edit", get(form::edit).post(form::update))
        .route("/parties/{id}", get(show::show))
        .route("/parties/{id}/archive", post(show::archive))
        .route("/parties/{id}/identities/{kind}/reveal", post(show::reveal))
        .route("/parties/{id}/preferences/new", get(show::new_preference).post(show::put_preference))
        .route("/parties/{id}/preferences/{preference}/end", post(show::end_preference))
        .route("/parties/{id}/relations/new", get(show::new_relation).post(show::put_relation))
        .route("/parties/{id}/relations/{relation}/end", post(show::end_relation))
        .route("/parties/{id}/contacts/new", get(show::new_contact).post(show::put_contact))
        .route("/parties/{id}/contacts/{contact}/consent", post(show::consent))
        .route("/parties/{id}/contacts/{contact}/remove", post(show::remove_contact))
        .route("/parties/{id}/addresses/new", get(show::new_address).post(show::add_address))
        .route("/parties/{id}/addresses/{address}/edit", get(show::edit_address).post(show::change_address))
        .route("/parties/{id}/addresses/{address}/remove", post(show::remove_address))
}
