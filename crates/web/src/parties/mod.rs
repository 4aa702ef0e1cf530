//! Customers: the list, adding and changing one, finding one.

mod act;
mod facts;
mod filters;
mod form;
mod index;
mod merge;
mod options;
mod pairs;
pub mod palette;
mod show;
mod story;
mod views;

pub use index::{filters_of, list_of};

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
        .route("/parties/bulk/segment", post(act::segment))
        .route("/parties/file/{file}", get(index::export))
        .route("/parties/count", get(index::count))
        .route("/parties/filters", get(filters::filters))
        .route("/parties/views/new", get(views::fresh))
        .route("/parties/views", post(views::create))
        .route("/parties/views/{id}/delete", post(views::delete))
        .route("/parties/columns", get(index::columns).post(index::choose_columns))
        .route("/parties/pairs", get(pairs::index).post(pairs::merge))
        .route("/parties/{id}/keep-apart/{other}", post(pairs::keep_apart))
        .route("/parties/{id}/edit", get(form::edit).post(form::update))
        .route("/parties/{id}", get(show::show))
        .route("/parties/{id}/archive", post(show::archive))
        .route("/parties/{id}/merge", get(merge::compare).post(merge::merge))
        .route("/parties/{id}/unmerge", post(merge::take_back))
        .route("/parties/{id}/identities/{kind}/reveal", post(show::reveal))
        .route("/parties/{id}/preferences/new", get(facts::new_preference).post(facts::put_preference))
        .route("/parties/{id}/preferences/{preference}/end", post(facts::end_preference))
        .route("/parties/{id}/relations/new", get(facts::new_relation).post(facts::put_relation))
        .route("/parties/{id}/relations/{relation}/end", post(facts::end_relation))
        .route("/parties/{id}/contacts/new", get(facts::new_contact).post(facts::put_contact))
        .route("/parties/{id}/contacts/{contact}/edit", get(facts::edit_contact).post(facts::change_contact))
        .route("/parties/{id}/contacts/{contact}/consent", post(facts::consent))
        .route("/parties/{id}/contacts/{contact}/remove", post(facts::remove_contact))
        .route("/parties/{id}/addresses/new", get(facts::new_address).post(facts::add_address))
        .route("/parties/{id}/addresses/{address}/edit", get(facts::edit_address).post(facts::change_address))
        .route("/parties/{id}/addresses/{address}/remove", post(facts::remove_address))
}
