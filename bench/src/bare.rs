//! The row of one customer, read through the same HTTP stack and the same database seam by nothing but a handler: what
//! the API is compared with.

use crate::Place;
use crate::generate::Outcome;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use peyvand_core::parties::party::{PARTY_FROM, PartyRow};
use peyvand_db::{Db, Options, Sql};
use uuid::Uuid;

/// Serves until it is killed.
pub async fn serve(place: &Place, listen: &str) -> Outcome<()> {
    let db = Db::open(&place.url(), &Options::default()).await?;
    let router = Router::new().route("/", get(|| async { "ready" })).route("/{id}", get(row)).with_state(db);
    axum::serve(tokio::net::TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

async fn row(State(db): State<Db>, Path(id): Path<Uuid>) -> Response {
    let mut query = Sql::select::<PartyRow>(PARTY_FROM);
    query.push("p.id = ").arg(id);
    match db.maybe::<PartyRow>(query).await {
        Ok(Some(row)) => match serde_json::to_vec(&row) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
