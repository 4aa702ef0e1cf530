//! Notifications: the drawer, the page, reading them.

use crate::State;
use crate::error::PageResult;
use crate::page::{self, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use axum::routing::{get, post};
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::notifications::{self, Kind, ListNotifications, Notification, ReadNotifications, Target};
use peyvand_core::{Error, Id, Instant, Result};

/// Rows of the drawer and of a page.
const ROWS: i64 = 30;

/// The addresses of the room.
pub fn routes() -> axum::Router<State> {
    axum::Router::new()
        .route("/notifications", get(index))
        .route("/notifications/read", post(read_all))
        .route("/notifications/{id}", get(open))
}

/// A notification in words.
struct Note {
    id: Id<Notification>,
    new: bool,
    icon: &'static str,
    tone: &'static str,
    text: String,
    about: String,
    when: String,
    full: String,
    at: Instant,
}

fn note(loc: &Loc, one: Notification) -> Note {
    let due = one.data.get("due_at").and_then(|value| value.as_str()).unwrap_or_default();
    let due = due.parse::<jiff::Timestamp>().map(|due| Instant(due.as_millisecond())).ok();
    let (icon, tone) = match one.kind {
        Kind::Reminder => ("bell", "lapis"),
        Kind::Overdue => ("clock-exclamation", "anar"),
        Kind::Escalated => ("alert-triangle", "saffron"),
        Kind::HandedOver | Kind::TakenOver => ("user-share", "teal"),
    };
    let text = notifications::sentence(loc, one.kind, &one.data);
    let about: Vec<String> = [one.party, due.map(|due| crate::follow_ups::when(loc, due))].into_iter().flatten().collect();
    Note {
        id: one.id,
        new: one.read_at.is_none(),
        icon,
        tone,
        text,
        about: about.join(" · "),
        when: loc.when(one.at),
        full: loc.when_full(one.at),
        at: one.at,
    }
}

#[derive(Template)]
#[template(path = "notifications.html", blocks = ["rows"])]
struct IndexPage {
    s: Shell,
    notes: Vec<Note>,
    next: Option<String>,
    unread: bool,
}

#[derive(Template)]
#[template(path = "notifications-drawer.html")]
struct Drawer {
    s: Shell,
    notes: Vec<Note>,
    next: Option<String>,
    unread: bool,
}

#[derive(Template)]
#[template(path = "parts/notification.html")]
struct Item {
    s: Shell,
    note: Note,
}

/// A notification as an open drawer puts it on top, in one line.
///
/// # Errors
/// When the template does not render.
pub(crate) fn item(req: &Req, one: Notification) -> Result<String> {
    let html = Item { s: req.shell("", ""), note: note(&req.loc, one) }.render().map_err(Error::fault)?;
    Ok(html.replace('\n', ""))
}

async fn index(req: Req, Form(mut input): Form<ListNotifications>) -> PageResult {
    input.limit = Some(ROWS);
    let list = req.ctx.run(notifications::list, input).await?;
    let shell = req.shell("notifications", req.t("shell-notifications"));
    let unread = list.items.iter().any(|one| one.read_at.is_none());
    let notes = list.items.into_iter().map(|one| note(&req.loc, one)).collect();
    if req.dialog {
        return page::page(&req, &Drawer { s: shell, notes, next: list.next, unread });
    }
    let view = IndexPage { s: shell, notes, next: list.next, unread };
    if req.htmx { page::page(&req, &view.as_rows()) } else { page::page(&req, &view) }
}

async fn read_all(req: Req) -> PageResult {
    req.ctx.run(notifications::read, ReadNotifications::default()).await?;
    if !req.htmx {
        return Ok(page::go(&req, "/notifications", None));
    }
    index(Req { dialog: false, ..req }, Form(ListNotifications::default())).await
}

/// Notes that it was read and leads to what it is about, as far as its reader may open it.
async fn open(req: Req, Path(id): Path<Id<Notification>>) -> PageResult {
    let target = notifications::target(&req.ctx, id).await?;
    req.ctx.run(notifications::read, ReadNotifications { id: Some(id) }).await?;
    let to = match target {
        Target::Party(party) => format!("/parties/{party}"),
        Target::FollowUp { id, is_own } => format!("/follow-ups?scope={}#f-{id}", if is_own { "own" } else { "unit" }),
        Target::Nothing => "/today".to_owned(),
    };
    Ok(page::go(&req, &to, None))
}
