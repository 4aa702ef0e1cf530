//! The stream of server-sent events of an open page: counts for badges, notifications, word that a part has news.

use crate::State;
use crate::error::PageResult;
use crate::request::Req;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use peyvand_core::platform::access::User;
use peyvand_core::platform::live::Message;
use peyvand_core::platform::notifications::{self, COUNTED, ListNotifications, Notification};
use peyvand_core::platform::sessions;
use peyvand_core::{Ctx, Error, Id, Result, today};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// Open streams of one user in this process: a browser shares six connections among its tabs, a person has few browsers.
const STREAMS_MAX: usize = 24;
/// What other processes have written is looked for this often.
const LOOK: Duration = Duration::from_secs(5);
/// A comment this often keeps proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Who has too many streams may come back after this long.
const COME_BACK: Duration = Duration::from_secs(60);
/// A badge says at most this; more is many.
const BADGE_MAX: i64 = 99;

/// The address of the stream.
pub fn routes() -> axum::Router<State> {
    axum::Router::new().route("/live", get(live))
}

/// How many streams each user has open.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<HashMap<Id<User>, usize>>>);

/// One open stream; given back when it is dropped.
struct Seat {
    streams: Streams,
    user: Id<User>,
}

impl Streams {
    fn take(&self, user: Id<User>) -> Option<Seat> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_default();
        if *count >= STREAMS_MAX {
            return None;
        }
        *count += 1;
        Some(Seat { streams: self.clone(), user })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

/// What a page has been told so far.
#[derive(Default)]
struct Told {
    counts: Option<(i64, i64)>,
    newest: Option<Id<Notification>>,
}

async fn live(req: Req) -> PageResult {
    // A page may ask once more while its reader signs out: 204 tells the browser to stop asking.
    let Some((session, user)) = req.session.clone().zip(req.ctx.actor.user()) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let seat = req.state.streams.take(user).ok_or(Error::Limited(COME_BACK))?;
    let stream = async_stream::stream! {
        let _seat = seat;
        let mut heard = req.ctx.app.live.listen();
        let mut look = tokio::time::interval(LOOK);
        let mut told = Told::default();
        loop {
            let message = tokio::select! {
                message = heard.recv() => match message {
                    Ok(message) => Some(message),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => break,
                },
                _ = look.tick() => None,
            };
            match message {
                Some(Message::Stopping) => break,
                Some(Message::Import(import)) => {
                    yield event("refresh", format!("import-{import}"));
                    continue;
                }
                Some(Message::Notified(other)) if other != user => continue,
                Some(Message::Notified(_)) | None => {}
            }
            // A stream outlives a hiccup of the database: the next look brings what this one missed.
            match news(&req, user, &mut told).await {
                Ok(events) => for event in events {
                    yield event;
                },
                Err(error) => tracing::warn!(%error, "a stream could not look for news"),
            }
            match sessions::is_open(&req.ctx.app, &session).await {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => tracing::warn!(%error, "a stream could not look up its session"),
            }
        }
    };
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn event(name: &'static str, data: String) -> Result<Event, Infallible> {
    Ok(Event::default().event(name).data(data))
}

/// What has changed since the page was last told.
async fn news(req: &Req, user: Id<User>, told: &mut Told) -> Result<Vec<Result<Event, Infallible>>> {
    // The stream is older than its news: the clock of each look is its own.
    let ctx: Ctx = req.ctx.app.context(req.ctx.actor.clone(), req.ctx.door(), req.ctx.prefs.clone());
    let mut events = Vec::new();
    let (unread, newest) = notifications::unread(&ctx.app.db, user).await?;
    let counts = (unread, today::badge(&ctx, user).await?);
    let first = told.counts.is_none();
    if told.counts != Some(counts) {
        told.counts = Some(counts);
        let words = |count: i64| match count {
            0 => String::new(),
            1..=BADGE_MAX => req.loc.number(count),
            _ => format!("{}+", req.loc.number(BADGE_MAX)),
        };
        let counts = serde_json::json!({"notifications": words(counts.0), "today": words(counts.1)});
        events.push(event("counts", counts.to_string()));
    }
    if newest > told.newest {
        if !first {
            let list = ListNotifications { unread: true, after: None, limit: Some(COUNTED) };
            let fresh = notifications::list(&ctx, list).await?.items.into_iter().filter(|one| Some(one.id) > told.newest);
            for one in fresh.collect::<Vec<_>>().into_iter().rev() {
                events.push(event("notification", crate::notifications::item(req, one)?));
            }
            events.push(event("refresh", "follow-ups".to_owned()));
        }
        told.newest = newest;
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_streams_and_gives_them_back() {
        let streams = Streams::default();
        let user = Id::FIRST;
        let seats: Vec<_> = (0..STREAMS_MAX).filter_map(|_| streams.take(user)).collect();
        assert_eq!(seats.len(), STREAMS_MAX);
        assert!(streams.take(user).is_none());
        drop(seats);
        assert!(streams.0.lock().unwrap().is_empty());
        assert!(streams.take(user).is_some());
    }
}
