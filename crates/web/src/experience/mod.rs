//! How customers are treated: policies with their versions, treatments, what was tried against the rules.

mod best;
pub(crate) mod experiment;
mod experiments;
mod fairness;
mod gifts;
mod grants;
mod incidents;
pub(crate) mod indicators;
mod policies;
mod policy;
pub(crate) mod respect;
mod treatments;
mod why;

use crate::State;
use crate::lifecycle::look_of;
use axum::Router;
use axum::routing::{get, post};
use peyvand_core::lifecycle::{Stage, Standing};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::money::{Currency, Money};
use peyvand_core::{Error, Problem};

/// The pages of the room.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/experience", get(policies::index).post(policies::create))
        .route("/experience/new", get(policies::fresh))
        .route("/experience/treatments", get(treatments::index).post(treatments::create))
        .route("/experience/treatments/new", get(treatments::fresh))
        .route("/experience/treatments/{id}/archive", post(treatments::archive))
        .route("/experience/gifts", get(gifts::index).post(gifts::create))
        .route("/experience/gifts/{id}/restock", post(gifts::restock))
        .route("/experience/grants", get(grants::index))
        .route("/experience/grants/{id}/accept", post(grants::accept))
        .route("/experience/grants/{id}/revoke", post(grants::revoke))
        .route("/experience/grants/{id}/send", post(grants::send))
        .route("/experience/grants/{id}/received", post(grants::received))
        .route("/experience/redeem", get(grants::redeem).post(grants::redeemed))
        .route("/experience/of/{id}", get(grants::beside))
        .route("/experience/incidents", get(incidents::index).post(incidents::open))
        .route("/experience/incidents/new", get(incidents::fresh))
        .route("/experience/incidents/{id}", get(incidents::show))
        .route("/experience/incidents/{id}/resolve", post(incidents::resolve))
        .route("/experience/incidents/{id}/confirm", post(incidents::confirm))
        .route("/experience/respect", get(respect::index))
        .route("/experience/respect-of/{id}", get(respect::beside))
        .route("/experience/respect-of/{id}/begin", post(respect::begin))
        .route("/experience/acts/{id}/done", post(respect::done))
        .route("/experience/acts/{id}/skip", post(respect::skip))
        .route("/experience/protocols", get(respect::list).post(respect::create))
        .route("/experience/protocols/{id}/archive", post(respect::archive))
        .route("/experience/grants/{id}/why", get(why::show))
        .route("/g/{code}", get(why::open))
        .route("/experience/best", get(best::index))
        .route("/experience/best/proposals", post(best::propose))
        .route("/experience/best/proposals/{id}", post(best::decide))
        .route("/experience/fairness", get(fairness::index))
        .route("/experience/fairness/audits", get(fairness::audits).post(fairness::audit))
        .route("/experience/fairness/{id}", get(fairness::show))
        .route("/experience/fairness/{id}/answer/{group}", get(fairness::ask).post(fairness::answer))
        .route("/experience/violations", get(policies::violations))
        .route("/experience/experiments", get(experiments::index).post(experiments::create))
        .route("/experience/experiments/new", get(experiments::fresh))
        .route("/experience/experiments/import", get(experiments::bring).post(experiments::brought))
        .route("/experience/experiments/{id}", get(experiment::show))
        .route("/experience/experiments/{id}/start", post(experiment::start))
        .route("/experience/experiments/{id}/pause", post(experiment::pause))
        .route("/experience/experiments/{id}/resume", post(experiment::resume))
        .route("/experience/experiments/{id}/look", post(experiment::look))
        .route("/experience/experiments/{id}/decide", post(experiment::decide))
        .route("/experience/experiments/{id}/people", get(experiment::people))
        .route("/experience/experiments/{id}/deliver", post(experiment::deliver))
        .route("/experience/indicators", get(indicators::index))
        .route("/experience/indicators.csv", get(indicators::csv))
        .route("/experience/indicators/customers", get(indicators::customers))
        .route("/experience/{id}", get(policy::show))
        .route("/experience/{id}/approve", post(policy::approve))
        .route("/experience/{id}/start", post(policy::start))
        .route("/experience/{id}/retire", post(policy::retire))
        .route("/experience/{id}/edit", get(policies::edit).post(policies::change))
}

/// The tone of a stage.
fn tone(stage: Stage) -> &'static str {
    look_of(stage, Standing::Active).0
}

/// The key of a message that ends in a word.
fn key_of(prefix: &str, word: &str) -> String {
    format!("{prefix}{}", word.replace('_', "-"))
}

/// An amount with its unit.
fn money(loc: &Loc, currency: Currency, minor: i64) -> String {
    Money { minor, currency }.format_with_unit(loc.prefs.money_unit, loc.prefs.digits, loc.prefs.lang)
}

/// What is wrong with an input, where the form is to be shown again.
fn problems(error: Error) -> Result<Vec<Problem>, Error> {
    match error {
        Error::Invalid(fields) | Error::Conflict(fields) => Ok(fields.0),
        error => Err(error),
    }
}
