//! One box for everything: customers, places, commands, and what was opened lately.

use crate::error::PageResult;
use crate::page::{Shell, cookie, page, set_cookie};
use crate::request::Req;
use askama::Template;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use peyvand_core::parties::Party;
use peyvand_core::parties::named::{ByIds, NamedParty, by_ids};
use peyvand_core::parties::search::{self, SearchParties};
use peyvand_core::platform::layout::in_other_layout;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::text::{Lang, search_key};
use peyvand_core::{Act, Id, Room};
use serde::Deserialize;

/// Cookie with the customers opened lately, newest first.
const RECENT_COOKIE: &str = "peyvand_recent";
/// How many are remembered.
const RECENT: usize = 8;
/// How long, in seconds: half a year.
const RECENT_AGE: u32 = 180 * 24 * 3600;

struct Command {
    icon: &'static str,
    label: &'static str,
    href: &'static str,
    keys: &'static [&'static str],
    dialog: bool,
    needs: Option<(Room, Act)>,
}

const COMMANDS: &[Command] = &[
    Command {
        icon: "pencil-plus",
        label: "shell-log",
        href: "/interactions/new",
        keys: &["N"],
        dialog: true,
        needs: Some((Room::Interactions, Act::Create)),
    },
    Command {
        icon: "user-plus",
        label: "parties-new",
        href: "/parties/new",
        keys: &["C"],
        dialog: false,
        needs: Some((Room::Parties, Act::Create)),
    },
    Command {
        icon: "calendar-plus",
        label: "palette-follow-up",
        href: "/follow-ups/new",
        keys: &["F"],
        dialog: true,
        needs: Some((Room::FollowUps, Act::Create)),
    },
    Command {
        icon: "calendar-check",
        label: "menu-today",
        href: "/today",
        keys: &["G", "T"],
        dialog: false,
        needs: Some((Room::FollowUps, Act::See)),
    },
    Command {
        icon: "users",
        label: "menu-parties",
        href: "/parties",
        keys: &["G", "C"],
        dialog: false,
        needs: Some((Room::Parties, Act::See)),
    },
    Command {
        icon: "calendar-event",
        label: "menu-follow-ups",
        href: "/follow-ups",
        keys: &["G", "F"],
        dialog: false,
        needs: Some((Room::FollowUps, Act::See)),
    },
    Command {
        icon: "target-arrow",
        label: "menu-opportunities",
        href: "/opportunities",
        keys: &["G", "P"],
        dialog: false,
        needs: Some((Room::Sales, Act::See)),
    },
    Command {
        icon: "filter",
        label: "menu-segments",
        href: "/segments",
        keys: &["G", "S"],
        dialog: false,
        needs: Some((Room::Marketing, Act::See)),
    },
    Command {
        icon: "heart-handshake",
        label: "menu-experience",
        href: "/experience",
        keys: &["G", "R"],
        dialog: false,
        needs: Some((Room::Experience, Act::See)),
    },
    Command {
        icon: "file-import",
        label: "menu-imports",
        href: "/imports",
        keys: &["G", "I"],
        dialog: false,
        needs: Some((Room::Imports, Act::See)),
    },
    Command { icon: "bell", label: "shell-notifications", href: "/notifications", keys: &[], dialog: false, needs: None },
    Command { icon: "settings", label: "menu-settings", href: "/settings", keys: &["G", "O"], dialog: false, needs: None },
];

#[derive(Template)]
#[template(path = "parties/palette.html")]
struct Palette {
    s: Shell,
    recent: bool,
    hits: Vec<NamedParty>,
    commands: Vec<&'static Command>,
}

/// What was typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    q: String,
}

/// The answers for what was typed; nothing typed gives what was opened lately.
pub async fn palette(req: Req, headers: HeaderMap, Query(typed): Query<Typed>) -> PageResult {
    let person = req.ctx.actor.person()?.clone();
    let q = typed.q.trim().trim_start_matches('>').trim();
    let only_commands = typed.q.trim_start().starts_with('>');
    let sees = req.can(Room::Parties, Act::See) && !only_commands;
    let hits = match (sees, q.is_empty()) {
        (false, _) => Vec::new(),
        (true, true) => req.ctx.run(by_ids, ByIds { ids: recent(&headers, person.id.0) }).await?,
        (true, false) => {
            req.ctx.run(search::search, SearchParties { q: q.to_owned(), limit: None }).await?.items.into_iter().map(named).collect()
        }
    };
    let mut commands = commands_for(&req, q);
    if let (true, true, Some(meant)) = (hits.is_empty(), commands.is_empty(), in_other_layout(q)) {
        commands = commands_for(&req, &meant);
    }
    page(&req, &Palette { s: req.shell("", ""), recent: q.is_empty(), hits, commands })
}

fn named(hit: search::Hit) -> NamedParty {
    NamedParty { id: hit.id, kind: hit.kind, role: hit.role, name: hit.name, phone: hit.phone, city: hit.city }
}

/// Commands by any part of their name in any of the three languages: the keyboard may stand in another one.
fn commands_for(req: &Req, q: &str) -> Vec<&'static Command> {
    let wanted = search_key(q);
    let locs: Vec<Loc> = Lang::ALL.iter().map(|lang| Loc::new(Prefs::of(*lang), req.loc.now)).collect();
    COMMANDS
        .iter()
        .filter(|command| command.needs.is_none_or(|(room, act)| req.can(room, act)))
        .filter(|command| wanted.is_empty() || locs.iter().any(|loc| search_key(&loc.t(command.label)).contains(&wanted)))
        .collect()
}

/// The customers that this user opened lately on this device.
fn recent(headers: &HeaderMap, user: uuid::Uuid) -> Vec<Id<Party>> {
    let Some((owner, ids)) = cookie(headers, RECENT_COOKIE).and_then(|value| value.split_once(':')) else { return Vec::new() };
    if owner != user.simple().to_string() {
        return Vec::new();
    }
    ids.split('.').filter_map(|id| id.parse().ok()).take(RECENT).collect()
}

/// Remembers that a customer was opened.
pub fn remember(req: &Req, headers: &HeaderMap, id: Id<Party>, response: &mut Response) {
    let Ok(person) = req.ctx.actor.person() else { return };
    let mut ids = recent(headers, person.id.0);
    ids.retain(|known| *known != id);
    ids.insert(0, id);
    let list: Vec<String> = ids.iter().take(RECENT).map(|id| id.0.simple().to_string()).collect();
    let value = format!("{}:{}", person.id.0.simple(), list.join("."));
    set_cookie(response, &format!("{RECENT_COOKIE}={value}; Path=/; Max-Age={RECENT_AGE}; HttpOnly; SameSite=Lax"));
}
